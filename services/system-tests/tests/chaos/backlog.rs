//! A long backlog and an emptied Redis: everything owed moves again, once, and age alone queues nothing twice.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use metatron_domain::id::JobId;

use crate::story::Theatre;

/// Where heartbeats wait.
const STREAM: &str = "metatron:queue:run:low";

impl Theatre {
    fn sql(&self, text: &str) -> Result<()> {
        let mut shell = Command::new("sqlite3")
            .args(["-cmd", ".timeout 10000"])
            .arg(self.world.stack.path("data/metatron.db"))
            .stdin(Stdio::piped())
            .spawn()?;
        shell.stdin.take().context("no input")?.write_all(text.as_bytes())?;
        ensure!(shell.wait()?.success(), "sqlite3 refused");
        Ok(())
    }

    /// Owes `count` heartbeats of long ago.
    fn owe(&self, count: u32) -> Result<()> {
        let mut text = "begin;\n".to_owned();
        for number in 1..=count {
            let id = JobId::new();
            writeln!(
                text,
                "insert into tick (task, instant, state) values ('heartbeat', {number}, 'planned');"
            )?;
            writeln!(
                text,
                "insert into job (id, queue, priority, kind, subject, state, due_at, created_at) \
                 values ('{id}', 'run', 'low', 'tick', '{number}', 'queued', {number}, {number});"
            )?;
        }
        text.push_str("commit;\n");
        self.sql(&text)
    }

    fn waiting(&self) -> Result<u32> {
        let reply = self.world.stack.redis.command(&["XLEN", STREAM])?;
        Ok(reply.trim().trim_start_matches(':').parse()?)
    }

    /// Starts a scheduler and waits until it says that everything owed is carried.
    async fn carried(&mut self) -> Result<()> {
        self.world.stack.redis.command(&["DEL", "metatron:meta"])?;
        self.world.stack.restart("scheduler")?;
        while self.world.stack.redis.command(&["HGET", "metatron:meta", "generation"])?.starts_with("$-1") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.world.stack.kill("scheduler")
    }

    /// Empties Redis under `count` owed jobs; returns how long it took until all were queued again.
    async fn bear(&mut self, count: u32) -> Result<Duration> {
        self.world.stack.kill("pulse-worker")?;
        self.world.stack.kill("scheduler")?;
        self.owe(count)?;
        self.world.stack.redis.flushall()?;
        let begun = Instant::now();
        self.carried().await?;
        let took = begun.elapsed();
        assert_eq!(self.waiting()?, count, "each once");
        // Everything is old by now, and Redis is suspected of being empty once more.
        self.carried().await?;
        assert_eq!(self.waiting()?, count, "age alone queues nothing twice");
        // Whoever queued them died before it noted under which numbers.
        self.sql("update job set entry = null where kind = 'tick';")?;
        self.carried().await?;
        assert_eq!(self.waiting()?, count, "what a queue holds is found in it");
        Ok(took)
    }

    /// Waits until each of them has ended, once.
    async fn end(&mut self, count: u32) -> Result<()> {
        self.world.stack.restart("scheduler")?;
        self.world.stack.restart("pulse-worker")?;
        let mut instants = BTreeSet::new();
        for _ in 0..count {
            let tick = self.owner.fact(|kind, _| kind == "tick.done").await?;
            assert!(instants.insert(tick["data"]["instant"].to_string()), "twice: {tick}");
        }
        Ok(())
    }
}

#[tokio::test]
async fn five_thousand_owed_jobs_move_again_and_each_ends_once() -> Result<()> {
    let mut theatre = Theatre::open().await?;
    theatre.bear(5_000).await?;
    theatre.end(5_000).await?;
    theatre.is_sound().await
}

/// `bash .ci/run backlog`: how long a hundred thousand take.
#[tokio::test]
#[ignore = "a measurement, to be asked for by name"]
async fn a_hundred_thousand_owed_jobs_move_again() -> Result<()> {
    let mut theatre = Theatre::open().await?;
    let took = theatre.bear(100_000).await?;
    writeln!(std::io::stdout(), "100000 owed jobs were queued again in {:.1} s", took.as_secs_f64())?;
    let begun = Instant::now();
    theatre.end(100_000).await?;
    writeln!(std::io::stdout(), "and each had ended once after {:.1} s more", begun.elapsed().as_secs_f64())?;
    theatre.is_sound().await
}
