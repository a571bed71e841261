//! Rules, modes and changed commands in the store alone: what is owed, what is used up, what is refused. SECURITY P3, P4.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod judged;

use std::time::Duration;

use metatron_domain::actor::Actor;
use metatron_domain::approval::{Answer, ApprovalState};
use metatron_domain::clock::Instant;
use metatron_domain::command::JobKind;
use metatron_domain::exec::ExecState;
use metatron_domain::id::{ChatId, ExecId, RuleId, RunId};
use metatron_domain::mode::Mode;
use metatron_domain::policy::Verdict;
use metatron_domain::rule::warrant::Warrant;
use metatron_domain::rule::{Rule, Scope, Under};
use metatron_domain::run::Origin;
use metatron_domain::undo::Forecast;
use metatron_store::approval::Decision;
use metatron_store::journal::{CompleteTurn, Intent, NewExec};
use metatron_store::run::Usage;
use metatron_store::warrant::Seal;
use metatron_store::{Error, Store};
use tempfile::TempDir;

use judged::{judgement, measure};

const T0: Instant = Instant::from_millis(1_800_000_000_000);

async fn store() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("metatron.db");
    metatron_store::migrate(&path, &folder.path().join("backup")).await.unwrap();
    (folder, Store::open(&path).await.unwrap())
}

/// A conversation whose run waits for `command` to be prepared.
async fn proposed(store: &Store, command: &str, mode: Option<Mode>) -> (ChatId, RunId, ExecId) {
    let mut tx = store.begin().await.unwrap();
    let chat = tx.create_chat("", &Actor::Owner, T0).await.unwrap();
    if let Some(mode) = mode {
        tx.set_mode(chat, mode, Some(T0.after(Duration::from_hours(1))), &Actor::Owner, T0).await.unwrap();
    }
    let run = tx.post_message(chat, "do it", Origin::Chat, &Actor::Owner, T0).await.unwrap().run;
    tx.take_run(run, T0).await.unwrap();
    let attempt = tx.ask_turn(run, 1, "m", T0).await.unwrap();
    let new = NewExec {
        command: command.to_owned(),
        cwd: None,
        timeout_s: 60,
        why: String::new(),
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
        usage: Usage { tokens_in: 1, tokens_out: 1, cost_micros: 0, active_ms: 1 },
        calls: vec![("c".to_owned(), "shell_run".to_owned(), "{}".to_owned(), Intent::Exec(new))],
    };
    tx.complete_turn(run, chat, &turn, T0).await.unwrap();
    tx.carry_on(run, T0).await.unwrap();
    let _ = tx.commit().await.unwrap();
    let exec = store.execs_of_run(run).await.unwrap()[0].id;
    (chat, run, exec)
}

/// Writes down what a host said about undoing a command with these words.
async fn foreseen(store: &Store, exec: ExecId, command: &str) {
    let mut tx = store.begin().await.unwrap();
    tx.exec_foreseen(exec, &measure(command), &Forecast::Nothing).await.unwrap();
    let _ = tx.commit().await.unwrap();
}

