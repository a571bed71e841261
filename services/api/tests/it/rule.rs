//! Rules and modes over HTTP, without a shell host: what the owner may set, and what asks for the password. SECURITY H1, P3.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::World;

fn rule(words: &Value, open: bool) -> Value {
    json!({
        "program": "/usr/bin/git", "words": words, "open": open, "folder": "/home/agent/work",
        "until": "2026-12-01T00:00:00Z", "times": 3,
    })
}

#[tokio::test]
async fn h1_a_rule_and_mode_full_need_the_password_and_revoking_never_does() {
    let (world, cookie) = World::claimed().await;
    let reply = world.post("/api/v1/rules", &rule(&json!(["status"]), true)).cookie(&cookie).send().await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    let chat = world.post("/api/v1/chats", &json!({})).cookie(&cookie).send().await.json();
    let mode = format!("/api/v1/chats/{}/mode", chat["id"].as_str().unwrap());
    let full = json!({ "mode": "full", "minutes": 10 });
    let put = |path: &str, body: &Value| world.ask(axum::http::Method::PUT, path).json(body);
    let set = put(&mode, &full).cookie(&cookie).send().await.json();
    assert_eq!((&set["mode"], &set["mode_until"]), (&json!("full"), &json!("2026-11-22T18:50:00.000Z")));
    let endless = put(&mode, &json!({ "mode": "full" })).cookie(&cookie).send().await;
    assert_eq!(endless.refusal(), (422, "invalid_field".into()));

    world.pass(Duration::from_mins(11));
    let path = format!("/api/v1/chats/{}", chat["id"].as_str().unwrap());
    let shown = world.get(&path).cookie(&cookie).send().await.json();
    assert_eq!((&shown["mode"], &shown["mode_until"]), (&json!("ask"), &Value::Null), "its time is over");
    for refused in [
        put(&mode, &full).cookie(&cookie).send().await,
        world.post("/api/v1/rules", &rule(&json!(["log"]), true)).cookie(&cookie).send().await,
    ] {
        assert_eq!(refused.refusal(), (403, "reauth_required".into()));
    }
    assert_eq!(put(&mode, &json!({ "mode": "auto" })).cookie(&cookie).send().await.status, 200);
    let gone = world.ask(axum::http::Method::DELETE, &format!("/api/v1/rules/{id}")).json(&json!({}));
    assert_eq!(gone.cookie(&cookie).send().await.status, 204);
    assert_eq!(world.get("/api/v1/rules").cookie(&cookie).send().await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_rule_is_changed_on_top_of_the_version_that_was_read() {
    let (world, cookie) = World::claimed().await;
    let made =
        world.post("/api/v1/rules", &rule(&json!(["status"]), false)).cookie(&cookie).send().await.json();
    let path = format!("/api/v1/rules/{}", made["id"].as_str().unwrap());
    let change = json!({ "version": 1, "rule": rule(&json!(["log"]), true) });
    let put = || world.ask(axum::http::Method::PUT, &path).json(&change).cookie(&cookie);
    let changed = put().send().await.json();
    assert_eq!((&changed["version"], &changed["words"]), (&json!(2), &json!(["log"])));
    assert_eq!(put().send().await.refusal(), (409, "conflict".into()));
    let preview = world.post("/api/v1/rules/preview", &rule(&json!(["log"]), true)).cookie(&cookie);
    assert_eq!(preview.send().await.json(), json!({ "matched": 0, "of": 0, "commands": [] }));
    let suggested = world.get("/api/v1/rules/suggestions").cookie(&cookie).send().await.json();
    assert_eq!(suggested["items"], json!([]));
}

#[tokio::test]
async fn a_token_s_runs_work_in_its_mode_and_never_in_full() {
    let (world, cookie) = World::claimed().await;
    let (id, _) = world.token(&cookie, &["read", "chat"]).await;
    let path = format!("/api/v1/tokens/{id}/mode");
    let put = |mode: &str| {
        let body = json!({ "mode": mode });
        world.ask(axum::http::Method::PUT, &path).json(&body).cookie(&cookie)
    };
    assert_eq!(put("full").send().await.refusal(), (422, "invalid_field".into()));
    assert_eq!(put("plan").send().await.status, 204);
    let tokens = world.get("/api/v1/tokens").cookie(&cookie).send().await.json();
    assert_eq!(tokens["items"][0]["mode"], "plan");
}
