//! Modes: how much of what the judge asks about the owner wants to be asked, per conversation and per token. What is
//! planned works in a conversation of its own, so that a task's mode, and a rule for that task alone, are those of its
//! conversation.
//!
//! A mode never reaches below the floor: what the policy denies is denied in every mode, and what is high risk, names a
//! place of secrets or wants more privilege is asked one by one.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Refused;
use crate::actor::Actor;
use crate::cap::Cap;
use crate::policy::{Judgement, Risk, Verdict};
use crate::rule::Under;
use crate::taint::asks;

/// How long `full` may last, in minutes.
pub const LONGEST_FULL_MIN: u32 = 8 * 60;

/// How much is asked, the strictest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// What only reads runs; the rest is refused, and the model is told to say what it would do.
    Plan,
    /// What only reads runs; the rest is asked.
    #[default]
    Ask,
    /// As `ask`, but what a rule of the owner allows is not asked.
    Auto,
    /// For a stated time nothing is asked but what lies on the floor.
    Full,
}

impl Mode {
    /// The word used in SQL, JSON and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Ask => "ask",
            Self::Auto => "auto",
            Self::Full => "full",
        }
    }
}

impl FromStr for Mode {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Ok(match text {
            "plan" => Self::Plan,
            "ask" => Self::Ask,
            "auto" => Self::Auto,
            "full" => Self::Full,
            other => return Err(Refused { what: "mode", state: other.to_owned(), asked: "read" }),
        })
    }
}

/// The mode that counts for a run: the conversation's; where a token began the run, its own, or the conversation's
/// where the owner set a stricter one. Each is `None` where the owner never set it.
pub fn effective(chat: Option<Mode>, token: Option<Mode>, actor: &Actor) -> Mode {
    match actor {
        Actor::Token { .. } => {
            let token = token.unwrap_or_default();
            chat.map_or(token, |chat| chat.min(token))
        }
        Actor::Owner | Actor::Ai => chat.unwrap_or_default(),
        // Nobody is there who could have chosen more.
        Actor::Schedule => chat.unwrap_or_default().min(Mode::Auto),
    }
}

/// Whether no mode and no rule lets this run without a question: the floor.
pub fn is_floor(judgement: &Judgement) -> bool {
    let effects = &judgement.effects;
    judgement.verdict == Verdict::Deny
        || judgement.risk == Risk::High
        || effects.privilege == Some(true)
        || !effects.sensitive.is_empty()
        // What was not read whole may hold anything.
        || matches!(judgement.rule.as_str(), "ask.too_complex" | "ask.sensitive" | "ask.recursive" | "ask.invisible")
}

/// What becomes of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// It runs: the policy allows it.
    Run,
    /// It runs: the owner allowed it beforehand.
    Under(Under),
    /// The owner is asked.
    Ask,
    /// It is refused, since the conversation only plans.
    Plan,
    /// It is refused, whatever anybody says.
    Never,
    /// It is refused: work that nobody watches has done as much as it may.
    Capped(Cap),
}

/// What becomes of a command in this mode, where `under` is what it could run under, and `tainted` says that untrusted
/// content has entered its run.
pub fn course(mode: Mode, judgement: &Judgement, under: Option<Under>, tainted: bool) -> Course {
    match (judgement.verdict, mode) {
        (Verdict::Deny, _) => Course::Never,
        (Verdict::Allow, _) => Course::Run,
        (Verdict::Ask, Mode::Plan) => Course::Plan,
        (Verdict::Ask, Mode::Ask) => Course::Ask,
        (Verdict::Ask, _) if is_floor(judgement) => Course::Ask,
        (Verdict::Ask, Mode::Auto) => match under {
            Some(rule @ Under::Rule { .. }) => Course::Under(rule),
            _ => Course::Ask,
        },
        (Verdict::Ask, Mode::Full) if tainted && under == Some(Under::Full) && asks(judgement) => Course::Ask,
        (Verdict::Ask, Mode::Full) => under.map_or(Course::Ask, Course::Under),
    }
}

#[cfg(test)]
mod tests;
