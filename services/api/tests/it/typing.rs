//! Terminals over the socket: keys, screens, sizes, and who may do what how fast.

use std::sync::atomic::Ordering;

use metatron_bus::live::Writer;
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::message::Note;
use metatron_domain::terminal::order::Order;
use metatron_domain::terminal::{Size, TerminalEnd};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::terminal::Place;
use crate::watch::{Got, Port, Watch};
use crate::world::World;

fn topic(id: TerminalId) -> String {
    format!("terminal.{id}")
}

/// Subscribes to a terminal; returns its channel.
pub(crate) async fn listen(watch: &mut Watch, id: TerminalId, from: Value) -> u32 {
    let answer = watch.sub(json!({ "topic": topic(id), "from": from })).await;
    u32::try_from(answer["channel"].as_u64().unwrap_or_else(|| panic!("{answer}"))).unwrap()
}

/// Reads until so many bytes of output came; they must be without a hole.
async fn output<S>(watch: &mut Watch<S>, mut from: u64, length: usize) -> Vec<u8>
where
    S: futures::Stream<Item = Result<Message, Error>> + Unpin,
{
    let mut all = Vec::new();
    while all.len() < length {
        match watch.next().await {
            Got::Bytes { kind: 1, number, bytes, .. } => {
                assert_eq!(number, from, "no hole");
                from += bytes.len() as u64;
                all.extend(bytes);
            }
            // The screen that somebody began at.
            Got::Bytes { kind: 3, number, .. } => assert_eq!(number, from),
            Got::Json(frame) if frame["error"].is_null() => {}
            other => panic!("{other:?}"),
        }
    }
    all
}

