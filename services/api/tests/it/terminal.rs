//! Terminals over HTTP: what the owner may do with them, what a shell host reports of them.

use std::time::Duration;

use axum::http::Method;
use metatron_domain::event::EventKind;
use metatron_domain::exec::Exit;
use metatron_domain::id::{ExecId, TerminalId};
use metatron_domain::policy::Risk;
use metatron_domain::terminal::message::Happened;
use metatron_domain::terminal::order::Order;
use metatron_domain::terminal::{TerminalState, Waits};
use metatron_testkit::redis::RedisServer;
use serde_json::{Value, json};

use crate::room::ask_owner;
use crate::shell::Shell;
use crate::watch::Port;
use crate::world::World;

/// An instance with an owner, a Redis and a shell host.
pub(crate) struct Place {
    pub(crate) redis: RedisServer,
    pub(crate) world: World,
    pub(crate) cookie: String,
    pub(crate) shell: Shell,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let redis = RedisServer::start().unwrap();
        let world = World::on(&redis.url()).await;
        let cookie = world.claim().await;
        let shell = Shell::start(&world).await;
        Self { redis, world, cookie, shell }
    }

    async fn post(&self, path: &str, body: &Value) -> crate::world::Reply {
        self.world.post(&format!("/api/v1{path}"), body).cookie(&self.cookie).send().await
    }

    async fn get(&self, path: &str) -> crate::world::Reply {
        self.world.get(&format!("/api/v1{path}")).cookie(&self.cookie).send().await
    }

    /// Opens a terminal.
    pub(crate) async fn open(&self) -> TerminalId {
        let reply = self.post("/terminals", &json!({ "size": { "columns": 80, "rows": 24 } })).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        assert_eq!(reply.json()["state"], "running", "{}", reply.text);
        reply.json()["id"].as_str().unwrap().parse().unwrap()
    }
}

#[tokio::test]
async fn a_terminal_is_opened_shown_renamed_searched_and_closed() {
    let place = Place::new().await;
    let body = json!({ "name": " work ", "size": { "columns": 100, "rows": 30 }, "cwd": "/srv" });
    let ask =
        || place.world.post("/api/v1/terminals", &body).cookie(&place.cookie).with("idempotency-key", "one");
    let reply = ask().send().await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let made = reply.json();
    assert_eq!(
        (&made["name"], &made["state"], &made["user"]),
        (&json!("work"), &json!("running"), &json!("owner"))
    );
    assert_eq!((&made["program"], &made["driver"]), (&json!("bash"), &json!({ "by": "owner" })));
    assert_eq!(ask().send().await.json()["id"], made["id"], "the same request opens one");
    let id: TerminalId = made["id"].as_str().unwrap().parse().unwrap();
    let path = format!("/terminals/{id}");

    let name = json!({ "name": "play" });
    let renamed = place
        .world
        .ask(Method::PATCH, &format!("/api/v1{path}"))
        .json(&name)
        .cookie(&place.cookie)
        .send()
        .await;
    assert_eq!((renamed.status.as_u16(), &renamed.json()["name"]), (200, &json!("play")));
    let list = place.get("/terminals?state=open&kind=owner").await.json();
    assert_eq!((&list["items"][0]["id"], &list["next_cursor"]), (&made["id"], &Value::Null));
    assert_eq!(place.get("/terminals?state=ended").await.json()["items"], json!([]));
    assert_eq!(place.get("/terminals?kind=command").await.json()["items"], json!([]));

    let screen = place.get(&format!("{path}/screen")).await.json();
    assert_eq!((&screen["text"], &screen["cursor"]), (&json!("screen at 0"), &json!([1, 2])));
    let found = place.get(&format!("{path}/search?q=Needle&limit=1")).await.json();
    assert_eq!(found, json!({ "lines": [{ "line": 7, "text": "Needle" }], "more": true }));
    let cast = place.get(&format!("{path}/cast")).await;
    assert_eq!(cast.text, "line 0\nline 1\nline 2\nline 3\n", "every page of it");
    assert_eq!(cast.header("content-type"), "application/x-asciicast");
    assert_eq!(cast.header("content-disposition"), format!("attachment; filename=\"{id}.cast\""));

    assert_eq!(place.post(&format!("{path}/close"), &json!({})).await.status, 202);
    assert_eq!(*place.shell.state.orders.lock().unwrap(), [Order::Close]);
}

