//! What api asks of a terminal in the owner's name. Each travels sealed under the link key of its host, with the terminal
//! as subject and a number that only rises, so that Redis alone gives nobody a keyboard and nothing can be played twice.

use serde::{Deserialize, Serialize};

use crate::clock::Instant;
use crate::id::{RunId, TerminalId};
use crate::terminal::Size;

/// The seal's purpose for [`Opening`]; its sequence is 0, and the shell's journal makes it single-use.
pub const OPEN: &str = "terminal.open";
/// The seal's purpose for [`Keys`].
pub const KEYS: &str = "terminal.keys";
/// The seal's purpose for [`Order`].
pub const ORDER: &str = "terminal.order";
/// The seal's purpose for what a run types, under the key of its [`Order::Hand`] and not under the link key.
pub const TYPED: &str = "terminal.typed";

/// How far a number may lie above the last one that was taken. What was lost on the way is counted as well, and nobody loses a
/// million in a row; a number further on was made up, and after it no true one would count any more.
pub const MOST_LEAP: u64 = 1 << 20;

/// Bytes of one [`Keys`], at most. A longer paste is cut into several.
pub const MOST_KEYS: usize = 16 * 1024;
/// Minutes for which the keyboard can be handed over, at most.
pub const LONGEST_HAND_MINUTES: u16 = 24 * 60;

/// Opens a login shell of the owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The terminal it makes. The same never opens twice.
    pub terminal: TerminalId,
    /// Its size.
    pub size: Size,
    /// The folder it begins in; the owner's home when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Void from this instant on.
    pub expires_at: Instant,
}

/// Keys the owner pressed. They take the keyboard, whoever holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The bytes a terminal sends for them, in base 64.
    pub base64: String,
    /// Whether they answer a password prompt: then they go to no recording, and only while echo is off.
    #[serde(default)]
    pub secret: bool,
}

/// What else the owner asks of a running terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Order {
    /// Another size.
    Resize {
        /// The new one.
        size: Size,
    },
    /// The owner takes the keyboard.
    Take,
    /// The owner hands it to a run, for a time.
    Hand {
        /// To which.
        run: RunId,
        /// Until when.
        until: Instant,
        /// The key under which that run seals what it types, 64 hexadecimal digits. Only that run has it.
        key: String,
    },
    /// Ends the terminal and all that it started.
    Close,
}
