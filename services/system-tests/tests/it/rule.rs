//! Rules, modes, changed commands: what the owner allows beforehand, over HTTP and with the real binaries. SECURITY P3, P4.

use anyhow::{Context as _, Result, ensure};
use metatron_testkit::client::Watch;
use metatron_testkit::model::Answer;
use metatron_testkit::world::World;
use reqwest::Method;
use serde_json::{Value, json};

/// The card that waits for a run.
async fn card(world: &World, watch: &mut Watch, run: &str) -> Result<Value> {
    let asked = watch.fact("approval.asked", |event| event["run_id"] == run).await?;
    world.owner.get(&format!("/approvals/{}", asked["subject"].as_str().context("no id")?)).await
}

async fn answer(world: &World, card: &Value, decision: &str, more: &Value) -> Result<Value> {
    let mut body = json!({ "decision": decision, "digest": card["digest"], "nonce": card["nonce"] });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let id = card["id"].as_str().context("no approval id")?;
    world.owner.post(&format!("/approvals/{id}/decision"), &body).await
}

async fn set_mode(world: &World, chat: &str, body: &Value) -> Result<Value> {
    world.owner.send(world.owner.request(Method::PUT, &format!("/chats/{chat}/mode")).json(body)).await
}

/// Says something in a conversation that is there; returns the run.
async fn say(world: &World, chat: &str, text: &str) -> Result<String> {
    let posted = world.owner.post(&format!("/chats/{chat}/messages"), &json!({ "text": text })).await?;
    Ok(posted["run"]["id"].as_str().context("no run")?.to_owned())
}

/// The rule that a card proposes, as it is sent back.
fn proposed(card: &Value) -> Result<Value> {
    let rule = &card["proposal"]["rule"];
    ensure!(rule.is_object(), "no rule is proposed: {card}");
    Ok(json!({
        "program": rule["program"], "words": rule["words"], "open": rule["open"], "folder": rule["folder"],
        "chat_id": rule["scope"]["chat"], "until": rule["until"], "times": null,
    }))
}

#[tokio::test]
async fn p3_a_rule_made_on_the_card_lets_the_same_command_run_and_nothing_else_until_it_is_revoked()
-> Result<()> {
    let world = World::start().await?;
    let mut watch = world.owner.watch(0).await?;
    for _ in 0..2 {
        world.model.push(Answer::command("mkdir -p out"));
        world.model.push(Answer::text("Done."));
    }
    let (chat, run) = world.owner.say("make it").await?;
    let first = card(&world, &mut watch, &run).await?;
    ensure!(first["proposal"]["rule"]["words"] == json!(["-p", "out"]), "{first}");
    let answered =
        answer(&world, &first, "allow_rule", &json!({ "rule": proposed(&first)?, "auto": true })).await?;
    ensure!(answered["state"] == "allowed" && answered["decided_from"]["address"].is_string(), "{answered}");
    world.owner.ended(&run).await?;
    let rules = world.owner.get("/rules").await?;
    let rule = rules["items"][0]["id"].as_str().context("no rule")?.to_owned();
    ensure!(answered["rule_id"] == rule.as_str() && rules["items"][0]["used"] == 0, "{rules}");
    ensure!(world.owner.get(&format!("/chats/{chat}")).await?["mode"] == "auto");

    let run = say(&world, &chat, "again").await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    let exec = world.exec(&run).await?;
    ensure!(exec["under"]["rule"] == rule.as_str() && exec["approval_id"].is_null(), "{exec}");
    ensure!(exec["exit"]["code"] == 0, "{exec}");
    let detail = world.owner.get(&format!("/rules/{rule}")).await?;
    ensure!(detail["used"] == 1 && detail["uses"][0]["id"] == exec["id"], "{detail}");

    // Another word, and another conversation, ask.
    world.model.push(Answer::command("mkdir -p other"));
    world.model.push(Answer::text("Done."));
    let run = say(&world, &chat, "another").await?;
    let asked = card(&world, &mut watch, &run).await?;
    answer(&world, &asked, "deny", &json!({})).await?;
    world.owner.ended(&run).await?;

    world.owner.send(world.owner.request(Method::DELETE, &format!("/rules/{rule}"))).await?;
    world.model.push(Answer::command("mkdir -p out"));
    world.model.push(Answer::text("Done."));
    let run = say(&world, &chat, "once more").await?;
    let asked = card(&world, &mut watch, &run).await?;
    ensure!(asked["state"] == "waiting", "a revoked rule allows nothing: {asked}");
    Ok(())
}

#[tokio::test]
async fn p3_what_could_do_everything_can_have_no_rule_and_the_refusal_says_why() -> Result<()> {
    let world = World::start().await?;
    for (program, words, reason) in [
        ("/usr/bin/python3", json!(["x.py"]), "whatever program"),
        ("/usr/bin/env", json!(["ls"]), "another program"),
        ("/usr/bin/curl", json!(["https://example.org"]), "network"),
        ("/usr/bin/rm", json!(["x"]), "can't be undone"),
    ] {
        let body = json!({ "program": program, "words": words, "folder": "/", "until": null });
        let request = world.owner.request(Method::POST, "/rules").json(&body);
        let response = request.send().await?;
        let problem: Value = response.json().await?;
        let detail = problem["errors"][0]["detail"].as_str().context("no detail")?;
        ensure!(problem["code"] == "invalid_field" && detail.contains(reason), "{program}: {problem}");
    }
    ensure!(world.owner.get("/rules").await?["items"] == json!([]));
    Ok(())
}

