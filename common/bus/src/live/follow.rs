//! Following a live stream from an offset: subscribe, await the confirmation, read the stream, then live.
//!
//! What is known already is skipped; a hole is read from the stream; what is gone from there too is told as a gap.

use std::collections::VecDeque;

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use metatron_domain::host::LOCAL;
use metatron_domain::id::{RunId, TerminalId};
use metatron_domain::terminal::TerminalEnd;
use redis::streams::StreamRangeReply;

use super::frame::{ATTEMPTS, Frame, Kind, TERMINAL_SERIES};
use super::hub::{Hub, Notice, Subscription};
use super::{LiveRun, LiveTerminal, RunPos};
use crate::direct::Client;
use crate::link::{Backoff, Via};
use crate::{Error, key};

/// Entries of one read of the stream.
const PAGE: usize = 64;

/// What following comes to, before it is put into the words of a terminal or a run.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Bytes { series: u64, from: u64, bytes: Bytes },
    Gap { series: u64, from: u64, to: u64 },
    Turn { series: u64 },
    End(Bytes),
    Note(Bytes),
}

/// Where a follower stands.
#[derive(Debug)]
struct Position {
    series: u64,
    at: u64,
    ended: bool,
}

impl Position {
    /// Moves on by a frame. `false` when something before it is missing: unless `is_all`, when it is gone for good.
    fn take(&mut self, frame: &Frame, is_all: bool, steps: &mut VecDeque<Step>) -> bool {
        if self.ended {
            return true;
        }
        if frame.kind == Kind::Note {
            steps.push_back(Step::Note(frame.payload.clone()));
            return true;
        }
        if frame.kind == Kind::End {
            return self.take_end(frame, is_all, steps);
        }
        if frame.series < self.series {
            return true;
        }
        if frame.series > self.series {
            if frame.kind != Kind::Turn && !is_all {
                return false;
            }
            (self.series, self.at) = (frame.series, 0);
            steps.push_back(Step::Turn { series: self.series });
        }
        if frame.kind == Kind::Turn || frame.end <= self.at {
            return true;
        }
        if frame.kind == Kind::Skip {
            steps.push_back(Step::Gap { series: self.series, from: self.at, to: frame.end });
            self.at = frame.end;
            return true;
        }
        let start = frame.start();
        if start > self.at {
            if !is_all {
                return false;
            }
            steps.push_back(Step::Gap { series: self.series, from: self.at, to: start });
            self.at = start;
        }
        let known = usize::try_from(self.at - start).unwrap_or(usize::MAX).min(frame.payload.len());
        let (series, from, bytes) = (self.series, self.at, frame.payload.slice(known..));
        self.at = frame.end;
        if bytes.is_empty() {
            // Only the sign of a hole.
            return true;
        }
        steps.push_back(Step::Bytes { series, from, bytes });
        true
    }

    fn take_end(&mut self, frame: &Frame, is_all: bool, steps: &mut VecDeque<Step>) -> bool {
        if frame.series == self.series && frame.end > self.at {
            if !is_all {
                return false;
            }
            steps.push_back(Step::Gap { series: self.series, from: self.at, to: frame.end });
            self.at = frame.end;
        }
        self.ended = true;
        steps.push_back(Step::End(frame.payload.clone()));
        true
    }
}

struct Follow {
    hub: Hub,
    key: String,
    subscription: Option<Subscription>,
    /// The line over which it comes as well, where there is one.
    direct: Option<Client>,
    /// Nobody speaks there: the stream has what there is.
    absent: bool,
    position: Position,
    steps: VecDeque<Step>,
    /// The stream has to be read before live messages count again.
    behind: bool,
    /// The message that showed the hole.
    held: Option<Frame>,
}

impl Follow {
    fn new(hub: &Hub, key: String, direct: Option<Client>, series: u64, at: u64) -> Self {
        Self {
            hub: hub.clone(),
            key,
            subscription: None,
            direct,
            absent: false,
            position: Position { series, at, ended: false },
            steps: VecDeque::new(),
            behind: true,
            held: None,
        }
    }

    async fn next(&mut self) -> Option<Step> {
        let mut backoff = Backoff::new();
        loop {
            if let Some(step) = self.steps.pop_front() {
                return Some(step);
            }
            if self.position.ended {
                return None;
            }
            let subscription = match &mut self.subscription {
                Some(subscription) => subscription,
                none => none.insert(match &self.direct {
                    Some(direct) => self.hub.subscribe_both(&self.key, direct).await,
                    None => self.hub.subscribe(&self.key).await,
                }),
            };
            if self.behind {
                match self.read().await {
                    Ok(()) => backoff.reset(),
                    Err(error) => {
                        tracing::debug!(%error, "a live stream can't be read; trying again");
                        tokio::time::sleep(backoff.next()).await;
                    }
                }
                continue;
            }
            match subscription.next().await? {
                Notice::Again => self.behind = true,
                Notice::Absent => (self.behind, self.absent) = (true, true),
                Notice::Message(message) => {
                    let Some(frame) = Frame::from_message(&message) else { continue };
                    if !self.position.take(&frame, false, &mut self.steps) {
                        self.behind = true;
                        self.held = Some(frame);
                    }
                }
            }
        }
    }

