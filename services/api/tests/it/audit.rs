//! The audit over HTTP, without a shell host: what is wrong is told, and what could not be asked is told apart from it.

use metatron_domain::audit::{Hash, Row};
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn h10_an_export_can_be_checked_by_whoever_has_it() {
    let (world, cookie) = World::claimed().await;
    world.token(&cookie, &["read"]).await;
    let reply = world.get("/api/v1/audit/export").cookie(&cookie).send().await;
    assert_eq!(reply.header("content-disposition"), "attachment; filename=\"audit.jsonl\"");
    let mut lines = reply.text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert_eq!(lines.next().unwrap()["format"], "metatron-audit-1");
    let (mut previous, mut count) = (Hash::NONE, 0);
    for line in lines {
        let text = |name: &str| line[name].as_str().map(str::to_owned);
        let row = Row {
            seq: line["seq"].as_i64().unwrap(),
            at: line["at"].as_i64().unwrap(),
            kind: text("kind").unwrap(),
            actor: text("actor").unwrap(),
            chat: text("chat_id"),
            run: text("run_id"),
            subject: text("subject"),
            data: text("data").unwrap(),
            hash: text("hash").unwrap(),
        };
        previous = row.hash_after(previous);
        assert_eq!(previous.to_string(), row.hash, "{line}");
        count += 1;
        assert_eq!(row.seq, count);
    }
    assert!(count >= 3, "{count}");
}

#[tokio::test]
async fn a_check_without_a_shell_host_says_that_it_is_not_whole() {
    let (world, cookie) = World::claimed().await;
    let found = world.post("/api/v1/audit/verify", &json!({})).cookie(&cookie).send().await.json();
    assert_eq!(found["finding_count"], 0, "{found}");
    assert_eq!(found["complete"], false, "{found}");
    assert_eq!(found["witnesses"][0]["answered"], false);
    assert_eq!(found["seal"], "missing", "nothing here seals it");
    let rows = world.get("/api/v1/audit?kind=audit").cookie(&cookie).send().await.json();
    assert_eq!(rows["items"][0]["kind"], "audit.verified", "a check is a row itself");
    for bad in [
        json!({ "head": { "count": -1, "hash": "00".repeat(32) } }),
        json!({ "head": { "count": 1, "hash": "x" } }),
    ] {
        let reply = world.post("/api/v1/audit/verify", &bad).cookie(&cookie).send().await;
        assert_eq!(reply.refusal(), (422, "invalid_field".to_owned()));
    }
}

#[tokio::test]
async fn what_is_no_filter_is_refused() {
    let (world, cookie) = World::claimed().await;
    for query in
        ["kind=Exec", "kind=exec.started.now", "kind=%27", "q=", "limit=0", "cursor=x", "actor=nobody"]
    {
        let reply = world.get(&format!("/api/v1/audit?{query}")).cookie(&cookie).send().await;
        assert_eq!(reply.status, 400, "{query}: {}", reply.text);
    }
    let all =
        world.get("/api/v1/audit?kind=session,owner.claimed&actor=owner").cookie(&cookie).send().await.json();
    let kinds: Vec<_> =
        all["items"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["session.opened", "owner.claimed"]);
    assert_eq!(all["next_cursor"], Value::Null);
}
