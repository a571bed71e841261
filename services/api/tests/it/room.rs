//! The rooms: what is made once, what is shown, what the owner's answer does.

use axum::http::Method;
use metatron_domain::actor::Actor;
use metatron_domain::approval::{Grant, Measure, MeasuredFile};
use metatron_domain::clock::Clock as _;
use metatron_domain::command::JobKind;
use metatron_domain::elevated::Power;
use metatron_domain::id::{ChatId, RunId};
use metatron_domain::policy::{Effects, Judgement, Risk, Verdict};
use metatron_domain::run::Origin;
use metatron_domain::terminal::Size;
use metatron_domain::undo::{Forecast, Gap, Unkept};
use metatron_store::journal::{CompleteTurn, Intent, NewExec};
use metatron_store::run::Usage;
use serde_json::{Value, json};

use crate::world::World;

fn measure() -> Measure {
    let shell =
        MeasuredFile { word: "bash".into(), path: "/bin/bash".into(), sha256: "00".into(), bound: true };
    Measure {
        command_sha256: "aa".into(),
        shell,
        cwd: "/home/agent/work".into(),
        cwd_device: 1,
        cwd_inode: 2,
        env_sha256: "bb".into(),
        user: "agent".into(),
        host: "local".into(),
        timeout_s: 60,
        programs: vec![],
        scripts: vec![],
        policy_version: 1,
        links: vec![],
        packages: None,
        journal: None,
        power: Power::Agent,
        asker: None,
    }
}

/// A run whose first command waits for the owner.
pub(crate) async fn ask_owner(world: &World, risk: Risk) -> (ChatId, RunId) {
    ask_about(world, "touch old", risk).await
}

/// A run whose command waits for the owner, with the risk that its shell host is said to have seen.
async fn ask_about(world: &World, command: &str, risk: Risk) -> (ChatId, RunId) {
    ask_for(world, &Actor::Owner, command, risk).await
}

/// The same of a run that `actor` began.
pub(crate) async fn ask_for(world: &World, actor: &Actor, command: &str, risk: Risk) -> (ChatId, RunId) {
    let now = world.clock.now();
    let mut tx = world.store.begin().await.unwrap();
    let chat = tx.create_chat("Tidy", actor, now).await.unwrap();
    let run = tx.post_message(chat, "tidy up", Origin::Chat, actor, now).await.unwrap().run;
    tx.take_run(run, now).await.unwrap();
    let attempt = tx.ask_turn(run, 1, "m", now).await.unwrap();
    let new = NewExec {
        command: command.into(),
        cwd: None,
        timeout_s: 60,
        why: "to tidy".into(),
        host: "local".into(),
        interactive: false,
        power: Power::Agent,
        size: Size::COMMAND,
    };
    let turn = CompleteTurn {
        turn: 1,
        attempt,
        text: "I need a command.".into(),
        finish_reason: "tool_calls".into(),
        model: "m".into(),
        usage: Usage::default(),
        calls: vec![("call_1".into(), "shell_run".into(), "{}".into(), Intent::Exec(new))],
    };
    tx.complete_turn(run, chat, &turn, now).await.unwrap();
    tx.carry_on(run, now).await.unwrap();
    let _ = tx.commit().await.unwrap();
    let exec = world.store.execs_of_run(run).await.unwrap().remove(0);
    let effects = Effects::default();
    let judgement =
        Judgement { verdict: Verdict::Ask, rule: "r".into(), reasons: vec!["deletes".into()], risk, effects };
    let mut tx = world.store.begin().await.unwrap();
    tx.exec_prepared(exec.id, &measure(), &judgement, None, now).await.unwrap();
    let _ = tx.commit().await.unwrap();
    (chat, run)
}

pub(crate) fn answer(card: &Value, decision: &str) -> Value {
    json!({ "decision": decision, "digest": card["digest"], "nonce": card["nonce"] })
}

