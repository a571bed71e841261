//! Taking over what dead processes left, and giving up what killed too many of them.
//!
//! Dead is who an [`Observer`] saw standing still for one lease; no wall clock has a say. The reaper only finds the dead;
//! the reader takes over, because it alone holds the free slots, also while it blocks.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use apalis_core::task::Task;
use metatron_domain::command::{Priority, Queue};
use redis::streams::{
    StreamClaimReply, StreamId, StreamInfoConsumersReply, StreamPendingCountReply, StreamPendingId,
    StreamPendingReply,
};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::append::{Grave, bury};
use super::backend::{Boxed, Claim};
use super::entry::{Entry, Read};
use super::hand::{InHand, deliver};
use super::settle::acknowledge;
use super::slot::Free;
use crate::lease::Observer;
use crate::{Bus, Error, key};

/// Entries looked at in one pass.
const BATCH: usize = 128;
/// Workers that may die with a job in hand before it counts as their murderer, whatever its kind says of retries: a
/// machine that restarts in a loop has no poisonous job.
const LEAST_LIVES: u64 = 5;

/// The dead who left work, from the reaper to the reader.
#[derive(Debug, Clone, Default)]
pub(super) struct Abandoned(Arc<(Mutex<BTreeSet<String>>, Notify)>);

impl Abandoned {
    fn add(&self, name: String) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        self.0.1.notify_one();
    }

    /// The names so far. Who still has something pending is found again.
    pub(super) fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Completes when there is a name.
    pub(super) async fn added(&self) {
        self.0.1.notified().await;
    }
}

/// Finds the dead among those who share a queue, and takes over from them.
#[derive(Clone)]
pub(super) struct Reaper {
    pub(super) bus: Bus,
    pub(super) queue: Queue,
    pub(super) group: String,
    pub(super) in_hand: InHand,
    pub(super) jobs: mpsc::Sender<Task<Boxed>>,
    pub(super) lease: Duration,
    pub(super) abandoned: Abandoned,
}

