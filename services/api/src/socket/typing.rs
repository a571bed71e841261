//! The keys of one client on their way to terminals. A quarter of a megabyte may be on the way; then the client is not
//! read until some were typed, so that a paste of any size arrives whole and costs no memory.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::order::MOST_KEYS;
use tokio::time::{Instant, Sleep};

use super::frame::Topic;
use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::keyboard::ended;

/// Bytes on the way, at most; one frame may go beyond.
const ROOM: usize = 256 * 1024;
/// How long nothing is typed until its host is asked which keys it has: what it told may have been lost. What it has it
/// will type; when the way is full again and still nothing was typed, keys are dropped for a while.
const ASK: Duration = Duration::from_secs(5);
const DROP: Duration = Duration::from_secs(10);
/// A client is told how far its keys are when so many bytes more were typed (half of what the page lets be under way), or a
/// moment later. Not for each key: that would go in front of its echo, and wake everybody once more.
const TELL: u64 = 32 * 1024;
const MOMENT: Duration = Duration::from_secs(1);

/// What the client is to be told.
#[derive(Debug)]
pub(super) enum Typed {
    /// So many bytes of what it sent for the topic are out of the way.
    Until(Topic, u64),
    /// Keys were dropped.
    Dropped(Topic, ApiError),
}

/// What a request on the way came to.
enum Done {
    Pressed(usize, Answer<u64>),
    Counted(Answer<u64>),
}

/// One terminal that the client may type into.
struct Line {
    topic: Topic,
    terminal: TerminalId,
    host: String,
    /// It has ended.
    over: bool,
    /// Not yet sent.
    waiting: BytesMut,
    /// Bytes of the piece that is being sent.
    leaving: usize,
    /// Sent and not yet typed: number and bytes.
    sent: VecDeque<(u64, usize)>,
    sent_bytes: usize,
    /// The highest number that was typed.
    typed: u64,
    /// Bytes out of the way, and how many of them the client knows of since when.
    settled: u64,
    told: u64,
    told_at: Instant,
    /// When some were typed last, or nothing was on the way.
    moved: Instant,
    /// When its host was asked last, and whether nothing was typed since it answered.
    asked: Instant,
    asking: bool,
    unconfirmed: bool,
    /// Keys are dropped until some are typed, or until then.
    stuck: Option<Instant>,
}

/// The keys of one client.
pub(super) struct Typing {
    app: App,
    lines: HashMap<u32, Line>,
    work: FuturesUnordered<BoxFuture<'static, (u32, Done)>>,
    /// Bytes on the way, of all lines.
    load: usize,
    tell: VecDeque<Typed>,
    /// Rings when something may be due: rather once in vain than set anew for each key.
    alarm: Pin<Box<Sleep>>,
}

impl Typing {
    pub(super) fn new(app: &App) -> Self {
        let (lines, work, tell) = (HashMap::new(), FuturesUnordered::new(), VecDeque::new());
        let alarm = Box::pin(tokio::time::sleep(Duration::ZERO));
        Self { app: app.clone(), lines, work, load: 0, tell, alarm }
    }

    /// The client may type into a terminal from now on.
    pub(super) fn add(&mut self, channel: u32, topic: Topic, terminal: TerminalId, host: String, over: bool) {
        self.remove(topic);
        let now = Instant::now();
        let line = Line {
            topic,
            terminal,
            host,
            over,
            waiting: BytesMut::new(),
            leaving: 0,
            sent: VecDeque::new(),
            sent_bytes: 0,
            typed: 0,
            settled: 0,
            told: 0,
            told_at: now,
            moved: now,
            asked: now,
            asking: false,
            unconfirmed: false,
            stuck: None,
        };
        self.lines.insert(channel, line);
    }

    /// The client listens to it no more.
    pub(super) fn remove(&mut self, topic: Topic) {
        let load = &mut self.load;
        self.lines.retain(|_, line| {
            let stays = line.topic != topic;
            if !stays {
                *load -= line.on_the_way();
            }
            stays
        });
    }

