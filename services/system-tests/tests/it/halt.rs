//! The switch that stops everything, and what work that nobody watches may do and cost at most. SECURITY P6.

use anyhow::{Context as _, Result, ensure};
use metatron_testkit::model::Answer;
use metatron_testkit::world::World;
use reqwest::Method;
use serde_json::{Value, json};

async fn halt(world: &World, halted: bool) -> Result<Value> {
    let request = world.owner.request(Method::PUT, "/halt").json(&json!({ "halted": halted }));
    world.owner.send(request).await
}

/// The code of what a program with this token gets for a message.
async fn said_by(world: &World, token: &str, chat: &Value) -> Result<(u16, Value)> {
    let path =
        format!("{}/api/v1/chats/{}/messages", world.stack.url(), chat["id"].as_str().context("no id")?);
    let client = reqwest::Client::new();
    let response = client.post(path).bearer_auth(token).json(&json!({ "text": "go" })).send().await?;
    Ok((response.status().as_u16(), response.json().await?))
}

#[tokio::test]
async fn p6_one_switch_ends_what_is_at_work_and_nothing_begins_by_itself_until_it_is_lifted() -> Result<()> {
    let world = World::start().await?;
    let mut watch = world.owner.watch(0).await?;
    let token =
        world.owner.post("/tokens", &json!({ "name": "outside", "scopes": ["read", "chat"] })).await?;
    let token = token["token"].as_str().context("no value")?.to_owned();
    // A command that runs, and work of the clock that waits for an answer.
    let held = world.held()?;
    let (_, running, _) = world.run_command(&held.command).await?;
    held.begun().await?;
    world.model.push(Answer::command("touch by-itself.txt"));
    let waiting = world.owner.post("/tasks", &json!({ "text": "Tidy up." })).await?;
    watch.fact("approval.asked", |event| event["run_id"] == waiting["run"]["id"]).await?;

    let told = halt(&world, true).await?;
    ensure!(told["stopped"] == 2 && told["halted_at"].is_string(), "{told}");
    ensure!(world.owner.ended(&running).await?["state"] == "cancelled");
    ensure!(world.exec(&running).await?["exit"]["how"] == "stopped");
    let run = waiting["run"]["id"].as_str().context("no run")?;
    ensure!(world.owner.ended(run).await?["state"] == "cancelled");
    ensure!(
        world.owner.get("/approvals?state=waiting").await?["items"] == json!([]),
        "nothing asks any more"
    );
    ensure!(halt(&world, true).await?["halted_at"] == told["halted_at"], "it is stopped since then");

    let chat = world.owner.post("/chats", &json!({})).await?;
    let (status, problem) = said_by(&world, &token, &chat).await?;
    ensure!(status == 409 && problem["code"] == "halted", "{problem}");
    let planned = world.owner.post("/tasks", &json!({ "text": "Later.", "at": soon() })).await?;
    let at_once = world.owner.refused("/tasks", &json!({ "text": "Now." })).await?;
    ensure!(at_once.1 == "halted", "{at_once:?}");
    // The owner is there, and is answered.
    world.model.push(Answer::text("Here."));
    let (_, run) = world.owner.say("are you there?").await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    let still = world.owner.get(&format!("/tasks/{}", planned["id"].as_str().context("no id")?)).await?;
    ensure!(still["state"] == "planned", "{still}");

    world.model.push(Answer::text("Done."));
    ensure!(halt(&world, false).await?["halted_at"].is_null());
    let ended = watch.fact("task.ended", |event| event["subject"] == planned["id"]).await?;
    ensure!(ended["data"]["state"] == "done", "what was planned meanwhile begins: {ended}");
    world.model.push(Answer::text("At your service."));
    ensure!(said_by(&world, &token, &chat).await?.0 == 201);
    let rows = world.owner.get("/audit?kind=halt.changed").await?;
    ensure!(rows["items"].as_array().is_some_and(|rows| rows.len() == 3), "{rows}");
    Ok(())
}

