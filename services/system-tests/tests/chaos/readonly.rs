//! A disk that turns read-only under open files: what can't be kept is refused with its cause and the way out, nothing
//! starts that can't be journalled, and nothing that was accepted is lost (SECURITY section 5, A8, R1, R2).
//!
//! Twice over. The kernel's own: a file system on a loop device that its kernel closes after an error, for which the kernel
//! knows no way back while files are open. And the way back under running services: there the services' libc says it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use metatron_testkit::model::{Answer, obey};
use metatron_testkit::shim::ReadOnly;
use metatron_testkit::stack::{SERVICES, Stack};
use reqwest::Method;
use serde_json::{Value, json};

use crate::disk::{Disk, alone};
use crate::story::{Theatre, tell};

/// Runs a program of the system that has to succeed.
fn system(program: &str, words: &[&str], paths: &[&Path]) -> Result<String> {
    let output = Command::new(program).args(words).args(paths).output();
    let output = output.with_context(|| format!("{program} can't be started"))?;
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    ensure!(
        output.status.success(),
        "{program} {words:?} {paths:?}: {} {}\n(this test mounts an ext4 file system on a loop device: it needs root, \
         /dev/loop-control and e2fsprogs)",
        told[0],
        told[1]
    );
    Ok(told[0].clone())
}

/// An ext4 file system in a file, which its kernel closes after an error.
struct Loop {
    image: PathBuf,
    folder: PathBuf,
}

impl Loop {
    fn new(image: PathBuf, folder: PathBuf) -> Result<Self> {
        system("truncate", &["--size", "48M"], &[&image])?;
        system("mkfs.ext4", &["-q", "-O", "^has_journal"], &[&image])?;
        let disk = Self { image, folder };
        disk.mount()?;
        Ok(disk)
    }

    fn mount(&self) -> Result<()> {
        system("mount", &["-o", "loop,errors=remount-ro"], &[&self.image, &self.folder]).map(|_| ())
    }

    /// Makes the kernel believe that the disk is damaged.
    fn fail(&self) -> Result<()> {
        let device = system("findmnt", &["--noheadings", "--output", "SOURCE"], &[&self.folder])?;
        let name = device.rsplit('/').next().context("no device")?;
        let knob = Path::new("/sys/fs/ext4").join(name).join("trigger_fs_error");
        fs::write(&knob, "1").with_context(|| format!("{} can't be written", knob.display()))?;
        let refused = fs::write(self.folder.join("probe"), "");
        let kind = refused.err().map(|error| error.kind());
        ensure!(kind == Some(std::io::ErrorKind::ReadOnlyFilesystem), "it is not read-only: {kind:?}");
        Ok(())
    }

    /// What its owner does: nothing may have a file of it open.
    fn repair(&self) -> Result<()> {
        system("umount", &[], &[&self.folder])?;
        // 1 says that something was repaired.
        let checked = Command::new("e2fsck").args(["-f", "-y"]).arg(&self.image).output()?;
        if !matches!(checked.status.code(), Some(0 | 1)) {
            bail!("e2fsck: {}", String::from_utf8_lossy(&checked.stdout));
        }
        self.mount()
    }
}

/// Asks for a change, which has to be refused as what can't be stored, with the cause and the way out.
async fn refuses(theatre: &Theatre, path: &str, body: &Value) -> Result<()> {
    let response = theatre.world.owner.request(Method::POST, path).json(body).send().await?;
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type").cloned().context("no content type")?;
    let problem: Value = response.json().await?;
    assert_eq!((status, &problem["code"]), (507, &json!("storage_unwritable")), "{path}: {problem}");
    assert_eq!(kind, "application/problem+json");
    let detail = problem["detail"].as_str().context("no detail")?;
    assert!(detail.contains("Nothing was changed") && detail.contains("read-only"), "{detail}");
    Ok(())
}

#[tokio::test]
async fn a_disk_that_the_kernel_closes_keeps_all_that_was_accepted() -> Result<()> {
    if !alone("readonly::a_disk_that_the_kernel_closes_keeps_all_that_was_accepted")? {
        return Ok(());
    }
    let mut disk = None;
    let stack = Stack::start_on(&[], |folder| {
        disk = Some(Loop::new(folder.join("disk.img"), folder.join("data"))?);
        Ok(())
    })?;
    let disk = disk.context("no disk")?;
    let mut theatre = Theatre::on(stack).await?;
    let _unmounted = Disk(disk.folder.clone());
    let (chat, _) = theatre.owner.say("hello", "before").await?;
    let (run, command) = theatre.begin().await?;
    disk.fail()?;
    refuses(&theatre, "/chats", &json!({})).await?;
    refuses(&theatre, &format!("/chats/{chat}/messages"), &json!({ "text": "lost" })).await?;
    theatre.world.owner.get("/chats").await?;
    // It ends while nobody can write that down.
    command.go()?;
    theatre.world.stack.logged("shell-worker", "a command ended").await?;
    refuses(&theatre, "/chats", &json!({})).await?;
    for name in SERVICES {
        ensure!(theatre.world.stack.ended_by_itself(name).is_none(), "{name} did not survive it");
        theatre.world.stack.kill(name)?;
    }
    disk.repair()?;
    for name in SERVICES {
        theatre.world.stack.restart(name)?;
    }
    let ended = theatre.owner.ended(&run).await?;
    assert_eq!(ended["state"], "succeeded", "R1: {ended}");
    let state = &ended["execs"][0]["state"];
    assert!(*state == "ended" || *state == "unknown", "R3: {ended}");
    assert_eq!(command.starts()?, 1, "R2");
    theatre.world.owner.get(&format!("/chats/{chat}")).await?;
    let command = theatre.command()?;
    tell(&mut theatre.owner, &command, |_, _| {}).await?;
    assert_eq!(command.starts()?, 1);
    theatre.is_sound().await
}

