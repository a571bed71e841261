//! The owner's stop: heard in the middle of a stream, of a command and of a question.

use anyhow::Result;
use metatron_testkit::model::{Answer, Gate};
use metatron_testkit::world::World;
use serde_json::json;

#[tokio::test]
async fn a_stop_ends_a_stream_at_once() -> Result<()> {
    let world = World::start().await?;
    let gate = Gate::default();
    world.model.push(Answer::build().say("I am about to").hold(&gate).say(" say more").finish("stop"));
    let (_, run) = world.owner.say("talk").await?;
    gate.reached().await;
    world.owner.post(&format!("/runs/{run}/stop"), &json!({})).await?;
    assert_eq!(world.owner.ended(&run).await?["state"], "cancelled");
    Ok(())
}

#[tokio::test]
async fn a_stop_ends_a_running_command_and_what_it_started() -> Result<()> {
    let world = World::start().await?;
    let held = world.held()?;
    let (_, run, _) = world.run_command(&held.command).await?;
    held.begun().await?;
    world.owner.post(&format!("/runs/{run}/stop"), &json!({})).await?;
    assert_eq!(world.owner.ended(&run).await?["state"], "cancelled");
    let exec = world.exec(&run).await?;
    assert_eq!(exec["exit"]["how"], "stopped", "{exec}");
    assert_eq!(held.starts()?, 1);
    Ok(())
}

#[tokio::test]
async fn a_stop_takes_a_waiting_question_back() -> Result<()> {
    let world = World::start().await?;
    world.model.push(Answer::command("touch x"));
    let mut watch = world.owner.watch(0).await?;
    let (_, run) = world.owner.say("do it").await?;
    watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    world.owner.post(&format!("/runs/{run}/stop"), &json!({})).await?;
    assert_eq!(world.owner.ended(&run).await?["state"], "cancelled");
    assert!(world.owner.decide(&run, "allow_once", None).await.is_err(), "nothing waits any more");
    Ok(())
}
