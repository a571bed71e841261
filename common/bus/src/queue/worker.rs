//! A worker: an apalis worker over our backend, with its reader, reaper, mover and settler beside it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use apalis::layers::WorkerBuilderExt;
use apalis::layers::tracing::TraceLayer;
use apalis_core::error::{BoxDynError, WorkerError};
use apalis_core::task::Task;
use apalis_core::worker::builder::WorkerBuilder;
use futures::future::BoxFuture;
use metatron_domain::command::Queue;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::backend::{InHand, Job, Source};
use super::due::{Mover, Poke};
use super::read::Reader;
use super::reap::{Abandoned, Reaper};
use super::settle::{Settlement, Settler};
use super::slot::Slots;
use super::{Delivery, Disposition, Options};
use crate::Bus;

/// Acknowledgements that may wait for Redis before handlers have to.
const OWED: usize = 1_024;
/// How long acknowledgements are tried after the last handler ended.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// A worker of one queue. Its process must renew its lease ([`Bus::renew_forever`]) all the while.
#[derive(Debug)]
pub struct Worker {
    bus: Bus,
    queue: Queue,
    group: String,
    options: Options,
}

impl Worker {
    /// A worker of `queue` in the consumer group `group`, which is named after the consuming service.
    pub fn new(bus: Bus, queue: Queue, group: &str, options: Options) -> Self {
        Self { bus, queue, group: group.to_owned(), options }
    }

    /// Works until `shutdown`; then reads no more, lets running handlers end, and acknowledges what they did.
    ///
    /// The caller bounds the drain: dropping this future leaves what is unfinished pending, to be taken over by name.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "as everywhere in this crate, the token is handed over"
    )]
    pub fn run<H, F>(self, handler: H, shutdown: CancellationToken) -> BoxFuture<'static, ()>
    where
        H: Fn(Delivery) -> F + Send + Sync + 'static,
        F: Future<Output = Disposition> + Send + 'static,
    {
        let Self { bus, queue, group, options } = self;
        let (jobs_in, jobs) = mpsc::channel(options.concurrency.max(1) + options.prefetch);
        let (settle, settlements) = mpsc::channel(OWED);
        // Ours to cancel, should the worker end by itself.
        let shutdown = shutdown.child_token();
        let source = Source { jobs, settle, options };
        let working = apalis(source, bus.instance(), &queue, handler, shutdown.clone());
        let parts = Parts { bus, queue, group, options, jobs: jobs_in, settlements };
        Box::pin(parts.run(working, shutdown))
    }
}

/// A worker beside its apalis half.
struct Parts {
    bus: Bus,
    queue: Queue,
    group: String,
    options: Options,
    jobs: mpsc::Sender<Task<Job>>,
    settlements: mpsc::Receiver<Settlement>,
}

impl Parts {
    async fn run(self, working: Working, shutdown: CancellationToken) {
        let Self { bus, queue, group, options, jobs, settlements } = self;
        let busy = bus.occupy();
        let (in_hand, poke) = (InHand::default(), Poke::default());
        let takeover = Reaper {
            bus: bus.clone(),
            queue: queue.clone(),
            group: group.clone(),
            in_hand: in_hand.clone(),
            jobs: jobs.clone(),
            lease: options.lease,
            abandoned: Abandoned::default(),
        };
        let reader = Reader {
            bus: bus.clone(),
            queue: queue.clone(),
            group: group.clone(),
            slots: Slots::new(&options),
            in_hand: in_hand.clone(),
            poke: poke.clone(),
            jobs,
            reaper: takeover.clone(),
        };
        let mover = Mover { bus: bus.clone(), queue: queue.clone(), poke: poke.clone() };
        let settler = Settler { bus: bus.clone(), queue: queue.clone(), group, in_hand, poke };

        let give_up = CancellationToken::new();
        let working = async {
            if let Err(error) = working.await {
                tracing::error!(%error, queue = queue.name(), "the worker ended");
            }
            // Nobody reads for a worker that has ended.
            shutdown.cancel();
            tokio::select! {
                () = tokio::time::sleep(LAST_WORDS) => give_up.cancel(),
                () = give_up.cancelled() => {}
            }
        };
        let settling = async {
            settler.run(settlements, give_up.clone()).await;
            give_up.cancel();
        };
        futures::join!(
            reader.run(shutdown.clone()),
            takeover.run(shutdown.clone()),
            mover.run(shutdown.clone()),
            working,
            settling,
        );
        drop(busy);
    }
}

type Working = BoxFuture<'static, Result<(), WorkerError>>;

/// The apalis worker itself, as a future whose type callers need not prove anything of.
fn apalis<H, F>(
    source: Source,
    instance: &str,
    queue: &Queue,
    handler: H,
    shutdown: CancellationToken,
) -> Working
where
    H: Fn(Delivery) -> F + Send + Sync + 'static,
    F: Future<Output = Disposition> + Send + 'static,
{
    let concurrency = source.options.concurrency.max(1);
    let handler = Arc::new(handler);
    let worker = WorkerBuilder::new(format!("{}@{instance}", queue.name()))
        .backend(source)
        .layer(TraceLayer::new().make_span_with(span))
        .concurrency(concurrency)
        .catch_panic()
        .build(tower::service_fn(move |task: Task<Job>| {
            let handler = handler.clone();
            // Called inside the future, so that a panic of the call itself is caught as well.
            async move { Ok::<_, BoxDynError>(handler(task.args.delivery).await) }
        }));
    let signal = async move {
        shutdown.cancelled().await;
        Ok::<(), std::io::Error>(())
    };
    Box::pin(worker.run_until(signal))
}

/// Everything that is logged while a job runs says which.
fn span(task: &Task<Job>) -> tracing::Span {
    let ticket = &task.args.delivery.ticket;
    tracing::info_span!("job", id = %ticket.id, kind = ticket.kind.as_str(), deliveries = task.args.delivery.deliveries)
}
