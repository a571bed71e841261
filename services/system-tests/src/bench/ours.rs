//! Our side of each part: the product's own calls, in processes built like its services.

use std::io::{BufRead as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use metatron_bus::Bus;
use metatron_bus::queue::{Delivery, Disposition, Options, Outgoing, Worker};
use metatron_domain::clock::{Clock as _, SystemClock};
use metatron_domain::command::{JobKind, Priority, Queue, Ticket};
use metatron_domain::id::JobId;
use metatron_store::{Store, Tx};
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::role::{Outcome, Part, Spec};

/// The product's own lease.
const LEASE: Duration = Duration::from_secs(5);
/// How often a worker that has handled everything looks whether it is acknowledged.
const LOOK: Duration = Duration::from_micros(500);

/// Plays one part and ends.
pub(crate) fn play(spec: &Spec) -> Result<()> {
    // As in pulse-worker: one thread, and logs at their usual level but for the news of each start.
    metatron_process::telemetry::start("bench", &"info,apalis_core::worker=warn".parse()?);
    let runtime = metatron_process::runtime("bench")?;
    let outcome = runtime.block_on(async {
        let url = format!("unix://{}", spec.socket.display());
        let bus = Bus::connect(&url, None, None, &format!("bench-{}", JobId::new()));
        match spec.role {
            Part::Enqueue => enqueue(spec, &bus).await,
            Part::Paced => paced(&bus).await,
            Part::Work => work(spec, &bus).await,
        }
    });
    // A thread may still wait for a line.
    runtime.shutdown_background();
    outcome
}

async fn enqueue(spec: &Spec, bus: &Bus) -> Result<()> {
    let store = match &spec.database {
        Some(path) => {
            metatron_store::migrate(path, &path.with_extension("backup")).await?;
            Some(Store::open(path).await?)
        }
        None => None,
    };
    put(spec, bus, store.as_ref(), spec.warm, 0).await?;
    say("ready")?;
    if !hear().await? {
        return Ok(());
    }
    let (first, began) = (now(), processor());
    let mut callers = JoinSet::new();
    let share = spec.jobs / spec.callers;
    for caller in 0..spec.callers {
        let (spec, bus, store) = (spec.clone(), bus.clone(), store.clone());
        callers.spawn(async move { put(&spec, &bus, store.as_ref(), share, caller + 1).await });
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    tell(first, began, spec.jobs)?;
    hear().await?;
    if let Some(store) = store {
        store.close().await;
    }
    Ok(())
}

/// One caller's share.
async fn put(spec: &Spec, bus: &Bus, store: Option<&Store>, count: usize, caller: usize) -> Result<()> {
    let (queue, high) = (Queue::Run, Priority::High);
    if let Some(store) = store {
        for n in 0..count {
            let mut tx = store.begin().await?;
            let subject = format!("run_{caller}_{n}");
            tx.enqueue(queue.clone(), high, JobKind::Run, &subject, None, SystemClock.now()).await?;
            commit(bus, store, tx).await?;
        }
    } else if spec.batch > 0 {
        for begin in (0..count).step_by(spec.batch) {
            let outgoing =
                |_| Outgoing { queue: queue.clone(), priority: high, ticket: ticket("run_x"), body: None };
            let jobs: Vec<_> = (begin..count.min(begin + spec.batch)).map(outgoing).collect();
            bus.enqueue_many(&jobs).await?;
        }
    } else {
        for _ in 0..count {
            bus.enqueue(&queue, high, &ticket("run_x"), None).await?;
        }
    }
    Ok(())
}

/// As services do it: durable first, then carried, then noted which entry carries it.
async fn commit(bus: &Bus, store: &Store, tx: Tx) -> Result<()> {
    let committed = tx.commit().await?;
    let entries = bus.announce(&committed.events, &committed.owed).await;
    store.note_entries(entries);
    Ok(())
}

async fn paced(bus: &Bus) -> Result<()> {
    bus.ping().await?;
    say("ready")?;
    while hear().await? {
        bus.enqueue(&Queue::Run, Priority::High, &ticket(&now().to_string()), None).await?;
    }
    Ok(())
}

/// What the handlers of a worker share.
struct Bench {
    spec: Spec,
    bus: Bus,
    store: Option<Store>,
    handled: AtomicUsize,
    first: AtomicU64,
    began: AtomicU64,
    done: Notify,
}

async fn work(spec: &Spec, bus: &Bus) -> Result<()> {
    let store = match &spec.database {
        Some(path) => Some(Store::open(path).await?),
        None => None,
    };
    bus.ping().await?;
    say("ready")?;
    if !hear().await? {
        return Ok(());
    }
    let bench = Arc::new(Bench {
        spec: spec.clone(),
        bus: bus.clone(),
        store,
        handled: AtomicUsize::new(0),
        first: AtomicU64::new(now()),
        began: AtomicU64::new(processor()),
        done: Notify::new(),
    });
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn({
        let (bus, stop) = (bus.clone(), stop.clone());
        async move { bus.renew_forever(LEASE, stop).await }
    });
    let Spec { concurrency, prefetch, .. } = *spec;
    let options = Options { concurrency, reserved_high: 0, prefetch, lease: LEASE, ..Options::default() };
    let worker = Worker::new(bus.clone(), Queue::Run, "bench", options);
    tasks.spawn({
        let bench = bench.clone();
        worker.run(move |delivery| handle(bench.clone(), delivery), stop.clone())
    });
    if spec.jobs > 0 {
        bench.done.notified().await;
        while !spec.endless && bus.depth(&Queue::Run).await? > 0 {
            tokio::time::sleep(LOOK).await;
        }
        let (first, began) = (bench.first.load(Ordering::SeqCst), bench.began.load(Ordering::SeqCst));
        tell(first, began, spec.jobs - spec.warm)?;
    }
    hear().await?;
    // What an endless queue still holds is nobody's concern: the rig empties Redis.
    tasks.abort_all();
    Ok(())
}

async fn handle(bench: Arc<Bench>, delivery: Delivery) -> Disposition {
    if bench.spec.tell {
        let queued = delivery.ticket.subject.parse().unwrap_or(u64::MAX);
        // The conductor is gone where this fails.
        let _ = say(&now().saturating_sub(queued).to_string());
    }
    let count = bench.handled.fetch_add(1, Ordering::SeqCst) + 1;
    if count == bench.spec.warm + 1 {
        bench.first.store(now(), Ordering::SeqCst);
        bench.began.store(processor(), Ordering::SeqCst);
    }
    if let Some(store) = &bench.store
        && let Err(error) = fence(&bench, store, &delivery).await
    {
        eprintln!("bench: a job failed: {error:#}");
        return Disposition::Dead { cause: "the benchmark failed".to_owned() };
    }
    if count == bench.spec.jobs {
        bench.done.notify_one();
    }
    Disposition::Done
}

/// As pulse-worker does it: claim the row, finish it under that claim, acknowledge behind the commit.
async fn fence(bench: &Bench, store: &Store, delivery: &Delivery) -> Result<()> {
    let instance = bench.bus.instance();
    let former = delivery.recovered_from.as_deref().unwrap_or(instance);
    let claim = store.claim(delivery.ticket.id, instance, Some(former)).await?;
    let claim = claim.context("the row can't be claimed")?;
    Ok(store.finish(&claim, SystemClock.now()).await?)
}

fn ticket(subject: &str) -> Ticket {
    Ticket { v: 1, id: JobId::new(), kind: JobKind::Run, subject: subject.to_owned() }
}

/// The machine's monotonic clock, in nanoseconds.
fn now() -> u64 {
    nanoseconds(ClockId::Monotonic)
}

/// What this process has used of the processors, in nanoseconds.
fn processor() -> u64 {
    nanoseconds(ClockId::ProcessCPUTime)
}

fn nanoseconds(clock: ClockId) -> u64 {
    let at = clock_gettime(clock);
    u64::try_from(at.tv_sec * 1_000_000_000 + at.tv_nsec).unwrap_or(0)
}

fn tell(first: u64, began: u64, jobs: usize) -> Result<()> {
    let last = now();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let cpu_us = (processor() - began) as f64 / 1_000.0 / jobs as f64;
    say(&serde_json::to_string(&Outcome { first, last, cpu_us })?)
}

fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    Ok(writeln!(out, "{line}")?)
}

/// Waits for a line; false when there will be none.
async fn hear() -> Result<bool> {
    let line = tokio::task::spawn_blocking(|| std::io::stdin().lock().read_line(&mut String::new()));
    Ok(line.await?? > 0)
}
