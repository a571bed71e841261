//! Terminals in the hands of a run, in the store alone: what comes to rest, what is asked first, who is told.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod judged;

use std::time::Duration;

use metatron_domain::actor::Actor;
use metatron_domain::approval::{Answer, ApprovalState};
use metatron_domain::clock::Instant;
use metatron_domain::command::{JobKind, Outcome, Rest};
use metatron_domain::exec::{ExecState, Exit};
use metatron_domain::id::{ChatId, RunId, TerminalId};
use metatron_domain::policy::Verdict;
use metatron_domain::run::{Origin, RunEnd, RunState};
use metatron_domain::terminal::hand::HandAsk;
use metatron_domain::terminal::{Size, TerminalKind, TerminalState, Waits};
use metatron_store::approval::{Approval, Decision};
use metatron_store::exec::Exec;
use metatron_store::journal::{CompleteTurn, Intent, NewExec};
use metatron_store::run::Usage;
use metatron_store::{Committed, Error, Store, Tx};
use tempfile::TempDir;

use judged::{judgement, measure};

const T0: Instant = Instant::from_millis(1_800_000_000_000);

struct House {
    _folder: TempDir,
    store: Store,
    chat: ChatId,
    run: RunId,
}

/// A worker takes the run's job, and gives it back when the run waits.
async fn carried(store: &Store, committed: Committed) {
    for owed in committed.owed.iter().filter(|owed| owed.ticket.kind == JobKind::Run) {
        let claim = store.claim(owed.ticket.id, "worker", None).await.unwrap().unwrap();
        store.finish(&claim, T0).await.unwrap();
    }
}

/// A command that the AI means to type into.
fn shell() -> Intent {
    Intent::Exec(NewExec {
        command: "bash".to_owned(),
        cwd: None,
        timeout_s: 60,
        why: "to work".to_owned(),
        host: "local".to_owned(),
        interactive: true,
        power: metatron_domain::elevated::Power::Agent,
        size: Size::new(80, 24).unwrap(),
    })
}

impl House {
    /// A run whose first turn makes these calls.
    async fn with(calls: Vec<Intent>) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("metatron.db");
        metatron_store::migrate(&path, &folder.path().join("backup")).await.unwrap();
        let store = Store::open(&path).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let chat = tx.create_chat("", &Actor::Owner, T0).await.unwrap();
        let run = tx.post_message(chat, "work", Origin::Chat, &Actor::Owner, T0).await.unwrap().run;
        carried(&store, tx.commit().await.unwrap()).await;
        let mut tx = store.begin().await.unwrap();
        tx.take_run(run, T0).await.unwrap();
        let attempt = tx.ask_turn(run, 1, "m", T0).await.unwrap();
        let call = |intent| ("call".to_owned(), "tool".to_owned(), "{}".to_owned(), intent);
        let turn = CompleteTurn {
            turn: 1,
            attempt,
            text: String::new(),
            finish_reason: "tool_calls".to_owned(),
            model: "m".to_owned(),
            usage: Usage::default(),
            calls: calls.into_iter().map(call).collect(),
        };
        tx.complete_turn(run, chat, &turn, T0).await.unwrap();
        let _ = tx.commit().await.unwrap();
        Self { _folder: folder, store, chat, run }
    }

    async fn exec(&self) -> Exec {
        self.store.execs_of_run(self.run).await.unwrap().remove(0)
    }

    async fn state(&self) -> RunState {
        self.store.run(self.run).await.unwrap().state
    }

    /// What the model is told of a call.
    async fn told(&self, index: usize) -> Option<String> {
        self.store.calls(self.run, 1).await.unwrap().remove(index).result
    }

    async fn begin(&self) -> Tx {
        self.store.begin().await.unwrap()
    }

    /// The first command is allowed and has come to rest.
    async fn rests(&self) {
        let exec = self.exec().await;
        let mut tx = self.begin().await;
        assert!(tx.carry_on(self.run, T0).await.unwrap());
        tx.exec_prepared(exec.id, &measure("touch old"), &judgement(Verdict::Allow), None, T0).await.unwrap();
        tx.exec_rests(exec.id, &rest(), T0).await.unwrap();
        let committed = tx.commit().await.unwrap();
        assert!(committed.owed.iter().any(|owed| owed.ticket.kind == JobKind::Run), "the run goes on");
    }

    async fn question(&self) -> Approval {
        self.store.approvals(true, 10, None).await.unwrap().remove(0)
    }

    /// The run asks for the keyboard in its call `index`.
    async fn asks(&self, index: u32) -> Approval {
        let mut tx = self.begin().await;
        if self.state().await == RunState::Queued {
            tx.take_run(self.run, T0).await.unwrap();
        }
        tx.ask_hand(self.run, &ask(index), T0).await.unwrap();
        let _ = tx.commit().await.unwrap();
        assert_eq!(self.state().await, RunState::WaitingApproval);
        self.question().await
    }
}