#[tokio::test]
async fn p4_a_changed_command_is_asked_anew_and_the_model_is_told_what_ran_instead() -> Result<()> {
    let mut world = World::start().await?;
    let mut watch = world.owner.watch(0).await?;
    world.model.push(Answer::command("touch wrong.txt"));
    world.model.push(Answer::text("Understood."));
    let (_, run) = world.owner.say("make a file").await?;
    let first = card(&world, &mut watch, &run).await?;
    let path = format!("/approvals/{}/decision", first["id"].as_str().context("no id")?);
    let forbidden = json!({ "decision": "edit", "digest": first["digest"], "nonce": first["nonce"], "command": "rm -rf /" });
    ensure!(world.owner.refused(&path, &forbidden).await?.1 == "invalid_field");
    answer(&world, &first, "edit", &json!({ "command": "touch right.txt" })).await?;
    let second = card(&world, &mut watch, &run).await?;
    ensure!(second["id"] == first["id"] && second["digest"] != first["digest"], "{second}");
    ensure!(second["exec"]["edited_from"] == "touch wrong.txt", "{second}");
    // What was seen before the change allows nothing.
    let old = json!({ "decision": "allow_once", "digest": first["digest"], "nonce": first["nonce"] });
    ensure!(world.owner.refused(&path, &old).await?.1 == "digest_mismatch");
    answer(&world, &second, "allow_once", &json!({})).await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    ensure!(world.stack.path("work/right.txt").exists() && !world.stack.path("work/wrong.txt").exists());
    world.model.request().await?;
    let told =
        world.model.request().await?["messages"][3]["content"].as_str().context("no result")?.to_owned();
    ensure!(told.contains("the owner changed the command") && told.contains("touch right.txt"), "{told}");
    Ok(())
}

#[tokio::test]
async fn a_token_s_run_works_in_the_mode_that_the_owner_gave_the_token() -> Result<()> {
    let world = World::start().await?;
    let token =
        world.owner.post("/tokens", &json!({ "name": "outside", "scopes": ["read", "chat"] })).await?;
    let (id, value) = (token["id"].as_str().context("no id")?, token["token"].as_str().context("no value")?);
    let mode = json!({ "mode": "plan" });
    world.owner.send(world.owner.request(Method::PUT, &format!("/tokens/{id}/mode")).json(&mode)).await?;
    world.model.push(Answer::command("touch outside.txt"));
    world.model.push(Answer::text("I would touch it."));
    let http = reqwest::Client::new();
    let post = async |path: String, body: Value| -> Result<Value> {
        let url = format!("{}/api/v1{path}", world.stack.url());
        Ok(http.post(url).bearer_auth(value).json(&body).send().await?.json().await?)
    };
    let chat = post("/chats".to_owned(), json!({})).await?;
    let chat = chat["id"].as_str().context("no chat")?;
    let posted = post(format!("/chats/{chat}/messages"), json!({ "text": "make a file" })).await?;
    let run = posted["run"]["id"].as_str().context("no run")?;
    ensure!(world.owner.ended(run).await?["state"] == "succeeded");
    ensure!(world.exec(run).await?["error"]["code"] == "plan_mode");
    ensure!(!world.stack.path("work/outside.txt").exists());
    Ok(())
}

#[tokio::test]
async fn plan_mode_refuses_without_a_question_and_full_asks_only_what_lies_on_the_floor() -> Result<()> {
    let mut world = World::start().await?;
    let mut watch = world.owner.watch(0).await?;
    let chat = world.owner.post("/chats", &json!({})).await?["id"].as_str().context("no chat")?.to_owned();
    set_mode(&world, &chat, &json!({ "mode": "plan" })).await?;
    world.model.push(Answer::command("touch planned.txt"));
    world.model.push(Answer::text("I would touch it."));
    let run = say(&world, &chat, "make a file").await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    let exec = world.exec(&run).await?;
    ensure!(exec["state"] == "denied" && exec["error"]["code"] == "plan_mode", "{exec}");
    let first = world.model.request().await?;
    ensure!(first["messages"][0]["content"].as_str().context("no prompt")?.contains("plan mode"));
    let told =
        world.model.request().await?["messages"][3]["content"].as_str().context("no result")?.to_owned();
    ensure!(told.contains("plan mode"), "{told}");

    let set = set_mode(&world, &chat, &json!({ "mode": "full", "minutes": 30 })).await?;
    ensure!(set["mode"] == "full" && set["mode_until"].is_string(), "{set}");
    world.model.push(Answer::command("touch a.txt; touch b.txt"));
    world.model.push(Answer::text("Done."));
    let run = say(&world, &chat, "now do it").await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    let exec = world.exec(&run).await?;
    ensure!(exec["under"]["under"] == "full" && exec["exit"]["code"] == 0, "{exec}");
    ensure!(world.stack.path("work/b.txt").exists() && !world.stack.path("work/planned.txt").exists());
    world.model.push(Answer::command("rm a.txt"));
    world.model.push(Answer::text("Done."));
    let run = say(&world, &chat, "remove it").await?;
    let asked = card(&world, &mut watch, &run).await?;
    ensure!(asked["risk"] == "high", "{asked}");
    answer(&world, &asked, "deny", &json!({ "reason": "keep it" })).await?;
    world.owner.ended(&run).await?;
    ensure!(world.stack.path("work/a.txt").exists());
    Ok(())
}
