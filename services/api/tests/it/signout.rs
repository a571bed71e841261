//! Requests that were let in and whose session ends before they do. SECURITY A1, H1.

use axum::http::Method;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use metatron_domain::policy::Risk;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::room::{answer, ask_owner};
use crate::watch::Port;
use crate::world::{PASSWORD, World};

const LOGIN: &str = "/api/v1/login";

/// A request whose caller was looked at, and whose body nobody has sent.
struct Begun {
    stream: TcpStream,
    body: String,
}

impl Begun {
    /// Sends all but the body, and waits until the server asks for it: it does that when it knows who is asking.
    async fn send(port: &Port, cookie: &str, method: &Method, path: &str, body: &Value) -> Self {
        let (address, body) = (port.address, body.to_string());
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\ncookie: {cookie}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let asked = b"HTTP/1.1 100 Continue\r\n\r\n";
        let mut heard = vec![0; asked.len()];
        stream.read_exact(&mut heard).await.unwrap();
        assert_eq!(heard, asked, "{method} {path}: {}", String::from_utf8_lossy(&heard));
        Self { stream, body }
    }

    /// Sends the body; returns the answer whole.
    async fn end(mut self) -> String {
        self.stream.write_all(self.body.as_bytes()).await.unwrap();
        let mut heard = String::new();
        self.stream.read_to_string(&mut heard).await.unwrap();
        heard
    }
}

async fn login(world: &World) -> String {
    let reply = world.post(LOGIN, &json!({ "password": PASSWORD })).send().await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.cookies()
}

async fn is_open(world: &World, cookie: &str) -> bool {
    world.get("/api/v1/session").cookie(cookie).send().await.status == 200
}

#[tokio::test]
async fn h1_what_was_begun_before_a_logout_grants_nothing_after_it() {
    let (world, here) = World::claimed().await;
    let port = Port::open(&world).await;
    let chat = world.post("/api/v1/chats", &json!({})).cookie(&here).send().await.json();
    let mode = format!("/chats/{}/mode", chat["id"].as_str().unwrap());
    let (token, _) = world.token(&here, &["read", "chat"]).await;
    let token_mode = format!("/tokens/{token}/mode");
    ask_owner(&world, Risk::High).await;
    let card =
        world.get("/api/v1/approvals?state=waiting").cookie(&here).send().await.json()["items"][0].clone();
    let decision = format!("/approvals/{}/decision", card["id"].as_str().unwrap());
    let rule = json!({
        "program": "/usr/bin/git", "words": ["status"], "open": false, "folder": "/home/agent/work",
        "until": "2026-12-01T00:00:00Z", "times": 3,
    });
    let other = json!({ "current": PASSWORD, "password": "another long password" });
    for (method, path, body) in [
        (Method::POST, "/session/reauth", json!({ "password": PASSWORD })),
        (Method::PUT, "/session/password", other),
        (Method::POST, &decision, answer(&card, "allow_once")),
        (Method::POST, &decision, answer(&card, "deny")),
        (Method::PUT, &mode, json!({ "mode": "full", "minutes": 10 })),
        (Method::PUT, "/elevated", json!({ "level": "commands" })),
        (Method::POST, "/tokens", json!({ "name": "late", "scopes": ["read"] })),
        (Method::PUT, &token_mode, json!({ "mode": "auto" })),
        (Method::POST, "/rules", rule),
    ] {
        let cookie = login(&world).await;
        let begun = Begun::send(&port, &cookie, &method, path, &body).await;
        let left = world.post("/api/v1/logout", &json!({})).cookie(&cookie).send().await;
        assert_eq!(left.status, 204);
        let answered = begun.end().await;
        let refused = answered.starts_with("HTTP/1.1 401 ") && answered.contains("not_signed_in");
        assert!(refused, "{method} {path}: {answered}");
    }
    let shown = async |path: &str| world.get(path).cookie(&here).send().await.json();
    assert_eq!(shown("/api/v1/approvals?state=waiting").await["items"][0]["id"], card["id"]);
    assert_eq!(shown("/api/v1/chats").await["items"][0]["mode"], "ask");
    assert_eq!(shown("/api/v1/elevated").await["level"], "off");
    let tokens = shown("/api/v1/tokens").await;
    assert_eq!(tokens["items"].as_array().unwrap().len(), 1, "{tokens}");
    assert_eq!(tokens["items"][0]["mode"], "ask", "{tokens}");
    assert_eq!(shown("/api/v1/rules").await["items"], json!([]));
    let confirmed = shown("/api/v1/audit?kind=session.confirmed,owner.password").await;
    assert_eq!(confirmed["items"], json!([]));
    login(&world).await;
}

#[tokio::test]
async fn h1_of_a_logout_and_a_password_that_race_the_logout_is_the_last_word() {
    let (world, here) = World::claimed().await;
    for _ in 0..6 {
        let cookie = login(&world).await;
        let reauth = world.post("/api/v1/session/reauth", &json!({ "password": PASSWORD })).cookie(&cookie);
        let logout = world.post("/api/v1/logout", &json!({})).cookie(&cookie);
        let (reauth, logout) = tokio::join!(reauth.send(), logout.send());
        assert_eq!(logout.status, 204);
        assert!([200, 401].contains(&reauth.status.as_u16()), "{}", reauth.text);
    }
    let rows = world.get("/api/v1/audit?kind=session").cookie(&here).send().await.json();
    // The newest comes first.
    let mut closed = Vec::new();
    for row in rows["items"].as_array().unwrap().iter().rev() {
        match row["kind"].as_str().unwrap() {
            "session.closed" => closed.push(&row["subject"]),
            "session.confirmed" => assert!(!closed.contains(&&row["subject"]), "{row}"),
            _ => {}
        }
    }
    assert_eq!(closed.len(), 6, "{rows}");
}

#[tokio::test]
async fn a1_who_signs_in_with_the_former_password_while_it_is_changed_does_not_stay() {
    let (world, here) = World::claimed().await;
    let body = json!({ "current": PASSWORD, "password": "another long password" });
    let change = world.ask(Method::PUT, "/api/v1/session/password").json(&body).cookie(&here).send();
    tokio::pin!(change);
    let mut former = Vec::new();
    // Somebody is in the middle of it at every moment, also at that of the change.
    let attempt =
        |n: u8| world.post(LOGIN, &json!({ "password": PASSWORD })).from(&format!("192.0.2.{n}")).send();
    let mut attempts: FuturesUnordered<_> = (1..=3).map(attempt).collect();
    let mut next = 4;
    let changed = loop {
        tokio::select! {
            changed = &mut change => break changed,
            Some(reply) = attempts.next() => {
                former.push(reply);
                attempts.push(attempt(next));
                next += 1;
            }
        }
    };
    assert_eq!(changed.status, 204, "{}", changed.text);
    while let Some(reply) = attempts.next().await {
        former.push(reply);
    }
    for reply in former {
        assert!([200, 401].contains(&reply.status.as_u16()), "{}", reply.text);
        assert!(reply.status == 401 || !is_open(&world, &reply.cookies()).await, "{}", reply.text);
    }
    assert!(is_open(&world, &here).await);
    let old = world.post(LOGIN, &json!({ "password": PASSWORD })).send().await;
    assert_eq!(old.refusal(), (401, "wrong_password".into()));
}
