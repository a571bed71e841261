//! A wall clock that jumps by an hour or by days, in either direction, while everything runs (SECURITY section 5).
//!
//! The clock is libfaketime's, set by a file; the monotonic clock stays true, as it does on a machine whose time is set.
//! Redis has its own clock, which jumps in `redis_clock`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use metatron_testkit::client::Owner;
use metatron_testkit::stack::Stack;
use serde_json::Value;
use tempfile::TempDir;

use crate::story::{Theatre, tell};

const HOUR: i64 = 3_600;
const DAYS: i64 = 3 * 24 * HOUR;
/// Every jump, there and back.
const JUMPS: [i64; 4] = [HOUR, -HOUR, DAYS, -DAYS];

/// The wall clock of an instance.
struct Sky {
    folder: TempDir,
}

impl Sky {
    fn new() -> Result<Self> {
        let sky = Self { folder: TempDir::with_prefix("metatron-clock-")? };
        sky.set(0)?;
        Ok(sky)
    }

    /// Sets the wall clock to the true time and `seconds`.
    fn set(&self, seconds: i64) -> Result<()> {
        let fresh = self.folder.path().join("fresh");
        std::fs::write(&fresh, format!("{seconds:+}\n"))?;
        // Whoever reads it reads one or the other.
        Ok(std::fs::rename(fresh, self.folder.path().join("clock"))?)
    }

    fn environment(&self) -> Result<Vec<(String, String)>> {
        let path = self.folder.path().join("clock");
        let pairs = [
            ("LD_PRELOAD", library()?),
            ("FAKETIME_TIMESTAMP_FILE", path),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("NO_FAKE_STAT", "1".into()),
        ];
        Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_string_lossy().into_owned())).into())
    }

    async fn theatre(&self) -> Result<Theatre> {
        let environment = self.environment()?;
        let pairs: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Theatre::on(Stack::start(&pairs)?).await
    }
}

impl Drop for Sky {
    /// Removes what libfaketime shares under the names of processes that were killed.
    fn drop(&mut self) {
        for entry in std::fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let pid =
                ["faketime_shm_", "sem.faketime_sem_"].iter().find_map(|prefix| name.strip_prefix(prefix));
            if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

/// Debian's libfaketime.
fn library() -> Result<PathBuf> {
    for folder in std::fs::read_dir("/usr/lib")? {
        let path = folder?.path().join("faketime/libfaketimeMT.so.1");
        if path.exists() {
            return Ok(path);
        }
    }
    anyhow::bail!("libfaketime is missing: apt-get install faketime")
}

impl Theatre {
    /// A session that is days old has ended: the owner signs in again.
    pub(crate) async fn sign_in(&mut self) -> Result<()> {
        let owner = Owner::login(&self.world.stack.url()).await?;
        self.owner.become_owner(owner);
        Ok(())
    }
}

#[tokio::test]
async fn no_jump_of_the_wall_clock_loses_a_run_or_starts_a_command_twice() -> Result<()> {
    let sky = Sky::new()?;
    let mut theatre = sky.theatre().await?;
    for jump in JUMPS {
        sky.set(0)?;
        theatre.sign_in().await?;
        // In the middle of a command, whose worker then dies.
        let (run, command) = theatre.begin().await?;
        sky.set(jump)?;
        theatre.sign_in().await?;
        theatre.world.stack.kill("pulse-worker")?;
        command.go()?;
        theatre.world.stack.restart("pulse-worker")?;
        let ended = theatre.owner.ended(&run).await?;
        assert_eq!(ended["state"], "succeeded", "R1, {jump} s: {ended}");
        assert_eq!(ended["execs"][0]["exit"]["code"], 0, "{jump} s: {ended}");
        assert_eq!(command.starts()?, 1, "R2, {jump} s");
        // Owed under one clock, lost by Redis, found under another.
        theatre.world.stack.kill("pulse-worker")?;
        let command = theatre.command()?;
        let (_, run) = theatre.owner.say(&command.request(), &command.token).await?;
        sky.set(0)?;
        theatre.world.stack.redis.flushall()?;
        theatre.sign_in().await?;
        theatre.world.stack.restart("pulse-worker")?;
        theatre.allow(&run).await?;
        command.go()?;
        let ended = theatre.owner.ended(&run).await?;
        assert_eq!(ended["state"], "succeeded", "R1, back from {jump} s: {ended}");
        assert_eq!(command.starts()?, 1, "R2, back from {jump} s");
    }
    theatre.is_sound().await
}

#[tokio::test]
async fn a_question_is_over_when_the_wall_clock_says_so_and_then_nothing_runs() -> Result<()> {
    let sky = Sky::new()?;
    let mut theatre = sky.theatre().await?;
    let command = theatre.command()?;
    let (_, run) = theatre.owner.say(&command.request(), &command.token).await?;
    let asked = theatre.owner.fact(|kind, _| kind == "approval.asked").await?;
    sky.set(DAYS)?;
    theatre.sign_in().await?;
    let ended = theatre.owner.ended(&run).await?;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert_eq!(ended["execs"][0]["state"], "denied", "no answer in time means no: {ended}");
    let question = asked["subject"].as_str().context("no question")?;
    assert!(theatre.owner.decide(question, "allow_once").await.is_err(), "too late");
    assert_eq!(command.starts()?, 0);
    // Set back, it waits longer; the answer counts.
    let command = theatre.command()?;
    let (_, run) = theatre.owner.say(&command.request(), &command.token).await?;
    let asked =
        theatre.owner.fact(|kind, data| kind == "approval.asked" && data["run_id"] == run.as_str()).await?;
    sky.set(-DAYS)?;
    theatre.sign_in().await?;
    theatre.owner.decide(asked["subject"].as_str().context("no question")?, "allow_once").await?;
    command.go()?;
    let ended = theatre.owner.ended(&run).await?;
    assert_eq!(ended["execs"][0]["exit"]["code"], 0, "{ended}");
    assert_eq!(command.starts()?, 1, "R2");
    theatre.is_sound().await
}

#[tokio::test]
async fn a_session_ends_when_the_wall_clock_jumps_past_its_end() -> Result<()> {
    let sky = Sky::new()?;
    let theatre = sky.theatre().await?;
    sky.set(HOUR)?;
    theatre.world.owner.get("/chats").await?;
    sky.set(-DAYS)?;
    theatre.world.owner.get("/chats").await?;
    sky.set(DAYS)?;
    let refused = theatre.world.owner.get("/chats").await.err().context("it is still let in")?;
    assert!(refused.to_string().contains("not_signed_in"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn entries_numbered_by_a_redis_that_was_days_ahead_are_carried_like_others() -> Result<()> {
    let mut theatre = Theatre::open().await?;
    // A Redis whose clock was ahead and was set back goes on from the highest number it gave.
    for stream in
        ["metatron:queue:run:high", "metatron-live:queue:report:high", "metatron-live:queue:shell:local:high"]
    {
        theatre.world.stack.redis.command(&["XSETID", stream, "1900000000000-0"])?;
    }
    let (run, command) = theatre.begin().await?;
    theatre.world.stack.kill("pulse-worker")?;
    command.go()?;
    theatre.world.stack.restart("pulse-worker")?;
    assert_eq!(theatre.owner.ended(&run).await?["state"], "succeeded");
    // Emptied, it numbers by its clock again, which lies behind what the rows remember.
    theatre.world.stack.redis.flushall()?;
    let command = theatre.command()?;
    command.go()?;
    let run = tell(&mut theatre.owner, &command, |_, _: &Value| {}).await?;
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!(command.starts()?, 1, "R2");
    theatre.is_sound().await
}
