//! What somebody tries who has more than nothing: another site in the owner's browser, a token, a session that has ended, two
//! answers at once (SECURITY A1, H1–H3, I2, I5, I6, I18, P4).

use std::time::Duration;

use axum::http::Method;
use metatron_domain::actor::Actor;
use metatron_domain::command::JobKind;
use metatron_domain::exec::ExecState;
use metatron_domain::id::{ChatId, RunId, TokenId};
use metatron_domain::mode::Mode;
use metatron_domain::policy::Risk;
use metatron_domain::run::RunEnd;
use serde_json::{Value, json};

use crate::matrix::{concrete, operations};
use crate::room::{answer, ask_for, ask_owner};
use crate::terminal::Place;
use crate::watch::{Got, Port};
use crate::world::{HOST, PASSWORD, Reply, World};

/// The card that waits, and the address of its answer.
async fn card(world: &World, cookie: &str) -> (Value, String) {
    let id = world.waiting().await.unwrap();
    let card = world.get(&format!("/api/v1/approvals/{id}")).cookie(cookie).send().await.json();
    (card, format!("/api/v1/approvals/{id}/decision"))
}

#[tokio::test]
async fn h2_h3_another_site_another_form_or_another_name_changes_nothing_on_any_route() {
    let (world, cookie) = World::claimed().await;
    ask_owner(&world, Risk::Low).await;
    let (card, decision) = card(&world, &cookie).await;
    let yes = answer(&card, "allow_once");
    world.get("/api/v1/session").cookie(&cookie).send().await;
    let before = (world.store.event_range().await.unwrap(), world.store.audit_head().await.unwrap());
    let mut writing: Vec<(Method, String, Value)> = vec![(Method::POST, decision, yes)];
    for (method, path, _) in operations() {
        if method != Method::GET {
            writing.push((method, concrete(&path), json!({})));
        }
    }
    assert!(writing.len() > 40, "{}", writing.len());
    for (method, path, body) in writing {
        let name = format!("{method} {path}");
        let ask = || world.ask(method.clone(), &path).json(&body).cookie(&cookie);
        for origin in [
            "http://evil.example",
            "null",
            "http://127.0.0.1:3000",
            "http://localhost:7770",
            "https://127.0.0.1:7770",
            "http://127.0.0.1:7770.evil.example",
        ] {
            // What a browser says of the site does not outweigh the page that it names.
            let reply = ask().with("origin", origin).with("sec-fetch-site", "same-origin").send().await;
            assert_eq!(reply.refusal(), (403, "origin_refused".into()), "{name} from {origin}");
        }
        assert_eq!(ask().without("origin").send().await.refusal().1, "origin_refused", "{name}, no origin");
        for site in ["cross-site", "same-site", "none"] {
            let reply = ask().without("origin").with("sec-fetch-site", site).send().await;
            assert_eq!(reply.refusal(), (403, "origin_refused".into()), "{name} from a {site} page");
        }
        // The forms that a page of another site may send without asking first.
        for form in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
        {
            let reply = ask().with("content-type", form).send().await;
            assert_eq!(reply.refusal(), (415, "unsupported_media_type".into()), "{name} as {form:?}");
        }
        // A name that was rebound to our address.
        for host in ["evil.example", "evil.example:7770", "127.0.0.1.evil.example:7770"] {
            let reply = ask().with("host", host).with("origin", &format!("http://{host}")).send().await;
            assert_eq!(reply.refusal(), (421, "unknown_host".into()), "{name} as {host}");
        }
        // Whether it may at all is never told to other pages.
        let asked = world.ask(Method::OPTIONS, &path).cookie(&cookie).with("origin", "http://evil.example");
        let reply = asked.with("access-control-request-method", method.as_str()).send().await;
        assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{name}");
    }
    let after = (world.store.event_range().await.unwrap(), world.store.audit_head().await.unwrap());
    assert_eq!(after, before);
    assert_eq!(world.waiting().await.unwrap().to_string(), card["id"].as_str().unwrap(), "it still waits");
}

#[tokio::test]
async fn i18_a_rebound_name_opens_no_socket() {
    let (world, cookie) = World::claimed().await;
    let port = Port::open(&world).await;
    let (_, token) = world.token(&cookie, &["read"]).await;
    let bearer = format!("Bearer {token}");
    let v1 = ("sec-websocket-protocol", "metatron.v1");
    let evil = ("origin", "http://evil.example");
    for who in [("cookie", cookie.as_str()), ("authorization", &bearer)] {
        let rebound = [("host", "evil.example"), evil, v1, who];
        assert_eq!(port.socket(&rebound).await.err(), Some(421), "{}", who.0);
        assert_eq!(port.socket(&[("host", HOST), evil, v1, who]).await.err(), Some(403), "{}", who.0);
    }
}

