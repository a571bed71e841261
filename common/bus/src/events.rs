//! The stream of facts: what was committed travels on at once. A number that is missing is in `SQLite`.

use std::time::Duration;

use futures::stream::{BoxStream, StreamExt};
use metatron_domain::clock::Instant;
use metatron_domain::event::Event;
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamId, StreamRangeReply, StreamReadReply};
use redis::{Cmd, FromRedisValue};

use crate::link::Backoff;
use crate::{Bus, Error, key, view};

/// Events that are kept, about.
const KEPT: usize = 100_000;
/// How long one blocking read lasts.
const BLOCK: Duration = Duration::from_secs(10);
/// How long Redis may take longer: it ends a block by its wall clock, and one that was set back ends it days late.
const LATE: Duration = Duration::from_secs(2);

/// What a reader of the facts is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Tail {
    /// A fact, at least once, in the order of their publication, which is nearly that of their numbers.
    Event(Event),
    /// Reading begins, or began again after a loss: what happened meanwhile is to be taken from `SQLite` now.
    Reconnected,
    /// Nothing for ten seconds: a good moment to compare with `SQLite`.
    Idle,
}

impl Bus {
    /// Publishes a fact after its commit. Twice is harmless: readers know it by its number.
    pub async fn publish_event(&self, event: &Event) -> Result<(), Error> {
        let mut pipe = redis::pipe();
        pipe.add_command(encode(event)?).ignore();
        view::show(&mut pipe, event);
        self.run(&pipe).await
    }

    /// Publishes many facts in one write.
    pub async fn publish_events(&self, events: &[Event]) -> Result<(), Error> {
        if events.is_empty() {
            return Ok(());
        }
        let mut pipe = redis::pipe();
        for event in events {
            pipe.add_command(encode(event)?).ignore();
            view::show(&mut pipe, event);
        }
        self.run(&pipe).await
    }

    /// Follows the facts from now on, for ever, on a connection of its own. It begins with [`Tail::Reconnected`].
    pub fn tail_events(&self) -> BoxStream<'static, Tail> {
        let tailing = Tailing { bus: self.clone(), connection: None, last: String::new(), ready: Vec::new() };
        futures::stream::unfold(tailing, |mut tailing| async move {
            let next = tailing.next().await;
            Some((next, tailing))
        })
        .boxed()
    }
}

struct Tailing {
    bus: Bus,
    connection: Option<MultiplexedConnection>,
    /// The last entry seen.
    last: String,
    /// Read and not yet given out, the next one at the end.
    ready: Vec<Event>,
}

impl Tailing {
    async fn next(&mut self) -> Tail {
        let mut backoff = Backoff::new();
        loop {
            if let Some(event) = self.ready.pop() {
                return Tail::Event(event);
            }
            let outcome = match self.connection.take() {
                None => self.connect().await.map(|()| Some(Tail::Reconnected)),
                Some(connection) => self.read(connection).await,
            };
            match outcome {
                Ok(Some(tail)) => return tail,
                Ok(None) => {}
                Err(error) => {
                    if backoff.is_fresh() {
                        tracing::warn!(%error, "the stream of events can't be read; trying again");
                    }
                    tokio::time::sleep(backoff.next()).await;
                }
            }
        }
    }

    async fn connect(&mut self) -> Result<(), Error> {
        let mut connection = self.bus.dedicated().await?;
        self.last = newest(&mut connection).await?;
        self.connection = Some(connection);
        Ok(())
    }

    async fn read(&mut self, mut connection: MultiplexedConnection) -> Result<Option<Tail>, Error> {
        let mut command = redis::cmd("XREAD");
        command.arg("BLOCK").arg(u64::try_from(BLOCK.as_millis()).unwrap_or(0)).arg("COUNT").arg(500);
        command.arg("STREAMS").arg(key::EVENTS.pattern).arg(&self.last);
        let reading = command.query_async(&mut connection);
        // Nothing is lost with a read that is given up: it takes nothing out.
        let Ok(read) = tokio::time::timeout(BLOCK + LATE, reading).await else { return Ok(None) };
        let found: Option<StreamReadReply> = read?;
        let ids: Vec<StreamId> =
            found.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids).collect();
        if let Some(last) = ids.last() {
            self.last.clone_from(&last.id);
            self.ready = ids.iter().filter_map(decode).collect();
            self.ready.reverse();
            self.connection = Some(connection);
            return Ok(None);
        }
        // Redis may have been emptied, and its clock may have jumped back: then new entries are "older" than our last.
        let newest = newest(&mut connection).await?;
        self.connection = Some(connection);
        if parts(&newest) < parts(&self.last) {
            self.last = newest;
            return Ok(Some(Tail::Reconnected));
        }
        Ok(Some(Tail::Idle))
    }
}

/// The id of the newest entry; `0-0` when there is none.
async fn newest(connection: &mut MultiplexedConnection) -> Result<String, Error> {
    let mut command = redis::cmd("XREVRANGE");
    command.arg(key::EVENTS.pattern).arg("+").arg("-").arg("COUNT").arg(1);
    let found: StreamRangeReply = command.query_async(connection).await?;
    Ok(found.ids.into_iter().next().map_or_else(|| "0-0".to_owned(), |id| id.id))
}

fn parts(id: &str) -> (u64, u64) {
    let (ms, seq) = id.split_once('-').unwrap_or((id, "0"));
    (ms.parse().unwrap_or(0), seq.parse().unwrap_or(0))
}

fn encode(event: &Event) -> Result<Cmd, Error> {
    let mut command = redis::cmd("XADD");
    command.arg(key::EVENTS.pattern).arg("MAXLEN").arg("~").arg(KEPT).arg("*");
    command.arg("type").arg(event.kind.as_str()).arg("id").arg(event.eid);
    if let Some(run) = event.run_id {
        command.arg("run_id").arg(run.to_string());
    }
    command.arg("actor").arg(serde_json::to_string(&event.actor)?).arg("ts").arg(event.at.to_string());
    if let Some(chat) = event.chat_id {
        command.arg("chat_id").arg(chat.to_string());
    }
    if let Some(subject) = &event.subject {
        command.arg("subject").arg(subject);
    }
    command.arg("data").arg(event.data.to_string());
    Ok(command)
}

/// An event that this version can't read is skipped: it is in `SQLite`, and its number is missing.
fn decode(id: &StreamId) -> Option<Event> {
    let text = |field: &str| id.map.get(field).and_then(|value| String::from_redis_value_ref(value).ok());
    let event = || {
        Some(Event {
            eid: text("id")?.parse().ok()?,
            kind: text("type")?.parse().ok()?,
            at: Instant::parse(&text("ts")?)?,
            actor: serde_json::from_str(&text("actor")?).ok()?,
            chat_id: text("chat_id").and_then(|id| id.parse().ok()),
            run_id: text("run_id").and_then(|id| id.parse().ok()),
            subject: text("subject"),
            data: serde_json::from_str(&text("data")?).ok()?,
        })
    };
    let event = event();
    if event.is_none() {
        tracing::warn!(entry = id.id, "an event can't be read");
    }
    event
}
