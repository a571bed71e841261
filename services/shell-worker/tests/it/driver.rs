//! Two drivers, one keyboard.

use std::time::Duration;

use metatron_domain::command::CommandSpec;
use metatron_domain::id::RunId;
use metatron_domain::terminal::Size;
use metatron_domain::terminal::message::{Happened, TerminalAnswer, TerminalCall, Until};
use metatron_domain::terminal::order::{MOST_LEAP, ORDER, Order};
use metatron_domain::terminal::{Driver, TerminalKind, Waits};
use metatron_shell_worker::drive::Denied;
use metatron_shell_worker::rest::rests;

use crate::sitting::*;
use crate::support::*;

fn key() -> String {
    "ab".repeat(32)
}

fn hand(run: RunId) -> Order {
    Order::Hand { run, until: T.after(Duration::from_mins(5)), key: key() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_types_while_it_has_the_keyboard_and_not_after() {
    let mut bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    let (run, other) = (RunId::new(), RunId::new());
    assert_eq!(code(&sitting.typed(&bench, run, 1, &key(), "x").await), "not_driver");
    let TerminalAnswer::Status(status) = sitting.order(&bench, &hand(run)).await else { panic!() };
    let until = Some(T.after(Duration::from_mins(5)));
    assert_eq!(status.driver, Driver::Ai { run, until, paused: false });
    assert_eq!(told(&mut bench, Happened::Drive).await.driver, status.driver);

    let typed = sitting.typed(&bench, run, 1, &key(), "echo b$((1+1))y\r").await;
    assert!(matches!(typed, TerminalAnswer::Status(ref status) if status.typed == 1), "{typed:?}");
    sitting.shows(&bench, "^b2y").await;
    assert_eq!(code(&sitting.typed(&bench, run, 1, &key(), "x").await), "replayed");
    assert_eq!(code(&sitting.typed(&bench, other, 2, &key(), "x").await), "not_driver");
    assert_eq!(code(&sitting.typed(&bench, run, 2, &"cd".repeat(32), "x").await), "seal_broken");
    let events = std::fs::read_to_string(
        bench.work.parent().unwrap().join(format!("recordings/{}.event", sitting.terminal())),
    );
    assert!(events.unwrap().contains(r#""by":"ai""#));

    // Any key of the owner takes it back.
    sitting.press("\r");
    assert_eq!(told(&mut bench, Happened::Drive).await.driver, Driver::Owner);
    assert_eq!(code(&sitting.typed(&bench, run, 2, &key(), "x").await), "not_driver");

    sitting.order(&bench, &hand(run)).await;
    bench.clock.set(T.after(Duration::from_mins(5)));
    assert_eq!(code(&sitting.typed(&bench, run, 2, &key(), "x").await), "expired");
    assert_eq!(code(&sitting.order(&bench, &hand(run)).await), "expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn b5_a_number_that_no_api_has_come_to_is_refused_though_api_sealed_it_and_jams_nothing() {
    let mut bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    let terminal = sitting.terminal();
    let size = Size::new(90, 30).unwrap();
    // Whoever holds Redis told api a false last number; what api seals then is as true as ever.
    let order = async |bench: &Bench, sequence| {
        let text = serde_json::to_vec(&Order::Resize { size }).unwrap();
        let sealed = link().seal(ORDER, &terminal.to_string(), sequence, &text).unwrap();
        ask(bench, TerminalCall::Order { terminal, sequence, sealed }).await
    };
    for far in [u64::MAX, u64::MAX - 1, 1 << 63, MOST_LEAP + 1] {
        assert_eq!(code(&order(&bench, far).await), "leapt", "{far}");
        let keys = sitting.sealed(far, b"x", false);
        assert_eq!(sitting.session.press(far, &keys), Err(Denied::Leapt), "{far}");
    }
    told(&mut bench, Happened::Forged { code: "leapt".into(), count: 1 }).await;
    let TerminalAnswer::Status(status) = order(&bench, 1).await else { panic!("the true one is refused") };
    assert_eq!((status.orders, status.keys), (1, 0));
    // What was lost on the way leaves a gap, and that is no leap.
    assert!(matches!(order(&bench, 1 + MOST_LEAP).await, TerminalAnswer::Status(_)));
    assert_eq!(code(&order(&bench, 2 + 2 * MOST_LEAP).await), "leapt", "from the last one on");

    let run = RunId::new();
    sitting.orders = 1 + MOST_LEAP;
    sitting.order(&bench, &hand(run)).await;
    assert_eq!(code(&sitting.typed(&bench, run, u64::MAX, &key(), "x").await), "leapt");
    let typed = sitting.typed(&bench, run, 1, &key(), "echo t$((1+1))d\r").await;
    assert!(matches!(typed, TerminalAnswer::Status(_)), "{typed:?}");
    sitting.shows(&bench, "^t2d").await;
    sitting.press("echo k$((1+1))s\r");
    sitting.shows(&bench, "^k2s").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_pauses_the_run_and_the_owners_answer_lets_it_go_on() {
    let mut bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    let run = RunId::new();
    sitting.order(&bench, &hand(run)).await;
    sitting.typed(&bench, run, 1, &key(), "read -rsp 'Pass''word: ' it; echo \"<${#it}>\"\r").await;
    let status = loop {
        let status = told(&mut bench, Happened::Waits).await;
        if status.waits == Some(Waits::Password) {
            break status;
        }
    };
    assert!(matches!(status.driver, Driver::Ai { paused: true, .. }), "{status:?}");
    let refused = sitting.typed(&bench, run, 2, &key(), "guess\r").await;
    assert!(
        matches!(refused, TerminalAnswer::Refused { ref code, ref detail }
        if code == "password_asked" && detail.contains("password")),
        "{refused:?}"
    );
    sitting.try_press("hunter2\r", true).unwrap();
    sitting.shows(&bench, "<7>").await;
    let status = sitting.wait(&bench, Until::Input).await;
    assert!(matches!(status.driver, Driver::Ai { paused: false, .. }), "{status:?}");
    let typed = sitting.typed(&bench, run, 2, &key(), "echo g$((1+1))\r").await;
    assert!(matches!(typed, TerminalAnswer::Status(_)), "{typed:?}");
    sitting.shows(&bench, "^g2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_asks_is_seen_and_the_owner_can_answer_it() {
    let mut bench = Bench::new();
    let spec =
        spec("sleep 0.2; read -rp 'Continue? [Y/n] ' answer; echo \"<$answer>\"; read -rs secret; echo ok");
    let answer = bench.approved(&spec);
    let mut sitting = Sitting::at(&bench, spec.terminal);
    let status = told(&mut bench, Happened::Waits).await;
    assert_eq!((status.kind, status.waits), (TerminalKind::Command, Some(Waits::Input)));
    assert_eq!(status.driver, Driver::Ai { run: spec.run, until: None, paused: false });
    assert_eq!(code(&sitting.typed(&bench, spec.run, 1, &key(), "y\r").await), "not_driver");
    sitting.press("yes\r");
    assert_eq!(told(&mut bench, Happened::Drive).await.driver, Driver::Owner);
    sitting.shows(&bench, "<yes>").await;
    loop {
        if told(&mut bench, Happened::Waits).await.waits == Some(Waits::Password) {
            break;
        }
    }
    sitting.try_press("secret\r", true).unwrap();
    let outcome = ended(answer).await;
    assert_eq!(outcome.text, "Continue? [Y/n] yes\n<yes>\nok\n");
    sitting.session.over().await.unwrap();
    assert_eq!(sitting.try_press("x", false), Err(Denied::Ended));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_policy_denies_is_not_typed_by_a_run_whatever_was_handed_over() {
    let bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    let run = RunId::new();
    sitting.order(&bench, &hand(run)).await;
    let judged = |text: &str| {
        let (terminal, text) = (sitting.terminal(), text.to_owned());
        ask(&bench, TerminalCall::Judge { terminal, text })
    };
    assert_eq!(code(&judged("cat /etc/metatron/keys/master.key\r").await), "denied_by_policy");
    assert!(matches!(judged("echo fine\r").await, TerminalAnswer::Status(_)));
    assert_eq!(code(&sitting.typed(&bench, run, 1, &key(), "rm -rf /\r").await), "denied_by_policy");
    let typed = sitting.typed(&bench, run, 1, &key(), "rm -rf ").await;
    assert!(matches!(typed, TerminalAnswer::Status(_)), "{typed:?}");
    assert_eq!(code(&sitting.typed(&bench, run, 2, &key(), "/\r").await), "denied_by_policy", "in pieces");
    let taken_back = sitting.typed(&bench, run, 2, &key(), "\u{15}echo d$((1+1))ne\r").await;
    assert!(matches!(taken_back, TerminalAnswer::Status(_)), "{taken_back:?}");
    sitting.shows(&bench, "^d2ne").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_rests_when_it_waits_and_one_that_is_typed_into_when_it_is_quiet() {
    let bench = Bench::new();
    let recordings = &bench.shell.parts().recordings;
    let session = |spec: &CommandSpec| {
        bench.approved(spec);
        bench.shell.session(spec.terminal).unwrap()
    };
    let asks = session(&spec("touch x; read -rp 'Continue? ' it"));
    let rest = rests(&asks, recordings, false).await;
    assert_eq!((rest.waits, rest.screen.as_str()), (Some(Waits::Input), "Continue?"));
    let silent = session(&spec("touch x; cat"));
    assert_eq!(rests(&silent, recordings, false).await.waits, Some(Waits::Input), "from its first moment on");
    let secret = session(&spec("touch x; read -rsp 'Password: ' it"));
    assert_eq!(rests(&secret, recordings, false).await.waits, Some(Waits::Password));
    let busy = session(&spec("touch x; echo serving; sleep 1000"));
    let rest = rests(&busy, recordings, true).await;
    assert_eq!((rest.waits, rest.screen.as_str()), (None, "serving"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_when_it_is_met_or_over() {
    let bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    let terminal = sitting.terminal();
    let wait = |until, within_ms| ask(&bench, TerminalCall::Wait { terminal, until, within_ms });
    let never = Until::Pattern { regex: "never shown".into() };
    assert!(matches!(wait(never, 30).await, TerminalAnswer::Waited { met: false, .. }));
    assert_eq!(code(&wait(Until::Pattern { regex: "(".into() }, 30).await), "bad_pattern");
    let big = Until::Pattern { regex: "(a{1000}){1000}".into() };
    assert_eq!(code(&wait(big, 30).await), "bad_pattern");
    sitting.press("sleep 0.1; echo d$((1+1))ne; exec sleep 0.1\r");
    sitting.shows(&bench, "d2ne").await;
    assert!(matches!(wait(Until::Exit, 30_000).await, TerminalAnswer::Waited { met: true, .. }));
}