    /// The terminal has ended.
    pub(super) fn end(&mut self, channel: u32) {
        if let Some(line) = self.lines.get_mut(&channel) {
            line.over = true;
            self.load -= line.drop_all();
        }
    }

    /// Whether the client has to wait before it types more.
    pub(super) fn is_full(&self) -> bool {
        self.load >= ROOM
    }

    /// Takes keys of the client.
    pub(super) fn push(&mut self, channel: u32, bytes: &Bytes) -> Answer<()> {
        let line = self.lines.get_mut(&channel).ok_or_else(|| ApiError::not_found("channel"))?;
        if line.over {
            return Err(ended());
        }
        if line.stuck.is_some_and(|until| Instant::now() < until) {
            line.settled += bytes.len() as u64;
            return Ok(());
        }
        line.stuck = None;
        metatron_process::pace::heard(line.terminal.as_u128());
        if line.on_the_way() == 0 {
            line.moved = Instant::now();
        }
        line.waiting.extend_from_slice(bytes);
        self.load += bytes.len();
        self.send(channel);
        Ok(())
    }

    /// The terminal of the channel typed what has this number, and everything before.
    pub(super) fn typed(&mut self, channel: u32, sequence: u64) {
        if let Some(line) = self.lines.get_mut(&channel) {
            self.load -= line.typed(sequence);
        }
    }

    /// What the terminal of the channel told may have been missed.
    pub(super) fn missed(&mut self, channel: u32) {
        if let Some(line) = self.lines.get_mut(&channel).filter(|line| line.ask_due().is_some()) {
            self.work.push(line.ask(&self.app, channel));
        }
    }

    /// What the client is to be told next; carries on with everything meanwhile. Dropping it half-way loses nothing.
    pub(super) async fn next(&mut self) -> Typed {
        loop {
            if let Some(told) = self.tell.pop_front() {
                return told;
            }
            let due = self.lines.values().filter_map(Line::due).min();
            if let Some(due) = due.filter(|due| self.alarm.is_elapsed() || self.alarm.deadline() > *due) {
                self.alarm.as_mut().reset(due);
            }
            tokio::select! {
                Some((channel, done)) = self.work.next(), if !self.work.is_empty() => self.take(channel, done),
                () = self.alarm.as_mut(), if due.is_some() => self.look(),
                else => std::future::pending().await,
            }
        }
    }