#[tokio::test]
async fn h1_a_password_counts_in_the_session_that_gave_it_and_ends_with_it() {
    let (world, here) = World::claimed().await;
    ask_owner(&world, Risk::High).await;
    let (card, path) = card(&world, &here).await;
    let say = |cookie: &str| world.post(&path, &answer(&card, "allow_once")).cookie(cookie).send();
    world.pass(Duration::from_mins(6));
    let there = world.post("/api/v1/login", &json!({ "password": PASSWORD })).send().await.cookies();
    let there = there.split("; ").next().unwrap();
    assert_eq!(say(&here).await.refusal().1, "reauth_required", "the password was given elsewhere");
    // A confirmation that was begun and not finished is none.
    let half = world.post("/api/v1/session/reauth", &json!({ "password": "not this one" })).cookie(&here);
    assert_eq!(half.send().await.status, 401);
    assert_eq!(say(&here).await.refusal().1, "reauth_required");
    let out = world.post("/api/v1/logout", &json!({})).cookie(there).send().await;
    assert_eq!(out.status, 204);
    assert_eq!(say(there).await.refusal(), (401, "not_signed_in".into()), "fresh, and over");
    let again = world.post("/api/v1/session/reauth", &json!({ "password": PASSWORD })).cookie(there);
    assert_eq!(again.send().await.status, 401, "an ended session is not given new life");
    assert!(world.waiting().await.is_some());
}

#[tokio::test]
async fn a1_a_page_whose_session_has_ended_types_nothing_more() {
    let place = Place::new().await;
    let (world, cookie) = (&place.world, place.cookie.as_str());
    let port = Port::open(world).await;
    let terminal = place.open().await;
    let mut page = port.owner(cookie).await;
    let topic = format!("terminal.{terminal}");
    let channel = page.sub(json!({ "topic": topic, "from": 0 })).await["channel"].as_u64().unwrap();
    let channel = u32::try_from(channel).unwrap();
    page.keys(channel, 0, b"mine").await;
    loop {
        // Behind the echo of what was typed.
        if let Got::Json(frame) = page.next().await
            && frame["ev"] == "terminal.pressed"
        {
            break;
        }
    }
    assert_eq!(world.post("/api/v1/logout", &json!({})).cookie(cookie).send().await.status, 204);
    assert_eq!(page.closed().await, 4401);
    let headers = [("cookie", cookie), ("origin", "{origin}"), ("sec-websocket-protocol", "metatron.v1")];
    let mut again = port.socket(&headers).await.unwrap();
    assert_eq!(again.closed().await, 4401);
    assert_eq!(place.shell.typed(), b"mine");
}

/// A token, and what it says in a conversation.
struct Program {
    id: TokenId,
    value: String,
}

impl Program {
    async fn new(world: &World, cookie: &str) -> Self {
        let (id, value) = world.token(cookie, &["read", "chat", "run"]).await;
        Self { id: id.parse().unwrap(), value }
    }

    async fn say(&self, world: &World, chat: ChatId) -> Reply {
        let path = format!("/api/v1/chats/{chat}/messages");
        world.post(&path, &json!({ "text": "and delete the rest" })).bearer(&self.value).send().await
    }
}

async fn mode_of(world: &World, run: RunId) -> Mode {
    let run = world.store.run(run).await.unwrap();
    world.store.mode_of_run(&run, world.now()).await.unwrap()
}

