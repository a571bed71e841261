//! What every piece of work at this process shares: the store, the bus, the vault, the clock, and who is at work.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metatron_bus::Bus;
use metatron_domain::clock::{Clock, Instant};
use metatron_domain::id::{JobId, RunId};
use metatron_process::Frame;
use metatron_process::config::PublicUrl;
use metatron_process::crash::{self, Point};
use metatron_store::vault::Vault;
use metatron_store::{Error, Store, Tx};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::push::Courier;

/// Owned by the service; every delivery holds a reference.
pub(crate) struct Desk {
    /// The truth.
    pub store: Store,
    /// Motion.
    pub bus: Bus,
    /// Opens the keys of providers.
    pub vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    /// This life of the process: the holder of its claims.
    pub instance: String,
    /// The shell host that commands go to which name no other.
    pub host: String,
    /// The lease of this process.
    pub lease: Duration,
    /// Where the AI works.
    pub workspace: PathBuf,
    /// Cancelled when the process has to end.
    pub shutdown: CancellationToken,
    /// What sends notifications.
    pub courier: Courier,
    at_work: Mutex<HashMap<JobId, AtWork>>,
    hosts: Notify,
}

struct AtWork {
    run: Option<RunId>,
    stop: CancellationToken,
}

/// A job that this process is at work on; dropping it ends that.
pub(crate) struct Seat {
    desk: Arc<Desk>,
    job: JobId,
    /// Cancelled when the owner stops the run.
    pub stop: CancellationToken,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.desk.at_work.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.job);
    }
}

impl Desk {
    /// A desk for this life of the process.
    pub(crate) fn new(
        store: Store,
        bus: Bus,
        vault: Arc<Vault>,
        clock: Arc<dyn Clock>,
        frame: &Frame,
    ) -> Self {
        Self {
            store,
            bus,
            vault,
            clock,
            instance: frame.instance.clone(),
            host: frame.config.host.clone(),
            lease: frame.config.lease,
            workspace: frame.config.workspace.clone(),
            shutdown: frame.shutdown.clone(),
            courier: Courier::new(frame.config.public_url.as_ref().map(PublicUrl::origin).as_deref()),
            at_work: Mutex::default(),
            hosts: Notify::new(),
        }
    }

    /// The present instant.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Commits, and carries what became true and owed to Redis.
    pub(crate) async fn commit(&self, tx: Tx) -> Result<(), Error> {
        let committed = tx.commit().await?;
        crash::point(Point::PulseCommitted);
        let entries = self.bus.announce(&committed.events, &committed.owed).await;
        if !entries.is_empty() {
            crash::point(Point::PulseAnnounced);
        }
        self.store.note_entries(entries);
        Ok(())
    }

    /// Sits down to a job; nothing when this process is at work on it already.
    pub(crate) fn sit(self: &Arc<Self>, job: JobId, run: Option<RunId>) -> Option<Seat> {
        let mut at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        if at_work.contains_key(&job) {
            return None;
        }
        let stop = CancellationToken::new();
        at_work.insert(job, AtWork { run, stop: stop.clone() });
        drop(at_work);
        Some(Seat { desk: self.clone(), job, stop })
    }

    /// Tells whoever carries `run` here that the owner stops it.
    pub(crate) fn stop(&self, run: RunId) {
        let at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        at_work.values().filter(|work| work.run == Some(run)).for_each(|work| work.stop.cancel());
    }

    /// A shell host may have been registered or revoked.
    pub(crate) fn look_at_hosts(&self) {
        self.hosts.notify_one();
    }

    /// Completes when one may have been.
    pub(crate) async fn hosts_change(&self) {
        self.hosts.notified().await;
    }

    /// The runs that are carried here now.
    pub(crate) fn runs_at_work(&self) -> Vec<RunId> {
        let at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        at_work.values().filter_map(|work| work.run).collect()
    }
}
