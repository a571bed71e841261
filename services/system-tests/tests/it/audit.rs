//! The audit of a real day: every kind that is promised stands in it, nothing in it tells a secret, and the shell host bears
//! witness (SECURITY H10, H11, R5).

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use metatron_testkit::client::{Owner, PASSWORD};
use metatron_testkit::model::Answer;
use metatron_testkit::world::World;
use reqwest::Method;
use serde_json::{Value, json};

/// Planted where the audit must not tell of them.
const SECRETS: [&str; 7] = [
    "canary-of-the-prompt",
    "canary-of-the-command",
    "canary-of-the-output",
    "canary-of-the-model",
    "canary-of-the-reason",
    "canary-of-the-instruction",
    "sk-planted",
];

async fn rows(owner: &Owner) -> Result<Vec<Value>> {
    let response = owner.request(Method::GET, "/audit/export").send().await?.error_for_status()?;
    let text = response.text().await?;
    for secret in SECRETS.iter().chain([&PASSWORD]) {
        ensure!(!text.contains(secret), "H11: the audit tells {secret}");
    }
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// A day on which everything that is audited happens; returns the run whose command ran.
async fn day(world: &World) -> Result<String> {
    let owner = &world.owner;
    let mut ran = String::new();
    for (command, decision) in [
        ("echo canary-of-the-command > made.txt; echo canary-of-the-'output'", "allow_once"),
        ("touch no.txt", "deny"),
        ("rm -rf /", ""),
    ] {
        world.model.push(Answer::command(command));
        world.model.push(Answer::text("canary-of-the-model"));
        let mut watch = owner.watch(0).await?;
        let (_, run) = owner.say("canary-of-the-prompt").await?;
        if !decision.is_empty() {
            watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
            let reason = (decision == "deny").then_some("canary-of-the-reason");
            owner.decide(&run, decision, reason).await?;
        }
        owner.ended(&run).await?;
        if decision == "allow_once" {
            ran = run;
        }
    }
    world.model.push(Answer::command("touch stopped.txt"));
    let mut watch = owner.watch(0).await?;
    let (_, stopped) = owner.say("canary-of-the-prompt").await?;
    watch.fact("approval.asked", |event| event["run_id"] == stopped.as_str()).await?;
    owner.post(&format!("/runs/{stopped}/stop"), &json!({})).await?;
    owner.ended(&stopped).await?;

    let token = owner.post("/tokens", &json!({ "name": "x", "scopes": ["read"] })).await?;
    let token = token["id"].as_str().context("no token")?.to_owned();
    owner.send(owner.request(Method::DELETE, &format!("/tokens/{token}"))).await?;
    let instruction = json!({ "instruction": "canary-of-the-instruction" });
    owner.send(owner.request(Method::PATCH, "/settings").json(&instruction)).await?;
    owner.post("/queues/run/pause", &json!({})).await?;
    owner.post("/queues/run/resume", &json!({})).await?;
    owner.post("/session/reauth", &json!({ "password": PASSWORD })).await?;
    let wrong = json!({ "password": "wrong wrong wrong" });
    assert_eq!(owner.refused("/login", &wrong).await?.1, "wrong_password");
    let other = Owner::login(&world.stack.url()).await?;
    other.send(other.request(Method::POST, "/logout").json(&json!({}))).await?;
    Ok(ran)
}

#[tokio::test]
async fn h10_everything_that_matters_is_audited_and_nothing_in_it_is_a_secret() -> Result<()> {
    let world = World::start().await?;
    let run = day(&world).await?;
    let exported = rows(&world.owner).await?;
    assert_eq!(exported[0]["format"], "metatron-audit-1");
    let kinds: BTreeSet<&str> = exported.iter().filter_map(|row| row["kind"].as_str()).collect();
    let promised = [
        "approval.asked",
        "approval.decided",
        "approval.withdrawn",
        "exec.approved",
        "exec.ended",
        "exec.judged",
        "exec.proposed",
        "exec.started",
        "login.failed",
        "owner.claimed",
        "provider.changed",
        "queue.changed",
        "run.stopping",
        "secret.stored",
        "session.closed",
        "session.confirmed",
        "session.opened",
        "setting.changed",
        "token.minted",
        "token.revoked",
    ];
    let missing: Vec<_> = promised.iter().filter(|kind| !kinds.contains(**kind)).collect();
    assert!(missing.is_empty(), "{missing:?} of {kinds:?}");

    // The story of the one command that ran, in its order.
    let of_command = |kind: &str| kind.starts_with("exec.") || kind.starts_with("approval.");
    let of_run = |row: &&Value| row["run_id"] == run.as_str() && row["kind"].as_str().is_some_and(of_command);
    let story: Vec<_> = exported.iter().filter(of_run).filter_map(|row| row["kind"].as_str()).collect();
    let expected = [
        "exec.proposed",
        "exec.judged",
        "approval.asked",
        "approval.decided",
        "exec.approved",
        "exec.started",
        "exec.ended",
    ];
    assert_eq!(story, expected);

    let found = world.owner.post("/audit/verify", &json!({})).await?;
    assert_eq!((&found["ok"], &found["complete"]), (&json!(true), &json!(true)), "{found}");
    assert_eq!(found["seal"], "holds");
    assert_eq!(found["witnesses"][0]["commands"], 1, "{found}");
    let last = exported.last().context("no rows")?;
    assert_eq!((&found["head"]["count"], &found["head"]["hash"]), (&last["seq"], &last["hash"]));
    // A head that was noted elsewhere.
    let noted = json!({ "head": found["head"] });
    assert_eq!(world.owner.post("/audit/verify", &noted).await?["ok"], true);
    let other = json!({ "head": { "count": 3, "hash": "00".repeat(32) } });
    let found = world.owner.post("/audit/verify", &other).await?;
    assert_eq!(found["findings"], json!([{ "what": "rewritten", "seq": 3, "by": "you" }]));

    let page = world.owner.get("/audit?q=MADE.txt&kind=exec.proposed").await?;
    assert_eq!(page["items"].as_array().map(Vec::len), Some(1), "{page}");
    assert_eq!(page["items"][0]["command_changed"], false);
    Ok(())
}

/// What somebody does who has the database's file.
fn tamper(world: &World, statements: &str) -> Result<()> {
    let status =
        Command::new("sqlite3").arg(world.stack.path("data/metatron.db")).arg(statements).status()?;
    ensure!(status.success(), "sqlite3 ended with {status}");
    Ok(())
}

#[tokio::test]
async fn h10_who_has_the_database_alone_hides_nothing() -> Result<()> {
    let mut world = World::start().await?;
    let run = day(&world).await?;
    // Down and up again: the head is sealed and told to the shell host at each end.
    world.stack.stop("api")?;
    tamper(
        &world,
        &format!(
            "drop trigger audit_is_never_deleted; delete from audit where seq >=
               (select seq from audit where kind = 'exec.started' and run_id = '{run}'); delete from audit_seal;"
        ),
    )?;
    world.stack.restart("api")?;
    world.owner = Owner::login(&world.stack.url()).await?;
    let found = world.owner.post("/audit/verify", &json!({})).await?;
    assert_eq!(found["ok"], false, "{found}");
    let by: BTreeSet<_> = found["findings"]
        .as_array()
        .context("none")?
        .iter()
        .filter_map(|finding| finding["by"].as_str())
        .collect();
    assert_eq!(by, BTreeSet::from(["local"]), "the seal is gone too; the shell host remembers: {found}");
    Ok(())
}
