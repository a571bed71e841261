//! `FLUSHALL` at every moment that can be told apart from outside.

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::story::Theatre;

#[tokio::test]
async fn redis_emptied_at_any_fact_of_the_story_costs_nothing() -> Result<()> {
    let mut theatre = Theatre::open().await?;
    for nth in 1.. {
        let command = theatre.command()?;
        let Theatre { world, owner, .. } = &mut theatre;
        let redis = &world.stack.redis;
        let mut seen = 0;
        let mut witness = |_: &str, _: &Value| {
            seen += 1;
            if seen == nth {
                redis.flushall().unwrap_or_default();
            }
        };
        let (_, run) = owner.say(&command.request(), &command.token).await?;
        let ours = |data: &Value| data["run_id"] == run.as_str();
        let asked = owner
            .fact(|kind, data| {
                witness(kind, data);
                kind == "approval.asked" && ours(data)
            })
            .await?;
        owner.decide(asked["subject"].as_str().context("no question")?, "allow_once").await?;
        // That it started is told only for the screen, and may be lost with Redis.
        command.has_started().await?;
        command.go()?;
        owner
            .fact(|kind, data| {
                witness(kind, data);
                kind == "run.ended" && ours(data)
            })
            .await?;
        let run = owner.get(&format!("/runs/{run}")).await?;
        assert_eq!(run["state"], "succeeded", "R1, emptied at fact {nth}: {run}");
        assert_eq!(run["execs"][0]["exit"]["code"], 0, "emptied at fact {nth}: {run}");
        assert_eq!(command.starts()?, 1, "R2, emptied at fact {nth}");
        if seen < nth {
            // The story has no further fact at which it could happen.
            break;
        }
    }
    theatre.is_sound().await
}
