//! What is measured of the queues, and how much of it. `BullMQ` is the peer: same Redis, same jobs, turn by turn.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::machine::{Moment, load};
use crate::rig::Rig;
use crate::role::{Part, Role, Side, Spec, install_peer};
use crate::row::{Cost, Row, Target, median, percentile, print, round};

/// How it was asked for.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) reps: usize,
    pub(crate) only: String,
    pub(crate) smoke: bool,
}

/// How much of everything.
struct Amount {
    /// Jobs one at a time, after `warm`.
    single: usize,
    /// Jobs of a throughput.
    jobs: usize,
    /// Jobs over the database.
    durable: usize,
    warm: usize,
    idle: Duration,
    backlogs: &'static [usize],
}

const REAL: Amount = Amount {
    single: 1_000,
    jobs: 30_000,
    durable: 2_000,
    warm: 3_000,
    idle: Duration::from_secs(20),
    backlogs: &[1_000, 10_000, 100_000, 1_000_000],
};

const SMOKE: Amount = Amount {
    single: 20,
    jobs: 320,
    durable: 32,
    warm: 20,
    idle: Duration::from_millis(500),
    backlogs: &[10, 100],
};

/// Jobs in one call of a batch.
const BATCH: usize = 500;
/// Callers and handlers at once where many are meant.
const MANY: usize = 16;
/// Entries read ahead where that is meant: as many as one read takes at most.
const AHEAD: usize = 128;
/// The pause between two single jobs: both sides wait in Redis again by then.
const PAUSE: Duration = Duration::from_millis(2);

type Measured = (Vec<f64>, Option<Cost>);
type Measure = fn(&Rig, &Amount, Side) -> Result<Measured>;

/// What is measured together, and the rows that come of it.
struct Trial {
    rows: &'static [(&'static str, &'static str, Target)],
    measure: Measure,
}

const TRIALS: &[Trial] = &[
    Trial {
        rows: &[
            ("queued to handler's start, one at a time, p50", "us", Target::AtMost(0.3)),
            ("queued to handler's start, one at a time, p99", "us", Target::AtMost(0.3)),
        ],
        measure: latency,
    },
    Trial {
        rows: &[("work, concurrency 1, nothing read ahead", "jobs/s", Target::AtLeast(4.0))],
        measure: |rig, amount, side| work(rig, amount, side, 1, 0),
    },
    Trial {
        rows: &[("work, concurrency 16, read ahead", "jobs/s", Target::AtLeast(10.0))],
        measure: |rig, amount, side| work(rig, amount, side, 16, AHEAD),
    },
    Trial {
        rows: &[("work, concurrency 64, read ahead", "jobs/s", Target::AtLeast(10.0))],
        measure: |rig, amount, side| work(rig, amount, side, 64, AHEAD),
    },
    Trial {
        rows: &[("enqueue, one by one", "jobs/s", Target::AtLeast(3.0))],
        measure: |rig, amount, side| enqueue(rig, amount, side, 0),
    },
    Trial {
        rows: &[("enqueue, 500 in a call", "jobs/s", Target::AtLeast(15.0))],
        measure: |rig, amount, side| enqueue(rig, amount, side, BATCH),
    },
    Trial {
        rows: &[(
            "commit, queue, claim and finish on disk, 16 callers; the peer in memory",
            "jobs/s",
            Target::AtLeast(1.0),
        )],
        measure: durable,
    },
    Trial { rows: &[("commands of an idle worker", "per s", Target::OursAtMost(5.0))], measure: idle },
];

/// Measures everything that the plan asks for.
pub(crate) fn run(plan: &Plan) -> Result<()> {
    install_peer()?;
    let amount = if plan.smoke { &SMOKE } else { &REAL };
    let rig = Rig::start()?;
    for trial in TRIALS.iter().filter(|trial| trial.rows.iter().any(|row| row.0.contains(&plan.only))) {
        try_out(&rig, amount, plan.reps, trial)?;
    }
    if BACKLOG.contains(&plan.only) {
        backlog(&rig, amount, plan.reps)?;
    }
    Ok(())
}

