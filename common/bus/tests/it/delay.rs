//! What does not go well at once: retried, delayed, given up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use metatron_bus::Bus;
use metatron_bus::queue::{Delivery, Disposition, Options, Worker};
use metatron_domain::clock::{Clock, FixedClock, Instant, SystemClock};
use metatron_domain::command::{JobKind, Priority, Queue, Ticket};
use serde_json::json;
use tokio::sync::mpsc;

use super::queue::{ONE, is_empty, telling};
use super::{Rig, ticket, until, within};

/// Jobs due at about the same time.
const CROWD: u32 = 10_000;

/// A worker whose handler says `end` of the deliveries 1, 2, … and is done with the others; when it was handed which.
fn failing(
    rig: &mut Rig,
    bus: &Bus,
    end: impl Fn(u64) -> Disposition + Send + Sync + 'static,
) -> mpsc::UnboundedReceiver<(tokio::time::Instant, Delivery)> {
    let (tell, told) = mpsc::unbounded_channel();
    let worker = Worker::new(bus.clone(), Queue::Report, "tests", ONE);
    let stop = rig.stop.clone();
    rig.run(async move {
        let handler = move |delivery: Delivery| {
            let end = end(delivery.deliveries);
            tell.send((tokio::time::Instant::now(), delivery)).unwrap();
            std::future::ready(end)
        };
        worker.run(handler, stop).await;
    });
    told
}

#[tokio::test]
async fn a_failed_job_comes_back_as_its_kind_says_and_is_given_up_in_the_end() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let mut told = failing(&mut rig, &bus, |_| Disposition::Retry { cause: "busy".to_owned() });
    let job = Ticket { kind: JobKind::Probe, ..ticket() };
    let retry = job.kind.retry();
    bus.enqueue(&Queue::Report, Priority::Low, &job, Some(&json!({"a": 1}))).await.unwrap();
    let mut before: Option<tokio::time::Instant> = None;
    for n in 1..=retry.most {
        let (at, delivery) = within(told.recv()).await.unwrap();
        assert_eq!((&delivery.ticket, delivery.deliveries), (&job, n));
        assert_eq!(delivery.body, Some(json!({"a": 1})));
        if let Some(before) = before {
            // A due time is a whole millisecond.
            let (pause, took) = (retry.pause(n - 1, job.id).unwrap(), at - before);
            assert!(took + Duration::from_millis(2) >= pause, "{took:?} < {pause:?}");
        }
        before = Some(at);
    }
    is_empty(&bus, &Queue::Report).await;
    let letter = bus.dead_letters(&Queue::Run, None, 10).await.unwrap().remove(0);
    assert_eq!((letter.ticket, letter.deliveries, letter.cause.as_str()), (Some(job), retry.most, "busy"));
    assert!(told.try_recv().is_err());
    let counts = rig.server.strings(&["HMGET", "metatron:queue:report:meta", "retried", "dead"]).unwrap();
    assert_eq!(counts, [(retry.most - 1).to_string(), "1".to_owned()]);
    rig.finish().await;
}

#[tokio::test]
async fn what_had_to_wait_through_no_fault_of_its_own_is_as_fresh_as_before() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let rounds = std::sync::atomic::AtomicU64::new(0);
    let mut told = failing(&mut rig, &bus, move |_| {
        if rounds.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 20 {
            Disposition::Later { after: Duration::from_millis(1), cause: "disk full".to_owned() }
        } else {
            Disposition::Done
        }
    });
    let job = ticket();
    bus.enqueue(&Queue::Report, Priority::Low, &job, None).await.unwrap();
    for _ in 0..=20 {
        let (_, delivery) = within(told.recv()).await.unwrap();
        assert_eq!((&delivery.ticket, delivery.deliveries), (&job, 1));
    }
    is_empty(&bus, &Queue::Report).await;
    rig.finish().await;
}

#[tokio::test]
async fn an_earlier_due_time_wakes_the_mover_of_another_process() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let now = SystemClock.now().as_millis();
    let (late, soon) = (ticket(), ticket());
    bus.enqueue_at(&Queue::Run, Priority::Low, &late, None, now + 3_600_000).await.unwrap();
    let mut told = telling(&mut rig, &bus, Queue::Run, ONE);
    until("the worker has taken the wake-up", async || bus.depth(&Queue::Run).await.unwrap() == 1).await;
    let other = rig.bus("b");
    let due = SystemClock.now().as_millis() + 50;
    other.enqueue_at(&Queue::Run, Priority::Low, &soon, None, due).await.unwrap();
    // The same job owed again is the same job.
    other.enqueue_at(&Queue::Run, Priority::Low, &soon, None, due).await.unwrap();
    let delivery = within(told.recv()).await.unwrap();
    assert!(SystemClock.now().as_millis() >= due);
    assert_eq!((delivery.ticket, delivery.deliveries), (soon, 1));
    until("only the late one is left", async || bus.depth(&Queue::Run).await.unwrap() == 1).await;
    assert!(told.try_recv().is_err());
    rig.finish().await;
}

