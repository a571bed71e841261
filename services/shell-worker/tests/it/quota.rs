//! The quota, filled on purpose: who writes the workspace decides what a snapshot takes, and deletes none by it. What is kept
//! for undo has room of its own, and takes none from snapshots. SECURITY I14.

use std::fs;
use std::time::Duration;

use metatron_domain::clock::Instant;
use metatron_domain::id::{SnapshotId, UndoId};
use metatron_domain::undo::message::{Shelf, Take, UndoAnswer, UndoCall};
use metatron_domain::undo::{KeptState, UndoOf, Unkept};
use metatron_shell_worker::keep::Terms;

use crate::support::*;
use crate::undo::{ask, kept, of, order_snapshot, snap, undo};

/// A thousandth of what the owner may keep.
const K: usize = 1_000;

fn bench() -> Bench {
    Bench::under(Terms { quota: 1_000 * K as u64, every: Some(Duration::from_hours(1)), ..TERMS })
}

fn hours(n: u64) -> Instant {
    T.after(Duration::from_hours(n))
}

/// Bytes that nobody has kept yet.
fn rubbish(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    fs::File::open("/dev/urandom").and_then(|mut it| std::io::Read::read_exact(&mut it, &mut bytes)).unwrap();
    bytes
}

fn write(bench: &Bench, name: &str, length: usize) -> Vec<u8> {
    let bytes = rubbish(length);
    fs::write(bench.work.join(name), &bytes).unwrap();
    bytes
}

/// An hour passes, with all that is done in it by itself.
fn hour(bench: &Bench, n: u64) {
    bench.clock.set(hours(n));
    let keeper = &bench.shell.parts().keeper;
    keeper.tend();
    keeper.prune();
}

async fn shelf(bench: &Bench) -> Shelf {
    match ask(bench, UndoCall::Snapshots).await {
        UndoAnswer::Snapshots { shelf } => shelf,
        other => panic!("{other:?}"),
    }
}

async fn snapshots(bench: &Bench) -> Vec<SnapshotId> {
    shelf(bench).await.snapshots.into_iter().map(|it| it.id).collect()
}