async fn prepared(
    store: &Store,
    exec: ExecId,
    command: &str,
    verdict: Verdict,
    under: Option<Under>,
) -> Vec<serde_json::Value> {
    let mut tx = store.begin().await.unwrap();
    let seal = |warrant: &Warrant| Ok(format!("sealed {} {:?}", warrant.exec, warrant.under));
    let under = under.map(|under| (under, &seal as Seal<'_>));
    tx.exec_prepared(exec, &measure(command), &judgement(verdict), under, T0).await.unwrap();
    let committed = tx.commit().await.unwrap();
    committed.owed.into_iter().filter_map(|owed| owed.body).collect()
}

async fn told(store: &Store, run: RunId) -> String {
    store.calls(run, 1).await.unwrap()[0].result.clone().unwrap_or_default()
}

fn rule(times: Option<u32>) -> Rule {
    Rule {
        id: RuleId::new(),
        version: 1,
        program: "/usr/bin/touch".to_owned(),
        words: vec!["x".to_owned()],
        open: false,
        folder: "/home/agent/work".to_owned(),
        scope: Scope::Everywhere,
        until: Some(T0.after(Duration::from_hours(1))),
        times,
    }
}

async fn keep(store: &Store, rule: &Rule) {
    let mut tx = store.begin().await.unwrap();
    tx.add_rule(rule, &Actor::Owner, T0).await.unwrap();
    let _ = tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_of_a_hundred_commands_at_once_one_runs_under_a_rule_with_one_use() {
    let (_folder, store) = store().await;
    let rule = rule(Some(1));
    keep(&store, &rule).await;
    let under = Under::Rule { rule: rule.id, version: 1 };
    let mut execs = Vec::new();
    for _ in 0..100 {
        execs.push(proposed(&store, "touch x", Some(Mode::Auto)).await.2);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for exec in execs.clone() {
        let store = store.clone();
        tasks.spawn(async move { prepared(&store, exec, "touch x", Verdict::Ask, Some(under)).await });
    }
    let owed = tasks.join_all().await;
    assert_eq!(owed.iter().filter(|owed| !owed.is_empty()).count(), 1);
    let mut states = Vec::new();
    for exec in execs {
        states.push(store.exec(exec).await.unwrap().state);
    }
    assert_eq!(states.iter().filter(|state| **state == ExecState::Approved).count(), 1);
    assert_eq!(states.iter().filter(|state| **state == ExecState::WaitingApproval).count(), 99);
    assert_eq!(store.rule(rule.id).await.unwrap().used, 1);
    assert_eq!(store.rule_uses(rule.id, 10).await.unwrap().len(), 1);
}

/// What the audit says allowed the commands that were approved, in order.
async fn allowed(store: &Store) -> Vec<serde_json::Value> {
    let rows = store.audit_after(0, 1_000).await.unwrap();
    let approved = rows.iter().filter(|row| row.kind == "exec.approved");
    approved
        .map(|row| serde_json::from_str::<serde_json::Value>(&row.data).unwrap()["allowed"].clone())
        .collect()
}

#[tokio::test]
async fn the_audit_says_what_allowed_a_command() {
    let (_folder, store) = store().await;
    let rule = rule(None);
    keep(&store, &rule).await;
    let under = Under::Rule { rule: rule.id, version: 1 };
    let exec = proposed(&store, "touch x", Some(Mode::Auto)).await.2;
    prepared(&store, exec, "touch x", Verdict::Ask, Some(under)).await;
    let exec = proposed(&store, "ls", None).await.2;
    prepared(&store, exec, "ls", Verdict::Allow, None).await;
    let exec = proposed(&store, "touch y", None).await.2;
    prepared(&store, exec, "touch y", Verdict::Ask, None).await;
    let question = store.approvals(true, 1, None).await.unwrap().remove(0);
    let decision = Decision {
        answer: Answer::AllowOnce,
        digest: question.digest.clone(),
        nonce: question.nonce.clone(),
        reason: None,
    };
    let mut tx = store.begin().await.unwrap();
    tx.decide(question.id, &decision, &Actor::Owner, T0, |_| Ok(String::new())).await.unwrap();
    let _ = tx.commit().await.unwrap();
    let said = [
        serde_json::json!({ "under": "rule", "rule": rule.id, "version": 1 }),
        serde_json::json!({ "under": "policy", "rule": "test" }),
        serde_json::json!({ "under": "answer", "approval": question.id }),
    ];
    assert_eq!(allowed(&store).await, said);
}

#[tokio::test]
async fn a_rule_counts_in_mode_auto_for_its_version_until_its_time_is_over_or_it_is_revoked() {
    let (_folder, store) = store().await;
    let rule = rule(None);
    keep(&store, &rule).await;
    let good = Under::Rule { rule: rule.id, version: 1 };
    let other = Under::Rule { rule: rule.id, version: 2 };
    for (mode, under, state) in [
        (Some(Mode::Auto), Some(good), ExecState::Approved),
        (Some(Mode::Auto), Some(other), ExecState::WaitingApproval),
        (Some(Mode::Auto), None, ExecState::WaitingApproval),
        (None, Some(good), ExecState::WaitingApproval),
        (Some(Mode::Ask), Some(good), ExecState::WaitingApproval),
        (Some(Mode::Auto), Some(Under::Full), ExecState::WaitingApproval),
        (Some(Mode::Full), Some(Under::Full), ExecState::Approved),
        (Some(Mode::Plan), Some(good), ExecState::Denied),
    ] {
        let (_, _, exec) = proposed(&store, "touch x", mode).await;
        let owed = prepared(&store, exec, "touch x", Verdict::Ask, under).await;
        assert_eq!(store.exec(exec).await.unwrap().state, state, "{mode:?} {under:?}");
        if state == ExecState::Approved {
            assert_eq!(
                owed[0]["under"],
                serde_json::to_value(under).unwrap(),
                "the start says what allows it"
            );
            let sealed = format!("sealed {exec} {:?}", under.unwrap());
            assert_eq!(owed[0]["grant"], sealed.as_str(), "with a warrant for it");
            // It is still there when Redis was emptied and the start is carried again.
            let again = store.with_bodies(
                store.owed(None, 1_000).await.unwrap().into_iter().map(|row| row.owed).collect(),
            );
            let start =
                again.await.unwrap().into_iter().find(|owed| {
                    owed.ticket.kind == JobKind::Start && owed.ticket.subject == exec.to_string()
                });
            assert_eq!(start.unwrap().body.unwrap(), owed[0]);
        }
    }
    let mut tx = store.begin().await.unwrap();
    tx.revoke_rule(rule.id, &Actor::Owner, T0).await.unwrap();
    assert!(matches!(tx.revoke_rule(rule.id, &Actor::Owner, T0).await, Err(Error::NotFound(_))));
    let _ = tx.commit().await.unwrap();
    let (_, _, exec) = proposed(&store, "touch x", Some(Mode::Auto)).await;
    let _ = prepared(&store, exec, "touch x", Verdict::Ask, Some(good)).await;
    assert_eq!(store.exec(exec).await.unwrap().state, ExecState::WaitingApproval);
}

#[tokio::test]
async fn plan_mode_refuses_and_tells_the_model_and_a_mode_ends_by_itself() {
    let (_folder, store) = store().await;
    let (chat, run, exec) = proposed(&store, "touch x", Some(Mode::Plan)).await;
    let _ = prepared(&store, exec, "touch x", Verdict::Ask, None).await;
    assert!(told(&store, run).await.contains("plan mode"), "{}", told(&store, run).await);
    assert!(store.approvals(true, 10, None).await.unwrap().is_empty());
    let later = T0.after(Duration::from_hours(1));
    assert_eq!(store.mode_of_chat(chat, T0).await.unwrap().0, Some(Mode::Plan));
    assert_eq!(store.mode_of_chat(chat, later).await.unwrap().0, None);
    let run = store.run(run).await.unwrap();
    assert_eq!(store.mode_of_run(&run, later).await.unwrap(), Mode::Ask);
    assert!(store.book("local", later).await.unwrap().chats.is_empty());
}

#[tokio::test]
async fn every_change_of_a_rule_or_a_mode_turns_the_page_and_a_stale_change_is_refused() {
    let (_folder, store) = store().await;
    assert_eq!(store.book_version().await.unwrap(), 0);
    let rule = rule(Some(3));
    keep(&store, &rule).await;
    assert_eq!(store.book("local", T0).await.unwrap().rules, std::slice::from_ref(&rule));
    let next = Rule { version: 2, words: vec!["y".to_owned()], ..rule.clone() };
    let mut tx = store.begin().await.unwrap();
    tx.change_rule(&next, &Actor::Owner, T0).await.unwrap();
    assert!(matches!(tx.change_rule(&next, &Actor::Owner, T0).await, Err(Error::Conflict(_))));
    let _ = tx.commit().await.unwrap();
    let book = store.book("local", T0).await.unwrap();
    let at_first = u64::try_from(T0.as_millis()).unwrap();
    assert_eq!((book.version, book.rules), (at_first + 1, vec![next]));
    let _ = proposed(&store, "touch x", Some(Mode::Auto)).await;
    assert_eq!(store.book_version().await.unwrap(), at_first + 2, "also where the clock stands still");
    assert!(store.book("local", T0.after(Duration::from_hours(1))).await.unwrap().rules.is_empty());
}

#[tokio::test]
async fn p4_a_changed_command_is_measured_and_asked_anew_and_the_model_is_told_what_ran() {
    let (_folder, store) = store().await;
    let (_, run, exec) = proposed(&store, "touch x", None).await;
    let _ = prepared(&store, exec, "touch x", Verdict::Ask, None).await;
    foreseen(&store, exec, "touch x").await;
    assert_eq!(store.exec(exec).await.unwrap().forecast, Some(Forecast::Nothing));
    let card = store.approvals(true, 10, None).await.unwrap().remove(0);
    let mut tx = store.begin().await.unwrap();
    let wrong = tx.edit_command(card.id, ("00", &card.nonce), "touch y", &Actor::Owner, T0).await;
    assert!(matches!(wrong, Err(Error::Conflict(_))), "{wrong:?}");
    drop(tx);
    let mut tx = store.begin().await.unwrap();
    tx.edit_command(card.id, (&card.digest, &card.nonce), "touch y", &Actor::Owner, T0).await.unwrap();
    let committed = tx.commit().await.unwrap();
    assert_eq!(committed.owed[0].body.as_ref().unwrap()["spec"]["command"], "touch y");

    // Between the two no answer counts, neither to what was seen before nor to nothing.
    let between = store.approval(card.id).await.unwrap();
    for (digest, nonce) in [(&card.digest, &card.nonce), (&between.digest, &between.nonce)] {
        let decision = Decision {
            answer: Answer::AllowOnce,
            digest: digest.clone(),
            nonce: nonce.clone(),
            reason: None,
        };
        let mut tx = store.begin().await.unwrap();
        let refused = tx.decide(card.id, &decision, &Actor::Owner, T0, |_| Ok(String::new())).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    }
    // A late report about the old words is not taken for one about the new.
    assert!(prepared(&store, exec, "touch x", Verdict::Allow, None).await.is_empty());
    foreseen(&store, exec, "touch x").await;
    assert_eq!(store.exec(exec).await.unwrap().forecast, None, "nor what it said about undoing them");
    assert_eq!(store.exec(exec).await.unwrap().state, ExecState::Preparing);
    let _ = prepared(&store, exec, "touch y", Verdict::Ask, None).await;
    let again = store.approval(card.id).await.unwrap();
    assert_eq!(again.state, ApprovalState::Waiting);
    assert!(again.digest != card.digest && again.nonce != card.nonce);
    let decision = Decision {
        answer: Answer::Deny,
        digest: again.digest,
        nonce: again.nonce,
        reason: Some("no".into()),
    };
    let mut tx = store.begin().await.unwrap();
    tx.decide(card.id, &decision, &Actor::Owner, T0, |_| Ok(String::new())).await.unwrap();
    let _ = tx.commit().await.unwrap();
    let told = told(&store, run).await;
    assert!(told.contains("the owner changed the command") && told.contains("\ntouch y\n"), "{told}");
    assert_eq!(store.exec(exec).await.unwrap().edited_from.as_deref(), Some("touch x"));
}

#[tokio::test]
async fn a_change_that_the_policy_allows_or_forbids_needs_no_second_answer() {
    for (verdict, state, approval) in [
        (Verdict::Allow, ExecState::Approved, ApprovalState::Allowed),
        (Verdict::Deny, ExecState::Denied, ApprovalState::Withdrawn),
    ] {
        let (_folder, store) = store().await;
        let (_, _, exec) = proposed(&store, "touch x", None).await;
        let _ = prepared(&store, exec, "touch x", Verdict::Ask, None).await;
        let card = store.approvals(true, 10, None).await.unwrap().remove(0);
        let mut tx = store.begin().await.unwrap();
        tx.edit_command(card.id, (&card.digest, &card.nonce), "new", &Actor::Owner, T0).await.unwrap();
        let _ = tx.commit().await.unwrap();
        let _ = prepared(&store, exec, "new", verdict, None).await;
        assert_eq!(store.exec(exec).await.unwrap().state, state);
        assert_eq!(store.approval(card.id).await.unwrap().state, approval);
    }
}