#[tokio::test]
async fn what_the_owner_writes_wrongly_is_named() {
    let place = Place::new().await;
    let size = json!({ "columns": 80, "rows": 24 });
    let bodies = [
        (json!({ "size": { "columns": 0, "rows": 24 } }), "/size"),
        (json!({ "size": { "columns": 10_000, "rows": 24 } }), "/size"),
        (json!({ "size": { "columns": 80, "rows": 10_000 } }), "/size"),
        (json!({ "size": size, "cwd": "srv" }), "/cwd"),
        (json!({ "size": size, "cwd": "/a\0b" }), "/cwd"),
        (json!({ "size": size, "host": "a b" }), "/host"),
        (json!({ "size": size, "name": "x".repeat(81) }), "/name"),
        (json!({ "size": size, "name": "a\nb" }), "/name"),
    ];
    for (body, pointer) in bodies {
        let reply = place.post("/terminals", &body).await;
        assert_eq!(reply.refusal(), (422, "invalid_field".into()), "{body}");
        assert!(
            reply.json()["errors"][0]["pointer"].as_str().unwrap().starts_with(pointer),
            "{}",
            reply.text
        );
    }
    let unknown = "/terminals/trm_01h455vb4pex5vsknk084sn02q";
    for path in [
        unknown.to_owned(),
        format!("{unknown}/screen"),
        format!("{unknown}/cast"),
        format!("{unknown}/search?q=x"),
        format!("{unknown}/history"),
    ] {
        assert_eq!(place.get(&path).await.refusal(), (404, "not_found".into()), "{path}");
    }
    for act in ["close", "take"] {
        assert_eq!(place.post(&format!("{unknown}/{act}"), &json!({})).await.refusal().0, 404);
    }
    let id = place.open().await;
    for (path, body) in [
        (format!("/terminals/{id}/search"), "bad_request"),
        (format!("/terminals/{id}/search?q="), "bad_request"),
        (format!("/terminals/{id}/search?q=x&limit=0"), "bad_request"),
        ("/terminals?cursor=nonsense".to_owned(), "bad_request"),
        ("/terminals?limit=1000".to_owned(), "bad_request"),
    ] {
        assert_eq!(place.get(&path).await.refusal(), (400, body.into()), "{path}");
    }
}

#[tokio::test]
async fn a_host_that_is_not_there_or_will_not_is_told_and_remembered() {
    let place = Place::new().await;
    let size = json!({ "columns": 80, "rows": 24 });
    let unknown = place.post("/terminals", &json!({ "size": size, "host": "elsewhere" })).await;
    assert_eq!(unknown.refusal(), (422, "invalid_field".into()));
    let silent = World::on(&RedisServer::start().unwrap().url()).await;
    let cookie = silent.claim().await;
    let reply = silent.post("/api/v1/terminals", &json!({ "size": size })).cookie(&cookie).send().await;
    assert_eq!(reply.refusal(), (503, "shell_unavailable".into()));
    let list = silent.get("/api/v1/terminals").cookie(&cookie).send().await.json();
    assert!(list["items"][0]["unreachable_since"].is_string(), "{list}");
    assert_eq!(
        (&list["items"][0]["state"], &list["items"][0]["reachable"]),
        (&json!("refused"), &json!(false))
    );
    *place.shell.state.refuse.lock().unwrap() = Some(("no_owner".into(), "There is no user `owner`.".into()));
    let refused = place.post("/terminals", &json!({ "size": size })).await;
    assert_eq!(refused.status, 201);
    let refused = refused.json();
    assert_eq!(
        (&refused["state"], &refused["detail"]),
        (&json!("refused"), &json!("There is no user `owner`."))
    );
    let path = format!("/terminals/{}/close", refused["id"].as_str().unwrap());
    assert_eq!(place.post(&path, &json!({})).await.refusal(), (409, "terminal_ended".into()));
}

