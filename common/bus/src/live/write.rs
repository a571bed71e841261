//! Appending to a live stream: everything that gathers while one write is on its way goes into the next.
//!
//! Must never hold up a PTY or a model's stream because Redis is away: then bytes are dropped, offsets go on, and the
//! reader sees a gap. While Redis is there it does hold up, so that a flood loses nothing.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use metatron_domain::host::LOCAL;
use metatron_domain::id::{RunId, TerminalId};
use metatron_domain::terminal::TerminalEnd;
use metatron_domain::terminal::message::Note;
use redis::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use super::frame::{ATTEMPTS, Frame, Kind, LAST_SERIES, TERMINAL_SERIES};
use crate::background::detached;
use crate::link::{Backoff, Via};
use crate::{Bus, Error, key};

/// Bytes of one entry, at most.
const ENTRY: usize = 32 * 1024;
/// Bytes that may wait or be on their way.
const ROOM: usize = 1024 * 1024;
/// Frames of one write, at most.
const BATCH: usize = 64;
/// Entries kept of a terminal, about.
const TERMINAL_KEPT: usize = 256;
/// Entries kept of a run, about.
const RUN_KEPT: usize = 20_000;
/// How long a stream stays that never ended, in seconds.
const ALIVE_S: u64 = 86_400;
/// How long a stream stays after its end, in seconds.
const ENDED_S: u64 = 3_600;
/// How often the end is tried while Redis is away; the last tries are 2 s apart.
const END_TRIES: u32 = 300;

enum Item {
    Frame(Frame, Option<OwnedSemaphorePermit>),
    Flush(oneshot::Sender<()>),
}

/// The queue in front of one live stream.
#[derive(Debug)]
struct Feed {
    items: mpsc::UnboundedSender<Item>,
    room: Arc<Semaphore>,
    up: watch::Receiver<bool>,
}

impl Feed {
    fn start(bus: &Bus, key: String, kept: usize) -> Self {
        let (items, queue) = mpsc::unbounded_channel();
        let (up, is_up) = watch::channel(true);
        let pump = Pump { bus: bus.clone(), key, kept, up, control: Vec::new(), hole: None, fresh: true };
        // It ends by itself when this feed is dropped and everything is written.
        detached("live", pump.run(queue));
        Self { items, room: Arc::new(Semaphore::new(ROOM)), up: is_up }
    }

    /// Waits for room while Redis is there. Whether the frame was taken.
    async fn push(&mut self, frame: Frame) -> bool {
        let size = u32::try_from(frame.payload.len()).unwrap_or(u32::MAX);
        let room = self.room.clone();
        let permit = match room.clone().try_acquire_many_owned(size) {
            Ok(permit) => permit,
            Err(_) => {
                tokio::select! {
                    permit = room.acquire_many_owned(size) => match permit {
                        Ok(permit) => permit,
                        Err(_) => return false,
                    },
                    _ = self.up.wait_for(|up| !*up) => return false,
                }
            }
        };
        self.items.send(Item::Frame(frame, Some(permit))).is_ok()
    }

    /// A frame without bytes: always taken, and kept until it is written.
    fn control(&self, frame: Frame) {
        // The pump outlives every feed.
        drop(self.items.send(Item::Frame(frame, None)));
    }

    async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        if self.items.send(Item::Flush(done)).is_ok() {
            drop(wait.await);
        }
    }
}

/// Appends a terminal's output.
#[derive(Debug)]
pub struct Writer {
    feed: Feed,
    end: u64,
}

impl Writer {
    /// A writer of the terminal `id` of the host [`LOCAL`], whose next byte has the offset `from`. To be called inside
    /// the runtime.
    pub fn terminal(bus: &Bus, id: TerminalId, from: u64) -> Self {
        Self::terminal_of(bus, LOCAL, id, from)
    }

    /// As [`Writer::terminal`], of any `host`.
    pub fn terminal_of(bus: &Bus, host: &str, id: TerminalId, from: u64) -> Self {
        Self { feed: Feed::start(bus, key::terminal(host, id), TERMINAL_KEPT), end: from }
    }

    /// The offset of the next byte.
    pub const fn offset(&self) -> u64 {
        self.end
    }

