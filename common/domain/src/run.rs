//! The states of an agent run.
//!
//! `queued → running → (waiting_command | waiting_approval) → queued → running → succeeded | failed | cancelled | expired`.
//! A waiting run holds no worker slot and no memory: the outcome or the answer queues it again.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Refused;
use crate::command::Priority;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Owed work: a worker will take it.
    Queued,
    /// A worker holds it.
    Running,
    /// A command of it is being prepared or runs.
    WaitingCommand,
    /// The owner has been asked.
    WaitingApproval,
    /// Ended with an answer.
    Succeeded,
    /// Ended by an error or a hard stop.
    Failed,
    /// Ended by the owner.
    Cancelled,
    /// Ended because nobody answered in time.
    Expired,
}

impl RunState {
    /// The word used in SQL, JSON and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::WaitingCommand => "waiting_command",
            Self::WaitingApproval => "waiting_approval",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Whether nothing will happen any more.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled | Self::Expired)
    }

    /// A worker takes it. Also from `running`, when the former worker is dead: the fence is the job's epoch.
    pub fn start(self) -> Result<Self, Refused> {
        match self {
            Self::Queued | Self::Running => Ok(Self::Running),
            _ => Err(self.refuse("started")),
        }
    }

    /// The worker lets it go until `what` is there.
    pub fn park(self, what: Waiting) -> Result<Self, Refused> {
        match (self, what) {
            (Self::Running | Self::WaitingApproval | Self::WaitingCommand, Waiting::Command) => {
                Ok(Self::WaitingCommand)
            }
            (Self::Running | Self::WaitingApproval | Self::WaitingCommand, Waiting::Approval) => {
                Ok(Self::WaitingApproval)
            }
            _ => Err(self.refuse("parked")),
        }
    }

    /// What it waited for is there.
    pub fn wake(self) -> Result<Self, Refused> {
        match self {
            Self::WaitingCommand | Self::WaitingApproval | Self::Running | Self::Queued => Ok(Self::Queued),
            _ => Err(self.refuse("woken")),
        }
    }

    /// It ends.
    pub fn end(self, how: RunEnd) -> Result<Self, Refused> {
        if self.is_terminal() {
            return Err(self.refuse("ended"));
        }
        Ok(match how {
            RunEnd::Succeeded => Self::Succeeded,
            RunEnd::Failed => Self::Failed,
            RunEnd::Cancelled => Self::Cancelled,
            RunEnd::Expired => Self::Expired,
        })
    }

    fn refuse(self, asked: &'static str) -> Refused {
        Refused { what: "run", state: self.as_str().to_owned(), asked }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RunState {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Ok(match text {
            "queued" => Self::Queued,
            "running" => Self::Running,
            "waiting_command" => Self::WaitingCommand,
            "waiting_approval" => Self::WaitingApproval,
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            "cancelled" => Self::Cancelled,
            "expired" => Self::Expired,
            other => return Err(Refused { what: "run", state: other.to_owned(), asked: "read" }),
        })
    }
}

/// What a parked run waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// shell-worker.
    Command,
    /// The owner.
    Approval,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// With an answer.
    Succeeded,
    /// By an error or a hard stop.
    Failed,
    /// By the owner.
    Cancelled,
    /// Nobody answered in time.
    Expired,
}

/// What called a run into being.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The owner wrote a message.
    Chat,
    /// The first-run rehearsal of an approval.
    Practice,
    /// An outside program wrote a message.
    Api,
    /// The heartbeat.
    Pulse,
    /// The instant of a planned task came, or the owner began one.
    Schedule,
}

impl Origin {
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Practice => "practice",
            Self::Api => "api",
            Self::Pulse => "pulse",
            Self::Schedule => "schedule",
        }
    }

    /// Whether it may be that nobody looks: a question has to find the owner first.
    pub const fn is_unattended(self) -> bool {
        matches!(self, Self::Api | Self::Pulse | Self::Schedule)
    }

    /// Whether nobody asked for it at that moment: the clock did.
    pub const fn is_by_clock(self) -> bool {
        matches!(self, Self::Pulse | Self::Schedule)
    }

    /// How soon its work comes: whoever waits for an answer first.
    pub const fn priority(self) -> Priority {
        if self.is_by_clock() { Priority::Low } else { Priority::High }
    }
}

impl FromStr for Origin {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Ok(match text {
            "chat" => Self::Chat,
            "practice" => Self::Practice,
            "api" => Self::Api,
            "pulse" => Self::Pulse,
            "schedule" => Self::Schedule,
            other => return Err(Refused { what: "origin", state: other.to_owned(), asked: "read" }),
        })
    }
}

/// Why a run failed, in words for the owner: the cause, and the next step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RunError {
    /// A stable code, such as `model_key_refused`.
    pub code: String,
    /// What happened.
    pub detail: String,
    /// What the owner can do about it.
    pub next_step: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_run_refuses_everything() {
        for state in [RunState::Succeeded, RunState::Failed, RunState::Cancelled, RunState::Expired] {
            assert!(state.start().is_err());
            assert!(state.wake().is_err());
            assert!(state.park(Waiting::Command).is_err());
            let refused = state.end(RunEnd::Cancelled).unwrap_err();
            assert_eq!(refused.to_string(), format!("run is {state} and can't be ended"));
        }
    }

    #[test]
    fn a_waiting_run_can_not_be_started_before_it_is_woken() {
        let waiting = RunState::Running.park(Waiting::Approval).unwrap();
        assert!(waiting.start().is_err());
        assert_eq!(waiting.wake().unwrap().start().unwrap(), RunState::Running);
    }
}
