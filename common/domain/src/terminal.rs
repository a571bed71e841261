//! What a terminal session is, as far as two processes must agree on it.

use serde::{Deserialize, Serialize};

use crate::exec::Exit;

/// Columns of a command's PTY.
pub const COLUMNS: u16 = 120;
/// Rows of a command's PTY.
pub const ROWS: u16 = 40;

/// The last entry of a terminal's live stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalEnd {
    /// Bytes of output in all.
    pub bytes: u64,
    /// How it ended; absent when that is not known.
    pub exit: Option<Exit>,
}
