//! Redis's own wall clock jumps by an hour or by days, in either direction, while everything runs (SECURITY section 5).
//! What it expires, numbers and ends by that clock is motion: nothing runs twice, nothing is lost, and all ends.

use std::collections::{HashMap, HashSet};

use anyhow::{Context as _, Result};
use metatron_testkit::model::{Answer, Gate};
use metatron_testkit::redis::RedisServer;
use metatron_testkit::shim::WallClock;
use metatron_testkit::stack::Stack;
use serde_json::json;

use crate::story::{Marked, Theatre};

const HOUR: i64 = 3_600;
const DAYS: i64 = 3 * 24 * HOUR;
/// Every jump, there and back.
const JUMPS: [i64; 4] = [HOUR, -HOUR, DAYS, -DAYS];
/// Conversations at once.
const CROWD: usize = 6;

async fn theatre() -> Result<(WallClock, Theatre)> {
    let sky = WallClock::new()?;
    let redis = RedisServer::under(&sky.environment())?;
    let theatre = Theatre::on(Stack::start_beside(redis, &[], |_| Ok(()))?).await?;
    Ok((sky, theatre))
}

impl Theatre {
    /// Waits until a fact of `wanted` was told of each run; returns their subjects.
    async fn each(&mut self, wanted: &str, runs: &HashMap<String, Marked>) -> Result<Vec<String>> {
        let mut missing: HashSet<String> = runs.keys().cloned().collect();
        let mut subjects = Vec::new();
        while !missing.is_empty() {
            let fact = self
                .owner
                .fact(|kind, data| {
                    kind == wanted && data["run_id"].as_str().is_some_and(|run| missing.contains(run))
                })
                .await?;
            missing.remove(fact["run_id"].as_str().context("no run")?);
            subjects.push(fact["subject"].as_str().context("no subject")?.to_owned());
        }
        Ok(subjects)
    }
}

#[tokio::test]
async fn no_jump_of_redis_s_clock_loses_a_run_or_starts_a_command_twice() -> Result<()> {
    let (sky, mut theatre) = theatre().await?;
    for jump in JUMPS {
        sky.set(0)?;
        let mut runs = HashMap::new();
        for _ in 0..CROWD {
            let command = theatre.command()?;
            let (_, run) = theatre.owner.say(&command.request(), &command.token).await?;
            runs.insert(run, command);
        }
        // Runs wait, some are at work.
        sky.set(jump)?;
        let questions = theatre.each("approval.asked", &runs).await?;
        // A worker dies with what it had read, and what it would have been told waits.
        theatre.world.stack.kill("pulse-worker")?;
        for question in questions {
            theatre.owner.decide(&question, "allow_once").await?;
        }
        sky.set(-jump)?;
        theatre.world.stack.restart("pulse-worker")?;
        theatre.each("exec.started", &runs).await?;
        // Emptied, Redis begins to number by a clock that lies behind what everybody remembers, or ahead of it.
        theatre.world.stack.redis.flushall()?;
        sky.set(jump)?;
        for command in runs.values() {
            command.go()?;
        }
        theatre.each("run.ended", &runs).await?;
        for (run, command) in &runs {
            let ended = theatre.owner.get(&format!("/runs/{run}")).await?;
            assert_eq!(ended["state"], "succeeded", "R1, {jump} s: {ended}");
            assert_eq!(ended["execs"][0]["exit"]["code"], 0, "{jump} s: {ended}");
            assert_eq!(command.starts()?, 1, "R2, {jump} s");
        }
    }
    theatre.is_sound().await
}

#[tokio::test]
async fn an_answer_that_streams_while_redis_s_clock_jumps_is_whole_and_can_be_stopped() -> Result<()> {
    let (sky, mut theatre) = theatre().await?;
    for jump in JUMPS {
        sky.set(0)?;
        let gate = Gate::default();
        let answer = Answer::build().say("Before ").hold(&gate).say("and after.").finish("stop");
        theatre.world.model.push(answer);
        let (chat, run) = theatre.owner.say("hello", &format!("whole{jump}")).await?;
        gate.reached().await;
        // Where it jumps ahead what was streamed has expired by now.
        sky.set(jump)?;
        gate.open();
        assert_eq!(theatre.owner.ended(&run).await?["state"], "succeeded", "{jump} s");
        assert_eq!(theatre.world.owner.last_words(&chat).await?, "Before and after.", "{jump} s");
        // The owner's stop is heard by a worker that reads under one clock and is told under another.
        let gate = Gate::default();
        theatre.world.model.push(Answer::build().say("For ever").hold(&gate).finish("stop"));
        let (_, run) = theatre.owner.say("hello", &format!("stopped{jump}")).await?;
        gate.reached().await;
        sky.set(-jump)?;
        theatre.world.stack.redis.flushall()?;
        theatre.owner.post(&format!("/runs/{run}/stop"), &json!({}), &format!("stop{jump}")).await?;
        assert_eq!(theatre.owner.ended(&run).await?["state"], "cancelled", "{jump} s");
    }
    theatre.is_sound().await
}
