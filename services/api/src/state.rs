//! What every request may use. Owned by the process, shared by all its requests, never changed after the start.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use metatron_bus::Bus;
use metatron_bus::seal::LinkKey;
use metatron_domain::actor::Actor;
use metatron_domain::clock::{Clock, Instant};
use metatron_process::Config;
use metatron_process::crash::{self, Point};
use metatron_store::vault::Vault;
use metatron_store::{Committed, Store, Tx};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::carry::Carrier;
use crate::claim::Claims;
use crate::error::ApiError;
use crate::feed::Feed;
use crate::host::{Hosts, Links};
use crate::join::Join;
use crate::keyboard::Keyboards;
use crate::limit::Limits;
use crate::password::Hasher;
use crate::place::Gate;
use crate::presence::Presence;
use crate::report;
use crate::shelf::Shelf;
use crate::socket::viewers::Viewers;
use crate::warning::Warnings;

/// A handle on everything a request may use. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// What the handle holds.
pub struct Shared {
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    pub(crate) links: Links,
    pub(crate) bus: Bus,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) gate: Gate,
    pub(crate) hasher: Hasher,
    pub(crate) claims: Claims,
    pub(crate) carrier: Carrier,
    pub(crate) feed: Feed,
    pub(crate) warnings: Warnings,
    pub(crate) limits: Limits,
    pub(crate) hosts: Hosts,
    pub(crate) keyboards: Keyboards,
    pub(crate) shelf: Shelf,
    pub(crate) viewers: Viewers,
    pub(crate) presence: Presence,
    /// A shell host has not taken the newest book of rules.
    pub(crate) turned: Notify,
    /// An undo runs.
    pub(crate) undone: Notify,
    /// The shell host beside this process.
    pub(crate) host: String,
    /// Where other machines find Redis.
    pub(crate) join: Option<Join>,
    /// How long this process may be silent before it counts as gone.
    pub(crate) lease: Duration,
    pub(crate) web: PathBuf,
    pub(crate) timezone: String,
    /// Cancelled when sockets have to close.
    pub(crate) closing: CancellationToken,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl App {
    /// Puts together what requests use.
    pub async fn new(
        config: &Config,
        store: Store,
        vault: Vault,
        link: LinkKey,
        bus: Bus,
        clock: Arc<dyn Clock>,
        limits: Limits,
    ) -> Result<Self, metatron_store::Error> {
        let feed = Feed::new(store.clone(), bus.clone()).await?;
        let links = Links::load(config.host.clone(), link, &store, &vault).await?;
        let join = Join::of(config);
        Ok(Self(Arc::new(Shared {
            gate: Gate::new(config),
            hasher: Hasher::default(),
            claims: Claims::new(config.claim_code(), config.listen),
            carrier: Carrier::new(store.clone(), bus.clone()),
            warnings: Warnings::default(),
            hosts: Hosts::default(),
            keyboards: Keyboards::default(),
            shelf: Shelf::new(config.recordings()),
            viewers: Viewers::default(),
            turned: Notify::new(),
            undone: Notify::new(),
            presence: Presence::default(),
            host: config.host.clone(),
            lease: config.lease * report::LEASES,
            web: config.web.clone(),
            timezone: config.timezone.clone(),
            closing: CancellationToken::new(),
            store,
            vault,
            links,
            join,
            bus,
            clock,
            feed,
            limits,
        })))
    }

    /// Makes a claim code and says where to use it; does nothing once the instance has an owner. Once at each start.
    pub async fn announce_claim(&self) -> Result<(), ApiError> {
        self.claims.announce(&self.store, self.now()).await
    }

    /// The present instant.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Makes a unit of work durable, and sees to it that Redis and the watchers hear of it. It is true whether or not
    /// they do.
    pub(crate) async fn commit(&self, tx: Tx) -> Result<Vec<i64>, ApiError> {
        let committed: Committed = tx.commit().await?;
        crash::point(Point::ApiCommitted);
        let eids = committed.events.iter().map(|event| event.eid).collect();
        self.feed.nudge();
        self.carrier.carry(committed);
        Ok(eids)
    }

    /// Cancelled when sockets have to close, because this process ends.
    pub(crate) fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// The newest fact there is: what was read afterwards is at least as new.
    pub(crate) async fn eid(&self) -> Result<i64, ApiError> {
        Ok(self.store.event_range().await?.1)
    }
}

/// The actor of everything the owner does.
pub(crate) const OWNER: Actor = Actor::Owner;
