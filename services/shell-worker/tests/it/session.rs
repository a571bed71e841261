//! One command, from its first byte to its last process.

use std::time::Duration;

use metatron_domain::exec::Exit;
use metatron_shell_worker::session::Stop;
use sha2::{Digest as _, Sha256};

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_exact_bytes_of_the_command_reach_bash() {
    let bench = Bench::new();
    let command = "printf %s \"$BASH_EXECUTION_STRING\" | sha256sum # 'a  b' \"\\\n\té\u{200b} !! $( ";
    let (_, outcome) = bench.run(command).await;
    let wanted = hex::encode(Sha256::digest(command));
    assert_eq!(outcome.text.split(' ').next().unwrap().trim(), wanted, "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_code_and_a_signal_are_told_apart() {
    let bench = Bench::new();
    assert_eq!(bench.run("exit 7").await.1.exit, Some(Exit::Code { code: 7 }));
    let signal = Exit::Signal { signal: "SIGTERM".into() };
    assert_eq!(bench.run("kill -TERM $$").await.1.exit, Some(signal));
    let (_, missing) = bench.run("no-such-program-at-all").await;
    assert_eq!(missing.exit, Some(Exit::Code { code: 127 }));
    assert!(missing.text.contains("command not found"), "{}", missing.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_output_is_kept_byte_for_byte() {
    let bench = Bench::new();
    let (spec, outcome) = bench.run("stty -opost; head -c 100000 /dev/urandom | tee copy").await;
    let copy = std::fs::read(bench.work.join("copy")).unwrap();
    assert!(bench.output(&spec) == copy);
    assert_eq!((outcome.bytes, outcome.sha256), (100_000, hex::encode(Sha256::digest(&copy))));
    let recordings = &bench.shell.parts().recordings;
    assert!(
        recordings.read(spec.terminal, 99_990, 5).unwrap() == Some((copy[99_990..99_995].to_vec(), 100_000))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_is_clean_and_the_terminal_is_real() {
    let bench = Bench::new();
    let (_, outcome) = bench
        .run("env -0 | cut -z -d= -f1 | sort -z | tr '\\0' ' '; tty; stty size; umask; ls /proc/$$/fd")
        .await;
    let names = "DEBIAN_FRONTEND GIT_PAGER HOME LANG LOGNAME METATRON_SESSION PAGER PATH PWD SHELL SHLVL \
                 SYSTEMD_PAGER TERM TZ USER _ /dev/pts/";
    assert!(outcome.text.starts_with(names), "{}", outcome.text);
    assert!(outcome.text.contains("40 120\n0077\n0  1  2"), "{}", outcome.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_ends_everything_that_was_started() {
    let bench = Bench::new();
    let mut spec = spec(
        "trap '' TERM HUP; setsid sleep 1000 & (setsid sh -c 'sleep 1001 & sleep 1002' &); nohup sleep 1003 & sleep 1004",
    );
    spec.timeout_s = 1;
    let outcome = ended(bench.approved(&spec)).await;
    assert_eq!(outcome.exit, Some(Exit::Timeout { after_s: 1 }));
    assert_eq!(marked(spec.terminal), 0);
    assert!(outcome.text.contains("[ended: its 1 s were over]"), "{}", outcome.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_in_the_background_ends_with_the_command() {
    let bench = Bench::new();
    let (spec, outcome) = bench.run("setsid sleep 1000 & sleep 1000 & echo done").await;
    assert_eq!(outcome.exit, Some(Exit::Code { code: 0 }));
    assert_eq!(marked(spec.terminal), 0);
    assert_eq!(outcome.text, "done\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_the_command_and_says_so() {
    let bench = Bench::new();
    let spec = spec("echo ready; sleep 1000");
    let answer = bench.approved(&spec);
    shown(&bench, spec.terminal, "ready").await;
    assert!(bench.shell.stop(spec.exec, Stop::Owner).await.unwrap());
    let outcome = ended(answer).await;
    assert_eq!(outcome.exit, Some(Exit::Stopped));
    assert_eq!(outcome.text, "ready\n\n[stopped by the owner]\n");
    assert!(!bench.shell.stop(spec.exec, Stop::Owner).await.unwrap(), "it no longer runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_nothing_begin_that_stands_behind() {
    // Which of two dies first is up to the kernel, so it is asked more than once.
    for _ in 0..25 {
        let bench = Bench::new();
        let spec = spec("echo ready; (sleep 1000; echo never); echo never");
        let answer = bench.approved(&spec);
        shown(&bench, spec.terminal, "ready").await;
        assert!(bench.shell.stop(spec.exec, Stop::Owner).await.unwrap());
        assert_eq!(ended(answer).await.text, "ready\n\n[stopped by the owner]\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_goes_down_leaves_a_visible_mark() {
    let bench = Bench::new();
    let spec = spec("echo ready; sleep 1000");
    let answer = bench.approved(&spec);
    shown(&bench, spec.terminal, "ready").await;
    bench.shell.drain(Duration::ZERO).await;
    let outcome = ended(answer).await;
    assert_eq!(outcome.exit, Some(Exit::Stopped));
    assert!(outcome.text.ends_with("[ended: the shell worker was stopped]\n"), "{}", outcome.text);
    assert_eq!(marked(spec.terminal), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_command_asked_twice_starts_once() {
    let bench = Bench::new();
    let spec = spec("echo started >> oracle; echo hello");
    let digest = bench.prepared(&spec);
    let grant = grant(&spec, &digest);
    let first = ended(bench.start(&spec, &digest, Some(&grant))).await;
    let again = ended(bench.start(&spec, &digest, Some(&grant))).await;
    let without = ended(bench.start(&spec, "other", None)).await;
    assert_eq!(first, again);
    assert_eq!(first, without);
    assert_eq!(std::fs::read_to_string(bench.work.join("oracle")).unwrap(), "started\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_starts_at_once_with_one_grant_run_once() {
    let bench = Bench::new();
    let spec = spec("echo started >> oracle");
    let digest = bench.prepared(&spec);
    let grant = sealed(&grant(&spec, &digest));
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (shell, spec, digest, grant) = (bench.shell.clone(), spec.clone(), digest.clone(), grant.clone());
        starts.spawn(async move {
            let answer = tokio::task::spawn_blocking(move || shell.start(&spec, &digest, Some(&grant)));
            ended(answer.await.unwrap()).await
        });
    }
    let outcomes = starts.join_all().await;
    assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(std::fs::read_to_string(bench.work.join("oracle")).unwrap(), "started\n");
}
