//! Faults: dead processes, lost connections, an emptied or restarted Redis.

use std::time::Duration;

use metatron_bus::lease::Observer;
use metatron_bus::queue::{Delivery, Disposition, Options, Worker};
use metatron_domain::command::{JobKind, Priority, Queue};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::{Rig, ticket, until, within};

const LEASE: Duration = Duration::from_millis(500);
const ONE: Options = Options {
    concurrency: 1,
    reserved_high: 0,
    prefetch: 0,
    lease: LEASE,
    timeout: None,
    drain: Duration::from_secs(6),
};

/// A process: a lease and a worker that tells of each delivery, and then does what `end` says, or hangs.
fn process(
    rig: &mut Rig,
    name: &str,
    end: Option<Disposition>,
) -> (mpsc::UnboundedReceiver<Delivery>, [AbortHandle; 2], CancellationToken) {
    let bus = rig.bus(name);
    let stop = rig.stop.child_token();
    let (lease, token) = (bus.clone(), stop.clone());
    let renewing = rig.run(async move { lease.renew_forever(LEASE, token).await });
    let (tell, told) = mpsc::unbounded_channel();
    let (worker, token) = (Worker::new(bus, Queue::Run, "tests", ONE), stop.clone());
    let working = rig.run(async move {
        let handler = move |delivery| {
            tell.send(delivery).unwrap();
            let end = end.clone();
            async move {
                match end {
                    Some(end) => end,
                    None => std::future::pending().await,
                }
            }
        };
        worker.run(handler, token).await;
    });
    (told, [renewing, working], stop)
}

#[tokio::test]
async fn a_dead_worker_s_job_moves_to_another_and_names_the_dead() {
    let mut rig = Rig::new();
    let bus = rig.bus("asker");
    let (mut told, crash, _) = process(&mut rig, "victim", None);
    let job = ticket();
    let entry = bus.enqueue(&Queue::Run, Priority::Low, &job, None).await.unwrap();
    within(told.recv()).await.unwrap();
    let (mut others, ..) = process(&mut rig, "heir", Some(Disposition::Done));
    crash.iter().for_each(AbortHandle::abort);
    let delivery = within(others.recv()).await.unwrap();
    assert_eq!((delivery.ticket, delivery.entry, delivery.deliveries), (job, entry.0, 2));
    assert_eq!(delivery.recovered_from.as_deref(), Some("victim"));
    until("it is acknowledged", async || bus.depth(&Queue::Run).await.unwrap() == 0).await;
    until("the dead consumer's name is gone", async || {
        let names = rig.server.command(&["XINFO", "CONSUMERS", "metatron:queue:run:low", "tests"]).unwrap();
        !names.contains("victim")
    })
    .await;
    rig.finish().await;
}

#[tokio::test]
async fn a_living_worker_keeps_a_job_of_ten_leases() {
    let mut rig = Rig::new();
    let bus = rig.bus("asker");
    let (mut told, crash, _) = process(&mut rig, "slow", None);
    bus.enqueue(&Queue::Run, Priority::High, &ticket(), None).await.unwrap();
    within(told.recv()).await.unwrap();
    let (mut others, ..) = process(&mut rig, "watcher", Some(Disposition::Done));
    until("thirty renewals", async || {
        let counter = rig.server.strings(&["HGET", "metatron:lease:slow", "counter"]).unwrap();
        counter[0].parse::<u64>().unwrap() >= 30
    })
    .await;
    assert!(others.try_recv().is_err());
    // And only its death moves it.
    crash.iter().for_each(AbortHandle::abort);
    assert_eq!(within(others.recv()).await.unwrap().recovered_from.as_deref(), Some("slow"));
    rig.finish().await;
}

#[tokio::test]
async fn what_a_stopping_worker_keeps_is_taken_over_at_once_by_its_name() {
    let mut rig = Rig::new();
    let bus = rig.bus("asker");
    let (mut told, _, stop) = process(&mut rig, "leaving", Some(Disposition::Keep));
    bus.enqueue(&Queue::Run, Priority::High, &ticket(), None).await.unwrap();
    within(told.recv()).await.unwrap();
    stop.cancel();
    let (mut others, ..) = process(&mut rig, "next", Some(Disposition::Done));
    assert_eq!(within(others.recv()).await.unwrap().recovered_from.as_deref(), Some("leaving"));
    rig.finish().await;
}

