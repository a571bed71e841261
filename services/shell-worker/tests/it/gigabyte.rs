//! How long a gigabyte takes to keep and to bring back (SECURITY I14: ten of them within five minutes).

use std::fs;

use metatron_domain::id::{SnapshotId, UndoId};
use metatron_domain::undo::UndoOf;
use metatron_domain::undo::message::Take;

use crate::support::*;

/// `cargo test --workspace --test it -- --ignored --nocapture i14_how_long` says it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes two gigabytes of disk; tells a time, and judges none"]
async fn i14_how_long_a_gigabyte_takes_to_keep_and_to_come_back() {
    let bench = Bench::new();
    for folder in 0..100 {
        let folder = bench.work.join(format!("d{folder}"));
        fs::create_dir(&folder).unwrap();
        for n in 0_u32..100 {
            let bytes = folder.display().to_string().into_bytes();
            let bytes: Vec<u8> = bytes.into_iter().chain(n.to_be_bytes()).cycle().take(107_374).collect();
            fs::write(folder.join(n.to_string()), bytes).unwrap();
        }
    }
    let keeper = &bench.shell.parts().keeper;
    let timed =
        |what: &str, since: std::time::Instant| println!("{what}: {:.2} s", since.elapsed().as_secs_f64());
    let since = std::time::Instant::now();
    let snapshot = SnapshotId::new();
    keeper.snap(snapshot).unwrap();
    timed("first snapshot of 1 GB in 10,000 files", since);
    let since = std::time::Instant::now();
    keeper.snap(SnapshotId::new()).unwrap();
    timed("second snapshot, nothing changed", since);
    fs::remove_dir_all(&bench.work).unwrap();
    fs::create_dir(&bench.work).unwrap();
    let of = UndoOf::Snapshot { snapshot, path: String::new() };
    let since = std::time::Instant::now();
    let digest = keeper.look(&of).unwrap().digest;
    timed("preview", since);
    let since = std::time::Instant::now();
    let undone = keeper.undoing(&of, &digest).unwrap().run(UndoId::new(), &Take::default());
    timed("restore", since);
    assert_eq!((undone.restored, undone.failed), (10_100, 0), "{undone:?}");
}
