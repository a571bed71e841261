//! A full disk: what can't be kept is refused with its cause, nothing starts that can't be journalled, and all goes on by
//! itself when there is room again (SECURITY section 5, A8, R1, R2).
//!
//! Each test runs once more in a mount namespace of its own, so that what it mounts is seen by nobody and ends with it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use metatron_testkit::model::Answer;
use metatron_testkit::stack::Stack;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story::Theatre;

/// Says to the second run that it is one.
const ALONE: &str = "TEST_OWN_MOUNTS";

/// Whether this is the run with mounts of its own; otherwise that run was made, and has succeeded.
pub(crate) fn alone(test: &str) -> Result<bool> {
    if std::env::var_os(ALONE).is_some() {
        return Ok(true);
    }
    let mut again = Command::new("unshare");
    again.args(["--mount", "--"]).arg(std::env::current_exe()?).args([test, "--exact", "--nocapture"]);
    let output = again.env(ALONE, "1").output().context("unshare (util-linux) can't be started")?;
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    ensure!(
        output.status.success(),
        "{}{}\n(a small disk is mounted for this test: it needs root and the right to mount)",
        told[0],
        told[1]
    );
    ensure!(told[0].contains("1 passed"), "nothing was run: {}", told[0]);
    Ok(false)
}

/// Mounts a small disk of memory.
fn mount(folder: &Path, size: &str) -> Result<()> {
    fs::create_dir_all(folder)?;
    let options = format!("size={size},mode=0700");
    let status = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder).status()?;
    ensure!(status.success(), "a disk of memory can't be mounted");
    Ok(())
}

/// A mounted disk. Declared behind the instance that uses it, so that the instance's folder is free when it goes.
pub(crate) struct Disk(pub(crate) PathBuf);

