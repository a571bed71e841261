//! The owner holds a queue up: nothing new begins, nothing is lost, and Redis may forget it.

use anyhow::Result;
use metatron_testkit::model::Answer;
use metatron_testkit::world::World;
use serde_json::json;

#[tokio::test]
async fn a_paused_queue_stays_paused_when_redis_forgets_it_and_goes_on_when_the_owner_says_so() -> Result<()>
{
    let world = World::start().await?;
    let mut watch = world.owner.watch(0).await?;
    world.owner.post("/queues/run/pause", &json!({})).await?;
    watch.fact("queue.changed", |event| event["data"]["paused"] == true).await?;
    world.stack.redis.flushall()?;
    world.model.push(Answer::text("At last."));
    let (chat, run) = world.owner.say("are you there?").await?;
    // Carried again by the reconciler, which says the pause first.
    let generation = || world.stack.redis.command(&["HGET", "metatron:meta", "generation"]);
    while generation()?.starts_with("$-1") {
        tokio::task::yield_now().await;
    }
    let queues = world.owner.get("/queues").await?;
    let item = queues["items"].as_array().and_then(|all| all.iter().find(|one| one["name"] == "run"));
    assert_eq!(item.map(|one| &one["paused"]), Some(&true.into()), "{queues}");
    assert_eq!(world.owner.get(&format!("/runs/{run}")).await?["state"], "queued");
    world.owner.post("/queues/run/resume", &json!({})).await?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    assert_eq!(world.owner.last_words(&chat).await?, "At last.");
    Ok(())
}