/// Reads until an error comes.
pub(crate) async fn refusal<S>(watch: &mut Watch<S>) -> Value
where
    S: futures::Stream<Item = Result<Message, Error>> + Unpin,
{
    loop {
        match watch.next().await {
            Got::Json(frame) if !frame["error"].is_null() => return frame,
            Got::Close(code) => panic!("{code}"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn keys_reach_the_terminal_in_order_and_every_viewer_sees_the_echo() {
    let place = Place::new().await;
    let port = Port::open(&place.world).await;
    let id = place.open().await;
    let mut one = port.owner(&place.cookie).await;
    let mut two = port.owner(&place.cookie).await;
    let channel = listen(&mut one, id, json!(0)).await;
    let other = listen(&mut two, id, json!("screen")).await;
    for piece in [&b"echo "[..], b"\xff\xfe", b"hi\r"] {
        one.keys(channel, 0, piece).await;
    }
    assert_eq!(output(&mut one, 0, 10).await, b"echo \xff\xfehi\r", "invalid UTF-8 and all");
    assert_eq!(output(&mut two, 0, 10).await, b"echo \xff\xfehi\r");
    two.keys(other, 0, b"ls\r").await;
    assert_eq!(output(&mut one, 10, 3).await, b"ls\r");
    let told = loop {
        let frame = one.json().await;
        if frame["ev"] == "terminal.pressed" {
            break frame;
        }
    };
    assert_eq!((&told["topic"], &told["n"]), (&json!(topic(id)), &json!(10)));
}

#[tokio::test]
async fn i6_no_token_types_and_nobody_types_where_they_do_not_listen() {
    let place = Place::new().await;
    let port = Port::open(&place.world).await;
    let id = place.open().await;
    let (_, token) = place.world.token(&place.cookie, &["read", "chat", "run"]).await;
    let bearer = format!("Bearer {token}");
    let v1 = ("sec-websocket-protocol", "metatron.v1");
    let mut program = port.socket(&[v1, ("authorization", &bearer)]).await.unwrap();
    let channel = listen(&mut program, id, json!(0)).await;
    program.keys(channel, 0, b"rm -rf /\r").await;
    assert_eq!(refusal(&mut program).await["error"]["code"], "owner_only");
    let size = json!({ "columns": 90, "rows": 30 });
    program.send(&json!({ "op": "resize", "id": 3, "topic": topic(id), "size": size })).await;
    let refused = refusal(&mut program).await;
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(3), &json!("owner_only")));
    program.send(&json!({ "op": "ping", "id": 4 })).await;
    assert_eq!(program.answer().await["pong"], true, "the socket lives on");

    let mut owner = port.owner(&place.cookie).await;
    owner.keys(channel, 0, b"x").await;
    assert_eq!(refusal(&mut owner).await["error"]["code"], "not_found", "a channel of somebody else");
    let mine = listen(&mut owner, id, json!(0)).await;
    owner.send(&json!({ "op": "unsub", "id": 5, "topic": topic(id) })).await;
    owner.keys(mine, 0, b"x").await;
    assert_eq!(refusal(&mut owner).await["error"]["code"], "not_found", "it listens there no more");
    owner.binary(b"\x01\0\0\0\x01\0\0\0\0\0\0\0\0x").await;
    assert_eq!(owner.closed().await, 1008, "what no client sends");
    assert_eq!(place.shell.typed(), b"");
}

#[tokio::test]
async fn what_has_ended_takes_no_keys_and_what_never_was_is_not_found() {
    let place = Place::new().await;
    let port = Port::open(&place.world).await;
    let id = place.open().await;
    let mut watch = port.owner(&place.cookie).await;
    let channel = listen(&mut watch, id, json!(0)).await;
    let writer = Writer::terminal(&place.world.bus, id, 0);
    writer.end(&TerminalEnd { bytes: 0, exit: None }).await.unwrap();
    assert_eq!(watch.json().await["ev"], "terminal.end");
    watch.keys(channel, 0, b"too late").await;
    assert_eq!(refusal(&mut watch).await["error"]["code"], "terminal_ended");
    let nowhere = "terminal.trm_01h455vb4pex5vsknk084sn02q";
    assert_eq!(watch.sub(json!({ "topic": nowhere })).await["error"]["code"], "not_found");
    for from in [json!("window"), json!(-1), json!({ "turn": 1, "attempt": 1, "offset": 0 })] {
        watch.send(&json!({ "op": "sub", "id": 1, "topic": topic(id), "from": from })).await;
        let code = refusal(&mut watch).await["error"]["code"].clone();
        assert!(code == "bad_json" || code == "bad_request", "{from}: {code}");
    }
    // An offset of the future waits for it and breaks nothing.
    let next = place.open().await;
    listen(&mut watch, next, json!(1_u64 << 60)).await;
    watch.send(&json!({ "op": "ping", "id": 4 })).await;
    assert_eq!(watch.answer().await["pong"], true);
}

#[tokio::test]
async fn a_size_is_ordered_in_turn_and_an_absurd_one_is_named() {
    let place = Place::new().await;
    let port = Port::open(&place.world).await;
    let id = place.open().await;
    let mut watch = port.owner(&place.cookie).await;
    for columns in [0_u64, 10_000, 70_000] {
        let size = json!({ "columns": columns, "rows": 24 });
        watch.send(&json!({ "op": "resize", "id": columns, "topic": topic(id), "size": size })).await;
        let refused = refusal(&mut watch).await;
        assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(columns), &json!("invalid_field")));
    }
    for columns in 80..90 {
        let size = json!({ "columns": columns, "rows": 24 });
        watch.send(&json!({ "op": "resize", "id": columns, "topic": topic(id), "size": size })).await;
    }
    for columns in 80..90 {
        let answer = watch.json().await;
        assert_eq!((&answer["id"], &answer["ok"]), (&json!(columns), &json!(true)));
    }
    let orders = place.shell.state.orders.lock().unwrap();
    let sizes: Vec<_> =
        (80..90).map(|columns| Order::Resize { size: Size::new(columns, 24).unwrap() }).collect();
    assert_eq!(*orders, sizes);
}