impl Drop for Disk {
    fn drop(&mut self) {
        // At once for whoever looks, though services still have files open.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Takes every byte there is.
fn fill(folder: &Path) -> Result<()> {
    let mut ballast = File::create(folder.join("ballast"))?;
    for size in [64 * 1024, 4096, 512, 1] {
        while ballast.write_all(&vec![0; size]).is_ok() {}
    }
    Ok(())
}

fn make_room(folder: &Path) -> Result<()> {
    Ok(fs::remove_file(folder.join("ballast"))?)
}

#[tokio::test]
async fn a_full_disk_refuses_what_it_can_t_keep_and_recovers_by_itself() -> Result<()> {
    if !alone("disk::a_full_disk_refuses_what_it_can_t_keep_and_recovers_by_itself")? {
        return Ok(());
    }
    let stack = Stack::start_on(&[], |folder| mount(&folder.join("data"), "24m"))?;
    let mut theatre = Theatre::on(stack).await?;
    let data = theatre.world.stack.path("data");
    let _disk = Disk(data.clone());
    fill(&data)?;
    // What still fits into pages that the database has already may be accepted: then it has to be kept.
    let mut accepted = Vec::new();
    let (status, problem) = loop {
        let body = json!({ "title": "x".repeat(100) });
        let request = theatre.world.owner.request(Method::POST, "/chats").json(&body);
        let response = request.send().await?;
        let status = response.status();
        let kind = response.headers().get("content-type").cloned();
        let answer: Value = response.json().await?;
        if status.is_success() {
            accepted.push(answer["id"].as_str().context("no id")?.to_owned());
            ensure!(accepted.len() < 100_000, "the disk never fills");
            continue;
        }
        assert_eq!(kind.context("no content type")?, "application/problem+json");
        break (status, answer);
    };
    assert_eq!((status.as_u16(), &problem["code"]), (507, &json!("storage_unwritable")), "{problem}");
    let detail = problem["detail"].as_str().context("no detail")?;
    assert!(detail.contains("Nothing was changed") && detail.contains("Free some space"), "{detail}");
    // What is there can still be read.
    theatre.world.owner.get("/chats").await?;
    make_room(&data)?;
    let command = theatre.command()?;
    let run = crate::story::tell(&mut theatre.owner, &command, |_, _| {}).await?;
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!(command.starts()?, 1);
    for chat in accepted {
        theatre.world.owner.get(&format!("/chats/{chat}")).await?;
    }
    theatre.is_sound().await
}

#[tokio::test]
async fn a_disk_that_fills_during_a_run_only_delays_it() -> Result<()> {
    if !alone("disk::a_disk_that_fills_during_a_run_only_delays_it")? {
        return Ok(());
    }
    let stack = Stack::start_on(&[], |folder| mount(&folder.join("data"), "24m"))?;
    let mut theatre = Theatre::on(stack).await?;
    let data = theatre.world.stack.path("data");
    let _disk = Disk(data.clone());
    let (run, command) = theatre.begin().await?;
    fill(&data)?;
    command.go()?;
    // The database may still have a page for this end, or not: then it is written later.
    theatre.world.stack.logged("shell-worker", "a command ended").await?;
    make_room(&data)?;
    let ended = theatre.owner.ended(&run).await?;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert_eq!(ended["execs"][0]["exit"]["code"], 0, "{ended}");
    assert_eq!(command.starts()?, 1, "R2");
    theatre.is_sound().await
}

#[tokio::test]
async fn nothing_starts_that_the_journal_can_t_hold() -> Result<()> {
    if !alone("disk::nothing_starts_that_the_journal_can_t_hold")? {
        return Ok(());
    }
    let stack = Stack::start_on(&[], |folder| mount(&folder.join("data/shell"), "64k"))?;
    let mut theatre = Theatre::on(stack).await?;
    let journal = theatre.world.stack.path("data/shell");
    let _disk = Disk(journal.clone());
    fill(&journal)?;
    // The journal's last page may have room for a record or two.
    let mut refused = false;
    while !refused {
        let command = theatre.command()?;
        command.go()?;
        let (_, run) = theatre.owner.say(&command.request(), &command.token).await?;
        theatre.allow(&run).await?;
        let ended = theatre.owner.ended(&run).await?;
        let exec = &ended["execs"][0];
        refused = exec["state"] == "refused";
        if refused {
            assert_eq!(exec["error"]["code"], "journal_unwritable", "{exec}");
            assert_eq!(command.starts()?, 0, "{exec}");
        } else {
            assert_eq!(command.starts()?, 1, "R2: {exec}");
        }
    }
    make_room(&journal)?;
    let command = theatre.command()?;
    let run = crate::story::tell(&mut theatre.owner, &command, |_, _| {}).await?;
    assert_eq!(run["execs"][0]["exit"]["code"], 0, "without a restart: {run}");
    assert_eq!(command.starts()?, 1);
    theatre.is_sound().await
}

#[tokio::test]
async fn an_end_that_the_journal_can_t_hold_is_reported_all_the_same() -> Result<()> {
    if !alone("disk::an_end_that_the_journal_can_t_hold_is_reported_all_the_same")? {
        return Ok(());
    }
    let stack = Stack::start_on(&[], |folder| mount(&folder.join("data/shell"), "64k"))?;
    let mut theatre = Theatre::on(stack).await?;
    let journal = theatre.world.stack.path("data/shell");
    let _disk = Disk(journal.clone());
    let (run, command) = theatre.begin().await?;
    fill(&journal)?;
    command.go()?;
    let ended = theatre.owner.ended(&run).await?;
    assert_eq!(ended["execs"][0]["exit"]["code"], 0, "{ended}");
    make_room(&journal)?;
    theatre.world.stack.kill("shell-worker")?;
    theatre.world.stack.restart("shell-worker")?;
    theatre.world.model.push(Answer::text("Later."));
    let (_, later) = theatre.owner.say("hello", "later").await?;
    theatre.owner.ended(&later).await?;
    let again = theatre.owner.get(&format!("/runs/{run}")).await?;
    assert_eq!(again["execs"][0]["state"], "ended", "what was told stays true: {again}");
    assert_eq!(command.starts()?, 1, "R2");
    theatre.is_sound().await
}