/// Brings a file back as the owner does; its bytes.
async fn brought_back(bench: &Bench, snapshot: SnapshotId, name: &str) -> Vec<u8> {
    let (_, undone) = undo(bench, &UndoOf::Snapshot { snapshot, path: name.into() }, Take::default()).await;
    assert_eq!((undone.restored, undone.failed), (1, 0), "{undone:?}");
    fs::read(bench.work.join(name)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_what_was_lost_stays_in_its_snapshot_for_a_week_however_the_workspace_is_filled() {
    // At once, as much as fits beside it; or in two steps, of which the first is kept.
    for steps in [vec![750], vec![590, 750]] {
        let bench = bench();
        let work = write(&bench, "work", 200 * K);
        hour(&bench, 0);
        let [good] = snapshots(&bench).await[..] else { panic!("one is made at once") };
        fs::remove_file(bench.work.join("work")).unwrap();
        for (n, length) in steps.iter().enumerate() {
            write(&bench, "rubbish", length * K);
            hour(&bench, n as u64 + 1);
        }
        let after = shelf(&bench).await;
        assert_eq!(after.trouble, Some(Unkept::NoRoom), "the owner sees it");
        assert_eq!(after.snapshots.len(), steps.len(), "the last step is refused: {after:?}");
        match order_snapshot(&bench).await {
            UndoAnswer::Refused { code, .. } => assert_eq!(code, "no_room", "by the owner's order as well"),
            other => panic!("{other:?}"),
        }
        // Other rubbish each hour for six days; then the rest of the week at once.
        for n in 3..=144_u8 {
            write(&bench, "rubbish", (700 + usize::from(n)) * K);
            hour(&bench, n.into());
        }
        hour(&bench, 168);
        assert!(snapshots(&bench).await.contains(&good), "for a week");
        fs::remove_file(bench.work.join("rubbish")).unwrap();
        assert_eq!(brought_back(&bench, good, "work").await, work);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_commands_whose_undo_takes_much_room_push_each_others_out_and_no_snapshot() {
    let bench = bench();
    let work = write(&bench, "work", 300 * K);
    hour(&bench, 0);
    let good = snapshots(&bench).await;
    fs::remove_file(bench.work.join("work")).unwrap();
    let mut made = Vec::new();
    for n in 0..40 {
        write(&bench, "rubbish", 100 * K);
        let (spec, outcome) = bench.run("rm rubbish").await;
        assert_eq!(kept(&outcome).state, KeptState::Kept, "there is room for {n}");
        made.push(spec);
        // No hour has passed: what looks for what is due makes room.
        bench.shell.parts().keeper.tend();
    }
    assert_eq!(snapshots(&bench).await, good);
    assert_eq!(shelf(&bench).await.used, 900 * K as u64, "a tenth stays free for the next command");
    for (n, spec) in made.iter().enumerate() {
        let there = ask(&bench, UndoCall::Look { of: of(spec) }).await != UndoAnswer::NotFound;
        assert_eq!(there, n >= 34, "the oldest went first: {n}");
    }
    assert_eq!(brought_back(&bench, good[0], "work").await, work);
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_where_a_snapshot_wants_room_old_undo_goes_before_anything_else_and_a_share_of_it_stays() {
    let bench = bench();
    write(&bench, "work", 100 * K);
    let mut made = Vec::new();
    hour(&bench, 0);
    for _ in 0..8 {
        write(&bench, "rubbish", 100 * K);
        made.push(bench.run("rm rubbish").await.0);
    }
    let there = async || {
        let mut there = Vec::new();
        for (n, spec) in made.iter().enumerate() {
            if ask(&bench, UndoCall::Look { of: of(spec) }).await != UndoAnswer::NotFound {
                there.push(n);
            }
        }
        there
    };
    assert_eq!(there().await, [0, 1, 2, 3, 4, 5, 6, 7]);
    write(&bench, "more", 400 * K);
    hour(&bench, 1);
    assert_eq!((snapshots(&bench).await.len(), there().await), (2, vec![4, 5, 6, 7]), "the oldest went");
    // As much as all snapshots together may take.
    write(&bench, "most", 300 * K);
    hour(&bench, 2);
    assert_eq!((snapshots(&bench).await.len(), there().await), (3, vec![7]), "the newest does not go for it");
    write(&bench, "beyond", K);
    hour(&bench, 3);
    let full = shelf(&bench).await;
    assert_eq!((full.snapshots.len(), full.trouble, full.used), (3, Some(Unkept::NoRoom), 900 * K as u64));
    assert_eq!(there().await, [7], "nothing goes for what is refused");
    // Not much room, but its own: the snapshots can't take it.
    write(&bench, "rubbish", 100 * K);
    // Answered within the hour for which an answer counts here.
    bench.clock.set(T.after(Duration::from_mins(59)));
    let (_, outcome) = bench.run("rm rubbish").await;
    assert_eq!(kept(&outcome).state, KeptState::Kept);
    fs::remove_file(bench.work.join("beyond")).unwrap();
    hour(&bench, 4);
    assert_eq!(shelf(&bench).await.trouble, None, "what fits is made again, and the trouble is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_a_snapshot_becomes_due_by_the_hour_once_after_a_sleep_and_an_hour_after_it_was_refused() {
    let bench = bench();
    write(&bench, "work", 10 * K);
    let keeper = &bench.shell.parts().keeper;
    let made = |at: Instant| {
        bench.clock.set(at);
        keeper.tend();
        keeper.snapshots().into_iter().map(|it| it.at).collect::<Vec<_>>()
    };
    let minutes = |n: u64| T.after(Duration::from_mins(n));
    assert_eq!(keeper.due(), Some(T), "where there is none, at once");
    assert_eq!(made(T), [T]);
    assert_eq!(keeper.due(), Some(minutes(60)));
    assert_eq!(made(minutes(59)), [T]);
    assert_eq!(made(minutes(60)), [minutes(60), T]);
    assert_eq!(made(minutes(300))[0], minutes(300), "a machine that slept");
    assert_eq!(made(minutes(301)).len(), 3, "makes one for all that it missed");
    // What is refused reads much: it is not tried again each minute.
    write(&bench, "rubbish", 900 * K);
    assert_eq!(made(minutes(360)).len(), 3);
    assert_eq!((keeper.due(), keeper.shelf().trouble), (Some(minutes(420)), Some(Unkept::NoRoom)));
    fs::remove_file(bench.work.join("rubbish")).unwrap();
    assert_eq!(made(minutes(419)).len(), 3);
    assert_eq!(made(minutes(420))[0], minutes(420));
    assert_eq!((keeper.due(), keeper.shelf().trouble), (Some(minutes(480)), None));
    // A clock that was ahead for a while stops nothing.
    assert_eq!(made(minutes(1_000_000))[0], minutes(1_000_000));
    assert_eq!(made(minutes(480))[1], minutes(480));
    assert_eq!(keeper.due(), Some(minutes(540)));
    assert_eq!(Bench::new().shell.parts().keeper.due(), None, "the owner wants none");
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_a_file_that_never_fits_costs_no_snapshot_and_what_fills_the_quota_gives_way_after_a_week() {
    let bench = bench();
    let work = write(&bench, "work", 200 * K);
    hour(&bench, 0);
    let good = snapshots(&bench).await[0];
    fs::remove_file(bench.work.join("work")).unwrap();
    // Holes take no room on the disk, and there is no end to reading them.
    fs::File::create(bench.work.join("giant")).unwrap().set_len(1 << 40).unwrap();
    hour(&bench, 1);
    hour(&bench, 24 * 40);
    let full = shelf(&bench).await;
    assert_eq!((full.snapshots.len(), full.trouble), (1, Some(Unkept::NoRoom)));
    assert_eq!(full.used, 200 * K as u64, "nothing is stored for it, and nothing goes for it");
    fs::remove_file(bench.work.join("giant")).unwrap();
    assert_eq!(brought_back(&bench, good, "work").await, work);
    hour(&bench, 24 * 40 + 1);
    assert_eq!(shelf(&bench).await.trouble, None);

    // What filled the quota once, and is no longer in the workspace.
    write(&bench, "filler", 590 * K);
    hour(&bench, 24 * 40 + 2);
    fs::remove_file(bench.work.join("filler")).unwrap();
    write(&bench, "new", 250 * K);
    hour(&bench, 24 * 40 + 3);
    assert_eq!(shelf(&bench).await.trouble, Some(Unkept::NoRoom));
    hour(&bench, 24 * 41 + 4);
    let freed = shelf(&bench).await;
    assert_eq!(
        (freed.trouble, freed.used),
        (None, 450 * K as u64),
        "after a day: it was not that day's first"
    );
    assert!(freed.snapshots.iter().any(|it| it.id == good), "and the oldest stays as long as it fits");
    write(&bench, "filler", 340 * K);
    hour(&bench, 24 * 42 + 4);
    fs::remove_file(bench.work.join("filler")).unwrap();
    write(&bench, "newer", 100 * K);
    hour(&bench, 24 * 49 + 4);
    assert_eq!(shelf(&bench).await.trouble, Some(Unkept::NoRoom), "the first of a day is owed for a week");
    bench.clock.set(hours(24 * 49 + 5));
    snap(&bench).await;
    assert_eq!(shelf(&bench).await.used, 550 * K as u64);
    assert!(snapshots(&bench).await.contains(&good));
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_of_what_may_give_way_the_oldest_stays_as_long_as_it_fits() {
    let bench = bench();
    for (day, name, length) in [(0, "work", 300), (1, "filler", 400), (9, "new", 350)] {
        write(&bench, name, length * K);
        hour(&bench, 24 * day);
        fs::remove_file(bench.work.join(name)).unwrap();
    }
    let all = shelf(&bench).await;
    assert_eq!((all.trouble, all.used), (None, 650 * K as u64));
    let at: Vec<_> = all.snapshots.iter().map(|it| it.at).collect();
    assert_eq!(
        at,
        [hours(24 * 9), T],
        "what was lost is in the oldest, and what filled the room in a newer one"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_nothing_gives_way_while_the_owner_brings_something_back() {
    let bench = bench();
    let keeper = &bench.shell.parts().keeper;
    let work = write(&bench, "work", 300 * K);
    hour(&bench, 0);
    fs::remove_file(bench.work.join("work")).unwrap();
    let of = UndoOf::Snapshot { snapshot: snapshots(&bench).await[0], path: "work".into() };
    let digest = keeper.look(&of).unwrap().digest;
    let begun = keeper.undoing(&of, &digest).unwrap();
    write(&bench, "new", 600 * K);
    hour(&bench, 24 * 9);
    assert_eq!(keeper.shelf().trouble, Some(Unkept::NoRoom));
    assert_eq!(begun.run(UndoId::new(), &Take::default()).restored, 1);
    assert_eq!(fs::read(bench.work.join("work")).unwrap(), work);
    fs::remove_file(bench.work.join("work")).unwrap();
    hour(&bench, 24 * 9 + 1);
    let after = keeper.shelf();
    assert_eq!((after.trouble, after.snapshots.len()), (None, 1), "then what is old enough makes room again");
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_one_that_the_owner_orders_takes_the_place_of_none_and_none_takes_its() {
    let bench = bench();
    hour(&bench, 0);
    let work = write(&bench, "work", 10 * K);
    hour(&bench, 1);
    fs::remove_file(bench.work.join("work")).unwrap();
    bench.clock.set(T.after(Duration::from_mins(105)));
    let ordered = snap(&bench).await;
    hour(&bench, 3);
    let all = snapshots(&bench).await;
    assert_eq!((all.len(), all[1]), (4, ordered));
    assert_eq!(brought_back(&bench, all[2], "work").await, work, "the last one that had it");
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_what_is_there_already_needs_no_room_even_where_every_stamp_is_new() {
    // Also by a clock that is behind the files' own, where no stamp is trusted.
    for start in [T, Instant::from_millis(0)] {
        let bench = bench();
        let keeper = &bench.shell.parts().keeper;
        bench.clock.set(start);
        for n in 0..7 {
            write(&bench, &n.to_string(), 100 * K);
        }
        // One content with three names, read once.
        for name in ["again", "and again"] {
            fs::hard_link(bench.work.join("0"), bench.work.join(name)).unwrap();
        }
        keeper.tend();
        assert_eq!((shelf(&bench).await.trouble, shelf(&bench).await.used), (None, 700 * K as u64));
        for n in 0..7 {
            let path = bench.work.join(n.to_string());
            let bytes = fs::read(&path).unwrap();
            fs::remove_file(&path).unwrap();
            fs::write(&path, bytes).unwrap();
        }
        write(&bench, "new", 50 * K);
        bench.clock.set(start.after(Duration::from_hours(1)));
        keeper.tend();
        let after = shelf(&bench).await;
        assert_eq!((after.snapshots.len(), after.trouble, after.used), (2, None, 750 * K as u64));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_where_a_manifest_can_t_be_read_no_content_counts_as_nobody_s() {
    let bench = bench();
    let work = write(&bench, "work", 100 * K);
    hour(&bench, 0);
    let good = snapshots(&bench).await[0];
    fs::remove_file(bench.work.join("work")).unwrap();
    let manifest = bench.work.parent().unwrap().join(format!("kept/{good}.snapshot"));
    let away = manifest.with_extension("away");
    fs::rename(&manifest, &away).unwrap();
    // What opens and can't be read, as on a failing disk.
    fs::create_dir(&manifest).unwrap();
    hour(&bench, 1);
    assert_eq!(bench.shell.parts().keeper.due(), Some(hours(2)), "what can be read counts all the same");
    fs::remove_dir(&manifest).unwrap();
    fs::rename(&away, &manifest).unwrap();
    assert_eq!(brought_back(&bench, good, "work").await, work);
}