#[tokio::test]
async fn a_paste_of_ten_megabytes_arrives_whole() {
    let place = Place::new().await;
    let port = Port::open(&place.world).await;
    let id = place.open().await;
    let mut watch = port.owner(&place.cookie).await;
    let channel = listen(&mut watch, id, json!(0)).await;
    let paste: Vec<u8> = (0..10 * 1024 * 1024_u32).map(|n| u8::try_from(n * 7 % 251).unwrap()).collect();
    let (mut reader, mut writer) = watch.split();
    let (seen, ()) = tokio::join!(output(&mut reader, 0, paste.len()), async {
        let mut sent = 0;
        for piece in paste.chunks(48 * 1024) {
            writer.keys(channel, sent, piece).await;
            sent += piece.len() as u64;
        }
    });
    assert!(seen == paste, "byte for byte");
    let pieces = place.shell.state.typed.lock().unwrap();
    assert!(pieces.iter().all(|(bytes, _)| bytes.len() <= 16 * 1024));
}

#[tokio::test]
async fn ten_thousand_keys_at_once_freeze_nobody() {
    let place = Place::new().await;
    let port = Port::open(&place.world).await;
    let id = place.open().await;
    let mut watch = port.owner(&place.cookie).await;
    let mut neighbour = port.owner(&place.cookie).await;
    let channel = listen(&mut watch, id, json!(0)).await;
    let (mut reader, mut writer) = watch.split();
    let (seen, (), ()) = tokio::join!(
        output(&mut reader, 0, 10_000),
        async {
            for n in 0..10_000_u32 {
                writer.keys(channel, u64::from(n), &[b'a' + u8::try_from(n % 26).unwrap()]).await;
            }
        },
        async {
            for id in 0..50 {
                neighbour.send(&json!({ "op": "ping", "id": id })).await;
                assert_eq!(neighbour.json().await["id"], id);
            }
        },
    );
    assert!(seen.iter().enumerate().all(|(n, byte)| *byte == b'a' + u8::try_from(n % 26).unwrap()));
    assert!(place.shell.state.typed.lock().unwrap().len() < 10_000, "what waits goes together");
    // The same number of questions is too much.
    for id in 0..300 {
        neighbour.send(&json!({ "op": "ping", "id": id })).await;
    }
    assert_eq!(neighbour.closed().await, 4429);
}

#[tokio::test]
async fn keys_that_nobody_takes_are_given_up_with_a_word() {
    let place = Place::new().await;
    let port = Port::open(&place.world).await;
    let id = place.open().await;
    let mut watch = port.owner(&place.cookie).await;
    let channel = listen(&mut watch, id, json!(0)).await;
    place.shell.state.stuck.store(true, Ordering::Relaxed);
    let (mut reader, mut writer) = watch.split();
    let piece = vec![b'x'; 48 * 1024];
    let (busy, ()) = tokio::join!(refusal(&mut reader), async {
        // Twice as much as may be on its way, so that a part of it waits in front of the door.
        for n in 0..12 {
            writer.keys(channel, n * 48 * 1024, &piece).await;
        }
    });
    assert_eq!((&busy["topic"], &busy["error"]["code"]), (&json!(topic(id)), &json!("terminal_busy")));
    writer.send(&json!({ "op": "ping", "id": 1 })).await;
    while reader.json().await["pong"] != true {}
}

#[tokio::test]
async fn without_a_host_keys_are_refused_and_the_socket_lives() {
    let place = Place::new().await;
    let port = Port::open(&place.world).await;
    let id = place.open().await;
    let mut watch = port.owner(&place.cookie).await;
    let channel = listen(&mut watch, id, json!(0)).await;
    watch.keys(channel, 0, b"a").await;
    assert_eq!(output(&mut watch, 0, 1).await, b"a");
    let Place { redis: _redis, world, cookie, shell } = place;
    drop(shell);
    // Whoever asked last is not answered any more once Redis has seen it go.
    let path = format!("/api/v1/terminals/{id}");
    while world.get(&path).cookie(&cookie).send().await.json()["reachable"] == true {}
    watch.keys(channel, 1, b"b").await;
    assert_eq!(refusal(&mut watch).await["error"]["code"], "shell_unavailable");
}