#[tokio::test]
async fn a_card_says_what_is_known_about_undoing_its_command() {
    let (world, cookie) = World::claimed().await;
    let (_, run) = ask_owner(&world, Risk::Medium).await;
    let exec = world.store.execs_of_run(run).await.unwrap().remove(0).id;
    let path = format!("/api/v1/approvals/{}", world.waiting().await.unwrap());
    let shown = async || world.get(&path).cookie(&cookie).send().await.json()["exec"]["forecast"].clone();
    assert_eq!(shown().await, Value::Null, "nobody looked");
    let digest = world.store.exec(exec).await.unwrap().digest;
    for (forecast, says) in [
        (Forecast::Nothing, json!({ "will": "nothing" })),
        (
            Forecast::Keeps { files: 3, bytes: 70, gaps: vec![Gap::Unknown] },
            json!({ "will": "keeps", "files": 3, "bytes": 70, "gaps": ["unknown"] }),
        ),
        (Forecast::Not { why: Unkept::NoRoom }, json!({ "will": "not", "why": "no_room" })),
        (Forecast::Unsure, json!({ "will": "unsure" })),
    ] {
        let mut tx = world.store.begin().await.unwrap();
        tx.exec_foreseen(exec, &measure(), &forecast).await.unwrap();
        let _ = tx.commit().await.unwrap();
        assert_eq!(shown().await, says);
    }
    assert_eq!(
        world.store.exec(exec).await.unwrap().digest,
        digest,
        "and what is answered to stays the same"
    );
}

#[tokio::test]
async fn a_yes_is_sealed_for_the_shell_worker_and_counts_once() {
    let (world, cookie) = World::claimed().await;
    let (chat, run) = ask_owner(&world, Risk::Medium).await;
    let list = world.get("/api/v1/approvals?state=waiting").cookie(&cookie).send().await.json();
    let card = &list["items"][0];
    assert_eq!(
        (&card["chat_title"], &card["risk"], &card["state"]),
        (&json!("Tidy"), &json!("medium"), &json!("waiting"))
    );
    assert_eq!((&card["exec"]["command"], &card["exec"]["user"]), (&json!("touch old"), &json!("agent")));
    assert_eq!(card["exec"]["approval_id"], card["id"]);
    assert_eq!(card["measure"]["cwd"], "/home/agent/work");
    let path = format!("/api/v1/approvals/{}/decision", card["id"].as_str().unwrap());

    // I5: what was clicked is not what waits.
    let mut other = answer(card, "allow_once");
    other["digest"] = json!("00");
    assert_eq!(
        world.post(&path, &other).cookie(&cookie).send().await.refusal(),
        (409, "digest_mismatch".into())
    );
    // I6: no token, whatever its scopes.
    let (_, token) = world.token(&cookie, &["read", "chat", "run"]).await;
    let refused = world.post(&path, &answer(card, "allow_once")).bearer(&token).send().await;
    assert_eq!(refused.refusal(), (403, "owner_only".into()));

    let allowed = world.post(&path, &answer(card, "allow_once")).cookie(&cookie).send().await;
    assert_eq!(allowed.status, 200, "{}", allowed.text);
    assert_eq!(allowed.json()["state"], "allowed");
    assert!(!allowed.text.contains("sealed"), "the grant is nobody else's");
    let again = world.post(&path, &answer(card, "deny")).cookie(&cookie).send().await;
    assert_eq!(again.refusal(), (409, "approval_already_decided".into()));

    let owed = world.store.owed(None, 100).await.unwrap().into_iter().map(|row| row.owed).collect();
    let owed = world.store.with_bodies(owed).await.unwrap();
    let start = owed.iter().find(|owed| owed.ticket.kind == JobKind::Start).unwrap();
    let body = start.body.as_ref().unwrap();
    let (exec, sealed) = (body["spec"]["exec"].as_str().unwrap(), body["grant"].as_str().unwrap());
    let grant: Grant = serde_json::from_slice(&world.link().open("grant", exec, 0, sealed).unwrap()).unwrap();
    assert_eq!((grant.run, grant.digest.as_str()), (run, card["digest"].as_str().unwrap()));

    let messages = world.get(&format!("/api/v1/chats/{chat}/messages")).cookie(&cookie).send().await.json();
    let parts = &messages["items"][1]["parts"];
    assert_eq!((&parts[0]["type"], &parts[1]["type"]), (&json!("text"), &json!("exec")));
    assert_eq!(parts[1]["exec"]["state"], "approved");
    assert!(messages["eid"].as_i64().unwrap() > 0);
    let history = world.get("/api/v1/approvals?state=history").cookie(&cookie).send().await.json();
    assert_eq!(history["items"][0]["decided_by"], json!({ "kind": "owner" }));
}

