//! What flows while it is watched: a terminal's bytes, a model's words. Bounded, gone some time after its end.
//!
//! Every entry's id ends in its end offset, so that a reader resumes exactly, skips what it has, and sees every hole.
//! Must never hold up whoever produces: while Redis is away bytes are dropped, and the offsets tell of the hole.
//!
//! What a terminal beside api shows comes over [`crate::direct`] instead, and is followed in the same way.
//!
//! Rooms: `write` appends, `hub` is the one pub/sub connection of a process, `follow` reads, `frame` is the wire.

mod follow;
pub(crate) mod frame;
mod hub;
mod write;

use metatron_domain::terminal::TerminalEnd;
use metatron_domain::terminal::message::Note;

pub(crate) use hub::{Exchange, Member, Notice};

pub use hub::Hub;
pub use write::{RunWriter, Writer};

/// What a follower of a terminal is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveTerminal {
    /// Output, without a hole to what came before.
    Bytes {
        /// The offset of the first byte.
        from: u64,
        /// The bytes.
        bytes: bytes::Bytes,
    },
    /// These bytes are not in Redis any more; the recording has them.
    Gap {
        /// The first missing byte.
        from: u64,
        /// The first byte after the hole.
        to: u64,
    },
    /// Something beside the bytes; whoever began later has missed it.
    Note(Note),
    /// Nothing more will come.
    End(TerminalEnd),
}

/// A position in a run's live stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RunPos {
    /// The model turn, from 1.
    pub turn: u32,
    /// The attempt at it, from 1.
    pub attempt: u32,
    /// UTF-8 bytes of the turn's text that are known already.
    pub offset: u64,
}

/// What a follower of a run is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveRun {
    /// A turn, or a new attempt at it, begins: partial text of an earlier attempt is void.
    Turn {
        /// The model turn.
        turn: u32,
        /// The attempt at it.
        attempt: u32,
    },
    /// More of the turn's text.
    Delta {
        /// The model turn.
        turn: u32,
        /// The attempt at it.
        attempt: u32,
        /// The offset of `text` in the turn's text, in UTF-8 bytes.
        offset: u64,
        /// The text.
        text: String,
    },
    /// This part of the turn's text is not in Redis any more; the message will have it.
    Gap {
        /// The model turn.
        turn: u32,
        /// The attempt at it.
        attempt: u32,
        /// The first missing byte.
        from: u64,
        /// The first byte after the hole.
        to: u64,
    },
    /// Nothing more will come.
    End,
}
