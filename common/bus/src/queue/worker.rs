//! A worker: an apalis worker over our backend, watched by an apalis monitor, with its reader, reaper, mover, settler
//! and controller beside it.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apalis::layers::WorkerBuilderExt;
use apalis::layers::tracing::TraceLayer;
use apalis_core::error::BoxDynError;
use apalis_core::monitor::Monitor;
use apalis_core::task::Task;
use apalis_core::worker::builder::WorkerBuilder;
use futures::future::BoxFuture;
use metatron_domain::command::Queue;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tower::timeout::TimeoutLayer;

use super::backend::{Boxed, Source};
use super::control::Controller;
use super::due::{Mover, Poke};
use super::hand::InHand;
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
/// How long a handler has to hand its job back once the time to drain is over.
const HANDING_BACK: Duration = Duration::from_millis(500);

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

    /// Works until `shutdown`; then reads no more, lets running handlers end within [`Options::drain`], and acknowledges
    /// what they did. What is unfinished then stays pending, and is taken over as soon as this process says it is gone.
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
        let in_hand = bus.in_hand(&queue, &group);
        let apalis = Apalis { jobs: Arc::new(Mutex::new(jobs)), settle, options, handler: Arc::new(handler) };
        let name = format!("{}@{}", queue.name(), bus.instance());
        let working = apalis.monitored(name, in_hand.clone(), shutdown.clone());
        let parts = Parts { bus, queue, group, options, jobs: jobs_in, settlements, in_hand };
        Box::pin(parts.run(working, shutdown))
    }
}

/// A worker beside its apalis half.
struct Parts {
    bus: Bus,
    queue: Queue,
    group: String,
    options: Options,
    jobs: mpsc::Sender<Task<Boxed>>,
    settlements: mpsc::Receiver<Settlement>,
    in_hand: InHand,
}

impl Parts {
    async fn run(self, working: Working, shutdown: CancellationToken) {
        let Self { bus, queue, group, options, jobs, settlements, in_hand } = self;
        let busy = bus.occupy();
        let poke = Poke::default();
        let (paused, obey) = watch::channel(true);
        let controller =
            Controller { bus: bus.clone(), queue: queue.clone(), in_hand: in_hand.clone(), paused };
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
            paused: obey,
            jobs,
            reaper: takeover.clone(),
        };
        let mover = Mover { bus: bus.clone(), queue: queue.clone(), poke: poke.clone() };
        let settler = Settler { bus: bus.clone(), queue: queue.clone(), group, in_hand, poke };

        let give_up = CancellationToken::new();
        let working = async {
            working.await;
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
        // Polled together, whoever was woken: a part that misses its wake-up is then only late.
        futures::join!(
            reader.run(shutdown.clone()),
            takeover.run(shutdown.clone()),
            mover.run(shutdown.clone()),
            controller.run(shutdown.clone()),
            working,
            settling,
        );
        drop(busy);
    }
}

type Working = BoxFuture<'static, ()>;

/// What an apalis worker is built from, as often as its monitor wants.
struct Apalis<H> {
    jobs: Arc<Mutex<mpsc::Receiver<Task<Boxed>>>>,
    settle: mpsc::Sender<Settlement>,
    options: Options,
    handler: Arc<H>,
}

impl<H, F> Apalis<H>
where
    H: Fn(Delivery) -> F + Send + Sync + 'static,
    F: Future<Output = Disposition> + Send + 'static,
{
    /// The worker under its monitor, as a future whose type callers need not prove anything of. A worker that ends
    /// with an error is started anew and goes on with the same jobs.
    fn monitored(self, name: String, in_hand: InHand, shutdown: CancellationToken) -> Working {
        let Self { jobs, settle, options, handler } = self;
        let drain = options.drain;
        let monitor = Monitor::new()
            .register(move |_restarts| {
                let source = Source { jobs: jobs.clone(), settle: settle.clone(), options };
                let handler = handler.clone();
                WorkerBuilder::new(name.as_str())
                    .backend(source)
                    .concurrency(options.concurrency.max(1))
                    .layer(tower::util::option_layer(options.timeout.map(TimeoutLayer::new)))
                    .layer(TraceLayer::new().make_span_with(span))
                    .catch_panic()
                    .build(tower::service_fn(move |task: Task<Boxed>| {
                        let handler = handler.clone();
                        // Called inside the future, so that a panic of the call itself is caught as well.
                        async move { Ok::<_, BoxDynError>(handler(task.args.delivery).await) }
                    }))
            })
            .should_restart(|_, error| {
                tracing::error!(%error, "a worker ended and is started anew");
                true
            })
            .shutdown_timeout(drain + HANDING_BACK);
        Box::pin(async move {
            let stopped = shutdown.clone();
            let signal = async move {
                stopped.cancelled().await;
                Ok::<(), std::io::Error>(())
            };
            let overdue = async {
                shutdown.cancelled().await;
                tokio::time::sleep(drain).await;
                in_hand.cancel_all();
                std::future::pending::<()>().await;
            };
            tokio::select! {
                ended = monitor.run_with_signal(signal) => if let Err(error) = ended {
                    tracing::error!(%error, "the workers' monitor ended");
                },
                () = overdue => {}
            }
        })
    }
}

/// At the level of debugging, everything that is logged while a job runs says which. Below it costs nothing: a span that
/// is written for every job costs more than reading the job.
fn span(task: &Task<Boxed>) -> tracing::Span {
    let ticket = &task.args.delivery.ticket;
    tracing::debug_span!("job", id = %ticket.id, kind = ticket.kind.as_str(), deliveries = task.args.delivery.deliveries)
}
