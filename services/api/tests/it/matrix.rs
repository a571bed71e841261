//! Every route × everybody (SECURITY I5, I6, H9). What the document says is what happens, and a list written by hand says
//! what no token may ever do.

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::World;

/// What only the owner's browser session may do.
const OWNER_ONLY: [&str; 56] = [
    "DELETE /api/v1/hosts/{name}",
    "DELETE /api/v1/providers/{id}",
    "DELETE /api/v1/push/devices/{id}",
    "DELETE /api/v1/rules/{id}",
    "DELETE /api/v1/tasks/{id}",
    "DELETE /api/v1/tokens/{id}",
    "GET /api/v1/audit",
    "GET /api/v1/audit/export",
    "GET /api/v1/execs/unasked",
    "GET /api/v1/probes/{id}",
    "GET /api/v1/push/devices",
    "GET /api/v1/rules",
    "GET /api/v1/rules/suggestions",
    "GET /api/v1/rules/{id}",
    "GET /api/v1/snapshots",
    "GET /api/v1/snapshots/{id}",
    "GET /api/v1/tokens",
    "GET /api/v1/undos",
    "GET /api/v1/undos/{id}",
    "PATCH /api/v1/push/devices/{id}",
    "PATCH /api/v1/settings",
    "PATCH /api/v1/terminals/{id}",
    "POST /api/v1/approvals/{id}/decision",
    "POST /api/v1/audit/verify",
    "POST /api/v1/hosts",
    "POST /api/v1/logout",
    "POST /api/v1/providers",
    "POST /api/v1/providers/test",
    "POST /api/v1/providers/{id}/default",
    "POST /api/v1/push/devices",
    "POST /api/v1/push/devices/{id}/test",
    "POST /api/v1/queues/{name}/pause",
    "POST /api/v1/queues/{name}/resume",
    "POST /api/v1/rules",
    "POST /api/v1/rules/preview",
    "POST /api/v1/session/reauth",
    "POST /api/v1/setup/practice",
    "POST /api/v1/snapshots",
    "POST /api/v1/tasks",
    "POST /api/v1/tasks/{id}/begin",
    "POST /api/v1/terminals",
    "POST /api/v1/terminals/{id}/close",
    "POST /api/v1/terminals/{id}/hand",
    "POST /api/v1/terminals/{id}/secret",
    "POST /api/v1/terminals/{id}/take",
    "POST /api/v1/tokens",
    "POST /api/v1/undos",
    "POST /api/v1/undos/preview",
    "PUT /api/v1/chats/{id}/mode",
    "PUT /api/v1/elevated",
    "PUT /api/v1/halt",
    "PUT /api/v1/providers/{id}",
    "PUT /api/v1/providers/{id}/price",
    "PUT /api/v1/rules/{id}",
    "PUT /api/v1/session/password",
    "PUT /api/v1/tokens/{id}/mode",
];
/// What everybody may do.
const PUBLIC: [&str; 3] = ["GET /api/v1/setup", "POST /api/v1/login", "POST /api/v1/setup/claim"];

/// Who may use an operation, by its security in the document.
#[derive(Debug, PartialEq)]
pub(crate) enum Right {
    Everybody,
    Owner,
    Token(Option<String>),
}

fn right(operation: &Value) -> Right {
    let ways = operation["security"].as_array().unwrap();
    if ways.iter().any(|way| way.as_object().unwrap().is_empty()) {
        return Right::Everybody;
    }
    match ways.iter().find_map(|way| way.get("token")) {
        None => Right::Owner,
        Some(scopes) => Right::Token(scopes[0].as_str().map(str::to_owned)),
    }
}

/// Every operation: method, path and right.
pub(crate) fn operations() -> Vec<(Method, String, Right)> {
    let document = serde_json::to_value(metatron_api::openapi::document()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.push((method.to_uppercase().parse().unwrap(), path.clone(), right(operation)));
        }
    }
    all
}

