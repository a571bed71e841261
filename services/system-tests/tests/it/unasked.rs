//! What runs without a question stands in the history with what had allowed it, and a rule that is used up hides no other. Forged
//! keys stand in the audit. SECURITY P3, B5.

use anyhow::{Context as _, Result, ensure};
use metatron_testkit::model::Answer;
use metatron_testkit::world::World;
use reqwest::Method;
use serde_json::{Value, json};

use crate::terminal::Tab;

async fn say(world: &World, chat: &str, text: &str) -> Result<String> {
    let posted = world.owner.post(&format!("/chats/{chat}/messages"), &json!({ "text": text })).await?;
    Ok(posted["run"]["id"].as_str().context("no run")?.to_owned())
}

/// A rule for `mkdir -p out` in the workspace, for so many times.
async fn rule(world: &World, times: Option<u32>) -> Result<String> {
    let program = std::fs::canonicalize("/usr/bin/mkdir")?;
    let folder = std::fs::canonicalize(world.stack.path("work"))?;
    let body = json!({ "program": program, "words": ["-p", "out"], "folder": folder, "until": null, "times": times });
    let made = world.owner.post("/rules", &body).await?;
    Ok(made["id"].as_str().context("no rule")?.to_owned())
}

#[tokio::test]
async fn p3_a_used_up_rule_hides_no_other_and_the_history_names_the_one_that_allowed() -> Result<()> {
    let world = World::start().await?;
    let chat = world.owner.post("/chats", &json!({})).await?["id"].as_str().context("no chat")?.to_owned();
    let mode = json!({ "mode": "auto" });
    world.owner.send(world.owner.request(Method::PUT, &format!("/chats/{chat}/mode")).json(&mode)).await?;
    let lasting = rule(&world, None).await?;
    // The newest stands first in what hosts are told: this one would hide the other for an hour.
    let once = rule(&world, Some(1)).await?;
    let mut used = Vec::new();
    for _ in 0..2 {
        world.model.push(Answer::command("mkdir -p out"));
        world.model.push(Answer::text("Done."));
        let run = say(&world, &chat, "make it").await?;
        ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
        used.push(world.exec(&run).await?["under"]["rule"].clone());
    }
    ensure!(used == [json!(once), json!(lasting)], "{used:?}");
    let page = world.owner.get("/execs/unasked?limit=1").await?;
    let first = &page["items"][0];
    ensure!(first["rule"]["id"] == lasting.as_str() && first["chat_id"] == chat.as_str(), "{page}");
    ensure!(
        first["rule"]["words"] == json!(["-p", "out"]) && first["exec"]["command"] == "mkdir -p out",
        "{page}"
    );
    let cursor = page["next_cursor"].as_str().context("no further page")?;
    let next = world.owner.get(&format!("/execs/unasked?limit=1&cursor={cursor}")).await?;
    ensure!(next["items"][0]["rule"]["id"] == once.as_str() && next["next_cursor"].is_null(), "{next}");
    Ok(())
}

#[tokio::test]
async fn b5_keys_that_are_forged_or_played_again_type_nothing_and_are_audited() -> Result<()> {
    let world = World::start().await?;
    let mut tab = Tab::open(&world.owner).await?;
    tab.types("echo rea''dy\r").await?;
    tab.until("ready\r\n").await?;
    let forged = json!({ "terminal": tab.id, "sequence": 99, "sealed": "Zm9yZ2Vk" }).to_string();
    for _ in 0..50 {
        world.stack.redis.command(&["PUBLISH", "metatron-live:shell:local:keys", &forged])?;
    }
    world.stack.logged("api", "forged or played again").await?;
    let audit = world.owner.get("/audit?kind=terminal.forged").await?;
    let rows: &Vec<Value> = audit["items"].as_array().context("no audit")?;
    ensure!(rows.len() == 1, "a flood of them is one row a minute: {audit}");
    ensure!(rows[0]["data"]["code"] == "seal_broken" && rows[0]["subject"] == tab.id.as_str(), "{audit}");
    // The owner's own keys go on.
    tab.types("echo st''ill\r").await?;
    tab.until("still\r\n").await?;
    Ok(())
}
