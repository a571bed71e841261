//! Work asked of a worker, as it travels through a queue. A queue entry names a row; it is never the row's truth.
//!
//! Optional fields may be added freely. A changed meaning is a new variant (`…V2`); the old one is read until drained.

use serde::{Deserialize, Serialize};

use crate::approval::Measure;
use crate::audit::{Begun, KeptHead};
use crate::clock::Instant;
use crate::exec::Exit;
use crate::id::{ExecId, JobId, RunId, TerminalId};
use crate::policy::Judgement;
use crate::terminal::message::{TerminalAnswer, TerminalCall};

/// A queue of owed work.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Queue {
    /// Runs, consumed by pulse-worker.
    Run,
    /// Requests to the shell-worker of one host.
    Shell(String),
    /// What shell-workers report of commands, consumed by pulse-worker.
    Report,
    /// What shell-workers report of terminals, consumed by api.
    Terminal,
}

impl Queue {
    /// The name used in SQL and in Redis keys: `run`, `shell:local`, `report`, `terminal`.
    pub fn name(&self) -> String {
        match self {
            Self::Run => "run".to_owned(),
            Self::Shell(host) => format!("shell:{host}"),
            Self::Report => "report".to_owned(),
            Self::Terminal => "terminal".to_owned(),
        }
    }

    /// Reads [`Queue::name`] back.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "run" => Some(Self::Run),
            "report" => Some(Self::Report),
            "terminal" => Some(Self::Terminal),
            other => other.strip_prefix("shell:").map(|host| Self::Shell(host.to_owned())),
        }
    }

    /// Whether entries carry a body that dashboards must not see.
    pub const fn is_private(&self) -> bool {
        matches!(self, Self::Shell(_) | Self::Report | Self::Terminal)
    }
}

/// Which of a queue's two streams: high is read before low.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// The owner waits for it.
    High,
    /// Everything else.
    Low,
}

impl Priority {
    /// The last part of the stream's key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Low => "low",
        }
    }
}

/// What a job asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Carry a run on; the subject is a run.
    Run,
    /// A test call of a provider; the subject is a probe.
    Probe,
    /// A heartbeat; the subject is the planned instant.
    Tick,
    /// Prepare a command; the subject is an exec.
    Prepare,
    /// Start a command; the subject is an exec.
    Start,
    /// A report of shell-worker; the subject is an exec.
    Report,
    /// A report of shell-worker; the subject is a terminal.
    Terminal,
    /// A notification to a device; the subject is a push.
    Push,
}

impl JobKind {
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Probe => "probe",
            Self::Tick => "tick",
            Self::Prepare => "prepare",
            Self::Start => "start",
            Self::Report => "report",
            Self::Terminal => "terminal",
            Self::Push => "push",
        }
    }

    /// Reads [`JobKind::as_str`] back.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "run" => Self::Run,
            "probe" => Self::Probe,
            "tick" => Self::Tick,
            "prepare" => Self::Prepare,
            "start" => Self::Start,
            "report" => Self::Report,
            "terminal" => Self::Terminal,
            "push" => Self::Push,
            _ => return None,
        })
    }
}

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
        /// The owner's sealed [`crate::approval::Grant`], in base 64; absent where the policy alone allows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grant: Option<String>,
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
    },
    /// The journal says `started`, and it runs now.
    Started {
        /// The command.
        exec: ExecId,
        /// When.
        at: Instant,
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
            | Self::Declined { exec, .. }
            | Self::Ended { exec, .. }
            | Self::Unknown { exec, .. } => *exec,
        }
    }
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
    },
    /// Who are you, and can you drop to the user `agent`?
    Describe,
    /// About a terminal.
    Terminal {
        /// What.
        call: Box<TerminalCall>,
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
    },
    /// About a terminal.
    Terminal {
        /// What.
        answer: TerminalAnswer,
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