/// A path of the document with ids of the right kind that name nothing.
pub(crate) fn concrete(path: &str) -> String {
    let kinds = [
        ("/approvals/", "apr"),
        ("/chats/", "cht"),
        ("/execs/", "exc"),
        ("/probes/", "prb"),
        ("/providers/", "prv"),
        ("/rules/", "rul"),
        ("/push/devices/", "dev"),
        ("/runs/", "run"),
        ("/snapshots/", "snp"),
        ("/undos/", "und"),
        ("/terminals/", "trm"),
        ("/tokens/", "tok"),
    ];
    let prefix = kinds.iter().find(|(part, _)| path.contains(part)).map_or("", |(_, prefix)| prefix);
    path.replace("{id}", &format!("{prefix}_01h455vb4pex5vsknk084sn02q"))
}

#[test]
fn the_hand_written_lists_and_the_document_agree() {
    let mut owner = Vec::new();
    let mut public = Vec::new();
    for (method, path, right) in operations() {
        match right {
            Right::Owner => owner.push(format!("{method} {path}")),
            Right::Everybody => public.push(format!("{method} {path}")),
            Right::Token(_) => {}
        }
    }
    owner.sort();
    public.sort();
    let expected: Vec<_> = OWNER_ONLY.to_vec();
    assert_eq!(owner, expected);
    assert_eq!(public, PUBLIC);
}

#[tokio::test]
async fn i5_i6_every_route_opens_for_whom_the_document_says_and_for_nobody_else() {
    let (world, cookie) = World::claimed().await;
    let mut tokens = vec![(vec!["read", "chat", "run"], String::new())];
    for scope in ["read", "chat", "run"] {
        tokens.push((vec![scope], String::new()));
    }
    for (scopes, value) in &mut tokens {
        *value = world.token(&cookie, scopes).await.1;
    }
    let mut checked = 0;
    for (method, path, right) in operations() {
        if right == Right::Everybody {
            continue;
        }
        let name = format!("{method} {path}");
        let ask = || {
            let ask = world.ask(method.clone(), &concrete(&path));
            if method == Method::GET { ask } else { ask.json(&json!({})) }
        };
        assert_eq!(ask().send().await.refusal(), (401, "not_signed_in".into()), "nobody: {name}");
        assert_eq!(ask().bearer("mtr_made-up").send().await.status, 401, "a made-up token: {name}");
        for (scopes, token) in &tokens {
            let reply = ask().bearer(token).send().await;
            let status = reply.status.as_u16();
            match &right {
                Right::Owner => assert_eq!(reply.refusal(), (403, "owner_only".into()), "{scopes:?}: {name}"),
                Right::Token(Some(scope)) if !scopes.contains(&scope.as_str()) => {
                    assert_eq!(reply.refusal(), (403, "scope_missing".into()), "{scopes:?}: {name}");
                }
                _ => assert!(![401, 403, 405].contains(&status), "{scopes:?}: {name}: {status}"),
            }
            checked += 1;
        }
        if ["/api/v1/logout", "/api/v1/session/reauth", "/api/v1/session/password"].contains(&path.as_str()) {
            continue;
        }
        let reply = ask().cookie(&cookie).send().await;
        assert!(![401, 403, 405].contains(&reply.status.as_u16()), "the owner: {name}: {}", reply.text);
        checked += 1;
    }
    assert!(checked > 100, "{checked}");
}

#[tokio::test]
async fn h2_looking_changes_nothing() {
    let (world, cookie) = World::claimed().await;
    // The first look writes down that the session is in use; after it there is nothing left to write.
    world.get("/api/v1/session").cookie(&cookie).send().await;
    let before = world.store.event_range().await.unwrap();
    for (method, path, _) in operations() {
        if method == Method::GET {
            world.get(&concrete(&path)).cookie(&cookie).send().await;
        }
    }
    assert_eq!(world.store.event_range().await.unwrap(), before);
}
