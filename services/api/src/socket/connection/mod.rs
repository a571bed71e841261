//! One client: what it asks for, what it is told. Owned by its own task; ends with the socket.
//!
//! Rooms: `subscribe` is what it listens to, `tell` what it is told.

mod subscribe;
mod tell;

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use metatron_domain::terminal::order::Order;
use metatron_domain::terminal::{MOST_COLUMNS, MOST_ROWS, Size};
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior};

use super::frame::{self, Cells, ClientFrame, ServerFrame, Topic, close};
use super::live::Channels;
use super::queue::{Queue, queue};
use super::reason;
use super::typing::Typing;
use super::viewers::Seat;
use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::follow::Facts;
use crate::limit::Allowance;
use crate::presence::Here;
use crate::recording::Tape;
use crate::session::Caller;

/// Topics of one client.
const TOPICS: usize = 64;
/// How often the right to be here is looked at, besides every time rights change.
const RECHECK: Duration = Duration::from_mins(1);
/// How often a silent client is asked for a sign of life.
const PING: Duration = Duration::from_secs(25);
/// Without one it counts as gone.
const GONE: Duration = Duration::from_secs(90);
/// Orders of one client that may be on their way.
const ORDERS: usize = 16;
/// A client that is so far behind with a terminal's output gets its screen anew, once so little waits.
const BEHIND: usize = 256 * 1024;
const CAUGHT_UP: usize = 32 * 1024;

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
    let here = match &caller {
        Caller::Owner(_) => Some(Here::new(&app)),
        Caller::Token(_) => None,
    };
    let mut connection = Connection {
        typing: Typing::new(&app),
        orders: FuturesUnordered::new(),
        behind: Vec::new(),
        seats: HashMap::new(),
        app,
        caller,
        facts,
        out,
        topics: HashSet::new(),
        channels: Channels::default(),
        next_channel: 1,
        heard: now,
        allowance: Allowance::new(&limits, now),
        here,
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
    /// The keys it sent.
    typing: Typing,
    /// What it ordered, by the ids of its requests.
    orders: FuturesUnordered<BoxFuture<'static, (u64, Answer<()>)>>,
    /// Terminals whose output it could not take: they begin again at their screen.
    behind: Vec<(Topic, u32)>,
    /// Its places before the terminals that it looks at.
    seats: HashMap<Topic, Seat>,
    /// When the client last gave a sign of life.
    heard: Instant,
    /// What it may still send.
    allowance: Allowance,
    /// That the owner is here, where it is the owner.
    here: Option<Here>,
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
        let mut viewers = self.app.viewers.changes();
        loop {
            let has_room = !self.out.is_full();
            full_since = if has_room { None } else { full_since.or_else(|| Some(Instant::now())) };
            let patience = full_since.unwrap_or_else(Instant::now) + self.app.limits.slow;
            tokio::select! {
                // Who does not read is not listened to either: its questions would only grow the queue.
                message = incoming.next(), if has_room && !self.typing.is_full() => match message {
                    Some(Ok(message)) => {
                        self.heard = Instant::now();
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
                typed = self.typing.next() => self.tell_typed(typed),
                Ok(()) = viewers.changed(), if has_room => self.tell_viewers(),
                Some((id, done)) = self.orders.next(), if !self.orders.is_empty() => match done {
                    Ok(()) => self.agree(id, None, false),
                    Err(refusal) => self.refuse(Some(id), &refusal),
                },
                () = self.out.below(CAUGHT_UP), if !self.behind.is_empty() => self.begin_again(),
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
                    if let Some(here) = &self.here {
                        here.again();
                    }
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
        if let Message::Binary(frame) = &message {
            let Some((channel, bytes)) = frame::keys(frame) else { return Some(close::POLICY) };
            // Keys are bounded by what is on its way, not by how many come: a paste is many.
            let taken = match self.caller {
                Caller::Owner(_) => self.typing.push(channel, &bytes),
                Caller::Token(_) => self.caller.clone().owner().map(|_| ()),
            };
            match taken {
                Ok(()) if !bytes.is_empty() => return None,
                Ok(()) => {}
                Err(refusal) => self.refuse(None, &refusal),
            }
        }
        if !self.allowance.take(self.heard) {
            return Some(close::TOO_MUCH);
        }
        match message {
            Message::Text(text) => {
                self.carry_out(&text).await;
                None
            }
            Message::Ping(_) | Message::Pong(_) | Message::Binary(_) => None,
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
                    self.leave(topic);
                }
                self.agree(id, None, false);
            }
            ClientFrame::Resize { id, topic, size } => {
                if let Err(refusal) = self.resize(id, &topic, size).await {
                    self.refuse(Some(id), &refusal);
                }
            }
            ClientFrame::Visible { id, device, chat } => {
                if let Some(here) = &mut self.here {
                    here.shows(chat.map(|chat| (device, chat)));
                    self.agree(id, None, false);
                } else {
                    let refusal =
                        ApiError::new(Code::OwnerOnly, "Only a page of the owner says what it shows.");
                    self.refuse(Some(id), &refusal);
                }
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
        self.send(&ServerFrame::Error(frame::ErrorFrame { id, topic: None, error: refusal.problem(None) }));
    }

    /// Orders another size, behind whatever this client ordered before.
    async fn resize(&mut self, id: u64, name: &str, size: Cells) -> Answer<()> {
        self.caller.clone().owner()?;
        let Ok(Topic::Terminal(terminal)) = name.parse() else {
            return Err(ApiError::not_found("terminal"));
        };
        let cells = (u16::try_from(size.columns), u16::try_from(size.rows));
        let (Ok(columns), Ok(rows)) = cells else { return Err(bad_size()) };
        let size = Size::new(columns, rows).map_err(|_| bad_size())?;
        if self.orders.len() >= ORDERS {
            return Err(ApiError::new(Code::TerminalBusy, "Wait for the answer to what you ordered before."));
        }
        let (app, host) = (self.app.clone(), Tape::of(&self.app, terminal).await?.host);
        let order = Order::Resize { size };
        self.orders.push(Box::pin(async move { (id, app.order(&host, terminal, &order).await) }));
        Ok(())
    }
}

fn bad_size() -> ApiError {
    ApiError::field("/size", format!("must be from 2x1 to {MOST_COLUMNS}x{MOST_ROWS}"))
}
