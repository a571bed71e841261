//! The states of one command the AI asked for.
//!
//! Its id is minted once, in the commit that journals the model turn, so that whoever asks again asks for the same.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Refused;

/// Where a command stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExecState {
    /// Journalled with the turn that asks for it; its turn has not come.
    Proposed,
    /// shell-worker has been asked to prepare it.
    Preparing,
    /// The owner has been asked.
    WaitingApproval,
    /// Allowed, by policy or by the owner: shell-worker has been asked to start it.
    Approved,
    /// It runs.
    Running,
    /// It ended by itself, by a signal or by its timeout.
    Ended,
    /// The owner or the policy said no; it never ran.
    Denied,
    /// shell-worker refused to start it (something changed since it was prepared, or it can't be started).
    Refused,
    /// The shell-worker died while it ran: whether and how it ended is not known.
    Unknown,
    /// The run was stopped before it started.
    Cancelled,
}

impl ExecState {
    /// The word used in SQL, JSON and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Preparing => "preparing",
            Self::WaitingApproval => "waiting_approval",
            Self::Approved => "approved",
            Self::Running => "running",
            Self::Ended => "ended",
            Self::Denied => "denied",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether its outcome is final.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Ended | Self::Denied | Self::Refused | Self::Unknown | Self::Cancelled)
    }

    /// Moves on to `next`; only forward moves are permitted.
    pub fn advance(self, next: Self) -> Result<Self, Refused> {
        use ExecState::{
            Approved, Cancelled, Denied, Ended, Preparing, Proposed, Refused as Declined, Running, Unknown,
            WaitingApproval,
        };
        let permitted = match self {
            Proposed => matches!(next, Preparing | Denied | Cancelled),
            Preparing => matches!(next, WaitingApproval | Approved | Denied | Declined | Cancelled),
            // The owner may change the words: those are prepared anew.
            WaitingApproval => matches!(next, Preparing | Approved | Denied | Cancelled),
            Approved => matches!(next, Running | Ended | Declined | Unknown | Cancelled),
            Running => matches!(next, Ended | Unknown),
            Ended | Denied | Declined | Unknown | Cancelled => false,
        };
        if permitted {
            Ok(next)
        } else {
            Err(Refused { what: "command", state: self.as_str().to_owned(), asked: next.as_str() })
        }
    }
}

impl fmt::Display for ExecState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ExecState {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Ok(match text {
            "proposed" => Self::Proposed,
            "preparing" => Self::Preparing,
            "waiting_approval" => Self::WaitingApproval,
            "approved" => Self::Approved,
            "running" => Self::Running,
            "ended" => Self::Ended,
            "denied" => Self::Denied,
            "refused" => Self::Refused,
            "unknown" => Self::Unknown,
            "cancelled" => Self::Cancelled,
            other => return Err(Refused { what: "command", state: other.to_owned(), asked: "read" }),
        })
    }
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum Exit {
    /// It exited by itself.
    Code {
        /// Its exit status, 0–255.
        code: u8,
    },
    /// A signal ended it.
    Signal {
        /// The signal's name, such as `SIGKILL`.
        signal: String,
    },
    /// It ran into its timeout, and everything it had started was ended.
    Timeout {
        /// The timeout, in seconds.
        after_s: u32,
    },
    /// The owner stopped it, and everything it had started was ended.
    Stopped,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denied_command_never_runs() {
        assert!(ExecState::Denied.advance(ExecState::Running).is_err());
        assert!(ExecState::WaitingApproval.advance(ExecState::Running).is_err());
        assert!(ExecState::Preparing.advance(ExecState::Running).is_err());
    }

    #[test]
    fn an_unknown_outcome_stays_unknown() {
        assert!(ExecState::Unknown.advance(ExecState::Ended).is_err());
        assert!(ExecState::Ended.advance(ExecState::Unknown).is_err());
    }
}
