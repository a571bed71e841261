//! What apalis sees of us: a `Backend` fed by the reader, and the layer that acknowledges.
//!
//! The layer stands outside of the worker's other layers, so that a panic or a timeout becomes a retry, never a loss.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use apalis_core::backend::finalize::Ephemeral;
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::error::BoxDynError;
use apalis_core::task::Task;
use apalis_core::task::task_id::RandomId;
use apalis_core::worker::context::WorkerContext;
use metatron_domain::command::Priority;
use tokio::sync::mpsc;
use tower::{Layer, Service};

use super::entry::Entry;
use super::settle::Settlement;
use super::slot::Slot;
use super::{Delivery, Disposition, Options};

/// What identifies a delivery to Redis, and what a retry needs.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) priority: Priority,
    pub(super) id: String,
    pub(super) entry: Entry,
    pub(super) deliveries: u64,
}

/// A delivery on its way to the handler.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) delivery: Delivery,
    /// What it holds until it is acknowledged; taken out by the outermost layer.
    pub(super) hold: Option<Hold>,
}

/// What a delivery holds.
#[derive(Debug)]
pub(super) struct Hold {
    pub(super) claim: Claim,
    pub(super) slot: Slot,
}

/// As it goes through the layers of a worker, each of which moves it.
pub(super) type Boxed = Box<Job>;

/// The source of jobs that an apalis worker polls.
/// A worker that its monitor starts anew goes on with the same jobs.
pub(super) struct Source {
    pub(super) jobs: Arc<Mutex<mpsc::Receiver<Task<Boxed>>>>,
    pub(super) settle: mpsc::Sender<Settlement>,
    pub(super) options: Options,
}

impl Source {
    fn lock(&self) -> MutexGuard<'_, mpsc::Receiver<Task<Boxed>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Source {
    type Task = Task<Boxed>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Task<Boxed>, Infallible>>> {
        self.lock().poll_recv(cx).map(|job| job.map(Ok))
    }

    fn poll_close(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        // What is still in the channel was never started: it stays pending under our name.
        self.lock().close();
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for Source {
    type Args = Boxed;
    type Id = RandomId;
    type Kind = Ephemeral;
    type Config = Options;
    type Layer = Settle;

    fn config(&self) -> &Options {
        &self.options
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Settle {
        Settle(self.settle.clone())
    }
}

/// The layer that turns what a handler says into an acknowledgement.
#[derive(Debug, Clone)]
pub(super) struct Settle(mpsc::Sender<Settlement>);

impl<S> Layer<S> for Settle {
    type Service = Settling<S>;

    fn layer(&self, inner: S) -> Settling<S> {
        Settling { inner, settle: self.0.clone() }
    }
}

/// The service of [`Settle`].
#[derive(Debug, Clone)]
pub(super) struct Settling<S> {
    inner: S,
    settle: mpsc::Sender<Settlement>,
}

impl<S> Service<Task<Boxed>> for Settling<S>
where
    S: Service<Task<Boxed>, Response = Disposition>,
    S::Error: Into<BoxDynError>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = BoxDynError;
    type Future = Pin<Box<dyn Future<Output = Result<(), BoxDynError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxDynError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut task: Task<Boxed>) -> Self::Future {
        let hold = task.args.hold.take();
        let settle = self.settle.clone();
        let working = self.inner.call(task);
        Box::pin(async move {
            let Some(Hold { claim, slot }) = hold else { return Err("a delivery came twice".into()) };
            let disposition = match working.await {
                Ok(disposition) => disposition,
                // It panicked or ran into a layer's limit. A panic's message may hold anything, and what dashboards show
                // must not.
                Err(error) => {
                    let error: BoxDynError = error.into();
                    tracing::error!(%error, job.id = %claim.entry.job.id, "a handler failed");
                    Disposition::Retry { cause: "the handler failed, see the log".to_owned() }
                }
            };
            // Waits while Redis is away and many acknowledgements are owed: better than to start more.
            let sent = settle.send(Settlement { claim, disposition }).await;
            drop(slot);
            sent.map_err(|_| "the worker is closing; the entry stays pending".into())
        })
    }
}
