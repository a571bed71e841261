//! Owed work: an apalis backend over a Redis Streams consumer group.
//!
//! A job is delivered at least once: the row's epoch in `SQLite` is the only fence, and a delivery whose row can't be
//! claimed is [`Disposition::Done`] at once. High is read before low, and no more is read than there are free slots.
//!
//! Rooms: `append` puts work in, `read` takes it out, `served` is what it is served, `settle` acknowledges, `due` moves delayed work when its time
//! comes, `find` looks into it, `reap` finds what dead processes left, `control` hears pause, resume and cancel, `progress` tells how far a job
//! is, `backend` is what apalis sees, `worker` ties them.

mod append;
mod backend;
mod control;
mod due;
mod entry;
mod find;
mod hand;
mod progress;
mod read;
mod reap;
mod served;
mod settle;
mod slot;
mod worker;

use std::time::Duration;

use metatron_domain::command::{Priority, Queue, Ticket};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use append::DeadLetter;
pub(crate) use hand::InHand;
pub use worker::Worker;

/// The id of an entry in a queue's stream, as Redis gave it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct EntryId(pub String);

impl std::fmt::Display for EntryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something to put into a queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Which queue.
    pub queue: Queue,
    /// Which of its two streams.
    pub priority: Priority,
    /// The row it is about.
    pub ticket: Ticket,
    /// The payload; private queues only.
    pub body: Option<Value>,
}

/// A job handed to a handler.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The row it is about.
    pub ticket: Ticket,
    /// The payload; private queues only.
    pub body: Option<Value>,
    /// The entry's id.
    pub entry: String,
    /// The stream it came from.
    pub priority: Priority,
    /// How often this job was handed out, this time included.
    pub deliveries: u64,
    /// The dead process it was taken over from: a row claimed by that one may be claimed again.
    pub recovered_from: Option<String>,
    /// Cancelled when somebody cancels the job ([`Bus::cancel`]), or when the worker's time to drain is over.
    ///
    /// [`Bus::cancel`]: crate::Bus::cancel
    pub cancel: CancellationToken,
}

/// What a handler did with a delivery. Return it after the `SQLite` commit, never before.
#[derive(Debug, Clone, PartialEq)]
pub enum Disposition {
    /// Done, or not ours any more: acknowledge and delete.
    Done,
    /// Done, and these are owed now: put in and acknowledged in one `MULTI`.
    DoneWith(Vec<Outgoing>),
    /// It failed: deliver it again after the pause that its kind's [`Retry`](metatron_domain::retry::Retry) says, or give
    /// it up when that says so.
    Retry {
        /// What went wrong; ids and codes only.
        cause: String,
    },
    /// It could not be done now, through no fault of its own: deliver it again. This does not count as a delivery.
    Later {
        /// How long from now.
        after: Duration,
        /// What stands in the way; ids and codes only.
        cause: String,
    },
    /// Give it up: it moves to the dead letters.
    Dead {
        /// What went wrong; ids and codes only, for dashboards show it.
        cause: String,
    },
    /// Leave it unacknowledged: this process ends, and the next one takes it over by its name.
    Keep,
}

/// How a worker takes from its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Handlers at once.
    pub concurrency: usize,
    /// Of these, slots that only high entries may take.
    pub reserved_high: usize,
    /// Entries read ahead of a free handler. None for long jobs: another worker could start them now.
    pub prefetch: usize,
    /// How long the counter of a process may stand still before it counts as dead.
    pub lease: Duration,
    /// How long a handler may take. One that takes longer is dropped, and its job has failed.
    pub timeout: Option<Duration>,
    /// How long handlers may go on after the shutdown. Then they are asked to end, and what is still not done a moment
    /// later stays pending, for the next process to take over at once.
    pub drain: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            concurrency: 4,
            reserved_high: 1,
            prefetch: 0,
            lease: Duration::from_secs(5),
            timeout: None,
            drain: Duration::from_secs(6),
        }
    }
}
