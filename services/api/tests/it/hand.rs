//! The question for a keyboard over HTTP: a yes is done before it is written down, once, and by the owner alone.

use metatron_domain::actor::Actor;
use metatron_domain::id::{ApprovalId, RunId, TerminalId};
use metatron_domain::run::Origin;
use metatron_domain::terminal::TerminalKind;
use metatron_domain::terminal::hand::HandAsk;
use metatron_domain::terminal::order::Order;
use serde_json::{Value, json};

use crate::terminal::Place;
use crate::world::{Reply, World};

/// A run asks for the keyboard of a terminal.
async fn asked(world: &World, terminal_id: TerminalId) -> (RunId, ApprovalId) {
    let now = world.now();
    let mut tx = world.store.begin().await.unwrap();
    let chat = tx.create_chat("Type", &Actor::Owner, now).await.unwrap();
    let run = tx.post_message(chat, "type it", Origin::Chat, &Actor::Owner, now).await.unwrap().run;
    tx.take_run(run, now).await.unwrap();
    let ask = HandAsk {
        terminal_id,
        kind: TerminalKind::Owner,
        name: "work".into(),
        host: "local".into(),
        user: "owner".into(),
        cwd: None,
        program: Some("bash".into()),
        text: "ls\n".into(),
        keys: vec!["Up".into()],
        minutes: 10,
        why: "to look".into(),
        turn: 1,
        index: 0,
    };
    tx.ask_hand(run, &ask, now).await.unwrap();
    let _ = tx.commit().await.unwrap();
    (run, world.waiting().await.unwrap())
}

async fn card(world: &World, cookie: &str, id: ApprovalId) -> Value {
    world.get(&format!("/api/v1/approvals/{id}")).cookie(cookie).send().await.json()
}

async fn answer(world: &World, cookie: &str, id: ApprovalId, decision: &str) -> Reply {
    let card = card(world, cookie, id).await;
    let body = json!({ "decision": decision, "digest": card["digest"], "nonce": card["nonce"] });
    world.post(&format!("/api/v1/approvals/{id}/decision"), &body).cookie(cookie).send().await
}

fn hands(place: &Place) -> Vec<Order> {
    let orders = place.shell.state.orders.lock().unwrap();
    orders.iter().filter(|order| matches!(order, Order::Hand { .. })).cloned().collect()
}

#[tokio::test]
async fn a_yes_hands_the_keyboard_over_once_and_no_token_can_say_it() {
    let place = Place::new().await;
    let (world, cookie) = (&place.world, &place.cookie);
    let terminal = place.open().await;
    let (run, id) = asked(world, terminal).await;
    let shown = card(world, cookie, id).await;
    assert_eq!((&shown["exec"], &shown["hand"]["text"]), (&Value::Null, &json!("ls\n")), "{shown}");
    let (_, token) = world.token(cookie, &["read", "chat", "run"]).await;
    let body = json!({ "decision": "allow_once", "digest": shown["digest"], "nonce": shown["nonce"] });
    let path = format!("/api/v1/approvals/{id}/decision");
    assert!(world.post(&path, &body).bearer(&token).send().await.status.is_client_error(), "I6");
    assert!(hands(&place).is_empty());
    let yes = answer(world, cookie, id, "allow_once").await;
    assert_eq!((yes.status.as_u16(), &yes.json()["state"]), (200, &json!("allowed")), "{}", yes.text);
    let given = hands(&place);
    assert!(matches!(given[..], [Order::Hand { run: to, .. }] if to == run), "{given:?}");
    let vault = world.vault().await;
    let hand = world.store.hand_of_terminal(&vault, terminal, world.now()).await.unwrap().unwrap();
    assert!(matches!(&given[0], Order::Hand { key, .. } if **key == **hand.key), "the run has the key");
    let again = answer(world, cookie, id, "allow_once").await;
    assert_eq!(again.refusal().1, "approval_already_decided");
    assert_eq!(hands(&place).len(), 1, "and is not handed over again");
    let path = format!("/api/v1/terminals/{terminal}/history");
    let told = world.get(&path).cookie(cookie).send().await.json();
    assert_eq!(told["notes"], json!([]), "what the AI claims is not told as the owner's words");
}

#[tokio::test]
async fn a_yes_that_the_host_does_not_hear_is_no_yes() {
    let Place { redis: _redis, world, cookie, shell } = {
        let place = Place::new().await;
        place.open().await;
        place
    };
    let terminal = *shell.state.sessions.lock().unwrap().keys().next().unwrap();
    drop(shell);
    let (_, id) = asked(&world, terminal).await;
    let refused = answer(&world, &cookie, id, "allow_once").await;
    assert_eq!(refused.refusal(), (503, "shell_unavailable".into()));
    assert_eq!(card(&world, &cookie, id).await["state"], "waiting", "it can be answered again");
    let vault = world.vault().await;
    let hand = world.store.hand_of_terminal(&vault, terminal, world.now()).await.unwrap();
    assert!(hand.is_none(), "and nobody has a key");
    let no = answer(&world, &cookie, id, "deny").await;
    assert_eq!((no.status.as_u16(), &no.json()["state"]), (200, &json!("denied")), "a no needs no host");
}
