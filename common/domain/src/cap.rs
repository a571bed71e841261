//! What work that nobody watches may do at most (SECURITY P6), so that one that goes astray at night neither buries the owner in
//! questions nor works and spends until morning.

/// Questions that may wait at once: so many of what the clock began, and so many of what programs did.
pub const QUESTIONS: u32 = 20;
/// Commands that runs begun by the clock may start within an hour, those not counted that the owner's own answer allowed.
pub const COMMANDS_PER_HOUR: u32 = 60;
/// What runs begun by the clock may cost on one day of the owner's, unless the owner set another sum; in millionths of
/// a US dollar.
pub const DAILY_MICROS: u64 = 5_000_000;

/// A limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cap {
    /// [`QUESTIONS`].
    Questions,
    /// [`COMMANDS_PER_HOUR`].
    Commands,
}

impl Cap {
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Questions => "too_many_questions",
            Self::Commands => "too_many_commands",
        }
    }

    /// The sentence for the owner and the model.
    pub fn sentence(self) -> String {
        match self {
            Self::Questions => {
                format!("{QUESTIONS} questions of work that nobody watches wait for the owner already")
            }
            Self::Commands => {
                format!(
                    "work that nobody watches has started {COMMANDS_PER_HOUR} commands within an hour already"
                )
            }
        }
    }
}
