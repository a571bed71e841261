//! A task that ends with its owner. The one place of this crate that spawns.

use std::future::Future;

use tokio::task::JoinHandle;
use tracing::Instrument;

/// Owns a running task, and aborts it when dropped.
#[derive(Debug)]
pub(crate) struct Background(JoinHandle<()>);

impl Background {
    /// Starts `work`; `name` is what its log lines carry.
    pub(crate) fn start(name: &'static str, work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(spawn(name, work))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts `work` that ends by itself when its input does.
pub(crate) fn detached(name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
    drop(spawn(name, work));
}

#[expect(clippy::disallowed_methods, reason = "the one place of this crate that spawns, always under a name")]
fn spawn(name: &'static str, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(work.instrument(tracing::info_span!("bus", task = name)))
}
