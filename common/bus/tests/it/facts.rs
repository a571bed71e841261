//! Facts, beats, and the bytes they travel as.

use futures::StreamExt;
use metatron_bus::events::Tail;
use metatron_bus::key;
use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::command::{Priority, Queue};
use metatron_domain::event::{Event, EventKind};
use serde_json::json;

use super::{Rig, ticket, within};

pub(crate) fn event(eid: i64) -> Event {
    Event {
        eid,
        kind: EventKind::RunQueued,
        at: Instant::from_millis(1_795_372_800_123),
        actor: Actor::Owner,
        chat_id: Some("cht_01h455vb4pex5vsknk084sn02q".parse().unwrap()),
        run_id: Some("run_01h455vb4pex5vsknk084sn02q".parse().unwrap()),
        subject: Some("run_01h455vb4pex5vsknk084sn02q".to_owned()),
        data: json!({"state": "queued"}),
    }
}

#[tokio::test]
async fn facts_arrive_as_they_were_published_and_a_loss_is_told() {
    let mut rig = Rig::new();
    let bus = rig.bus("a");
    bus.publish_event(&event(1)).await.unwrap();
    let mut tail = bus.tail_events();
    assert_eq!(within(tail.next()).await, Some(Tail::Reconnected));
    bus.publish_events(&[event(2), event(3)]).await.unwrap();
    assert_eq!(within(tail.next()).await, Some(Tail::Event(event(2))));
    assert_eq!(within(tail.next()).await, Some(Tail::Event(event(3))));
    rig.server.cut_clients().unwrap();
    assert_eq!(within(tail.next()).await, Some(Tail::Reconnected));
    bus.publish_event(&event(4)).await.unwrap();
    assert_eq!(within(tail.next()).await, Some(Tail::Event(event(4))));
    rig.server.restart().unwrap();
    assert_eq!(within(tail.next()).await, Some(Tail::Reconnected));
    bus.publish_event(&event(5)).await.unwrap();
    assert_eq!(within(tail.next()).await, Some(Tail::Event(event(5))));
    rig.finish().await;
}

#[tokio::test]
async fn after_redis_was_emptied_with_its_clock_set_back_the_tail_goes_on() {
    let rig = Rig::new();
    let bus = rig.bus("a");
    // A last entry from the future, as a clock that is set back leaves it.
    rig.server
        .command(&[
            "XADD",
            key::find("metatron:stream:events").unwrap().pattern,
            "99999999999999-1",
            "a",
            "b",
        ])
        .unwrap();
    let mut tail = bus.tail_events();
    assert_eq!(within(tail.next()).await, Some(Tail::Reconnected));
    rig.server.flushall().unwrap();
    bus.publish_event(&event(1)).await.unwrap();
    // It looks older than what was seen last; the reader is told to compare with SQLite, and hears what comes next.
    loop {
        match within(tail.next()).await.unwrap() {
            Tail::Reconnected => break,
            other => assert_eq!(other, Tail::Idle),
        }
    }
    bus.publish_event(&event(2)).await.unwrap();
    assert_eq!(within(tail.next()).await, Some(Tail::Event(event(2))));
    rig.finish().await;
}

#[tokio::test]
async fn entries_look_as_people_and_older_versions_expect() {
    let rig = Rig::new();
    let bus = rig.bus("a");
    bus.publish_event(&event(7)).await.unwrap();
    let entry = rig.server.strings(&["XRANGE", "metatron:stream:events", "-", "+"]).unwrap();
    assert_eq!(
        entry[1..],
        [
            "type",
            "run.queued",
            "id",
            "7",
            "run_id",
            "run_01h455vb4pex5vsknk084sn02q",
            "actor",
            r#"{"kind":"owner"}"#,
            "ts",
            "2026-11-22T18:40:00.123Z",
            "chat_id",
            "cht_01h455vb4pex5vsknk084sn02q",
            "subject",
            "run_01h455vb4pex5vsknk084sn02q",
            "data",
            r#"{"state":"queued"}"#,
        ]
    );
    let mut job = ticket();
    job.id = "job_01h455vb4pex5vsknk084sn02q".parse().unwrap();
    let text = r#"{"v":1,"id":"job_01h455vb4pex5vsknk084sn02q","kind":"run","subject":"run_x"}"#;
    bus.enqueue(&Queue::Run, Priority::High, &job, None).await.unwrap();
    let entry = rig.server.strings(&["XRANGE", "metatron:queue:run:high", "-", "+"]).unwrap();
    assert_eq!(entry[1..], ["job", text]);
    bus.enqueue(&Queue::Report, Priority::Low, &job, Some(&json!({"a": 1}))).await.unwrap();
    let entry = rig.server.strings(&["XRANGE", "metatron-live:queue:report:low", "-", "+"]).unwrap();
    assert_eq!(entry[1..], ["job", text, "body", r#"{"a":1}"#]);
    bus.enqueue_at(&Queue::Run, Priority::Low, &job, None, 5).await.unwrap();
    let member = rig.server.strings(&["ZRANGE", "metatron:queue:run:due", "0", "-1"]).unwrap();
    assert_eq!(member, [format!(r#"{{"priority":"low","job":{text}}}"#)]);
    rig.finish().await;
}

#[tokio::test]
async fn a_service_that_beats_is_up_and_one_that_stopped_is_down() {
    let rig = Rig::new();
    let bus = rig.bus("api-local-1");
    assert!(bus.services().await.unwrap().is_empty());
    bus.beat("api", "up", "0.1.0", 42).await.unwrap();
    bus.beat("scheduler", "up", "0.1.0", 43).await.unwrap();
    rig.server.command(&["DEL", "metatron:service:scheduler"]).unwrap();
    let services = bus.services().await.unwrap();
    let [api, scheduler] = services.as_slice() else { panic!("{services:?}") };
    assert!(api.up && api.name == "api" && api.pid == 42 && api.version == "0.1.0" && api.since == api.beat);
    assert!(!scheduler.up && scheduler.name == "scheduler");
    let ttl = rig.server.command(&["TTL", "metatron:service:api"]).unwrap();
    assert!(ttl == ":30\r\n" || ttl == ":29\r\n");
    rig.finish().await;
}
