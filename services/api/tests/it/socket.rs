//! The socket: who may open it, what it tells, how it resumes, when it closes (SECURITY A1, H4, I2).

use axum::http::Method;
use base64::Engine as _;
use metatron_bus::live::{RunWriter, Writer};
use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::exec::Exit;
use metatron_domain::policy::Risk;
use metatron_domain::terminal::TerminalEnd;
use metatron_testkit::redis::RedisServer;
use serde_json::json;

use crate::room::ask_owner;
use crate::watch::{Got, Port};
use crate::world::{PASSWORD, World};

const V1: (&str, &str) = ("sec-websocket-protocol", "metatron.v1");
const OWN: (&str, &str) = ("origin", "{origin}");

#[tokio::test]
async fn i2_a_socket_with_a_cookie_must_come_from_our_own_page() {
    let (world, cookie) = World::claimed().await;
    let port = Port::open(&world).await;
    let cookie = ("cookie", cookie.as_str());
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(port.socket(&[cookie, V1, ("origin", origin)]).await.err(), Some(403), "{origin}");
    }
    assert_eq!(port.socket(&[cookie, V1]).await.err(), Some(403), "no origin");
    assert_eq!(
        port.socket(&[V1, ("origin", "http://evil.example")]).await.err(),
        Some(403),
        "nor without a cookie"
    );
    let mut socket = port.socket(&[cookie, V1, OWN]).await.unwrap();
    socket.send(&json!({ "op": "ping", "id": 1 })).await;
    let pong = socket.json().await;
    assert_eq!((&pong["id"], &pong["ok"], &pong["pong"]), (&json!(1), &json!(true), &json!(true)));
}

#[tokio::test]
async fn h4_a_program_says_who_it_is_in_the_header_or_in_its_first_frame() {
    let (world, cookie) = World::claimed().await;
    let port = Port::open(&world).await;
    let (_, reader) = world.token(&cookie, &["read"]).await;
    let (_, chatter) = world.token(&cookie, &["chat"]).await;
    let bearer = format!("Bearer {reader}");
    let mut socket = port.socket(&[V1, ("authorization", &bearer)]).await.unwrap();
    assert_eq!(socket.sub(json!({ "topic": "events" })).await["ok"], true);
    let mut socket = port.socket(&[V1]).await.unwrap();
    socket.send(&json!({ "op": "auth", "token": reader, "id": 5 })).await;
    assert_eq!(socket.json().await["id"], 5);
    assert_eq!(socket.sub(json!({ "topic": "events" })).await["ok"], true);

    let mut socket = port.socket(&[V1]).await.unwrap();
    socket.send(&json!({ "op": "auth", "token": "mtr_made-up" })).await;
    assert_eq!(socket.closed().await, 4401);
    let mut socket = port.socket(&[V1]).await.unwrap();
    socket.send(&json!({ "op": "sub", "id": 1, "topic": "events" })).await;
    assert_eq!(socket.closed().await, 4401, "asks before it says who it is");
    let mut socket = port.socket(&[V1]).await.unwrap();
    assert_eq!(socket.closed().await, 4401, "says nothing for five seconds");
    let bearer = format!("Bearer {chatter}");
    let mut socket = port.socket(&[V1, ("authorization", &bearer)]).await.unwrap();
    assert_eq!(socket.closed().await, 4403, "without the scope read");
    let mut socket = port.socket(&[OWN, ("cookie", "metatron=old")]).await.unwrap();
    assert_eq!(socket.closed().await, 4409, "without the subprotocol");
    let mut socket = port.socket(&[V1, OWN, ("cookie", "metatron=old")]).await.unwrap();
    assert_eq!(socket.closed().await, 4401);
}

