//! What a command changes is kept before it starts and comes back on the owner's sealed word; the workspace is kept whole
//! by the hour. Nobody but root gets at what is kept. SECURITY I14, B4, B5.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use metatron_domain::clock::Clock as _;
use metatron_domain::command::{CommandSpec, Outcome, ShellAnswer, ShellCall};
use metatron_domain::id::{SnapshotId, UndoId};
use metatron_domain::undo::message::{
    Conflict, Preview, SNAPSHOT, SnapshotOrder, Step, Take, UNDO, UndoAnswer, UndoCall, UndoOrder,
};
use metatron_domain::undo::{Kept, KeptState, UndoOf, Undone, Unkept};
use metatron_shell_worker::calls;
use sha2::{Digest as _, Sha256};

use crate::support::*;

pub(crate) async fn ask(bench: &Bench, call: UndoCall) -> UndoAnswer {
    let call = ShellCall::Undo { call: Box::new(call) };
    match calls::answer(std::sync::Arc::clone(&bench.shell), call).await {
        ShellAnswer::Undo { answer } => *answer,
        other => panic!("{other:?}"),
    }
}

async fn look(bench: &Bench, of: &UndoOf) -> Preview {
    match ask(bench, UndoCall::Look { of: of.clone() }).await {
        UndoAnswer::Preview { preview } => preview,
        other => panic!("{other:?}"),
    }
}

fn order(bench: &Bench, of: &UndoOf, preview: &Preview, take: Take) -> UndoOrder {
    let (undo, expires_at) = (UndoId::new(), bench.clock.now().after(Duration::from_mins(1)));
    UndoOrder { undo, of: of.clone(), digest: preview.digest.clone(), take, expires_at }
}

fn sealed(order: &UndoOrder) -> String {
    link().seal(UNDO, &order.undo.to_string(), 0, &serde_json::to_vec(order).unwrap()).unwrap()
}

async fn begin(bench: &Bench, order: &UndoOrder) -> UndoAnswer {
    ask(bench, UndoCall::Begin { undo: order.undo, sealed: sealed(order) }).await
}

async fn ended_undo(bench: &Bench, undo: UndoId) -> Undone {
    loop {
        match ask(bench, UndoCall::Wait { undo }).await {
            UndoAnswer::Works => {}
            UndoAnswer::Done { undone } => return undone,
            other => panic!("{other:?}"),
        }
    }
}

/// Looks, undoes and waits for the end.
pub(crate) async fn undo(bench: &Bench, of: &UndoOf, take: Take) -> (UndoId, Undone) {
    let preview = look(bench, of).await;
    let order = order(bench, of, &preview, take);
    assert_eq!(begin(bench, &order).await, UndoAnswer::Works);
    (order.undo, ended_undo(bench, order.undo).await)
}

pub(crate) fn kept(outcome: &Outcome) -> &Kept {
    outcome.kept.as_ref().expect("something was kept, or why it was not")
}

pub(crate) fn of(spec: &CommandSpec) -> UndoOf {
    UndoOf::Exec { exec: spec.exec }
}

/// Every path below a folder, with what an undo brings back: rights, owner, time, content or target.
fn picture(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let content = if meta.is_symlink() {
                fs::read_link(&path).unwrap().display().to_string()
            } else if meta.is_dir() {
                folders.push(path.clone());
                String::new()
            } else {
                hex::encode(Sha256::digest(fs::read(&path).unwrap()))
            };
            let time = if meta.is_symlink() { (0, 0) } else { (meta.mtime(), meta.mtime_nsec()) };
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            all.push(format!("{name} {:o} {} {} {time:?} {content}", meta.mode(), meta.uid(), meta.gid()));
        }
    }
    all.sort();
    all
}

