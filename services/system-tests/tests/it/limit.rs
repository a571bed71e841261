//! What one conversation may hold at a time.

use anyhow::{Context as _, Result};
use metatron_testkit::model::Answer;
use metatron_testkit::world::World;
use reqwest::Method;
use serde_json::{Value, json};

use crate::hands::told;

#[tokio::test]
async fn a_ninth_terminal_in_one_conversation_is_not_opened() -> Result<()> {
    let mut world = World::start().await?;
    world.model.push(Answer::text("Here."));
    let (chat, run) = world.owner.say("hello").await?;
    world.owner.ended(&run).await?;
    world.model.request().await?;
    let full = json!({ "mode": "full", "minutes": 5 });
    let path = format!("/chats/{chat}/mode");
    world.owner.send(world.owner.request(Method::PUT, &path).json(&full)).await?;
    for n in 1..=9 {
        world.model.push(Answer::tool("terminal_open", &json!({ "why": format!("for {n}") })));
    }
    world.model.push(Answer::text("Enough."));
    let path = format!("/chats/{chat}/messages");
    let posted = world.owner.post(&path, &json!({ "text": "open nine" })).await?;
    let run = posted["run"]["id"].as_str().context("no run")?.to_owned();
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    let mut last = Value::Null;
    for _ in 1..=10 {
        last = world.model.request().await?;
    }
    let refused = told(&last)?;
    assert!(refused.starts_with("[not opened: 8 terminals are open in this conversation"), "{refused}");
    let open = world.owner.get("/terminals?state=open").await?;
    assert_eq!(open["items"].as_array().context("no list")?.len(), 8);
    Ok(())
}