#[tokio::test]
async fn facts_come_in_order_from_the_number_asked_for_even_without_redis() {
    let (world, cookie) = World::claimed().await;
    let port = Port::open(&world).await;
    let create = async |title: &str| {
        let reply = world.post("/api/v1/chats", &json!({ "title": title })).cookie(&cookie).send().await;
        reply.json()["id"].as_str().unwrap().to_owned()
    };
    create("before").await;
    let last = world.store.event_range().await.unwrap().1;
    let mut socket = port.owner(&cookie).await;
    let answer = socket.sub(json!({ "topic": "events", "after": 0 })).await;
    assert!(answer["eid"].as_i64().unwrap() <= last);
    for eid in 1..=last {
        assert_eq!(socket.json().await["eid"], eid);
    }
    let chat = create("after").await;
    let fact = socket.json().await;
    assert_eq!(
        (&fact["ev"], &fact["topic"], &fact["eid"]),
        (&json!("chat.created"), &json!("events"), &json!(last + 1))
    );
    assert_eq!(fact["data"]["chat_id"], json!(chat));

    // A topic tells its own facts only.
    let mut socket = port.owner(&cookie).await;
    socket.sub(json!({ "topic": format!("chat.{chat}"), "after": 0 })).await;
    assert_eq!(socket.json().await["eid"], last + 1);
    create("another").await;
    let path = format!("/api/v1/chats/{chat}");
    world.ask(Method::PATCH, &path).json(&json!({ "title": "x" })).cookie(&cookie).send().await;
    assert_eq!(socket.json().await["ev"], "chat.updated");
    for (topic, code) in [("nonsense", "not_found"), ("run.run_01h455vb4pex5vsknk084sn02q", "not_found")] {
        assert_eq!(socket.sub(json!({ "topic": topic })).await["error"]["code"], code);
    }
    socket.send(&json!({ "op": "input", "id": 7 })).await;
    let refused = socket.json().await;
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(7), &json!("bad_json")));
}

#[tokio::test]
async fn a1_what_is_revoked_is_closed_at_once() {
    let (world, cookie) = World::claimed().await;
    let port = Port::open(&world).await;
    let (id, token) = world.token(&cookie, &["read"]).await;
    let bearer = format!("Bearer {token}");
    let mut program = port.socket(&[V1, ("authorization", &bearer)]).await.unwrap();
    program.sub(json!({ "topic": "events" })).await;
    let mut page = port.owner(&cookie).await;
    page.sub(json!({ "topic": "approvals" })).await;
    let path = format!("/api/v1/tokens/{id}");
    assert_eq!(world.ask(Method::DELETE, &path).cookie(&cookie).send().await.status, 204);
    assert_eq!(program.closed().await, 4401);
    let other = world.post("/api/v1/login", &json!({ "password": PASSWORD })).send().await.cookies();
    assert_eq!(world.post("/api/v1/logout", &json!({})).cookie(&cookie).send().await.status, 204);
    assert_eq!(page.closed().await, 4401);
    let mut kept = port.owner(&other).await;
    assert_eq!(kept.sub(json!({ "topic": "events" })).await["ok"], true);
}

#[tokio::test]
async fn a_process_that_ends_says_so() {
    let (world, cookie) = World::claimed().await;
    let mut port = Port::open(&world).await;
    let mut socket = port.owner(&cookie).await;
    socket.sub(json!({ "topic": "events" })).await;
    port.shutdown.cancel();
    assert_eq!(socket.closed().await, 1012);
    while port.tasks.join_next().await.is_some() {}
}

#[tokio::test]
async fn a_run_s_words_go_on_exactly_where_the_client_stopped() {
    let redis = RedisServer::start().unwrap();
    let world = World::on(&redis.url()).await;
    let cookie = world.claim().await;
    let port = Port::open(&world).await;
    let (_, run) = ask_owner(&world, Risk::Low).await;
    let topic = format!("run.{run}");
    let mut writer = RunWriter::new(&world.bus, run);
    writer.turn(2, 1);
    writer.delta("שלום ").await;
    writer.flush().await;

    let mut socket = port.owner(&cookie).await;
    assert_eq!(socket.sub(json!({ "topic": topic })).await["ok"], true);
    let (mut text, mut turns) = (String::new(), 0);
    while text != "שלום " {
        let frame = socket.json().await;
        match frame["ev"].as_str() {
            Some("turn") => turns += 1,
            Some("delta") => {
                assert_eq!(frame["offset"].as_u64(), Some(text.len() as u64));
                text.push_str(frame["text"].as_str().unwrap());
            }
            _ => panic!("{frame}"),
        }
    }
    assert_eq!(turns, 1);
    let mut later = port.owner(&cookie).await;
    later.sub(json!({ "topic": topic, "from": { "turn": 2, "attempt": 1, "offset": text.len() } })).await;
    writer.delta("world").await;
    writer.flush().await;
    let frame = later.json().await;
    assert_eq!(
        (&frame["ev"], &frame["offset"], &frame["text"]),
        (&json!("delta"), &json!(text.len()), &json!("world"))
    );
    writer.turn(2, 2);
    writer.delta("anew").await;
    writer.flush().await;
    assert_eq!(later.json().await["ev"], "turn");
    assert_eq!(later.json().await["attempt"], 2);
}

