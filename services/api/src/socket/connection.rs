//! One client: what it asks for, what it is told. Owned by its own task; ends with the socket.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures::StreamExt as _;
use metatron_bus::live::{LiveRun, RunPos};
use metatron_domain::event::Event;
use metatron_domain::id::{RunId, TerminalId};
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior};

use super::frame::{self, ClientFrame, From, ServerFrame, Topic, close};
use super::live::{Channel, Channels, Live};
use super::queue::{Queue, queue};
use super::{reason, terminal};
use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::follow::{Facts, Told};
use crate::limit::Allowance;
use crate::session::Caller;

/// Topics of one client.
const TOPICS: usize = 64;
/// How often the right to be here is looked at, besides every time rights change.
const RECHECK: Duration = Duration::from_mins(1);
/// How often a silent client is asked for a sign of life.
const PING: Duration = Duration::from_secs(25);
/// Without one it counts as gone.
const GONE: Duration = Duration::from_secs(90);
/// Facts of one read, and of one replay at most: who is further behind fetches anew.
const PAGE: u32 = 500;
const REPLAY: i64 = 10_000;

/// Serves a client until one of the two ends goes away.
pub(super) async fn serve(app: App, caller: Caller, socket: WebSocket) {
    let facts = match Facts::from(&app, None).await {
        Ok(facts) => facts,
        Err(error) => {
            tracing::warn!(%error, "a socket could not begin");
            return;
        }
    };
    let (sink, mut incoming) = socket.split();
    let (out, outlet) = queue();
    let (limits, now) = (app.limits, Instant::now());
    let mut connection = Connection {
        app,
        caller,
        facts,
        out,
        topics: HashSet::new(),
        channels: Channels::default(),
        next_channel: 1,
        heard: now,
        allowance: Allowance::new(&limits, now),
    };
    // The write that is stuck when the queue has been full for too long may still take as long as the last word may.
    let mut drain = pin!(outlet.drain(sink, limits.slow + limits.farewell));
    let code = tokio::select! {
        code = connection.run(&mut incoming) => code,
        () = drain.as_mut() => None,
    };
    if let Some(code) = code {
        connection.out.close(code, reason(code));
        drop(connection);
        let _ = tokio::time::timeout(limits.farewell, drain).await;
    }
}

struct Connection {
    app: App,
    caller: Caller,
    facts: Facts,
    out: Queue,
    topics: HashSet<Topic>,
    channels: Channels,
    next_channel: u32,
    /// When the client last gave a sign of life.
    heard: Instant,
    /// What it may still send.
    allowance: Allowance,
}

impl Connection {
    /// Runs until the end; returns the code to close with, if the client is still there.
    async fn run(
        &mut self,
        incoming: &mut (impl futures::Stream<Item = Result<Message, axum::Error>> + Unpin),
    ) -> Option<u16> {
        let mut recheck = tokio::time::interval_at(Instant::now() + RECHECK, RECHECK);
        let mut ping = tokio::time::interval_at(Instant::now() + PING, PING);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut full_since: Option<Instant> = None;
        let closing = self.app.closing();
        loop {
            let has_room = !self.out.is_full();
            full_since = if has_room { None } else { full_since.or_else(|| Some(Instant::now())) };
            let patience = full_since.unwrap_or_else(Instant::now) + self.app.limits.slow;
            tokio::select! {
                // Who does not read is not listened to either: its questions would only grow the queue.
                message = incoming.next(), if has_room => match message {
                    Some(Ok(message)) => {
                        self.heard = Instant::now();
                        if !self.allowance.take(self.heard) {
                            return Some(close::TOO_MUCH);
                        }
                        if let Some(code) = self.hear(message).await {
                            return (code != 0).then_some(code);
                        }
                    }
                    Some(Err(_)) | None => return None,
                },
                told = self.facts.next(), if has_room => match told {
                    Some(told) => {
                        if told.changes_rights() && !self.may_stay().await {
                            return Some(close::AUTH);
                        }
                        self.tell(&told);
                    }
                    None => return Some(close::RESTART),
                },
                Some((topic, number, live)) = self.channels.next(), if has_room && !self.channels.is_empty() => {
                    self.flow(topic, number, live);
                }
                () = self.out.eased(), if !has_room => {}
                () = tokio::time::sleep_until(patience), if !has_room => return Some(close::TOO_MUCH),
                _ = recheck.tick() => {
                    if !self.may_stay().await {
                        return Some(close::AUTH);
                    }
                }
                _ = ping.tick() => {
                    if self.heard.elapsed() > GONE {
                        return None;
                    }
                    self.out.push(Message::Ping(bytes::Bytes::new()));
                }
                () = closing.cancelled() => return Some(close::RESTART),
            }
        }
    }