#[tokio::test]
async fn h1_a_risky_yes_needs_the_password_and_a_late_one_means_no() {
    let (world, cookie) = World::claimed().await;
    ask_owner(&world, Risk::High).await;
    let id = world.waiting().await.unwrap();
    let card = world.get(&format!("/api/v1/approvals/{id}")).cookie(&cookie).send().await.json();
    world.pass(std::time::Duration::from_mins(6));
    let path = format!("/api/v1/approvals/{id}/decision");
    let refused = world.post(&path, &answer(&card, "allow_once")).cookie(&cookie).send().await;
    assert_eq!(refused.refusal(), (403, "reauth_required".into()));
    let expires = metatron_domain::clock::Instant::parse(card["expires_at"].as_str().unwrap()).unwrap();
    world.clock.set(expires);
    let cookie =
        world.post("/api/v1/login", &json!({ "password": crate::world::PASSWORD })).send().await.cookies();
    let late = world.post(&path, &answer(&card, "allow_once")).cookie(&cookie).send().await;
    assert_eq!(late.refusal(), (409, "approval_expired".into()));
}

#[tokio::test]
async fn h1_what_came_by_way_of_redis_makes_no_question_look_more_harmless_than_it_is() {
    let (world, cookie) = World::claimed().await;
    ask_about(&world, "rm -rf build; sudo reboot-later", Risk::Low).await;
    let id = world.waiting().await.unwrap();
    let card = world.get(&format!("/api/v1/approvals/{id}")).cookie(&cookie).send().await.json();
    assert_eq!(card["risk"], "high", "by api's own judge");
    world.pass(std::time::Duration::from_mins(6));
    let path = format!("/api/v1/approvals/{id}/decision");
    let refused = world.post(&path, &answer(&card, "allow_once")).cookie(&cookie).send().await;
    assert_eq!(refused.refusal(), (403, "reauth_required".into()));
    let after = world.get(&format!("/api/v1/approvals/{id}")).cookie(&cookie).send().await.json();
    assert_eq!(after["state"], "waiting", "nothing of the refused answer is written down");
    let no = world.post(&path, &answer(&card, "deny")).cookie(&cookie).send().await;
    assert_eq!(no.status, 200, "a no needs no password: {}", no.text);
}

#[tokio::test]
async fn a_repeated_request_is_answered_alike_and_done_once() {
    let (world, cookie) = World::claimed().await;
    let create = |title: &str| {
        world.post("/api/v1/chats", &json!({ "title": title })).cookie(&cookie).with("idempotency-key", "k-1")
    };
    let (first, second) = (create("One").send().await.json(), create("One").send().await.json());
    assert_eq!(first, second);
    assert_eq!(create("Two").send().await.refusal(), (422, "idempotency_key_reused".into()));
    let path = format!("/api/v1/chats/{}/messages", first["id"].as_str().unwrap());
    let say =
        || world.post(&path, &json!({ "text": "hello" })).cookie(&cookie).with("idempotency-key", "k-2");
    let (one, two) = (say().send().await, say().send().await);
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (201, 201));
    assert_eq!(one.json(), two.json());
    assert_eq!(one.json()["message"]["parts"], json!([{ "type": "text", "text": "hello" }]));
    let messages = world.get(&path).cookie(&cookie).send().await.json();
    assert_eq!(messages["items"].as_array().unwrap().len(), 1);
    // The key is each caller's own.
    let (_, token) = world.token(&cookie, &["chat"]).await;
    let other =
        world.post("/api/v1/chats", &json!({ "title": "One" })).bearer(&token).with("idempotency-key", "k-1");
    let other = other.send().await.json();
    assert_ne!(other["id"], first["id"]);
}

