//! What comes by way of Redis and is not so: last numbers that api must not go on from for ever, and a host's word about a
//! terminal of another one. SECURITY B5.

use std::time::Duration;

use metatron_domain::terminal::message::Happened;
use metatron_domain::terminal::{Size, TerminalState};
use metatron_store::terminal::owner::NewTerminal;
use serde_json::json;

use crate::terminal::Place;
use crate::watch::Port;

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
