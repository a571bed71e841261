//! What a question owes to devices, from the commit that asks it to the one that ends it; and what becomes of a run that
//! nobody watches when no device can be reached.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod judged;

use std::path::Path;

use metatron_domain::actor::Actor;
use metatron_domain::approval::Answer;
use metatron_domain::clock::Instant;
use metatron_domain::command::JobKind;
use metatron_domain::exec::ExecState;
use metatron_domain::id::{DeviceId, ExecId, PushId, RunId};
use metatron_domain::policy::Verdict;
use metatron_domain::run::{Origin, RunState};
use metatron_store::approval::Decision;
use metatron_store::journal::{CompleteTurn, Intent, NewExec};
use metatron_store::push::device::NewDevice;
use metatron_store::push::{About, PushState};
use metatron_store::run::Usage;
use metatron_store::{Committed, Error, Store};
use tempfile::TempDir;

use judged::{judgement, measure};

const T0: Instant = Instant::from_millis(1_800_000_000_000);

async fn store(folder: &Path) -> Store {
    let path = folder.join("metatron.db");
    metatron_store::migrate(&path, &folder.join("backup")).await.unwrap();
    Store::open(&path).await.unwrap()
}

async fn device(store: &Store, endpoint: &str) -> DeviceId {
    let mut tx = store.begin().await.unwrap();
    let new = NewDevice { name: "phone", endpoint, p256dh: "key", auth: "secret" };
    let id = tx.add_device_for_push(&new, T0).await.unwrap();
    let _ = tx.commit().await.unwrap();
    id
}

/// A run of this origin whose one turn asks for two commands; the first is being prepared.
async fn proposed(store: &Store, origin: Origin) -> (RunId, ExecId) {
    let mut tx = store.begin().await.unwrap();
    let chat = tx.create_chat("", &Actor::Owner, T0).await.unwrap();
    let run = tx.post_message(chat, "tidy up", origin, &Actor::Owner, T0).await.unwrap().run;
    tx.take_run(run, T0).await.unwrap();
    let attempt = tx.ask_turn(run, 1, "m", T0).await.unwrap();
    let call = |command: &str| {
        let new = NewExec {
            command: command.to_owned(),
            cwd: None,
            timeout_s: 60,
            why: "to tidy".to_owned(),
            host: "local".to_owned(),
            interactive: false,
            power: metatron_domain::elevated::Power::Agent,
            size: metatron_domain::terminal::Size::COMMAND,
        };
        ("call_1".to_owned(), "shell_run".to_owned(), "{}".to_owned(), Intent::Exec(new))
    };
    let turn = CompleteTurn {
        turn: 1,
        attempt,
        text: "I need a command.".to_owned(),
        finish_reason: "tool_calls".to_owned(),
        model: "m".to_owned(),
        usage: Usage::default(),
        calls: vec![call("touch a"), call("touch b")],
    };
    tx.complete_turn(run, chat, &turn, T0).await.unwrap();
    assert!(tx.carry_on(run, T0).await.unwrap());
    let _ = tx.commit().await.unwrap();
    (run, store.execs_of_run(run).await.unwrap()[0].id)
}

async fn asked(store: &Store) -> Committed {
    let (_, exec) = proposed(store, Origin::Chat).await;
    let mut tx = store.begin().await.unwrap();
    tx.exec_prepared(exec, &measure("touch old"), &judgement(Verdict::Ask), None, T0).await.unwrap();
    tx.commit().await.unwrap()
}

fn pushes(committed: &Committed) -> Vec<PushId> {
    let pushes = committed.owed.iter().filter(|owed| owed.ticket.kind == JobKind::Push);
    pushes.map(|owed| owed.ticket.subject.parse().unwrap()).collect()
}

async fn denied(store: &Store) -> Committed {
    let question = store.approvals(true, 10, None).await.unwrap().pop().unwrap();
    let (digest, nonce) = (question.digest, question.nonce);
    let decision = Decision { answer: Answer::Deny, digest, nonce, reason: None };
    let mut tx = store.begin().await.unwrap();
    let seal = |_: &metatron_domain::approval::Grant| -> Result<String, Error> { unreachable!() };
    tx.decide(question.id, &decision, &Actor::Owner, T0, seal).await.unwrap();
    tx.commit().await.unwrap()
}

async fn ends(store: &Store, push: PushId, how: PushState) -> Committed {
    let mut tx = store.begin().await.unwrap();
    tx.end_push(push, how, Some("why"), T0).await.unwrap();
    tx.commit().await.unwrap()
}