#[tokio::test]
async fn a_viewer_begins_at_the_screen_and_who_falls_behind_gets_it_anew() {
    let place = Place::new().await;
    let port = Port::open(&place.world).await;
    let id = place.open().await;
    let mut writer = Writer::terminal(&place.world.bus, id, 0);
    writer.append(b"before").await;
    writer.flush().await;
    place.shell.change(id, |status| status.bytes = 6);
    let mut watch = port.owner(&place.cookie).await;
    let channel = listen(&mut watch, id, json!("screen")).await;
    let frame = watch.json().await;
    assert_eq!(
        (&frame["ev"], &frame["offset"], &frame["size"]["columns"]),
        (&json!("screen"), &json!(6), &json!(80))
    );
    match watch.next().await {
        Got::Bytes { kind: 3, channel: of, number: 6, bytes } => {
            assert_eq!((of, bytes.as_slice()), (channel, &b"screen at 6"[..]));
        }
        other => panic!("{other:?}"),
    }
    writer.append(b"after").await;
    assert_eq!(output(&mut watch, 6, 5).await, b"after");
    let status = place.shell.state.sessions.lock().unwrap()[&id].clone();
    writer.note(&Note::Status(Box::new(status)));
    let frame = watch.json().await;
    assert_eq!((&frame["ev"], &frame["status"]["program"]), (&json!("terminal.status"), &json!("bash")));

    // 64 MB that it does not read: more than all that can wait between the two.
    let flood = vec![b'y'; 1024 * 1024];
    for _ in 0..64 {
        place.shell.change(id, |status| status.bytes = writer.offset() + flood.len() as u64);
        writer.append(&flood).await;
        writer.flush().await;
    }
    let end = writer.offset();
    writer.append(b"!").await;
    writer.flush().await;
    let (mut read, mut screens, mut at) = (0, 0, 11);
    while at < end + 1 {
        match watch.next().await {
            Got::Bytes { kind: 3, number, .. } => {
                screens += 1;
                at = number;
            }
            Got::Bytes { kind: 1, number, bytes, .. } => {
                assert_eq!(number, at, "no hole behind a screen");
                at += bytes.len() as u64;
                read += bytes.len();
            }
            Got::Json(frame) => assert_eq!(frame["ev"], "screen", "{frame}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(screens >= 1 && read < 32 * 1024 * 1024, "{screens} screens, {read} bytes");
}

#[tokio::test]
async fn without_redis_a_terminal_says_so() {
    let (world, cookie) = World::claimed().await;
    let body = json!({ "size": { "columns": 80, "rows": 24 } });
    let reply = world.post("/api/v1/terminals", &body).cookie(&cookie).send().await;
    assert_eq!(reply.refusal(), (503, "shell_unavailable".into()));
}

/// Reads until the number of viewers is told.
async fn viewers(watch: &mut Watch) -> Value {
    loop {
        match watch.next().await {
            Got::Json(frame) if frame["ev"] == "terminal.viewers" => return frame["viewers"].clone(),
            Got::Close(code) => panic!("{code}"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn who_looks_at_a_terminal_is_told_how_many_do() {
    let place = Place::new().await;
    let port = Port::open(&place.world).await;
    let id = place.open().await;
    let path = format!("/api/v1/terminals/{id}");
    let shown = async || place.world.get(&path).cookie(&place.cookie).send().await.json()["viewers"].clone();
    assert_eq!(shown().await, 0);
    let mut desk = port.owner(&place.cookie).await;
    listen(&mut desk, id, json!("screen")).await;
    assert_eq!(viewers(&mut desk).await, 1);
    // Who asks again from the same socket is no other viewer.
    listen(&mut desk, id, json!("screen")).await;
    let mut phone = port.owner(&place.cookie).await;
    listen(&mut phone, id, json!("screen")).await;
    while viewers(&mut desk).await != 2 {}
    assert_eq!((viewers(&mut phone).await, shown().await), (json!(2), json!(2)));
    phone.send(&json!({ "id": 1, "op": "unsub", "topic": topic(id) })).await;
    assert_eq!(viewers(&mut desk).await, 1);
    drop(phone);
    drop(desk);
    while shown().await != 0 {}
}
