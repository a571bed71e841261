//! What the owner plans: it begins by itself at its instant, in a conversation and a mode of its own, and nobody being there
//! never in `full`; what can't begin in time is written down. SECURITY P3, P6.

use anyhow::{Context as _, Result, ensure};
use metatron_domain::clock::{Clock as _, SystemClock};
use metatron_testkit::client::Watch;
use metatron_testkit::model::Answer;
use metatron_testkit::shim::WallClock;
use metatron_testkit::world::World;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    value[name].as_str().with_context(|| format!("no {name}: {value}"))
}

/// The instant in `seconds`, as the API takes it.
fn at(seconds: u64) -> String {
    SystemClock.now().after(Duration::from_secs(seconds)).to_string()
}

/// Plans something for tomorrow in this mode.
async fn plan(world: &World, mode: &str) -> Result<Value> {
    let body = json!({ "text": "Tidy up.", "at": at(24 * 3_600), "mode": mode });
    world.owner.post("/tasks", &body).await
}

async fn begin(world: &World, task: &Value) -> Result<Value> {
    world.owner.post(&format!("/tasks/{}/begin", text(task, "id")?), &json!({})).await
}

async fn again(world: &World, task: &Value) -> Result<Value> {
    world.owner.get(&format!("/tasks/{}", text(task, "id")?)).await
}

/// The model wants `command` in the task, which begins now; returns the command of the run that ended.
async fn ends(world: &World, task: &Value, command: &str) -> Result<Value> {
    world.model.push(Answer::command(command));
    world.model.push(Answer::text("Done."));
    let begun = begin(world, task).await?;
    let run = text(&begun["run"], "id")?;
    world.owner.ended(run).await?;
    world.exec(run).await
}

async fn set_mode(world: &World, task: &Value, body: &Value) -> Result<Value> {
    let path = format!("/chats/{}/mode", text(task, "chat_id")?);
    world.owner.send(world.owner.request(Method::PUT, &path).json(body)).await
}

/// A rule that lets `mkdir -p out` run in the task alone.
async fn rule(world: &World, task: &Value) -> Result<Value> {
    let program = std::fs::canonicalize("/usr/bin/mkdir")?;
    let folder = std::fs::canonicalize(world.stack.path("work"))?;
    let rule = json!({
        "program": program, "words": ["-p", "out"], "folder": folder, "chat_id": task["chat_id"], "until": null,
    });
    world.owner.post("/rules", &rule).await
}

async fn over(watch: &mut Watch, task: &Value) -> Result<Value> {
    watch.fact("task.ended", |event| event["subject"] == task["id"]).await
}

#[tokio::test]
async fn p3_a_task_works_in_the_mode_that_it_was_planned_with_and_under_rules_of_its_own() -> Result<()> {
    let world = World::start().await?;
    let planning = plan(&world, "plan").await?;
    ensure!(planning["state"] == "planned" && planning["mode"] == "plan", "{planning}");
    let exec = ends(&world, &planning, "touch planned.txt").await?;
    ensure!(exec["error"]["code"] == "plan_mode", "{exec}");
    ensure!(again(&world, &planning).await?["state"] == "done", "it did what it might");

    let task = plan(&world, "auto").await?;
    let made = rule(&world, &task).await?;
    let exec = ends(&world, &task, "mkdir -p out").await?;
    ensure!(exec["under"]["rule"] == made["id"] && exec["exit"]["code"] == 0, "{exec}");

    // The rule was for that task: another one has to ask.
    let mut watch = world.owner.watch(0).await?;
    let other = plan(&world, "auto").await?;
    world.model.push(Answer::command("mkdir -p out"));
    let run = begin(&world, &other).await?["run"]["id"].clone();
    watch.fact("approval.asked", |event| event["run_id"] == run).await?;
    ensure!(!world.stack.path("work/planned.txt").exists());
    Ok(())
}

