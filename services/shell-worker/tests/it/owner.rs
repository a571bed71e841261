//! The owner's terminals: opened once, typed into, closed with all they started (SECURITY B5).

use std::time::Duration;

use metatron_bus::seal::LinkKey;
use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::exec::Exit;
use metatron_domain::host::{Claimed, HostHappened};
use metatron_domain::id::{TerminalId, UndoId};
use metatron_domain::terminal::message::{Happened, TerminalAnswer, TerminalCall, Until};
use metatron_domain::terminal::order::{OPEN, Order};
use metatron_domain::terminal::{Driver, Size, TerminalState, Waits};
use metatron_domain::undo::message::UndoCall;
use metatron_shell_worker::account::Account;
use metatron_shell_worker::calls;
use metatron_shell_worker::drive::Denied;
use metatron_shell_worker::kill::Families;
use sha2::{Digest as _, Sha256};

use crate::sitting::*;
use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_opens_once_and_only_by_a_wish_for_it() {
    let mut bench = Bench::new();
    let terminal = TerminalId::new();
    let open = |sealed: String| ask(&bench, TerminalCall::Open { terminal, sealed });
    assert_eq!(code(&open("bm8=".into()).await), "seal_broken");
    assert_eq!(code(&open(wish(TerminalId::new(), None)).await), "seal_broken");
    let stranger = LinkKey::parse(&"08".repeat(32)).unwrap();
    let forged = stranger.seal(OPEN, &terminal.to_string(), 0, b"{}").unwrap();
    assert_eq!(code(&open(forged).await), "seal_broken");
    let absurd = format!(
        r#"{{"terminal":"{terminal}","size":{{"columns":0,"rows":10000}},"expires_at":"2099-01-01T00:00:00Z"}}"#
    );
    let absurd = link().seal(OPEN, &terminal.to_string(), 0, absurd.as_bytes()).unwrap();
    assert_eq!(code(&open(absurd).await), "seal_broken");
    assert_eq!(code(&open(wish(terminal, Some("/no/such/folder"))).await), "cwd_missing");
    assert!(matches!(open(wish(terminal, Some("/usr"))).await, TerminalAnswer::Status(_)));
    assert_eq!(code(&open(wish(terminal, Some("/usr"))).await), "replayed");
    bench.clock.set(T.after(Duration::from_mins(2)));
    let late = TerminalId::new();
    let answer = ask(&bench, TerminalCall::Open { terminal: late, sealed: wish(late, None) }).await;
    assert_eq!(code(&answer), "expired");
    let opened = told(&mut bench, Happened::Opened).await;
    assert_eq!((opened.state, opened.reports), (TerminalState::Running, 1));
    let sitting = Sitting::at(&bench, terminal);
    let status = sitting.wait(&bench, Until::Input).await;
    assert_eq!((status.cwd.as_deref(), status.program.as_deref()), (Some("/usr"), Some("bash")));
    assert_eq!((status.waits, status.driver), (None, Driver::Owner), "a prompt is no question");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_a_terminal_that_is_not_there_is_answered() {
    let bench = Bench::new();
    let terminal = TerminalId::new();
    assert_eq!(ask(&bench, TerminalCall::Status { terminal }).await, TerminalAnswer::NotFound);
    assert_eq!(ask(&bench, TerminalCall::Screen { terminal }).await, TerminalAnswer::NotFound);
    let order = TerminalCall::Order { terminal, sequence: 1, sealed: String::new() };
    assert_eq!(ask(&bench, order).await, TerminalAnswer::NotFound);
    let mut sitting = Sitting::open(&bench).await;
    assert!(matches!(sitting.order(&bench, &Order::Close).await, TerminalAnswer::Status(_)));
    sitting.session.over().await.unwrap();
    let call = TerminalCall::Status { terminal: sitting.terminal() };
    let TerminalAnswer::Status(status) = ask(&bench, call).await else { panic!() };
    assert_eq!((status.state, status.exit), (TerminalState::Ended, Some(Exit::Stopped)));
    assert_eq!(code(&sitting.order(&bench, &Order::Take).await), "ended");
    assert_eq!(sitting.try_press("x", false), Err(Denied::Ended));
    let call = TerminalCall::Wait { terminal: sitting.terminal(), until: Until::Exit, within_ms: 9 };
    assert_eq!(code(&ask(&bench, call).await), "ended");
    let TerminalAnswer::Screen(shot) =
        ask(&bench, TerminalCall::Screen { terminal: sitting.terminal() }).await
    else {
        panic!()
    };
    assert!(shot.text.contains("[closed by the owner]"), "{}", shot.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_ends_what_hides_from_the_session_and_nothing_else() {
    let bench = Bench::new();
    let mut other = Sitting::open(&bench).await;
    other.press("sleep 2000\r");
    other.shows(&bench, "sleep 2000").await;
    let mut sitting = Sitting::open(&bench).await;
    sitting.press("trap '' HUP TERM; setsid sleep 1000 & (setsid sh -c 'sleep 1001 &' &); tmux new -d 'sleep 1002'; echo r$((1+1))dy\r");
    sitting.shows(&bench, "^r2dy").await;
    assert!(marked(sitting.terminal()) >= 4);
    sitting.order(&bench, &Order::Close).await;
    sitting.session.over().await.unwrap();
    assert_eq!(marked(sitting.terminal()), 0);
    assert_eq!(marked(other.terminal()), 2);
    other.order(&bench, &Order::Close).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paste_of_ten_megabytes_arrives_whole_and_no_neighbour_waits_for_it() {
    let bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    sitting.press("stty raw -echo; echo r$((1+1))dy; sleep 2; head -c 10485760 | sha256sum\r");
    sitting.shows(&bench, "r2dy").await;
    let mut typed = sitting.session.lane.typed();
    let paste: Vec<u8> = (0..10 * 1024 * 1024_u32).map(|at| (at % 251) as u8).collect();
    let mut neighbour = Sitting::open(&bench).await;
    for (index, piece) in paste.chunks(16 * 1024).enumerate() {
        sitting.press(piece);
        // What the browser's side keeps to: so much may be on its way.
        let allowed = sitting.keys.saturating_sub(16);
        if index == 15 {
            // The program still sleeps: nothing of this holds up another terminal.
            neighbour.press("echo n$((1+1))xt\r");
            neighbour.shows(&bench, "n2xt").await;
        }
        typed.wait_for(|typed| *typed >= allowed).await.unwrap();
    }
    sitting.shows(&bench, &hex::encode(Sha256::digest(&paste))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_no_text_arrive_as_they_are() {
    let bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    sitting.press("stty raw -echo; echo r$((1+1))dy; head -c 5 | od -An -tx1; stty sane\r");
    sitting.shows(&bench, "r2dy").await;
    sitting.press(b"\xff\xc3\x28\xf0\x80");
    sitting.shows(&bench, "ff c3 28 f0 80").await;
    assert_eq!(sitting.try_press(vec![b'x'; 20_000], false), Err(Denied::Busy));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_takes_no_way_into_the_recording() {
    let mut bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    sitting.press("read -rsp 'Pass''word: ' secret; echo; echo \"<${#secret}>\"; read -r line\r");
    sitting.shows(&bench, "^Password:").await;
    let status = told(&mut bench, Happened::Waits).await;
    assert_eq!(status.waits, Some(Waits::Password));
    sitting.try_press("hunter2", true).unwrap();
    sitting.press("!\r");
    sitting.shows(&bench, "<8>").await;
    let status = sitting.wait(&bench, Until::Input).await;
    assert_eq!(status.waits, Some(Waits::Input));
    assert_eq!(sitting.try_press("hunter2", true), Err(Denied::NoPasswordAsked));
    let folder = bench.work.parent().unwrap().join("recordings");
    let kept = std::fs::read_to_string(folder.join(format!("{}.event", sitting.terminal()))).unwrap();
    for secret in ["hunter2", "aHVudGVyMg==", "IQ0="] {
        assert!(!kept.contains(secret), "{kept}");
    }
    assert!(kept.contains(r#""by":"owner""#));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_size_reaches_the_program_and_is_told_once_it_rests() {
    let mut bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    for columns in 81..=100 {
        sitting.order(&bench, &Order::Resize { size: Size::new(columns, 30).unwrap() }).await;
    }
    sitting.press("stty size\r");
    sitting.shows(&bench, "^30 100$").await;
    let mut reports = 1;
    while told(&mut bench, Happened::Resized).await.size != Size::new(100, 30).unwrap() {
        reports += 1;
    }
    assert!(reports < 20, "while it is dragged it is told now and then");
    let call = TerminalCall::Order { terminal: sitting.terminal(), sequence: 20, sealed: "bm8=".into() };
    assert_eq!(code(&ask(&bench, call).await), "seal_broken");
    sitting.orders = 3;
    assert_eq!(code(&sitting.order(&bench, &Order::Close).await), "replayed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_shown_is_found_and_replayed() {
    let bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    sitting.press("for i in $(seq 300); do echo \"Zeile $i é€😀\"; done; echo d$((1+1))ne\r");
    sitting.shows(&bench, "d2ne").await;
    let terminal = sitting.terminal();
    let call = TerminalCall::Search { terminal, text: "zeile 29".into(), limit: 5 };
    let TerminalAnswer::Found { lines, more } = ask(&bench, call).await else { panic!() };
    assert_eq!((lines.len(), more), (5, true));
    assert_eq!((lines[0].text.as_str(), lines[1].text.as_str()), ("Zeile 29 é€😀", "Zeile 290 é€😀"));
    sitting.order(&bench, &Order::Close).await;
    let call = TerminalCall::Cast { terminal, from: 0, input: false };
    let TerminalAnswer::Cast { text, next: None } = ask(&bench, call).await else { panic!() };
    let mut output = String::new();
    for line in text.lines().skip(1) {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        if event[1] == "o" {
            output.push_str(event[2].as_str().unwrap());
        }
    }
    let recorded = bench.shell.parts().recordings.read(terminal, 0, u32::MAX).unwrap().unwrap().0;
    assert!(output.as_bytes() == recorded);
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_a_last_terminal_that_opens() {
    let bench = Bench::new();
    for _ in 0..metatron_shell_worker::owner::MOST {
        Sitting::open(&bench).await;
    }
    let terminal = TerminalId::new();
    let answer = ask(&bench, TerminalCall::Open { terminal, sealed: wish(terminal, None) }).await;
    assert_eq!(code(&answer), "too_many");
    bench.shell.drain(Duration::ZERO).await;
    assert!(bench.shell.sessions().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_bomb_hits_its_limit_and_the_others_go_on() {
    // Only a user of its own can be limited without harm to others.
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let bench = Bench::with(Account::named("games").unwrap(), Families::default());
    let mut sitting = Sitting::open(&bench).await;
    sitting.press("bomb() { bomb | bomb & }; bomb 2>/dev/null\r");
    let other = Bench::new();
    let mut neighbour = Sitting::open(&other).await;
    neighbour.press("echo n$((1+1))xt\r");
    neighbour.shows(&other, "^n2xt").await;
    assert_eq!(other.run("echo hello").await.1.text, "hello\n");
    assert!(marked(sitting.terminal()) <= 512);
    sitting.order(&bench, &Order::Close).await;
    sitting.session.over().await.unwrap();
    assert_eq!(marked(sitting.terminal()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn b5_forged_and_replayed_keys_are_told_to_whoever_audits_them_and_a_flood_of_them_once_a_minute() {
    let mut bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    sitting.press("x");
    let session = std::sync::Arc::clone(&sitting.session);
    let replayed = sitting.sealed(1, b"rm", false);
    let stranger = LinkKey::parse(&"08".repeat(32)).unwrap();
    let forged = stranger.seal("keys", &sitting.terminal().to_string(), 9, b"{}").unwrap();
    for _ in 0..100 {
        let denied = session.press(1, &replayed).unwrap_err();
        assert_eq!(denied, Denied::Replayed);
        session.warn_of(denied);
    }
    // What is no forgery is nobody's concern.
    session.warn_of(Denied::Busy);
    told(&mut bench, Happened::Forged { code: "replayed".into(), count: 1 }).await;
    bench.clock.set(T.after(Duration::from_mins(2)));
    let denied = session.press(9, &forged).unwrap_err();
    session.warn_of(denied);
    told(&mut bench, Happened::Forged { code: "seal_broken".into(), count: 100 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b5_what_only_api_may_say_is_told_when_it_is_forged_and_a_flood_of_it_once_a_minute() {
    let mut bench = Bench::new();
    let forged = |bench: &mut Bench, what, count| {
        let told = bench.alarms.try_recv().unwrap().what;
        assert_eq!(told, HostHappened::Forged { what, count });
    };
    let terminal = TerminalId::new();
    let open = async |bench: &Bench, sealed: &str| {
        ask(bench, TerminalCall::Open { terminal, sealed: sealed.into() }).await
    };
    for _ in 0..50 {
        assert_eq!(code(&open(&bench, "bm8=").await), "seal_broken");
    }
    forged(&mut bench, Claimed::Opening, 1);
    // The true one, asked twice at once, is no forgery; played again when api has long given up, it is.
    let true_one = wish(terminal, None);
    assert!(matches!(open(&bench, &true_one).await, TerminalAnswer::Status(_)));
    assert_eq!(code(&open(&bench, &true_one).await), "replayed");
    bench.clock.set(T.after(Duration::from_mins(2)));
    assert!(bench.alarms.try_recv().is_err());
    assert_eq!(code(&open(&bench, &true_one).await), "replayed");
    forged(&mut bench, Claimed::Opening, 50);

    assert!(bench.shell.take_book(7, "bm8=").is_err());
    forged(&mut bench, Claimed::Book, 1);
    let kept = ShellCall::KeepHead { count: 1, sealed: "bm8=".into() };
    assert!(matches!(calls::answer(bench.shell.clone(), kept).await, ShellAnswer::Failed { .. }));
    forged(&mut bench, Claimed::Head, 1);
    let begin = UndoCall::Begin { undo: UndoId::new(), sealed: "bm8=".into() };
    calls::answer(bench.shell.clone(), ShellCall::Undo { call: Box::new(begin) }).await;
    forged(&mut bench, Claimed::Undo, 1);
    assert!(bench.alarms.try_recv().is_err());
}