#[tokio::test]
async fn reports_are_taken_in_once_and_in_the_order_of_their_numbers() {
    let place = Place::new().await;
    let port = Port::open(&place.world).await;
    let mut watch = port.owner(&place.cookie).await;
    watch.sub(json!({ "topic": "terminals" })).await;
    let id = place.open().await;
    for kind in ["terminal.created", "terminal.opened"] {
        assert_eq!(watch.json().await["ev"], kind);
    }
    let now = place.world.now();
    place.shell.change(id, |status| status.waits = Some(Waits::Password));
    let asks = place.shell.report(id, Happened::Waits, now).await;
    let fact = watch.json().await;
    assert_eq!((&fact["ev"], &fact["data"]["data"]["waits"]), (&json!("terminal.waits"), &json!("password")));
    assert_eq!(fact["data"]["subject"], id.to_string());
    place.shell.change(id, |status| {
        (status.state, status.waits, status.bytes) = (TerminalState::Ended, None, 10);
        status.exit = Some(Exit::Code { code: 3 });
    });
    let ended = place.shell.report(id, Happened::Ended, now).await;
    assert_eq!(watch.json().await["ev"], "terminal.ended");
    for old in [&asks, &ended] {
        place.shell.send(old).await;
    }
    // A fact behind them shows that they brought none.
    let next = place.open().await;
    let fact = watch.json().await;
    assert_eq!(
        (&fact["ev"], &fact["data"]["subject"]),
        (&json!("terminal.created"), &json!(next.to_string()))
    );
    let row = place.world.store.terminal(id).await.unwrap();
    assert_eq!((row.state, row.report, row.bytes), (TerminalState::Ended, 2, 10));
    assert_eq!((row.exit, row.waits), (Some(Exit::Code { code: 3 }), None));
    let path = format!("/terminals/{id}");
    for act in ["close", "take"] {
        let reply = place.post(&format!("{path}/{act}"), &json!({})).await;
        assert_eq!(reply.refusal(), (409, "terminal_ended".into()));
    }
    drop(port);
    drop(place.redis);
}

#[tokio::test]
async fn the_keyboard_is_handed_to_a_run_and_taken_back() {
    let place = Place::new().await;
    let id = place.open().await;
    let (_, run) = ask_owner(&place.world, Risk::Low).await;
    let path = format!("/terminals/{id}");
    let hand = json!({ "run_id": run, "minutes": 5, "note": "finish it" });
    let reply = place.post(&format!("{path}/hand"), &hand).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.json()["driver"]["run"], run.to_string());
    let Some(Order::Hand { key, until, .. }) = place.shell.state.orders.lock().unwrap().pop() else {
        panic!()
    };
    let now = place.world.now();
    assert_eq!(until, now.after(Duration::from_mins(5)));
    let vault = place.world.vault().await;
    let kept = place.world.store.hand_of_terminal(&vault, id, now).await.unwrap().unwrap();
    assert_eq!((kept.run, kept.key.as_str(), kept.note.as_str()), (run, key.as_str(), "finish it"));
    assert!(!reply.text.contains(&key), "nobody but the run sees the key");
    for minutes in [0, 1_441] {
        let hand = json!({ "run_id": run, "minutes": minutes });
        assert_eq!(place.post(&format!("{path}/hand"), &hand).await.refusal().0, 422);
    }
    // Another api gave orders meanwhile: the number is asked for again.
    place.shell.change(id, |status| status.orders += 5);
    let reply = place.post(&format!("{path}/take"), &json!({})).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["driver"]["by"]), (200, &json!("owner")));
    assert_eq!(place.world.store.hand_of_terminal(&vault, id, now).await.unwrap(), None);
}

