//! What a terminal session is, as far as two processes must agree on it: its size, its states, who may type into it.
//!
//! Rooms: `order` is what the owner asks of a running terminal, sealed by api; `message` is what passes between api,
//! pulse-worker and shell-worker about it; `hand` is what the AI asks for before it types, `keys` how it names keys.

pub mod hand;
pub mod keys;
pub mod message;
pub mod order;

use serde::{Deserialize, Serialize};

use crate::Refused;
use crate::clock::Instant;
use crate::exec::Exit;
use crate::id::RunId;

/// Columns of a command's PTY.
pub const COLUMNS: u16 = 120;
/// Rows of a command's PTY.
pub const ROWS: u16 = 40;
/// Columns a terminal may have.
pub const MOST_COLUMNS: u16 = 1_000;
/// Rows a terminal may have.
pub const MOST_ROWS: u16 = 500;
/// Characters of a terminal's name, at most.
pub const LONGEST_NAME: usize = 80;

/// The last entry of a terminal's live stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalEnd {
    /// Bytes of output in all.
    pub bytes: u64,
    /// How it ended; absent when that is not known.
    pub exit: Option<Exit>,
}

/// The size of a terminal, in character cells. Absurd ones can't be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(try_from = "Cells", into = "Cells")]
pub struct Size {
    columns: u16,
    rows: u16,
}

/// A size as it is written, before anybody has looked at it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Cells {
    columns: u16,
    rows: u16,
}

impl TryFrom<Cells> for Size {
    type Error = Refused;

    fn try_from(cells: Cells) -> Result<Self, Refused> {
        Self::new(cells.columns, cells.rows)
    }
}

impl From<Size> for Cells {
    fn from(size: Size) -> Self {
        Self { columns: size.columns, rows: size.rows }
    }
}

impl Size {
    /// The size of a command's PTY.
    pub const COMMAND: Self = Self { columns: COLUMNS, rows: ROWS };

    /// From 2 × 1 to [`MOST_COLUMNS`] × [`MOST_ROWS`].
    pub fn new(columns: u16, rows: u16) -> Result<Self, Refused> {
        if (2..=MOST_COLUMNS).contains(&columns) && (1..=MOST_ROWS).contains(&rows) {
            Ok(Self { columns, rows })
        } else {
            Err(Refused { what: "terminal size", state: format!("{columns}x{rows}"), asked: "used" })
        }
    }

    /// Columns.
    pub const fn columns(self) -> u16 {
        self.columns
    }

    /// Rows.
    pub const fn rows(self) -> u16 {
        self.rows
    }
}

/// What a terminal is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TerminalKind {
    /// The owner's login shell.
    Owner,
    /// One command of the AI.
    Command,
}

impl TerminalKind {
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Command => "command",
        }
    }
}

impl std::str::FromStr for TerminalKind {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        match text {
            "owner" => Ok(Self::Owner),
            "command" => Ok(Self::Command),
            other => Err(Refused { what: "terminal kind", state: other.to_owned(), asked: "read" }),
        }
    }
}

/// Where a terminal stands. That its host does not answer is no state of it: it goes on there, unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TerminalState {
    /// Asked of its host.
    Opening,
    /// It runs.
    Running,
    /// It ended by itself, or was closed.
    Ended,
    /// Its shell-worker went down and could not keep it: screen and recording are kept, the outcome is not known.
    Lost,
    /// Its host would not open it.
    Refused,
}

impl TerminalState {
    /// The word used in SQL, JSON and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Running => "running",
            Self::Ended => "ended",
            Self::Lost => "lost",
            Self::Refused => "refused",
        }
    }

    /// Whether nothing more will come of it.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Ended | Self::Lost | Self::Refused)
    }

    /// Moves on to `next`; only forward moves are permitted.
    pub fn advance(self, next: Self) -> Result<Self, Refused> {
        let permitted = match self {
            Self::Opening => matches!(next, Self::Running | Self::Ended | Self::Lost | Self::Refused),
            Self::Running => matches!(next, Self::Ended | Self::Lost),
            Self::Ended | Self::Lost | Self::Refused => false,
        };
        if permitted {
            Ok(next)
        } else {
            Err(Refused { what: "terminal", state: self.as_str().to_owned(), asked: next.as_str() })
        }
    }
}

impl std::str::FromStr for TerminalState {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Ok(match text {
            "opening" => Self::Opening,
            "running" => Self::Running,
            "ended" => Self::Ended,
            "lost" => Self::Lost,
            "refused" => Self::Refused,
            other => return Err(Refused { what: "terminal", state: other.to_owned(), asked: "read" }),
        })
    }
}

/// Who holds the keyboard of a terminal. There is one, and nobody else's keys reach it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Driver {
    /// The owner; any key of theirs makes it so.
    Owner,
    /// A run of the AI: the one whose command this is, or the one it was handed to.
    Ai {
        /// Which run.
        run: RunId,
        /// Until when it may type; absent where it may not type at all without being handed the keyboard.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Instant>,
        /// Whether it has to wait, because a program asks for a password.
        #[serde(default)]
        paused: bool,
    },
}

/// The one of two who holds a keyboard, whichever run it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// The owner.
    Owner,
    /// The AI.
    Ai,
}

impl Driver {
    /// Which of the two it is.
    pub const fn holder(&self) -> Holder {
        match self {
            Self::Owner => Holder::Owner,
            Self::Ai { .. } => Holder::Ai,
        }
    }
}

/// What the foreground program waits for, as far as its terminal tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// A line or a key.
    Input,
    /// A password: echo is off and lines are still edited (a line editor turns both off).
    Password,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_sizes_can_be_neither_made_nor_read() {
        for (columns, rows) in [(0, 24), (80, 0), (1, 24), (10_000, 24), (80, 10_000)] {
            assert!(Size::new(columns, rows).is_err(), "{columns}x{rows}");
            let text = format!(r#"{{"columns":{columns},"rows":{rows}}}"#);
            assert!(serde_json::from_str::<Size>(&text).is_err(), "{text}");
        }
        assert_eq!(Size::new(80, 24).map(|size| (size.columns(), size.rows())), Ok((80, 24)));
    }

    #[test]
    fn what_has_ended_never_runs_again() {
        for last in [TerminalState::Ended, TerminalState::Lost, TerminalState::Refused] {
            assert!(last.is_terminal());
            assert!(last.advance(TerminalState::Running).is_err());
        }
        assert!(TerminalState::Running.advance(TerminalState::Refused).is_err());
    }
}
