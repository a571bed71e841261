//! A shell-worker that is killed in the middle of a command: R2, R3, R7.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use metatron_domain::command::{CommandSpec, ShellReport};
use metatron_shell_worker::account::Account;
use metatron_shell_worker::kill::Families;
use metatron_shell_worker::shell::Answer;

use crate::support::*;

const FOLDER: &str = "METATRON_TEST_FOLDER";

/// Not a test by itself: the process that is killed by the next one.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_to_be_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let bench = Bench::at(Path::new(&folder), Account::own(), Families::default());
    let spec = spec("echo started >> oracle; setsid sleep 1000 & echo some output; sleep 1000");
    std::fs::write(Path::new(&folder).join("spec"), serde_json::to_vec(&spec).unwrap()).unwrap();
    let answer = bench.approved(&spec);
    shown(&bench, spec.terminal, "some output").await;
    eprintln!("ready");
    ended(answer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_cut_off_by_a_crash_is_unknown_and_never_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::a_process_to_be_killed", "--nocapture"])
        .env(FOLDER, folder.path())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "ready"));
    child.kill().unwrap();
    child.wait().unwrap();

    let spec: CommandSpec =
        serde_json::from_slice(&std::fs::read(folder.path().join("spec")).unwrap()).unwrap();
    let bench = Bench::at(folder.path(), Account::own(), Families::default());
    let reports = bench.shell.recover().await.unwrap();
    let [(_, ShellReport::Unknown { outcome, .. })] = reports.as_slice() else { panic!("{reports:?}") };
    assert!(outcome.text.starts_with("some output\n"), "{}", outcome.text);
    assert!(outcome.text.contains("the shell worker died here") && outcome.exit.is_none());
    assert_eq!(marked(spec.terminal), 0);

    let Answer::Report(again) = bench.approved(&spec) else { panic!("it was started again") };
    assert_eq!(*again, reports[0].1);
    assert_eq!(std::fs::read_to_string(bench.work.join("oracle")).unwrap(), "started\n");
    assert!(bench.shell.recover().await.unwrap().is_empty(), "settled once");
}