/// All repetitions of a trial: ours and the peer in turn, each of them first every other time.
fn try_out(rig: &Rig, amount: &Amount, reps: usize, trial: &Trial) -> Result<()> {
    let mut values = vec![Vec::new(); trial.rows.len()];
    let (mut costs, mut steal) = (Vec::new(), Vec::new());
    for rep in 0..reps {
        let moment = Moment::now();
        let mut measured = [const { None }; 2];
        let order = if rep % 2 == 0 { [Side::Ours, Side::Peer] } else { [Side::Peer, Side::Ours] };
        for side in order {
            rig.clear()?;
            measured[side as usize] = Some((trial.measure)(rig, amount, side)?);
        }
        let [(ours, ours_cost), (peer, peer_cost)] = measured.map(Option::unwrap_or_default);
        for (row, pair) in values.iter_mut().zip(ours.into_iter().zip(peer)) {
            row.push([pair.0, pair.1]);
        }
        costs.extend(ours_cost.zip(peer_cost).map(|(ours, peer)| [ours, peer]));
        steal.push(moment.steal());
    }
    for (row, values) in trial.rows.iter().zip(&values) {
        print(&Row::new(*row, values, &costs, &steal))?;
    }
    Ok(())
}

/// From the call that queues a job to the first line of its handler, in another process; the next one only then.
fn latency(rig: &Rig, amount: &Amount, side: Side) -> Result<Measured> {
    let spec = Spec { socket: rig.socket(), ..Spec::default() };
    // As the product carries runs: eight at once, nothing read ahead. One is at work at a time here.
    let work = Spec { role: Part::Work, concurrency: 8, tell: true, ..spec.clone() };
    let mut worker = Role::start(side, &work)?;
    let mut producer = Role::start(side, &Spec { role: Part::Paced, ..spec })?;
    worker.go()?;
    let (mut delays, mut before) = (Vec::new(), rig.counters()?);
    for n in 0..amount.warm.min(amount.single) + amount.single {
        if n == amount.warm.min(amount.single) {
            delays.clear();
            before = rig.counters()?;
        }
        thread::sleep(PAUSE);
        producer.go()?;
        delays.push(worker.hear()?.parse::<f64>()? / 1_000.0);
    }
    let cost = rig.cost(before, amount.single, 0.0)?;
    producer.end()?;
    worker.end()?;
    Ok((vec![percentile(delays.clone(), 50), percentile(delays, 99)], Some(cost)))
}

/// How fast a queue that is full is worked off, until everything is acknowledged.
fn work(rig: &Rig, amount: &Amount, side: Side, concurrency: usize, prefetch: usize) -> Result<Measured> {
    // One at a time is slow, and steady soon.
    let jobs = if concurrency == 1 { amount.jobs / 3 } else { amount.jobs };
    let spec = Spec { socket: rig.socket(), jobs, callers: 1, batch: BATCH, ..Spec::default() };
    rig.play(side, &spec)?;
    let spec = Spec { role: Part::Work, concurrency, prefetch, warm: amount.warm, ..spec };
    let (outcome, cost) = rig.play(side, &spec)?;
    Ok((vec![rate(jobs - amount.warm, outcome.first, outcome.last)], Some(cost)))
}

/// How fast one caller puts jobs into an idle queue.
fn enqueue(rig: &Rig, amount: &Amount, side: Side, batch: usize) -> Result<Measured> {
    let (jobs, warm) = (amount.jobs, amount.warm);
    let spec = Spec { socket: rig.socket(), jobs, warm, callers: 1, batch, ..Spec::default() };
    let (outcome, cost) = rig.play(side, &spec)?;
    Ok((vec![rate(jobs, outcome.first, outcome.last)], Some(cost)))
}

/// From the first of many commits to the last acknowledgement. Ours owes each job in a database on disk, claims it there
/// and finishes it there; the peer does the same work in memory alone.
fn durable(rig: &Rig, amount: &Amount, side: Side) -> Result<Measured> {
    let folder = rig.folder()?;
    let database = (side == Side::Ours).then(|| folder.path().join("metatron.db"));
    let jobs =
        if side == Side::Ours { amount.durable } else { amount.durable.max(amount.jobs / MANY * MANY) };
    let spec = Spec { socket: rig.socket(), jobs, callers: MANY, database, ..Spec::default() };
    let mut producer = Role::start(side, &spec)?;
    let mut worker = Role::start(side, &Spec { role: Part::Work, concurrency: MANY, ..spec })?;
    let before = rig.counters()?;
    worker.go()?;
    producer.go()?;
    let put = producer.outcome()?;
    let done = worker.outcome()?;
    let cost = rig.cost(before, jobs, put.cpu_us + done.cpu_us)?;
    producer.end()?;
    worker.end()?;
    Ok((vec![rate(jobs, put.first, done.last)], Some(cost)))
}

