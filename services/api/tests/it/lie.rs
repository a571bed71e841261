//! What comes by way of Redis and is not so: last numbers that api must not go on from for ever, and a host's word about a
//! terminal of another one. SECURITY B5.

use std::time::Duration;

use metatron_domain::actor::Actor;
use metatron_domain::id::{RunId, TerminalId};
use metatron_domain::run::{Origin, RunEnd};
use metatron_domain::terminal::message::Happened;
use metatron_domain::terminal::order::Order;
use metatron_domain::terminal::{Driver, Size, TerminalState};
use metatron_store::terminal::owner::{Hand, NewTerminal};
use serde_json::json;
use zeroize::Zeroizing;

use crate::terminal::Place;
use crate::typing::{listen, refusal};
use crate::watch::{Got, Port};

#[tokio::test]
async fn a_number_that_can_go_no_higher_is_refused_and_nothing_else_suffers() {
    let place = Place::new().await;
    let terminal = place.open().await;
    // What a shell host says came by way of Redis.
    place.shell.change(terminal, |status| status.orders = u64::MAX);
    let other = place.open().await;
    let close = async |terminal| {
        let path = format!("/api/v1/terminals/{terminal}/close");
        place.world.post(&path, &json!({})).cookie(&place.cookie).send().await
    };
    assert_eq!(close(terminal).await.refusal(), (409, "conflict".into()));
    assert_eq!(close(other).await.status, 202);
}

#[tokio::test]
async fn b5_a_false_last_number_jams_no_terminal_for_longer_than_it_is_told() {
    let place = Place::new().await;
    let terminal = place.open().await;
    let take = async || {
        let path = format!("/api/v1/terminals/{terminal}/take");
        place.world.post(&path, &json!({})).cookie(&place.cookie).send().await
    };
    *place.shell.state.lie.lock().unwrap() = Some(1 << 63);
    // The host refuses what was numbered after the lie; asked once more, it tells the truth.
    let reply = take().await;
    assert!(reply.status.is_success(), "{}", reply.text);
    let reply = take().await;
    assert!(reply.status.is_success(), "{}", reply.text);
    assert_eq!(place.shell.state.sessions.lock().unwrap()[&terminal].orders, 2);
}

#[tokio::test]
async fn b5_keys_behind_a_false_last_number_are_given_up_with_a_word_and_the_next_arrive() {
    let place = Place::new().await;
    let port = Port::open(&place.world).await;
    let terminal = place.open().await;
    let mut watch = port.owner(&place.cookie).await;
    let channel = listen(&mut watch, terminal, json!(0)).await;
    *place.shell.state.lie.lock().unwrap() = Some(1 << 63);
    watch.keys(channel, 0, b"lost").await;
    // The host drops what leaps; nothing tells so, and it is asked.
    let refused = refusal(&mut watch).await;
    let (topic, error) = (format!("terminal.{terminal}"), &refused["error"]);
    assert_eq!((&refused["topic"], &error["code"]), (&json!(topic), &json!("terminal_busy")));
    assert!(error["detail"].as_str().unwrap().contains("Type it again"), "{error}");
    watch.keys(channel, 4, b"again").await;
    let came = loop {
        match watch.next().await {
            Got::Bytes { kind: 1, bytes, .. } => break bytes,
            Got::Close(code) => panic!("{code}"),
            _ => {}
        }
    };
    assert_eq!((came.as_slice(), place.shell.typed().as_slice()), (&b"again"[..], &b"again"[..]));
}

/// A run, at work or over.
async fn run(place: &Place, over: bool) -> RunId {
    let now = place.world.now();
    let mut tx = place.world.store.begin().await.unwrap();
    let chat = tx.create_chat("Type", &Actor::Owner, now).await.unwrap();
    let run = tx.post_message(chat, "type it", Origin::Chat, &Actor::Owner, now).await.unwrap().run;
    tx.take_run(run, now).await.unwrap();
    if over {
        tx.end_run(run, RunEnd::Cancelled, None, now).await.unwrap();
    }
    let _ = tx.commit().await.unwrap();
    run
}

#[tokio::test]
async fn b5_a_host_that_lies_about_who_types_at_another_one_takes_no_keyboard_there() {
    let place = Place::new().await;
    let (world, now) = (&place.world, place.world.now());
    let (ended, working) = (run(&place, true).await, run(&place, false).await);
    let until = now.after(Duration::from_mins(10));
    let hand = Hand { run: working, until, key: Zeroizing::new("ab".repeat(32)), note: String::new() };
    let vault = world.vault().await;
    let mut tx = world.store.begin().await.unwrap();
    let new = NewTerminal { host: "build".into(), name: "there".into(), size: Size::new(80, 24).unwrap() };
    let other: TerminalId = tx.create_terminal(&new, now).await.unwrap();
    tx.hand_terminal(&vault, other, &hand, now).await.unwrap();
    let _ = tx.commit().await.unwrap();
    // Its own terminal comes after the lie when api looks at all it has.
    let own = loop {
        let own = place.open().await;
        if own > other {
            break own;
        }
    };
    let driver = Driver::Ai { run: ended, until: Some(until), paused: false };
    {
        let mut sessions = place.shell.state.sessions.lock().unwrap();
        let mut lie = sessions[&own].clone();
        (lie.terminal, lie.driver) = (other, driver.clone());
        sessions.insert(other, lie);
        sessions.get_mut(&own).unwrap().driver = driver;
    }
    let _port = Port::open(world).await;
    let holder = || place.shell.state.sessions.lock().unwrap()[&own].driver.clone();
    while holder() != Driver::Owner {
        // Nobody else can tell when api has looked.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(*place.shell.state.orders.lock().unwrap(), [Order::Take], "of its own terminal, and no other");
    let kept = world.store.hand_of_terminal(&vault, other, now).await.unwrap();
    assert_eq!(kept.unwrap().run, working, "and there the run goes on typing");
}

#[tokio::test]
async fn b5_a_host_tells_nothing_that_counts_of_a_terminal_on_another_one() {
    let place = Place::new().await;
    let _port = Port::open(&place.world).await;
    let own = place.open().await;
    let mut tx = place.world.store.begin().await.unwrap();
    let new = NewTerminal { host: "build".into(), name: "there".into(), size: Size::new(80, 24).unwrap() };
    let other = tx.create_terminal(&new, place.world.now()).await.unwrap();
    let _ = tx.commit().await.unwrap();
    let honest = place.shell.report(own, Happened::Waits, place.world.now()).await;
    // It has that one's disk, or lies: about how it stands, and about whose keyboard it is.
    let mut lie = honest.clone();
    (lie.terminal, lie.number, lie.what) = (other, 1 << 40, Happened::Ended);
    (lie.status.terminal, lie.status.state) = (other, TerminalState::Ended);
    place.shell.send(&lie).await;
    let mut mixed = honest.clone();
    (mixed.number, mixed.status.terminal) = (honest.number + 1, other);
    place.shell.send(&mixed).await;
    let queue = ["XLEN", "metatron-live:queue:terminal:high"];
    while place.redis.command(&queue).unwrap().trim() != ":0" {
        // Nobody else can tell when all of it was taken in.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let row = place.world.store.terminal(other).await.unwrap();
    assert_eq!((row.state, row.report), (TerminalState::Opening, 0));
    assert_eq!(place.world.store.terminal(own).await.unwrap().report, honest.number);
}
