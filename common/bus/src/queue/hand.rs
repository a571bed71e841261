//! What this process has in hand: so that its own pending entries are not handed out twice, and so that a job at work
//! can be asked to end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use apalis_core::task::Task;
use apalis_core::task::builder::TaskBuilder;
use apalis_core::task::task_id::TaskId;
use metatron_domain::command::Priority;
use metatron_domain::id::JobId;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Delivery;
use super::backend::{Boxed, Claim, Hold, Job};
use super::slot::Slot;

/// An entry, and the job in it: a Redis that was emptied counts anew, and may give an entry of the same millisecond the same id.
type Place = (Priority, String, JobId);

/// The entries of one queue that this process has in hand, each with what asks it to end. Sharers: every worker of that queue
/// in the process.
#[derive(Debug, Clone, Default)]
pub(crate) struct InHand(Arc<Mutex<HashMap<Place, CancellationToken>>>);

impl InHand {
    fn lock(&self) -> MutexGuard<'_, HashMap<Place, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an entry in hand, and gives what will be cancelled when somebody cancels the job. Nothing when it was in
    /// hand already.
    pub(super) fn insert(&self, priority: Priority, id: &str, job: JobId) -> Option<CancellationToken> {
        let mut held = self.lock();
        let place = held.entry((priority, id.to_owned(), job));
        let std::collections::hash_map::Entry::Vacant(place) = place else { return None };
        let cancel = CancellationToken::new();
        place.insert(cancel.clone());
        Some(cancel)
    }

    pub(super) fn remove(&self, priority: Priority, id: &str, job: JobId) {
        self.lock().remove(&(priority, id.to_owned(), job));
    }

    /// Asks the job to end, if it is in hand.
    pub(super) fn cancel(&self, job: JobId) {
        self.lock().iter().filter(|((.., held), _)| *held == job).for_each(|(_, cancel)| cancel.cancel());
    }

    /// Asks all to end.
    pub(super) fn cancel_all(&self) {
        self.lock().values().for_each(CancellationToken::cancel);
    }
}

/// Gives a claimed entry to the worker, unless this process has it in hand already.
pub(super) async fn deliver(
    jobs: &mpsc::Sender<Task<Boxed>>,
    in_hand: &InHand,
    claim: Claim,
    recovered_from: Option<String>,
    slot: Slot,
) {
    let Some(cancel) = in_hand.insert(claim.priority, &claim.id, claim.entry.job.id) else { return };
    let body = claim.entry.body.as_deref().map(serde_json::from_str).transpose();
    let body = body.unwrap_or_else(|error| {
        tracing::error!(%error, job.id = %claim.entry.job.id, "a body is not JSON");
        None
    });
    let delivery = Delivery {
        ticket: claim.entry.job.clone(),
        body,
        entry: claim.id.clone(),
        priority: claim.priority,
        deliveries: claim.deliveries,
        recovered_from,
        cancel,
    };
    let name = TaskId::from_string(format!("{}-{}", claim.priority.as_str(), claim.id));
    let task =
        TaskBuilder::new(Box::new(Job { delivery, hold: Some(Hold { claim, slot }) })).task_id(name).build();
    // The worker is gone: the entry stays pending.
    drop(jobs.send(task).await);
}
