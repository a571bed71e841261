//! Carries what was committed to Redis, behind the answer: a request is durable and answered whether or not Redis is
//! there, and what does not arrive is reconciled from `SQLite`.

use metatron_bus::Bus;
use metatron_bus::queue::Outgoing;
use metatron_domain::command::Owed;
use metatron_process::crash::{self, Point};
use metatron_store::{Committed, Store};
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

/// Commits that may wait for Redis. Past that they are left to the reconciler.
const WAITING: usize = 1_024;
/// Commits carried in one trip.
const TOGETHER: usize = 64;

/// Takes what requests committed. Its one task carries it, in order.
pub(crate) struct Carrier {
    store: Store,
    bus: Bus,
    sender: mpsc::Sender<Committed>,
    receiver: Mutex<mpsc::Receiver<Committed>>,
}

impl Carrier {
    pub(crate) fn new(store: Store, bus: Bus) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        Self { store, bus, sender, receiver: Mutex::new(receiver) }
    }

    /// Hands a commit over.
    pub(crate) fn carry(&self, committed: Committed) {
        if committed.events.is_empty() && committed.owed.is_empty() {
            return;
        }
        if self.sender.try_send(committed).is_err() {
            tracing::warn!("Redis is far behind; the reconciler will carry what was just committed");
        }
    }

    /// Carries until `shutdown`, then what still waits.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        let mut receiver = self.receiver.lock().await;
        let mut several = Vec::with_capacity(TOGETHER);
        loop {
            tokio::select! {
                count = receiver.recv_many(&mut several, TOGETHER) => match count {
                    0 => return,
                    _ => self.deliver(together(&mut several)).await,
                },
                () = shutdown.cancelled() => break,
            }
        }
        while let Ok(committed) = receiver.try_recv() {
            self.deliver(committed).await;
        }
    }

    async fn deliver(&self, committed: Committed) {
        crash::point(Point::ApiCarrying);
        let jobs: Vec<_> = committed.owed.iter().map(|owed| owed.ticket.id).collect();
        let outgoing: Vec<_> = committed.owed.into_iter().map(outgoing).collect();
        if !outgoing.is_empty() {
            match self.bus.enqueue_many(&outgoing).await {
                Ok(entries) => {
                    crash::point(Point::ApiAnnounced);
                    let marks: Vec<_> =
                        jobs.into_iter().zip(entries.into_iter().map(|entry| entry.0)).collect();
                    self.store.note_entries(marks);
                }
                Err(error) => tracing::warn!(%error, "owed work waits for the reconciler"),
            }
        }
        if let Err(error) = self.bus.publish_events(&committed.events).await {
            tracing::debug!(%error, "facts were not published; readers take them from the database");
        }
    }
}

/// What several commits made true, in their order.
fn together(several: &mut Vec<Committed>) -> Committed {
    let mut all = Committed::default();
    for one in several.drain(..) {
        all.events.extend(one.events);
        all.owed.extend(one.owed);
    }
    all
}

fn outgoing(owed: Owed) -> Outgoing {
    Outgoing { queue: owed.queue, priority: owed.priority, ticket: owed.ticket, body: owed.body }
}
