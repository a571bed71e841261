//! A client of the socket, for tests.

use std::net::SocketAddr;
use std::time::Duration;

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// A test that waits longer has found a defect.
const PATIENCE: Duration = Duration::from_secs(30);

/// The service on a port of its own. It ends when this is dropped.
pub(crate) struct Port {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: CancellationToken,
    pub(crate) tasks: JoinSet<()>,
}

impl Port {
    pub(crate) async fn open(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(Box::pin(metatron_api::run(world.app.clone(), listener, shutdown.clone())));
        Self { address, shutdown, tasks }
    }

    /// Opens a socket; the status, if the handshake is refused.
    pub(crate) async fn socket(&self, headers: &[(&'static str, &str)]) -> Result<Watch, u16> {
        let mut request = format!("ws://{}/api/v1/ws", self.address).into_client_request().unwrap();
        for (name, value) in headers {
            let value = value.replace("{origin}", &format!("http://{}", self.address));
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, _)) => Ok(Watch { socket }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// The owner's socket.
    pub(crate) async fn owner(&self, cookie: &str) -> Watch {
        let headers = [("cookie", cookie), ("origin", "{origin}"), ("sec-websocket-protocol", "metatron.v1")];
        self.socket(&headers).await.unwrap()
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An open socket.
pub(crate) struct Watch<S = Socket> {
    socket: S,
}

/// What arrived.
#[derive(Debug)]
pub(crate) enum Got {
    Json(Value),
    Bytes { kind: u8, channel: u32, number: u64, bytes: Vec<u8> },
    Close(u16),
}

impl<S: futures::Sink<Message, Error = Error> + Unpin> Watch<S> {
    pub(crate) async fn send(&mut self, frame: &Value) {
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    pub(crate) async fn binary(&mut self, frame: &[u8]) {
        self.socket.send(Message::binary(frame.to_vec())).await.unwrap();
    }

    /// Presses keys; `before` is how many bytes of them were sent already.
    pub(crate) async fn keys(&mut self, channel: u32, before: u64, bytes: &[u8]) {
        let mut frame = vec![2];
        frame.extend(channel.to_be_bytes());
        frame.extend(before.to_be_bytes());
        frame.extend(bytes);
        self.binary(&frame).await;
    }
}

impl Watch {
    /// The reading and the writing half.
    pub(crate) fn split(self) -> (Watch<SplitStream<Socket>>, Watch<SplitSink<Socket, Message>>) {
        let (sink, stream) = self.socket.split();
        (Watch { socket: stream }, Watch { socket: sink })
    }

    /// Subscribes; returns the answer.
    pub(crate) async fn sub(&mut self, mut what: Value) -> Value {
        what["op"] = json!("sub");
        what["id"] = json!(99);
        self.send(&what).await;
        loop {
            let frame = self.json().await;
            if frame["id"] == 99 {
                return frame;
            }
        }
    }
}

impl<S: futures::Stream<Item = Result<Message, Error>> + Unpin> Watch<S> {
    pub(crate) async fn next(&mut self) -> Got {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("nothing arrived");
            return match message {
                Some(Ok(Message::Text(text))) => Got::Json(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Binary(bytes))) => Got::Bytes {
                    kind: bytes[0],
                    channel: u32::from_be_bytes(bytes[1..5].try_into().unwrap()),
                    number: u64::from_be_bytes(bytes[5..13].try_into().unwrap()),
                    bytes: bytes[13..].to_vec(),
                },
                Some(Ok(Message::Close(Some(frame)))) => Got::Close(frame.code.into()),
                Some(Ok(Message::Close(None)) | Err(_)) | None => Got::Close(1006),
                Some(Ok(_)) => continue,
            };
        }
    }

    /// The next JSON frame; how many look at a terminal is passed over.
    pub(crate) async fn json(&mut self) -> Value {
        loop {
            match self.next().await {
                Got::Json(value) if value["ev"] == "terminal.viewers" => {}
                Got::Json(value) => return value,
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next frame that is no fact: what was done before is told whenever it is carried here.
    pub(crate) async fn answer(&mut self) -> Value {
        loop {
            let frame = self.json().await;
            if frame["ev"].is_null() {
                return frame;
            }
        }
    }

    /// Waits until it is closed; returns the code.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Got::Close(code) = self.next().await {
                return code;
            }
        }
    }
}
