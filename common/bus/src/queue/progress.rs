//! How far a job has come, for people who look at Redis. Never the truth of anything.

use std::time::Duration;

use metatron_domain::command::{Queue, Ticket};

use crate::{Bus, key};

/// How long the last word about a job is kept.
const KEPT: Duration = Duration::from_hours(1);

impl Bus {
    /// Says that `done` of `total` steps of a job are done; `total` 0 when nobody knows it. Lost where Redis is away.
    pub async fn progress(&self, queue: &Queue, ticket: &Ticket, done: u64, total: u64) {
        let name = key::job(ticket.id);
        let mut pipe = redis::pipe();
        pipe.cmd("HSET").arg(&name);
        pipe.arg("queue").arg(queue.name()).arg("kind").arg(ticket.kind.as_str());
        pipe.arg("subject").arg(&ticket.subject).arg("worker").arg(self.instance());
        pipe.arg("done").arg(done).arg("total").arg(total).arg("ts").arg(self.now_text()).ignore();
        pipe.cmd("PEXPIRE").arg(&name).arg(u64::try_from(KEPT.as_millis()).unwrap_or(u64::MAX)).ignore();
        if let Err(error) = self.run::<()>(&pipe).await {
            tracing::debug!(%error, "progress was not told");
        }
    }
}
