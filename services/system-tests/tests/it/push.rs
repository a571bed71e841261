//! Notifications, from the question to a push service that reads them with an implementation which is not ours, and what
//! becomes of a run that nobody watches (SECURITY P6, I20).

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use metatron_domain::clock::{Clock as _, SystemClock};
use metatron_testkit::client::Owner;
use metatron_testkit::model::Answer;
use metatron_testkit::push::{PushService, Sent};
use metatron_testkit::world::World;
use reqwest::Method;
use serde_json::{Value, json};

/// Lets notifications go to this machine.
const HERE: [(&str, &str); 1] = [("TEST_PUSH_STAYS_HERE", "1")];

fn reader() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("push")
}

/// Runs the device that is not ours.
fn node(what: &str, input: &Value) -> Result<Value> {
    let mut child = Command::new("node")
        .args(["device.mjs", what])
        .current_dir(reader())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("Node.js can't be started")?;
    child.stdin.take().context("no input")?.write_all(input.to_string().as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "the device can't {what}: {}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn install_reader() -> Result<()> {
    if reader().join("node_modules/http_ece").exists() {
        return Ok(());
    }
    let status = Command::new("npm")
        .args(["ci", "--loglevel=error", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(reader())
        .stdin(Stdio::null())
        .status()
        .context("npm can't be started")?;
    ensure!(status.success(), "npm ci ended with {status}");
    Ok(())
}

/// A device of the owner, and its keys.
struct Device {
    id: String,
    keys: Value,
    server_key: Value,
}

impl Device {
    async fn join(owner: &Owner, endpoint: &str) -> Result<Self> {
        install_reader()?;
        let keys = node("make", &Value::Null)?;
        let body = json!({
            "name": "phone", "endpoint": endpoint, "keys": { "p256dh": keys["p256dh"], "auth": keys["auth"] },
        });
        let made = owner.post("/push/devices", &body).await?;
        let id = made["id"].as_str().context("no device id")?.to_owned();
        let server_key = owner.get("/push/devices").await?["public_key"].clone();
        Ok(Self { id, keys, server_key })
    }

    /// What a message says, and who signed it for whom.
    fn read(&self, sent: &Sent) -> Result<Value> {
        let input = json!({
            "device": self.keys,
            "body": STANDARD.encode(&sent.body),
            "authorization": sent.headers.get("authorization"),
            "key": self.server_key,
        });
        node("read", &input)
    }

    async fn seen(&self, owner: &Owner) -> Result<Value> {
        let list = owner.get("/push/devices").await?;
        let items = list["items"].as_array().context("no list")?;
        Ok(items.iter().find(|item| item["id"] == self.id.as_str()).cloned().unwrap_or(Value::Null))
    }
}

#[tokio::test]
async fn a_question_reaches_the_device_alone_and_is_taken_back_when_it_is_answered() -> Result<()> {
    let world = World::with(&HERE).await?;
    let mut service = PushService::start().await?;
    let device = Device::join(&world.owner, &service.endpoint("one")).await?;
    world.model.push(Answer::command("touch canary-of-the-command.txt"));
    world.model.push(Answer::text("I leave it."));
    let (chat, run) = world.owner.say("canary-of-the-prompt").await?;

    let sent = service.next().await?;
    assert_eq!(sent.device, "one");
    assert_eq!(sent.headers["content-encoding"], "aes128gcm");
    assert_eq!(sent.headers["urgency"], "high");
    let ttl: u64 = sent.headers["ttl"].parse()?;
    assert!((1..=3_600).contains(&ttl), "no longer than the question waits: {ttl}");
    assert!(sent.headers["topic"].len() <= 32, "RFC 8030, 5.4");
    assert!(sent.body.len() <= 4_096, "RFC 8030, 7.2");
    assert!(!String::from_utf8_lossy(&sent.body).contains("canary"));
    let read = device.read(&sent)?;
    let waiting = world.owner.get("/approvals?state=waiting").await?;
    assert_eq!(read["says"]["kind"], "approval");
    assert_eq!(read["says"]["id"], waiting["items"][0]["id"]);
    assert_eq!(read["says"]["chat"], chat.as_str());
    assert!(!read.to_string().contains("canary"), "the lock screen learns nothing: {read}");
    assert_eq!(read["claims"]["aud"], service.origin());
    let now = std::time::UNIX_EPOCH.elapsed()?.as_secs();
    let valid = read["claims"]["exp"].as_u64().context("no end")?.saturating_sub(now);
    assert!((1..=24 * 3_600).contains(&valid), "RFC 8292, 2: {valid}");

    world.owner.decide(&run, "deny", None).await?;
    let back = service.next().await?;
    assert_eq!(back.headers["topic"], sent.headers["topic"], "it replaces what was not delivered");
    let back = device.read(&back)?;
    assert_eq!(back["says"]["kind"], "withdrawal");
    assert_eq!(back["says"]["id"], read["says"]["id"]);
    world.owner.ended(&run).await?;
    assert!(device.seen(&world.owner).await?["sent_at"].is_string());
    Ok(())
}

#[tokio::test]
async fn what_fails_is_tried_again_and_a_device_that_is_gone_is_removed() -> Result<()> {
    let world = World::with(&HERE).await?;
    let mut service = PushService::start().await?;
    let device = Device::join(&world.owner, &service.endpoint("one")).await?;
    let test = format!("/push/devices/{}/test", device.id);
    service.answer(500);
    world.owner.post(&test, &json!({})).await?;
    assert_eq!(service.next().await?.status, 500);
    let again = service.next().await?;
    assert_eq!(again.status, 201, "by itself, after a pause");
    assert_eq!(device.read(&again)?["says"]["kind"], "test");

    let mut watch = world.owner.watch(0).await?;
    service.answer(410);
    world.owner.post(&test, &json!({})).await?;
    watch.fact("push.changed", |event| event["data"]["state"] == "removed").await?;
    assert_eq!(device.seen(&world.owner).await?, Value::Null);
    let audited = world.owner.get("/audit?kind=push.removed").await?;
    assert_eq!(audited["items"][0]["subject"], device.id.as_str());
    assert_eq!(audited["items"][0]["actor"]["kind"], "schedule", "its push service said so");
    Ok(())
}

#[tokio::test]
async fn what_waits_for_its_next_try_is_not_sent_to_a_device_that_was_removed_meanwhile() -> Result<()> {
    let world = World::with(&HERE).await?;
    let mut service = PushService::start().await?;
    let first = Device::join(&world.owner, &service.endpoint("one")).await?;
    service.answer(500);
    world.owner.post(&format!("/push/devices/{}/test", first.id), &json!({})).await?;
    assert_eq!(service.next().await?.status, 500, "it is owed again");
    let removed = world.owner.request(Method::DELETE, &format!("/push/devices/{}", first.id));
    world.owner.send(removed).await?;
    // The same browser comes again, at the same address: what was meant for the device it was is not for it.
    let second = Device::join(&world.owner, &service.endpoint("one")).await?;
    assert_ne!(first.id, second.id);
    idle(&world).await?;
    assert_eq!(service.unread(), 0);
    world.owner.post(&format!("/push/devices/{}/test", second.id), &json!({})).await?;
    let sent = service.next().await?;
    assert_eq!(second.read(&sent)?["says"]["kind"], "test");
    assert!(first.read(&sent).is_err(), "the former device has other keys");
    Ok(())
}

/// Waits until no job of runs and notifications waits, is delayed or at work.
async fn idle(world: &World) -> Result<()> {
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    loop {
        let queues = world.owner.get("/queues").await?;
        let run = queues["items"].as_array().and_then(|all| all.iter().find(|one| one["name"] == "run"));
        if run.is_some_and(|run| run["depth"] == 0) {
            return Ok(());
        }
        ensure!(std::time::Instant::now() < deadline, "the queue is never empty: {queues}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_device_that_shows_the_chat_is_left_in_peace_until_it_looks_away() -> Result<()> {
    let world = World::with(&HERE).await?;
    let mut service = PushService::start().await?;
    let device = Device::join(&world.owner, &service.endpoint("one")).await?;
    let chat = world.owner.post("/chats", &json!({})).await?;
    let chat = chat["id"].as_str().context("no chat")?;
    let mut page = world.owner.watch(0).await?;
    page.ask(&json!({ "op": "visible", "device": device.id, "chat": chat })).await?;
    world.model.push(Answer::command("touch quiet.txt"));
    world.owner.post(&format!("/chats/{chat}/messages"), &json!({ "text": "do it" })).await?;
    page.fact("approval.asked", |_| true).await?;
    world.owner.post(&format!("/push/devices/{}/test", device.id), &json!({})).await?;
    let first = service.next().await?;
    assert_eq!(device.read(&first)?["says"]["kind"], "test", "the question is on the screen");
    page.ask(&json!({ "op": "visible", "device": device.id, "chat": null })).await?;
    let second = service.next().await?;
    assert_eq!(device.read(&second)?["says"]["kind"], "approval", "and still waits");
    Ok(())
}

#[tokio::test]
async fn i20_an_address_inside_is_no_device() -> Result<()> {
    let world = World::start().await?;
    install_reader()?;
    let keys = node("make", &Value::Null)?;
    for endpoint in [
        "http://push.example.org/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://169.254.169.254/x",
        "https://localhost/x",
    ] {
        let body = json!({
            "name": "phone", "endpoint": endpoint, "keys": { "p256dh": keys["p256dh"], "auth": keys["auth"] },
        });
        assert_eq!(world.owner.refused("/push/devices", &body).await?.1, "invalid_field", "{endpoint}");
    }
    Ok(())
}

/// The token of an outside program.
async fn program(world: &World) -> Result<String> {
    let body = json!({ "name": "program", "scopes": ["read", "chat"] });
    let made = world.owner.post("/tokens", &body).await?;
    Ok(made["token"].as_str().context("no token")?.to_owned())
}

/// Waits until the only device says that its push service refused a message.
async fn refused_by_now(world: &World) -> Result<()> {
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while world.owner.get("/push/devices").await?["items"][0]["failure"].is_null() {
        ensure!(std::time::Instant::now() < deadline, "nothing was refused");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    Ok(())
}

/// A message of an outside program; returns its run.
async fn program_says(world: &World, token: &str) -> Result<String> {
    let http = reqwest::Client::new();
    let url = format!("{}/api/v1", world.stack.url());
    let post = async |path: String, body: Value| -> Result<Value> {
        let request = http.post(format!("{url}{path}")).bearer_auth(token).json(&body);
        Ok(request.send().await?.error_for_status()?.json().await?)
    };
    let chat = post("/chats".to_owned(), json!({})).await?;
    let chat = chat["id"].as_str().context("no chat")?.to_owned();
    let posted = post(format!("/chats/{chat}/messages"), json!({ "text": "do it" })).await?;
    Ok(posted["run"]["id"].as_str().context("no run")?.to_owned())
}

/// Waits until a run is in a state, by asking: a socket would be an open page of the owner.
async fn stands(world: &World, run: &str, state: &str) -> Result<Value> {
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    loop {
        let detail = world.owner.get(&format!("/runs/{run}")).await?;
        if detail["state"] == state {
            return Ok(detail);
        }
        ensure!(std::time::Instant::now() < deadline, "the run never is {state}: {detail}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn p6_a_run_that_nobody_watches_ends_at_once_where_no_device_can_be_reached_and_waits_where_one_can()
-> Result<()> {
    let world = World::with(&HERE).await?;
    let token = program(&world).await?;
    world.model.push(Answer::command("touch unseen.txt"));
    let run = program_says(&world, &token).await?;
    let ended = stands(&world, &run, "expired").await?;
    assert_eq!(ended["error"]["code"], "owner_unreachable", "{ended}");
    assert_eq!(ended["execs"][0]["state"], "denied");
    assert!(!world.stack.path("work/unseen.txt").exists());

    let mut service = PushService::start().await?;
    let device = Device::join(&world.owner, &service.endpoint("one")).await?;
    world.model.push(Answer::command("touch seen.txt"));
    world.model.push(Answer::text("Done."));
    let run = program_says(&world, &token).await?;
    assert_eq!(device.read(&service.next().await?)?["says"]["kind"], "approval");
    stands(&world, &run, "waiting_approval").await?;
    world.owner.decide(&run, "allow_once", None).await?;
    stands(&world, &run, "succeeded").await?;
    assert!(world.stack.path("work/seen.txt").exists());

    let request = world.owner.request(Method::DELETE, &format!("/push/devices/{}", device.id));
    world.owner.send(request).await?;
    world.model.push(Answer::command("touch watched.txt"));
    let page = world.owner.watch(0).await?;
    let run = program_says(&world, &token).await?;
    stands(&world, &run, "waiting_approval").await?;
    drop(page);
    Ok(())
}

#[tokio::test]
async fn p6_a_run_whose_question_no_push_service_takes_ends_and_says_so() -> Result<()> {
    let world = World::with(&HERE).await?;
    let token = program(&world).await?;
    let service = PushService::start().await?;
    for (status, devices) in [(403, 1), (410, 0)] {
        let device = Device::join(&world.owner, &service.endpoint("phone")).await?;
        service.answer(status);
        world.model.push(Answer::command("touch unheard.txt"));
        let run = program_says(&world, &token).await?;
        let ended = stands(&world, &run, "expired").await?;
        assert_eq!(ended["error"]["code"], "owner_unreachable", "{status}: {ended}");
        assert_eq!(ended["execs"][0]["state"], "denied", "{status}");
        let left = world.owner.get("/push/devices").await?["items"].as_array().map(Vec::len);
        assert_eq!(left, Some(devices), "{status}: what is gone is forgotten, what refuses is kept");
        if devices > 0 {
            let request = world.owner.request(Method::DELETE, &format!("/push/devices/{}", device.id));
            world.owner.send(request).await?;
        }
    }
    assert!(!world.stack.path("work/unheard.txt").exists());
    Ok(())
}

#[tokio::test]
async fn p6_whoever_looks_at_a_page_needs_no_device() -> Result<()> {
    let world = World::with(&[HERE[0], ("METATRON_HEARTBEAT_S", "1")]).await?;
    let token = program(&world).await?;
    let service = PushService::start().await?;
    Device::join(&world.owner, &service.endpoint("phone")).await?;
    service.answer(403);
    world.model.push(Answer::command("touch watched.txt"));
    world.model.push(Answer::text("Done."));
    let mut page = world.owner.watch(0).await?;
    let run = program_says(&world, &token).await?;
    refused_by_now(&world).await?;
    // What nobody hears of has been looked for before this is written down.
    let refused = SystemClock.now().to_string();
    page.fact("tick.done", |fact| fact["data"]["instant"].as_str().is_some_and(|at| *at > *refused)).await?;
    stands(&world, &run, "waiting_approval").await?;
    world.owner.decide(&run, "allow_once", None).await?;
    stands(&world, &run, "succeeded").await?;
    Ok(())
}

#[tokio::test]
async fn p6_a_keyboard_that_nobody_can_hand_over_ends_the_run_at_once() -> Result<()> {
    let world = World::with(&HERE).await?;
    let token = program(&world).await?;
    let made = world.owner.post("/terminals", &json!({ "size": { "columns": 80, "rows": 24 } })).await?;
    let typing = json!({ "terminal": made["id"], "text": "echo x\n", "why": "to see what comes" });
    world.model.push(Answer::tool("terminal_type", &typing));
    let run = program_says(&world, &token).await?;
    let ended = stands(&world, &run, "expired").await?;
    assert_eq!(ended["error"]["code"], "owner_unreachable", "{ended}");
    Ok(())
}