/// A conversation in mode `full`, in which the model wants this; returns the run.
async fn does(world: &World, answers: Vec<Answer>) -> Result<String> {
    let chat = world.owner.post("/chats", &json!({})).await?;
    let id = chat["id"].as_str().context("no id")?;
    let full = json!({ "mode": "full", "minutes": 5 });
    world.owner.send(world.owner.request(Method::PUT, &format!("/chats/{id}/mode")).json(&full)).await?;
    for answer in answers {
        world.model.push(answer);
    }
    let posted = world.owner.post(&format!("/chats/{id}/messages"), &json!({ "text": "go" })).await?;
    Ok(posted["run"]["id"].as_str().context("no run")?.to_owned())
}

#[tokio::test]
async fn p6_the_switch_also_ends_what_a_run_left_running() -> Result<()> {
    let world = World::start().await?;
    let open = json!({ "command": "sleep 1000", "why": "to wait" });
    let run = does(&world, vec![Answer::tool("terminal_open", &open), Answer::text("It runs on.")]).await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    ensure!(world.exec(&run).await?["state"] == "running", "its run leaves it");
    let told = halt(&world, true).await?;
    ensure!(told["stopped"] == 0 && told["unended"] == 0, "{told}");
    let mut watch = world.owner.watch(0).await?;
    watch.fact("exec.ended", |event| event["run_id"] == run.as_str()).await?;
    ensure!(world.exec(&run).await?["exit"]["how"] == "stopped");

    // The same for that run alone.
    halt(&world, false).await?;
    let run = does(&world, vec![Answer::tool("terminal_open", &open), Answer::text("It runs on.")]).await?;
    world.owner.ended(&run).await?;
    world.owner.post(&format!("/runs/{run}/stop"), &json!({})).await?;
    watch.fact("exec.ended", |event| event["run_id"] == run.as_str()).await?;
    ensure!(world.owner.refused(&format!("/runs/{run}/stop"), &json!({})).await?.1 == "run_ended");
    Ok(())
}

#[tokio::test]
async fn p6_the_switch_waits_for_no_queue_no_slot_and_no_worker() -> Result<()> {
    let mut world = World::start().await?;
    let mut watch = world.owner.watch(0).await?;
    // More than there are slots, and none of them heeds a polite word.
    let mut runs = Vec::new();
    for _ in 0..10 {
        let run = does(&world, vec![Answer::command("trap '' TERM INT HUP; sleep 1000")]).await?;
        watch.fact("exec.started", |event| event["run_id"] == run.as_str()).await?;
        runs.push(run);
    }
    world.model.push(Answer::command("touch by-itself.txt"));
    let waiting = world.owner.post("/tasks", &json!({ "text": "Tidy up." })).await?;
    watch.fact("approval.asked", |event| event["run_id"] == waiting["run"]["id"]).await?;
    world.owner.post("/queues/run/pause", &json!({})).await?;
    world.stack.kill("pulse-worker")?;

    let told = halt(&world, true).await?;
    ensure!(told["stopped"] == 11 && told["unended"] == 0, "{told}");
    ensure!(
        world.owner.get("/approvals?state=waiting").await?["items"] == json!([]),
        "nothing asks any more"
    );
    let run = waiting["run"]["id"].as_str().context("no run")?;
    ensure!(world.owner.ended(run).await?["state"] == "cancelled", "what only waited is over at once");
    world.stack.restart("pulse-worker")?;
    for run in runs {
        ensure!(world.owner.ended(&run).await?["state"] == "cancelled");
        ensure!(world.exec(&run).await?["exit"]["how"] == "stopped");
    }
    Ok(())
}

