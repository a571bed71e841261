//! Passwords, sessions and tokens (SECURITY A1, H1, H6, H9).

use std::time::Duration;

use axum::http::Method;
use serde_json::json;

use crate::world::{PASSWORD, World};

const LOGIN: &str = "/api/v1/login";

async fn is_open(world: &World, cookie: &str) -> bool {
    world.get("/api/v1/session").cookie(cookie).send().await.status == 200
}

#[tokio::test]
async fn h6_five_wrong_passwords_block_the_address_but_not_the_owners_device() {
    let (world, cookie) = World::claimed().await;
    let wrong = json!({ "password": "wrong password" });
    for _ in 0..5 {
        let reply = world.post(LOGIN, &wrong).from("192.0.2.7").with("host", "localhost").send().await;
        assert_eq!(reply.refusal(), (401, "wrong_password".into()));
    }
    let right = json!({ "password": PASSWORD });
    let blocked = world.post(LOGIN, &right).from("192.0.2.7").send().await;
    assert_eq!(blocked.refusal(), (429, "too_many_attempts".into()));
    assert_eq!(blocked.header("retry-after"), "31");
    // The owner's own device, behind the same address; and somebody elsewhere.
    let device = cookie.split("; ").find(|pair| pair.starts_with("metatron-device=")).unwrap();
    assert_eq!(world.post(LOGIN, &right).from("192.0.2.7").cookie(device).send().await.status, 200);
    assert_eq!(world.post(LOGIN, &right).from("192.0.2.8").send().await.status, 200);
    // A made-up device is no device.
    let forged = world.post(LOGIN, &right).from("192.0.2.7").cookie("metatron-device=made-up").send().await;
    assert_eq!(forged.status, 429);
    world.pass(Duration::from_secs(31));
    assert_eq!(world.post(LOGIN, &right).from("192.0.2.7").send().await.status, 200);
}

#[tokio::test]
async fn h1_a_login_rotates_the_cookie_and_a_logout_ends_it() {
    let (world, first) = World::claimed().await;
    let reply = world.post(LOGIN, &json!({ "password": PASSWORD })).cookie(&first).send().await;
    let second = reply.cookies();
    assert_ne!(first, second);
    assert!(!is_open(&world, &first).await);
    assert!(is_open(&world, &second).await);
    let set = reply.headers.get_all("set-cookie").iter().next().unwrap().to_str().unwrap();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict") && !set.contains("Secure"), "{set}");

    let reply = world.post("/api/v1/logout", &json!({})).cookie(&second).send().await;
    assert_eq!(reply.status, 204);
    assert!(reply.header("set-cookie").contains("Max-Age=0"));
    assert!(!is_open(&world, &second).await);
}

#[tokio::test]
async fn h1_a_session_ends_after_twelve_idle_hours() {
    let (world, cookie) = World::claimed().await;
    world.pass(Duration::from_hours(11));
    assert!(is_open(&world, &cookie).await);
    world.pass(Duration::from_hours(11));
    assert!(is_open(&world, &cookie).await, "it was used in between");
    world.pass(Duration::from_hours(12));
    assert!(!is_open(&world, &cookie).await);
}

#[tokio::test]
async fn h9_a_token_is_shown_once_after_the_password_was_given_again() {
    let (world, cookie) = World::claimed().await;
    world.pass(Duration::from_mins(6));
    let body = json!({ "name": "ci", "scopes": ["read"] });
    let ask = || world.post("/api/v1/tokens", &body).cookie(&cookie).with("idempotency-key", "t-1");
    assert_eq!(ask().send().await.refusal(), (403, "reauth_required".into()));
    let wrong = world
        .post("/api/v1/session/reauth", &json!({ "password": "wrong password" }))
        .cookie(&cookie)
        .send()
        .await;
    assert_eq!(wrong.refusal(), (401, "wrong_password".into()));
    let reauth =
        world.post("/api/v1/session/reauth", &json!({ "password": PASSWORD })).cookie(&cookie).send().await;
    assert_eq!(reauth.status, 200);
    let made = ask().send().await;
    assert_eq!(made.status, 201, "{}", made.text);
    let value = made.json()["token"].as_str().unwrap().to_owned();
    assert!(value.starts_with("mtr_"));
    assert_eq!(ask().send().await.refusal(), (409, "token_shown_once".into()));
    let list = world.get("/api/v1/tokens").cookie(&cookie).send().await;
    assert!(!list.text.contains(&value));
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 1);
    // Ninety days, and not a second more.
    world.pass(Duration::from_hours(90 * 24) - Duration::from_secs(1));
    assert_eq!(world.get("/api/v1/chats").bearer(&value).send().await.status, 200);
    world.pass(Duration::from_secs(1));
    assert_eq!(
        world.get("/api/v1/chats").bearer(&value).send().await.refusal(),
        (401, "not_signed_in".into())
    );
}

#[tokio::test]
async fn a1_another_password_ends_every_other_session_and_every_token() {
    let (world, here) = World::claimed().await;
    let (_, token) = world.token(&here, &["read"]).await;
    let there = world.post(LOGIN, &json!({ "password": PASSWORD })).send().await.cookies();
    let change = |current: &str| {
        let body = json!({ "current": current, "password": "another long password" });
        world.ask(Method::PUT, "/api/v1/session/password").json(&body).cookie(&here)
    };
    assert_eq!(change("wrong password").send().await.refusal(), (401, "wrong_password".into()));
    assert_eq!(change(PASSWORD).send().await.status, 204);
    assert!(is_open(&world, &here).await);
    assert!(!is_open(&world, &there).await);
    assert_eq!(world.get("/api/v1/chats").bearer(&token).send().await.status, 401);
    assert_eq!(world.post(LOGIN, &json!({ "password": PASSWORD })).send().await.status, 401);
    assert_eq!(world.post(LOGIN, &json!({ "password": "another long password" })).send().await.status, 200);
}

#[tokio::test]
async fn a1_signing_out_everywhere_leaves_nothing_open() {
    let (world, here) = World::claimed().await;
    let (_, token) = world.token(&here, &["read"]).await;
    let there = world.post(LOGIN, &json!({ "password": PASSWORD })).send().await.cookies();
    let reply = world.post("/api/v1/logout", &json!({ "everywhere": true })).cookie(&here).send().await;
    assert_eq!(reply.status, 204);
    assert!(!is_open(&world, &here).await && !is_open(&world, &there).await);
    assert_eq!(world.get("/api/v1/chats").bearer(&token).send().await.status, 401);
}

#[tokio::test]
async fn i4_being_on_the_machine_opens_nothing() {
    let (world, _) = World::claimed().await;
    let here = world.get("/api/v1/chats").send().await;
    let elsewhere = world.get("/api/v1/chats").from("192.0.2.7").send().await;
    assert_eq!(here.refusal(), (401, "not_signed_in".into()));
    assert_eq!(here.refusal(), elsewhere.refusal());
    for header in ["", "Bearer", "Bearer mtr_", "Bearer nonsense", "Basic bXRyXzE6", "mtr_x"] {
        let reply = world.get("/api/v1/chats").with("authorization", header).send().await;
        assert_eq!(reply.status, 401, "{header}");
    }
    let secret = world.get("/api/v1/session").cookie("metatron=; __Host-metatron=x").send().await;
    assert_eq!(secret.status, 401);
}
