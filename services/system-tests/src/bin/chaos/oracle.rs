//! The judge outside the product: what commands themselves wrote, what SQLite says of itself, which processes are left.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use metatron_testkit::client::{Frame, Owner};
use metatron_testkit::patient::Patient;
use metatron_testkit::world::World;
use serde_json::{Value, json};

use crate::load::{Asked, Book, Kind};

/// How long a command's processes may outlive it (R7).
const ORPHANS: Duration = Duration::from_secs(10);
/// How long a terminal's bytes may take.
const OUTPUT: Duration = Duration::from_mins(1);

/// Reads a terminal's output from the beginning, over as many connections as it takes: every byte once, in order (R8).
pub(crate) async fn output(owner: &Owner, exec: &Value) -> Result<()> {
    let Some(terminal) = exec["terminal_id"].as_str() else { return Ok(()) };
    if !matches!(exec["state"].as_str(), Some("ended" | "unknown")) {
        return Ok(());
    }
    let (mut bytes, deadline) = (Vec::new(), Instant::now() + OUTPUT);
    while let Err(error) = read_on(owner, terminal, &mut bytes).await {
        ensure!(Instant::now() < deadline, "{terminal}: {error:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let told = exec["output_bytes"].as_u64().unwrap_or_default();
    ensure!(bytes.len() as u64 >= told, "{terminal} showed {} of {told} bytes", bytes.len());
    if exec["exit"]["code"] == 0
        && let Some(count) = exec["command"].as_str().and_then(|text| text.strip_prefix("seq 1 "))
        && let Ok(count) = count.parse::<u64>()
    {
        let shown = String::from_utf8_lossy(&bytes);
        let same = shown.split_terminator("\r\n").eq((1..=count).map(|number| number.to_string()));
        ensure!(same, "{terminal} showed other bytes than the command wrote");
    }
    Ok(())
}

async fn read_on(owner: &Owner, terminal: &str, bytes: &mut Vec<u8>) -> Result<()> {
    let mut watch = owner.watch(i64::MAX).await?;
    let topic = format!("terminal.{terminal}");
    watch.subscribe(&json!({ "topic": topic, "from": bytes.len() })).await?;
    loop {
        match watch.frame().await? {
            Frame::Bytes(_, offset, more) => {
                ensure!(offset == bytes.len() as u64, "bytes {offset} came after {}", bytes.len());
                bytes.extend(more);
            }
            Frame::Json(frame) if frame["topic"] == topic.as_str() && frame["ev"] == "terminal.end" => {
                let end = frame["offset"].as_u64().unwrap_or_default();
                ensure!(end == bytes.len() as u64, "it ended at {end} and {} bytes came", bytes.len());
                return Ok(());
            }
            Frame::Json(frame) if frame["topic"] == topic.as_str() && frame["ev"] == "gap" => {
                bail!("a gap in a recording that is kept: {frame}");
            }
            Frame::Json(_) | Frame::Screen(..) => {}
        }
    }
}

/// Judges the whole after everything is quiet.
pub(crate) async fn judge(world: &World, book: &Book) -> Result<()> {
    let owner = Patient::new(world.owner.clone());
    let started = started_of(&facts(&owner, book).await?);
    let seen = fs::read_to_string(&book.oracle)?;
    let mut starts: BTreeMap<&str, u32> = BTreeMap::new();
    for token in seen.lines() {
        *starts.entry(token).or_default() += 1;
    }
    book.pages().starts = seen.lines().count() as u64;
    for (token, count) in starts.iter().filter(|(_, count)| **count > 1) {
        book.violated(format!("R2: {token} was started {count} times"));
    }
    let runs = book.pages().runs.clone();
    for (run, asked) in &runs {
        let detail = owner.get(&format!("/runs/{run}")).await?;
        let state = detail["state"].as_str().unwrap_or_default();
        if !matches!(state, "succeeded" | "failed" | "cancelled" | "expired") {
            book.violated(format!("R1: {run} is {state}"));
        }
        for asked in asked {
            judge_command(&owner, book, &detail, asked, starts.contains_key(asked.token.as_str()), &started)
                .await?;
        }
    }
    let open = owner.get("/runs?state=open").await?;
    if open["items"].as_array().is_none_or(|items| !items.is_empty()) {
        book.violated(format!("R1: runs are left open: {open}"));
    }
    let database = world.stack.path("data/metatron.db");
    let checked = Command::new("sqlite3").arg(&database).arg("pragma integrity_check").output()?;
    if String::from_utf8_lossy(&checked.stdout).trim() != "ok" {
        book.violated(format!("R6: {}", String::from_utf8_lossy(&checked.stdout)));
    }
    let deadline = Instant::now() + ORPHANS;
    while let left @ 1.. = orphans(world)?.len() {
        if Instant::now() > deadline {
            book.violated(format!("R7: {left} processes outlived their commands: {:?}", orphans(world)?));
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// What must hold of one command, given whether the oracle saw it start.
async fn judge_command(
    owner: &Patient,
    book: &Book,
    run: &Value,
    asked: &Asked,
    was_started: bool,
    started: &BTreeSet<String>,
) -> Result<()> {
    let execs = run["execs"].as_array().context("no commands")?;
    let exec = execs.iter().find(|exec| {
        exec["command"].as_str().is_some_and(|text| text.contains(&format!("{} ", asked.token)))
    });
    let Some(exec) = exec else {
        if was_started {
            book.violated(format!("R4: {} was started and nobody asked for it", asked.token));
        }
        return Ok(());
    };
    let (id, state) = (exec["id"].as_str().unwrap_or_default(), exec["state"].as_str().unwrap_or_default());
    if matches!(state, "proposed" | "preparing" | "waiting_approval" | "approved" | "running") {
        book.violated(format!("R1: command {id} is left {state}"));
    }
    let through = state == "ended" && exec["exit"]["code"] == 0;
    if through && !was_started {
        book.violated(format!("{} is said to have run and did not: {exec}", asked.token));
    }
    if !was_started {
        return Ok(());
    }
    if asked.kind == Kind::Denied || !matches!(state, "ended" | "unknown") {
        book.violated(format!("R4: {} was started and is {state}: {exec}", asked.token));
    }
    if !started.contains(id) {
        book.violated(format!("R5: no fact tells of the start of {id}"));
    }
    let approval = exec["approval_id"].as_str().unwrap_or_default();
    let answer = owner.get(&format!("/approvals/{approval}")).await?;
    if answer["state"] != "allowed" {
        book.violated(format!("R4: {} was started under {answer}", asked.token));
    }
    Ok(())
}

/// All facts; their numbers must have no hole.
async fn facts(owner: &Patient, book: &Book) -> Result<Vec<Value>> {
    let (mut facts, mut last) = (Vec::new(), 0);
    loop {
        let mut page = owner.get(&format!("/events?after={last}&limit=1000")).await?;
        let Value::Array(items) = page["items"].take() else { bail!("no page of facts") };
        if items.is_empty() {
            break;
        }
        for fact in items {
            if fact["eid"] != last + 1 {
                book.violated(format!("fact {} follows {last}", fact["eid"]));
            }
            last = fact["eid"].as_i64().unwrap_or(last + 1);
            facts.push(fact);
        }
    }
    book.pages().facts = facts.len() as u64;
    Ok(facts)
}

/// Commands whose start the facts tell of, directly or by an end that only a start can have.
fn started_of(facts: &[Value]) -> BTreeSet<String> {
    let tells = |fact: &&Value| {
        fact["type"] == "exec.started"
            || (fact["type"] == "exec.ended"
                && matches!(fact["data"]["state"].as_str(), Some("ended" | "unknown")))
    };
    let subjects = facts.iter().filter(tells).filter_map(|fact| fact["subject"].as_str());
    subjects.map(str::to_owned).collect()
}

/// Processes that carry this instance's marker of a command.
fn orphans(world: &World) -> Result<Vec<u32>> {
    let (marker, ours) = (b"METATRON_SESSION=".as_slice(), world.stack.path("work"));
    let ours = ours.to_string_lossy().into_owned();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // A process may be gone by now.
        let Ok(environment) = fs::read(entry.path().join("environ")) else { continue };
        let cwd = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        let is_command = environment.split(|byte| *byte == 0).any(|one| one.starts_with(marker));
        if is_command && cwd.to_string_lossy().starts_with(&ours) {
            found.push(pid);
        }
    }
    Ok(found)
}