    /// Appends output. Waits while more than 1 MiB is on its way, never because Redis is away: then the bytes are
    /// dropped here, and whoever follows sees the gap. Whether all of it was taken.
    pub async fn append(&mut self, bytes: &[u8]) -> bool {
        let mut all = true;
        for piece in bytes.chunks(ENTRY) {
            self.end += piece.len() as u64;
            let frame = Frame {
                kind: Kind::Bytes,
                series: TERMINAL_SERIES,
                end: self.end,
                payload: Bytes::copy_from_slice(piece),
            };
            all &= self.feed.push(frame).await;
        }
        all
    }

    /// Says that there are bytes up to the offset `to`, and leaves them to the recording: a reader sees a gap. Never waits.
    pub fn skip(&mut self, to: u64) {
        self.end = to;
        let (kind, series, payload) = (Kind::Skip, TERMINAL_SERIES, Bytes::new());
        self.feed.control(Frame { kind, series, end: to, payload });
    }

    /// Tells those who watch now, behind the bytes appended so far. Lost while Redis is away.
    pub fn note(&self, note: &Note) {
        match serde_json::to_vec(note) {
            Ok(payload) => self.feed.control(Frame {
                kind: Kind::Note,
                series: TERMINAL_SERIES,
                end: self.end,
                payload: payload.into(),
            }),
            Err(error) => tracing::error!(%error, "a note can't be written"),
        }
    }

    /// Completes when everything appended so far is written, or was given up.
    pub async fn flush(&self) {
        self.feed.flush().await;
    }

    /// The terminal has ended. Completes after the first try to say so; the trying goes on behind it.
    pub async fn end(self, end: &TerminalEnd) -> Result<(), Error> {
        let payload = Bytes::from(serde_json::to_vec(end)?);
        self.feed.control(Frame { kind: Kind::End, series: TERMINAL_SERIES, end: self.end, payload });
        self.feed.flush().await;
        Ok(())
    }
}

/// Appends a model's words.
#[derive(Debug)]
pub struct RunWriter {
    feed: Feed,
    series: u64,
    end: u64,
}

impl RunWriter {
    /// A writer of the run `id`. Begin with [`RunWriter::turn`]. To be called inside the runtime.
    pub fn new(bus: &Bus, id: RunId) -> Self {
        Self { feed: Feed::start(bus, key::run(id), RUN_KEPT), series: 0, end: 0 }
    }

    /// A turn begins, or a new attempt at it. Must be later than every one before.
    pub fn turn(&mut self, turn: u32, attempt: u32) {
        self.series = u64::from(turn) * ATTEMPTS + u64::from(attempt).min(ATTEMPTS - 1);
        self.end = 0;
        let (series, payload) = (self.series, Bytes::new());
        self.feed.control(Frame { kind: Kind::Turn, series, end: 0, payload });
    }

    /// More of the turn's text. Never waits for a Redis that is away.
    pub async fn delta(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let cut = rest.floor_char_boundary(ENTRY);
            let (piece, tail) = rest.split_at(cut);
            rest = tail;
            self.end += piece.len() as u64;
            let payload = Bytes::copy_from_slice(piece.as_bytes());
            self.feed.push(Frame { kind: Kind::Text, series: self.series, end: self.end, payload }).await;
        }
    }

    /// Completes when everything appended so far is written, or was given up.
    pub async fn flush(&self) {
        self.feed.flush().await;
    }

    /// The run has ended. Completes after the first try to say so.
    pub async fn end(self) {
        let payload = Bytes::from_static(b"{}");
        self.feed.control(Frame { kind: Kind::End, series: LAST_SERIES, end: 0, payload });
        self.feed.flush().await;
    }
}

/// Carries frames to Redis, one write at a time.
struct Pump {
    bus: Bus,
    key: String,
    kept: usize,
    up: watch::Sender<bool>,
    /// Beginnings and ends that Redis has not got yet.
    control: Vec<Frame>,
    /// Where the last bytes end that were dropped: whoever follows is told as soon as Redis is back, although the
    /// terminal may be silent by then.
    hole: Option<(u64, u64)>,
    /// Nothing was written yet, or Redis may have been emptied: the time to live has to be set.
    fresh: bool,
}

