//! The journal under cuts, damage, repetition and age.

use std::io::Write as _;

use metatron_domain::exec::Exit;
use metatron_domain::id::{RunId, TerminalId};

use super::*;

const T: Instant = Instant::from_millis(1_000_000);

fn started(exec: ExecId, approval: Option<ApprovalId>) -> Started {
    let (run, terminal, digest) = (RunId::new(), TerminalId::new(), "d".to_owned());
    Started { exec, run, terminal, at: T, digest, approval, rule: None, taints: None }
}

fn outcome(text: &str) -> Outcome {
    Outcome {
        started_at: T,
        ended_at: T,
        exit: Some(Exit::Code { code: 0 }),
        text: text.into(),
        truncated: false,
        bytes: 3,
        sha256: "s".into(),
        kept: None,
    }
}

#[test]
fn a_command_begins_once_also_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let exec = ExecId::new();
    let journal = Journal::open(folder.path(), T).unwrap();
    assert_eq!(journal.begin(started(exec, None)).unwrap(), Begin::Fresh);
    assert!(matches!(journal.begin(started(exec, None)).unwrap(), Begin::Known(Known::Started(..))));
    drop(journal);
    let journal = Journal::open(folder.path(), T).unwrap();
    assert_eq!(journal.open_ends().len(), 1);
    journal.ended(exec, outcome("hello")).unwrap();
    drop(journal);
    let journal = Journal::open(folder.path(), T).unwrap();
    assert!(journal.open_ends().is_empty());
    let Begin::Known(Known::Answered(report)) = journal.begin(started(exec, None)).unwrap() else {
        panic!("it began twice")
    };
    assert_eq!(*report, ShellReport::Ended { exec, outcome: outcome("hello") });
}

#[test]
fn a_grant_is_used_once() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), T).unwrap();
    let approval = ApprovalId::new();
    assert_eq!(journal.begin(started(ExecId::new(), Some(approval))).unwrap(), Begin::Fresh);
    assert_eq!(journal.begin(started(ExecId::new(), Some(approval))).unwrap(), Begin::GrantUsed);
}

#[test]
fn a_torn_record_is_dropped_wherever_the_cut_is() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (ExecId::new(), ExecId::new());
    let path = folder.path().join("journal");
    let journal = Journal::open(folder.path(), T).unwrap();
    journal.begin(started(first, None)).unwrap();
    let whole = std::fs::metadata(&path).unwrap().len();
    journal.begin(started(second, None)).unwrap();
    drop(journal);
    let bytes = std::fs::read(&path).unwrap();
    let whole = usize::try_from(whole).unwrap();
    for cut in whole + 1..bytes.len() {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let journal = Journal::open(folder.path(), T).unwrap();
        assert_eq!(journal.open_ends().len(), 1, "cut at {cut}");
        assert_eq!(journal.begin(started(second, None)).unwrap(), Begin::Fresh);
    }
}

#[test]
fn damage_in_the_middle_is_not_forgotten_silently() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::open(folder.path(), T).unwrap();
    journal.begin(started(ExecId::new(), None)).unwrap();
    journal.begin(started(ExecId::new(), None)).unwrap();
    drop(journal);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[30] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(Journal::open(folder.path(), T), Err(JournalError::Damaged { at: 0, .. })));
}

#[test]
fn two_processes_never_share_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Journal::open(folder.path(), T).unwrap();
    assert!(matches!(Journal::open(folder.path(), T), Err(JournalError::InUse(_))));
}

#[test]
fn what_ended_long_ago_is_forgotten_and_what_runs_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (old, running) = (ExecId::new(), ExecId::new());
    let journal = Journal::open(folder.path(), T).unwrap();
    journal.begin(started(old, None)).unwrap();
    journal.begin(started(running, None)).unwrap();
    journal.ended(old, outcome("x")).unwrap();
    journal.declined(ExecId::new(), "r", T, "grant_missing", "no").unwrap();
    let later = T.after(KEPT + Duration::from_secs(1));
    journal.prune(later).unwrap();
    assert!(matches!(journal.known(running, "").unwrap(), Some(Known::Started(..))));
    assert_eq!(journal.known(old, "r").unwrap(), None);
    drop(journal);
    let journal = Journal::open(folder.path(), later).unwrap();
    assert_eq!(journal.open_ends().len(), 1);
}

#[test]
fn the_same_request_is_declined_again_and_another_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let exec = ExecId::new();
    let journal = Journal::open(folder.path(), T).unwrap();
    journal.declined(exec, "forged", T, "grant_missing", "no grant").unwrap();
    let Some(Known::Answered(report)) = journal.known(exec, "forged").unwrap() else { panic!("forgotten") };
    assert!(matches!(*report, ShellReport::Declined { ref code, .. } if code == "grant_missing"));
    assert_eq!(journal.known(exec, "true").unwrap(), None);
    assert_eq!(journal.begin(started(exec, None)).unwrap(), Begin::Fresh);
}

#[test]
fn bytes_behind_the_last_record_are_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let exec = ExecId::new();
    drop(Journal::open(folder.path(), T).unwrap());
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"half a rec").unwrap();
    let journal = Journal::open(folder.path(), T).unwrap();
    journal.begin(started(exec, None)).unwrap();
    drop(journal);
    assert_eq!(Journal::open(folder.path(), T).unwrap().open_ends().len(), 1);
}