fn rest() -> Rest {
    let (waits, program) = (Some(Waits::Input), Some("bash".to_owned()));
    Rest { started_at: T0, waits, program, screen: "agent$".to_owned() }
}

fn ask(index: u32) -> HandAsk {
    HandAsk {
        terminal_id: TerminalId::new(),
        kind: TerminalKind::Command,
        name: "bash".to_owned(),
        host: "local".to_owned(),
        user: "agent".to_owned(),
        cwd: None,
        program: None,
        text: "ls\n".to_owned(),
        keys: vec![],
        minutes: 10,
        why: "to look".to_owned(),
        turn: 1,
        index,
    }
}

fn decision(question: &Approval, answer: Answer) -> Decision {
    let (digest, nonce) = (question.digest.clone(), question.nonce.clone());
    Decision { answer, digest, nonce, reason: Some("not there".to_owned()) }
}

#[tokio::test]
async fn a_command_that_rests_answers_its_call_and_its_run_goes_on() {
    let house = House::with(vec![shell()]).await;
    house.rests().await;
    let exec = house.exec().await;
    assert_eq!((exec.state, exec.detached_at), (ExecState::Running, Some(T0)));
    assert_eq!(house.state().await, RunState::Queued);
    let told = house.told(0).await.unwrap();
    assert!(told.contains("bash waits for input") && told.ends_with("agent$"), "{told}");
    let terminal = house.store.terminal(exec.terminal).await.unwrap();
    assert_eq!((terminal.state, terminal.size), (TerminalState::Running, Size::new(80, 24).unwrap()));
    // Its end changes neither what was told nor that the run goes on; the run's own end leaves it.
    let mut tx = house.begin().await;
    assert!(tx.open_execs(house.run).await.unwrap().is_empty());
    assert_eq!(tx.unended_execs(house.run).await.unwrap().len(), 1);
    tx.exec_rests(exec.id, &rest(), T0).await.unwrap();
    tx.take_run(house.run, T0).await.unwrap();
    tx.end_run(house.run, RunEnd::Succeeded, None, T0).await.unwrap();
    let exit = Some(Exit::Code { code: 0 });
    let outcome = Outcome {
        started_at: T0,
        ended_at: T0,
        exit,
        text: "bye".to_owned(),
        truncated: false,
        bytes: 3,
        sha256: String::new(),
        kept: None,
    };
    tx.exec_ended(exec.id, &outcome, T0).await.unwrap();
    assert!(tx.commit().await.unwrap().owed.is_empty(), "nobody is woken");
    assert_eq!(house.told(0).await.unwrap(), told);
    assert_eq!(house.exec().await.state, ExecState::Ended);
    assert_eq!(house.state().await, RunState::Succeeded);
}

