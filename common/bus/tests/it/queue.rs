//! Owed work: delivered, ordered, retried, delayed, given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metatron_bus::queue::{Delivery, Disposition, EntryId, Options, Outgoing, Worker};
use metatron_bus::{Bus, Error};
use metatron_domain::command::{Priority, Queue};
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};

use super::{Rig, ticket, until, within};

pub(crate) const ONE: Options = Options {
    concurrency: 1,
    reserved_high: 0,
    prefetch: 0,
    lease: Duration::from_millis(500),
    timeout: None,
    drain: Duration::from_secs(6),
};

/// A worker that tells of each delivery and is done with it.
pub(crate) fn telling(
    rig: &mut Rig,
    bus: &Bus,
    queue: Queue,
    options: Options,
) -> mpsc::UnboundedReceiver<Delivery> {
    let (tell, told) = mpsc::unbounded_channel();
    let worker = Worker::new(bus.clone(), queue, "tests", options);
    let stop = rig.stop.clone();
    rig.run(async move {
        worker
            .run(
                move |delivery| {
                    tell.send(delivery).unwrap();
                    std::future::ready(Disposition::Done)
                },
                stop,
            )
            .await;
    });
    told
}

pub(crate) async fn is_empty(bus: &Bus, queue: &Queue) {
    until("the queue is empty", async || bus.depth(queue).await.unwrap() == 0).await;
}

#[tokio::test]
async fn a_job_is_delivered_once_and_leaves_nothing_behind() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let first = ticket();
    let entry = bus.enqueue(&Queue::Run, Priority::High, &first, None).await.unwrap();
    let missing = EntryId("1-1".to_owned());
    let exists = bus.entry_exists(&Queue::Run, Priority::High, &[entry.clone(), missing]).await.unwrap();
    assert_eq!(exists, [true, false]);
    let mut told = telling(&mut rig, &bus, Queue::Run, ONE);
    let delivery = within(told.recv()).await.unwrap();
    assert_eq!(delivery.ticket, first);
    assert_eq!((delivery.entry, delivery.deliveries, delivery.recovered_from), (entry.0, 1, None));
    let second = ticket();
    bus.enqueue(&Queue::Run, Priority::Low, &second, None).await.unwrap();
    assert_eq!(within(told.recv()).await.unwrap().ticket, second);
    is_empty(&bus, &Queue::Run).await;
    assert!(told.try_recv().is_err());
    rig.finish().await;
}

#[tokio::test]
async fn a_body_travels_on_private_queues_only() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let refused = bus.enqueue(&Queue::Run, Priority::High, &ticket(), Some(&json!({"secret": 1}))).await;
    assert!(matches!(refused, Err(Error::Wire(_))));
    let queue = Queue::Shell("local".to_owned());
    bus.enqueue(&queue, Priority::High, &ticket(), Some(&json!({"n": 1}))).await.unwrap();
    let mut told = telling(&mut rig, &bus, queue, ONE);
    assert_eq!(within(told.recv()).await.unwrap().body, Some(json!({"n": 1})));
    rig.finish().await;
}

#[tokio::test]
async fn high_is_delivered_before_low_and_in_order() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let job = |priority| Outgoing { queue: Queue::Run, priority, ticket: ticket(), body: None };
    let lows: Vec<_> = (0..5).map(|_| job(Priority::Low)).collect();
    let highs: Vec<_> = (0..5).map(|_| job(Priority::High)).collect();
    bus.enqueue_many(&lows).await.unwrap();
    assert_eq!(bus.enqueue_many(&highs).await.unwrap().len(), 5);
    let mut told = telling(&mut rig, &bus, Queue::Run, ONE);
    for expected in highs.iter().chain(&lows) {
        assert_eq!(within(told.recv()).await.unwrap().ticket, expected.ticket);
    }
    rig.finish().await;
}

#[tokio::test]
async fn a_slot_is_kept_for_high_while_low_jobs_run_and_low_goes_on_when_one_ends() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let (tell, mut told) = mpsc::unbounded_channel();
    let go = Arc::new(Semaphore::new(0));
    let options = Options { concurrency: 2, reserved_high: 1, ..ONE };
    let worker = Worker::new(bus.clone(), Queue::Run, "tests", options);
    let (stop, gate) = (rig.stop.clone(), go.clone());
    rig.run(async move {
        let handler = move |delivery: Delivery| {
            let gate = gate.clone();
            tell.send((delivery.priority, delivery.ticket.id)).unwrap();
            async move {
                if delivery.priority == Priority::Low {
                    gate.acquire().await.unwrap().forget();
                }
                Disposition::Done
            }
        };
        worker.run(handler, stop).await;
    });
    let (first, second, owner) = (ticket(), ticket(), ticket());
    bus.enqueue(&Queue::Run, Priority::Low, &first, None).await.unwrap();
    bus.enqueue(&Queue::Run, Priority::Low, &second, None).await.unwrap();
    assert_eq!(within(told.recv()).await.unwrap(), (Priority::Low, first.id));
    // The second slot is free, but not for low: what comes next is the owner's.
    bus.enqueue(&Queue::Run, Priority::High, &owner, None).await.unwrap();
    assert_eq!(within(told.recv()).await.unwrap(), (Priority::High, owner.id));
    assert!(told.try_recv().is_err());
    // The reader blocks on high alone; the end of the low job must wake it.
    go.add_permits(1);
    assert_eq!(within(told.recv()).await.unwrap(), (Priority::Low, second.id));
    go.add_permits(1);
    is_empty(&bus, &Queue::Run).await;
    rig.finish().await;
}

