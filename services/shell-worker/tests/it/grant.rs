//! What may start: SECURITY B5, P4, P5.

use std::time::Duration;

use metatron_domain::actor::Actor;
use metatron_domain::command::{CommandSpec, ShellReport, SpecOrigin};
use metatron_domain::id::{ChatId, ExecId, RunId};
use metatron_shell_worker::account::Account;
use metatron_shell_worker::kill::Families;
use metatron_shell_worker::shell::Answer;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn flipping_any_one_field_of_a_grant_refuses() {
    let bench = Bench::new();
    let spec = spec("touch ran");
    let digest = bench.prepared(&spec);
    let good = grant(&spec, &digest);
    let mut others = vec![good.clone(); 4];
    others[0].exec = ExecId::new();
    others[1].run = RunId::new();
    others[2].digest = "0".repeat(64);
    others[3].expires_at = T;
    let codes = ["grant_invalid: ", "grant_invalid: ", "grant_invalid: ", "grant_expired: "];
    for (other, code) in others.iter().zip(codes) {
        let said = declined(bench.start(&spec, &digest, Some(other)));
        assert!(said.starts_with(code), "{said}");
    }
    let other_key = format!("wrong key:{}", sealed(&good));
    assert!(declined(bench.shell.start(&spec, &digest, Some(&other_key))).starts_with("grant_invalid: "));
    assert!(declined(bench.start(&spec, &digest, None)).starts_with("grant_missing: "));
    assert!(!bench.work.join("ran").exists());
    // None of the forgeries spoils the true one.
    ended(bench.start(&spec, &digest, Some(&good))).await;
    assert!(bench.work.join("ran").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_an_answer_to_one_asker_is_none_for_another() {
    let bench = Bench::new();
    let chat = ChatId::new();
    let asked_by = |actor| SpecOrigin { chat, actor, tainted: false };
    let spec = CommandSpec { origin: Some(asked_by(Actor::Schedule)), ..spec("touch ran") };
    let digest = bench.prepared(&spec);
    let good = grant(&spec, &digest);
    for origin in [
        None,
        Some(asked_by(Actor::Owner)),
        Some(SpecOrigin { chat: ChatId::new(), ..asked_by(Actor::Schedule) }),
    ] {
        let other = CommandSpec { origin, ..spec.clone() };
        let said = declined(bench.start(&other, &digest, Some(&good)));
        assert!(said.starts_with("changed_since_prepared: ") && said.contains("who asks"), "{said}");
    }
    // A mark that has come since is no other asker.
    let marked = SpecOrigin { tainted: true, ..asked_by(Actor::Schedule) };
    ended(bench.start(&CommandSpec { origin: Some(marked), ..spec.clone() }, &digest, Some(&good))).await;
    assert!(bench.work.join("ran").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_void_one_second_after_its_hour() {
    let bench = Bench::new();
    let spec = spec("touch ran");
    let digest = bench.prepared(&spec);
    let grant = grant(&spec, &digest);
    bench.clock.set(T.after(Duration::from_secs(3601)));
    assert!(declined(bench.start(&spec, &digest, Some(&grant))).starts_with("grant_expired: "));
    bench.clock.set(T);
    let again = declined(bench.start(&spec, &digest, Some(&grant)));
    assert!(again.starts_with("grant_expired: "), "the same request gets the same answer: {again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_a_grant_for_a_start_in_another_journal_is_void() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Account::own(), Families::default());
    let spec = spec("touch ran");
    let digest = bench.prepared(&spec);
    let good = grant(&spec, &digest);
    ended(bench.start(&spec, &digest, Some(&good))).await;
    std::fs::remove_file(bench.work.join("ran")).unwrap();
    // Whoever holds Redis plays the start again, to a host that has lost its journal.
    drop(bench);
    std::fs::remove_dir_all(folder.path().join("shell")).unwrap();
    let bench = Bench::at(folder.path(), Account::own(), Families::default());
    let said = declined(bench.start(&spec, &digest, Some(&good)));
    assert!(said.starts_with("changed_since_prepared: "), "{said}");
    // Not even a new yes runs it again: its recording remembers what the journal forgot.
    let said = declined(bench.approved(&spec));
    assert!(said.contains("it ran before"), "{said}");
    assert!(!bench.work.join("ran").exists());
    bench.run("touch ran").await;
    assert!(bench.work.join("ran").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_script_behind_code_or_in_the_hands_of_another_program_is_bound_too() {
    let bench = Bench::new();
    let script = bench.work.join("x.sh");
    std::fs::create_dir(bench.work.join("sub")).unwrap();
    for command in [
        "bash -c './x.sh; true'",
        "flock lock ./x.sh",
        "find . -name none -exec ./x.sh {} +",
        "BASH_ENV=./x.sh bash -c true",
        "(cd sub && true); ./x.sh",
        "bash --rcfile=x.sh -i -c true",
    ] {
        std::fs::write(&script, "#!/bin/bash\ntouch good").unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let spec = spec(command);
        let digest = bench.prepared(&spec);
        std::fs::write(&script, "#!/bin/bash\ntouch bad").unwrap();
        let said = declined(bench.start(&spec, &digest, Some(&grant(&spec, &digest))));
        assert!(said.starts_with("changed_since_prepared: ") && said.contains("x.sh"), "{command}: {said}");
    }
    assert!(!bench.work.join("bad").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_script_that_is_a_pipe_is_shown_as_not_bound_and_not_opened() {
    let bench = Bench::new();
    let pipe = bench.work.join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let spec = spec("bash ./pipe");
    let ShellReport::Prepared { measure, .. } = bench.shell.prepare(&spec) else { panic!("not prepared") };
    let shown = measure.scripts.iter().find(|script| script.word == "./pipe").unwrap();
    assert!(!shown.bound && shown.sha256.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_command_that_runs_more_files_than_are_bound_is_not_prepared() {
    let bench = Bench::new();
    let command = (0..129).fold(String::from("touch ran"), |command, n| {
        std::fs::write(bench.work.join(format!("{n}.sh")), "true").unwrap();
        format!("{command}; bash {n}.sh")
    });
    let said = declined(Answer::Report(Box::new(bench.shell.prepare(&spec(&command)))));
    assert!(said.starts_with("too_many_files: "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_a_folder_swapped_by_name_or_by_link_after_the_card_is_not_entered() {
    let bench = Bench::new();
    let (real, link) = (bench.work.join("real"), bench.work.join("link"));
    std::fs::create_dir_all(bench.work.join("other")).unwrap();
    std::fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink("real", &link).unwrap();
    for (asked, swap) in [("link", true), ("real", false)] {
        let spec = CommandSpec { cwd: Some(asked.to_owned()), ..spec("touch ran") };
        let digest = bench.prepared(&spec);
        if swap {
            std::fs::remove_file(&link).unwrap();
            std::os::unix::fs::symlink("other", &link).unwrap();
        } else {
            std::fs::rename(&real, bench.work.join("moved")).unwrap();
            std::fs::create_dir(&real).unwrap();
        }
        let said = declined(bench.start(&spec, &digest, Some(&grant(&spec, &digest))));
        assert!(said.contains("the working folder"), "{said}");
    }
    assert!(!bench.work.join("other/ran").exists() && !real.join("ran").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_changed_since_the_card_is_not_run() {
    let bench = Bench::new();
    std::fs::write(bench.work.join("x.sh"), "touch good").unwrap();
    let spec = spec("bash x.sh");
    let digest = bench.prepared(&spec);
    std::fs::write(bench.work.join("x.sh"), "touch bad").unwrap();
    let said = declined(bench.start(&spec, &digest, Some(&grant(&spec, &digest))));
    assert!(said.starts_with("changed_since_prepared: ") && said.contains("the script x.sh"), "{said}");
    assert!(!bench.work.join("bad").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_command_timeout_or_folder_is_not_run() {
    let bench = Bench::new();
    std::fs::create_dir(bench.work.join("sub")).unwrap();
    let spec = spec("touch ran");
    let digest = bench.prepared(&spec);
    let grant = grant(&spec, &digest);
    let mut flips = vec![spec.clone(); 3];
    flips[0].command.push(' ');
    flips[1].timeout_s += 1;
    flips[2].cwd = Some("sub".into());
    for flip in flips {
        let said = declined(bench.start(&flip, &digest, Some(&grant)));
        assert!(said.starts_with("changed_since_prepared: "), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_there_is_named() {
    let bench = Bench::new();
    let mut spec = spec("echo x");
    spec.cwd = Some("nowhere".into());
    let said = declined(bench.start(&spec, "", None));
    assert!(said.starts_with("cwd_missing: the working folder nowhere"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_policy_allows_needs_no_grant() {
    let bench = Bench::new();
    let spec = spec("echo hello");
    let digest = bench.prepared(&spec);
    assert_eq!(ended(bench.start(&spec, &digest, None)).await.text, "hello\n");
}

/// A file system of 64 KiB, which only root can have.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount(path: &std::path::Path) -> Option<Self> {
        std::fs::create_dir_all(path).unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(path);
        let done = mount.stderr(std::process::Stdio::null()).status().is_ok_and(|status| status.success());
        done.then(|| Self(path.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        std::process::Command::new("umount").arg("-l").arg(&self.0).status().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_starts_while_the_journal_s_disk_is_full_and_all_goes_on_when_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&folder.path().join("shell")) else { return };
    let bench = Bench::at(folder.path(), Account::own(), Families::default());
    let spec = spec("touch ran");
    let digest = bench.prepared(&spec);
    let grant = grant(&spec, &digest);
    let filling = disk.0.join("filling");
    let filled = std::fs::write(&filling, vec![0; 1024 * 1024]);
    assert!(filled.is_err());
    // The journal may still have room in its own last page.
    for length in [1000, 0] {
        let long = "x".repeat(length);
        while bench.shell.parts().journal.declined(ExecId::new(), "r", T, "code", &long).is_ok() {}
    }
    let said = declined(bench.start(&spec, &digest, Some(&grant)));
    assert!(said.starts_with("journal_unwritable: "), "{said}");
    assert!(!bench.work.join("ran").exists());
    std::fs::remove_file(filling).unwrap();
    ended(bench.start(&spec, &digest, Some(&grant))).await;
    assert!(bench.work.join("ran").exists());
}
