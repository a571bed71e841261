//! Work asked of a worker, as it travels through a queue. A queue entry names a row; it is never the row's truth.
//!
//! Optional fields may be added freely. A changed meaning is a new variant (`…V2`); the old one is read until drained.

mod queue;

pub use queue::{JobKind, Priority, Queue};
use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::approval::Measure;
use crate::audit::{Begun, KeptHead};
use crate::clock::Instant;
use crate::elevated::Power;
use crate::exec::Exit;
use crate::id::{ChatId, ExecId, JobId, RunId, TerminalId};
use crate::policy::Judgement;
use crate::rule::Under;
use crate::terminal::message::{TerminalAnswer, TerminalCall};
use crate::terminal::{Size, Waits};
use crate::undo::message::{UndoAnswer, UndoCall};
use crate::undo::{Forecast, Kept};

/// The entry of a queue: which row, and which version of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Version of this message, 1.
    pub v: u32,
    /// The row of the `job` table.
    pub id: JobId,
    /// What it asks for.
    pub kind: JobKind,
    /// The id of what it is about.
    pub subject: String,
}

/// What shell-worker needs to know of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandSpec {
    /// The command's identity, for ever.
    pub exec: ExecId,
    /// The run it belongs to.
    pub run: RunId,
    /// The terminal its output goes to.
    pub terminal: TerminalId,
    /// The exact text given to `bash --noprofile --norc -c`.
    pub command: String,
    /// The working folder; the workspace when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Seconds until it is ended by force.
    pub timeout_s: u32,
    /// Whether somebody means to type into it: then it is told as soon as it has come to rest, also where it asks for
    /// nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interactive: bool,
    /// The size of its terminal; [`Size::COMMAND`] when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// For whom it is asked; absent: for nobody whom the owner allowed anything beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<SpecOrigin>,
    /// With whose power it runs.
    #[serde(default, skip_serializing_if = "Power::is_agent")]
    pub power: Power,
}

/// For whom a command is asked: what the owner allowed beforehand depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecOrigin {
    /// The conversation.
    pub chat: ChatId,
    /// Who began the run.
    pub actor: Actor,
    /// Whether untrusted content has entered the run. A host that has seen it so takes no later word that it is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tainted: bool,
}

/// Asked of shell-worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ShellRequest {
    /// Measure and judge, without starting anything.
    Prepare {
        /// The command.
        spec: CommandSpec,
    },
    /// Start it, if it is allowed; report what the journal says, if it was started before.
    Start {
        /// The command.
        spec: CommandSpec,
        /// The measurement it must still have; a difference refuses.
        digest: String,
        /// The owner's sealed [`crate::approval::Grant`], in base 64; with `under` the sealed
        /// [`crate::rule::warrant::Warrant`] instead; absent where the policy alone allows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grant: Option<String>,
        /// What the owner allowed it under beforehand: it must stand in shell-worker's own book, and the warrant must be
        /// sealed under that book's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        under: Option<Under>,
    },
}

/// Reported by shell-worker, at least once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ShellReport {
    /// Measured and judged.
    Prepared {
        /// The command.
        exec: ExecId,
        /// What was found.
        measure: Box<Measure>,
        /// What the judge said of it.
        judgement: Box<Judgement>,
        /// What it could run under by shell-worker's book, without an answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        under: Option<Under>,
        /// What the card says about undoing it. No part of the measurement: nobody's answer binds it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        forecast: Option<Forecast>,
    },
    /// The journal says `started`, and it runs now.
    Started {
        /// The command.
        exec: ExecId,
        /// When.
        at: Instant,
    },
    /// It runs on, and waits for somebody, or has come to rest where somebody means to type into it. Told once by each
    /// who follows it.
    Rests {
        /// The command.
        exec: ExecId,
        /// How.
        rest: Rest,
    },
    /// Not started, and it never will be under this request.
    Declined {
        /// The command.
        exec: ExecId,
        /// A stable code, such as `changed_since_prepared`.
        code: String,
        /// What the owner and the model read.
        detail: String,
    },
    /// It ended.
    Ended {
        /// The command.
        exec: ExecId,
        /// How.
        outcome: Outcome,
    },
    /// It was started by a shell-worker that died; nobody knows how it ended.
    Unknown {
        /// The command.
        exec: ExecId,
        /// What was shown up to then.
        outcome: Outcome,
    },
}

impl ShellReport {
    /// The command the report is about.
    pub const fn exec(&self) -> ExecId {
        match self {
            Self::Prepared { exec, .. }
            | Self::Started { exec, .. }
            | Self::Rests { exec, .. }
            | Self::Declined { exec, .. }
            | Self::Ended { exec, .. }
            | Self::Unknown { exec, .. } => *exec,
        }
    }
}