#[tokio::test]
async fn p6_nobody_being_there_full_counts_as_auto_and_is_never_planned() -> Result<()> {
    let world = World::start().await?;
    let body = json!({ "text": "Tidy up.", "mode": "full" });
    ensure!(world.owner.refused("/tasks", &body).await?.1 == "invalid_field");
    let task = plan(&world, "plan").await?;
    let full = json!({ "mode": "full", "minutes": 30 });
    ensure!(set_mode(&world, &task, &full).await.is_err(), "nor chosen while it is planned");
    ensure!(again(&world, &task).await?["mode"] == "plan");

    // Chosen while it works, it is the owner's who is there, and not the task's.
    set_mode(&world, &task, &json!({ "mode": "ask" })).await?;
    let mut watch = world.owner.watch(0).await?;
    world.model.push(Answer::command("touch one.txt"));
    let run = text(&begin(&world, &task).await?["run"], "id")?.to_owned();
    watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    set_mode(&world, &task, &full).await?;
    ensure!(again(&world, &task).await?["mode"] == "auto", "it counts as auto, and is shown so");
    world.model.push(Answer::command("touch by-itself.txt"));
    world.owner.decide(&run, "deny", None).await?;
    let asked = watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    let card = world.owner.get(&format!("/approvals/{}", text(&asked, "subject")?)).await?;
    ensure!(card["state"] == "waiting" && card["exec"]["command"] == "touch by-itself.txt", "{card}");
    ensure!(card["run_actor"]["kind"] == "schedule", "{card}");
    ensure!(!world.stack.path("work/by-itself.txt").exists());
    Ok(())
}

#[tokio::test]
async fn p6_a_task_begins_at_its_instant_parks_for_the_owner_and_goes_on_after_the_answer() -> Result<()> {
    let mut world = World::start().await?;
    let mut watch = world.owner.watch(0).await?;
    world.model.push(Answer::command("touch asked.txt"));
    world.model.push(Answer::text("It is there."));
    let body = json!({ "text": "# Make it\nand say so", "at": at(1) });
    let (_, task) = world.owner.post_once("/tasks", &body, "once").await?;
    let (_, twice) = world.owner.post_once("/tasks", &body, "once").await?;
    ensure!(task["id"] == twice["id"] && task["mode"] == "ask", "{task} {twice}");
    let chat = world.owner.get(&format!("/chats/{}", text(&task, "chat_id")?)).await?;
    ensure!(chat["title"] == "# Make it" && chat["planned_at"] == task["at"], "{chat}");

    let begun = watch.fact("task.begun", |event| event["subject"] == task["id"]).await?;
    ensure!(begun["actor"]["kind"] == "schedule", "{begun}");
    let run = text(&begun, "run_id")?.to_owned();
    watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    let parked = again(&world, &task).await?;
    ensure!(parked["state"] == "claimed" && parked["run"]["state"] == "waiting_approval", "{parked}");
    let chat = world.owner.get(&format!("/chats/{}", text(&task, "chat_id")?)).await?;
    ensure!(chat["planned_at"].is_null() && chat["waiting"] == true, "{chat}");
    world.owner.decide(&run, "allow_once", None).await?;
    ensure!(over(&mut watch, &task).await?["data"]["state"] == "done");
    let detail = world.owner.get(&format!("/runs/{run}")).await?;
    ensure!(detail["origin"] == "schedule" && detail["actor"]["kind"] == "schedule", "{detail}");
    ensure!(world.stack.path("work/asked.txt").exists());

    let shown = world.model.request().await?.to_string();
    ensure!(
        shown.contains("work that the owner planned"),
        "the model knows that nobody may be there: {shown}"
    );
    let past = world.owner.get("/tasks?state=past").await?;
    ensure!(past["items"][0]["id"] == task["id"] && past["items"][0]["state"] == "done", "{past}");
    let planned = world.owner.get("/tasks?state=planned").await?;
    ensure!(planned["items"] == json!([]), "{planned}");
    let path = format!("/tasks/{}/begin", text(&task, "id")?);
    ensure!(world.owner.refused(&path, &json!({})).await?.1 == "task_begun", "it begins once");
    Ok(())
}

#[tokio::test]
async fn p6_what_nobody_answers_in_time_ends_as_approval_expired_and_the_run_is_told() -> Result<()> {
    let sky = WallClock::new()?;
    let environment = sky.environment();
    let pairs: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let world = World::with(&pairs).await?;
    let mut watch = world.owner.watch(0).await?;
    world.model.push(Answer::command("touch asked.txt"));
    world.model.push(Answer::text("Nobody was there."));
    let task = world.owner.post("/tasks", &json!({ "text": "Make it" })).await?;
    let run = text(&task["run"], "id")?.to_owned();
    watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    sky.set(13 * 3_600)?;
    watch.fact("approval.expired", |event| event["run_id"] == run.as_str()).await?;
    ensure!(over(&mut watch, &task).await?["data"]["state"] == "done");
    // The session of before may be over by that clock.
    let owner = metatron_testkit::client::Owner::login(&world.stack.url()).await?;
    let detail = owner.get(&format!("/runs/{run}")).await?;
    ensure!(detail["execs"][0]["error"]["code"] == "approval_expired", "{detail}");
    ensure!(detail["execs"][0]["state"] == "denied" && detail["state"] == "succeeded", "{detail}");
    Ok(())
}