#[tokio::test]
async fn p6_the_owner_who_joins_work_of_the_clock_is_answered_whatever_it_has_spent() -> Result<()> {
    let world = World::start().await?;
    let mut watch = world.owner.watch(0).await?;
    let sum = json!({ "unattended_usd_per_day": 0 });
    world.owner.send(world.owner.request(Method::PATCH, "/settings").json(&sum)).await?;
    world.model.push(Answer::command("touch by-itself.txt"));
    let task = world.owner.post("/tasks", &json!({ "text": "Tidy up." })).await?;
    let run = task["run"]["id"].as_str().context("no run")?;
    watch.fact("approval.asked", |event| event["run_id"] == run).await?;
    let providers = world.owner.get("/providers").await?;
    let scripted =
        providers["items"].as_array().context("no list")?.iter().find(|it| it["name"] == "scripted");
    let id = scripted.and_then(|it| it["id"].as_str()).context("no provider")?;
    let price = json!({ "read_usd": 1, "write_usd": 1 });
    world
        .owner
        .send(world.owner.request(Method::PUT, &format!("/providers/{id}/price")).json(&price))
        .await?;
    let path = format!("/chats/{}/messages", task["chat_id"].as_str().context("no chat")?);
    world.owner.post(&path, &json!({ "text": "what is it for?" })).await?;
    world.model.push(Answer::text("For you."));
    world.owner.decide(run, "deny", None).await?;
    ensure!(world.owner.ended(run).await?["state"] == "succeeded");

    let alone = world.owner.post("/tasks", &json!({ "text": "Tidy up." })).await?;
    let ended = watch.fact("task.ended", |event| event["subject"] == alone["id"]).await?;
    ensure!(ended["data"]["state"] == "failed", "{ended}");
    Ok(())
}

fn soon() -> String {
    use metatron_domain::clock::{Clock as _, SystemClock};
    SystemClock.now().after(std::time::Duration::from_secs(1)).to_string()
}

#[tokio::test]
async fn p6_work_of_the_clock_ends_where_the_day_s_sum_is_spent_and_the_owner_is_answered_all_the_same()
-> Result<()> {
    let world = World::start().await?;
    let mut watch = world.owner.watch(0).await?;
    let providers = world.owner.get("/providers").await?;
    let scripted =
        providers["items"].as_array().context("no list")?.iter().find(|it| it["name"] == "scripted");
    let scripted = scripted.context("no provider")?;
    // A cent a token.
    let price = json!({ "read_usd": 10_000, "write_usd": 10_000 });
    let path = format!("/providers/{}/price", scripted["id"].as_str().context("no id")?);
    world.owner.send(world.owner.request(Method::PUT, &path).json(&price)).await?;
    let sum = json!({ "unattended_usd_per_day": 0.05 });
    let settings = world.owner.send(world.owner.request(Method::PATCH, "/settings").json(&sum)).await?;
    ensure!(settings["unattended_usd_per_day"] == 0.05, "{settings}");

    // What the owner asks for counts for nothing here.
    world.model.push(Answer::text("Dear."));
    let (_, run) = world.owner.say("what do you cost?").await?;
    world.owner.ended(&run).await?;
    world.model.push(Answer::text("Done."));
    let first = world.owner.post("/tasks", &json!({ "text": "Tidy up." })).await?;
    let ended = watch.fact("task.ended", |event| event["subject"] == first["id"]).await?;
    ensure!(ended["data"]["state"] == "done", "{ended}");
    let second = world.owner.post("/tasks", &json!({ "text": "Tidy up." })).await?;
    let ended = watch.fact("task.ended", |event| event["subject"] == second["id"]).await?;
    ensure!(ended["data"]["state"] == "failed", "{ended}");
    let run = world.owner.get(&format!("/runs/{}", second["run"]["id"].as_str().context("no run")?)).await?;
    ensure!(run["error"]["code"] == "daily_spend" && run["turns"] == 0, "{run}");
    world.model.push(Answer::text("Still here."));
    let (_, run) = world.owner.say("and now?").await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    Ok(())
}
