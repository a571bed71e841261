//! A worker: an apalis worker over our backend, with its reader, reaper, mover and settler beside it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use apalis::layers::WorkerBuilderExt;
use apalis_core::error::BoxDynError;
use apalis_core::task::Task;
use apalis_core::worker::builder::WorkerBuilder;
use metatron_domain::command::Queue;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::backend::{InHand, Job, Source};
use super::due::{Mover, Poke};
use super::read::Reader;
use super::reap::Reaper;
use super::settle::Settler;
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
    pub async fn run<H, F>(self, handler: H, shutdown: CancellationToken)
    where
        H: Fn(Delivery) -> F + Send + Sync + 'static,
        F: Future<Output = Disposition> + Send + 'static,
    {
        let Self { bus, queue, group, options } = self;
        let busy = bus.occupy();
        // Ours to cancel, should the worker end by itself.
        let shutdown = shutdown.child_token();
        let slots = Slots::new(&options);
        let (in_hand, poke) = (InHand::default(), Poke::default());
        let (job_sender, jobs) = mpsc::channel(options.concurrency.max(1) + options.prefetch);
        let (settle, settlements) = mpsc::channel(OWED);
        let reader = Reader {
            bus: bus.clone(),
            queue: queue.clone(),
            group: group.clone(),
            slots: slots.clone(),
            in_hand: in_hand.clone(),
            poke: poke.clone(),
            jobs: job_sender.clone(),
        };
        let reaper = Reaper {
            bus: bus.clone(),
            queue: queue.clone(),
            group: group.clone(),
            slots,
            in_hand: in_hand.clone(),
            jobs: job_sender,
            lease: options.lease,
        };
        let mover = Mover { bus: bus.clone(), queue: queue.clone(), poke: poke.clone() };
        let settler = Settler { bus: bus.clone(), queue: queue.clone(), group, in_hand, poke };

        let handler = Arc::new(handler);
        let source = Source { jobs, settle, options };
        let worker = WorkerBuilder::new(format!("{}@{}", queue.name(), bus.instance()))
            .backend(source)
            .concurrency(options.concurrency.max(1))
            .catch_panic()
            .build(tower::service_fn(move |task: Task<Job>| {
                let handler = handler.clone();
                // Called inside the future, so that a panic of the call itself is caught as well.
                async move { Ok::<_, BoxDynError>(handler(task.args.delivery).await) }
            }));

        let give_up = CancellationToken::new();
        let stop = shutdown.clone();
        let working = async {
            let signal = async move {
                stop.cancelled().await;
                Ok::<(), std::io::Error>(())
            };
            if let Err(error) = worker.run_until(signal).await {
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
            reaper.run(shutdown.clone()),
            mover.run(shutdown.clone()),
            working,
            settling,
        );
        drop(busy);
    }
}