#[tokio::test]
async fn a_wall_clock_that_was_set_back_makes_nothing_days_late() {
    let mut rig = Rig::new();
    let clock = Arc::new(FixedClock::new(SystemClock.now()));
    let bus = Bus::with_clock(&rig.server.url(), None, None, "a", clock.clone());
    let now = clock.now().as_millis();
    let (delayed, other) = (ticket(), ticket());
    bus.enqueue_at(&Queue::Run, Priority::Low, &delayed, None, now + 60_000).await.unwrap();
    let mut told = telling(&mut rig, &bus, Queue::Run, ONE);
    until("the worker has taken the wake-up", async || bus.depth(&Queue::Run).await.unwrap() == 1).await;
    let back = now - 3 * 24 * 3_600_000;
    clock.set(Instant::from_millis(back));
    bus.enqueue_at(&Queue::Run, Priority::Low, &other, None, back).await.unwrap();
    let mut jobs = Vec::new();
    for _ in 0..2 {
        jobs.push(within(told.recv()).await.unwrap().ticket.id);
    }
    assert!(jobs.contains(&delayed.id) && jobs.contains(&other.id));
    rig.finish().await;
}

#[tokio::test]
async fn ten_thousand_due_in_one_second_are_moved_by_two_and_delivered_once_each() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let now = SystemClock.now().as_millis();
    let owing = futures::stream::iter((0..CROWD).map(|n| {
        let bus = &bus;
        async move {
            // Within the same second, in no order.
            let due = now - 1 - i64::from(n) * 7_919 % 1_000;
            bus.enqueue_at(&Queue::Run, Priority::Low, &ticket(), None, due).await
        }
    }));
    let owed: Vec<_> = owing.buffer_unordered(64).collect().await;
    assert!(owed.iter().all(Result::is_ok));
    let options = Options { concurrency: 8, prefetch: 64, ..ONE };
    let other = rig.bus("b");
    for bus in [bus.clone(), other.clone()] {
        let stop = rig.stop.clone();
        rig.run(async move { bus.renew_forever(ONE.lease, stop).await });
    }
    let mut one = telling(&mut rig, &bus, Queue::Run, options);
    let mut two = telling(&mut rig, &other, Queue::Run, options);
    let mut seen = HashMap::new();
    for _ in 0..CROWD {
        let delivery = within(async {
            tokio::select! { a = one.recv() => a, b = two.recv() => b }
        })
        .await;
        *seen.entry(delivery.unwrap().ticket.id).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), CROWD as usize);
    assert!(seen.values().all(|times| *times == 1));
    is_empty(&bus, &Queue::Run).await;
    assert!(one.try_recv().is_err() && two.try_recv().is_err());
    rig.finish().await;
}

#[tokio::test]
async fn a_dead_job_is_a_dead_letter_with_its_cause_and_without_its_body() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let worker = Worker::new(bus.clone(), Queue::Report, "tests", ONE);
    let stop = rig.stop.clone();
    rig.run(async move {
        worker
            .run(|_| std::future::ready(Disposition::Dead { cause: "no such exec".to_owned() }), stop)
            .await;
    });
    let job = ticket();
    bus.enqueue(&Queue::Report, Priority::High, &job, Some(&json!({"secret": "s3cret"}))).await.unwrap();
    is_empty(&bus, &Queue::Report).await;
    let letters = bus.dead_letters(&Queue::Run, None, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!((letter.queue.as_str(), letter.ticket.as_ref()), ("report", Some(&job)));
    assert_eq!((letter.cause.as_str(), letter.deliveries), ("no such exec", 1));
    assert!(bus.dead_letters(&Queue::Run, Some(&letter.entry), 10).await.unwrap().is_empty());
    assert!(!rig.server.command(&["XRANGE", "metatron:stream:dead", "-", "+"]).unwrap().contains("s3cret"));
    rig.finish().await;
}

#[tokio::test]
async fn a_handler_that_panics_is_tried_again_and_does_not_end_the_worker() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let (tell, mut told) = mpsc::unbounded_channel();
    let worker = Worker::new(bus.clone(), Queue::Run, "tests", ONE);
    let stop = rig.stop.clone();
    rig.run(async move {
        let handler = move |delivery: Delivery| {
            let first = delivery.deliveries == 1;
            tell.send(delivery.deliveries).unwrap();
            async move {
                assert!(!first, "the first time goes wrong");
                Disposition::Done
            }
        };
        worker.run(handler, stop).await;
    });
    bus.enqueue(&Queue::Run, Priority::High, &ticket(), None).await.unwrap();
    assert_eq!(within(told.recv()).await, Some(1));
    assert_eq!(within(told.recv()).await, Some(2));
    is_empty(&bus, &Queue::Run).await;
    rig.finish().await;
}
