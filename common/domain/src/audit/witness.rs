//! The second witness: a shell host journals every start and end by itself, on a disk that the database's writers can't
//! reach, and keeps the audit's head. What the two say of a command must agree, in both directions.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::chain::Head;
use crate::clock::Instant;
use crate::id::ExecId;

/// What a head is sealed for on its way to a shell host.
pub const HEAD: &str = "audit-head";
/// How long a report may be on its way before it is missed.
pub const GRACE: Duration = Duration::from_mins(2);
/// How far back the two are compared. A journal forgets an ended command a day later.
pub const COMPARED: Duration = Duration::from_hours(6 * 24);

/// A head as a shell host keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptHead {
    /// The head.
    pub head: Head,
    /// When it was that.
    pub at: Instant,
}

/// How a journal says that a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It ended.
    Ended,
    /// Nobody knows how it ended.
    Lost,
    /// It never ran after all.
    Failed,
}

/// A command that a journal knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// Which.
    pub exec: ExecId,
    /// When it began, or when it was written down that it never would.
    pub at: Instant,
    /// How it ended, and when that was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<(Told, Instant)>,
}

/// What the audit says of a command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Audited {
    /// When it says that it started.
    pub started: Option<Instant>,
    /// When it says that it ended after it had started.
    pub ended: Option<Instant>,
}

/// Something that only one of the two says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Doubt {
    /// The host started it; the audit does not say so.
    StartNotAudited {
        /// The command.
        exec_id: ExecId,
    },
    /// The host saw it end; the audit does not say so.
    EndNotAudited {
        /// The command.
        exec_id: ExecId,
    },
    /// The audit says that it started; the host never started it.
    StartNotJournalled {
        /// The command.
        exec_id: ExecId,
    },
    /// The audit says that it ended; the host does not say so.
    EndNotJournalled {
        /// The command.
        exec_id: ExecId,
    },
}

/// Compares what a host journalled with what the audit says of that host's commands, as far back as both remember.
pub fn compare(journal: &[Begun], audit: &BTreeMap<ExecId, Audited>, now: Instant) -> Vec<Doubt> {
    let settled = |at: Instant| at.after(GRACE) <= now;
    let recent = |at: Instant| now <= at.after(COMPARED);
    let mut doubts = Vec::new();
    let by_id: BTreeMap<ExecId, &Begun> = journal.iter().map(|begun| (begun.exec, begun)).collect();
    for (exec_id, begun) in &by_id {
        let exec_id = *exec_id;
        if matches!(begun.end, Some((Told::Failed, _))) || !recent(begun.at) {
            continue;
        }
        let said = audit.get(&exec_id).copied().unwrap_or_default();
        // An end that overtook its start says both.
        if said.started.is_none() && said.ended.is_none() && settled(begun.at) {
            doubts.push(Doubt::StartNotAudited { exec_id });
        }
        if said.ended.is_none() && begun.end.is_some_and(|(_, at)| settled(at)) {
            doubts.push(Doubt::EndNotAudited { exec_id });
        }
    }
    for (exec_id, said) in audit {
        let exec_id = *exec_id;
        let begun = by_id.get(&exec_id).filter(|begun| !matches!(begun.end, Some((Told::Failed, _))));
        // What the journal forgot meanwhile is older than what is compared.
        if begun.is_none() && said.started.or(said.ended).is_some_and(recent) {
            doubts.push(Doubt::StartNotJournalled { exec_id });
        }
        if said.ended.is_some() && begun.is_some_and(|begun| begun.end.is_none()) {
            doubts.push(Doubt::EndNotJournalled { exec_id });
        }
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Instant = Instant::from_millis(1_800_000_000_000);

    fn later() -> Instant {
        T.after(Duration::from_mins(10))
    }

    fn both(exec: ExecId) -> (Begun, (ExecId, Audited)) {
        let begun = Begun { exec, at: T, end: Some((Told::Ended, T)) };
        (begun, (exec, Audited { started: Some(T), ended: Some(T) }))
    }

    #[test]
    fn r5_what_both_say_is_no_doubt_and_neither_is_what_is_on_its_way() {
        let exec_id = ExecId::new();
        let (begun, said) = both(exec_id);
        assert_eq!(compare(&[begun], &BTreeMap::from([said]), later()), []);
        assert_eq!(compare(&[begun], &BTreeMap::new(), T.after(Duration::from_secs(5))), []);
        let failed = Begun { end: Some((Told::Failed, T)), ..begun };
        assert_eq!(compare(&[failed], &BTreeMap::new(), later()), [], "it never ran");
    }

    #[test]
    fn r5_a_start_or_an_end_that_one_of_them_hides_is_found() {
        let exec_id = ExecId::new();
        let (begun, said) = both(exec_id);
        let found = compare(&[begun], &BTreeMap::new(), later());
        assert_eq!(found, [Doubt::StartNotAudited { exec_id }, Doubt::EndNotAudited { exec_id }]);
        let open = BTreeMap::from([(exec_id, Audited { started: Some(T), ended: None })]);
        assert_eq!(compare(&[begun], &open, later()), [Doubt::EndNotAudited { exec_id }]);
        let said = BTreeMap::from([said]);
        assert_eq!(compare(&[], &said, later()), [Doubt::StartNotJournalled { exec_id }]);
        let runs = Begun { end: None, ..begun };
        assert_eq!(compare(&[runs], &said, later()), [Doubt::EndNotJournalled { exec_id }]);
        let years = T.after(Duration::from_hours(24 * 365));
        assert_eq!(compare(&[], &said, years), [], "journals forget");
    }
}
