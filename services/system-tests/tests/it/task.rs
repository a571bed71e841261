//! What begins by itself, by a plan and by nobody's word: it works in the mode of its own conversation, and nobody being
//! there, never in `full`. SECURITY P3, P6.

use anyhow::{Context as _, Result, ensure};
use metatron_domain::actor::Actor;
use metatron_domain::clock::{Clock as _, SystemClock};
use metatron_domain::id::ChatId;
use metatron_domain::run::Origin;
use metatron_store::Store;
use metatron_testkit::model::Answer;
use metatron_testkit::world::World;
use reqwest::Method;
use serde_json::{Value, json};

/// A task: a conversation of its own, in which the plan speaks.
struct Task<'a> {
    world: &'a World,
    store: Store,
    chat: ChatId,
}

impl<'a> Task<'a> {
    async fn new(world: &'a World) -> Result<Self> {
        let store = Store::open(&world.stack.path("data/metatron.db")).await?;
        let chat = world.owner.post("/chats", &json!({})).await?;
        Ok(Self { world, store, chat: chat["id"].as_str().context("no chat")?.parse()? })
    }

    async fn mode(&self, body: &Value) -> Result<()> {
        let path = format!("/chats/{}/mode", self.chat);
        self.world.owner.send(self.world.owner.request(Method::PUT, &path).json(body)).await.map(drop)
    }

    /// The plan's instant has come, and the model wants this command; returns the run.
    async fn wakes(&self, command: &str) -> Result<String> {
        self.world.model.push(Answer::command(command));
        self.world.model.push(Answer::text("Done."));
        let mut tx = self.store.begin().await?;
        let posted = tx
            .post_message(self.chat, "Tidy up.", Origin::Pulse, &Actor::Schedule, SystemClock.now())
            .await?;
        let _ = tx.commit().await?;
        Ok(posted.run.to_string())
    }

    /// The same; returns the command of the run that ended.
    async fn ends(&self, command: &str) -> Result<Value> {
        let run = self.wakes(command).await?;
        self.world.owner.ended(&run).await?;
        self.world.exec(&run).await
    }
}

#[tokio::test]
async fn p3_a_task_works_in_the_mode_of_its_conversation_and_never_in_full() -> Result<()> {
    let world = World::start().await?;
    let task = Task::new(&world).await?;

    task.mode(&json!({ "mode": "plan" })).await?;
    let exec = task.ends("touch planned.txt").await?;
    ensure!(exec["error"]["code"] == "plan_mode", "{exec}");

    task.mode(&json!({ "mode": "auto" })).await?;
    let program = std::fs::canonicalize("/usr/bin/mkdir")?;
    let folder = std::fs::canonicalize(world.stack.path("work"))?;
    let rule = json!({
        "program": program, "words": ["-p", "out"], "folder": folder, "chat_id": task.chat, "until": null,
    });
    let rule = world.owner.post("/rules", &rule).await?;
    let exec = task.ends("mkdir -p out").await?;
    ensure!(exec["under"]["rule"] == rule["id"] && exec["exit"]["code"] == 0, "{exec}");

    // Nobody is there who could have chosen more: what no rule allows is asked, although the mode is `full`.
    task.mode(&json!({ "mode": "full", "minutes": 30 })).await?;
    let exec = task.ends("mkdir -p out").await?;
    ensure!(exec["under"]["rule"] == rule["id"] && exec["exit"]["code"] == 0, "{exec}");
    let mut watch = world.owner.watch(0).await?;
    let run = task.wakes("touch by-itself.txt").await?;
    let asked = watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    let card =
        world.owner.get(&format!("/approvals/{}", asked["subject"].as_str().context("no id")?)).await?;
    ensure!(card["state"] == "waiting" && card["exec"]["command"] == "touch by-itself.txt", "{card}");
    ensure!(
        !world.stack.path("work/planned.txt").exists() && !world.stack.path("work/by-itself.txt").exists()
    );
    Ok(())
}