    /// Reads one page of the stream behind our position; or has the other end of the direct line say how far it is.
    async fn read(&mut self) -> Result<(), Error> {
        if !self.absent && self.direct.as_ref().is_some_and(|direct| direct.join(&self.key)) {
            self.behind = false;
            self.take_held();
            return Ok(());
        }
        let mut pipe = redis::pipe();
        let from = format!("({}-{}", self.position.series, self.position.at);
        pipe.cmd("XRANGE").arg(&self.key).arg(from).arg("+").arg("COUNT").arg(PAGE);
        let (found,): (StreamRangeReply,) = self.hub.bus().run_via(Via::Bulk, &pipe).await?;
        for frame in found.ids.iter().filter_map(Frame::from_entry) {
            self.position.take(&frame, true, &mut self.steps);
        }
        self.behind = found.ids.len() == PAGE;
        if !self.behind {
            self.absent = false;
            self.take_held();
        }
        Ok(())
    }

    /// What showed the hole counts now: not even the stream has what is missing.
    fn take_held(&mut self) {
        if let Some(frame) = self.held.take() {
            self.position.take(&frame, true, &mut self.steps);
        }
    }
}

fn steps(follow: Follow) -> BoxStream<'static, Step> {
    futures::stream::unfold(follow, |mut follow| async move {
        let step = follow.next().await?;
        Some((step, follow))
    })
    .boxed()
}

impl Hub {
    /// Follows the output of a terminal of the host [`LOCAL`] from the offset `from`, to its end. While Redis is away it
    /// waits.
    ///
    /// A terminal that ended more than an hour ago is not here any more: ask its shell-worker for the recording.
    pub fn follow_terminal(&self, id: TerminalId, from: u64) -> BoxStream<'static, LiveTerminal> {
        self.follow_terminal_of(LOCAL, id, from)
    }

    /// As [`Hub::follow_terminal`], of any `host`.
    pub fn follow_terminal_of(
        &self,
        host: &str,
        id: TerminalId,
        from: u64,
    ) -> BoxStream<'static, LiveTerminal> {
        let direct = self.direct_to(host);
        let follow = Follow::new(self, key::terminal(host, id), direct, TERMINAL_SERIES, from);
        steps(follow).filter_map(|step| std::future::ready(terminal(step))).boxed()
    }

    /// Follows a run's live text from a position, or from the beginning of what is still there, to the run's end.
    pub fn follow_run(&self, id: RunId, from: Option<RunPos>) -> BoxStream<'static, LiveRun> {
        let (series, at) = from.map_or((0, 0), |from| {
            (u64::from(from.turn) * ATTEMPTS + u64::from(from.attempt).min(ATTEMPTS - 1), from.offset)
        });
        steps(Follow::new(self, key::run(id), None, series, at)).map(run).boxed()
    }
}

fn terminal(step: Step) -> Option<LiveTerminal> {
    Some(match step {
        Step::Bytes { from, bytes, .. } => LiveTerminal::Bytes { from, bytes },
        Step::Gap { from, to, .. } => LiveTerminal::Gap { from, to },
        Step::Turn { .. } => return None,
        // A later version may say more than we know.
        Step::Note(text) => LiveTerminal::Note(serde_json::from_slice(&text).ok()?),
        Step::End(text) => LiveTerminal::End(serde_json::from_slice(&text).unwrap_or_else(|error| {
            tracing::warn!(%error, "a terminal's end can't be read");
            TerminalEnd { bytes: 0, exit: None }
        })),
    })
}

fn run(step: Step) -> LiveRun {
    let parts = |series: u64| {
        let turn = u32::try_from(series / ATTEMPTS).unwrap_or(u32::MAX);
        (turn, u32::try_from(series % ATTEMPTS).unwrap_or(u32::MAX))
    };
    match step {
        Step::Bytes { series, from, bytes } => {
            let (turn, attempt) = parts(series);
            // Whole texts were appended; only a position in the middle of a character could cut one.
            LiveRun::Delta { turn, attempt, offset: from, text: String::from_utf8_lossy(&bytes).into_owned() }
        }
        Step::Gap { series, from, to } => {
            let (turn, attempt) = parts(series);
            LiveRun::Gap { turn, attempt, from, to }
        }
        Step::Turn { series } => {
            let (turn, attempt) = parts(series);
            LiveRun::Turn { turn, attempt }
        }
        Step::End(_) | Step::Note(_) => LiveRun::End,
    }
}