#[tokio::test]
async fn the_calls_of_a_turn_are_carried_out_in_their_order() {
    let house = House::with(vec![Intent::Open, shell()]).await;
    let mut tx = house.begin().await;
    assert!(!tx.carry_on(house.run, T0).await.unwrap(), "the call before it comes first");
    tx.answer_call(house.run, 1, 0, "typed").await.unwrap();
    assert!(tx.carry_on(house.run, T0).await.unwrap());
    assert_eq!(tx.commit().await.unwrap().owed[0].ticket.kind, JobKind::Prepare);
}

#[tokio::test]
async fn a_keyboard_is_asked_for_once_and_only_for_what_the_owner_saw() {
    let house = House::with(vec![Intent::Open]).await;
    let question = house.asks(0).await;
    assert_eq!(
        question.hand,
        Some(HandAsk { terminal_id: question.hand.clone().unwrap().terminal_id, ..ask(0) })
    );
    assert_eq!(house.asks(0).await.id, question.id, "once");
    let mut tx = house.begin().await;
    assert!(tx.carry_on(house.run, T0).await.unwrap(), "what happens beside it wakes nobody");
    let other = Decision { digest: "00".to_owned(), ..decision(&question, Answer::AllowOnce) };
    let refused = tx.decide_hand(question.id, &other, &Actor::Owner, T0).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    let yes = decision(&question, Answer::AllowOnce);
    let allowed = tx.decide_hand(question.id, &yes, &Actor::Owner, T0).await.unwrap();
    assert_eq!(allowed.state, ApprovalState::Allowed);
    let _ = tx.commit().await.unwrap();
    assert_eq!(
        (house.state().await, house.told(0).await),
        (RunState::Queued, None),
        "it is still to be typed"
    );
    let mut tx = house.begin().await;
    let late = tx.decide_hand(question.id, &yes, &Actor::Owner, T0).await;
    assert!(matches!(late, Err(Error::Refused(_))), "the first answer wins: {late:?}");
}

#[tokio::test]
async fn a_no_and_no_answer_in_time_are_told() {
    let house = House::with(vec![Intent::Open, Intent::Open]).await;
    let question = house.asks(0).await;
    let mut tx = house.begin().await;
    tx.decide_hand(question.id, &decision(&question, Answer::Deny), &Actor::Owner, T0).await.unwrap();
    carried(&house.store, tx.commit().await.unwrap()).await;
    assert!(house.told(0).await.unwrap().contains("not there"));
    let question = house.asks(1).await;
    let mut tx = house.begin().await;
    let late = question.expires_at.after(Duration::from_secs(1));
    assert_eq!(tx.expire_approvals(late).await.unwrap(), 1);
    assert!(tx.commit().await.unwrap().owed.iter().any(|owed| owed.ticket.kind == JobKind::Run));
    assert!(house.told(1).await.unwrap().contains("did not answer in time"));
}

#[tokio::test]
async fn a_stopped_runs_question_is_taken_back() {
    let house = House::with(vec![Intent::Open]).await;
    let question = house.asks(0).await;
    let mut tx = house.begin().await;
    tx.request_stop(house.run, &Actor::Owner, T0).await.unwrap();
    tx.withdraw_hand(house.run, T0).await.unwrap();
    tx.withdraw_hand(house.run, T0).await.unwrap();
    let _ = tx.commit().await.unwrap();
    assert_eq!(house.store.approval(question.id).await.unwrap().state, ApprovalState::Withdrawn);
    assert!(house.told(0).await.unwrap().contains("stopped the run"));
    assert!(house.store.terminals_of_chat(house.chat).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_number_of_what_is_typed_is_remembered() {
    let house = House::with(vec![Intent::Open]).await;
    let mut tx = house.begin().await;
    tx.mint_sequence(house.run, 1, 0, 7).await.unwrap();
    let _ = tx.commit().await.unwrap();
    assert_eq!(house.store.calls(house.run, 1).await.unwrap()[0].sequence, Some(7));
}
