//! A journal that was brought back from an older copy of itself: what was used up since runs nothing once more (SECURITY R2,
//! R4, P4).

use std::path::Path;
use std::time::Duration;

use metatron_domain::host::HostHappened;
use metatron_shell_worker::account::Account;
use metatron_shell_worker::kill::Families;

use crate::support::*;

fn at(folder: &Path) -> Bench {
    Bench::at(folder, Account::own(), Families::default())
}

/// Whether the host has told that its journal is not the one it was.
fn has_told(bench: &mut Bench) -> bool {
    match bench.alarms.try_recv() {
        Ok(report) => {
            assert!(matches!(report.what, HostHappened::Rewound { .. }), "{report:?}");
            true
        }
        Err(_) => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_an_older_copy_of_the_journal_lets_no_answer_count_that_was_given_before() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, copy) = (folder.path().join("shell/journal"), folder.path().join("copy"));
    let mut bench = at(folder.path());
    assert!(!has_told(&mut bench), "a new one is no older copy");
    bench.run("touch first").await;
    let spec = spec("touch ran");
    let digest = bench.prepared(&spec);
    let good = grant(&spec, &digest);
    // The most that a copy can have: all but the start itself.
    std::fs::copy(&journal, &copy).unwrap();
    ended(bench.start(&spec, &digest, Some(&good))).await;
    std::fs::remove_file(bench.work.join("ran")).unwrap();
    drop(bench);
    // The recordings go back with it, so that they bear witness to nothing.
    std::fs::rename(&copy, &journal).unwrap();
    std::fs::remove_dir_all(folder.path().join("recordings")).unwrap();
    let mut bench = at(folder.path());
    let said = declined(bench.start(&spec, &digest, Some(&good)));
    assert!(said.starts_with("changed_since_prepared: "), "{said}");
    assert!(!bench.work.join("ran").exists());
    assert!(has_told(&mut bench));
    // What is asked and answered from now on runs, also after the next restart, which tells nothing again.
    bench.run("touch ran").await;
    assert!(bench.work.join("ran").exists());
    drop(bench);
    assert!(!has_told(&mut at(folder.path())));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_restart_voids_no_answer_also_where_the_mark_is_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("journal.mark");
    let bench = at(folder.path());
    bench.run("touch first").await;
    let behind = std::fs::read(&mark).unwrap();
    bench.run("touch second").await;
    let spec = spec("touch ran");
    let digest = bench.prepared(&spec);
    drop(bench);
    // The power went between the journal and its mark.
    std::fs::write(&mark, behind).unwrap();
    let mut bench = at(folder.path());
    ended(bench.start(&spec, &digest, Some(&grant(&spec, &digest)))).await;
    assert!(bench.work.join("ran").exists());
    assert!(!has_told(&mut bench));
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_a_journal_for_which_nothing_vouches_takes_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("journal.mark");
    for damage in ["", "{}"] {
        let bench = at(folder.path());
        bench.run("touch first").await;
        let spec = spec("touch ran");
        let digest = bench.prepared(&spec);
        let name = bench.shell.parts().journal.name();
        drop(bench);
        std::fs::remove_file(&mark).unwrap();
        if !damage.is_empty() {
            std::fs::write(&mark, damage).unwrap();
        }
        let mut bench = at(folder.path());
        assert!(has_told(&mut bench));
        assert_ne!(bench.shell.parts().journal.name(), name);
        let said = declined(bench.start(&spec, &digest, Some(&grant(&spec, &digest))));
        assert!(said.starts_with("changed_since_prepared: "), "{said}");
    }
    assert!(!folder.path().join("work/ran").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_journal_forgot_for_its_age_is_no_reason_to_doubt_it() {
    let folder = tempfile::tempdir().unwrap();
    let bench = at(folder.path());
    bench.run("touch first").await;
    let (name, mark) = (bench.shell.parts().journal.name(), folder.path().join("other.mark"));
    let journal = &bench.shell.parts().journal;
    std::fs::copy(folder.path().join("journal.mark"), &mark).unwrap();
    let later = T.after(metatron_shell_worker::journal::KEPT + Duration::from_mins(1));
    journal.prune(later).unwrap();
    assert_eq!(journal.vouched_by(&mark, later).unwrap(), None);
    assert_eq!(journal.name(), name);
}
