//! What a line of the journal says. Fields may be added; a changed meaning is a new variant.

use metatron_domain::audit::KeptHead;
use metatron_domain::clock::Instant;
use metatron_domain::command::Outcome;
use metatron_domain::id::{ApprovalId, ChatId, ExecId, JournalId, RuleId, RunId, TerminalId, UndoId};
use metatron_domain::terminal::message::Report;
use metatron_domain::undo::Undone;
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
    /// The owner's rule that it uses once; absent where none was needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleId>,
    /// The conversation that untrusted content has entered by then, or enters with what the command says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taints: Option<ChatId>,
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

/// A terminal of the owner is about to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Which.
    pub terminal: TerminalId,
    /// When.
    pub at: Instant,
    /// The user it runs as.
    pub user: String,
}

/// The process of a terminal of the owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leader {
    /// Which terminal.
    pub terminal: TerminalId,
    /// Its first process, which is also its session id.
    pub pid: i32,
    /// That process's start, in clock ticks since boot.
    pub ticks: u64,
    /// Which boot of the machine.
    pub boot: String,
}

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A command.
    Exec(ExecId),
    /// A terminal of the owner.
    Terminal(TerminalId),
    /// The audit, of which this host is a witness.
    Audit,
    /// The journal itself.
    Journal,
    /// An undo.
    Undo(UndoId),
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
    /// On the disk before the login shell is forked.
    Opened(Opened),
    /// Written after that fork.
    Led(Leader),
    /// On the disk before the report: a terminal of the owner ended, was lost, or could not be opened after all.
    Over {
        /// The report.
        report: Box<Report>,
    },
    /// That report has arrived in its queue.
    Told {
        /// Whose.
        terminal: TerminalId,
        /// When.
        at: Instant,
    },
    /// The head of the audit, as api sealed it for this host.
    Head(KeptHead),
    /// The first record of a new journal.
    Born {
        /// Its name.
        journal: JournalId,
        /// When it began.
        at: Instant,
    },
    /// Commands that began under a rule and are forgotten.
    Uses {
        /// The rule.
        rule: RuleId,
        /// How many.
        count: u32,
    },
    /// On the disk before an undo changes anything.
    Undoing {
        /// Which.
        undo: UndoId,
        /// When.
        at: Instant,
    },
    /// On the disk before anybody is told how it ended.
    Undone {
        /// Which.
        undo: UndoId,
        /// When.
        at: Instant,
        /// What it did; absent where the shell-worker died in the middle of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        undone: Option<Undone>,
    },
}

impl Record {
    /// What it is about.
    pub const fn subject(&self) -> Subject {
        match self {
            Self::Started(Started { exec, .. })
            | Self::Spawned(Spawned { exec, .. })
            | Self::Ended { exec, .. }
            | Self::Lost { exec, .. }
            | Self::Failed { exec, .. }
            | Self::Declined { exec, .. } => Subject::Exec(*exec),
            Self::Opened(Opened { terminal, .. })
            | Self::Led(Leader { terminal, .. })
            | Self::Told { terminal, .. } => Subject::Terminal(*terminal),
            Self::Over { report } => Subject::Terminal(report.terminal),
            Self::Head(_) => Subject::Audit,
            Self::Born { .. } | Self::Uses { .. } => Subject::Journal,
            Self::Undoing { undo, .. } | Self::Undone { undo, .. } => Subject::Undo(*undo),
        }
    }
}
