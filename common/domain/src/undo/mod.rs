//! Undo: what is kept before a command changes or deletes files, what an undo would do, and how one stands. The files
//! themselves, and every decision about them, are the shell host's (SECURITY I14).

pub mod message;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Refused;
use crate::clock::Instant;
use crate::id::{ExecId, SnapshotId, UndoId};

/// Whether a command can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeptState {
    /// What it would touch was kept before it began.
    Kept,
    /// It was not.
    NotKept,
}

/// Why nothing was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Unkept {
    /// It would have touched too many bytes.
    TooBig,
    /// It would have touched too many files.
    TooMany,
    /// Reading it would have taken too long.
    TooSlow,
    /// The quota, or the disk, has no room for it.
    NoRoom,
    /// It touches neither the workspace nor the home of the commands' user.
    Elsewhere,
    /// What it touches can't be told from its words, and its folder is not in the workspace.
    Unknown,
    /// It could not be read or written.
    Failed,
    /// The owner keeps nothing.
    Off,
}

/// What an undo does not bring back although something was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// Paths outside the workspace and the home.
    Elsewhere,
    /// What else it did can't be told from its words: its working folder was kept.
    Unknown,
}

/// What is kept of a command that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Kept {
    /// Whether it can be undone.
    pub state: KeptState,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Unkept>,
    /// What an undo would not bring back.
    #[serde(default)]
    pub gaps: Vec<Gap>,
    /// How many paths it changed of what was kept.
    #[serde(default)]
    pub changed: u32,
    /// Until when it is kept, unless the quota takes it earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

impl Kept {
    /// Nothing was kept, because of `why`.
    pub const fn not(why: Unkept) -> Self {
        Self { state: KeptState::NotKept, why: Some(why), gaps: Vec::new(), changed: 0, until: None }
    }
}

/// What can be said before a command starts about undoing it. For the card: it binds nobody, and what is kept is decided
/// at the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "will", rename_all = "snake_case")]
pub enum Forecast {
    /// It changes no file, as far as its words tell: there is nothing to undo.
    Nothing,
    /// What it would touch is kept first.
    Keeps {
        /// Files and links that are there now.
        files: u64,
        /// Bytes of their content.
        bytes: u64,
        /// What an undo would not bring back.
        #[serde(default)]
        gaps: Vec<Gap>,
    },
    /// It could not be undone.
    Not {
        /// Why not.
        why: Unkept,
    },
    /// There was no time to find out.
    Unsure,
}

/// What is undone, or brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum UndoOf {
    /// What a command did.
    Exec {
        /// Which.
        exec: ExecId,
    },
    /// What an undo did.
    Undo {
        /// Which.
        undo: UndoId,
    },
    /// What became of a part of the workspace since a snapshot.
    Snapshot {
        /// Which.
        snapshot: SnapshotId,
        /// A path inside the workspace; empty for all of it.
        path: String,
    },
}

/// Where an undo stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UndoState {
    /// Its host has been asked.
    Running,
    /// It is done; what could not be done is counted.
    Done,
    /// Its host refused it, or never heard of it: nothing was changed.
    Refused,
    /// The shell-worker died in the middle of it: each file is whole, and it can be undone, or done once more.
    Cut,
}

impl UndoState {
    /// The word used in SQL, JSON and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Cut => "cut",
        }
    }

    /// Moves on to `next`; an undo that has ended stays as it is.
    pub fn advance(self, next: Self) -> Result<Self, Refused> {
        match (self, next) {
            (Self::Running, Self::Done | Self::Refused | Self::Cut) => Ok(next),
            _ => Err(Refused { what: "undo", state: self.as_str().to_owned(), asked: next.as_str() }),
        }
    }
}

impl FromStr for UndoState {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        [Self::Running, Self::Done, Self::Refused, Self::Cut]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| Refused { what: "undo", state: text.to_owned(), asked: "read" })
    }
}

/// What an undo did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Undone {
    /// Paths that are as they were again.
    pub restored: u32,
    /// Paths that are gone again.
    pub removed: u32,
    /// Paths that were left alone: changed since, and not ticked, or changed while it was undone.
    pub left: u32,
    /// Paths that could not be brought back.
    pub failed: u32,
    /// Why the first of those could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undo_that_has_ended_stays_as_it_is() {
        assert_eq!(UndoState::Running.advance(UndoState::Cut), Ok(UndoState::Cut));
        assert!(UndoState::Done.advance(UndoState::Running).is_err());
        assert!(UndoState::Refused.advance(UndoState::Done).is_err());
        for state in [UndoState::Running, UndoState::Done, UndoState::Refused, UndoState::Cut] {
            assert_eq!(state.as_str().parse::<UndoState>(), Ok(state));
        }
    }
}