impl Reaper {
    pub(super) async fn run(self, shutdown: CancellationToken) {
        let mut observer = Observer::new(self.lease);
        // Names that have nothing pending, but whose process may be long gone.
        let mut idle = BTreeSet::new();
        // Who had something pending at the last look.
        let mut left = BTreeSet::new();
        let mut listed = false;
        loop {
            if !listed {
                listed = self.list(&mut idle).await.is_ok();
            }
            let pause = match self.pass(&mut observer, &mut idle, &mut left).await {
                // Somebody else has work in hand: watch closely.
                Ok(true) => self.lease / 3,
                Ok(false) => self.lease,
                Err(error) => {
                    tracing::debug!(%error, queue = self.queue.name(), "can't look for abandoned work");
                    self.lease
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    fn stream(&self, priority: Priority) -> String {
        key::stream(&self.queue, priority)
    }

    /// Every other consumer of the group, once at start.
    async fn list(&self, idle: &mut BTreeSet<String>) -> Result<(), Error> {
        let mut pipe = redis::pipe();
        for priority in [Priority::High, Priority::Low] {
            pipe.cmd("XINFO").arg("CONSUMERS").arg(self.stream(priority)).arg(&self.group);
        }
        let found: Vec<StreamInfoConsumersReply> = self.bus.run(&pipe).await?;
        let names = found.into_iter().flat_map(|reply| reply.consumers).map(|consumer| consumer.name);
        idle.extend(names.filter(|name| name != self.bus.instance()));
        Ok(())
    }

    /// One look. Tells whether anybody else is worth watching.
    async fn pass(
        &self,
        observer: &mut Observer,
        idle: &mut BTreeSet<String>,
        left: &mut BTreeSet<String>,
    ) -> Result<bool, Error> {
        let mut pipe = redis::pipe();
        for priority in [Priority::High, Priority::Low] {
            pipe.cmd("XPENDING").arg(self.stream(priority)).arg(&self.group);
        }
        let (high, low): (StreamPendingReply, StreamPendingReply) = match self.bus.run(&pipe).await {
            Ok(found) => found,
            // The group is made by the reader.
            Err(Error::Wire(cause)) if cause.contains("NOGROUP") => return Ok(false),
            Err(error) => return Err(error),
        };
        let mut owners = BTreeSet::new();
        for reply in [&high, &low] {
            if let StreamPendingReply::Data(data) = reply {
                owners.extend(data.consumers.iter().map(|consumer| consumer.name.clone()));
            }
        }
        owners.remove(self.bus.instance());
        idle.retain(|name| !owners.contains(name));
        // Once nothing of theirs is pending any more, their names can go too.
        let watched_before = std::mem::replace(left, owners.clone());
        idle.extend(watched_before.difference(&owners).cloned());
        let watched: Vec<String> = owners.iter().chain(idle.iter()).cloned().collect();
        for dead in observer.dead(&self.bus, &watched).await {
            if owners.contains(&dead) {
                self.abandoned.add(dead);
            } else {
                self.forget(&dead).await?;
                idle.remove(&dead);
            }
        }
        Ok(!watched.is_empty())
    }

    /// Deletes a consumer that has nothing pending.
    async fn forget(&self, dead: &str) -> Result<(), Error> {
        let mut pipe = redis::pipe();
        for priority in [Priority::High, Priority::Low] {
            let stream = self.stream(priority);
            pipe.cmd("XGROUP").arg("DELCONSUMER").arg(stream).arg(&self.group).arg(dead).ignore();
        }
        self.bus.run(&pipe).await
    }

    /// Takes over as much of what `dead` left as there are free slots.
    pub(super) async fn take_over(&self, dead: &str, free: &mut Free) -> Result<(), Error> {
        self.take_over_of(dead, Priority::High, free).await?;
        self.take_over_of(dead, Priority::Low, free).await
    }

    async fn take_over_of(&self, dead: &str, priority: Priority, free: &mut Free) -> Result<(), Error> {
        let stream = self.stream(priority);
        let mut pipe = redis::pipe();
        pipe.cmd("XPENDING").arg(&stream).arg(&self.group).arg("-").arg("+").arg(BATCH).arg(dead);
        let (pending,): (StreamPendingCountReply,) = self.bus.run(&pipe).await?;
        for one in pending.ids {
            let slot = if priority == Priority::Low { free.pop_low() } else { free.pop_high() };
            // No slot: another worker may have one, or this one soon.
            let Some(slot) = slot else { return Ok(()) };
            let Some(id) = self.claim(&stream, &one).await? else { continue };
            // Pending counts from 1; what it was delivered before this time is what others did with it.
            let before = u64::try_from(one.times_delivered).unwrap_or(u64::MAX);
            match Entry::read(&id) {
                Read::Job(entry) => {
                    let deliveries = entry.tries.saturating_add(before).saturating_add(1);
                    let claim = Claim { priority, id: id.id, entry, deliveries };
                    if deliveries - 1 > claim.entry.job.kind.retry().most.max(LEAST_LIVES) {
                        self.give_up(&claim, dead).await?;
                    } else {
                        tracing::info!(job.id = %claim.entry.job.id, from = dead, "a dead worker's job is taken over");
                        deliver(&self.jobs, &self.in_hand, claim, Some(dead.to_owned()), slot).await;
                    }
                }
                Read::Wake | Read::Garbage(_) => {
                    let mut pipe = redis::pipe();
                    acknowledge(&mut pipe, &stream, &self.group, &[&id.id]);
                    self.bus.run::<()>(&pipe).await?;
                }
            }
        }
        Ok(())
    }

    /// Makes one pending entry ours, unless another reaper was faster.
    async fn claim(&self, stream: &str, one: &StreamPendingId) -> Result<Option<StreamId>, Error> {
        // Of two reapers the second finds the entry fresh. Where Redis's clock has jumped back the entry looks fresh
        // though its owner is dead; then both may claim it, and the row's epoch lets one of them through.
        let half = u64::try_from((self.lease / 2).as_millis()).unwrap_or(u64::MAX);
        let idle = u64::try_from(one.last_delivered_ms).unwrap_or(u64::MAX);
        let min_idle = if idle >= half { half } else { 0 };
        let mut pipe = redis::pipe();
        pipe.cmd("XCLAIM").arg(stream).arg(&self.group).arg(self.bus.instance()).arg(min_idle).arg(&one.id);
        let (claimed,): (StreamClaimReply,) = self.bus.run(&pipe).await?;
        Ok(claimed.ids.into_iter().next())
    }

    /// It was being worked on by too many that died.
    async fn give_up(&self, claim: &Claim, dead: &str) -> Result<(), Error> {
        tracing::error!(job.id = %claim.entry.job.id, deliveries = claim.deliveries, "a job is given up");
        let grave = Grave {
            queue: &self.queue,
            job: Some(&claim.entry.job),
            cause: "the workers that had it died",
            deliveries: claim.deliveries - 1,
            consumer: dead,
        };
        let mut pipe = redis::pipe();
        pipe.atomic();
        bury(&mut pipe, &self.bus, &grave)?;
        acknowledge(&mut pipe, &self.stream(claim.priority), &self.group, &[&claim.id]);
        self.bus.run(&pipe).await
    }
}
