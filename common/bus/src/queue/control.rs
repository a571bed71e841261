//! What is said to the workers of a queue: pause, resume, cancel this job.
//!
//! A pause is kept in the queue's `meta`, and told over a channel of the same name, so that no worker has to ask. What
//! is only in Redis can be lost: whoever pauses keeps the wish in `SQLite`, and the reconciler says it again.

use std::time::Duration;

use metatron_domain::command::Queue;
use metatron_domain::id::JobId;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::hand::InHand;
use crate::live::Notice;
use crate::{Bus, Error, key};

/// The field of `meta` that says whether workers read, `1` or `0`. Absent says nothing.
const PAUSED: &str = "paused";
/// How long a worker waits before it asks again for what Redis did not tell.
const AGAIN: Duration = Duration::from_secs(1);

impl Bus {
    /// Stops the workers of `queue` from reading; what they have in hand goes on. Saying it twice is harmless.
    pub async fn pause(&self, queue: &Queue) -> Result<(), Error> {
        self.set_paused(queue, true).await
    }

    /// Lets the workers of `queue` read again.
    pub async fn resume(&self, queue: &Queue) -> Result<(), Error> {
        self.set_paused(queue, false).await
    }

    async fn set_paused(&self, queue: &Queue, paused: bool) -> Result<(), Error> {
        let meta = key::queue_meta(queue);
        let mut pipe = redis::pipe();
        pipe.cmd("HSET").arg(&meta).arg(PAUSED).arg(u8::from(paused)).ignore();
        pipe.cmd("PUBLISH").arg(&meta).arg(PAUSED).ignore();
        self.run(&pipe).await
    }

    /// Whether `queue` is paused; nothing when Redis does not say, as after it was emptied.
    pub async fn paused(&self, queue: &Queue) -> Result<Option<bool>, Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("HGET").arg(key::queue_meta(queue)).arg(PAUSED);
        let (paused,): (Option<String>,) = self.run(&pipe).await?;
        Ok(paused.map(|text| text == "1"))
    }

    /// Asks whoever has `job` in hand to end it. A job that waits is cancelled by its row: its delivery is dropped.
    /// Nothing is kept of this: a worker that takes the job afterwards reads the row.
    pub async fn cancel(&self, queue: &Queue, job: JobId) -> Result<(), Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("PUBLISH").arg(key::queue_meta(queue)).arg(job.to_string()).ignore();
        self.run(&pipe).await
    }
}

/// Hears what is said to the workers of a queue.
pub(super) struct Controller {
    pub(super) bus: Bus,
    pub(super) queue: Queue,
    pub(super) in_hand: InHand,
    /// What the reader obeys: it begins paused, until the queue was asked. Kept through a loss of Redis: a pause ends
    /// when somebody says so.
    pub(super) paused: watch::Sender<bool>,
}

impl Controller {
    pub(super) async fn run(self, shutdown: CancellationToken) {
        let ended = shutdown.clone();
        tokio::select! {
            () = self.listen() => {}
            () = ended.cancelled() => {}
        }
    }

    async fn listen(self) {
        let mut said = self.bus.hub().subscribe(&key::queue_meta(&self.queue)).await;
        self.ask(Some(false)).await;
        while let Some(notice) = said.next().await {
            match notice {
                Notice::Again | Notice::Absent => self.ask(None).await,
                Notice::Message(bytes) => match std::str::from_utf8(&bytes).map(str::parse::<JobId>) {
                    Ok(Ok(job)) => self.in_hand.cancel(job),
                    _ => self.ask(None).await,
                },
            }
        }
    }

    /// Reads the queue's `meta`, for as long as it takes. Where that says nothing, `otherwise` counts.
    async fn ask(&self, otherwise: Option<bool>) {
        let mut first = true;
        loop {
            match self.bus.paused(&self.queue).await {
                Ok(said) => {
                    if let Some(paused) = said.or(otherwise)
                        && self.paused.send_replace(paused) != paused
                    {
                        tracing::debug!(queue = self.queue.name(), paused, "whether the queue is paused");
                    }
                    return;
                }
                // Until it knows, the worker does not read: that must not be silent.
                Err(error) if first => {
                    tracing::warn!(%error, queue = self.queue.name(), "can't ask whether the queue is paused");
                }
                Err(_) => {}
            }
            first = false;
            tokio::time::sleep(AGAIN).await;
        }
    }
}
