//! The first hour (SECURITY H8).

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::json;

use crate::world::{PASSWORD, World};

const CLAIM: &str = "/api/v1/setup/claim";

#[tokio::test]
async fn h8_the_printed_code_makes_one_owner_and_then_the_address_is_gone() {
    let world = World::unclaimed(&[]).await;
    let state = world.get("/api/v1/setup").send().await.json();
    assert_eq!(
        state,
        json!({ "state": "unclaimed", "needs_tls": false, "code_expired": false, "host": "local" })
    );
    let file = world.path("run/claim-code");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let code = world.code();

    let wrong = json!({ "code": "AAAAA-AAAAA", "password": PASSWORD });
    assert_eq!(world.post(CLAIM, &wrong).send().await.refusal(), (403, "claim_code_wrong".into()));
    let short = json!({ "code": code, "password": "123456789" });
    assert_eq!(world.post(CLAIM, &short).send().await.refusal(), (422, "invalid_field".into()));
    let nowhere = json!({ "code": code, "password": PASSWORD, "timezone": "Mars/Olympus" });
    assert_eq!(world.post(CLAIM, &nowhere).send().await.refusal(), (422, "invalid_field".into()));

    let typed = code.to_lowercase().replace('-', " ");
    let body = json!({ "code": typed, "password": PASSWORD, "language": "he", "timezone": "Asia/Jerusalem" });
    let reply = world.post(CLAIM, &body).send().await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_eq!(reply.json()["owner"]["language"], "he");
    let session = world.get("/api/v1/session").cookie(&reply.cookies()).send().await.json();
    assert_eq!((&session["kind"], &session["timezone"]), (&json!("owner"), &json!("Asia/Jerusalem")));

    assert!(!file.exists());
    assert_eq!(world.post(CLAIM, &body).send().await.refusal(), (404, "not_found".into()));
    assert_eq!(world.post(CLAIM, &json!({ "nonsense": 1 })).send().await.status, 404);
    assert_eq!(world.get("/api/v1/setup").send().await.json(), json!({ "state": "claimed" }));
    world.app.announce_claim().await.unwrap();
    assert!(!file.exists(), "no code is made for an instance with an owner");

    let providers = world.get("/api/v1/providers").cookie(&reply.cookies()).send().await.json();
    assert_eq!(
        (&providers["items"][0]["kind"], &providers["items"][0]["is_default"]),
        (&json!("demo"), &json!(true))
    );
}

#[tokio::test]
async fn h8_plain_http_from_elsewhere_can_not_claim() {
    let world = World::unclaimed(&[
        ("METATRON_PUBLIC_URL", "https://ai.example.org"),
        ("METATRON_TRUSTED_PROXY", "10.0.0.1"),
    ])
    .await;
    let body = json!({ "code": world.code(), "password": PASSWORD });
    let refused = (403, "claim_needs_tls".to_owned());
    assert_eq!(world.post(CLAIM, &body).from("192.0.2.7").send().await.refusal(), refused);
    let forwarded = world.post(CLAIM, &body).with("x-forwarded-for", "192.0.2.7").send().await;
    assert_eq!(forwarded.refusal(), refused, "a proxy that nobody named");
    let forged = world.post(CLAIM, &body).from("192.0.2.7").with("x-forwarded-proto", "https").send().await;
    assert_eq!(forged.refusal(), refused);
    let setup = world.get("/api/v1/setup").from("192.0.2.7").send().await.json();
    assert_eq!(setup["needs_tls"], true);

    let by_proxy = world.post(CLAIM, &body).from("10.0.0.1").with("host", "ai.example.org");
    let by_proxy =
        by_proxy.with("x-forwarded-proto", "https").with("x-forwarded-for", "192.0.2.7").send().await;
    assert_eq!(by_proxy.status, 201, "{}", by_proxy.text);
    let cookie = by_proxy.headers.get_all("set-cookie").iter().next().unwrap().to_str().unwrap();
    assert!(cookie.starts_with("__Host-metatron="), "{cookie}");
    for attribute in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert_eq!(by_proxy.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn h8_a_code_is_void_after_an_hour_and_a_restart_makes_another() {
    let world = World::unclaimed(&[]).await;
    let old = json!({ "code": world.code(), "password": PASSWORD });
    world.pass(Duration::from_hours(1));
    assert_eq!(world.get("/api/v1/setup").send().await.json()["code_expired"], true);
    assert_eq!(world.post(CLAIM, &old).send().await.refusal(), (403, "claim_code_expired".into()));
    world.app.announce_claim().await.unwrap();
    assert_eq!(world.post(CLAIM, &old).send().await.refusal(), (403, "claim_code_wrong".into()));
    world.claim().await;
}

#[tokio::test]
async fn h8_of_two_racing_claims_one_wins() {
    let world = World::unclaimed(&[]).await;
    let body = json!({ "code": world.code(), "password": PASSWORD });
    let (one, two) = tokio::join!(world.post(CLAIM, &body).send(), world.post(CLAIM, &body).send());
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 404]);
}

#[tokio::test]
async fn the_practice_owes_a_run_once_however_often_it_is_sent() {
    let (world, cookie) = World::claimed().await;
    let ask =
        || world.post("/api/v1/setup/practice", &json!({})).cookie(&cookie).with("idempotency-key", "p-1");
    let first = ask().send().await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(first.json()["run"]["origin"], "practice");
    assert_eq!(ask().send().await.json()["run"]["id"], first.json()["run"]["id"]);
    let runs = world.get("/api/v1/runs?state=open").cookie(&cookie).send().await.json();
    assert_eq!(runs["items"].as_array().unwrap().len(), 1);
}