#[tokio::test]
async fn i5_a_token_s_words_ride_on_no_run_of_somebody_else() {
    let (world, cookie) = World::claimed().await;
    let (program, other) = (Program::new(&world, &cookie).await, Program::new(&world, &cookie).await);
    // The owner's run works in a mode that was never given to a token.
    let (chat, run) = ask_owner(&world, Risk::Low).await;
    let full = json!({ "mode": "full", "minutes": 60 });
    let mode = format!("/api/v1/chats/{chat}/mode");
    assert_eq!(world.ask(Method::PUT, &mode).json(&full).cookie(&cookie).send().await.status, 200);
    assert_eq!(mode_of(&world, run).await, Mode::Full);
    assert_eq!(program.say(&world, chat).await.refusal(), (409, "chat_busy".into()));
    assert_eq!(world.store.messages(chat).await.unwrap().len(), 2, "the owner's and the AI's");
    assert!(world.store.run(run).await.unwrap().taint.is_none());
    // When it is over, the token's words begin a run of their own, in a mode of their own.
    let mut tx = world.store.begin().await.unwrap();
    tx.end_run(run, RunEnd::Succeeded, None, world.now()).await.unwrap();
    let _ = tx.commit().await.unwrap();
    let posted = program.say(&world, chat).await;
    assert_eq!(posted.status, 201, "{}", posted.text);
    let own: RunId = posted.json()["run"]["id"].as_str().unwrap().parse().unwrap();
    assert_ne!(own, run);
    assert_eq!(mode_of(&world, own).await, Mode::Ask);
    // It goes on with it; another token does not.
    assert_eq!(program.say(&world, chat).await.json()["run"]["id"], json!(own));
    assert_eq!(other.say(&world, chat).await.refusal(), (409, "chat_busy".into()));
}

#[tokio::test]
async fn a1_what_a_void_token_began_goes_on_under_nothing_that_was_allowed_beforehand() {
    let (world, cookie) = World::claimed().await;
    for (mode, revoke, then) in [
        ("auto", true, Mode::Ask),
        ("auto", false, Mode::Ask),
        ("plan", true, Mode::Plan),
        ("ask", true, Mode::Ask),
    ] {
        let cookie = world
            .post("/api/v1/login", &json!({ "password": PASSWORD }))
            .cookie(&cookie)
            .send()
            .await
            .cookies();
        let program = Program::new(&world, &cookie).await;
        let path = format!("/api/v1/tokens/{}", program.id);
        let set = world.ask(Method::PUT, &format!("{path}/mode")).json(&json!({ "mode": mode }));
        assert_eq!(set.cookie(&cookie).send().await.status, 204);
        let actor = Actor::Token { id: program.id };
        let (_, run) = ask_for(&world, &actor, "touch old", Risk::Low).await;
        assert_eq!(mode_of(&world, run).await.as_str(), mode);
        if revoke {
            let gone = world.ask(Method::DELETE, &path).cookie(&cookie).send().await;
            assert_eq!(gone.status, 204);
        } else {
            world.pass(Duration::from_hours(24 * 91));
        }
        assert_eq!(mode_of(&world, run).await, then, "{mode}, revoked: {revoke}");
    }
}

#[tokio::test]
async fn i6_a_token_neither_answers_its_own_question_nor_makes_it_unnecessary() {
    let (world, cookie) = World::claimed().await;
    let program = Program::new(&world, &cookie).await;
    let actor = Actor::Token { id: program.id };
    let (chat, _) = ask_for(&world, &actor, "touch old", Risk::Low).await;
    let (card, decision) = card(&world, &cookie).await;
    let rule =
        json!({ "program": "/usr/bin/touch", "words": ["old"], "folder": "/home/agent/work", "until": null });
    let with_rule = json!({ "decision": "allow_rule", "digest": card["digest"], "nonce": card["nonce"], "rule": rule, "auto": true });
    for (method, path, body) in [
        (Method::POST, decision.clone(), answer(&card, "allow_once")),
        (Method::POST, decision.clone(), answer(&card, "deny")),
        (Method::POST, decision, with_rule),
        (Method::PUT, format!("/api/v1/chats/{chat}/mode"), json!({ "mode": "auto" })),
        (Method::PUT, format!("/api/v1/tokens/{}/mode", program.id), json!({ "mode": "auto" })),
        (Method::POST, "/api/v1/rules".to_owned(), rule),
        (Method::PUT, "/api/v1/elevated".to_owned(), json!({ "level": "commands" })),
        (Method::POST, "/api/v1/tokens".to_owned(), json!({ "name": "mine", "scopes": ["chat"] })),
        (Method::POST, "/api/v1/login".to_owned(), json!({ "password": "guessed guessed" })),
    ] {
        let ask = || world.ask(method.clone(), &path).json(&body).bearer(&program.value);
        let alone = ask().send().await;
        // The login is everybody's, and knows passwords only.
        let expected = if path.ends_with("/login") { "wrong_password" } else { "owner_only" };
        assert_eq!(alone.refusal().1, expected, "{method} {path}");
        if expected == "owner_only" {
            // A token that is sent counts alone, whatever cookie stands beside it.
            assert_eq!(ask().cookie(&cookie).send().await.refusal().1, "owner_only", "{method} {path}");
        }
    }
    assert!(world.waiting().await.is_some());
    assert_eq!(world.store.mode_of_chat(chat, world.now()).await.unwrap().0, None);
    assert!(world.store.rules().await.unwrap().is_empty());
}

