//! An entry's fields, in both directions. `job` is the ticket, `body` the payload, `tries` earlier deliveries.
//!
//! Golden bytes stand in `common/domain/tests/wire.rs` and in this crate's tests: old entries must still be read.

use metatron_domain::command::{Priority, Queue, Ticket};
use redis::Pipeline;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::served::Fields;
use crate::{Error, key};

/// The field that makes an entry a mere wake-up of the mover of delayed work.
const WAKE: &str = "wake";

/// What an entry holds, body still as text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The row it is about.
    pub(crate) job: Ticket,
    /// The payload as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
    /// Deliveries of earlier entries of the same job.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) tries: u64,
}

/// What a reader found.
#[derive(Debug)]
pub(crate) enum Read {
    /// A job.
    Job(Entry),
    /// Delayed work may be due earlier than the mover thought.
    Wake,
    /// Nothing this version understands.
    Garbage(String),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Entry {
    /// Checks that a body travels only where dashboards can't see it.
    pub(crate) fn new(queue: &Queue, ticket: &Ticket, body: Option<&Value>) -> Result<Self, Error> {
        if body.is_some() && !queue.is_private() {
            return Err(Error::Wire(format!("queue {} is public and carries no body", queue.name())));
        }
        Ok(Self { job: ticket.clone(), body: body.map(Value::to_string), tries: 0 })
    }

    /// Appends it to the stream of `queue`.
    pub(crate) fn add(&self, pipe: &mut Pipeline, queue: &Queue, priority: Priority) -> Result<(), Error> {
        let job = serde_json::to_string(&self.job)?;
        let command = pipe.cmd("XADD").arg(key::stream(queue, priority)).arg("*").arg("job").arg(job);
        if let Some(body) = &self.body {
            command.arg("body").arg(body);
        }
        if self.tries > 0 {
            command.arg("tries").arg(self.tries);
        }
        Ok(())
    }

    /// Reads the fields of a stream's entry.
    pub(crate) fn read(fields: &impl Fields) -> Read {
        if fields.text(WAKE).is_some() {
            return Read::Wake;
        }
        let Some(job) = fields.text("job") else { return Read::Garbage("no field `job`".to_owned()) };
        match serde_json::from_str(job) {
            Ok(job) => Read::Job(Self {
                job,
                body: fields.text("body").map(str::to_owned),
                tries: fields.text("tries").and_then(|tries| tries.parse().ok()).unwrap_or(0),
            }),
            Err(error) => Read::Garbage(format!("field `job`: {error}")),
        }
    }
}

/// Appends a wake-up for the mover; a reader of the group passes it on.
pub(crate) fn add_wake(pipe: &mut Pipeline, queue: &Queue) {
    pipe.cmd("XADD").arg(key::stream(queue, Priority::High)).arg("*").arg(WAKE).arg(1);
}

/// A member of the zset of delayed work. The same job delayed twice is one member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Delayed {
    /// The stream it goes to when it is due.
    pub(crate) priority: Priority,
    /// What goes there.
    #[serde(flatten)]
    pub(crate) entry: Entry,
}
