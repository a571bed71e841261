//! Redis's own wall clock jumps while everything runs: what it ends, numbers and forgets by that clock must not matter.

use std::collections::HashMap;
use std::time::Duration;

use futures::StreamExt;
use metatron_bus::events::Tail;
use metatron_bus::queue::{Delivery, Disposition, Options, Worker};
use metatron_domain::command::{Priority, Queue};
use metatron_testkit::redis::RedisServer;
use metatron_testkit::shim::WallClock;
use tokio::sync::mpsc;

use super::facts::event;
use super::queue::is_empty;
use super::{Rig, ticket, until, within};

const HOUR: i64 = 3_600;
const DAYS: i64 = 3 * 24 * HOUR;
const LEASE: Duration = Duration::from_millis(500);
/// Jobs of the crowd.
const CROWD: usize = 400;

fn sky() -> (WallClock, Rig) {
    let sky = WallClock::new().unwrap();
    let rig = Rig::on(RedisServer::under(&sky.environment()).unwrap());
    (sky, rig)
}

/// A process with four slots. Each job is put off once before it is done; what is done is told.
fn process(rig: &mut Rig, name: &str, tell: mpsc::UnboundedSender<Delivery>) {
    let bus = rig.bus(name);
    let (lease, stop) = (bus.clone(), rig.stop.clone());
    rig.run(async move { lease.renew_forever(LEASE, stop).await });
    let options = Options {
        concurrency: 4,
        reserved_high: 1,
        prefetch: 0,
        lease: LEASE,
        timeout: None,
        drain: Duration::from_secs(6),
    };
    let (worker, stop) = (Worker::new(bus, Queue::Run, "tests", options), rig.stop.clone());
    let seen = std::sync::Mutex::new(std::collections::HashSet::new());
    rig.run(async move {
        let handler = move |delivery: Delivery| {
            let fresh = seen.lock().unwrap().insert(delivery.ticket.id);
            let end = if fresh {
                Disposition::Later { after: Duration::from_millis(50), cause: "not yet".to_owned() }
            } else {
                tell.send(delivery).unwrap();
                Disposition::Done
            };
            std::future::ready(end)
        };
        worker.run(handler, stop).await;
    });
}

#[tokio::test]
async fn redis_whose_clock_jumps_under_load_loses_no_job_and_gives_none_twice() {
    let (sky, mut rig) = sky();
    let bus = rig.bus("asker");
    let (tell, mut told) = mpsc::unbounded_channel();
    process(&mut rig, "one", tell.clone());
    process(&mut rig, "two", tell);
    let mut jobs = HashMap::new();
    let mut jumps = [HOUR, -HOUR, DAYS, -DAYS, 0].into_iter().cycle();
    for n in 0..CROWD {
        let priority = if n % 3 == 0 { Priority::High } else { Priority::Low };
        let job = ticket();
        bus.enqueue(&Queue::Run, priority, &job, None).await.unwrap();
        jobs.insert(job.id, 0);
        // Some are asked for, some delayed, some in hand, each time.
        if n % 10 == 9 {
            sky.set(jumps.next().unwrap()).unwrap();
        }
    }
    let mut done = 0;
    while done < CROWD {
        let delivery = within(told.recv()).await.unwrap();
        *jobs.get_mut(&delivery.ticket.id).unwrap() += 1;
        done += 1;
        if done % 10 == 0 {
            sky.set(jumps.next().unwrap()).unwrap();
        }
    }
    is_empty(&bus, &Queue::Run).await;
    assert!(jobs.values().all(|times| *times == 1), "{jobs:?}");
    assert!(told.try_recv().is_err());
    assert!(bus.dead_letters(&Queue::Run, None, 10).await.unwrap().is_empty());
    rig.finish().await;
}

#[tokio::test]
async fn a_dead_worker_s_job_moves_whatever_redis_believes_the_time_to_be() {
    for jump in [HOUR, -HOUR, DAYS, -DAYS] {
        let (sky, mut rig) = sky();
        let bus = rig.bus("asker");
        let (tell, mut told) = mpsc::unbounded_channel();
        let victim = Worker::new(rig.bus("victim"), Queue::Run, "tests", super::queue::ONE);
        let stop = rig.stop.clone();
        let crash = rig.run(async move {
            let handler = move |delivery: Delivery| {
                tell.send(delivery).unwrap();
                std::future::pending::<Disposition>()
            };
            victim.run(handler, stop).await;
        });
        let job = ticket();
        bus.enqueue(&Queue::Run, Priority::High, &job, None).await.unwrap();
        within(told.recv()).await.unwrap();
        sky.set(jump).unwrap();
        crash.abort();
        let (tell, mut told) = mpsc::unbounded_channel();
        process(&mut rig, "heir", tell);
        let delivery = within(told.recv()).await.unwrap();
        assert_eq!(delivery.ticket, job, "{jump} s");
        is_empty(&bus, &Queue::Run).await;
        rig.finish().await;
    }
}

#[tokio::test]
async fn a_reader_that_redis_forgets_in_its_block_looks_by_itself() {
    let (sky, rig) = sky();
    sky.set(DAYS).unwrap();
    let bus = rig.bus("a");
    bus.publish_event(&event(1)).await.unwrap();
    let mut tail = bus.tail_events();
    assert_eq!(within(tail.next()).await, Some(Tail::Reconnected));
    let reading = tail.next();
    tokio::pin!(reading);
    // Polled once, it blocks; by its clock Redis would end that in three days.
    let asleep = until("it blocks", async || rig.blocked() == 1);
    tokio::select! {
        next = &mut reading => panic!("{next:?}"),
        () = asleep => {}
    }
    sky.set(0).unwrap();
    rig.server.flushall().unwrap();
    bus.publish_event(&event(2)).await.unwrap();
    // Its number looks older than what was read last: SQLite has it.
    assert_eq!(within(reading).await, Some(Tail::Reconnected));
    bus.publish_event(&event(3)).await.unwrap();
    assert_eq!(within(tail.next()).await, Some(Tail::Event(event(3))));
    rig.finish().await;
}