#[tokio::test]
async fn terminal_bytes_are_whole_also_where_redis_has_lost_some() {
    let redis = RedisServer::start().unwrap();
    let world = World::on(&redis.url()).await;
    let cookie = world.claim().await;
    let port = Port::open(&world).await;
    let (_, run) = ask_owner(&world, Risk::Low).await;
    let id = world.waiting().await.unwrap();
    let card = world.get(&format!("/api/v1/approvals/{id}")).cookie(&cookie).send().await.json();
    let yes = json!({ "decision": "allow_once", "digest": card["digest"], "nonce": card["nonce"] });
    world.post(&format!("/api/v1/approvals/{id}/decision"), &yes).cookie(&cookie).send().await;
    let exec = world.store.execs_of_run(run).await.unwrap().remove(0);
    // The recording, as the shell-worker serves it: "0123456789".
    let shutdown = tokio_util::sync::CancellationToken::new();
    let (bus, until) = (world.bus.clone(), shutdown.clone());
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        let answer = |call: ShellCall| async move {
            let ShellCall::ReadOutput { from, limit, .. } = call else { return ShellAnswer::NotFound };
            let all = b"0123456789";
            let start = usize::try_from(from).unwrap().min(all.len());
            let end = (start + limit as usize).min(all.len());
            let base64 = base64::engine::general_purpose::STANDARD.encode(&all[start..end]);
            ShellAnswer::Output { from, base64, end: 10, ended: false }
        };
        bus.serve_calls("local", answer, || {}, until).await;
    });
    // Redis has the bytes from 4 on only: what came before was trimmed away.
    let mut writer = Writer::terminal(&world.bus, exec.terminal, 4);
    writer.append(b"456").await;
    writer.flush().await;
    let mut socket = port.owner(&cookie).await;
    let answer = socket.sub(json!({ "topic": format!("terminal.{}", exec.terminal), "from": 1 })).await;
    let channel = answer["channel"].as_u64().unwrap();
    writer.append(b"789").await;
    writer.end(&TerminalEnd { bytes: 10, exit: Some(Exit::Code { code: 0 }) }).await.unwrap();
    let mut seen = b"0".to_vec();
    loop {
        match socket.next().await {
            Got::Bytes { channel: of, number, bytes, .. } => {
                assert_eq!((u64::from(of), number), (channel, seen.len() as u64));
                seen.extend(bytes);
            }
            Got::Json(frame) if frame["ev"] == "terminal.viewers" => {}
            Got::Json(frame) => {
                assert_eq!((&frame["ev"], &frame["offset"]), (&json!("terminal.end"), &json!(10)), "{frame}");
                assert_eq!(frame["exit"], json!({ "how": "code", "code": 0 }));
                break;
            }
            Got::Close(code) => panic!("{code}"),
        }
    }
    assert_eq!(seen, b"0123456789");
    shutdown.cancel();
    while tasks.join_next().await.is_some() {}
}

#[tokio::test]
async fn a_client_that_resumes_from_a_number_of_the_future_begins_now() {
    let (world, cookie) = World::claimed().await;
    let port = Port::open(&world).await;
    let mut socket = port.socket(&[("cookie", cookie.as_str()), V1, OWN]).await.unwrap();
    assert_eq!(socket.sub(json!({ "topic": "events", "after": i64::MAX })).await["ok"], true);
    socket.send(&json!({ "op": "ping", "id": 7 })).await;
    assert_eq!(socket.json().await["pong"], true);
}