#[tokio::test]
async fn a_task_whose_time_passed_while_the_machine_was_off_is_missed_unless_it_may_be_late() -> Result<()> {
    let sky = WallClock::new()?;
    let environment = sky.environment();
    let pairs: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut world = World::with(&pairs).await?;
    let mut watch = world.owner.watch(0).await?;
    let punctual = json!({ "text": "at nine", "at": at(3_600), "grace_min": 15 });
    let patient = json!({ "text": "some time", "at": at(3_600), "grace_min": 300 });
    let (punctual, patient) =
        (world.owner.post("/tasks", &punctual).await?, world.owner.post("/tasks", &patient).await?);
    world.stack.kill("scheduler")?;
    sky.set(3 * 3_600)?;
    world.model.push(Answer::text("Late, and done."));
    world.stack.restart("scheduler")?;
    ensure!(over(&mut watch, &punctual).await?["data"]["state"] == "missed");
    ensure!(over(&mut watch, &patient).await?["data"]["state"] == "done");
    let missed = again(&world, &punctual).await?;
    ensure!(missed["run"].is_null() && text(&missed, "note")?.contains("off"), "{missed}");
    Ok(())
}

#[tokio::test]
async fn a_task_is_taken_back_once_and_goes_with_its_conversation() -> Result<()> {
    let world = World::start().await?;
    let task = plan(&world, "ask").await?;
    let path = format!("/tasks/{}", text(&task, "id")?);
    world.owner.send(world.owner.request(Method::DELETE, &path)).await?;
    ensure!(again(&world, &task).await?["state"] == "skipped");
    let twice = world.owner.request(Method::DELETE, &path).send().await?;
    ensure!(twice.status() == 409, "{}", twice.text().await?);

    let task = plan(&world, "ask").await?;
    let chat = format!("/chats/{}", text(&task, "chat_id")?);
    world.owner.send(world.owner.request(Method::DELETE, &chat)).await?;
    let planned = world.owner.get("/tasks").await?;
    ensure!(planned["items"] == json!([]), "{planned}");
    let mut watch = world.owner.watch(0).await?;
    ensure!(over(&mut watch, &task).await?["data"]["state"] == "skipped", "and that is written down");

    for wrong in [
        json!({ "text": "  " }),
        json!({ "text": "x", "at": "2020-01-01T00:00:00Z" }),
        json!({ "text": "x", "at": at(400 * 24 * 3_600) }),
        json!({ "text": "x", "grace_min": 0 }),
    ] {
        ensure!(world.owner.refused("/tasks", &wrong).await?.1 == "invalid_field", "{wrong}");
    }
    Ok(())
}

#[tokio::test]
async fn a_task_joins_no_run_of_somebody_else_and_begins_when_its_conversation_is_free() -> Result<()> {
    let world = World::start().await?;
    let mut watch = world.owner.watch(0).await?;
    let task = world.owner.post("/tasks", &json!({ "text": "Tidy up.", "at": at(2) })).await?;
    world.model.push(Answer::command("touch mine.txt"));
    let path = format!("/chats/{}/messages", text(&task, "chat_id")?);
    let mine = world.owner.post(&path, &json!({ "text": "first this" })).await?;
    let mine = text(&mine["run"], "id")?.to_owned();
    watch.fact("approval.asked", |event| event["run_id"] == mine.as_str()).await?;
    let busy = format!("/tasks/{}/begin", text(&task, "id")?);
    ensure!(world.owner.refused(&busy, &json!({})).await?.1 == "chat_busy");
    world.model.push(Answer::text("Left."));
    world.model.push(Answer::text("Tidied."));
    world.owner.decide(&mine, "deny", None).await?;
    let begun = watch.fact("task.begun", |event| event["subject"] == task["id"]).await?;
    ensure!(begun["run_id"] != mine.as_str(), "{begun}");
    ensure!(over(&mut watch, &task).await?["data"]["state"] == "done");
    Ok(())
}