#[tokio::test]
async fn a_conversation_is_renamed_stopped_and_deleted() {
    let (world, cookie) = World::claimed().await;
    let (chat, run) = ask_owner(&world, Risk::Low).await;
    let path = format!("/api/v1/chats/{chat}");
    let renamed =
        world.ask(Method::PATCH, &path).json(&json!({ "title": " New " })).cookie(&cookie).send().await;
    assert_eq!(renamed.json()["title"], "New");
    assert_eq!(renamed.json()["waiting"], true);
    let blank = world.ask(Method::PATCH, &path).json(&json!({ "title": " " })).cookie(&cookie).send().await;
    assert_eq!(blank.status, 422);
    let busy = world.ask(Method::DELETE, &path).cookie(&cookie).send().await;
    assert_eq!(busy.refusal(), (409, "chat_busy".into()));
    let stopping = world.ask(Method::POST, &format!("/api/v1/runs/{run}/stop")).cookie(&cookie).send().await;
    assert_eq!(stopping.status, 202, "{}", stopping.text);
    let detail = world.get(&format!("/api/v1/runs/{run}")).cookie(&cookie).send().await.json();
    assert_eq!((&detail["turns"], &detail["execs"][0]["index"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn c6_the_key_of_a_provider_never_comes_back() {
    let (world, cookie) = World::claimed().await;
    let body = json!({ "name": "Local", "base_url": "http://127.0.0.1:9/v1/", "model": "m", "api_key": "sk-planted" });
    let made = world.post("/api/v1/providers", &body).cookie(&cookie).send().await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(
        (&made.json()["has_key"], &made.json()["base_url"]),
        (&json!(true), &json!("http://127.0.0.1:9/v1"))
    );
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let probe = world.post("/api/v1/providers/test", &json!({ "id": id })).cookie(&cookie).send().await;
    assert_eq!((probe.status.as_u16(), &probe.json()["state"]), (202, &json!("queued")));
    let loose = json!({ "base_url": "http://127.0.0.1:9/v1", "model": "m", "api_key": "sk-planted" });
    assert_eq!(world.post("/api/v1/providers/test", &loose).cookie(&cookie).send().await.status, 202);
    let mixed = json!({ "id": id, "base_url": "http://127.0.0.1:9/v1", "model": "m" });
    assert_eq!(world.post("/api/v1/providers/test", &mixed).cookie(&cookie).send().await.status, 422);
    let path = format!("/api/v1/providers/{id}");
    let default = world.post(&format!("{path}/default"), &json!({})).cookie(&cookie).send().await;
    assert_eq!(default.json()["is_default"], true);
    for bad in ["ftp://x", "http://", "https://user@host/v1", "http://host/v1?key=x", "file:///etc/passwd"] {
        let body = json!({ "name": "n", "base_url": bad, "model": "m" });
        assert_eq!(world.post("/api/v1/providers", &body).cookie(&cookie).send().await.status, 422, "{bad}");
    }
    for path in ["/api/v1/providers", "/api/v1/events?limit=1000"] {
        assert!(!world.get(path).cookie(&cookie).send().await.text.contains("planted"));
    }
    let database = std::fs::read(world.path("data/metatron.db")).unwrap();
    let journal = std::fs::read(world.path("data/metatron.db-wal")).unwrap_or_default();
    for bytes in [database, journal] {
        assert!(!bytes.windows(10).any(|window| window == b"sk-planted"), "in the clear on the disk");
    }
    assert_eq!(world.ask(Method::DELETE, &path).cookie(&cookie).send().await.status, 204);
    let list = world.get("/api/v1/providers").cookie(&cookie).send().await.json();
    let demo = &list["items"][0];
    assert_eq!(demo["is_default"], true);
    let path = format!("/api/v1/providers/{}", demo["id"].as_str().unwrap());
    let builtin = world.ask(Method::DELETE, &path).cookie(&cookie).send().await;
    assert_eq!(builtin.refusal(), (409, "provider_builtin".into()));
}

#[tokio::test]
async fn settings_that_changed_meanwhile_are_not_overwritten() {
    let (world, cookie) = World::claimed().await;
    let seen = world.get("/api/v1/settings").cookie(&cookie).send().await;
    let change = |body: Value| world.ask(Method::PATCH, "/api/v1/settings").json(&body).cookie(&cookie);
    let first = change(json!({ "theme": "dark" })).with("if-match", seen.header("etag")).send().await;
    assert_eq!((first.status.as_u16(), &first.json()["theme"]), (200, &json!("dark")));
    let second = change(json!({ "theme": "light" })).with("if-match", seen.header("etag")).send().await;
    assert_eq!(second.refusal(), (412, "changed_meanwhile".into()));
    let third = change(json!({ "language": "he" })).send().await.json();
    assert_eq!((&third["theme"], &third["language"]), (&json!("dark"), &json!("he")));
    assert_eq!(change(json!({ "timezone": "nowhere" })).send().await.status, 422);
}