#[test]
fn a_terminal_opens_once_and_its_end_is_remembered_until_it_is_told() {
    use metatron_domain::terminal::message::{Happened, Report};
    let folder = tempfile::tempdir().unwrap();
    let terminal = TerminalId::new();
    let opened = Opened { terminal, at: T, user: "owner".into() };
    let journal = Journal::open(folder.path(), T).unwrap();
    assert!(journal.open_terminal(opened.clone()).unwrap());
    assert!(!journal.open_terminal(opened).unwrap());
    journal.led(Leader { terminal, pid: 7, ticks: 8, boot: "b".into() }).unwrap();
    drop(journal);
    let journal = Journal::open(folder.path(), T).unwrap();
    assert_eq!(journal.open_terminals()[0].1.as_ref().unwrap().pid, 7);
    let text = format!(
        r#"{{"terminal":"{terminal}","kind":"owner","state":"ended","user":"owner","size":{{"columns":80,"rows":24}},
            "driver":{{"by":"owner"}},"bytes":9,"keys":0,"orders":0,"typed":0,"reports":2}}"#
    );
    let status = Box::new(serde_json::from_str(&text).unwrap());
    let report = Report { terminal, number: 2, at: T, what: Happened::Ended, status };
    journal.over(report.clone()).unwrap();
    let later = T.after(KEPT * 2);
    // Not told yet: it is kept for as long as that takes.
    drop(journal);
    let journal = Journal::open(folder.path(), later).unwrap();
    assert_eq!(journal.untold().unwrap(), std::slice::from_ref(&report));
    assert_eq!((journal.end_of(terminal).unwrap(), journal.open_terminals().len()), (Some(report), 0));
    journal.told(terminal, later).unwrap();
    assert!(journal.untold().unwrap().is_empty());
    drop(journal);
    let journal = Journal::open(folder.path(), later).unwrap();
    assert_eq!(journal.end_of(terminal).unwrap(), None);
}

#[test]
fn p4_a_rule_is_used_as_often_as_it_says_and_not_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let rule = RuleId::new();
    let under = || Started { rule: Some(rule), ..started(ExecId::new(), None) };
    let journal = Journal::open(folder.path(), T).unwrap();
    assert_eq!(journal.begin_within(under(), Some(2)).unwrap(), Begin::Fresh);
    drop(journal);
    let journal = Journal::open(folder.path(), T).unwrap();
    assert_eq!(journal.begin_within(under(), Some(2)).unwrap(), Begin::Fresh);
    assert_eq!(journal.begin_within(under(), Some(2)).unwrap(), Begin::RuleUsed);
    assert_eq!(journal.begin_within(under(), None).unwrap(), Begin::Fresh, "without a limit there is none");
}

#[test]
fn h10_a_head_of_the_audit_is_kept_for_good_and_never_replaced_by_a_shorter_one() {
    use metatron_domain::audit::{Hash, Head};
    let folder = tempfile::tempdir().unwrap();
    let kept = |count, at| KeptHead { head: Head { count, hash: Hash::NONE }, at };
    let journal = Journal::open(folder.path(), T).unwrap();
    journal.keep_head(kept(5, T)).unwrap();
    journal.keep_head(kept(5, T.after(KEPT))).unwrap();
    journal.keep_head(kept(3, T.after(KEPT))).unwrap();
    assert_eq!(journal.heads(9), [kept(5, T)]);
    let later = T.after(KEPT * 2);
    journal.keep_head(kept(8, T.after(KEPT))).unwrap();
    journal.keep_head(kept(9, later)).unwrap();
    assert_eq!(journal.heads(2), [kept(8, T.after(KEPT)), kept(9, later)]);
    // Something has to be old enough for the file to be written anew.
    let exec = ExecId::new();
    journal.begin(started(exec, None)).unwrap();
    journal.ended(exec, outcome("x")).unwrap();
    journal.prune(later.after(Duration::from_secs(1))).unwrap();
    assert_eq!(journal.heads(9), [kept(9, later)]);
    drop(journal);
    assert_eq!(Journal::open(folder.path(), later).unwrap().heads(9), [kept(9, later)]);
}

#[test]
fn r5_the_journal_tells_what_began_and_how_it_ended_in_pages() {
    use metatron_domain::audit::{Begun, Told};
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), T).unwrap();
    let execs = [ExecId::new(), ExecId::new(), ExecId::new()];
    for exec in execs {
        journal.begin(started(exec, None)).unwrap();
    }
    journal.ended(execs[0], outcome("x")).unwrap();
    journal.failed(execs[1], T, "code", "detail").unwrap();
    let begun = |at: usize, end| Begun { exec: execs[at], at: T, end };
    let (first, second) = (begun(0, Some((Told::Ended, T))), begun(1, Some((Told::Failed, T))));
    assert_eq!(journal.begun(None, 2).unwrap(), (vec![first, second], true));
    assert_eq!(journal.begun(Some(execs[1]), 2).unwrap(), (vec![begun(2, None)], false));
}

#[test]
fn p3_the_uses_of_a_rule_are_counted_also_when_its_first_ones_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let rule = RuleId::new();
    let using = || Started { rule: Some(rule), ..started(ExecId::new(), None) };
    let journal = Journal::open(folder.path(), T).unwrap();
    for _ in 0..2 {
        let used = using();
        assert_eq!(journal.begin_within(used.clone(), Some(3)).unwrap(), Begin::Fresh);
        journal.ended(used.exec, outcome("x")).unwrap();
    }
    let later = T.after(KEPT + Duration::from_secs(1));
    journal.prune(later).unwrap();
    // Nor do they count twice, however often it is tidied and opened.
    journal.prune(later).unwrap();
    let name = journal.name();
    drop(journal);
    let journal = Journal::open(folder.path(), later).unwrap();
    assert_eq!(journal.name(), name, "it is still the same journal");
    assert!(name.is_some());
    assert_eq!(journal.begin_within(using(), Some(3)).unwrap(), Begin::Fresh);
    assert_eq!(journal.begin_within(using(), Some(3)).unwrap(), Begin::RuleUsed);
}
