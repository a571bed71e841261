//! What does not go well at once: retried, delayed, given up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use metatron_bus::Bus;
use metatron_bus::queue::{Delivery, Disposition, MOST_DELIVERIES, Options, Worker};
use metatron_domain::clock::{Clock, FixedClock, Instant, SystemClock};
use metatron_domain::command::{Priority, Queue};
use serde_json::json;
use tokio::sync::mpsc;

use super::queue::{ONE, is_empty, telling};
use super::{Rig, ticket, until, within};

#[tokio::test]
async fn a_retry_comes_back_after_its_delay_and_counts() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let (tell, mut told) = mpsc::unbounded_channel();
    let worker = Worker::new(bus.clone(), Queue::Report, "tests", ONE);
    let stop = rig.stop.clone();
    rig.run(async move {
        let handler = move |delivery: Delivery| {
            let tries = delivery.deliveries;
            tell.send((tokio::time::Instant::now(), delivery)).unwrap();
            std::future::ready(if tries < 3 {
                Disposition::Retry { after: Duration::from_millis(60), cause: "busy".to_owned() }
            } else {
                Disposition::Done
            })
        };
        worker.run(handler, stop).await;
    });
    let job = ticket();
    bus.enqueue(&Queue::Report, Priority::Low, &job, Some(&json!({"a": 1}))).await.unwrap();
    let mut before: Option<tokio::time::Instant> = None;
    for n in 1..=3 {
        let (at, delivery) = within(told.recv()).await.unwrap();
        assert_eq!((delivery.ticket, delivery.deliveries), (job.clone(), n));
        assert_eq!(delivery.body, Some(json!({"a": 1})));
        assert!(before.is_none_or(|before| at - before >= Duration::from_millis(59)));
        before = Some(at);
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
async fn two_movers_deliver_a_crowd_that_is_due_at_once_each_once() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let now = SystemClock.now().as_millis();
    for _ in 0..1_000 {
        bus.enqueue_at(&Queue::Run, Priority::Low, &ticket(), None, now - 1).await.unwrap();
    }
    let options = Options { concurrency: 8, ..ONE };
    let other = rig.bus("b");
    let mut one = telling(&mut rig, &bus, Queue::Run, options);
    let mut two = telling(&mut rig, &other, Queue::Run, options);
    let mut seen = HashMap::new();
    for _ in 0..1_000 {
        let delivery = within(async {
            tokio::select! { a = one.recv() => a, b = two.recv() => b }
        })
        .await;
        *seen.entry(delivery.unwrap().ticket.id).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 1_000);
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
    let letters = bus.dead_letters(None, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!((letter.queue.as_str(), letter.ticket.as_ref()), ("report", Some(&job)));
    assert_eq!((letter.cause.as_str(), letter.deliveries), ("no such exec", 1));
    assert!(bus.dead_letters(Some(&letter.entry), 10).await.unwrap().is_empty());
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
    const { assert!(MOST_DELIVERIES > 1) };
    is_empty(&bus, &Queue::Run).await;
    rig.finish().await;
}
