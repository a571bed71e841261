//! What one conversation may hold at a time.

use anyhow::{Context as _, Result};
use metatron_testkit::model::Answer;
use metatron_testkit::world::World;
use reqwest::Method;
use serde_json::{Value, json};

use crate::hands::{Scene, told, waits};

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

#[tokio::test]
async fn the_same_look_with_the_same_answer_three_times_ends_the_run_and_waiting_does_not() -> Result<()> {
    let mut scene = Scene::open(|id| {
        let look = Answer::tool("terminal_read", &json!({ "terminal": id }));
        let wait = waits(id, "input", "");
        vec![wait.clone(), wait.clone(), wait, look.clone(), look.clone(), look, Answer::text("never")]
    })
    .await?;
    let ended = scene.ends().await?;
    assert_eq!(
        (&ended["state"], &ended["error"]["code"]),
        (&json!("failed"), &json!("run_limit")),
        "{ended}"
    );
    let detail = ended["error"]["detail"].as_str().context("no detail")?;
    assert!(detail.contains("same tool call three times"), "{detail}");
    let mut looks = 0;
    for _ in 0..6 {
        looks += usize::from(scene.told().await?.starts_with("[terminal"));
    }
    assert_eq!(scene.world.model.unread(), 0);
    assert_eq!(looks, 2, "the third was not told any more");
    Ok(())
}