/// A folder with something of each sort in it, none of it new.
pub(crate) fn furnish(work: &Path) {
    let album = work.join("album");
    fs::create_dir_all(album.join("deep/er")).unwrap();
    fs::write(album.join("one"), "first").unwrap();
    fs::write(album.join("deep/two"), vec![7; 300_000]).unwrap();
    fs::write(album.join("deep/er/script"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(album.join("deep/er/script"), fs::Permissions::from_mode(0o751)).unwrap();
    fs::set_permissions(album.join("deep"), fs::Permissions::from_mode(0o711)).unwrap();
    symlink("../one", album.join("deep/link")).unwrap();
    let old = std::time::SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789);
    for name in ["one", "deep/two", "deep/er", "deep"] {
        fs::File::open(album.join(name)).unwrap().set_modified(old).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_what_rm_deleted_comes_back_with_bytes_rights_times_and_links_and_goes_again() {
    let bench = Bench::new();
    furnish(&bench.work);
    let before = picture(&bench.work);
    let (spec, outcome) = bench.run("rm -r album").await;
    assert!(!bench.work.join("album").exists());
    assert_eq!((kept(&outcome).state, kept(&outcome).changed), (KeptState::Kept, 7));
    let preview = look(&bench, &of(&spec)).await;
    assert_eq!((preview.counts.create, preview.counts.conflicts), (7, 0));
    assert_eq!(preview.counts.bytes, 300_015);

    let (first, undone) = undo(&bench, &of(&spec), Take::default()).await;
    assert_eq!(undone, Undone { restored: 7, ..Undone::default() });
    assert_eq!(picture(&bench.work), before);
    assert_eq!(look(&bench, &of(&spec)).await.counts.create, 0, "nothing is left to do");

    let (_, again) = undo(&bench, &UndoOf::Undo { undo: first }, Take::default()).await;
    assert_eq!(again, Undone { removed: 7, ..Undone::default() });
    assert!(!bench.work.join("album").exists(), "the undo is undone");
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_what_was_made_goes_what_was_changed_comes_back_and_rights_alone_are_told_apart() {
    let bench = Bench::new();
    furnish(&bench.work);
    let before = picture(&bench.work.join("album"));
    let command = "echo more >> album/one; mkdir album/new; touch album/new/empty; chmod 600 album/deep/two; \
                   mv album/deep/link album/moved";
    let (spec, outcome) = bench.run(command).await;
    assert_eq!(kept(&outcome).state, KeptState::Kept, "{outcome:?}");
    let preview = look(&bench, &of(&spec)).await;
    let step = |name: &str| {
        let item = preview.items.iter().find(|item| item.path.ends_with(name));
        item.unwrap_or_else(|| panic!("{name} is missing: {preview:?}")).step
    };
    assert_eq!(step("album/one"), Step::Restore);
    assert_eq!(step("deep/two"), Step::Attributes);
    assert_eq!(step("deep/link"), Step::Create);
    assert_eq!((step("new"), step("new/empty"), step("moved")), (Step::Remove, Step::Remove, Step::Remove));
    let (_, undone) = undo(&bench, &of(&spec), Take::default()).await;
    assert_eq!((undone.failed, undone.left), (0, 0), "{undone:?}");
    let after = picture(&bench.work.join("album"));
    assert_eq!(after, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_what_somebody_changed_since_is_left_alone_unless_it_is_ticked() {
    let bench = Bench::new();
    for name in ["a", "b"] {
        fs::write(bench.work.join(name), "old").unwrap();
    }
    let (spec, _) = bench.run("echo new > a; echo new > b; mkdir out; touch out/x").await;
    fs::write(bench.work.join("a"), "mine").unwrap();
    fs::write(bench.work.join("out/mine"), "mine").unwrap();
    let preview = look(&bench, &of(&spec)).await;
    let conflicts: Vec<_> = preview.items.iter().filter_map(|item| Some((item, item.conflict?))).collect();
    assert_eq!(conflicts.len(), 2, "{preview:?}");
    assert!(conflicts.iter().any(|(item, why)| item.path.ends_with("/a") && *why == Conflict::Changed));
    assert!(conflicts.iter().any(|(item, why)| item.path.ends_with("out/mine") && *why == Conflict::Newer));

    let (_, undone) = undo(&bench, &of(&spec), Take::default()).await;
    assert_eq!((undone.restored, undone.removed, undone.left), (1, 1, 3), "{undone:?}");
    let read = |name: &str| fs::read_to_string(bench.work.join(name)).unwrap_or_default();
    assert_eq!((read("a"), read("b"), read("out/mine")), ("mine".into(), "old".into(), "mine".into()));

    let (_, undone) = undo(&bench, &of(&spec), Take { all: true, items: vec![] }).await;
    assert_eq!((undone.left, undone.failed), (0, 0), "{undone:?}");
    assert_eq!(read("a"), "old");
    assert!(!bench.work.join("out").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn b5_only_a_sealed_order_for_what_was_seen_undoes_and_it_begins_once() {
    let bench = Bench::new();
    fs::write(bench.work.join("a"), "old").unwrap();
    let (spec, _) = bench.run("rm a").await;
    let preview = look(&bench, &of(&spec)).await;
    let good = order(&bench, &of(&spec), &preview, Take::default());
    let refusal =
        async |undo: UndoId, sealed: String| match ask(&bench, UndoCall::Begin { undo, sealed }).await {
            UndoAnswer::Refused { code, .. } => code,
            other => panic!("{other:?}"),
        };
    assert_eq!(refusal(good.undo, "nonsense".into()).await, "seal_broken");
    assert_eq!(refusal(UndoId::new(), sealed(&good)).await, "seal_broken", "it is for another");
    let other = UndoOrder { digest: "of something else".into(), ..good.clone() };
    assert_eq!(refusal(other.undo, sealed(&other)).await, "changed");
    bench.clock.set(good.expires_at);
    assert_eq!(refusal(good.undo, sealed(&good)).await, "expired");
    assert!(!bench.work.join("a").exists(), "nothing was changed by any of them");

    bench.clock.set(T);
    assert_eq!(begin(&bench, &good).await, UndoAnswer::Works);
    let undone = ended_undo(&bench, good.undo).await;
    fs::remove_file(bench.work.join("a")).unwrap();
    assert_eq!(
        begin(&bench, &good).await,
        UndoAnswer::Done { undone },
        "played again, it only tells how it ended"
    );
    assert!(!bench.work.join("a").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_a_link_put_in_the_way_leads_an_undo_nowhere() {
    let bench = Bench::new();
    let outside = bench.work.parent().unwrap().join("outside");
    fs::create_dir_all(outside.join("deep")).unwrap();
    fs::write(outside.join("one"), "not yours").unwrap();
    furnish(&bench.work);
    let (spec, _) = bench.run("rm album/one album/deep/two").await;
    // Between the command and its undo, a folder on the way is swapped for a link that leads out.
    fs::rename(bench.work.join("album"), bench.work.join("away")).unwrap();
    symlink(&outside, bench.work.join("album")).unwrap();
    let before = picture(&outside);
    let (_, undone) = undo(&bench, &of(&spec), Take { all: true, items: vec![] }).await;
    assert_eq!((undone.restored, undone.removed), (0, 0), "{undone:?}");
    assert_eq!(picture(&outside), before);
    // The last name is a link as well: it is replaced, and what it leads to is not written.
    fs::remove_file(bench.work.join("album")).unwrap();
    fs::rename(bench.work.join("away"), bench.work.join("album")).unwrap();
    symlink(outside.join("one"), bench.work.join("album/one")).unwrap();
    let (_, undone) = undo(&bench, &of(&spec), Take { all: true, items: vec![] }).await;
    assert_eq!(undone.failed, 0, "{undone:?}");
    assert_eq!(fs::read_to_string(outside.join("one")).unwrap(), "not yours");
    assert_eq!(fs::read_to_string(bench.work.join("album/one")).unwrap(), "first");
    assert!(!fs::symlink_metadata(bench.work.join("album/one")).unwrap().is_symlink());
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_a_tree_that_is_swapped_all_the_time_lets_nothing_out() {
    let bench = Bench::new();
    let outside = bench.work.parent().unwrap().join("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::create_dir_all(bench.work.join("f")).unwrap();
    for n in 0..200 {
        fs::write(bench.work.join(format!("f/{n}")), "inside").unwrap();
    }
    let (spec, _) = bench.run("rm f/*").await;
    let over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let swapping = {
        let (work, outside, over) = (bench.work.clone(), outside.clone(), std::sync::Arc::clone(&over));
        std::thread::spawn(move || {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                let _ = fs::rename(work.join("f"), work.join("g"));
                let _ = symlink(&outside, work.join("f"));
                let _ = fs::remove_file(work.join("f"));
                let _ = fs::rename(work.join("g"), work.join("f"));
            }
        })
    };
    for _ in 0..20 {
        let preview = look(&bench, &of(&spec)).await;
        let order = order(&bench, &of(&spec), &preview, Take { all: true, items: vec![] });
        if begin(&bench, &order).await == UndoAnswer::Works {
            ended_undo(&bench, order.undo).await;
        }
    }
    over.store(true, std::sync::atomic::Ordering::Relaxed);
    swapping.join().unwrap();
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "nothing came out of the workspace");
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_what_can_t_be_kept_refuses_nothing_and_says_why() {
    let bench = Bench::new();
    fs::create_dir(bench.work.join("many")).unwrap();
    for n in 0..20_001 {
        fs::write(bench.work.join(format!("many/{n}")), "").unwrap();
    }
    let (spec, outcome) = bench.run("rm -r many").await;
    assert!(!bench.work.join("many").exists());
    assert_eq!(kept(&outcome), &Kept::not(Unkept::TooMany));
    assert_eq!(ask(&bench, UndoCall::Look { of: of(&spec) }).await, UndoAnswer::NotFound);
    let (_, outcome) = bench.run("rm -f /tmp/metatron-there-is-no-such-file").await;
    assert_eq!(kept(&outcome), &Kept::not(Unkept::Elsewhere));
    let (_, outcome) = bench.run("ls").await;
    assert_eq!(outcome.kept, None, "what only reads has nothing to undo");
    let (_, outcome) = bench.run("rm -f nothing").await;
    assert_eq!(kept(&outcome).changed, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn b4_i14_the_commands_user_can_neither_read_nor_delete_what_is_kept() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let nobody = metatron_shell_worker::account::Account::named("nobody").unwrap();
    let bench = Bench::with(nobody, metatron_shell_worker::kill::Families::default());
    fs::write(bench.work.join("a"), "kept").unwrap();
    fs::set_permissions(&bench.work, fs::Permissions::from_mode(0o777)).unwrap();
    let (spec, _) = bench.run("rm -f a").await;
    let folder = bench.work.parent().unwrap().join("kept");
    assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
    let command = format!(
        "ls {0}; ls {0}/content; find {0} -type f -delete; mv {0} {0}.away; chmod 777 {0}; echo over",
        folder.display()
    );
    let (_, outcome) = bench.run(&command).await;
    assert!(outcome.text.contains("over"), "{}", outcome.text);
    assert!(outcome.text.matches("ermission denied").count() >= 4, "{}", outcome.text);
    let (_, undone) = undo(&bench, &of(&spec), Take::default()).await;
    assert_eq!(undone.restored, 1);
    assert_eq!(fs::read_to_string(bench.work.join("a")).unwrap(), "kept");
}

/// Orders a snapshot as the owner does.
pub(crate) async fn order_snapshot(bench: &Bench) -> UndoAnswer {
    let (snapshot, expires_at) = (SnapshotId::new(), bench.clock.now().after(Duration::from_mins(1)));
    let order = serde_json::to_vec(&SnapshotOrder { snapshot, expires_at }).unwrap();
    let sealed = link().seal(SNAPSHOT, &snapshot.to_string(), 0, &order).unwrap();
    ask(bench, UndoCall::Snap { snapshot, sealed }).await
}

pub(crate) async fn snap(bench: &Bench) -> SnapshotId {
    match order_snapshot(bench).await {
        UndoAnswer::Snapped { snapshot } => snapshot.id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_a_folder_comes_back_from_a_snapshot_and_what_came_later_stays() {
    let bench = Bench::new();
    furnish(&bench.work);
    fs::write(bench.work.join("other"), "other").unwrap();
    let before = picture(&bench.work.join("album"));
    let snapshot = snap(&bench).await;
    let used = bench.shell.parts().keeper.shelf().used;
    let second = snap(&bench).await;
    assert_eq!(bench.shell.parts().keeper.shelf().used, used, "a second one of the same takes no content");

    fs::remove_dir_all(bench.work.join("album/deep")).unwrap();
    fs::write(bench.work.join("album/one"), "worse").unwrap();
    fs::write(bench.work.join("album/later"), "later").unwrap();
    fs::remove_file(bench.work.join("other")).unwrap();
    let album = UndoOf::Snapshot { snapshot, path: "album".into() };
    let preview = look(&bench, &album).await;
    assert_eq!(
        (preview.counts.create, preview.counts.restore, preview.counts.conflicts),
        (5, 1, 1),
        "{preview:?}"
    );
    let (_, undone) = undo(&bench, &album, Take::default()).await;
    assert_eq!((undone.restored, undone.left, undone.failed), (6, 1, 0), "{undone:?}");
    let mut after = picture(&bench.work.join("album"));
    after.retain(|line| !line.starts_with("later"));
    assert_eq!(after, before);
    assert!(bench.work.join("album/later").exists() && !bench.work.join("other").exists());

    match ask(&bench, UndoCall::Browse { snapshot: second, path: "album".into() }).await {
        UndoAnswer::Folder { names, more } => {
            let names: Vec<_> = names.into_iter().map(|name| name.name).collect();
            assert_eq!((names, more), (vec!["deep".to_owned(), "one".to_owned()], false));
        }
        other => panic!("{other:?}"),
    }
    for path in ["..", "/etc", "album/../..", "nothing"] {
        let browse = UndoCall::Browse { snapshot, path: path.into() };
        assert_eq!(ask(&bench, browse).await, UndoAnswer::NotFound, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_what_is_old_is_forgotten_with_its_contents_and_what_a_snapshot_names_stays() {
    let bench = Bench::new();
    fs::write(bench.work.join("a"), vec![1; 100_000]).unwrap();
    fs::write(bench.work.join("b"), vec![2; 50_000]).unwrap();
    let (spec, _) = bench.run("rm b").await;
    snap(&bench).await;
    let keeper = &bench.shell.parts().keeper;
    keeper.prune();
    assert_eq!(keeper.shelf().used, 150_000);
    bench.clock.set(T.after(Duration::from_hours(7 * 24 + 1)));
    keeper.prune();
    assert_eq!(keeper.shelf().used, 100_000);
    assert_eq!(ask(&bench, UndoCall::Look { of: of(&spec) }).await, UndoAnswer::NotFound);
}
