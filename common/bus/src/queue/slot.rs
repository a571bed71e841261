//! Free slots of a worker: what may be read is what can be started, and low never takes what is kept for high.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Options;

/// The slots of one worker. Sharers: its reader, its reaper.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    all: Arc<Semaphore>,
    low: Arc<Semaphore>,
}

/// A slot taken; free again when dropped.
#[derive(Debug)]
pub(super) struct Slot {
    _all: OwnedSemaphorePermit,
    _low: Option<OwnedSemaphorePermit>,
}

impl Slots {
    pub(super) fn new(options: &Options) -> Self {
        let concurrency = options.concurrency.max(1);
        // A worker of one slot serves both: otherwise low would never run.
        let low = concurrency.saturating_sub(options.reserved_high).max(1);
        Self {
            all: Arc::new(Semaphore::new(concurrency + options.prefetch)),
            low: Arc::new(Semaphore::new(low + options.prefetch)),
        }
    }

    /// Waits for a slot, and takes up to `most` that are free.
    pub(super) async fn take(&self, most: usize) -> Free {
        let mut all = Vec::new();
        // The semaphores are never closed.
        if let Ok(first) = self.all.clone().acquire_owned().await {
            all.push(first);
        }
        while all.len() < most
            && let Ok(next) = self.all.clone().try_acquire_owned()
        {
            all.push(next);
        }
        let mut low = Vec::new();
        while low.len() < all.len()
            && let Ok(next) = self.low.clone().try_acquire_owned()
        {
            low.push(next);
        }
        Free { all, low }
    }

    /// Completes when a low entry could be started.
    pub(super) async fn low_is_free(&self) {
        drop(self.low.acquire().await);
    }
}

/// Slots taken for a read that may find less.
#[derive(Debug)]
pub(super) struct Free {
    all: Vec<OwnedSemaphorePermit>,
    low: Vec<OwnedSemaphorePermit>,
}

impl Free {
    /// How many high entries may be read.
    pub(super) fn high(&self) -> usize {
        self.all.len()
    }

    /// How many low entries may be read.
    pub(super) fn low(&self) -> usize {
        self.low.len().min(self.all.len())
    }

    /// A slot for a high entry.
    pub(super) fn pop_high(&mut self) -> Option<Slot> {
        self.all.pop().map(|all| Slot { _all: all, _low: None })
    }

    /// A slot for a low entry.
    pub(super) fn pop_low(&mut self) -> Option<Slot> {
        if self.all.is_empty() || self.low.is_empty() {
            return None;
        }
        let low = self.low.pop();
        self.all.pop().map(|all| Slot { _all: all, _low: low })
    }
}