    /// Sends the next piece of a line, unless one is being sent.
    fn send(&mut self, channel: u32) {
        let Some(line) = self.lines.get_mut(&channel).filter(|line| line.leaving == 0) else { return };
        if line.waiting.is_empty() {
            return;
        }
        let piece = line.waiting.split_to(line.waiting.len().min(MOST_KEYS)).freeze();
        line.leaving = piece.len();
        let (app, terminal, host) = (self.app.clone(), line.terminal, line.host.clone());
        let mut pressing: BoxFuture<'static, (u32, Done)> = Box::pin(async move {
            let pressed = app.press(&host, terminal, &piece, false).await;
            (channel, Done::Pressed(piece.len(), pressed))
        });
        // On a direct line it is done at once.
        match (&mut pressing).now_or_never() {
            Some((channel, done)) => self.take(channel, done),
            None => self.work.push(pressing),
        }
    }

    fn take(&mut self, channel: u32, done: Done) {
        let Some(line) = self.lines.get_mut(&channel) else { return };
        match done {
            Done::Pressed(length, Ok(sequence)) => {
                line.leaving = 0;
                line.sent.push_back((sequence, length));
                line.sent_bytes += length;
                // Its host may have told so before we knew the number.
                self.load -= line.has(line.typed);
                if line.over {
                    self.load -= line.drop_all();
                }
                self.send(channel);
            }
            Done::Counted(Ok(has)) => {
                line.asking = false;
                if line.sent.back().is_some_and(|(number, _)| *number > has) {
                    let detail = "What was typed last did not arrive there. Type it again.";
                    self.give_up(channel, ApiError::new(Code::TerminalBusy, detail));
                } else if line.unconfirmed && self.load >= ROOM {
                    line.stuck = Some(Instant::now() + DROP);
                    let detail = "The program in it reads nothing. What is typed meanwhile is dropped.";
                    self.give_up(channel, ApiError::new(Code::TerminalBusy, detail));
                } else {
                    line.unconfirmed = true;
                    self.load -= line.has(has);
                }
            }
            Done::Pressed(length, Err(refusal)) => {
                line.leaving = 0;
                self.load -= line.settle(length);
                self.give_up(channel, refusal);
            }
            Done::Counted(Err(refusal)) => {
                line.asking = false;
                self.give_up(channel, refusal);
            }
        }
    }

    /// Drops what is on the way, and says why.
    fn give_up(&mut self, channel: u32, refusal: ApiError) {
        let Some(line) = self.lines.get_mut(&channel) else { return };
        self.load -= line.drop_all();
        if !line.over {
            self.tell.push_back(Typed::Dropped(line.topic, refusal));
        }
    }

    /// Does what is due.
    fn look(&mut self) {
        let now = Instant::now();
        for (&channel, line) in &mut self.lines {
            if line.tell_due().is_some_and(|due| due <= now) {
                (line.told, line.told_at) = (line.settled, now);
                self.tell.push_back(Typed::Until(line.topic, line.settled));
            }
            if line.ask_due().is_some_and(|due| due <= now) {
                self.work.push(line.ask(&self.app, channel));
            }
        }
    }
}

impl Line {
    /// Asks its host which keys it has.
    fn ask(&mut self, app: &App, channel: u32) -> BoxFuture<'static, (u32, Done)> {
        (self.asking, self.asked) = (true, Instant::now());
        let (app, terminal, host) = (app.clone(), self.terminal, self.host.clone());
        Box::pin(async move { (channel, Done::Counted(app.recount(&host, terminal).await)) })
    }

    fn on_the_way(&self) -> usize {
        self.waiting.len() + self.leaving + self.sent_bytes
    }

    /// Everything up to `sequence` was typed. Returns the bytes that are out of the way by that.
    fn typed(&mut self, sequence: u64) -> usize {
        if sequence > self.typed {
            (self.typed, self.moved) = (sequence, Instant::now());
            (self.unconfirmed, self.stuck) = (false, None);
        }
        self.has(sequence)
    }

    /// The host has everything up to `sequence`. Returns the bytes that are out of the way by that.
    fn has(&mut self, sequence: u64) -> usize {
        let mut bytes = 0;
        while self.sent.front().is_some_and(|(number, _)| *number <= sequence) {
            bytes += self.sent.pop_front().map_or(0, |(_, bytes)| bytes);
        }
        self.sent_bytes -= bytes;
        self.settle(bytes)
    }

    /// Nothing is on the way any more, but the piece that is just being sent.
    fn drop_all(&mut self) -> usize {
        let bytes = self.on_the_way() - self.leaving;
        self.waiting.clear();
        self.sent.clear();
        self.sent_bytes = 0;
        self.settle(bytes)
    }

    fn settle(&mut self, bytes: usize) -> usize {
        if self.settled == self.told && bytes > 0 {
            self.told_at = Instant::now();
        }
        self.settled += bytes as u64;
        bytes
    }

    fn due(&self) -> Option<Instant> {
        self.tell_due().into_iter().chain(self.ask_due()).min()
    }

    fn tell_due(&self) -> Option<Instant> {
        let untold = self.settled - self.told;
        let wait = if untold >= TELL { Duration::ZERO } else { MOMENT };
        (untold > 0).then(|| self.told_at + wait)
    }

    fn ask_due(&self) -> Option<Instant> {
        (!self.asking && !self.sent.is_empty()).then(|| self.moved.max(self.asked) + ASK)
    }
}
