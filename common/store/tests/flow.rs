//! The life of a run in the store alone: what is owed, what is recorded, what refuses. DESIGN 2, 3 and 5.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod judged;

use metatron_domain::actor::Actor;
use metatron_domain::approval::{Answer, ApprovalState};
use metatron_domain::clock::Instant;
use metatron_domain::command::{JobKind, Outcome};
use metatron_domain::event::EventKind;
use metatron_domain::exec::{ExecState, Exit};
use metatron_domain::id::{ChatId, ExecId, RunId};
use metatron_domain::policy::Verdict;
use metatron_domain::run::{Origin, RunState};
use metatron_domain::terminal::Size;
use metatron_store::approval::Decision;
use metatron_store::journal::{CompleteTurn, Intent, NewExec};
use metatron_store::run::Usage;
use metatron_store::{Committed, Error, Store};
use tempfile::TempDir;

use judged::{judgement, measure};

const T0: Instant = Instant::from_millis(1_800_000_000_000);

struct House {
    _folder: TempDir,
    store: Store,
    chat: ChatId,
    run: RunId,
}

/// A store with one conversation, one posted message and the run it owes.
async fn house() -> (House, Committed) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("metatron.db");
    metatron_store::migrate(&path, &folder.path().join("backup")).await.unwrap();
    let store = Store::open(&path).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let chat = tx.create_chat("", &Actor::Owner, T0).await.unwrap();
    let posted = tx.post_message(chat, "tidy up", Origin::Chat, &Actor::Owner, T0).await.unwrap();
    let committed = tx.commit().await.unwrap();
    (House { _folder: folder, store, chat, run: posted.run }, committed)
}

fn outcome(exit: Option<Exit>) -> Outcome {
    let text = "done\n".to_owned();
    Outcome {
        started_at: T0,
        ended_at: T0,
        exit,
        text,
        truncated: false,
        bytes: 5,
        sha256: "cc".into(),
        kept: None,
    }
}

impl House {
    /// The first turn asks for `commands`; the run is parked on the first of them.
    async fn propose(&self, commands: &[&str]) -> Vec<ExecId> {
        let mut tx = self.store.begin().await.unwrap();
        tx.take_run(self.run, T0).await.unwrap();
        let attempt = tx.ask_turn(self.run, 1, "m", T0).await.unwrap();
        let call = |command: &&str| {
            let new = NewExec {
                command: (*command).to_owned(),
                cwd: None,
                timeout_s: 60,
                why: "to tidy".to_owned(),
                host: "local".to_owned(),
                interactive: false,
                power: metatron_domain::elevated::Power::Agent,
                size: Size::COMMAND,
            };
            ("call_1".to_owned(), "shell_run".to_owned(), "{}".to_owned(), Intent::Exec(new))
        };
        let turn = CompleteTurn {
            turn: 1,
            attempt,
            text: "I need a command.".to_owned(),
            finish_reason: "tool_calls".to_owned(),
            model: "m".to_owned(),
            usage: Usage { tokens_in: 10, tokens_out: 5, cost_micros: 7, active_ms: 1_500 },
            calls: commands.iter().map(call).collect(),
        };
        tx.complete_turn(self.run, self.chat, &turn, T0).await.unwrap();
        assert!(tx.carry_on(self.run, T0).await.unwrap());
        let committed = tx.commit().await.unwrap();
        assert_eq!(committed.owed.len(), 1, "one command is at work at a time");
        assert_eq!(committed.owed[0].ticket.kind, JobKind::Prepare);
        self.store.execs_of_run(self.run).await.unwrap().into_iter().map(|exec| exec.id).collect()
    }

    async fn prepared(&self, exec: ExecId, verdict: Verdict) -> Committed {
        let mut tx = self.store.begin().await.unwrap();
        tx.exec_prepared(exec, &measure("touch old"), &judgement(verdict), None, T0).await.unwrap();
        tx.commit().await.unwrap()
    }

    async fn decide(&self, answer: Answer, digest: Option<&str>, at: Instant) -> Result<Committed, Error> {
        let question =
            self.store.approvals(true, 10, None).await?.pop().ok_or(Error::NotFound("the approval"))?;
        let digest = digest.unwrap_or(&question.digest).to_owned();
        let decision = Decision { answer, digest, nonce: question.nonce, reason: Some("not now".to_owned()) };
        let mut tx = self.store.begin().await?;
        tx.decide(question.id, &decision, &Actor::Owner, at, |grant| Ok(format!("sealed {}", grant.exec)))
            .await?;
        tx.commit().await
    }

