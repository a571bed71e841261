//! A socket at a terminal, ours or the peer's: keys in, bytes out. What it reads is every byte, in order.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures::{SinkExt as _, StreamExt as _};
use metatron_testkit::client::Owner;
use serde_json::Value;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than this nothing takes.
const PATIENCE: Duration = Duration::from_mins(2);
/// Kind, channel and offset stand before the bytes of ours.
const HEAD: usize = 13;

/// A view.
pub(crate) struct View {
    socket: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
    /// The channel of ours.
    channel: Option<u32>,
    /// Bytes of keys sent.
    pressed: u64,
    /// The offset of the next byte of ours.
    at: u64,
    /// What came behind a mark that was waited for.
    held: Bytes,
}

impl View {
    pub(crate) async fn ours(owner: &Owner, terminal: &str) -> Result<Self> {
        let socket = owner.socket().await?;
        let mut view = Self { socket, channel: None, pressed: 0, at: 0, held: Bytes::new() };
        let ask =
            serde_json::json!({ "id": 1, "op": "sub", "topic": format!("terminal.{terminal}"), "from": 0 });
        view.socket.send(Message::text(ask.to_string())).await?;
        loop {
            let Message::Text(text) = view.message().await? else { continue };
            let answer: Value = serde_json::from_str(&text)?;
            if answer["id"] == 1 {
                let channel = answer["channel"].as_u64().with_context(|| format!("no channel: {answer}"))?;
                view.channel = Some(u32::try_from(channel)?);
                return Ok(view);
            }
        }
    }

    pub(crate) async fn peer(port: u16, terminal: &str) -> Result<Self> {
        let (socket, _) = connect_async(format!("ws://127.0.0.1:{port}/terminals/{terminal}")).await?;
        Ok(Self { socket, channel: None, pressed: 0, at: 0, held: Bytes::new() })
    }

    async fn message(&mut self) -> Result<Message> {
        let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
        Ok(next.context("nothing arrives")?.context("the socket was closed")??)
    }

    /// Presses keys.
    pub(crate) async fn press(&mut self, keys: &[u8]) -> Result<()> {
        let message = match self.channel {
            Some(channel) => {
                self.pressed += keys.len() as u64;
                let mut frame = vec![2];
                frame.extend_from_slice(&channel.to_be_bytes());
                frame.extend_from_slice(&self.pressed.to_be_bytes());
                frame.extend_from_slice(keys);
                frame
            }
            None => keys.to_vec(),
        };
        Ok(self.socket.send(Message::binary(message)).await?)
    }

    /// The next bytes.
    pub(crate) async fn read(&mut self) -> Result<Bytes> {
        if !self.held.is_empty() {
            return Ok(std::mem::take(&mut self.held));
        }
        loop {
            match self.message().await? {
                Message::Binary(bytes) if self.channel.is_none() => return Ok(bytes),
                Message::Binary(frame) if frame.len() >= HEAD && frame[0] == 1 => {
                    let offset = u64::from_be_bytes(frame[5..HEAD].try_into()?);
                    ensure!(offset == self.at, "byte {offset} came instead of {}", self.at);
                    self.at += (frame.len() - HEAD) as u64;
                    return Ok(frame.slice(HEAD..));
                }
                Message::Text(text) if text.contains("\"error\"") => bail!("the server refuses: {text}"),
                Message::Close(reason) => bail!("the socket was closed: {reason:?}"),
                _ => {}
            }
        }
    }

    /// Has `bytes`, the end of what was just read, be read next.
    pub(crate) fn give_back(&mut self, bytes: Bytes) {
        self.held = bytes;
    }

    /// Reads until `mark` has come, which may be cut over several pieces. What came behind it is read next.
    pub(crate) async fn until(&mut self, mark: &[u8]) -> Result<()> {
        let mut seen = Vec::new();
        loop {
            seen.extend_from_slice(&self.read().await?);
            if let Some(at) = seen.windows(mark.len()).position(|window| window == mark) {
                self.held = Bytes::copy_from_slice(&seen[at + mark.len()..]);
                return Ok(());
            }
            let keep = seen.len().min(mark.len());
            seen.drain(..seen.len() - keep);
        }
    }

    /// Types a line and reads until the shell has printed `word`; the line itself must not hold it in one piece.
    pub(crate) async fn line(&mut self, line: &str, word: &str) -> Result<()> {
        self.press(line.as_bytes()).await?;
        self.until(word.as_bytes()).await
    }
}
