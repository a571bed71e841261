//! The facts, in their one order, for everybody who watches: one reader per process, however many sockets.
//!
//! `SQLite` is what is told; Redis only says when to look. So nothing is missing, nothing is out of order, and while Redis
//! is away the facts still come, a moment later.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use metatron_bus::Bus;
use metatron_bus::events::Tail;
use metatron_domain::event::Event;
use metatron_store::{Error, Store};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

/// Facts that a slow watcher may be behind before it has to read them itself.
const BEHIND: usize = 512;
/// Facts of one read.
const PAGE: u32 = 500;
/// How often the database is looked at while Redis says nothing: it says something every ten seconds.
const SILENCE: Duration = Duration::from_secs(7);
/// How often while Redis is away.
const ALONE: Duration = Duration::from_secs(1);

/// Tells facts to watchers. Its one task is [`Feed::run`].
pub(crate) struct Feed {
    store: Store,
    bus: Bus,
    start: i64,
    nudged: Notify,
    sender: broadcast::Sender<Arc<Event>>,
}

impl Feed {
    pub(crate) async fn new(store: Store, bus: Bus) -> Result<Self, Error> {
        let (sender, _) = broadcast::channel(BEHIND);
        let start = store.event_range().await?.1;
        Ok(Self { store, bus, start, nudged: Notify::new(), sender })
    }

    /// Watches from now on.
    pub(crate) fn watch(&self) -> broadcast::Receiver<Arc<Event>> {
        self.sender.subscribe()
    }

    /// Something was committed here: look now.
    pub(crate) fn nudge(&self) {
        self.nudged.notify_one();
    }

    /// Tells the facts until `shutdown`.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        let mut tail = self.bus.tail_events();
        let mut last = self.start;
        let mut silence = ALONE;
        loop {
            tokio::select! {
                next = tail.next() => {
                    silence = SILENCE;
                    // A fact that was told already, by an earlier read, is no reason to read again.
                    if matches!(next, Some(Tail::Event(event)) if event.eid <= last) { continue }
                }
                () = self.nudged.notified() => {}
                () = tokio::time::sleep(silence) => silence = ALONE,
                () = shutdown.cancelled() => return,
            }
            if let Err(error) = self.catch_up(&mut last).await {
                tracing::warn!(%error, "the facts can't be read");
                silence = ALONE;
            }
        }
    }

    async fn catch_up(&self, last: &mut i64) -> Result<(), Error> {
        loop {
            let events = self.store.events_after(*last, PAGE).await?;
            let full = events.len() == PAGE as usize;
            for event in events {
                *last = event.eid;
                // Nobody watches: then nobody misses it.
                let _ = self.sender.send(Arc::new(event));
            }
            if !full {
                return Ok(());
            }
        }
    }
}
