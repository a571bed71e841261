//! Shell hosts over HTTP: what registering one gives, to whom, and what is kept of it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::World;

async fn joinable() -> (World, String) {
    let world = World::unclaimed(&[("METATRON_JOIN", "vps.example.org:6391")]).await;
    std::fs::write(world.path("keys/redis-ca.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    let cookie = world.claim().await;
    (world, cookie)
}

fn file(papers: &Value, name: &str) -> String {
    let files = papers["files"].as_array().unwrap();
    let found = files.iter().find(|file| file["name"] == name).unwrap();
    found["content"].as_str().unwrap().trim().to_owned()
}

#[tokio::test]
async fn what_a_machine_needs_is_shown_once_and_only_to_whom_the_password_is_fresh() {
    let (world, cookie) = joinable().await;
    let register = |name: &str| world.post("/api/v1/hosts", &json!({ "name": name })).cookie(&cookie).send();
    let made = register("build").await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    assert_eq!((&made["host"]["name"], &made["host"]["state"]), (&json!("build"), &json!("waiting")));
    let (key, password) = (file(&made, "link.key"), file(&made, "redis.password"));
    assert!(metatron_bus::seal::LinkKey::parse(&key).is_some());
    assert_eq!(file(&made, "redis-ca.pem"), "-----BEGIN CERTIFICATE-----");
    let script = made["script"].as_str().unwrap();
    for part in [
        "METATRON_REDIS: rediss://vps.example.org:6391\n",
        "METATRON_REDIS_USER: host-build\n",
        &key,
        &password,
    ] {
        assert!(script.contains(part), "{part} is not in {script}");
    }
    // Nowhere as it is, and not shown again.
    for name in ["metatron.db", "metatron.db-wal"] {
        let bytes = std::fs::read(world.path("data").join(name)).unwrap_or_default();
        for secret in [&key, &password] {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{name}");
        }
    }
    let list = world.get("/api/v1/hosts").cookie(&cookie).send().await;
    assert!(!list.text.contains(&key) && !list.text.contains(&password));
    let list = list.json();
    assert_eq!(list["joinable"], true);
    assert_eq!((&list["items"][0]["name"], &list["items"][0]["local"]), (&json!("local"), &json!(true)));
    assert_eq!((&list["items"][1]["name"], &list["items"][1]["local"]), (&json!("build"), &json!(false)));

    for name in ["build", "local"] {
        assert_eq!(register(name).await.refusal(), (409, "host_exists".into()), "{name}");
    }
    for name in ["", "b:c", "../x", "B", "-b"] {
        assert_eq!(register(name).await.refusal(), (422, "invalid_field".into()), "{name}");
    }
    world.clock.set(world.now().after(Duration::from_mins(6)));
    assert_eq!(register("later").await.refusal(), (403, "reauth_required".into()));
}

#[tokio::test]
async fn keys_that_were_taken_back_are_gone_and_the_name_gets_others() {
    let (world, cookie) = joinable().await;
    let register = || world.post("/api/v1/hosts", &json!({ "name": "build" })).cookie(&cookie).send();
    let revoke = |name: &str| {
        world.ask(axum::http::Method::DELETE, &format!("/api/v1/hosts/{name}")).cookie(&cookie).send()
    };
    let before = register().await.json();
    assert_eq!(revoke("build").await.status, 204);
    assert_eq!(revoke("build").await.refusal(), (409, "host_revoked".into()));
    assert_eq!(revoke("other").await.status, 404);
    let hosts = world.store.hosts().await.unwrap();
    assert!(world.store.host_key(&world.vault().await, &hosts[0]).await.unwrap().is_none());
    let body = json!({ "size": { "columns": 80, "rows": 24 }, "host": "build" });
    let open = world.post("/api/v1/terminals", &body).cookie(&cookie).send().await;
    assert_eq!(open.refusal(), (409, "host_revoked".into()));
    let after = register().await.json();
    assert_ne!(file(&before, "link.key"), file(&after, "link.key"));
    assert_ne!(file(&before, "redis.password"), file(&after, "redis.password"));
}

#[tokio::test]
async fn where_redis_is_this_machine_s_alone_nobody_can_join_and_it_says_what_to_do() {
    let (world, cookie) = World::claimed().await;
    let reply = world.post("/api/v1/hosts", &json!({ "name": "build" })).cookie(&cookie).send().await;
    assert_eq!(reply.refusal(), (409, "join_unavailable".into()));
    assert!(reply.text.contains("METATRON_JOIN"), "{}", reply.text);
}