#[tokio::test]
async fn the_history_tells_whose_the_keyboard_was_and_what_was_said_with_it() {
    let place = Place::new().await;
    let port = Port::open(&place.world).await;
    let mut watch = port.owner(&place.cookie).await;
    watch.sub(json!({ "topic": "terminals" })).await;
    let (id, other) = (place.open().await, place.open().await);
    let (_, run) = ask_owner(&place.world, Risk::Low).await;
    let path = format!("/terminals/{id}");
    let hand = json!({ "run_id": run, "minutes": 5, "note": "Go on from here." });
    assert_eq!(place.post(&format!("{path}/hand"), &hand).await.status, 200);
    let now = place.world.now();
    place.shell.report(id, Happened::Drive, now).await;
    let drive = loop {
        let fact = watch.json().await;
        if fact["ev"] == "terminal.drive" {
            break fact;
        }
    };
    assert!(!drive.to_string().contains("Go on"), "a fact goes through Redis: {drive}");
    assert_eq!(place.post(&format!("{path}/take"), &json!({})).await.status, 200);
    place.shell.report(id, Happened::Drive, now).await;
    assert_eq!(watch.json().await["data"]["data"]["driver"]["by"], "owner");

    let told = place.get(&format!("{path}/history")).await.json();
    let kinds: Vec<_> =
        told["items"].as_array().unwrap().iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["terminal.created", "terminal.opened", "terminal.drive", "terminal.drive"]);
    let until = &told["items"][2]["data"]["driver"]["until"];
    assert_eq!(told["notes"], json!([{ "run_id": run, "until": until, "note": "Go on from here." }]));
    assert!(told["eid"].as_i64() >= told["items"][3]["eid"].as_i64(), "{told}");
    let nothing = place.get(&format!("/terminals/{other}/history")).await.json();
    assert_eq!((nothing["items"].as_array().unwrap().len(), &nothing["notes"]), (2, &json!([])));
    drop(port);
    drop(place.redis);
}

#[tokio::test]
async fn a_password_is_taken_only_while_one_is_asked_for_and_kept_nowhere() {
    let place = Place::new().await;
    let id = place.open().await;
    let path = format!("/terminals/{id}/secret");
    let word = json!({ "text": "open sesame 4711" });
    assert_eq!(place.post(&path, &word).await.refusal(), (409, "no_password_asked".into()));
    assert_eq!(place.post(&path, &json!({ "text": "two\nlines" })).await.refusal().0, 422);
    assert_eq!(place.post(&path, &json!({ "text": "x".repeat(1_025) })).await.refusal().0, 422);
    place.shell.change(id, |status| status.waits = Some(Waits::Password));
    assert_eq!(place.post(&path, &word).await.status, 204);
    while place.shell.state.typed.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(*place.shell.state.typed.lock().unwrap(), [(b"open sesame 4711\n".to_vec(), true)]);
    for file in ["data/metatron.db", "data/metatron.db-wal"] {
        let bytes = std::fs::read(place.world.path(file)).unwrap_or_default();
        assert!(!bytes.windows(11).any(|part| part == b"open sesame"), "{file}");
    }
}

#[tokio::test]
async fn a_command_s_terminal_is_there_from_its_start_to_its_end() {
    let (world, cookie) = World::claimed().await;
    let (_, run) = ask_owner(&world, Risk::Low).await;
    let approval = world.waiting().await.unwrap();
    let card = world.get(&format!("/api/v1/approvals/{approval}")).cookie(&cookie).send().await.json();
    let yes = json!({ "decision": "allow_once", "digest": card["digest"], "nonce": card["nonce"] });
    world.post(&format!("/api/v1/approvals/{approval}/decision"), &yes).cookie(&cookie).send().await;
    let exec = world.store.execs_of_run(run).await.unwrap().remove(0);
    let path = format!("/api/v1/terminals/{}", exec.terminal);
    assert_eq!(world.get(&path).cookie(&cookie).send().await.status, 404, "it has not started");
    started(&world, exec.id).await;
    let list = world.get("/api/v1/terminals?kind=command&state=open").cookie(&cookie).send().await.json();
    let shown = &list["items"][0];
    assert_eq!((&shown["id"], &shown["exec_id"]), (&json!(exec.terminal), &json!(exec.id)));
    assert_eq!((&shown["driver"]["by"], &shown["run_id"]), (&json!("ai"), &json!(run)));
    assert!(shown["chat_id"].is_string());
    let kinds: Vec<_> =
        world.store.events_after(0, 500).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == EventKind::TerminalOpened).count(), 1);
}

async fn started(world: &World, exec: ExecId) {
    let now = world.now();
    let mut tx = world.store.begin().await.unwrap();
    tx.exec_started(exec, now, now).await.unwrap();
    let _ = tx.commit().await.unwrap();
}
