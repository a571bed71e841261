//! What a conversation can do beyond one question and one answer.

use anyhow::{Context as _, Result};
use metatron_testkit::model::{Answer, Gate};
use metatron_testkit::world::World;
use serde_json::json;

#[tokio::test]
async fn a_message_in_the_middle_of_a_run_is_read_by_that_run() -> Result<()> {
    let mut world = World::start().await?;
    let gate = Gate::default();
    world.model.push(Answer::build().say("First ").hold(&gate).say("answer.").finish("stop"));
    world.model.push(Answer::text("Second answer."));
    let (chat, run) = world.owner.say("one").await?;
    gate.reached().await;
    let posted = world.owner.post(&format!("/chats/{chat}/messages"), &json!({ "text": "two" })).await?;
    assert_eq!(posted["run"]["id"], run.as_str(), "no second run");
    gate.open();
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    assert_eq!(world.owner.last_words(&chat).await?, "Second answer.");
    world.model.request().await?;
    let second = world.model.request().await?;
    assert!(second["messages"].to_string().contains("two"), "{second}");
    Ok(())
}

#[tokio::test]
async fn more_of_a_long_output_can_be_read_later() -> Result<()> {
    let mut world = World::start().await?;
    world.model.push(Answer::command("seq 1 30000"));
    world.model.push(Answer::text("Long."));
    let (chat, run) = world.owner.say("count").await?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    let exec = world.exec(&run).await?;
    assert_eq!(exec["truncated"], true, "{exec}");
    let read = json!({ "exec": exec["id"], "from_line": 14_999, "lines": 2 }).to_string();
    world.model.push(Answer::build().call(0, "shell_read", &read).finish("tool_calls"));
    world.model.push(Answer::text("Read."));
    let posted =
        world.owner.post(&format!("/chats/{chat}/messages"), &json!({ "text": "the middle?" })).await?;
    let run = posted["run"]["id"].as_str().context("no run")?;
    assert_eq!(world.owner.ended(run).await?["state"], "succeeded");
    for _ in 0..3 {
        world.model.request().await?;
    }
    let last = world.model.request().await?;
    let messages = last["messages"].as_array().context("no messages")?;
    let told = messages.last().and_then(|message| message["content"].as_str()).context("no result")?;
    assert!(told.ends_with("15000\n15001") || told.ends_with("15000\n15001\n"), "{told:?}");
    Ok(())
}

#[tokio::test]
async fn the_heartbeat_is_written_down_once_per_instant() -> Result<()> {
    let world = World::with(&[("METATRON_HEARTBEAT_S", "1")]).await?;
    let mut watch = world.owner.watch(0).await?;
    let first = watch.fact("tick.done", |_| true).await?;
    let second = watch.fact("tick.done", |_| true).await?;
    assert_ne!(first["data"]["instant"], second["data"]["instant"]);
    Ok(())
}
