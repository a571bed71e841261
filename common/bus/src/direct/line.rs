//! A connection. Whoever sends writes by itself, from any thread, and never waits: what the kernel does not take at once
//! follows as soon as it does.

use std::io::{Error, ErrorKind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Buf as _, BytesMut};
use tokio::net::UnixStream;
use tokio::sync::Notify;

use super::frame::{self, Frame, Kind};

/// Bytes that may wait for the other end. It reads all the time, so more than this means that it does not live.
const ROOM: usize = 4 * 1024 * 1024;
/// Bytes of one read.
const PIECE: usize = 64 * 1024;
/// What is not urgent goes with what is, or after this time.
const LATER: Duration = Duration::from_millis(5);
/// For so long an answer that is expected is looked for without sleeping: a processor that sleeps takes longer to wake up
/// than an echo takes to come.
const VIGIL: Duration = Duration::from_micros(400);
/// Bytes of one look meanwhile.
const GLANCE: usize = 4 * 1024;
/// Only after so long without another: who is busy anyway does not sleep, and it must not cost more than a tenth of a
/// processor. In vain, and it is twice as long until the next, up to this: the other end takes its time, or a program
/// echoes nothing.
const APART: Duration = Duration::from_millis(4);
const FAR_APART: Duration = Duration::from_millis(500);

/// One end of it.
#[derive(Debug)]
pub(super) struct Line {
    stream: UnixStream,
    waiting: Mutex<Waiting>,
    more: Notify,
    expected: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: BytesMut,
    /// The kernel takes no more for now.
    blocked: bool,
    /// It waits for something to go with.
    lazy: bool,
    /// Nothing can be sent any more.
    over: bool,
}

impl Line {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self { stream, waiting: Mutex::default(), more: Notify::new(), expected: Notify::new() }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a frame. `false` when the connection is over: then it is lost, and so may be what was sent before.
    pub(super) fn send(&self, kind: Kind, channel: &str, parts: &[&[u8]]) -> bool {
        let mut waiting = self.waiting();
        frame::write(&mut waiting.bytes, kind, channel, parts);
        if !waiting.blocked && !waiting.over {
            self.flush(&mut waiting);
        }
        self.look_after(&mut waiting)
    }

    /// As [`Line::send`], a moment later or together with what comes next.
    pub(super) fn send_later(&self, kind: Kind, channel: &str, parts: &[&[u8]]) -> bool {
        let mut waiting = self.waiting();
        frame::write(&mut waiting.bytes, kind, channel, parts);
        if !waiting.lazy {
            waiting.lazy = true;
            self.more.notify_one();
        }
        self.look_after(&mut waiting)
    }

    fn look_after(&self, waiting: &mut Waiting) -> bool {
        waiting.over |= waiting.bytes.len() > ROOM;
        if waiting.over {
            waiting.bytes.clear();
        }
        if waiting.over || waiting.blocked {
            self.more.notify_one();
        }
        !waiting.over
    }

    fn flush(&self, waiting: &mut Waiting) {
        while !waiting.bytes.is_empty() {
            match self.stream.try_write(&waiting.bytes) {
                Ok(written) => waiting.bytes.advance(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    waiting.blocked = true;
                    return;
                }
                Err(_) => {
                    waiting.over = true;
                    return;
                }
            }
        }
        waiting.bytes.clear();
        (waiting.blocked, waiting.lazy) = (false, false);
    }

    /// What was sent last will be answered at once.
    pub(super) fn expect(&self) {
        self.expected.notify_one();
    }

    /// Hands over what comes and carries what waits, until the connection is over. `take` tells whether a frame is an
    /// answer that may have been expected.
    pub(super) async fn run(&self, take: impl FnMut(Frame) -> bool) -> Error {
        let error = tokio::select! {
            error = self.read(take) => error,
            error = self.write() => error,
        };
        self.waiting().over = true;
        error
    }

    async fn read(&self, mut take: impl FnMut(Frame) -> bool) -> Error {
        let mut came = BytesMut::with_capacity(PIECE);
        let (mut asked, mut apart) = (Instant::now(), APART);
        loop {
            let until = tokio::select! {
                ready = self.stream.readable() => match ready {
                    Ok(()) => None,
                    Err(error) => return error,
                },
                () = self.expected.notified() => Some(Instant::now() + VIGIL),
            };
            let pause = until.map(|_| std::mem::replace(&mut asked, Instant::now()).elapsed());
            let until = until.filter(|_| pause.is_some_and(|pause| pause >= apart));
            match self.take_in(until, &mut came, &mut take).await {
                Ok(true) if until.is_some() => apart = APART,
                Ok(false) if until.is_some() => apart = (apart * 2).min(FAR_APART),
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    }

    /// Hands over what is there; or what comes until an answer has come, but no longer than `until`. Whether one came.
    async fn take_in(
        &self,
        until: Option<Instant>,
        came: &mut BytesMut,
        take: &mut impl FnMut(Frame) -> bool,
    ) -> Result<bool, Error> {
        loop {
            came.reserve(PIECE);
            // The runtime would only learn that something has come when all its tasks sleep.
            let read = if until.is_some() { self.look(came) } else { self.stream.try_read_buf(came) };
            let answered = match read {
                Ok(0) => return Err(Error::from(ErrorKind::UnexpectedEof)),
                Ok(_) => hand_over(came, take)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => false,
                Err(error) => return Err(error),
            };
            if answered || until.is_none_or(|until| Instant::now() >= until) {
                return Ok(answered);
            }
            // Whoever makes the answer may have been put behind us on this processor.
            std::thread::yield_now();
            // Whoever handles it may live on this thread.
            tokio::task::yield_now().await;
        }
    }

    fn look(&self, came: &mut BytesMut) -> Result<usize, Error> {
        let mut piece = [0; GLANCE];
        let length = rustix::io::read(&self.stream, &mut piece)?;
        came.extend_from_slice(&piece[..length]);
        Ok(length)
    }

    async fn write(&self) -> Error {
        loop {
            self.more.notified().await;
            if !self.waiting().blocked {
                tokio::time::sleep(LATER).await;
            }
            loop {
                {
                    let mut waiting = self.waiting();
                    self.flush(&mut waiting);
                    if waiting.over {
                        return Error::from(ErrorKind::BrokenPipe);
                    }
                    if waiting.bytes.is_empty() {
                        break;
                    }
                }
                if let Err(error) = self.stream.writable().await {
                    return error;
                }
            }
        }
    }
}

/// Hands over the frames that are there as a whole. Whether one of them was an answer.
fn hand_over(came: &mut BytesMut, take: &mut impl FnMut(Frame) -> bool) -> Result<bool, Error> {
    let mut answered = false;
    loop {
        match frame::read(came) {
            Ok(Some(frame)) => answered |= take(frame),
            Ok(None) => return Ok(answered),
            Err(frame::Malformed) => return Err(Error::from(ErrorKind::InvalidData)),
        }
    }
}
