//! The database is swapped for an older copy of itself, and what somebody who holds Redis makes of that and of other forgeries
//! (SECURITY H10, R2, R4, B5).

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use metatron_bus::Bus;
use metatron_domain::command::ShellCall;
use metatron_domain::id::{TerminalId, UndoId};
use metatron_domain::terminal::message::TerminalCall;
use metatron_domain::undo::message::UndoCall;
use metatron_testkit::client::{Owner, Watch};
use metatron_testkit::model::Answer;
use metatron_testkit::world::World;
use reqwest::Method;
use serde_json::{Value, json};

/// The services that have the database open.
const USERS: [&str; 3] = ["api", "pulse-worker", "scheduler"];

/// A copy of the database as it is now.
fn copy(world: &World) -> Result<PathBuf> {
    let copy = world.stack.path("copy.db");
    let statement = format!("vacuum into '{}'", copy.display());
    let done = Command::new("sqlite3").arg(world.stack.path("data/metatron.db")).arg(statement).status()?;
    ensure!(done.success(), "sqlite3 ended with {done}");
    Ok(copy)
}

/// Puts the copy in the database's place; Redis and the shell host live on.
fn restore(world: &mut World, copy: &PathBuf) -> Result<()> {
    for service in USERS {
        world.stack.stop(service)?;
    }
    let database = world.stack.path("data/metatron.db");
    for beside in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{beside}", database.display()));
    }
    std::fs::rename(copy, &database)?;
    Ok(())
}

fn back(world: &mut World) -> Result<()> {
    for service in USERS {
        world.stack.restart(service)?;
    }
    Ok(())
}

/// The card that waits for a run.
async fn card(world: &World, watch: &mut Watch, run: &str) -> Result<Value> {
    let asked = watch.fact("approval.asked", |event| event["run_id"] == run).await?;
    world.owner.get(&format!("/approvals/{}", asked["subject"].as_str().context("no id")?)).await
}

/// A run whose command appends a line to `ran`, and waits for the owner; it is carried to its end so many times.
async fn waiting(world: &World, ends: usize) -> Result<(String, PathBuf)> {
    world.model.push(Answer::command("echo once >> ran.txt"));
    for _ in 0..ends {
        world.model.push(Answer::text("Done."));
    }
    let mut watch = world.owner.watch(0).await?;
    let (_, run) = world.owner.say("please").await?;
    card(world, &mut watch, &run).await?;
    Ok((run, world.stack.path("work/ran.txt")))
}

