//! What work that nobody watches may do at most: twenty questions at once, sixty commands an hour. SECURITY P6.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod judged;

use std::time::Duration;

use metatron_domain::actor::Actor;
use metatron_domain::approval::{Answer, Grant};
use metatron_domain::clock::Instant;
use metatron_domain::command::Outcome;
use metatron_domain::exec::{ExecState, Exit};
use metatron_domain::id::ExecId;
use metatron_domain::policy::Verdict;
use metatron_domain::run::Origin;
use metatron_store::approval::Decision;
use metatron_store::exec::Exec;
use metatron_store::journal::{CompleteTurn, Intent, NewExec};
use metatron_store::run::Usage;
use metatron_store::{Error, Store};
use tempfile::TempDir;

use judged::{judgement, measure};

const T0: Instant = Instant::from_millis(1_800_000_000_000);

async fn store(folder: &TempDir) -> Store {
    let path = folder.path().join("metatron.db");
    metatron_store::migrate(&path, &folder.path().join("backup")).await.unwrap();
    Store::open(&path).await.unwrap()
}

/// A run of this origin wants a command, which is judged so; returns the command as it stands then.
async fn wants(store: &Store, origin: Origin, verdict: Verdict, at: Instant) -> Exec {
    let exec = proposed(store, origin, at).await;
    let mut tx = store.begin().await.unwrap();
    tx.exec_prepared(exec, &measure("touch old"), &judgement(verdict), None, at).await.unwrap();
    let _ = tx.commit().await.unwrap();
    store.exec(exec).await.unwrap()
}

async fn proposed(store: &Store, origin: Origin, at: Instant) -> ExecId {
    let mut tx = store.begin().await.unwrap();
    let chat = tx.create_chat("", &Actor::Owner, at).await.unwrap();
    let run = tx.post_message(chat, "tidy up", origin, &Actor::Schedule, at).await.unwrap().run;
    tx.take_run(run, at).await.unwrap();
    let attempt = tx.ask_turn(run, 1, "m", at).await.unwrap();
    let new = NewExec {
        command: "ls".to_owned(),
        cwd: None,
        timeout_s: 60,
        why: "to look".to_owned(),
        host: "local".to_owned(),
        interactive: false,
        power: metatron_domain::elevated::Power::Agent,
        size: metatron_domain::terminal::Size::COMMAND,
    };
    let turn = CompleteTurn {
        turn: 1,
        attempt,
        text: String::new(),
        finish_reason: "tool_calls".to_owned(),
        model: "m".to_owned(),
        usage: Usage { cost_micros: 7, ..Usage::default() },
        calls: vec![("call_1".to_owned(), "shell_run".to_owned(), "{}".to_owned(), Intent::Exec(new))],
    };
    tx.complete_turn(run, chat, &turn, at).await.unwrap();
    assert!(tx.carry_on(run, at).await.unwrap());
    let _ = tx.commit().await.unwrap();
    store.execs_of_run(run).await.unwrap()[0].id
}

async fn runs_through(store: &Store, exec: ExecId, at: Instant) {
    let outcome = Outcome {
        started_at: at,
        ended_at: at,
        exit: Some(Exit::Code { code: 0 }),
        text: String::new(),
        truncated: false,
        bytes: 0,
        sha256: "cc".into(),
        kept: None,
    };
    let mut tx = store.begin().await.unwrap();
    tx.exec_started(exec, at, at).await.unwrap();
    tx.exec_ended(exec, &outcome, at).await.unwrap();
    let _ = tx.commit().await.unwrap();
}

#[tokio::test]
async fn p6_of_work_that_nobody_watches_twenty_questions_wait_at_once_and_no_more() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    for n in 0..20 {
        let origin = [Origin::Schedule, Origin::Pulse][n % 2];
        let exec = wants(&store, origin, Verdict::Ask, T0).await;
        assert_eq!(exec.state, ExecState::WaitingApproval, "question {n}");
    }
    // What programs ask has places of its own.
    assert_eq!(wants(&store, Origin::Api, Verdict::Ask, T0).await.state, ExecState::WaitingApproval);
    let exec = wants(&store, Origin::Schedule, Verdict::Ask, T0).await;
    assert_eq!((exec.state, exec.error.unwrap().0.as_str()), (ExecState::Denied, "too_many_questions"));
    let told = store.calls(exec.run, 1).await.unwrap()[0].result.clone().unwrap();
    assert!(told.contains("20 questions"), "the model is told: {told}");
    // Whoever is there is asked all the same, and what needs no question runs.
    assert_eq!(wants(&store, Origin::Chat, Verdict::Ask, T0).await.state, ExecState::WaitingApproval);
    assert_eq!(wants(&store, Origin::Schedule, Verdict::Allow, T0).await.state, ExecState::Approved);

    // An answer makes room for one.
    let waiting = store.approvals(true, 200, None).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let oldest = waiting.iter().min_by_key(|question| question.id).unwrap();
    let decision = Decision {
        answer: Answer::Deny,
        digest: oldest.digest.clone(),
        nonce: oldest.nonce.clone(),
        reason: None,
    };
    let seal = |_: &Grant| -> Result<String, Error> { unreachable!() };
    tx.decide(oldest.id, &decision, &Actor::Owner, T0, seal).await.unwrap();
    let _ = tx.commit().await.unwrap();
    assert_eq!(wants(&store, Origin::Schedule, Verdict::Ask, T0).await.state, ExecState::WaitingApproval);
}

#[tokio::test]
async fn p6_work_of_the_clock_starts_sixty_commands_within_an_hour_and_no_more() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    for _ in 0..59 {
        let exec = wants(&store, Origin::Schedule, Verdict::Allow, T0).await;
        runs_through(&store, exec.id, T0).await;
    }
    // One that is about to start counts as well.
    let late = T0.after(Duration::from_mins(59));
    assert_eq!(wants(&store, Origin::Pulse, Verdict::Allow, late).await.state, ExecState::Approved);
    let exec = wants(&store, Origin::Schedule, Verdict::Allow, late).await;
    assert_eq!((exec.state, exec.error.unwrap().0.as_str()), (ExecState::Denied, "too_many_commands"));
    // The owner's own work and that of a program are not counted, and the owner may still be asked.
    assert_eq!(wants(&store, Origin::Chat, Verdict::Allow, late).await.state, ExecState::Approved);
    assert_eq!(wants(&store, Origin::Api, Verdict::Allow, late).await.state, ExecState::Approved);
    assert_eq!(wants(&store, Origin::Schedule, Verdict::Ask, late).await.state, ExecState::WaitingApproval);
    // What the owner has spoken to is watched.
    let exec = proposed(&store, Origin::Schedule, late).await;
    let run = store.run(store.exec(exec).await.unwrap().run).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.post_message(run.chat, "go on", Origin::Chat, &Actor::Owner, late).await.unwrap();
    tx.exec_prepared(exec, &measure("touch old"), &judgement(Verdict::Allow), None, late).await.unwrap();
    let _ = tx.commit().await.unwrap();
    assert_eq!(store.exec(exec).await.unwrap().state, ExecState::Approved);

    // An hour later the first are forgotten.
    let after = T0.after(Duration::from_mins(61));
    assert_eq!(wants(&store, Origin::Schedule, Verdict::Allow, after).await.state, ExecState::Approved);
    // Each turn of the clock cost seven millionths; those of the owner and the program are none of its.
    assert_eq!(store.spent_by_clock(T0).await.unwrap(), 7 * 64);
    assert_eq!(store.spent_by_clock(late.after(Duration::from_millis(1))).await.unwrap(), 7);
}
