//! The frame around a real process: this test starts itself again as the service and looks at how it ends.

#![expect(clippy::unwrap_used, reason = "a test without the harness is still a test")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, ExitCode, Stdio};

use anyhow::Context as _;
use metatron_process::{Fatal, Frame, run};
use rustix::process::{Pid, Signal, kill_process};

const ROLE: &str = "FRAME_TEST_ROLE";

fn main() -> ExitCode {
    match std::env::var_os(ROLE).as_deref().and_then(std::ffi::OsStr::to_str) {
        Some("waits") => run("service", waits),
        Some("fails") => run("service", |_| async { anyhow::bail!("the port is taken") }),
        Some("key") => {
            run("service", |_| async { Err(Fatal::new("no key")).context("cannot open the vault") })
        }
        Some("task") => run("service", |frame: Frame| async move {
            frame.tasks.spawn("worker", async { Err(anyhow::anyhow!("the queue is gone")) });
            waits(frame).await
        }),
        _ => {
            a_signal_ends_the_service_well();
            each_kind_of_failure_has_its_exit_status_and_its_cause_in_the_log();
            wrong_settings_are_told_and_keep_the_service_down();
            a_process_is_not_dumpable();
            ExitCode::SUCCESS
        }
    }
}

async fn waits(frame: Frame) -> anyhow::Result<()> {
    frame.ready.announce();
    frame.shutdown.cancelled().await;
    Ok(())
}

fn start(role: &str, environment: &[(&str, &str)]) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env_clear().env("HOME", "/nowhere").env(ROLE, role).env("METATRON_NOTIFY_FD", "1");
    command.envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn ready(child: &mut Child) {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "\n");
}

fn end(mut child: Child) -> (Option<i32>, String) {
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    (child.wait().unwrap().code(), log)
}

fn a_signal_ends_the_service_well() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut child = start("waits", &[]);
        ready(&mut child);
        kill_process(Pid::from_child(&child), signal).unwrap();
        let (code, log) = end(child);
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("stopping"), "{log}");
    }
}

fn each_kind_of_failure_has_its_exit_status_and_its_cause_in_the_log() {
    for (role, expected, cause) in [
        ("fails", 1, "the port is taken"),
        ("key", 78, "cannot open the vault: no key"),
        ("task", 1, "task worker: the queue is gone"),
    ] {
        let (code, log) = end(start(role, &[]));
        assert_eq!(code, Some(expected), "{role}: {log}");
        assert!(log.contains(cause), "{role}: {log}");
    }
}

fn wrong_settings_are_told_and_keep_the_service_down() {
    let (code, log) = end(start("waits", &[("METATRON_PORT", "80"), ("METATRON_LISTEN", "x")]));
    assert_eq!(code, Some(78), "{log}");
    assert!(log.contains("METATRON_PORT") && log.contains("METATRON_LISTEN"), "{log}");
}

fn a_process_is_not_dumpable() {
    let mut child = start("waits", &[]);
    ready(&mut child);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    end(child);
}
