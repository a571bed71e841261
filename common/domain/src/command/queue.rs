//! The queues of owed work, what comes first in them, and what each kind of job is called.

use serde::{Deserialize, Serialize};

use crate::host::LOCAL;

/// A queue of owed work.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Queue {
    /// Runs, consumed by pulse-worker.
    Run,
    /// Requests to the shell-worker of one host.
    Shell(String),
    /// What the shell-worker of the host [`LOCAL`] reports of commands, consumed by pulse-worker.
    Report,
    /// What the shell-worker of the host [`LOCAL`] reports of terminals, consumed by api.
    Terminal,
    /// The same of another host. A queue for each, so that no host can report in the name of another.
    ReportOf(String),
    /// The same of another host.
    TerminalOf(String),
}

impl Queue {
    /// Where the shell-worker of `host` reports of commands.
    pub fn reports_of(host: &str) -> Self {
        if host == LOCAL { Self::Report } else { Self::ReportOf(host.to_owned()) }
    }

    /// Where the shell-worker of `host` reports of terminals.
    pub fn terminals_of(host: &str) -> Self {
        if host == LOCAL { Self::Terminal } else { Self::TerminalOf(host.to_owned()) }
    }

    /// The name used in SQL and in Redis keys: `run`, `shell:local`, `report`, `terminal`, `report:build`.
    pub fn name(&self) -> String {
        match self {
            Self::Run => "run".to_owned(),
            Self::Shell(host) => format!("shell:{host}"),
            Self::Report => "report".to_owned(),
            Self::Terminal => "terminal".to_owned(),
            Self::ReportOf(host) => format!("report:{host}"),
            Self::TerminalOf(host) => format!("terminal:{host}"),
        }
    }

    /// Reads [`Queue::name`] back.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "run" => Some(Self::Run),
            "report" => Some(Self::Report),
            "terminal" => Some(Self::Terminal),
            other => other.split_once(':').and_then(|(kind, host)| match kind {
                "shell" => Some(Self::Shell(host.to_owned())),
                "report" => Some(Self::ReportOf(host.to_owned())),
                "terminal" => Some(Self::TerminalOf(host.to_owned())),
                _ => None,
            }),
        }
    }

    /// Whether entries carry a body that dashboards must not see.
    pub const fn is_private(&self) -> bool {
        !matches!(self, Self::Run)
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
    /// A report of shell-worker; the subject is its host.
    Host,
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
            Self::Host => "host",
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
            "host" => Self::Host,
            "push" => Self::Push,
            _ => return None,
        })
    }
}
