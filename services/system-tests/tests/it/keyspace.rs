//! What a person sees who looks at Redis: only what the table of keys tells of, and nothing that should stay inside.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use metatron_bus::key::{self, Life};
use metatron_testkit::model::Answer;
use metatron_testkit::redis::RedisServer;
use metatron_testkit::world::World;

/// What takes longer never happens.
const PATIENCE: Duration = Duration::from_mins(1);
/// Planted where only the database and `metatron-live:` may know it. The last is the key that every test's provider has.
const SECRETS: [&str; 5] = [
    "canary-of-the-prompt",
    "canary-of-the-command",
    "canary-of-the-output",
    "canary-of-the-model",
    "sk-planted",
];

#[tokio::test]
async fn every_key_is_in_the_table_and_what_dashboards_read_holds_no_secret() -> Result<()> {
    let world = World::start().await?;
    // Its name stands in two pieces, so that only the output holds the whole.
    let command = "echo canary-of-the-command > made.txt; echo canary-of-the-'output'";
    world.model.push(Answer::command(command));
    world.model.push(Answer::text("canary-of-the-model"));
    let mut watch = world.owner.watch(0).await?;
    let (_, run) = world.owner.say("canary-of-the-prompt").await?;
    let asked = watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    look(&world.stack.redis)?;
    let redis = &world.stack.redis;
    let shown = format!("metatron:run:{run}");
    shows(redis, &["HMGET", &shown, "state", "step"], &["waiting_approval", "approval.asked"]).await?;
    let asked = asked["subject"].as_str().context("no question")?.to_owned();
    let question = format!("metatron:approval:{asked}");
    shows(redis, &["ZRANGE", "metatron:approvals:waiting", "0", "-1"], &[&asked]).await?;
    shows(redis, &["HMGET", &question, "state", "run_id"], &["waiting", &run]).await?;
    world.owner.decide(&run, "allow_once", None).await?;
    watch.fact("run.ended", |event| event["run_id"] == run.as_str()).await?;

    let seen = look(redis)?;
    for wanted in [
        "metatron:stream:events",
        "metatron:services",
        "metatron:service:api",
        "metatron:queue:run:high",
        &question,
        &shown,
    ] {
        ensure!(seen.iter().any(|name| name == wanted), "{wanted} is not there: {seen:?}");
    }
    // The answer was committed by another process than the end: what each says of it arrives in any order.
    shows(redis, &["ZRANGE", "metatron:approvals:waiting", "0", "-1"], &[]).await?;
    shows(redis, &["HMGET", &question, "state"], &["allowed"]).await?;
    shows(redis, &["HMGET", &shown, "state", "step"], &["succeeded", "exec.ended"]).await?;
    let docs = format!("{}/api/docs/", world.stack.url());
    shows(redis, &["HMGET", "metatron:meta", "version", "docs"], &[env!("CARGO_PKG_VERSION"), &docs]).await?;
    let meta = redis.strings(&["HMGET", "metatron:meta", "generation", "schema", "started_at"])?;
    ensure!(meta.len() == 3, "{meta:?}");
    // Those who may read the rest find what was planted: the search above would have found it as well. What a command
    // printed reached api past Redis, because it is on the same machine.
    let live = seen.iter().filter(|name| name.starts_with("metatron-live:"));
    let live: Vec<String> = live.map(|name| read(&world.stack.redis, name)).collect::<Result<_>>()?;
    let secret = "canary-of-the-model";
    ensure!(live.iter().any(|value| value.contains(secret)), "{secret} was never there");
    Ok(())
}

/// Waits until Redis answers so: what is there for the eye is written behind the fact.
async fn shows(redis: &RedisServer, question: &[&str], wanted: &[&str]) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = redis.strings(question)?;
        if answer == wanted {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{question:?} is {answer:?} and never {wanted:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Compares all that is in Redis with the table. Returns the names of all keys.
fn look(redis: &RedisServer) -> Result<Vec<String>> {
    let names = redis.strings(&["KEYS", "*"])?;
    for name in &names {
        let row = key::find(name).with_context(|| format!("{name} is not in the table of keys"))?;
        let kind = redis.command(&["TYPE", name])?;
        ensure!(kind.trim_end() == format!("+{}", row.kind), "{name} is a {kind}");
        let left = redis.command(&["PTTL", name])?;
        // Gone since it was listed: what is no longer there needs no end.
        if left.trim_end() != ":-2" {
            let expires = matches!(row.life, Life::Expires(_));
            ensure!(
                (left.trim_end() != ":-1") == expires,
                "{name} has {left} ms left, the table says {:?}",
                row.life
            );
        }
        if !row.is_private() {
            let value = read(redis, name)?;
            let readable =
                |c: char| !c.is_control() && c != char::REPLACEMENT_CHARACTER || "\r\n".contains(c);
            ensure!(value.chars().all(readable), "{name} is no text: {value}");
            for secret in SECRETS {
                ensure!(!value.contains(secret), "{name} holds {secret}: {value}");
            }
        }
    }
    for channel in redis.strings(&["PUBSUB", "CHANNELS"])? {
        ensure!(key::find(&channel).is_some(), "the channel {channel} is not in the table of keys");
    }
    Ok(names)
}

/// Everything that a key holds, as Redis writes it, with the groups and consumers of a stream.
fn read(redis: &RedisServer, name: &str) -> Result<String> {
    match redis.command(&["TYPE", name])?.trim_end() {
        "+hash" => redis.command(&["HGETALL", name]),
        "+set" => redis.command(&["SMEMBERS", name]),
        "+zset" => redis.command(&["ZRANGE", name, "0", "-1", "WITHSCORES"]),
        "+stream" => {
            let entries = redis.command(&["XRANGE", name, "-", "+"])?;
            Ok(entries + &redis.command(&["XINFO", "STREAM", name, "FULL", "COUNT", "0"])?)
        }
        "+string" => redis.command(&["GET", name]),
        // Gone since it was listed.
        _ => Ok(String::new()),
    }
}