    async fn state(&self) -> RunState {
        self.store.run(self.run).await.unwrap().state
    }
}

#[tokio::test]
async fn a_posted_message_owes_one_run_and_a_second_one_is_read_by_it() {
    let (house, committed) = house().await;
    let kinds: Vec<_> = committed.events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::ChatCreated, EventKind::MessageAdded, EventKind::RunQueued]);
    assert_eq!(committed.owed.len(), 1);
    let mut tx = house.store.begin().await.unwrap();
    let posted = tx.post_message(house.chat, "and quickly", Origin::Chat, &Actor::Owner, T0).await.unwrap();
    let committed = tx.commit().await.unwrap();
    assert_eq!(posted.run, house.run);
    assert!(committed.owed.is_empty());
    assert_eq!(house.store.chat(house.chat).await.unwrap().title, "tidy up");
}

#[tokio::test]
async fn a_job_is_claimed_by_one_and_a_zombie_s_late_write_is_refused() {
    let (house, committed) = house().await;
    let job = committed.owed[0].ticket.id;
    let first = house.store.claim(job, "a", None).await.unwrap().unwrap();
    assert!(house.store.claim(job, "b", None).await.unwrap().is_none(), "a is alive");
    assert!(house.store.claim(job, "b", Some("c")).await.unwrap().is_none(), "c never had it");
    let second = house.store.claim(job, "b", Some("a")).await.unwrap().unwrap();
    let mut tx = house.store.begin().await.unwrap();
    assert!(matches!(tx.finish(&first, T0).await, Err(Error::Conflict(_))));
    drop(tx);
    let mut tx = house.store.begin().await.unwrap();
    tx.finish(&second, T0).await.unwrap();
    let _ = tx.commit().await.unwrap();
    assert!(house.store.owed(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_allowed_command_starts_under_a_grant_and_its_end_wakes_the_run() {
    let (house, _) = house().await;
    let exec = house.propose(&["rm -r build"]).await[0];
    let committed = house.prepared(exec, Verdict::Ask).await;
    assert!(committed.owed.is_empty(), "nothing is owed while the owner is asked");
    assert_eq!(house.state().await, RunState::WaitingApproval);
    assert!(
        matches!(house.decide(Answer::AllowOnce, Some("other"), T0).await, Err(Error::Conflict(_))),
        "I5"
    );
    let committed = house.decide(Answer::AllowOnce, None, T0).await.unwrap();
    let body = committed.owed[0].body.clone().unwrap();
    assert_eq!(body["type"], "start");
    assert_eq!(body["grant"], format!("sealed {exec}"));
    assert_eq!(house.state().await, RunState::WaitingCommand);
    assert!(
        matches!(house.decide(Answer::Deny, None, T0).await, Err(Error::NotFound(_))),
        "the first answer wins"
    );

    let mut tx = house.store.begin().await.unwrap();
    tx.exec_started(exec, T0, T0).await.unwrap();
    tx.exec_ended(exec, &outcome(Some(Exit::Code { code: 0 })), T0).await.unwrap();
    tx.exec_ended(exec, &outcome(Some(Exit::Code { code: 1 })), T0).await.unwrap();
    let committed = tx.commit().await.unwrap();
    assert_eq!(committed.owed.len(), 0, "the posted run's own job is still there and carries it on");
    assert_eq!(house.state().await, RunState::Queued);
    let told = house.store.calls(house.run, 1).await.unwrap()[0].result.clone().unwrap();
    assert_eq!(told, "[exit status 0]\ndone\n");
}

#[tokio::test]
async fn a_denied_command_never_runs_and_the_next_one_takes_its_turn() {
    let (house, _) = house().await;
    let execs = house.propose(&["rm a", "rm b"]).await;
    let _ = house.prepared(execs[0], Verdict::Ask).await;
    let committed = house.decide(Answer::Deny, None, T0).await.unwrap();
    assert_eq!(committed.owed[0].ticket.subject, execs[1].to_string());
    assert_eq!(house.store.exec(execs[0]).await.unwrap().state, ExecState::Denied);
    let told = house.store.calls(house.run, 1).await.unwrap()[0].result.clone().unwrap();
    assert_eq!(told, "[not run: the owner said no] The owner's reason: not now");
    let committed = house.prepared(execs[1], Verdict::Deny).await;
    assert!(committed.owed.is_empty());
    assert_eq!(house.state().await, RunState::Queued);
}

#[tokio::test]
async fn no_answer_in_time_means_no() {
    let (house, _) = house().await;
    let exec = house.propose(&["rm a"]).await[0];
    let _ = house.prepared(exec, Verdict::Ask).await;
    let late = house.store.next_expiry().await.unwrap().unwrap();
    assert!(matches!(house.decide(Answer::AllowOnce, None, late).await, Err(Error::Refused(_))));
    let mut tx = house.store.begin().await.unwrap();
    assert_eq!(tx.expire_approvals(late).await.unwrap(), 1);
    let _ = tx.commit().await.unwrap();
    assert_eq!(house.state().await, RunState::Queued);
    assert_eq!(house.store.approvals(false, 10, None).await.unwrap()[0].state, ApprovalState::Expired);
}

#[tokio::test]
async fn a_command_lost_with_its_shell_is_unknown_and_stays_so() {
    let (house, _) = house().await;
    let exec = house.propose(&["make"]).await[0];
    let committed = house.prepared(exec, Verdict::Allow).await;
    assert_eq!(committed.owed[0].body.clone().unwrap()["type"], "start");
    let mut tx = house.store.begin().await.unwrap();
    tx.exec_ended(exec, &outcome(None), T0).await.unwrap();
    tx.exec_ended(exec, &outcome(Some(Exit::Code { code: 0 })), T0).await.unwrap();
    let _ = tx.commit().await.unwrap();
    assert_eq!(house.store.exec(exec).await.unwrap().state, ExecState::Unknown);
    assert!(
        house.store.calls(house.run, 1).await.unwrap()[0].result.clone().unwrap().contains("outcome unknown")
    );
}

#[tokio::test]
async fn owed_work_can_be_carried_again_with_its_body() {
    let (house, _) = house().await;
    let exec = house.propose(&["rm a"]).await[0];
    let owed = house.store.owed(None, 10).await.unwrap();
    let prepare = owed.into_iter().find(|row| row.owed.ticket.kind == JobKind::Prepare).unwrap();
    assert!(prepare.entry.is_none());
    let whole = house.store.with_bodies(vec![prepare.owed]).await.unwrap();
    assert_eq!(whole[0].body.clone().unwrap()["spec"]["exec"], exec.to_string());
}

#[tokio::test]
async fn a_stopped_run_withdraws_its_question_and_is_over_where_nothing_is_at_work() {
    let (house, _) = house().await;
    let exec = house.propose(&["rm a"]).await[0];
    let _ = house.prepared(exec, Verdict::Ask).await;
    let mut tx = house.store.begin().await.unwrap();
    let run = tx.request_stop(house.run, &Actor::Owner, T0).await.unwrap();
    assert_eq!(run.state, RunState::Cancelled, "nothing is at work, so nobody is needed to end it");
    let _ = tx.commit().await.unwrap();
    assert_eq!(house.store.exec(exec).await.unwrap().state, ExecState::Cancelled);
    assert_eq!(house.store.approvals(false, 10, None).await.unwrap()[0].state, ApprovalState::Withdrawn);
    let mut tx = house.store.begin().await.unwrap();
    assert!(matches!(tx.request_stop(house.run, &Actor::Owner, T0).await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn an_attempt_left_open_by_a_dead_worker_is_cut_and_charged() {
    let (house, _) = house().await;
    let mut tx = house.store.begin().await.unwrap();
    tx.take_run(house.run, T0).await.unwrap();
    assert_eq!(tx.ask_turn(house.run, 1, "m", T0).await.unwrap(), 1);
    assert_eq!(tx.ask_turn(house.run, 1, "m", T0).await.unwrap(), 2);
    let _ = tx.commit().await.unwrap();
    let position = house.store.position(house.run).await.unwrap();
    assert_eq!((position.complete, position.attempts), (0, 2));
    assert_eq!(house.store.run(house.run).await.unwrap().spent.turns, 1);
}

#[tokio::test]
async fn events_are_numbered_without_a_hole() {
    let (house, _) = house().await;
    let before = house.store.begin().await.unwrap();
    drop(before);
    let mut undone = house.store.begin().await.unwrap();
    undone.create_chat("never", &Actor::Owner, T0).await.unwrap();
    drop(undone);
    house.propose(&["ls"]).await;
    let eids: Vec<_> =
        house.store.events_after(0, 100).await.unwrap().iter().map(|event| event.eid).collect();
    assert_eq!(eids, (1..=i64::try_from(eids.len()).unwrap()).collect::<Vec<_>>());
}