    async fn may_stay(&mut self) -> bool {
        // What can't be looked up is not granted.
        self.app.still_valid(&self.caller).await.unwrap_or_default()
    }

    fn send(&self, frame: &impl Serialize) {
        match serde_json::to_string(frame) {
            Ok(text) => self.out.push(Message::Text(text.into())),
            Err(error) => tracing::error!(%error, "a frame can't be written"),
        }
    }

    /// Takes a message of the client. A code ends the connection; zero means that the client ended it.
    async fn hear(&mut self, message: Message) -> Option<u16> {
        match message {
            Message::Text(text) => {
                self.carry_out(&text).await;
                None
            }
            Message::Ping(_) | Message::Pong(_) => None,
            Message::Binary(_) => Some(close::POLICY),
            Message::Close(_) => Some(0),
        }
    }

    async fn carry_out(&mut self, text: &str) {
        let frame: ClientFrame = match serde_json::from_str(text) {
            Ok(frame) => frame,
            Err(cause) => {
                let value: Option<serde_json::Value> = serde_json::from_str(text).ok();
                let id = value.and_then(|value| value.get("id")?.as_u64());
                return self
                    .refuse(id, &ApiError::new(Code::BadJson, format!("The frame can't be read: {cause}.")));
            }
        };
        match frame {
            ClientFrame::Ping { id } => self.agree(id, None, true),
            ClientFrame::Auth { id, .. } => {
                if let Some(id) = id {
                    self.agree(id, None, false);
                }
            }
            ClientFrame::Unsub { id, topic } => {
                if let Ok(topic) = topic.parse() {
                    self.topics.remove(&topic);
                    self.channels.remove(topic);
                }
                self.agree(id, None, false);
            }
            ClientFrame::Sub { id, topic, after, from } => {
                if let Err(refusal) = self.subscribe(id, &topic, after, from).await {
                    self.refuse(Some(id), &refusal);
                }
            }
        }
    }

    fn agree(&self, id: u64, channel: Option<u32>, is_pong: bool) {
        let pong = is_pong.then_some(true);
        self.send(&ServerFrame::Ok(frame::OkFrame {
            id,
            ok: true,
            eid: self.facts.position(),
            channel,
            pong,
        }));
    }

    fn refuse(&self, id: Option<u64>, refusal: &ApiError) {
        self.send(&ServerFrame::Error(frame::ErrorFrame { id, error: refusal.problem(None) }));
    }

    async fn subscribe(&mut self, id: u64, name: &str, after: Option<i64>, from: Option<From>) -> Answer<()> {
        let topic: Topic = name.parse().map_err(|()| ApiError::not_found("topic"))?;
        if self.topics.len() >= TOPICS && !self.topics.contains(&topic) {
            let detail = format!("Unsubscribe from something first: {TOPICS} topics are the most.");
            return Err(ApiError::new(Code::BadRequest, detail));
        }
        match topic {
            Topic::Terminal(terminal) => self.listen(id, topic, terminal, from).await?,
            Topic::Run(run) => {
                self.listen_to_run(topic, run, from).await?;
                self.agree(id, None, false);
            }
            Topic::Chat(chat) => {
                self.app.store.chat(chat).await?;
                self.agree(id, None, false);
            }
            Topic::Events | Topic::Approvals | Topic::Services => self.agree(id, None, false),
        }
        self.topics.insert(topic);
        match after {
            Some(after) => self.replay(topic, after).await,
            None => Ok(()),
        }
    }

    async fn listen(
        &mut self,
        id: u64,
        topic: Topic,
        terminal: TerminalId,
        from: Option<From>,
    ) -> Answer<()> {
        let from = match from {
            None => 0,
            Some(From::Offset(from)) => from,
            Some(From::Run(_)) => {
                return Err(ApiError::new(Code::BadRequest, "`from` of a terminal is an offset."));
            }
        };
        let exec = self.app.store.exec_of_terminal(terminal).await?;
        let number = self.next_channel;
        self.next_channel = self.next_channel.wrapping_add(1).max(1);
        self.channels.add(Channel { topic, number, stream: terminal::follow(&self.app, exec, from) });
        self.agree(id, Some(number), false);
        Ok(())
    }

