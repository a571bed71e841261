//! What is said to workers while they work: pause, resume, cancel; how far they are; how they end.

use std::time::Duration;

use metatron_bus::queue::{Delivery, Disposition, Options, Worker};
use metatron_domain::command::{Priority, Queue};
use tokio::sync::mpsc;

use super::queue::{ONE, is_empty, telling};
use super::{Rig, ticket, until, within};

#[tokio::test]
async fn a_paused_queue_is_not_read_by_anybody_until_it_is_resumed() {
    let mut rig = Rig::new();
    let (bus, other) = (rig.bus("a"), rig.bus("b"));
    let mut one = telling(&mut rig, &bus, Queue::Run, ONE);
    let mut two = telling(&mut rig, &other, Queue::Run, ONE);
    until("both block", async || rig.blocked() == 2).await;
    bus.pause(&Queue::Run).await.unwrap();
    until("nobody reads", async || rig.blocked() == 0).await;
    let job = ticket();
    bus.enqueue(&Queue::Run, Priority::High, &job, None).await.unwrap();
    assert_eq!(bus.paused(&Queue::Run).await.unwrap(), Some(true));
    // Who comes now finds the pause as well: it can't have read before it has asked.
    let third = rig.bus("c");
    let mut three = telling(&mut rig, &third, Queue::Run, ONE);
    until("the third listens", async || rig.listeners("metatron:queue:run:meta") == 3).await;
    assert_eq!(bus.depth(&Queue::Run).await.unwrap(), 1);
    assert!(one.try_recv().is_err() && two.try_recv().is_err() && three.try_recv().is_err());
    bus.resume(&Queue::Run).await.unwrap();
    let delivery = within(async {
        tokio::select! { d = one.recv() => d, d = two.recv() => d, d = three.recv() => d }
    });
    assert_eq!(delivery.await.unwrap().ticket, job);
    is_empty(&bus, &Queue::Run).await;
    rig.finish().await;
}

#[tokio::test]
async fn a_pause_outlives_a_redis_that_forgot_it() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let mut told = telling(&mut rig, &bus, Queue::Run, ONE);
    until("it blocks", async || rig.blocked() == 1).await;
    bus.pause(&Queue::Run).await.unwrap();
    until("it does not read", async || rig.blocked() == 0).await;
    rig.server.restart().unwrap();
    until("it listens again", async || rig.listeners("metatron:queue:run:meta") == 1).await;
    assert_eq!(bus.paused(&Queue::Run).await.unwrap(), None);
    bus.enqueue(&Queue::Run, Priority::High, &ticket(), None).await.unwrap();
    assert!(told.try_recv().is_err());
    bus.resume(&Queue::Run).await.unwrap();
    within(told.recv()).await.unwrap();
    rig.finish().await;
}

/// A worker whose handler works until it is cancelled.
fn patient(rig: &mut Rig, name: &str, options: Options) -> mpsc::UnboundedReceiver<(Delivery, bool)> {
    let (tell, told) = mpsc::unbounded_channel();
    let worker = Worker::new(rig.bus(name), Queue::Run, "tests", options);
    let stop = rig.stop.clone();
    rig.run(async move {
        let handler = move |delivery: Delivery| {
            let tell = tell.clone();
            async move {
                tell.send((delivery.clone(), false)).unwrap();
                delivery.cancel.cancelled().await;
                tell.send((delivery, true)).unwrap();
                Disposition::Done
            }
        };
        worker.run(handler, stop).await;
    });
    told
}

#[tokio::test]
async fn a_job_at_work_is_cancelled_and_no_other() {
    let mut rig = Rig::new();
    let mut told = patient(&mut rig, "a", Options { concurrency: 2, ..ONE });
    let bus = rig.bus("asker");
    let (first, second) = (ticket(), ticket());
    for job in [&first, &second] {
        bus.enqueue(&Queue::Run, Priority::Low, job, None).await.unwrap();
        assert!(!within(told.recv()).await.unwrap().1);
    }
    bus.cancel(&Queue::Run, first.id).await.unwrap();
    let (delivery, cancelled) = within(told.recv()).await.unwrap();
    assert!(cancelled && delivery.ticket == first);
    until("one is left", async || bus.depth(&Queue::Run).await.unwrap() == 1).await;
    assert!(told.try_recv().is_err());
    bus.cancel(&Queue::Run, second.id).await.unwrap();
    assert!(within(told.recv()).await.unwrap().1);
    rig.finish().await;
}

#[tokio::test]
async fn a_handler_that_is_not_done_in_time_is_asked_to_end_and_one_that_won_t_is_left_to_the_next() {
    let mut rig = Rig::new();
    let short = Options { drain: Duration::ZERO, ..ONE };
    let mut told = patient(&mut rig, "obedient", short);
    let bus = rig.bus("asker");
    let job = ticket();
    bus.enqueue(&Queue::Run, Priority::High, &job, None).await.unwrap();
    assert!(!within(told.recv()).await.unwrap().1);
    let stubborn = Worker::new(rig.bus("stubborn"), Queue::Run, "tests", short);
    let (tell, mut heard) = mpsc::unbounded_channel();
    let stop = rig.stop.clone();
    let ended = rig.run(async move {
        let handler = move |delivery: Delivery| {
            tell.send(delivery.ticket).unwrap();
            std::future::pending()
        };
        stubborn.run(handler, stop).await;
    });
    let kept = ticket();
    bus.enqueue(&Queue::Run, Priority::High, &kept, None).await.unwrap();
    assert_eq!(within(heard.recv()).await.unwrap(), kept);
    rig.stop.cancel();
    assert!(within(told.recv()).await.unwrap().1);
    until("the stubborn one is left", async || ended.is_finished()).await;
    until("one of two is still owed", async || bus.depth(&Queue::Run).await.unwrap() == 1).await;
    rig.finish().await;
}

#[tokio::test]
async fn a_handler_that_takes_too_long_has_failed() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let (tell, mut told) = mpsc::unbounded_channel();
    let options = Options { timeout: Some(Duration::from_millis(20)), ..ONE };
    let worker = Worker::new(bus.clone(), Queue::Run, "tests", options);
    let stop = rig.stop.clone();
    rig.run(async move {
        let handler = move |delivery: Delivery| {
            tell.send(delivery.deliveries).unwrap();
            async move {
                if delivery.deliveries == 1 {
                    std::future::pending::<()>().await;
                }
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

#[tokio::test]
async fn progress_is_there_to_be_looked_at_and_goes_by_itself() {
    let rig = Rig::new();
    let bus = rig.bus("a");
    let job = ticket();
    bus.progress(&Queue::Run, &job, 2, 5).await;
    let name = format!("metatron:job:{}", job.id);
    let fields = rig.server.strings(&["HMGET", &name, "queue", "kind", "done", "total"]).unwrap();
    assert_eq!(fields, ["run", "run", "2", "5"]);
    assert!(!rig.server.command(&["PTTL", &name]).unwrap().contains('-'));
    rig.finish().await;
}
