//! What the owner planned for later: one task, one instant, one row in the ledger of time that ends once.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Refused;
use crate::clock::Instant;
use crate::run::RunState;

/// The longest text of a task, in characters.
pub const LONGEST_TEXT: usize = 16 * 1024;
/// How late a task may begin unless the owner says otherwise, in minutes.
pub const GRACE_MIN: u32 = 60;
/// How late it may begin at most, in minutes: a week.
pub const LONGEST_GRACE_MIN: u32 = 7 * 24 * 60;
/// How far ahead a task may be planned, in days.
pub const FURTHEST_DAYS: u32 = 366;
/// How many tasks may be planned at once.
pub const MOST_PLANNED: u32 = 200;

/// Where a planned instant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TickState {
    /// Its time has not come.
    Planned,
    /// Its work has begun.
    Claimed,
    /// Its work ended well.
    Done,
    /// Its work ended otherwise.
    Failed,
    /// Its time passed while nothing could begin.
    Missed,
    /// It was taken back before its time.
    Skipped,
    /// Nobody can tell any more what became of it.
    Unknown,
}

impl TickState {
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Claimed => "claimed",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Missed => "missed",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
        }
    }

    fn refused(self, asked: &'static str) -> Refused {
        Refused { what: "task", state: self.as_str().to_owned(), asked }
    }

    /// Its work begins.
    pub fn claim(self) -> Result<Self, Refused> {
        if self == Self::Planned { Ok(Self::Claimed) } else { Err(self.refused("begun")) }
    }

    /// It never begins: its time passed, or it was taken back.
    pub fn drop_as(self, missed: bool) -> Result<Self, Refused> {
        match (self, missed) {
            (Self::Planned, true) => Ok(Self::Missed),
            (Self::Planned, false) => Ok(Self::Skipped),
            _ => Err(self.refused("taken back")),
        }
    }

    /// The run that works on it ended as `run`; nothing while that goes on.
    pub fn end(self, run: RunState) -> Result<Option<Self>, Refused> {
        match (self, run) {
            (_, run) if !run.is_terminal() => Ok(None),
            (Self::Claimed, RunState::Succeeded) => Ok(Some(Self::Done)),
            (Self::Claimed, _) => Ok(Some(Self::Failed)),
            _ => Err(self.refused("ended")),
        }
    }
}

impl FromStr for TickState {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let all = [
            Self::Planned,
            Self::Claimed,
            Self::Done,
            Self::Failed,
            Self::Missed,
            Self::Skipped,
            Self::Unknown,
        ];
        let known = all.into_iter().find(|state| state.as_str() == text);
        known.ok_or_else(|| Refused { what: "task", state: text.to_owned(), asked: "read" })
    }
}

/// What the clock says of a planned instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Its time has not come.
    Early,
    /// It may begin.
    Now,
    /// It is later than the owner allowed.
    Late,
}

/// Whether what was planned for `at` may begin at `now`, when it may be `grace` late.
pub fn due(at: Instant, grace: Duration, now: Instant) -> Due {
    if now < at {
        Due::Early
    } else if now <= at.after(grace) {
        Due::Now
    } else {
        Due::Late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_never_begins_again() {
        for over in [TickState::Done, TickState::Failed, TickState::Missed, TickState::Skipped] {
            assert!(over.claim().is_err());
            assert!(over.drop_as(true).is_err());
            assert!(over.end(RunState::Succeeded).is_err());
        }
        let begun = TickState::Planned.claim().unwrap();
        assert!(begun.claim().is_err(), "it begins once");
        let refused = begun.drop_as(false).unwrap_err();
        assert_eq!(refused.to_string(), "task is claimed and can't be taken back");
        assert_eq!(begun.end(RunState::Running).unwrap(), None);
        assert_eq!(begun.end(RunState::Expired).unwrap(), Some(TickState::Failed));
    }

    #[test]
    fn an_instant_may_be_late_by_its_grace_and_no_more() {
        let at = Instant::from_millis(60_000);
        let grace = Duration::from_mins(1);
        assert_eq!(due(at, grace, Instant::from_millis(59_999)), Due::Early);
        assert_eq!(due(at, grace, at), Due::Now);
        assert_eq!(due(at, grace, Instant::from_millis(120_000)), Due::Now);
        assert_eq!(due(at, grace, Instant::from_millis(120_001)), Due::Late);
    }
}