#[tokio::test]
async fn a_question_owes_one_notification_to_each_device_until_it_expires() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    assert_eq!(pushes(&asked(&store).await), [], "nobody to tell");
    let devices =
        [device(&store, "https://push.example/1").await, device(&store, "https://push.example/2").await];
    let owed = pushes(&asked(&store).await);
    assert_eq!(owed.len(), 2);
    let question = store.approvals(true, 1, None).await.unwrap().pop().unwrap();
    for (push, device) in owed.into_iter().zip(devices) {
        let push = store.push(push).await.unwrap();
        assert_eq!((push.device, push.state), (device, PushState::Owed));
        assert!(matches!(push.about, About::Approval(_)));
        assert_eq!(push.expires_at, question.expires_at);
        assert!(push.chat.is_some());
    }
}

#[tokio::test]
async fn an_answer_drops_what_was_not_sent_and_takes_back_what_was_where_that_is_silent() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    let sent_to = device(&store, "https://push.example/sent").await;
    device(&store, "https://web.push.apple.com/sent").await;
    device(&store, "https://push.example/owed").await;
    let owed = pushes(&asked(&store).await);
    let _ = ends(&store, owed[0], PushState::Sent).await;
    let _ = ends(&store, owed[1], PushState::Sent).await;
    let back = pushes(&denied(&store).await);
    assert_eq!(back.len(), 1, "nothing is silent at Apple's");
    let back = store.push(back[0]).await.unwrap();
    assert_eq!(back.device, sent_to);
    assert!(matches!(back.about, About::Withdrawal(_)));
    assert_eq!(store.push(owed[2]).await.unwrap().state, PushState::Dropped);
    // It was on its way while the answer came.
    let late = pushes(&ends(&store, owed[2], PushState::Sent).await);
    assert!(matches!(store.push(late[0]).await.unwrap().about, About::Withdrawal(_)));
    assert_eq!(pushes(&ends(&store, owed[2], PushState::Sent).await), [], "once");
}

#[tokio::test]
async fn what_waits_for_a_device_ends_with_it_and_nothing_is_taken_back_from_it() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    let gone = device(&store, "https://push.example/gone").await;
    device(&store, "https://push.example/stays").await;
    let owed = pushes(&asked(&store).await);
    let mut tx = store.begin().await.unwrap();
    tx.remove_device(gone, &Actor::Owner, T0).await.unwrap();
    let _ = tx.commit().await.unwrap();
    let states =
        async || (store.push(owed[0]).await.unwrap().state, store.push(owed[1]).await.unwrap().state);
    assert_eq!(states().await, (PushState::Dropped, PushState::Owed), "in the commit that removes it");
    // It was on its way while the device was removed, and stays with it.
    assert_eq!(pushes(&ends(&store, owed[0], PushState::Sent).await), []);
    assert_eq!(pushes(&denied(&store).await), []);

    let again = pushes(&asked(&store).await);
    let mut tx = store.begin().await.unwrap();
    tx.remove_devices(T0).await.unwrap();
    let _ = tx.commit().await.unwrap();
    assert_eq!(
        store.push(again[0]).await.unwrap().state,
        PushState::Dropped,
        "signing out everywhere as well"
    );
}

#[tokio::test]
async fn what_arrives_and_what_does_not_is_told_of_the_device() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    let id = device(&store, "https://push.example/1").await;
    let mut tx = store.begin().await.unwrap();
    let (first, second) = (tx.try_push(id, T0).await.unwrap(), tx.try_push(id, T0).await.unwrap());
    let _ = tx.commit().await.unwrap();
    let _ = ends(&store, first, PushState::Failed).await;
    assert_eq!(store.device(id).await.unwrap().failure.as_deref(), Some("why"));
    let _ = ends(&store, second, PushState::Sent).await;
    let device = store.device(id).await.unwrap();
    assert_eq!((device.sent_at, device.failure), (Some(T0), None));
    assert_eq!(store.prune_pushes(T0.after(std::time::Duration::from_secs(1)), 10).await.unwrap(), 2);
}

#[tokio::test]
async fn p6_a_run_that_can_reach_nobody_ends_at_once_and_says_so() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path()).await;
    let (run, exec) = proposed(&store, Origin::Pulse).await;
    for _ in 0..2 {
        let mut tx = store.begin().await.unwrap();
        tx.exec_prepared_unanswerable(exec, &measure("touch old"), &judgement(Verdict::Ask), None, T0)
            .await
            .unwrap();
        let _ = tx.commit().await.unwrap();
    }
    let states: Vec<_> = store.execs_of_run(run).await.unwrap().iter().map(|exec| exec.state).collect();
    assert_eq!(states, [ExecState::Denied, ExecState::Cancelled]);
    let run = store.run(run).await.unwrap();
    assert_eq!(run.state, RunState::Expired);
    assert_eq!(run.error.unwrap().code, "owner_unreachable");
    assert!(store.approvals(true, 10, None).await.unwrap().is_empty());
}