#[tokio::test]
async fn a_worker_of_one_slot_never_holds_what_another_could_start() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let (tell, mut told) = mpsc::unbounded_channel();
    let go = Arc::new(Semaphore::new(0));
    let (stop, gate) = (rig.stop.clone(), go.clone());
    let worker = Worker::new(bus.clone(), Queue::Run, "tests", ONE);
    rig.run(async move {
        let handler = move |delivery: Delivery| {
            let gate = gate.clone();
            tell.send(delivery.ticket.id).unwrap();
            async move {
                gate.acquire().await.unwrap().forget();
                Disposition::Done
            }
        };
        worker.run(handler, stop).await;
    });
    bus.enqueue(&Queue::Run, Priority::Low, &ticket(), None).await.unwrap();
    within(told.recv()).await.unwrap();
    for priority in [Priority::High, Priority::Low, Priority::Low] {
        bus.enqueue(&Queue::Run, priority, &ticket(), None).await.unwrap();
    }
    // Another worker takes all three at once.
    let other = rig.bus("b");
    let mut others = telling(&mut rig, &other, Queue::Run, Options { concurrency: 3, ..ONE });
    for _ in 0..3 {
        within(others.recv()).await.unwrap();
    }
    go.add_permits(1);
    is_empty(&bus, &Queue::Run).await;
    assert!(told.try_recv().is_err());
    rig.finish().await;
}

#[tokio::test]
async fn what_a_job_owes_arrives_with_its_own_end_or_not_at_all() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let shell = Queue::Shell("local".to_owned());
    let report = Outgoing {
        queue: Queue::Report,
        priority: Priority::High,
        ticket: ticket(),
        body: Some(json!({"exit": 0})),
    };
    let worker = Worker::new(bus.clone(), shell.clone(), "tests", ONE);
    let (stop, outgoing) = (rig.stop.clone(), report.clone());
    rig.run(async move {
        worker.run(move |_| std::future::ready(Disposition::DoneWith(vec![outgoing.clone()])), stop).await;
    });
    let mut reports = telling(&mut rig, &bus, Queue::Report, ONE);
    bus.enqueue(&shell, Priority::High, &ticket(), Some(&json!({}))).await.unwrap();
    let delivery = within(reports.recv()).await.unwrap();
    assert_eq!((delivery.ticket, delivery.body), (report.ticket, report.body));
    is_empty(&bus, &shell).await;
    is_empty(&bus, &Queue::Report).await;
    rig.finish().await;
}

#[tokio::test]
async fn an_entry_that_nobody_understands_is_a_dead_letter() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    rig.server.command(&["XADD", "metatron:queue:run:high", "*", "job", "{}"]).unwrap();
    let _told = telling(&mut rig, &bus, Queue::Run, ONE);
    is_empty(&bus, &Queue::Run).await;
    assert_eq!(bus.dead_letters(&Queue::Run, None, 10).await.unwrap()[0].ticket, None);
    rig.finish().await;
}

#[tokio::test]
async fn a_full_redis_says_so_and_what_a_job_owes_waits_for_room() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let (tell, mut told) = mpsc::unbounded_channel();
    let go = Arc::new(Semaphore::new(0));
    let owed = Outgoing { queue: Queue::Run, priority: Priority::Low, ticket: ticket(), body: None };
    let worker = Worker::new(bus.clone(), Queue::Report, "tests", ONE);
    let (stop, gate, outgoing) = (rig.stop.clone(), go.clone(), owed.clone());
    rig.run(async move {
        let handler = move |_| {
            let (gate, outgoing) = (gate.clone(), outgoing.clone());
            tell.send(()).unwrap();
            async move {
                gate.acquire().await.unwrap().forget();
                Disposition::DoneWith(vec![outgoing])
            }
        };
        worker.run(handler, stop).await;
    });
    bus.enqueue(&Queue::Report, Priority::High, &ticket(), None).await.unwrap();
    within(told.recv()).await.unwrap();
    rig.server.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
    let refused = bus.enqueue(&Queue::Run, Priority::High, &ticket(), None).await;
    assert!(matches!(refused, Err(Error::Full(_))), "{refused:?}");
    go.add_permits(1);
    let refusals = || {
        let stats = rig.server.command(&["INFO", "errorstats"]).unwrap();
        stats.lines().any(|line| line.starts_with("errorstat_EXECABORT"))
    };
    until("the outcome was refused", async || refusals()).await;
    rig.server.command(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    let mut told = telling(&mut rig, &bus, Queue::Run, ONE);
    assert_eq!(within(told.recv()).await.unwrap().ticket, owed.ticket);
    is_empty(&bus, &Queue::Report).await;
    rig.finish().await;
}

#[tokio::test]
async fn stopping_lets_the_running_handler_end_and_acknowledges_it() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let (tell, mut told) = mpsc::unbounded_channel();
    let (go, done) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let worker = Worker::new(bus.clone(), Queue::Run, "tests", ONE);
    let (stop, gate, count) = (rig.stop.clone(), go.clone(), done.clone());
    rig.run(async move {
        let handler = move |_| {
            let (gate, count) = (gate.clone(), count.clone());
            tell.send(()).unwrap();
            async move {
                gate.acquire().await.unwrap().forget();
                count.fetch_add(1, Ordering::SeqCst);
                Disposition::Done
            }
        };
        worker.run(handler, stop).await;
    });
    bus.enqueue(&Queue::Run, Priority::High, &ticket(), None).await.unwrap();
    within(told.recv()).await.unwrap();
    rig.stop.cancel();
    bus.enqueue(&Queue::Run, Priority::High, &ticket(), None).await.unwrap();
    go.add_permits(1);
    rig.finish().await;
    assert_eq!(done.load(Ordering::SeqCst), 1);
    assert!(told.try_recv().is_err());
}
