//! Keys that hold what they should not, names that two workers share, an address that moves, a backlog.

use std::collections::HashMap;
use std::time::Duration;

use metatron_bus::queue::{Options, Outgoing};
use metatron_bus::{Bus, key};
use metatron_domain::command::{Priority, Queue};
use metatron_testkit::redis::RedisServer;

use super::queue::{ONE, is_empty, telling};
use super::{Rig, ticket, until, within};

#[tokio::test]
async fn a_key_of_the_wrong_type_is_moved_aside_and_work_goes_on() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let (lease, stop) = (bus.clone(), rig.stop.clone());
    rig.run(async move { lease.renew_forever(Duration::from_millis(90), stop).await });
    let mut told = telling(&mut rig, &bus, Queue::Run, ONE);
    for name in [
        "metatron:queue:run:high",
        "metatron:queue:run:low",
        "metatron:queue:run:due",
        "metatron:queue:run:meta",
        "metatron:lease:a",
        "metatron:meta",
    ] {
        rig.server.command(&["DEL", name]).unwrap();
        rig.server.command(&["SET", name, "stranger"]).unwrap();
        let job = ticket();
        bus.enqueue(&Queue::Run, Priority::High, &job, None).await.unwrap();
        assert_eq!(within(told.recv()).await.unwrap().ticket, job, "{name}");
        let later = ticket();
        bus.enqueue_at(&Queue::Run, Priority::Low, &later, None, 0).await.unwrap();
        assert_eq!(within(told.recv()).await.unwrap().ticket, later, "{name}");
        let _ = bus.generation().await.unwrap();
        bus.pause(&Queue::Run).await.unwrap();
        bus.resume(&Queue::Run).await.unwrap();
        let aside = format!("metatron:stray:{name}");
        until("it is aside", async || rig.server.command(&["GET", &aside]).unwrap().contains("stranger"))
            .await;
        let kind = rig.server.command(&["TYPE", name]).unwrap();
        let wanted = key::find(name).unwrap().kind;
        assert!(kind.contains(wanted) || kind.contains("none"), "{name}: {kind}");
        assert!(!rig.server.command(&["PTTL", &aside]).unwrap().contains('-'));
    }
    rig.finish().await;
}

#[tokio::test]
async fn two_workers_with_one_name_in_one_process_deliver_each_job_once() {
    let mut rig = Rig::new();
    let bus = rig.bus("same");
    let (lease, stop) = (bus.clone(), rig.stop.clone());
    rig.run(async move { lease.renew_forever(ONE.lease, stop).await });
    let options = Options { concurrency: 4, ..ONE };
    let mut one = telling(&mut rig, &bus, Queue::Run, options);
    let mut two = telling(&mut rig, &bus, Queue::Run, options);
    let mut seen: HashMap<_, u32> = HashMap::new();
    for round in 0..10 {
        let jobs: Vec<_> = (0..50)
            .map(|_| Outgoing { queue: Queue::Run, priority: Priority::Low, ticket: ticket(), body: None })
            .collect();
        bus.enqueue_many(&jobs).await.unwrap();
        if round % 3 == 0 {
            // Each looks for what its lost connection was served, and finds what the other has in hand.
            rig.server.cut_clients().unwrap();
        }
        for _ in 0..50 {
            let delivery = within(async {
                tokio::select! { d = one.recv() => d, d = two.recv() => d }
            });
            *seen.entry(delivery.await.unwrap().ticket.id).or_default() += 1;
        }
        until("the queue is empty", async || bus.depth(&Queue::Run).await.is_ok_and(|depth| depth == 0))
            .await;
    }
    assert_eq!(seen.len(), 500);
    assert!(seen.values().all(|times| *times == 1));
    rig.finish().await;
}

#[tokio::test]
async fn two_processes_with_one_name_lose_nothing() {
    let mut rig = Rig::new();
    let (a, b) = (rig.bus("same"), rig.bus("same"));
    let (lease, stop) = (a.clone(), rig.stop.clone());
    rig.run(async move { lease.renew_forever(ONE.lease, stop).await });
    let mut one = telling(&mut rig, &a, Queue::Run, ONE);
    let mut two = telling(&mut rig, &b, Queue::Run, ONE);
    let jobs: Vec<_> = (0..500)
        .map(|_| Outgoing { queue: Queue::Run, priority: Priority::Low, ticket: ticket(), body: None })
        .collect();
    a.enqueue_many(&jobs).await.unwrap();
    let mut seen: HashMap<_, u32> = HashMap::new();
    // Either may be handed what the other has in hand: the row's epoch is what keeps a job from being done twice.
    while seen.len() < 500 {
        let delivery = within(async {
            tokio::select! { d = one.recv() => d, d = two.recv() => d }
        });
        *seen.entry(delivery.await.unwrap().ticket.id).or_default() += 1;
    }
    is_empty(&a, &Queue::Run).await;
    rig.finish().await;
}

#[tokio::test]
async fn a_redis_that_moved_is_found_behind_the_same_name() {
    let mut rig = Rig::new();
    let mut old = RedisServer::start().unwrap();
    let name = rig.server.folder().join("moving.sock");
    std::os::unix::fs::symlink(old.socket(), &name).unwrap();
    let bus = Bus::connect(&format!("unix://{}", name.display()), None, None, "a");
    let mut told = telling(&mut rig, &bus, Queue::Run, ONE);
    let job = ticket();
    bus.enqueue(&Queue::Run, Priority::High, &job, None).await.unwrap();
    assert_eq!(within(told.recv()).await.unwrap().ticket, job);
    // The name leads to the other server before the first one ends, as a record in DNS would.
    std::fs::remove_file(&name).unwrap();
    std::os::unix::fs::symlink(rig.server.socket(), &name).unwrap();
    old.kill();
    until("it answers", async || bus.ping().await.is_ok()).await;
    let job = ticket();
    bus.enqueue(&Queue::Run, Priority::High, &job, None).await.unwrap();
    assert_eq!(within(told.recv()).await.unwrap().ticket, job);
    assert!(rig.server.command(&["EXISTS", "metatron:queue:run:high"]).unwrap().contains('1'));
    rig.finish().await;
}

#[tokio::test]
async fn a_hundred_thousand_waiting_jobs_are_delivered_in_order_and_high_ones_overtake_them() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    let (lease, stop) = (bus.clone(), rig.stop.clone());
    rig.run(async move { lease.renew_forever(ONE.lease, stop).await });
    let low = |_| Outgoing { queue: Queue::Run, priority: Priority::Low, ticket: ticket(), body: None };
    let jobs: Vec<_> = (0..100_000).map(low).collect();
    bus.enqueue_many(&jobs).await.unwrap();
    let high = ticket();
    bus.enqueue(&Queue::Run, Priority::High, &high, None).await.unwrap();
    assert_eq!(bus.depth(&Queue::Run).await.unwrap(), 100_001);
    let mut told = telling(&mut rig, &bus, Queue::Run, Options { prefetch: 256, ..ONE });
    assert_eq!(within(told.recv()).await.unwrap().ticket, high);
    for job in &jobs {
        assert_eq!(within(told.recv()).await.unwrap().ticket, job.ticket);
    }
    is_empty(&bus, &Queue::Run).await;
    rig.finish().await;
}
