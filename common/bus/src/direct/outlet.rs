//! What one running terminal says on the line: its bytes in order, and what stands beside them. Whoever joins is told how
//! far it is, and which keys were typed; bytes before that are in the recording.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metatron_domain::id::TerminalId;
use metatron_domain::terminal::TerminalEnd;
use metatron_domain::terminal::message::Note;

use super::server::{Peers, Server};
use crate::key;
use crate::live::frame::{Frame, Kind, TERMINAL_SERIES};

/// A running terminal's place on the line. Its session owns it; whoever reads the terminal shares it.
#[derive(Debug)]
pub struct Outlet {
    peers: Peers,
    channel: String,
    told: Mutex<Told>,
    pub(super) watchers: AtomicUsize,
    /// There is something to be told, or to be looked at.
    more: tokio::sync::Notify,
}

#[derive(Debug)]
struct Told {
    /// The offset behind what was told, or may be left to the recording.
    end: u64,
    /// When bytes were told last.
    at: Instant,
    /// The number of the last keys that were typed; 0 before the first.
    pressed: u64,
}

impl Outlet {
    pub(super) fn new(server: &Server, host: &str, terminal: TerminalId) -> Self {
        let told = Mutex::new(Told { end: 0, at: Instant::now(), pressed: 0 });
        let (peers, channel) = (server.peers(), key::terminal(host, terminal));
        Self { peers, channel, told, watchers: AtomicUsize::new(0), more: tokio::sync::Notify::new() }
    }

    pub(super) fn channel(&self) -> &str {
        &self.channel
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody joined it.
    pub fn is_watched(&self) -> bool {
        self.watchers.load(Ordering::Acquire) > 0
    }

    /// Somebody joins: `join` says how far the terminal and its keys are, and returns whether it is one more. All else is said
    /// after that.
    pub(super) fn admit(&self, join: impl FnOnce(&[Vec<u8>]) -> bool) {
        let told = self.told();
        let mut first = vec![Frame::skip(told.end).head().to_vec()];
        if told.pressed > 0 {
            // Whoever sent them did so before it joined, and would have to ask which of them were typed.
            first.extend(note(&told, Kind::Note, &Note::Pressed { sequence: told.pressed }));
        }
        let more = join(&first);
        self.watchers.fetch_add(usize::from(more), Ordering::AcqRel);
        drop(told);
        self.stir();
    }

    /// Says that there is something to tell.
    pub fn stir(&self) {
        self.more.notify_one();
    }

    /// Completes when there may be something to tell.
    pub async fn stirred(&self) {
        self.more.notified().await;
    }

    /// The offset behind what was told, and when that was.
    pub fn position(&self) -> (u64, Instant) {
        let told = self.told();
        (told.end, told.at)
    }

    /// Tells the bytes from the offset `from` on, if they come next. Whether they did. Never waits.
    pub fn tell(&self, from: u64, bytes: &[u8]) -> bool {
        let mut told = self.told();
        if told.end != from {
            return false;
        }
        self.append(&mut told, bytes);
        true
    }

    /// There are new bytes from the offset `from` on. They are told at once after a `pause` without any, where they are at
    /// most `few`; else whoever waits for [`Outlet::stirred`] tells them, with what gathers meanwhile. Never waits.
    pub fn offer(&self, from: u64, bytes: &[u8], few: u64, pause: Duration) {
        if !self.is_watched() {
            // Who joins is told; nobody else is there to be told, unless it goes through Redis.
            if self.peers.is_empty() {
                self.stir();
            }
            return;
        }
        let mut told = self.told();
        if told.end == from && bytes.len() as u64 <= few && told.at.elapsed() >= pause {
            self.append(&mut told, bytes);
        } else {
            drop(told);
            self.stir();
        }
    }

    fn append(&self, told: &mut Told, bytes: &[u8]) {
        (told.end, told.at) = (told.end + bytes.len() as u64, Instant::now());
        let frame =
            Frame { kind: Kind::Bytes, series: TERMINAL_SERIES, end: told.end, payload: bytes::Bytes::new() };
        self.send(&[&frame.head(), bytes]);
    }

    /// Says that there are bytes up to the offset `to`, and leaves them to the recording.
    pub fn skip(&self, to: u64) {
        let mut told = self.told();
        if to > told.end {
            (told.end, told.at) = (to, Instant::now());
            self.send(&[&Frame::skip(to).head()]);
        }
    }

    /// Tells those who watch now, behind the bytes told so far.
    pub fn note(&self, note: &Note) {
        self.beside(&self.told(), Kind::Note, note, true);
    }

    /// Tells those who watch that keys up to this number were typed, together with what comes next; and whoever joins later.
    /// Whether the line is there for it.
    pub fn pressed(&self, sequence: u64) -> bool {
        let mut told = self.told();
        told.pressed = sequence;
        self.beside(&told, Kind::Note, &Note::Pressed { sequence }, false);
        !self.peers.is_empty()
    }

    /// The terminal has ended.
    pub fn end(&self, end: &TerminalEnd) {
        self.beside(&self.told(), Kind::End, end, true);
    }

    fn beside(&self, told: &Told, kind: Kind, value: &impl serde::Serialize, urgent: bool) {
        if self.is_watched()
            && let Some(message) = note(told, kind, value)
        {
            self.peers.send(&self.channel, &[&message], urgent);
        }
    }

    /// Called with the lock held, so that everybody hears everything in one order.
    fn send(&self, parts: &[&[u8]]) {
        if self.is_watched() {
            self.peers.send(&self.channel, parts, true);
        }
    }
}

/// What stands beside the bytes that were told.
fn note(told: &Told, kind: Kind, value: &impl serde::Serialize) -> Option<Vec<u8>> {
    let frame = Frame { kind, series: TERMINAL_SERIES, end: told.end, payload: bytes::Bytes::new() };
    match serde_json::to_vec(value) {
        Ok(text) => Some([&frame.head()[..], &text].concat()),
        Err(error) => {
            tracing::error!(%error, "what stands beside a terminal can't be written");
            None
        }
    }
}
