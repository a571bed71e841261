//! What a commit made true is carried to Redis here: facts to their stream, owed work to its queues.

use metatron_domain::command::Owed;
use metatron_domain::event::Event;
use metatron_domain::id::JobId;

use crate::Bus;
use crate::queue::Outgoing;

impl Bus {
    /// Carries facts and owed work after their commit. Returns which entry carries which job, for the store to
    /// remember. What can't be carried is logged and left: readers fill facts from `SQLite`, and the scheduler carries
    /// owed work again.
    pub async fn announce(&self, events: &[Event], owed: &[Owed]) -> Vec<(JobId, String)> {
        if let Err(error) = self.publish_events(events).await {
            tracing::warn!(error = %error, count = events.len(), "facts wait in SQLite");
        }
        if owed.is_empty() {
            return Vec::new();
        }
        let jobs: Vec<_> = owed
            .iter()
            .map(|owed| Outgoing {
                queue: owed.queue.clone(),
                priority: owed.priority,
                ticket: owed.ticket.clone(),
                body: owed.body.clone(),
            })
            .collect();
        match self.enqueue_many(&jobs).await {
            Ok(entries) => {
                owed.iter().zip(entries).map(|(owed, entry)| (owed.ticket.id, entry.to_string())).collect()
            }
            Err(error) => {
                tracing::warn!(error = %error, count = jobs.len(), "owed work waits in SQLite");
                Vec::new()
            }
        }
    }
}
