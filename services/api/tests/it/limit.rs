//! Clients that are slow, silent, large or many (SECURITY section 5). The bounds are short here, and each test waits for
//! the server's own close.

use std::time::Duration;

use metatron_api::Limits;
use metatron_bus::live::RunWriter;
use metatron_domain::policy::Risk;
use metatron_testkit::redis::RedisServer;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::room::ask_owner;
use crate::watch::Port;
use crate::world::World;

const NO_REDIS: &str = "unix:///nowhere/redis.sock";
const SOON: Duration = Duration::from_millis(200);
const NEVER: Duration = Duration::from_hours(1);

/// Says something to the port and reads what comes until the server closes.
async fn until_closed(port: &Port, said: &str) -> String {
    let mut stream = TcpStream::connect(port.address).await.unwrap();
    stream.write_all(said.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    // A reset is a close as well.
    while stream.read_buf(&mut heard).await.is_ok_and(|count| count > 0) {}
    String::from_utf8(heard).unwrap()
}

#[tokio::test]
async fn a_head_that_does_not_come_to_its_end_is_not_waited_for() {
    let world = World::limited(NO_REDIS, Limits { head: SOON, ..Limits::default() }).await;
    let port = Port::open(&world).await;
    for said in ["", "GET", "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: "] {
        let heard = until_closed(&port, said).await;
        assert!(!heard.contains(" 200 "), "{said:?}: {heard}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_to_its_end_is_a_timeout() {
    let world = World::limited(NO_REDIS, Limits { body: SOON, ..Limits::default() }).await;
    let port = Port::open(&world).await;
    let said = "POST /api/v1/login HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
                connection: close\r\ncontent-length: 100\r\n\r\n{\"password\":\"";
    let heard = until_closed(&port, said).await;
    assert!(heard.starts_with("HTTP/1.1 408 ") && heard.contains("request_timeout"), "{heard}");
}

#[tokio::test]
async fn who_holds_every_connection_and_says_nothing_makes_room_again() {
    let limits = Limits { connections: 8, head: SOON, ..Limits::default() };
    let world = World::limited(NO_REDIS, limits).await;
    let port = Port::open(&world).await;
    let mut silent = Vec::new();
    for _ in 0..64 {
        silent.push(TcpStream::connect(port.address).await.unwrap());
    }
    let ask = "GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
    assert!(until_closed(&port, ask).await.starts_with("HTTP/1.1 200 "), "it came after 64 silent ones");
}

#[tokio::test]
async fn heads_and_frames_beyond_their_size_end_the_connection() {
    let (world, cookie) = World::claimed().await;
    let port = Port::open(&world).await;
    let large =
        format!("GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx-large: {}\r\n\r\n", "x".repeat(200_000));
    let heard = until_closed(&port, &large).await;
    assert!(heard.starts_with("HTTP/1.1 431 "), "{heard}");
    let many = format!("GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n{}\r\n", "x: y\r\n".repeat(50_000));
    let heard = until_closed(&port, &many).await;
    assert!(heard.starts_with("HTTP/1.1 431 "), "{heard}");

    let mut socket = port.owner(&cookie).await;
    socket.send(&json!({ "op": "ping", "id": 1, "topic": "x".repeat(60_000) })).await;
    assert_eq!(socket.json().await["error"]["code"], "bad_json", "large, and still read");
    socket.send(&json!({ "op": "ping", "id": 1, "topic": "x".repeat(64 * 1024) })).await;
    assert!([1006, 1009].contains(&socket.closed().await), "larger than a frame may be");
}

#[tokio::test]
async fn a_flood_of_questions_closes_its_own_socket_and_no_other() {
    let limits = Limits { burst: 32, pace: NEVER, ..Limits::default() };
    let world = World::limited(NO_REDIS, limits).await;
    let cookie = world.claim().await;
    let port = Port::open(&world).await;
    let mut calm = port.owner(&cookie).await;
    let mut flood = port.owner(&cookie).await;
    for id in 0..33 {
        flood.send(&json!({ "op": "ping", "id": id })).await;
    }
    assert_eq!(flood.closed().await, 4429);
    calm.send(&json!({ "op": "ping", "id": 1 })).await;
    assert_eq!(calm.json().await["pong"], true);
}

#[tokio::test]
async fn who_does_not_read_is_told_so_and_holds_up_nobody() {
    let redis = RedisServer::start().unwrap();
    let limits = Limits { slow: SOON, farewell: NEVER, ..Limits::default() };
    let world = World::limited(&redis.url(), limits).await;
    let cookie = world.claim().await;
    let port = Port::open(&world).await;
    let (_, run) = ask_owner(&world, Risk::Low).await;
    let topic = format!("run.{run}");
    let mut stalled = port.owner(&cookie).await;
    let mut reader = port.owner(&cookie).await;
    for socket in [&mut stalled, &mut reader] {
        assert_eq!(socket.sub(json!({ "topic": topic })).await["ok"], true);
    }
    let mut writer = RunWriter::new(&world.bus, run);
    writer.turn(1, 1);
    assert_eq!(reader.json().await["ev"], "turn");
    // More than the kernel and the queue of a socket hold.
    let piece = "x".repeat(32 * 1024);
    let (mut written, mut read) = (0, 0);
    for _ in 0..400 {
        written += piece.len();
        writer.delta(&piece).await;
        while read < written {
            let frame = reader.json().await;
            read += frame["text"].as_str().map_or(0, str::len);
        }
    }
    assert_eq!(stalled.closed().await, 4429);
}