impl Pump {
    async fn run(mut self, mut queue: mpsc::UnboundedReceiver<Item>) {
        let mut backoff = Backoff::new();
        let mut items = Vec::with_capacity(BATCH);
        let mut tries = 0;
        loop {
            let down = !*self.up.borrow();
            let closed = tokio::select! {
                count = queue.recv_many(&mut items, BATCH) => count == 0,
                () = tokio::time::sleep(backoff.next()), if down => false,
            };
            if closed {
                if self.control.is_empty() || tries > END_TRIES {
                    return;
                }
                tries += 1;
                tokio::time::sleep(backoff.next()).await;
            }
            let mut frames = std::mem::take(&mut self.control);
            let mut permits = Vec::new();
            let mut flushes = Vec::new();
            for item in items.drain(..) {
                match item {
                    // Redis is away: drop bytes rather than gather them.
                    Item::Frame(frame, Some(_)) if down && !frame.payload.is_empty() => self.drops(&frame),
                    Item::Frame(frame, permit) => {
                        permits.extend(permit);
                        join(&mut frames, frame);
                    }
                    Item::Flush(done) => flushes.push(done),
                }
            }
            match self.write(&frames).await {
                Ok(()) => {
                    backoff.reset();
                    if down && self.show_hole().await {
                        self.up.send_replace(true);
                    }
                }
                Err(error) => {
                    if !down {
                        tracing::debug!(%error, "a live stream has a hole now");
                    }
                    self.up.send_replace(false);
                    self.fresh = true;
                    for frame in &frames {
                        self.drops(frame);
                    }
                    self.control = frames
                        .into_iter()
                        .filter(|frame| matches!(frame.kind, Kind::Turn | Kind::End))
                        .collect();
                }
            }
            for done in flushes {
                // Who waited may be gone.
                let _ = done.send(());
            }
        }
    }

    /// A frame will not be written.
    fn drops(&mut self, frame: &Frame) {
        if matches!(frame.kind, Kind::Bytes | Kind::Text) {
            self.hole = Some((frame.series, frame.end));
        }
    }

    /// Appends an entry without bytes where the dropped ones end. Whether that was done, or was not needed.
    async fn show_hole(&mut self) -> bool {
        let Some((series, end)) = self.hole.take().filter(|(series, _)| *series == TERMINAL_SERIES) else {
            return true;
        };
        let frame = Frame { kind: Kind::Bytes, series, end, payload: Bytes::new() };
        let shown = self.write(&[frame]).await.is_ok();
        if !shown {
            self.hole = Some((series, end));
        }
        shown
    }

    async fn write(&mut self, frames: &[Frame]) -> Result<(), Error> {
        let mut pipe = redis::pipe();
        pipe.ignore_errors();
        if frames.is_empty() {
            pipe.cmd("PING");
        }
        for frame in frames {
            frame.add(&mut pipe, &self.key, self.kept);
        }
        // A note alone leaves no key behind that could expire.
        let kept = frames.iter().any(|frame| frame.kind != Kind::Note);
        if frames.iter().any(|frame| frame.kind == Kind::End) {
            pipe.cmd("EXPIRE").arg(&self.key).arg(ENDED_S);
        } else if self.fresh && kept {
            pipe.cmd("EXPIRE").arg(&self.key).arg(ALIVE_S);
        }
        let replies: Vec<Value> = self.bus.run_via(Via::Bulk, &pipe).await?;
        for reply in replies {
            if let Value::ServerError(error) = reply {
                let text = error.details().unwrap_or_default();
                // A write repeated after a broken connection: the entry is there already.
                if text.contains("equal or smaller") {
                    continue;
                }
                return Err(match error.code() {
                    "OOM" => Error::Full(text.to_owned()),
                    _ => Error::Wire(text.to_owned()),
                });
            }
        }
        self.fresh = self.fresh && !kept;
        Ok(())
    }
}

/// Appends a frame, to the one before it where it continues that.
fn join(frames: &mut Vec<Frame>, frame: Frame) {
    if let Some(last) = frames.last_mut()
        && (last.kind, frame.kind) == (Kind::Skip, Kind::Skip)
    {
        last.end = frame.end;
    } else if let Some(last) = frames.last_mut()
        && matches!(frame.kind, Kind::Bytes | Kind::Text)
        && last.kind == frame.kind
        && last.series == frame.series
        && last.end == frame.start()
        && last.payload.len() + frame.payload.len() <= ENTRY
    {
        let mut payload = BytesMut::with_capacity(last.payload.len() + frame.payload.len());
        payload.extend_from_slice(&last.payload);
        payload.extend_from_slice(&frame.payload);
        last.payload = payload.freeze();
        last.end = frame.end;
    } else {
        frames.push(frame);
    }
}
