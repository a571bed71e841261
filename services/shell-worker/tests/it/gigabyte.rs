//! How long a gigabyte takes to keep and to bring back (SECURITY I14: ten of them within five minutes).
//!
//! One in 10,000 files, a debug build beside other builds on two shared cores: 10.0 s to be kept, 0.4 s where nothing changed,
//! 0.4 s for the preview, 6.5 s to come back. Ten of them would take some 65 s to come back.

use std::fs;
use std::sync::Arc;

use metatron_domain::clock::FixedClock;
use metatron_domain::id::{SnapshotId, UndoId};
use metatron_domain::undo::UndoOf;
use metatron_domain::undo::message::Take;
use metatron_shell_worker::keep::{Keeper, Places, Terms};

use crate::support::*;

/// `GIGABYTES=10 cargo test --workspace --test it -- --ignored --nocapture i14_how_long` says it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes two gigabytes of disk for each; tells a time, and judges none"]
async fn i14_how_long_a_gigabyte_takes_to_keep_and_to_come_back() {
    let gigabytes = std::env::var_os("GIGABYTES");
    let gigabytes: u32 = gigabytes.map_or(1, |text| text.to_str().unwrap().parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let work = fs::canonicalize(folder.path()).unwrap().join("work");
    fs::create_dir(&work).unwrap();
    let places = Places { workspace: work.clone(), home: work.clone(), shut: Vec::new() };
    let terms = Terms { quota: u64::MAX, ..TERMS };
    let clock = Arc::new(FixedClock::new(T));
    let keeper = Keeper::open(&folder.path().join("kept"), places, terms, clock).unwrap();
    for folder in 0..100 * gigabytes {
        let folder = work.join(format!("d{folder}"));
        fs::create_dir(&folder).unwrap();
        for n in 0_u32..100 {
            let bytes = folder.display().to_string().into_bytes();
            let bytes: Vec<u8> = bytes.into_iter().chain(n.to_be_bytes()).cycle().take(107_374).collect();
            fs::write(folder.join(n.to_string()), bytes).unwrap();
        }
    }
    let timed =
        |what: &str, since: std::time::Instant| println!("{what}: {:.2} s", since.elapsed().as_secs_f64());
    let since = std::time::Instant::now();
    let snapshot = SnapshotId::new();
    keeper.snap(snapshot).unwrap();
    timed(&format!("first snapshot of {gigabytes} GB in {gigabytes}0,000 files"), since);
    let since = std::time::Instant::now();
    keeper.snap(SnapshotId::new()).unwrap();
    timed("second snapshot, nothing changed", since);
    fs::remove_dir_all(&work).unwrap();
    fs::create_dir(&work).unwrap();
    let of = UndoOf::Snapshot { snapshot, path: String::new() };
    let since = std::time::Instant::now();
    let digest = keeper.look(&of).unwrap().digest;
    timed("preview", since);
    let since = std::time::Instant::now();
    let undone = keeper.undoing(&of, &digest).unwrap().run(UndoId::new(), &Take::default());
    timed("restore", since);
    assert_eq!((undone.restored, undone.failed), (10_100 * gigabytes, 0), "{undone:?}");
}
