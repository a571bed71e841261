//! What the AI asks for before it types: the keyboard of one terminal, for some minutes. The owner's yes is one grant for
//! that terminal, that run and that time (SECURITY section 4, B7).

use serde::{Deserialize, Serialize};

use crate::id::{ApprovalId, TerminalId};
use crate::terminal::TerminalKind;

/// Minutes that the AI asks for unless it says otherwise.
pub const HAND_MINUTES: u16 = 10;
/// Minutes that the AI can ask for, at most. The owner alone can give more.
pub const MOST_ASKED_MINUTES: u16 = 60;

/// A keyboard that the AI wants, and what it would type first. What the owner is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HandAsk {
    /// Which terminal.
    pub terminal_id: TerminalId,
    /// Whose it is: the owner's shell, or a command of the AI.
    pub kind: TerminalKind,
    /// What the owner calls it.
    pub name: String,
    /// The shell host it is on.
    pub host: String,
    /// The Unix user it runs as.
    pub user: String,
    /// The folder of the program in front, as it was seen when the AI asked.
    pub cwd: Option<String>,
    /// The program in front, as it was seen when the AI asked.
    pub program: Option<String>,
    /// What it would type first.
    pub text: String,
    /// The keys it would press behind that, by their names.
    pub keys: Vec<String>,
    /// For how many minutes it wants the keyboard.
    pub minutes: u16,
    /// Why the AI says it wants it: its own claim.
    pub why: String,
    /// The turn of the run that asks.
    pub turn: u32,
    /// The place of the call in that turn, from 0.
    pub index: u32,
}

impl HandAsk {
    /// The digest that the card shows and the answer repeats: SHA-256 over the canonical JSON, with the question's
    /// identity.
    pub fn digest(&self, approval: ApprovalId) -> String {
        use sha2::{Digest, Sha256};
        // Field order of a struct is fixed, so its JSON is canonical.
        let text = serde_json::to_vec(&(approval, self)).unwrap_or_default();
        hex::encode(Sha256::digest(text))
    }
}
