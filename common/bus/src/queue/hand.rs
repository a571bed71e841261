//! What this process has in hand: so that its own pending entries are not handed out twice, and so that a job at work
//! can be asked to end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metatron_domain::command::Priority;
use metatron_domain::id::JobId;
use tokio_util::sync::CancellationToken;

/// The entries of one queue that this process has in hand. Sharers: every worker of that queue in the process.
#[derive(Debug, Clone, Default)]
pub(crate) struct InHand(Arc<Mutex<HashMap<(Priority, String), Held>>>);

#[derive(Debug)]
struct Held {
    job: JobId,
    cancel: CancellationToken,
}

impl InHand {
    fn lock(&self) -> MutexGuard<'_, HashMap<(Priority, String), Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an entry in hand, and gives what will be cancelled when somebody cancels the job. Nothing when it was in
    /// hand already.
    pub(super) fn insert(&self, priority: Priority, id: &str, job: JobId) -> Option<CancellationToken> {
        let mut held = self.lock();
        let place = held.entry((priority, id.to_owned()));
        let std::collections::hash_map::Entry::Vacant(place) = place else { return None };
        let cancel = CancellationToken::new();
        place.insert(Held { job, cancel: cancel.clone() });
        Some(cancel)
    }

    pub(super) fn remove(&self, priority: Priority, id: &str) {
        self.lock().remove(&(priority, id.to_owned()));
    }

    /// Asks the job to end, if it is in hand.
    pub(super) fn cancel(&self, job: JobId) {
        self.lock().values().filter(|held| held.job == job).for_each(|held| held.cancel.cancel());
    }

    /// Asks all to end.
    pub(super) fn cancel_all(&self) {
        self.lock().values().for_each(|held| held.cancel.cancel());
    }
}
