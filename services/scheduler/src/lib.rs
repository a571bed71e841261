//! scheduler keeps time: it carries owed work again that Redis lost or a dead worker held, ends questions that nobody
//! answered, begins what was planned, plans the heartbeat, and forgets what is old.
//!
//! Rooms: [`reconcile`] compares SQLite with Redis, [`tick`] is what is due, [`task`] begins what the owner planned. Never calls a model, never touches a shell.

mod reconcile;
mod task;
mod tick;

use std::convert::Infallible;
use std::sync::Arc;

use anyhow::Context as _;
use metatron_bus::{Access, Bus};
use metatron_domain::clock::{Clock, SystemClock};
use metatron_process::config::PublicUrl;
use metatron_process::crash::{self, Point};
use metatron_process::{Config, Frame};
use metatron_store::{Committed, Error, Store, Tx};

use crate::reconcile::Reconciler;

/// What the tasks share.
pub(crate) struct Desk {
    /// The truth.
    pub store: Store,
    /// Motion.
    pub bus: Bus,
    /// The wall clock: for what the owner sees, never for leases.
    pub clock: Arc<dyn Clock>,
    /// This life of the process: who claims a planned instant.
    pub instance: String,
}

impl Desk {
    /// Commits, and carries what became true and owed to Redis.
    pub(crate) async fn commit(&self, tx: Tx) -> Result<(), Error> {
        let committed = tx.commit().await?;
        crash::point(Point::SchedulerCommitted);
        self.announce(committed).await
    }

    /// Carries what a commit made true and owed to Redis.
    pub(crate) async fn announce(&self, committed: Committed) -> Result<(), Error> {
        let entries = self.bus.announce(&committed.events, &committed.owed).await;
        if !entries.is_empty() {
            crash::point(Point::SchedulerAnnounced);
        }
        self.store.note_entries(entries);
        Ok(())
    }
}

/// Builds the service and starts its tasks.
pub async fn start(frame: Frame) -> anyhow::Result<()> {
    let config = frame.config.clone();
    let store = Store::open(&config.database()).await.context("the database can't be opened")?;
    let password = config.redis_password()?;
    let ca = config.redis_ca()?;
    let user = config.redis_user.as_deref();
    let access = Access { user, password: password.as_deref(), ca: ca.as_deref() };
    let bus = Bus::enter(&config.redis_url, access, &frame.instance);
    let instance = frame.instance.clone();
    let desk =
        Arc::new(Desk { store: store.clone(), bus: bus.clone(), clock: Arc::new(SystemClock), instance });

    frame.tasks.spawn("beat", {
        let shutdown = frame.shutdown.clone();
        async move {
            bus.beat_forever("scheduler", env!("CARGO_PKG_VERSION"), std::process::id(), shutdown).await;
            Ok::<_, Infallible>(())
        }
    });
    frame.tasks.spawn("due", {
        let (desk, shutdown, heartbeat) = (desk.clone(), frame.shutdown.clone(), config.heartbeat);
        async move {
            tick::keep(&desk, heartbeat, shutdown).await;
            Ok::<_, Infallible>(())
        }
    });
    frame.tasks.spawn("reconcile", {
        let mut reconciler = Reconciler::new(desk, config.lease, config.host.clone(), docs(&config));
        let (shutdown, pause) = (frame.shutdown.clone(), config.reconcile);
        async move {
            reconciler.keep(pause, shutdown).await;
            store.close().await;
            Ok::<_, Infallible>(())
        }
    });
    frame.ready.announce();
    Ok(())
}

/// Where the API is described: at the address browsers use, as far as it is known.
fn docs(config: &Config) -> String {
    let origin = config.public_url.as_ref().map(PublicUrl::origin);
    format!("{}/api/docs/", origin.unwrap_or_else(|| format!("http://{}", config.listen)))
}
