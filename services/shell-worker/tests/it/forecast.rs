//! What the card says about undoing a command, before anybody has answered. SECURITY I14, P4.

use std::fs;

use metatron_domain::command::{CommandSpec, ShellReport};
use metatron_domain::policy::{Setting, judge};
use metatron_domain::undo::message::Take;
use metatron_domain::undo::{Forecast, Gap, KeptState, Unkept};
use metatron_shell_worker::keep::{Keeper, Places, Terms};

use crate::support::*;
use crate::undo::{furnish, kept, of, undo};

/// What the card would say about undoing a command, and the digest that an answer to it binds.
fn foreseen(bench: &Bench, spec: &CommandSpec) -> (Option<Forecast>, String) {
    match bench.shell.prepare(spec) {
        ShellReport::Prepared { measure, forecast, .. } => (forecast, measure.digest(spec.exec)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn i14_the_card_says_beforehand_what_an_undo_could_bring_back_and_it_is_what_is_kept() {
    let bench = Bench::new();
    furnish(&bench.work);
    fs::write(bench.work.join("x.py"), "pass\n").unwrap();
    let says = |command: &str| foreseen(&bench, &spec(command)).0;
    let keeps = |files, bytes, gaps: &[Gap]| Some(Forecast::Keeps { files, bytes, gaps: gaps.to_vec() });
    assert_eq!(says("rm album/one"), keeps(1, 5, &[]));
    // Three files and a link; folders are no files.
    assert_eq!(says("rm -r album"), keeps(4, 5 + 300_000 + 10, &[]));
    assert_eq!(says("mkdir new"), keeps(0, 0, &[]));
    assert_eq!(says("rm album/one /tmp/elsewhere"), keeps(1, 5, &[Gap::Elsewhere]));
    assert_eq!(says("python3 x.py"), keeps(5, 5 + 300_000 + 10 + 5, &[Gap::Unknown]));
    assert_eq!(says("sleep 1"), Some(Forecast::Nothing));
    assert_eq!(says("systemctl restart it"), Some(Forecast::Not { why: Unkept::Elsewhere }));
    assert_eq!(says("rm /tmp/elsewhere"), Some(Forecast::Not { why: Unkept::Elsewhere }));
    assert_eq!(says("ls"), None, "nobody is asked");
    assert!(
        !bench
            .work
            .join("../kept")
            .read_dir()
            .unwrap()
            .any(|it| { it.unwrap().file_name().to_string_lossy().ends_with(".before") }),
        "nothing is kept for a look"
    );

    let (_, outcome) = bench.run("rm -r album").await;
    assert_eq!((kept(&outcome).state, &kept(&outcome).gaps), (KeptState::Kept, &Vec::new()));
}

#[tokio::test]
async fn i14_what_would_not_be_kept_is_said_beforehand_with_its_cause() {
    let bench = Bench::new();
    // Holes take no room on the disk, and are read all the same.
    fs::File::create(bench.work.join("big")).unwrap().set_len(257 << 20).unwrap();
    let (big, _) = foreseen(&bench, &spec("rm big"));
    assert_eq!(big, Some(Forecast::Not { why: Unkept::TooBig }));
    let (_, outcome) = bench.run("rm big").await;
    assert_eq!(kept(&outcome).why, Some(Unkept::TooBig), "and so it was");

    let places = Places { workspace: bench.work.clone(), home: bench.work.clone(), shut: Vec::new() };
    let folder = tempfile::tempdir().unwrap();
    let nothing = Terms { quota: 0, ..TERMS };
    let keeper = Keeper::open(folder.path(), places, nothing, bench.clock.clone()).unwrap();
    let work = bench.work.to_str().unwrap();
    let setting = Setting { cwd: work, home: work, user: "u", workspace: work, protected: &[] };
    let effects = judge(b"rm big", &setting).effects;
    let off = keeper.forecast("rm big", &effects, &bench.work);
    assert_eq!(off, Forecast::Not { why: Unkept::Off });
}

#[tokio::test]
async fn i14_of_a_large_or_deep_tree_the_card_says_that_nobody_is_sure_and_the_start_may_keep_it_all_the_same()
 {
    let bench = Bench::new();
    let unsure = Some(Forecast::Unsure);
    let says = |command: &str| foreseen(&bench, &spec(command)).0;
    // The bound is a count of paths, however fast this machine is: the folder, 3,999 files in it, and one more.
    fs::create_dir(bench.work.join("many")).unwrap();
    for n in 0..3_999 {
        fs::write(bench.work.join(format!("many/{n}")), "x").unwrap();
    }
    assert_eq!(says("rm -r many"), Some(Forecast::Keeps { files: 3_999, bytes: 3_999, gaps: Vec::new() }));
    fs::write(bench.work.join("many/more"), "x").unwrap();
    assert_eq!(says("rm -r many"), unsure);
    let (_, outcome) = bench.run("rm -r many").await;
    assert_eq!(kept(&outcome).state, KeptState::Kept, "it was not said that it would not be");
    fs::create_dir_all(bench.work.join("d/".repeat(40))).unwrap();
    for n in 0..4_000 {
        fs::create_dir(bench.work.join(format!("{}{n}", "d/".repeat(40)))).unwrap();
    }
    assert_eq!(says("rm -r d"), unsure, "a deep tree");
    assert_eq!(
        says(&format!("rm -r {}1", "d/".repeat(40))),
        Some(Forecast::Keeps { files: 0, bytes: 0, gaps: vec![] })
    );
    for n in 4_000..8_001 {
        fs::create_dir(bench.work.join(format!("{}{n}", "d/".repeat(40)))).unwrap();
    }
    assert_eq!(
        says(&format!("rm -r {}1*", "d/".repeat(40))),
        unsure,
        "names that a pattern has to be compared with"
    );
}

#[tokio::test]
async fn p4_what_is_said_about_undo_is_no_part_of_what_an_answer_binds() {
    let bench = Bench::new();
    fs::write(bench.work.join("notes"), "one").unwrap();
    let spec = spec("rm notes");
    let (before, digest) = foreseen(&bench, &spec);
    fs::write(bench.work.join("notes"), "another length").unwrap();
    let (after, same) = foreseen(&bench, &spec);
    assert_ne!(before, after);
    assert_eq!(digest, same);
    // Answered to the first card, started with the file as it is now: kept as it is now.
    let outcome = ended(bench.start(&spec, &digest, Some(&grant(&spec, &digest)))).await;
    assert_eq!(kept(&outcome).state, KeptState::Kept);
    undo(&bench, &of(&spec), Take::default()).await;
    assert_eq!(fs::read_to_string(bench.work.join("notes")).unwrap(), "another length");
}
