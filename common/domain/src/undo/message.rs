//! What api asks a shell host about undo and snapshots, and what it answers. What changes anything travels sealed under
//! the host's link key with its own id as subject, expires within a minute, and counts once: the host's journal says so.

use serde::{Deserialize, Serialize};

use super::{UndoOf, Undone};
use crate::clock::Instant;
use crate::id::{SnapshotId, UndoId};

/// The seal's purpose for [`UndoOrder`]; its sequence is 0.
pub const UNDO: &str = "undo";
/// The seal's purpose for [`SnapshotOrder`]; its sequence is 0.
pub const SNAPSHOT: &str = "snapshot";
/// Items of a preview that are told one by one, at most; all are counted.
pub const MOST_ITEMS: usize = 500;

/// Undo this, as it was previewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoOrder {
    /// Its identity: the same never begins twice.
    pub undo: UndoId,
    /// What is undone.
    pub of: UndoOf,
    /// [`Preview::digest`] of what the owner saw; a difference refuses.
    pub digest: String,
    /// What of the conflicts is done all the same.
    pub take: Take,
    /// Void from this instant on.
    pub expires_at: Instant,
}

/// Conflicts that the owner ticked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// Every one.
    #[serde(default)]
    pub all: bool,
    /// Those with these numbers.
    #[serde(default)]
    pub items: Vec<u32>,
}

impl Take {
    /// Whether the conflict with this number is ticked.
    pub fn has(&self, n: u32) -> bool {
        self.all || self.items.contains(&n)
    }
}

/// Make a snapshot now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotOrder {
    /// Its identity: the same is never made twice.
    pub snapshot: SnapshotId,
    /// Void from this instant on.
    pub expires_at: Instant,
}

/// What would be done with one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It is gone, and comes back.
    Create,
    /// Its content becomes what it was.
    Restore,
    /// Its owner, rights or time become what they were.
    Attributes,
    /// It was not there, and goes.
    Remove,
}

/// Why a path is left alone unless the owner ticks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Conflict {
    /// Somebody changed it since.
    Changed,
    /// Somebody made it since.
    Newer,
}

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A pipe, a socket, a device: never kept, never touched.
    Other,
}

/// One path of a preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Item {
    /// Its number in this preview.
    pub n: u32,
    /// The path; bytes that are no UTF-8 are shown as `�`.
    pub path: String,
    /// What would be done.
    pub step: Step,
    /// What it is, or would be again.
    pub kind: FileKind,
    /// Bytes that come back.
    pub bytes: u64,
    /// Why it is left alone unless it is ticked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Conflict>,
}

/// How many paths of a preview there are of each sort, conflicts included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Counts {
    /// Paths that come back.
    pub create: u32,
    /// Files and links that get their content back.
    pub restore: u32,
    /// Paths that get their owner, rights or time back.
    pub attributes: u32,
    /// Paths that go.
    pub remove: u32,
    /// Those among all of them that are left alone unless they are ticked.
    pub conflicts: u32,
    /// Bytes that come back.
    pub bytes: u64,
}

/// What an undo would do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// When it was kept.
    pub at: Instant,
    /// How many paths there are.
    pub counts: Counts,
    /// The first of them, conflicts before the others.
    pub items: Vec<Item>,
    /// Binds an order to exactly this: SHA-256 over all paths, what would be done and how they stand, in hex.
    pub digest: String,
}

/// One snapshot of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Snapshot {
    /// Its id.
    pub id: SnapshotId,
    /// When it was made.
    pub at: Instant,
    /// Files, folders and links in it.
    pub files: u64,
    /// Bytes of their content.
    pub bytes: u64,
}

/// What a host has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    /// Its snapshots, the newest first.
    pub snapshots: Vec<Snapshot>,
    /// Bytes that they and what is kept for undo take together.
    pub used: u64,
    /// Bytes that they may take.
    pub quota: u64,
    /// Seconds between two of them; 0 where none are made.
    pub every_s: u64,
    /// Why the last one was not made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<super::Unkept>,
}

/// One name in a folder of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Name {
    /// The name; bytes that are no UTF-8 are shown as `�`.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Bytes of its content.
    pub bytes: u64,
    /// When it was changed last.
    pub changed_at: Instant,
}

/// A question about undo and snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UndoCall {
    /// What would it do now?
    Look {
        /// What is undone.
        of: UndoOf,
    },
    /// Do it.
    Begin {
        /// Which undo this is.
        undo: UndoId,
        /// An [`UndoOrder`].
        sealed: String,
    },
    /// How does it stand? Answered when it has ended, or after a few seconds.
    Wait {
        /// Which undo.
        undo: UndoId,
    },
    /// Which snapshots are there?
    Snapshots,
    /// What is in a folder of a snapshot?
    Browse {
        /// Which snapshot.
        snapshot: SnapshotId,
        /// A folder inside the workspace; empty for the workspace.
        path: String,
    },
    /// Make a snapshot now.
    Snap {
        /// Which it will be.
        snapshot: SnapshotId,
        /// A [`SnapshotOrder`].
        sealed: String,
    },
}

/// The answer to an [`UndoCall`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UndoAnswer {
    /// What it would do.
    Preview {
        /// All of it.
        preview: Preview,
    },
    /// It is being done.
    Works,
    /// It is done.
    Done {
        /// What was done.
        undone: Undone,
    },
    /// The shell-worker died in the middle of it.
    Cut,
    /// The snapshots.
    Snapshots {
        /// All of them.
        shelf: Shelf,
    },
    /// What is in a folder.
    Folder {
        /// Its names, in order.
        names: Vec<Name>,
        /// Whether there are more, which are not told.
        more: bool,
    },
    /// It is made.
    Snapped {
        /// Which.
        snapshot: Snapshot,
    },
    /// Nothing of the kind is kept, or not any more.
    NotFound,
    /// It is not done, and nothing was changed.
    Refused {
        /// A stable code: `changed`, `expired`, `seal_broken`, `busy`, or a word of [`super::Unkept`].
        code: String,
        /// What the owner reads.
        detail: String,
    },
}