/// What a worker without work sends to Redis, its sign of life included.
fn idle(rig: &Rig, amount: &Amount, side: Side) -> Result<Measured> {
    let spec = Spec { role: Part::Work, socket: rig.socket(), concurrency: 8, ..Spec::default() };
    let mut worker = Role::start(side, &spec)?;
    worker.go()?;
    // Past the commands of the start.
    thread::sleep(amount.idle / 4);
    let before = rig.counters()?;
    thread::sleep(amount.idle);
    let calls = rig.counters()?.calls - before.calls;
    worker.end()?;
    Ok((vec![calls / amount.idle.as_secs_f64()], None))
}

const BACKLOG: &str = "cost of a job while so many wait";
/// How much dearer the longest queue may be than the shortest.
const FLAT: f64 = 1.2;

/// A line of the table; ours only.
#[derive(Serialize)]
struct Line<'a> {
    what: &'a str,
    waiting: usize,
    ours: f64,
    /// Against the shortest queue.
    ratio: f64,
    unit: &'a str,
    target: String,
    met: bool,
    reps: Vec<f64>,
    /// By the clock: it tells of the machine as much as of us.
    elapsed_us: f64,
    per_job: Cost,
    load: f64,
}

/// What it costs to put a job in and take one out while the queue keeps its length.
fn backlog(rig: &Rig, amount: &Amount, reps: usize) -> Result<()> {
    let mut costs: Vec<Vec<(f64, Cost)>> = vec![Vec::new(); amount.backlogs.len()];
    for _ in 0..reps {
        for (waiting, costs) in amount.backlogs.iter().zip(&mut costs) {
            costs.push(steady(rig, amount, *waiting)?);
        }
    }
    let mut shortest = None;
    for (waiting, costs) in amount.backlogs.iter().zip(costs) {
        let ours = median(costs.iter().map(|cost| cost.1.processor_us()));
        let ratio = ours / *shortest.get_or_insert(ours);
        print(&Line {
            what: BACKLOG,
            waiting: *waiting,
            ours: round(ours),
            ratio: round(ratio),
            unit: "us of processors",
            target: format!("ratio <= {FLAT}"),
            met: ratio <= FLAT,
            reps: costs.iter().map(|cost| round(cost.1.processor_us())).collect(),
            elapsed_us: round(median(costs.iter().map(|cost| cost.0))),
            per_job: Cost::median(costs.iter().map(|cost| cost.1)),
            load: load(),
        })?;
    }
    Ok(())
}

/// `waiting` jobs wait; as many as a trial has are put in while as many are taken out.
fn steady(rig: &Rig, amount: &Amount, waiting: usize) -> Result<(f64, Cost)> {
    rig.clear()?;
    let spec = Spec { socket: rig.socket(), callers: 1, batch: BATCH, ..Spec::default() };
    let mut producer = Role::start(Side::Ours, &Spec { jobs: amount.jobs, warm: waiting, ..spec.clone() })?;
    let work = Spec { role: Part::Work, concurrency: MANY, prefetch: AHEAD, endless: true, ..spec };
    let mut worker = Role::start(Side::Ours, &Spec { jobs: amount.jobs, ..work })?;
    let before = rig.counters()?;
    worker.go()?;
    producer.go()?;
    producer.outcome()?;
    let done = worker.outcome()?;
    let cost = rig.cost(before, amount.jobs, done.cpu_us)?;
    producer.end()?;
    worker.end()?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let each = (done.last - done.first) as f64 / 1_000.0 / amount.jobs as f64;
    Ok((each, cost))
}

fn rate(jobs: usize, first: u64, last: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let (jobs, nanoseconds) = (jobs as f64, last.saturating_sub(first) as f64);
    jobs * 1_000_000_000.0 / nanoseconds
}
