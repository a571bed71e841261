//! Putting work into queues, and asking what is in them.
//!
//! Must never be called before the row that the ticket names is committed.

use metatron_domain::command::{Priority, Queue, Ticket};
use redis::streams::StreamRangeReply;
use redis::{FromRedisValue, Pipeline};
use serde_json::Value;

use super::entry::{Delayed, Entry, add_wake};
use super::{EntryId, Outgoing};
use crate::{Bus, Error, key};

/// Entries appended in one write, at most.
const BATCH: usize = 500;
/// The dead letters that are kept, about.
const DEAD_LETTERS: usize = 10_000;

/// A job that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its id in the stream of dead letters.
    pub entry: EntryId,
    /// The queue it was in, by name.
    pub queue: String,
    /// The row it is about; absent when the entry could not be read.
    pub ticket: Option<Ticket>,
    /// Why it was given up.
    pub cause: String,
    /// How often it had been delivered.
    pub deliveries: u64,
}

impl Bus {
    /// Owes a job to the workers of `queue`. A body is refused on a queue that dashboards may read.
    pub async fn enqueue(
        &self,
        queue: &Queue,
        priority: Priority,
        ticket: &Ticket,
        body: Option<&Value>,
    ) -> Result<EntryId, Error> {
        let mut pipe = redis::pipe();
        Entry::new(queue, ticket, body)?.add(&mut pipe, queue, priority)?;
        let (id,): (String,) = self.run(&pipe).await?;
        Ok(EntryId(id))
    }

    /// Owes many jobs, in one write per 500. What was appended before a failure stays; appending it again is harmless.
    pub async fn enqueue_many(&self, jobs: &[Outgoing]) -> Result<Vec<EntryId>, Error> {
        let mut ids = Vec::with_capacity(jobs.len());
        for batch in jobs.chunks(BATCH) {
            let mut pipe = redis::pipe();
            for job in batch {
                add(&mut pipe, job)?;
            }
            let some: Vec<String> = self.run(&pipe).await?;
            ids.extend(some.into_iter().map(EntryId));
        }
        Ok(ids)
    }

    /// Owes a job from `due_ms` on (milliseconds since the Unix epoch). Owing the same job again moves its time.
    pub async fn enqueue_at(
        &self,
        queue: &Queue,
        priority: Priority,
        ticket: &Ticket,
        body: Option<&Value>,
        due_ms: i64,
    ) -> Result<(), Error> {
        let delayed = Delayed { priority, entry: Entry::new(queue, ticket, body)? };
        let member = serde_json::to_string(&delayed)?;
        let due = key::due(queue);
        let mut pipe = redis::pipe();
        pipe.cmd("ZADD").arg(&due).arg(due_ms).arg(&member).ignore();
        pipe.cmd("ZRANGE").arg(&due).arg(0).arg(0);
        let (first,): (Vec<String>,) = self.run(&pipe).await?;
        if first.first() == Some(&member) {
            // It is the next one due: whoever sleeps until a later one must hear of it.
            let mut pipe = redis::pipe();
            add_wake(&mut pipe, queue);
            let (_id,): (String,) = self.run(&pipe).await?;
        }
        Ok(())
    }

    /// Which of these entries are still in the stream, waiting or being worked on. One round trip.
    pub async fn entry_exists(
        &self,
        queue: &Queue,
        priority: Priority,
        entries: &[EntryId],
    ) -> Result<Vec<bool>, Error> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let stream = key::stream(queue, priority);
        let mut pipe = redis::pipe();
        for entry in entries {
            pipe.cmd("XRANGE").arg(&stream).arg(&entry.0).arg(&entry.0);
        }
        let found: Vec<StreamRangeReply> = self.run(&pipe).await?;
        Ok(found.iter().map(|reply| !reply.ids.is_empty()).collect())
    }

    /// How many jobs wait or are being worked on, the delayed ones included.
    pub async fn depth(&self, queue: &Queue) -> Result<u64, Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("XLEN").arg(key::stream(queue, Priority::High));
        pipe.cmd("XLEN").arg(key::stream(queue, Priority::Low));
        pipe.cmd("ZCARD").arg(key::due(queue));
        let (high, low, due): (u64, u64, u64) = self.run(&pipe).await?;
        Ok(high + low + due)
    }

    /// The dead letters of `queue`, and of those that share its stream, after `after`, oldest first, so that their rows
    /// can be marked.
    pub async fn dead_letters(
        &self,
        queue: &Queue,
        after: Option<&EntryId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, Error> {
        let from = after.map_or_else(|| "-".to_owned(), |id| format!("({id}"));
        let mut pipe = redis::pipe();
        pipe.cmd("XRANGE").arg(key::dead(queue)).arg(from).arg("+").arg("COUNT").arg(limit);
        let (found,): (StreamRangeReply,) = self.run(&pipe).await?;
        Ok(found
            .ids
            .into_iter()
            .map(|id| {
                let text = |field: &str| {
                    id.map
                        .get(field)
                        .and_then(|value| String::from_redis_value_ref(value).ok())
                        .unwrap_or_default()
                };
                DeadLetter {
                    queue: text("queue"),
                    ticket: serde_json::from_str(&text("job")).ok(),
                    cause: text("cause"),
                    deliveries: text("deliveries").parse().unwrap_or(0),
                    entry: EntryId(id.id.clone()),
                }
            })
            .collect())
    }
}

/// Appends one outgoing job.
pub(super) fn add(pipe: &mut Pipeline, job: &Outgoing) -> Result<(), Error> {
    Entry::new(&job.queue, &job.ticket, job.body.as_ref())?.add(pipe, &job.queue, job.priority)
}

/// What a dead letter says of its origin.
pub(super) struct Grave<'a> {
    pub(super) queue: &'a Queue,
    pub(super) job: Option<&'a Ticket>,
    pub(super) cause: &'a str,
    pub(super) deliveries: u64,
    pub(super) consumer: &'a str,
}

/// Appends a dead letter: ids and the cause, never a body.
pub(super) fn bury(pipe: &mut Pipeline, bus: &Bus, grave: &Grave<'_>) -> Result<(), Error> {
    let job = grave.job.map(serde_json::to_string).transpose()?.unwrap_or_default();
    pipe.cmd("XADD")
        .arg(key::dead(grave.queue))
        .arg("MAXLEN")
        .arg("~")
        .arg(DEAD_LETTERS)
        .arg("*")
        .arg("queue")
        .arg(grave.queue.name())
        .arg("job")
        .arg(job)
        .arg("cause")
        .arg(grave.cause)
        .arg("deliveries")
        .arg(grave.deliveries)
        .arg("consumer")
        .arg(grave.consumer)
        .arg("ts")
        .arg(bus.now_text())
        .ignore();
    Ok(())
}