/// A world whose services see a disk that can be closed.
async fn closable() -> Result<(ReadOnly, Theatre)> {
    let shim = ReadOnly::new()?;
    let environment = shim.environment();
    let pairs: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let theatre = Theatre::on(Stack::start(&pairs)?).await?;
    Ok((shim, theatre))
}

fn pids(theatre: &Theatre) -> Vec<Option<u32>> {
    SERVICES.iter().map(|name| theatre.world.stack.pid(name)).collect()
}

#[tokio::test]
async fn a_disk_that_closes_and_opens_again_only_delays_what_runs() -> Result<()> {
    let (shim, mut theatre) = closable().await?;
    let before = pids(&theatre);
    let data = theatre.world.stack.path("data");
    let asked = theatre.command()?;
    let (chat, waiting) = theatre.owner.say(&asked.request(), &asked.token).await?;
    let question = theatre
        .owner
        .fact(|kind, data| kind == "approval.asked" && data["run_id"] == waiting.as_str())
        .await?;
    let question = question["subject"].as_str().context("no question")?.to_owned();
    let card = theatre.owner.get(&format!("/approvals/{question}")).await?;
    let (run, command) = theatre.begin().await?;
    shim.close(&data)?;
    // Nothing is accepted that can't be kept: no conversation, no message, no yes, no stop.
    refuses(&theatre, "/chats", &json!({})).await?;
    refuses(&theatre, &format!("/chats/{chat}/messages"), &json!({ "text": "lost" })).await?;
    let yes = json!({ "decision": "allow_once", "digest": card["digest"], "nonce": card["nonce"] });
    refuses(&theatre, &format!("/approvals/{question}/decision"), &yes).await?;
    refuses(&theatre, &format!("/runs/{run}/stop"), &json!({})).await?;
    // What is there can be read, and what runs goes on to its end.
    theatre.world.owner.get(&format!("/runs/{run}")).await?;
    command.go()?;
    theatre.world.stack.logged("shell-worker", "a command ended").await?;
    theatre.world.stack.logged("pulse-worker", "a delivery is tried again").await?;
    assert_eq!(asked.starts()?, 0, "nobody's yes was accepted");
    shim.open()?;
    let ended = theatre.owner.ended(&run).await?;
    assert_eq!(ended["state"], "succeeded", "R1: {ended}");
    assert_eq!(ended["execs"][0]["exit"]["code"], 0, "{ended}");
    assert_eq!(command.starts()?, 1, "R2");
    theatre.owner.decide(&question, "allow_once").await?;
    asked.go()?;
    let ended = theatre.owner.ended(&waiting).await?;
    assert_eq!(ended["execs"][0]["exit"]["code"], 0, "{ended}");
    assert_eq!(asked.starts()?, 1, "R2");
    let command = theatre.command()?;
    tell(&mut theatre.owner, &command, |_, _| {}).await?;
    assert_eq!(pids(&theatre), before, "without a restart");
    theatre.is_sound().await
}

/// The rule of a model that runs one command and then says what it was told of it.
fn repeat(request: &Value) -> Answer {
    match request["messages"].as_array().and_then(|messages| messages.last()) {
        Some(told) if told["role"] == "tool" => Answer::text(told["content"].as_str().unwrap_or_default()),
        _ => obey(request),
    }
}

/// Asks for a command while `folder` is closed, and once more when it is open again. Returns what became of the first.
async fn refused_below(folder: &str) -> Result<Value> {
    let (shim, mut theatre) = closable().await?;
    let before = pids(&theatre);
    shim.close(&theatre.world.stack.path(folder))?;
    let command = theatre.command()?;
    command.go()?;
    theatre.world.model.follow(repeat);
    let (chat, run) = theatre.owner.say(&command.request(), &command.token).await?;
    theatre.allow(&run).await?;
    let ended = theatre.owner.ended(&run).await?;
    assert_eq!(command.starts()?, 0, "{ended}");
    let exec = ended["execs"][0].clone();
    assert_eq!(exec["state"], "refused", "{ended}");
    // The model is told, in the same words as the owner.
    let detail = exec["error"]["detail"].as_str().context("no detail")?;
    let told = theatre.world.owner.last_words(&chat).await?;
    assert!(told.contains(detail), "the model was told {told}");
    shim.open()?;
    let command = theatre.command()?;
    let run = tell(&mut theatre.owner, &command, |_, _| {}).await?;
    assert_eq!(run["execs"][0]["exit"]["code"], 0, "without a restart: {run}");
    assert_eq!(command.starts()?, 1);
    assert_eq!(pids(&theatre), before);
    theatre.is_sound().await?;
    Ok(exec)
}

#[tokio::test]
async fn nothing_starts_while_the_journal_is_read_only() -> Result<()> {
    let exec = refused_below("data/shell").await?;
    assert_eq!(exec["error"]["code"], "journal_unwritable", "{exec}");
    let detail = exec["error"]["detail"].as_str().context("no detail")?;
    assert!(detail.contains("nothing is started") && detail.contains("make it writable"), "{detail}");
    Ok(())
}

#[tokio::test]
async fn nothing_starts_whose_output_can_t_be_kept() -> Result<()> {
    let exec = refused_below("data/recordings").await?;
    assert_eq!(exec["error"]["code"], "start_failed", "{exec}");
    let detail = exec["error"]["detail"].as_str().context("no detail")?;
    assert!(detail.contains("recording") && detail.contains("make it writable"), "{detail}");
    Ok(())
}
