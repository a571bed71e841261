//! Redis emptied, killed or absent: motion is lost, nothing that was accepted is (DESIGN 2).

use anyhow::Result;
use metatron_testkit::model::{Answer, Gate};
use metatron_testkit::world::World;

#[tokio::test]
async fn redis_emptied_during_a_stream_costs_nothing() -> Result<()> {
    let world = World::start().await?;
    let gate = Gate::default();
    world.model.push(Answer::build().say("Before ").hold(&gate).say("and after.").finish("stop"));
    let (chat, run) = world.owner.say("hello").await?;
    gate.reached().await;
    world.stack.redis.flushall()?;
    gate.open();
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    assert_eq!(world.owner.last_words(&chat).await?, "Before and after.");
    Ok(())
}

#[tokio::test]
async fn redis_emptied_while_the_owner_is_asked_costs_nothing() -> Result<()> {
    let world = World::start().await?;
    world.model.push(Answer::command("echo x > allowed.txt"));
    world.model.push(Answer::text("Done."));
    let mut watch = world.owner.watch(0).await?;
    let (_, run) = world.owner.say("do it").await?;
    watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    world.stack.redis.flushall()?;
    world.owner.decide(&run, "allow_once", None).await?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    assert!(world.stack.path("work/allowed.txt").exists());
    Ok(())
}

#[tokio::test]
async fn redis_emptied_during_a_command_starts_it_no_second_time() -> Result<()> {
    let world = World::start().await?;
    let held = world.held()?;
    let (_, run, _) = world.run_command(&held.command).await?;
    world.model.push(Answer::text("Done."));
    world.stack.redis.flushall()?;
    held.release("go")?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    assert_eq!(held.starts()?, 1, "R2");
    let exec = world.exec(&run).await?;
    assert_eq!(exec["exit"]["code"], 0, "{exec}");
    Ok(())
}

#[tokio::test]
async fn a_message_posted_while_redis_is_down_is_kept_and_answered() -> Result<()> {
    let mut world = World::start().await?;
    world.stack.redis.kill();
    world.model.push(Answer::text("Late, but here."));
    let (chat, run) = world.owner.say("are you there?").await?;
    world.stack.redis.restart()?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    assert_eq!(world.owner.last_words(&chat).await?, "Late, but here.");
    Ok(())
}

#[tokio::test]
async fn services_started_without_redis_wait_for_it() -> Result<()> {
    let mut world = World::start().await?;
    world.stack.redis.kill();
    for name in ["pulse-worker", "scheduler", "api", "shell-worker"] {
        world.stack.kill(name)?;
    }
    for name in ["shell-worker", "pulse-worker", "scheduler", "api"] {
        world.stack.restart(name)?;
    }
    world.model.push(Answer::command("echo back"));
    world.model.push(Answer::text("All back."));
    let (chat, run) = world.owner.say("hello").await?;
    world.stack.redis.restart()?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    assert_eq!(world.owner.last_words(&chat).await?, "All back.");
    Ok(())
}

#[tokio::test]
async fn a_redis_that_is_full_keeps_nothing_from_the_owner() -> Result<()> {
    let world = World::start().await?;
    world.stack.redis.command(&["CONFIG", "SET", "maxmemory", "1"])?;
    world.model.push(Answer::text("There was no room."));
    let (chat, run) = world.owner.say("hello").await?;
    world.stack.redis.command(&["CONFIG", "SET", "maxmemory", "0"])?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    assert_eq!(world.owner.last_words(&chat).await?, "There was no room.");
    Ok(())
}