    async fn listen_to_run(&mut self, topic: Topic, run: RunId, from: Option<From>) -> Answer<()> {
        let position = match from {
            None => None,
            Some(From::Run(from)) => {
                Some(RunPos { turn: from.turn, attempt: from.attempt, offset: from.offset })
            }
            Some(From::Offset(_)) => {
                return Err(ApiError::new(
                    Code::BadRequest,
                    "`from` of a run is a turn, an attempt and an offset.",
                ));
            }
        };
        let row = self.app.store.run(run).await?;
        self.channels.remove(topic);
        if !row.state.is_terminal() {
            let stream = self.app.bus.hub().follow_run(run, position).map(Live::Run).boxed();
            self.channels.add(Channel { topic, number: 0, stream });
        }
        Ok(())
    }

    /// Tells a topic what it missed: the facts after `after`, up to where this connection stands.
    async fn replay(&mut self, topic: Topic, after: i64) -> Answer<()> {
        let (first, _) = self.app.store.event_range().await?;
        let until = self.facts.position();
        // A number from the future is of another life of this database: nothing was missed.
        let mut position = after.clamp(0, until.max(0));
        if position + 1 < first || until - position > REPLAY {
            self.gap(topic, position + 1, until);
            return Ok(());
        }
        while position < until {
            let events = self.app.store.events_after(position, PAGE).await?;
            let Some(last) = events.last() else { break };
            let reached = last.eid;
            for event in events.into_iter().filter(|event| event.eid <= until && topic.takes(event)) {
                self.fact(topic, &event);
            }
            position = reached;
            if position < until && tokio::time::timeout(self.app.limits.slow, self.out.eased()).await.is_err()
            {
                self.gap(topic, position + 1, until);
                break;
            }
        }
        Ok(())
    }

    fn tell(&self, told: &Told) {
        match told {
            Told::Fact(event) => {
                let event: &Arc<Event> = event;
                for topic in self.topics.iter().filter(|topic| topic.takes(event)) {
                    self.fact(*topic, event);
                }
            }
            Told::Gap { from, to } => {
                for topic in self.topics.iter().filter(|topic| !matches!(topic, Topic::Terminal(_))) {
                    self.gap(*topic, *from, *to);
                }
            }
        }
    }

    fn fact(&self, topic: Topic, event: &Event) {
        self.send(&ServerFrame::Fact(frame::FactFrame {
            ev: event.kind,
            topic: topic.to_string(),
            eid: event.eid,
            at: event.at,
            data: event.clone(),
        }));
    }

    fn gap(&self, topic: Topic, from: i64, to: i64) {
        let (ev, topic) = (frame::GapKind::Gap, topic.to_string());
        self.send(&ServerFrame::Gap(frame::GapFrame { ev, topic, from, to, turn: None, attempt: None }));
    }

    fn flow(&mut self, topic: Topic, number: u32, live: Live) {
        let name = topic.to_string();
        let signed = |offset: u64| i64::try_from(offset).unwrap_or(i64::MAX);
        match live {
            Live::Bytes { from, bytes } => {
                self.out.push(Message::Binary(frame::output(number, from, &bytes)));
            }
            Live::Missing { from, to } => self.gap(topic, signed(from), signed(to)),
            Live::Run(LiveRun::Gap { turn, attempt, from, to }) => {
                let (ev, turn, attempt) = (frame::GapKind::Gap, Some(turn), Some(attempt));
                let (from, to) = (signed(from), signed(to));
                self.send(&ServerFrame::Gap(frame::GapFrame { ev, topic: name, from, to, turn, attempt }));
            }
            Live::End { bytes, exit } => {
                self.channels.remove(topic);
                let ev = frame::TerminalEndKind::TerminalEnd;
                let end = frame::TerminalEndFrame { ev, topic: name, offset: bytes, exit };
                self.send(&ServerFrame::TerminalEnd(end));
            }
            Live::Run(LiveRun::Turn { turn, attempt }) => {
                let ev = frame::TurnKind::Turn;
                self.send(&ServerFrame::Turn(frame::TurnFrame { ev, topic: name, turn, attempt }));
            }
            Live::Run(LiveRun::Delta { turn, attempt, offset, text }) => {
                let ev = frame::DeltaKind::Delta;
                self.send(&ServerFrame::Delta(frame::DeltaFrame {
                    ev,
                    topic: name,
                    turn,
                    attempt,
                    offset,
                    text,
                }));
            }
            Live::Run(LiveRun::End) => self.channels.remove(topic),
        }
    }
}