/// How a command stands that runs and has come to rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// When it started.
    pub started_at: Instant,
    /// What it waits for, as far as that can be seen.
    pub waits: Option<Waits>,
    /// The name of the program in front.
    pub program: Option<String>,
    /// Its screen as text, without escape codes.
    pub screen: String,
}

/// What is known of a command that no longer runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// When it started.
    pub started_at: Instant,
    /// When it ended, or was found dead.
    pub ended_at: Instant,
    /// How it ended; absent when unknown.
    pub exit: Option<Exit>,
    /// The last of its output as a person would have seen it, without escape codes, cut with a marker.
    pub text: String,
    /// Whether `text` is less than everything.
    pub truncated: bool,
    /// Bytes of output in all.
    pub bytes: u64,
    /// SHA-256 of all output bytes, in hex; empty when unknown.
    pub sha256: String,
    /// What was kept of what it touched; absent where it only read, or nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

/// A live question to a shell-worker: answered at once or not at all, never owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ShellCall {
    /// Bytes of a recording.
    ReadOutput {
        /// Which terminal.
        terminal: TerminalId,
        /// The first byte wanted.
        from: u64,
        /// At most so many bytes, 1 MiB at most.
        limit: u32,
    },
    /// The output as text, without escape codes, for the model.
    ReadText {
        /// Which terminal.
        terminal: TerminalId,
        /// The first line wanted, from 0.
        from_line: u64,
        /// At most so many lines.
        lines: u32,
    },
    /// End a running command and all that it started.
    Stop {
        /// Which command.
        exec: ExecId,
        /// Whether its own run closes it; otherwise the owner stops it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_run: bool,
    },
    /// Who are you, and can you drop to the user `agent`?
    Describe,
    /// The newest book of rules and modes, a sealed [`crate::rule::book::Book`].
    Book {
        /// Its version: the position it was sealed for.
        version: u64,
        /// In base 64.
        sealed: String,
    },
    /// About a terminal.
    Terminal {
        /// What.
        call: Box<TerminalCall>,
    },
    /// About undo and snapshots.
    Undo {
        /// What.
        call: Box<UndoCall>,
    },
    /// Keep the audit's head.
    KeepHead {
        /// How many rows it counts.
        count: u64,
        /// A [`crate::audit::KeptHead`], sealed under the link key with its count, in base 64.
        sealed: String,
    },
    /// What do you know of commands, in the order of their ids?
    Witness {
        /// Those behind this one; from the first when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<ExecId>,
        /// At most so many, 1000 at most.
        limit: u32,
    },
}

/// The answer to a [`ShellCall`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ShellAnswer {
    /// Bytes of a recording, in base 64.
    Output {
        /// The offset of the first byte.
        from: u64,
        /// The bytes.
        base64: String,
        /// Bytes there are in all, so far.
        end: u64,
        /// Whether the terminal has ended.
        ended: bool,
    },
    /// Lines of text.
    Text {
        /// The lines, joined.
        text: String,
        /// Lines there are in all, so far.
        lines: u64,
    },
    /// Done, or nothing was left to do.
    Stopped,
    /// What this shell host is.
    Description {
        /// The user commands run as.
        user: String,
        /// Whether that is another user than the services'.
        separated: bool,
        /// The workspace folder.
        workspace: String,
        /// The version of the shell-worker; empty where it is older than this field.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        version: String,
    },
    /// Which book counts there from now on.
    Book {
        /// Its version; higher than the one that was sent where a newer one is known.
        version: u64,
    },
    /// About a terminal.
    Terminal {
        /// What.
        answer: TerminalAnswer,
    },
    /// About undo and snapshots.
    Undo {
        /// What.
        answer: Box<UndoAnswer>,
    },
    /// It is on the disk.
    Kept,
    /// What the journal says.
    Witness {
        /// The commands.
        begun: Vec<Begun>,
        /// Whether there are more behind them.
        more: bool,
        /// The heads of the audit that were kept, the oldest first; only in the first answer.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        heads: Vec<KeptHead>,
    },
    /// Nothing there.
    NotFound,
    /// It went wrong.
    Failed {
        /// What went wrong.
        detail: String,
    },
}

/// Work that a commit made owed, ready to be carried to its queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Owed {
    /// Which queue.
    pub queue: Queue,
    /// Which of its streams.
    pub priority: Priority,
    /// The entry.
    pub ticket: Ticket,
    /// What a private queue carries beside the ticket.
    pub body: Option<serde_json::Value>,
}
