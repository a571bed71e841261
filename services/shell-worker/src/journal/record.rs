//! What a line of the journal says. Fields may be added; a changed meaning is a new variant.

use metatron_domain::clock::Instant;
use metatron_domain::command::Outcome;
use metatron_domain::id::{ApprovalId, ExecId, RunId, TerminalId};
use serde::{Deserialize, Serialize};

/// A command is about to be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The command.
    pub exec: ExecId,
    /// Its run.
    pub run: RunId,
    /// Its terminal, whose id is also the marker in its environment.
    pub terminal: TerminalId,
    /// When.
    pub at: Instant,
    /// The digest of what was measured.
    pub digest: String,
    /// The owner's answer that it uses up; absent where the policy alone allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalId>,
}

/// A started command became this process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spawned {
    /// The command.
    pub exec: ExecId,
    /// Its first process, which is also its session id.
    pub pid: i32,
    /// That process's start, in clock ticks since boot.
    pub ticks: u64,
    /// Which boot of the machine.
    pub boot: String,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Record {
    /// On the disk before the fork.
    Started(Started),
    /// Written after the fork.
    Spawned(Spawned),
    /// On the disk before the report.
    Ended {
        /// The command.
        exec: ExecId,
        /// How it ended.
        outcome: Outcome,
    },
    /// The shell-worker died while it ran.
    Lost {
        /// The command.
        exec: ExecId,
        /// What had been seen.
        outcome: Outcome,
    },
    /// It was to be started, and the fork failed: it never ran, and never will.
    Failed {
        /// The command.
        exec: ExecId,
        /// When.
        at: Instant,
        /// The stable code.
        code: String,
        /// The sentence.
        detail: String,
    },
    /// A request that was refused before anything began.
    Declined {
        /// The command.
        exec: ExecId,
        /// SHA-256 of the request.
        request: String,
        /// When.
        at: Instant,
        /// The stable code.
        code: String,
        /// The sentence.
        detail: String,
    },
}

impl Record {
    /// The command it is about.
    pub const fn exec(&self) -> ExecId {
        match self {
            Self::Started(Started { exec, .. })
            | Self::Spawned(Spawned { exec, .. })
            | Self::Ended { exec, .. }
            | Self::Lost { exec, .. }
            | Self::Failed { exec, .. }
            | Self::Declined { exec, .. } => *exec,
        }
    }
}
