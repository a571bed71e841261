//! Processes that hide from their session, in a process of its own that adopts them (SECURITY R7).

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "it/support.rs"]
#[expect(dead_code, reason = "shared with tests that need more of it")]
mod support;

use metatron_domain::exec::Exit;
use metatron_shell_worker::account::Account;
use metatron_shell_worker::kill::Families;
use metatron_shell_worker::session::Stop;
use metatron_shell_worker::table;
use support::*;

fn own_children() -> usize {
    let own = i32::try_from(std::process::id()).unwrap();
    table::read().into_values().filter(|entry| entry.parent == own).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_session_and_marker_ends_too_and_leaves_no_zombie() {
    let bench = Bench::with(Account::own(), Families::adopting().unwrap());
    // Another command runs meanwhile and is not harmed.
    let other = spec("setsid sleep 2000 & echo ready; read answer");
    let running = bench.approved(&other);
    shown(&bench, other.terminal, "ready").await;
    let hidden = "setsid env -i /bin/sh -c 'env -i sleep 3000 & echo $! > pid; exit' & wait; cat pid; \
                  for i in 1 2 3; do (sleep 0 &) ; done";
    let (_, outcome) = bench.run(hidden).await;
    assert_eq!(outcome.exit, Some(Exit::Code { code: 0 }));
    let pid: i32 = outcome.text.trim().parse().unwrap();
    assert_eq!(table::entry(pid), None, "the hidden one has ended and was reaped");
    assert_eq!(marked(other.terminal), 2, "the other command goes on");
    bench.shell.stop(other.exec, Stop::Owner).await.unwrap();
    assert_eq!(ended(running).await.exit, Some(Exit::Stopped));
    assert_eq!(own_children(), 0);
}