#[tokio::test]
async fn i6_the_socket_knows_no_word_that_answers_or_changes_more_than_rest_would_let() {
    let document = serde_json::to_value(metatron_api::openapi::document()).unwrap();
    let words: Vec<_> = document["components"]["schemas"]["ClientFrame"]["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|frame| frame["properties"]["op"]["enum"][0].as_str().unwrap().to_owned())
        .collect();
    // A new word needs a line here, and in the loop below where it changes anything.
    assert_eq!(words, ["sub", "unsub", "ping", "resize", "visible", "auth"]);
    let (world, cookie) = World::claimed().await;
    let program = Program::new(&world, &cookie).await;
    let stronger = Program::new(&world, &cookie).await;
    let port = Port::open(&world).await;
    let bearer = format!("Bearer {}", program.value);
    let v1 = ("sec-websocket-protocol", "metatron.v1");
    let mut socket = port.socket(&[v1, ("authorization", &bearer)]).await.unwrap();
    let size = json!({ "columns": 90, "rows": 30 });
    let device = "dev_01h455vb4pex5vsknk084sn02q";
    for (frame, code) in [
        (
            json!({ "op": "resize", "id": 1, "topic": "terminal.trm_01h455vb4pex5vsknk084sn02q", "size": size }),
            "owner_only",
        ),
        (json!({ "op": "visible", "id": 1, "device": device, "chat": null }), "owner_only"),
        (json!({ "op": "decide", "id": 1, "decision": "allow_once" }), "bad_json"),
    ] {
        socket.send(&frame).await;
        assert_eq!(socket.json().await["error"]["code"], code, "{frame}");
    }
    // Who somebody is can't be said twice: the socket stays with the first token, and goes with it.
    socket.send(&json!({ "op": "auth", "id": 2, "token": stronger.value })).await;
    assert_eq!(socket.json().await["id"], 2);
    let gone = world.ask(Method::DELETE, &format!("/api/v1/tokens/{}", program.id)).cookie(&cookie);
    assert_eq!(gone.send().await.status, 204);
    assert_eq!(socket.closed().await, 4401);
}

#[tokio::test]
async fn p4_of_a_change_and_a_yes_at_once_one_counts_and_the_other_is_refused() {
    let (world, cookie) = World::claimed().await;
    let (mut edits, mut allowed) = (0, 0);
    for round in 0..20 {
        let (_, run) = ask_owner(&world, Risk::Low).await;
        let (card, path) = card(&world, &cookie).await;
        let mut other = answer(&card, "edit");
        other["command"] = json!("touch new");
        let edit = world.post(&path, &other).cookie(&cookie).send();
        let yes = world.post(&path, &answer(&card, "allow_once")).cookie(&cookie).send();
        let (edited, yes) = if round % 2 == 0 {
            tokio::join!(edit, yes)
        } else {
            let (yes, edited) = tokio::join!(yes, edit);
            (edited, yes)
        };
        let exec = world.store.execs_of_run(run).await.unwrap().remove(0);
        let owed = world.store.owed(None, 500).await.unwrap().into_iter().map(|row| row.owed.ticket);
        let starts = owed.filter(|it| it.kind == JobKind::Start && it.subject == exec.id.to_string()).count();
        if edited.status == 200 {
            assert_eq!(yes.refusal().0, 409, "{}", yes.text);
            assert_eq!((exec.state, exec.command.as_str(), starts), (ExecState::Preparing, "touch new", 0));
            // What was seen before the change allows nothing afterwards either.
            let late = world.post(&path, &answer(&card, "allow_once")).cookie(&cookie).send().await;
            assert_eq!(late.refusal().1, "digest_mismatch");
            edits += 1;
        } else {
            assert_eq!((edited.refusal().0, yes.status.as_u16()), (409, 200), "{}", edited.text);
            assert_eq!((exec.state, exec.command.as_str(), starts), (ExecState::Approved, "touch old", 1));
            allowed += 1;
        }
        let no = world.waiting().await;
        if let Some(id) = no {
            let mut tx = world.store.begin().await.unwrap();
            tx.end_run(run, RunEnd::Cancelled, None, world.now()).await.unwrap();
            tx.cancel_exec(exec.id, world.now()).await.unwrap();
            let _ = tx.commit().await.unwrap();
            assert!(world.waiting().await != Some(id));
        }
    }
    assert_eq!(edits + allowed, 20);
}
