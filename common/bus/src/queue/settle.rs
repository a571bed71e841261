//! Acknowledging: in batches, after the handler, and for as long as it takes Redis to come back.

use std::time::Duration;

use metatron_domain::command::{Priority, Queue};
use redis::Pipeline;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Disposition;
use super::append::{Grave, add, bury};
use super::backend::Claim;
use super::due::Poke;
use super::entry::{Delayed, Entry};
use super::hand::InHand;
use crate::link::Backoff;
use crate::{Bus, Error, key};

/// Acknowledgements in one write.
const BATCH: usize = 256;
/// How long plain acknowledgements wait for company. Nobody waits for them; what is owed with one goes at once.
const COMPANY: Duration = Duration::from_millis(1);

/// What is to become of an entry.
#[derive(Debug)]
pub(super) struct Settlement {
    pub(super) claim: Claim,
    pub(super) disposition: Disposition,
}

/// Carries out settlements, in order of arrival but for those that have to wait.
pub(super) struct Settler {
    pub(super) bus: Bus,
    pub(super) queue: Queue,
    pub(super) group: String,
    pub(super) in_hand: InHand,
    pub(super) poke: Poke,
}

impl Settler {
    /// Runs until every sender is gone and nothing is left to do, or until `give_up`.
    pub(super) async fn run(self, mut settlements: mpsc::Receiver<Settlement>, give_up: CancellationToken) {
        let mut backoff = Backoff::new();
        let mut waiting: Vec<Settlement> = Vec::new();
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let pause = if waiting.is_empty() { Duration::MAX } else { backoff.next() };
            tokio::select! {
                count = settlements.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        if waiting.is_empty() { return; }
                        tokio::select! {
                            () = tokio::time::sleep(backoff.next()) => {}
                            () = give_up.cancelled() => return,
                        }
                    }
                }
                () = sleep(pause) => {}
                () = give_up.cancelled() => return,
            }
            if !batch.is_empty() && batch.iter().all(|one| one.disposition == Disposition::Done) {
                tokio::time::sleep(COMPANY).await;
                while batch.len() < BATCH
                    && let Ok(one) = settlements.try_recv()
                {
                    batch.push(one);
                }
            }
            waiting.append(&mut batch);
            let before = waiting.len();
            waiting = self.settle(std::mem::take(&mut waiting)).await;
            if waiting.len() < before {
                backoff.reset();
            }
        }
    }

    /// Settles what can be settled, and gives back the rest.
    async fn settle(&self, settlements: Vec<Settlement>) -> Vec<Settlement> {
        let (plain, others): (Vec<_>, Vec<_>) = settlements
            .into_iter()
            .filter(|one| one.disposition != Disposition::Keep)
            .partition(|one| one.disposition == Disposition::Done);
        let mut left = Vec::new();
        if !plain.is_empty() {
            let mut pipe = redis::pipe();
            for priority in [Priority::High, Priority::Low] {
                self.acknowledge(&mut pipe, priority, plain.iter().map(|one| &one.claim));
            }
            self.count(&mut pipe, "done", plain.len());
            match self.bus.run::<()>(&pipe).await {
                Ok(()) => plain.iter().for_each(|one| self.release(&one.claim)),
                Err(error) => {
                    tracing::debug!(%error, count = plain.len(), "acknowledgements wait");
                    left.extend(plain);
                }
            }
        }
        for one in others {
            match self.settle_one(&one).await {
                Ok(()) => self.release(&one.claim),
                Err(Error::Wire(cause)) => {
                    // It would fail for ever. Pending, it is taken over or given up after this process.
                    tracing::error!(%cause, job.id = %one.claim.entry.job.id, "a job can't be settled");
                }
                Err(error) => {
                    tracing::debug!(%error, job.id = %one.claim.entry.job.id, "a job's outcome waits");
                    left.push(one);
                }
            }
        }
        left
    }

    async fn settle_one(&self, one: &Settlement) -> Result<(), Error> {
        let mut pipe = redis::pipe();
        pipe.atomic();
        let claim = &one.claim;
        match &one.disposition {
            Disposition::Done | Disposition::Keep => {}
            Disposition::DoneWith(outgoing) => {
                for job in outgoing {
                    add(&mut pipe, job)?;
                    pipe.ignore();
                }
                self.count(&mut pipe, "done", 1);
            }
            Disposition::Retry { cause } => {
                let job = &claim.entry.job;
                match job.kind.retry().pause(claim.deliveries, job.id) {
                    Some(after) => {
                        tracing::info!(job.id = %job.id, %cause, ?after, "a job is tried again");
                        let entry = Entry { tries: claim.deliveries, ..claim.entry.clone() };
                        self.delay(&mut pipe, claim.priority, entry, after)?;
                        self.count(&mut pipe, "retried", 1);
                    }
                    None => self.give_up(&mut pipe, claim, cause)?,
                }
            }
            Disposition::Later { after, cause } => {
                tracing::info!(job.id = %claim.entry.job.id, %cause, ?after, "a job waits");
                self.delay(&mut pipe, claim.priority, claim.entry.clone(), *after)?;
            }
            Disposition::Dead { cause } => self.give_up(&mut pipe, claim, cause)?,
        }
        self.acknowledge(&mut pipe, claim.priority, std::iter::once(claim));
        self.bus.run::<()>(&pipe).await?;
        if matches!(one.disposition, Disposition::Retry { .. } | Disposition::Later { .. }) {
            self.poke.poke();
        }
        Ok(())
    }

    fn delay(
        &self,
        pipe: &mut Pipeline,
        priority: Priority,
        entry: Entry,
        after: Duration,
    ) -> Result<(), Error> {
        let member = serde_json::to_string(&Delayed { priority, entry })?;
        let after = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
        let due = self.bus.now_ms().saturating_add(after);
        pipe.cmd("ZADD").arg(key::due(&self.queue)).arg(due).arg(member).ignore();
        Ok(())
    }

    fn give_up(&self, pipe: &mut Pipeline, claim: &Claim, cause: &str) -> Result<(), Error> {
        tracing::warn!(job.id = %claim.entry.job.id, %cause, "a job is given up");
        let grave = Grave {
            queue: &self.queue,
            job: Some(&claim.entry.job),
            cause,
            deliveries: claim.deliveries,
            consumer: self.bus.instance(),
        };
        self.count(pipe, "dead", 1);
        bury(pipe, &self.bus, &grave)
    }

    /// Counts for dashboards.
    fn count(&self, pipe: &mut Pipeline, what: &str, by: usize) {
        pipe.cmd("HINCRBY").arg(key::queue_meta(&self.queue)).arg(what).arg(by).ignore();
    }

    /// `XACK` and `XDEL` of those of `claims` that are of `priority`.
    fn acknowledge<'a>(
        &self,
        pipe: &mut Pipeline,
        priority: Priority,
        claims: impl Iterator<Item = &'a Claim>,
    ) {
        let ids: Vec<&str> =
            claims.filter(|claim| claim.priority == priority).map(|claim| claim.id.as_str()).collect();
        acknowledge(pipe, &key::stream(&self.queue, priority), &self.group, &ids);
    }

    fn release(&self, claim: &Claim) {
        self.in_hand.remove(claim.priority, &claim.id, claim.entry.job.id);
    }
}

/// `XACK` and `XDEL` of entries of one stream.
pub(super) fn acknowledge(pipe: &mut Pipeline, stream: &str, group: &str, ids: &[&str]) {
    if ids.is_empty() {
        return;
    }
    pipe.cmd("XACK").arg(stream).arg(group).arg(ids).ignore();
    pipe.cmd("XDEL").arg(stream).arg(ids).ignore();
}

async fn sleep(pause: Duration) {
    if pause == Duration::MAX { std::future::pending().await } else { tokio::time::sleep(pause).await }
}
