//! `kill -9` of each service in the middle of each kind of work (SECURITY R1–R3).

use anyhow::{Context as _, Result};
use metatron_testkit::client::Frame;
use metatron_testkit::model::{Answer, Gate};
use metatron_testkit::world::World;
use serde_json::json;

#[tokio::test]
async fn api_killed_during_a_command_leaves_it_running_and_its_output_complete() -> Result<()> {
    let mut world = World::start().await?;
    let held = world.held()?;
    let (chat, run, exec) = world.run_command(&held.command).await?;
    world.model.push(Answer::text("It went on."));
    world.stack.kill("api")?;
    held.release("while api was away")?;
    world.stack.restart("api")?;
    let ended = world.owner.ended(&run).await?;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert_eq!(world.owner.last_words(&chat).await?, "It went on.");
    let terminal = exec["terminal_id"].as_str().context("no terminal")?;
    let mut watch = world.owner.watch(0).await?;
    watch.subscribe(&json!({ "topic": format!("terminal.{terminal}"), "from": 0 })).await?;
    let wanted = b"begun\r\ndone: while api was away\r\n";
    let mut bytes = Vec::new();
    while bytes.len() < wanted.len() {
        if let Frame::Bytes(_, offset, more) = watch.frame().await? {
            assert_eq!(offset, bytes.len() as u64);
            bytes.extend(more);
        }
    }
    assert_eq!(bytes, wanted);
    assert_eq!(held.starts()?, 1);
    Ok(())
}

#[tokio::test]
async fn pulse_worker_killed_during_a_stream_asks_again_and_says_it_once() -> Result<()> {
    let mut world = World::start().await?;
    let gate = Gate::default();
    world.model.push(Answer::build().say("half of an").hold(&gate).say(" answer").finish("stop"));
    let (chat, run) = world.owner.say("hello").await?;
    gate.reached().await;
    world.model.push(Answer::text("A whole answer."));
    world.stack.kill("pulse-worker")?;
    world.stack.restart("pulse-worker")?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    assert_eq!(world.owner.last_words(&chat).await?, "A whole answer.");
    let messages = world.owner.get(&format!("/chats/{chat}/messages")).await?;
    let said =
        messages["items"].as_array().context("no list")?.iter().filter(|message| message["role"] == "ai");
    assert_eq!(said.count(), 1);
    Ok(())
}

#[tokio::test]
async fn pulse_worker_killed_during_a_command_hears_of_its_end_when_it_is_back() -> Result<()> {
    let mut world = World::start().await?;
    let held = world.held()?;
    let (chat, run, _) = world.run_command(&held.command).await?;
    world.model.push(Answer::text("I heard."));
    world.stack.kill("pulse-worker")?;
    held.release("while nobody listened")?;
    world.stack.restart("pulse-worker")?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    assert_eq!(world.owner.last_words(&chat).await?, "I heard.");
    assert_eq!(held.starts()?, 1, "R2");
    Ok(())
}

#[tokio::test]
async fn an_answer_given_while_pulse_worker_is_down_is_acted_on() -> Result<()> {
    let mut world = World::start().await?;
    world.model.push(Answer::command("echo x > allowed.txt"));
    let mut watch = world.owner.watch(0).await?;
    let (_, run) = world.owner.say("do it").await?;
    watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    world.stack.kill("pulse-worker")?;
    world.owner.decide(&run, "allow_once", None).await?;
    world.model.push(Answer::text("Thank you."));
    world.stack.restart("pulse-worker")?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    assert!(world.stack.path("work/allowed.txt").exists());
    Ok(())
}

#[tokio::test]
async fn shell_worker_killed_during_a_command_leaves_it_unknown_and_never_repeats_it() -> Result<()> {
    let mut world = World::start().await?;
    let held = world.held()?;
    let (_, run, _) = world.run_command(&held.command).await?;
    held.begun().await?;
    world.model.push(Answer::text("I will look first."));
    world.stack.kill("shell-worker")?;
    world.stack.restart("shell-worker")?;
    let ended = world.owner.ended(&run).await?;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    let exec = world.exec(&run).await?;
    assert_eq!(exec["state"], "unknown", "R3: {exec}");
    assert_eq!(held.starts()?, 1, "R2");
    world.model.request().await?;
    let second = world.model.request().await?;
    assert!(second["messages"][3]["content"].as_str().context("no result")?.contains("outcome unknown"));
    Ok(())
}

#[tokio::test]
async fn every_service_stops_cleanly_and_the_run_goes_on_afterwards() -> Result<()> {
    let mut world = World::start().await?;
    let gate = Gate::default();
    world.model.push(Answer::build().say("half").hold(&gate).finish("stop"));
    let (chat, run) = world.owner.say("hello").await?;
    gate.reached().await;
    world.model.push(Answer::text("After the upgrade."));
    for name in ["pulse-worker", "scheduler", "api", "shell-worker"] {
        let status = world.stack.stop(name)?;
        assert!(status.success(), "{name}: {status}");
    }
    for name in ["shell-worker", "pulse-worker", "scheduler", "api"] {
        world.stack.restart(name)?;
    }
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    assert_eq!(world.owner.last_words(&chat).await?, "After the upgrade.");
    Ok(())
}