fn lines(path: &PathBuf) -> usize {
    std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

async fn audited(world: &World, kind: &str) -> Result<Vec<Value>> {
    let page = world.owner.get(&format!("/audit?kind={kind}")).await?;
    page["items"].as_array().cloned().context("no rows")
}

#[tokio::test]
async fn r2_h10_an_answer_that_waits_again_in_a_restored_database_runs_nothing_twice_and_the_copy_is_noticed()
-> Result<()> {
    let mut world = World::start().await?;
    let (run, ran) = waiting(&world, 2).await?;
    let copy = copy(&world)?;
    world.owner.decide(&run, "allow_once", None).await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    ensure!(lines(&ran) == 1);
    restore(&mut world, &copy)?;
    back(&mut world)?;
    world.owner = Owner::login(&world.stack.url()).await?;
    // The same card, with the same digest: and the host's journal knows better.
    ensure!(world.exec(&run).await?["state"] == "waiting_approval");
    world.owner.decide(&run, "allow_once", None).await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    ensure!(lines(&ran) == 1, "it ran twice");
    ensure!(world.exec(&run).await?["exit"]["code"] == 0, "what is told is how it ended the first time");
    // Nobody had the audit checked; it is said all the same, and stands in the audit that was brought back.
    world.stack.logged("api", "THE AUDIT IS NOT THE ONE").await?;
    let doubted = audited(&world, "audit.doubted").await?;
    ensure!(doubted.len() == 1 && doubted[0]["data"]["what"] == "truncated", "{doubted:?}");
    let found = world.owner.post("/audit/verify", &json!({})).await?;
    ensure!(found["ok"] == false && found["seal"] == "holds", "its own seal fits the copy: {found}");
    Ok(())
}

#[tokio::test]
async fn r4_a_start_that_a_restored_database_never_allowed_is_told_and_happens_once() -> Result<()> {
    let mut world = World::start().await?;
    let (run, ran) = waiting(&world, 1).await?;
    let copy = copy(&world)?;
    // The yes is on its way to a host that is away when the copy is brought back.
    world.stack.stop("shell-worker")?;
    world.owner.decide(&run, "allow_once", None).await?;
    let mut watch = world.owner.watch(0).await?;
    watch.fact("exec.approved", |event| event["run_id"] == run.as_str()).await?;
    let queue = "metatron-live:queue:shell:local:high";
    while world.stack.redis.command(&["XLEN", queue])?.trim() != ":1" {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    restore(&mut world, &copy)?;
    back(&mut world)?;
    world.stack.restart("shell-worker")?;
    world.owner = Owner::login(&world.stack.url()).await?;
    world.stack.logged("pulse-worker", "a command began which nobody allowed").await?;
    let told = audited(&world, "exec.unexplained").await?;
    ensure!(told.len() == 1 && told[0]["data"]["state"] == "waiting_approval", "{told:?}");
    let exec = world.exec(&run).await?;
    ensure!(exec["state"] == "waiting_approval", "what is known here decides what is asked: {exec}");
    world.owner.decide(&run, "allow_once", None).await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    ensure!(lines(&ran) == 1, "it ran twice");
    ensure!(audited(&world, "exec.unexplained").await?.len() == 1);
    Ok(())
}

#[tokio::test]
async fn b5_a_rule_that_was_revoked_does_not_come_back_with_the_copy_that_still_has_it() -> Result<()> {
    let mut world = World::start().await?;
    let mut watch = world.owner.watch(0).await?;
    let chat = world.owner.post("/chats", &json!({})).await?["id"].as_str().context("no chat")?.to_owned();
    let mode = json!({ "mode": "auto" });
    world.owner.send(world.owner.request(Method::PUT, &format!("/chats/{chat}/mode")).json(&mode)).await?;
    let program = std::fs::canonicalize("/usr/bin/mkdir")?;
    let folder = std::fs::canonicalize(world.stack.path("work"))?;
    let body = json!({ "program": program, "words": ["-p", "out"], "folder": folder, "until": null });
    let rule = world.owner.post("/rules", &body).await?["id"].as_str().context("no rule")?.to_owned();
    for _ in 0..2 {
        world.model.push(Answer::command("mkdir -p out"));
        world.model.push(Answer::text("Done."));
    }
    let say = async |world: &World| -> Result<String> {
        let text = json!({ "text": "make it" });
        let posted = world.owner.post(&format!("/chats/{chat}/messages"), &text).await?;
        Ok(posted["run"]["id"].as_str().context("no run")?.to_owned())
    };
    let run = say(&world).await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    ensure!(world.exec(&run).await?["under"]["rule"] == rule.as_str());
    let copy = copy(&world)?;
    world.owner.send(world.owner.request(Method::DELETE, &format!("/rules/{rule}"))).await?;
    for mode in ["plan", "auto", "plan", "auto"] {
        let body = json!({ "mode": mode });
        world
            .owner
            .send(world.owner.request(Method::PUT, &format!("/chats/{chat}/mode")).json(&body))
            .await?;
    }
    drop(watch);
    restore(&mut world, &copy)?;
    back(&mut world)?;
    world.owner = Owner::login(&world.stack.url()).await?;
    ensure!(world.owner.get("/rules").await?["items"][0]["id"] == rule.as_str(), "here it was never revoked");
    watch = world.owner.watch(0).await?;
    let run = say(&world).await?;
    let asked = card(&world, &mut watch, &run).await?;
    ensure!(asked["state"] == "waiting", "the host goes by the newest book it has seen: {asked}");
    // That is not kept from the owner, and their next change makes what stands here count, however often something was
    // changed after the copy was made.
    world.stack.logged("api", "THE RULES HERE ARE OLDER").await?;
    let warned = async |world: &World| -> Result<bool> {
        let session = world.owner.get("/session").await?;
        Ok(session["warnings"].as_array().is_some_and(|all| all.contains(&json!("rules_behind"))))
    };
    ensure!(warned(&world).await?);
    world.owner.decide(&run, "deny", None).await?;
    world.owner.ended(&run).await?;
    let other = world.owner.post("/chats", &json!({})).await?["id"].as_str().context("no chat")?.to_owned();
    let plan = json!({ "mode": "plan" });
    world.owner.send(world.owner.request(Method::PUT, &format!("/chats/{other}/mode")).json(&plan)).await?;
    ensure!(!warned(&world).await?);
    world.model.push(Answer::command("mkdir -p out"));
    world.model.push(Answer::text("Done."));
    let run = say(&world).await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    ensure!(world.exec(&run).await?["under"]["rule"] == rule.as_str(), "the rule is in force again");
    Ok(())
}

#[tokio::test]
async fn b5_what_only_api_may_say_to_a_host_is_audited_when_it_is_forged() -> Result<()> {
    let world = World::start().await?;
    let bus = Bus::connect(&world.stack.redis.url(), None, None, "somebody");
    let patience = std::time::Duration::from_secs(30);
    let sealed = || "Zm9yZ2Vk".to_owned();
    let opening = TerminalCall::Open { terminal: TerminalId::new(), sealed: sealed() };
    let undo = UndoCall::Begin { undo: UndoId::new(), sealed: sealed() };
    for call in [
        ShellCall::Terminal { call: Box::new(opening) },
        ShellCall::Book { version: 9, sealed: sealed() },
        ShellCall::KeepHead { count: 9, sealed: sealed() },
        ShellCall::Undo { call: Box::new(undo) },
    ] {
        for _ in 0..10 {
            bus.call("local", &call, patience).await?;
        }
    }
    for what in ["opening", "book", "head", "undo"] {
        world.stack.logged("api", &format!(r#""what":"{what}""#)).await?;
    }
    let mut rows = audited(&world, "host.forged").await?;
    rows.sort_by_key(|row| row["data"]["what"].to_string());
    let told: Vec<_> = rows.iter().map(|row| (&row["subject"], &row["data"])).collect();
    let local = json!("local");
    let expected: Vec<_> =
        ["book", "head", "opening", "undo"].iter().map(|what| json!({ "what": what, "count": 1 })).collect();
    ensure!(told == expected.iter().map(|data| (&local, data)).collect::<Vec<_>>(), "{rows:?}");
    // An honest start has nothing to tell, and neither has an honest restart.
    ensure!(audited(&world, "host.rewound").await?.is_empty());
    ensure!(world.owner.get("/terminals?state=open").await?["items"] == json!([]));
    Ok(())
}

#[tokio::test]
async fn p4_a_host_whose_journal_was_brought_back_says_so_and_asks_anew() -> Result<()> {
    let mut world = World::start().await?;
    let journal = world.stack.path("data/shell/journal");
    let copy = world.stack.path("journal.copy");
    world.model.push(Answer::command("touch first.txt"));
    world.model.push(Answer::text("Done."));
    let mut watch = world.owner.watch(0).await?;
    let (_, run) = world.owner.say("please").await?;
    card(&world, &mut watch, &run).await?;
    std::fs::copy(&journal, &copy)?;
    world.owner.decide(&run, "allow_once", None).await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    // A second card, measured while the journal was the true one.
    let (run, ran) = waiting(&world, 1).await?;
    world.stack.stop("shell-worker")?;
    std::fs::rename(&copy, &journal)?;
    world.stack.restart("shell-worker")?;
    world.stack.logged("api", r#""what":"rewound""#).await?;
    let rows = audited(&world, "host.rewound").await?;
    ensure!(rows.len() == 1 && rows[0]["subject"] == "local", "{rows:?}");
    world.owner.decide(&run, "allow_once", None).await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    let exec = world.exec(&run).await?;
    ensure!(exec["error"]["code"] == "changed_since_prepared", "{exec}");
    ensure!(lines(&ran) == 0);
    // A new question and a new yes run it.
    let (run, ran) = waiting(&world, 1).await?;
    world.owner.decide(&run, "allow_once", None).await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    ensure!(lines(&ran) == 1);
    Ok(())
}