#[tokio::test]
async fn a_job_that_killed_too_many_workers_is_a_dead_letter() {
    let mut rig = Rig::new();
    let bus = rig.bus("asker");
    let job = ticket();
    bus.enqueue(&Queue::Run, Priority::High, &job, None).await.unwrap();
    let most = JobKind::Run.retry().most;
    for n in 0..=most {
        let (mut told, crash, _) = process(&mut rig, &format!("victim-{n}"), None);
        assert_eq!(within(told.recv()).await.unwrap().deliveries, n + 1);
        crash.iter().for_each(AbortHandle::abort);
    }
    let (mut told, ..) = process(&mut rig, "last", Some(Disposition::Done));
    until("it is given up", async || !bus.dead_letters(&Queue::Run, None, 1).await.unwrap().is_empty()).await;
    let letter = bus.dead_letters(&Queue::Run, None, 1).await.unwrap().remove(0);
    assert_eq!((letter.ticket, letter.deliveries), (Some(job), most + 1));
    assert_eq!(bus.depth(&Queue::Run).await.unwrap(), 0);
    assert!(told.try_recv().is_err());
    rig.finish().await;
}

#[tokio::test]
async fn a_worker_blocked_when_redis_is_emptied_takes_what_comes_next() {
    let mut rig = Rig::new();
    let bus = rig.bus("asker");
    let (mut told, ..) = process(&mut rig, "worker", Some(Disposition::Done));
    for _ in 0..3 {
        let job = ticket();
        bus.enqueue(&Queue::Run, Priority::Low, &job, None).await.unwrap();
        assert_eq!(within(told.recv()).await.unwrap().ticket, job);
        // Its acknowledgement may still be on its way, and would take an entry of the same millisecond, which has the same
        // id in the emptied Redis.
        until("it is acknowledged", async || bus.depth(&Queue::Run).await.is_ok_and(|depth| depth == 0))
            .await;
        until("the worker blocks", async || rig.blocked() == 1).await;
        rig.server.flushall().unwrap();
    }
    rig.finish().await;
}

#[tokio::test]
async fn cut_connections_lose_no_job_and_deliver_none_twice() {
    let mut rig = Rig::new();
    let bus = rig.bus("asker");
    let (mut told, ..) = process(&mut rig, "worker", Some(Disposition::Done));
    for _ in 0..20 {
        let job = ticket();
        rig.server.cut_clients().unwrap();
        bus.enqueue(&Queue::Run, Priority::High, &job, None).await.unwrap();
        assert_eq!(within(told.recv()).await.unwrap().ticket, job);
        rig.server.cut_clients().unwrap();
    }
    until("all are acknowledged", async || bus.depth(&Queue::Run).await.is_ok_and(|depth| depth == 0)).await;
    assert!(told.try_recv().is_err());
    rig.finish().await;
}

#[tokio::test]
async fn what_a_broken_connection_was_served_is_found_again_under_the_same_name() {
    let mut rig = Rig::new();
    let bus = rig.bus("worker");
    let job = ticket();
    bus.enqueue(&Queue::Run, Priority::High, &job, None).await.unwrap();
    // A read whose reply nobody got.
    let stream = "metatron:queue:run:high";
    rig.server.command(&["XGROUP", "CREATE", stream, "tests", "0"]).unwrap();
    rig.server
        .command(&["XREADGROUP", "GROUP", "tests", "worker", "COUNT", "1", "STREAMS", stream, ">"])
        .unwrap();
    let (mut told, ..) = process(&mut rig, "worker", Some(Disposition::Done));
    assert_eq!(within(told.recv()).await.unwrap().ticket, job);
    rig.finish().await;
}

#[tokio::test]
async fn everything_works_again_after_redis_was_absent_and_came_back_empty() {
    let mut rig = Rig::new();
    rig.server.kill();
    let bus = rig.bus("asker");
    assert!(matches!(bus.ping().await, Err(metatron_bus::Error::Unavailable(_))));
    let (mut told, ..) = process(&mut rig, "worker", Some(Disposition::Done));
    for _ in 0..2 {
        rig.server.restart().unwrap();
        until("Redis answers", async || bus.ping().await.is_ok()).await;
        assert_eq!(bus.generation().await.unwrap(), None);
        bus.set_generation("g").await.unwrap();
        assert_eq!(bus.generation().await.unwrap().as_deref(), Some("g"));
        let job = ticket();
        bus.enqueue(&Queue::Run, Priority::High, &job, None).await.unwrap();
        assert_eq!(within(told.recv()).await.unwrap().ticket, job);
    }
    rig.finish().await;
}

#[tokio::test]
async fn an_acknowledgement_that_redis_was_absent_for_is_made_up_for() {
    let mut rig = Rig::new();
    let bus = rig.bus("worker");
    let (tell, mut told) = mpsc::unbounded_channel();
    let (go, gate) = tokio::sync::watch::channel(false);
    let (worker, stop) = (Worker::new(bus.clone(), Queue::Run, "tests", ONE), rig.stop.clone());
    rig.run(async move {
        let handler = move |_| {
            tell.send(()).unwrap();
            let mut gate = gate.clone();
            async move {
                gate.wait_for(|open| *open).await.unwrap();
                Disposition::Done
            }
        };
        worker.run(handler, stop).await;
    });
    bus.enqueue(&Queue::Run, Priority::High, &ticket(), None).await.unwrap();
    within(told.recv()).await.unwrap();
    // Every attempt to acknowledge fails until the pause is over: its connection is cut.
    for _ in 0..3 {
        rig.server.cut_clients().unwrap();
    }
    go.send(true).unwrap();
    rig.server.cut_clients().unwrap();
    until("it is acknowledged", async || bus.depth(&Queue::Run).await.is_ok_and(|depth| depth == 0)).await;
    rig.finish().await;
}

#[tokio::test]
async fn an_observer_calls_dead_who_stands_still_and_who_is_missing_but_not_at_first_sight() {
    let rig = Rig::new();
    let bus = rig.bus("observer");
    let mut observer = Observer::new(Duration::from_millis(50));
    let names = ["moving", "still", "missing"].map(str::to_owned);
    rig.server.command(&["HSET", "metatron:lease:still", "counter", "1"]).unwrap();
    rig.server.command(&["HSET", "metatron:lease:moving", "counter", "1"]).unwrap();
    assert!(observer.dead(&bus, &names).await.is_empty());
    until("both are dead", async || {
        rig.server.command(&["HINCRBY", "metatron:lease:moving", "counter", "1"]).unwrap();
        let dead = observer.dead(&bus, &names).await;
        assert!(!dead.contains(&"moving".to_owned()));
        dead.len() == 2
    })
    .await;
    // Who moves again lives again.
    rig.server.command(&["HINCRBY", "metatron:lease:still", "counter", "1"]).unwrap();
    assert_eq!(observer.dead(&bus, &names).await, ["missing"]);
    rig.server.command(&["HSET", "metatron:lease:moving", "counter", "gone"]).unwrap();
    assert!(observer.dead(&bus, &names).await.contains(&"moving".to_owned()));
    rig.finish().await;
}

/// Takes half a minute and counts, so it is no part of the gate: `cargo test -p metatron-bus -- --ignored silent`.
#[tokio::test]
#[ignore = "measures for 30 s"]
async fn an_idle_process_is_almost_silent() {
    const LEASE: Duration = Duration::from_secs(5);
    let mut rig = Rig::new();
    let bus = rig.bus("worker");
    let (lease, stop) = (bus.clone(), rig.stop.clone());
    rig.run(async move { lease.renew_forever(LEASE, stop).await });
    let (worker, stop) =
        (Worker::new(bus, Queue::Run, "tests", Options { lease: LEASE, ..ONE }), rig.stop.clone());
    rig.run(async move { worker.run(|_| std::future::ready(Disposition::Done), stop).await });
    let commands = || {
        let stats = rig.server.command(&["INFO", "stats"]).unwrap();
        let line = stats.lines().find_map(|line| line.strip_prefix("total_commands_processed:")).unwrap();
        line.parse::<f64>().unwrap()
    };
    until("it blocks", async || rig.blocked() == 1).await;
    let before = commands();
    tokio::time::sleep(Duration::from_secs(30)).await;
    // Two of our own look-ups, with their QUIT.
    let rate = (commands() - before - 2.0) / 30.0;
    println!("an idle worker process, lease included: {rate:.2} commands/s");
    assert!(rate < 1.5, "{rate}");
    rig.finish().await;
}
