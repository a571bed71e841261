//! The owner's terminals, from the wish to the last report, with the real binary.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use metatron_bus::keys::Pressed;
use metatron_bus::live::LiveTerminal;
use metatron_domain::clock::{Clock as _, SystemClock};
use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::message::{Happened, Note, Report, Status, TerminalAnswer, TerminalCall};
use metatron_domain::terminal::order::{KEYS, Keys, OPEN, ORDER, Opening, Order};
use metatron_domain::terminal::{Size, TerminalState};

use crate::rig::{PATIENCE, Rig, service};

impl Rig {
    async fn ask_terminal(&self, call: TerminalCall) -> TerminalAnswer {
        match self.call(&ShellCall::Terminal { call: Box::new(call) }).await {
            ShellAnswer::Terminal { answer } => answer,
            other => panic!("{other:?}"),
        }
    }

    fn opening(&self, terminal: TerminalId) -> TerminalCall {
        let size = Size::new(80, 24).unwrap();
        let expires_at = SystemClock.now().after(Duration::from_mins(1));
        let opening = Opening { terminal, size, cwd: Some("/".into()), expires_at };
        let text = serde_json::to_vec(&opening).unwrap();
        TerminalCall::Open { terminal, sealed: self.key.seal(OPEN, &terminal.to_string(), 0, &text).unwrap() }
    }

    /// Waits until somebody listens to questions and to keys: that begins when Redis has answered.
    async fn heard(&self) {
        let nobody = Pressed { terminal: TerminalId::new(), sequence: 1, sealed: String::new() };
        let listens = async {
            while self.bus.call("local", &ShellCall::Describe, PATIENCE).await.is_err()
                || self.bus.press("local", &nobody).await.is_err()
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, listens).await.expect("nobody listens");
    }

    async fn opened(&mut self) -> TerminalId {
        self.heard().await;
        let terminal = TerminalId::new();
        let answer = self.ask_terminal(self.opening(terminal)).await;
        let TerminalAnswer::Status(status) = answer else { panic!("{answer:?}") };
        assert_eq!(status.state, TerminalState::Running);
        assert_eq!(self.told(terminal, Happened::Opened).await.number, 1);
        terminal
    }

    fn keys(&self, terminal: TerminalId, sequence: u64, text: &[u8]) -> Pressed {
        let keys = Keys { base64: STANDARD.encode(text), secret: false };
        let keys = serde_json::to_vec(&keys).unwrap();
        let sealed = self.key.seal(KEYS, &terminal.to_string(), sequence, &keys).unwrap();
        Pressed { terminal, sequence, sealed }
    }

    async fn press(&self, terminal: TerminalId, sequence: u64, text: &str) {
        self.bus.press("local", &self.keys(terminal, sequence, text.as_bytes())).await.unwrap();
    }

    async fn order(&self, terminal: TerminalId, sequence: u64, order: &Order) -> TerminalAnswer {
        let text = serde_json::to_vec(order).unwrap();
        let sealed = self.key.seal(ORDER, &terminal.to_string(), sequence, &text).unwrap();
        self.ask_terminal(TerminalCall::Order { terminal, sequence, sealed }).await
    }

    async fn status(&self, terminal: TerminalId) -> Status {
        match self.ask_terminal(TerminalCall::Status { terminal }).await {
            TerminalAnswer::Status(status) => *status,
            other => panic!("{other:?}"),
        }
    }

    /// Waits for the report that this happened.
    async fn told(&mut self, terminal: TerminalId, what: Happened) -> Report {
        loop {
            let report =
                tokio::time::timeout(PATIENCE, self.terminals.recv()).await.expect("no report").unwrap();
            if report.terminal == terminal && report.what == what {
                return report;
            }
        }
    }

    /// Watches from the prompt on; notes from before nobody would have heard.
    async fn live(&self, terminal: TerminalId) -> Watched {
        let stream = self.bus.hub().follow_terminal(terminal, 0);
        let recording = self.folder.join(format!("data/recordings/{terminal}.out"));
        let mut watched = Watched { stream, recording, seen: Vec::new(), pressed: 0 };
        watched.until("$ ", 0).await;
        watched
    }
}

struct Watched {
    stream: BoxStream<'static, LiveTerminal>,
    /// Where the bytes of a flood are.
    recording: PathBuf,
    seen: Vec<u8>,
    pressed: u64,
}

impl Watched {
    /// Waits until both have come about.
    async fn until(&mut self, text: &str, pressed: u64) {
        while !String::from_utf8_lossy(&self.seen).contains(text) || self.pressed < pressed {
            let next = tokio::time::timeout(PATIENCE, self.stream.next()).await;
            match next
                .unwrap_or_else(|_| panic!("{text:?} is not in {}", String::from_utf8_lossy(&self.seen)))
            {
                Some(LiveTerminal::Bytes { from, bytes }) => {
                    assert_eq!(from, self.seen.len() as u64);
                    self.seen.extend_from_slice(&bytes);
                }
                Some(LiveTerminal::Gap { from, to }) => {
                    assert_eq!(from, self.seen.len() as u64);
                    let all = std::fs::read(&self.recording).unwrap();
                    self.seen.extend_from_slice(&all[self.seen.len()..usize::try_from(to).unwrap()]);
                }
                Some(LiveTerminal::Note(Note::Pressed { sequence })) => {
                    assert!(sequence > self.pressed);
                    self.pressed = sequence;
                }
                Some(LiveTerminal::Note(Note::Status(_))) => {}
                other => panic!("{other:?} before {text:?}"),
            }
        }
    }
}

fn marked(terminal: TerminalId) -> usize {
    use metatron_shell_worker::table;
    let marker = terminal.to_string();
    let alive = table::read().into_values().filter(|entry| !entry.zombie);
    alive.filter(|entry| table::has_variable(entry.pid, "METATRON_SESSION", &marker) == Some(true)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_in_echo_and_acknowledgement_come_out_and_a_forged_or_repeated_key_does_nothing() {
    let mut rig = Rig::new();
    let terminal = rig.opened().await;
    let mut live = rig.live(terminal).await;
    rig.press(terminal, 3, "echo a$((1+1))b\r").await;
    live.until("a2b", 3).await;
    // Played again, in the wrong order, under another key, for another terminal, as garbage.
    rig.press(terminal, 3, "echo again\r").await;
    rig.press(terminal, 2, "echo earlier\r").await;
    let mut forged = rig.keys(terminal, 4, b"echo forged\r");
    forged.sequence = 5;
    rig.bus.press("local", &forged).await.unwrap();
    forged.terminal = TerminalId::new();
    rig.bus.press("local", &forged).await.unwrap();
    forged.sealed = "?".into();
    rig.bus.press("local", &forged).await.unwrap();
    rig.press(terminal, 6, "echo l$((2+1))st\r").await;
    live.until("l3st", 6).await;
    let text = String::from_utf8_lossy(&live.seen).into_owned();
    assert!(!text.contains("again") && !text.contains("earlier") && !text.contains("forged"), "{text}");
    let status = rig.status(terminal).await;
    assert_eq!((status.keys, status.orders, status.program.as_deref()), (6, 0, Some("bash")));
    let TerminalAnswer::Refused { code, .. } = rig.ask_terminal(rig.opening(terminal)).await else {
        panic!("opened twice")
    };
    assert_eq!(code, "replayed");
    rig.press(terminal, 7, "exit 4\r").await;
    let report = rig.told(terminal, Happened::Ended).await;
    assert_eq!(report.status.exit, Some(metatron_domain::exec::Exit::Code { code: 4 }));
    assert_eq!(rig.status(terminal).await, *report.status);
    assert_eq!(rig.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_service_loses_its_terminals_and_says_so_and_nothing_of_them_runs_on() {
    let mut rig = Rig::new();
    let terminal = rig.opened().await;
    let mut live = rig.live(terminal).await;
    rig.press(terminal, 1, "setsid sleep 1000 & (setsid sh -c 'sleep 1001 &' &); echo h$((1+1))llo\r").await;
    live.until("h2llo", 1).await;
    rig.child.kill().unwrap();
    rig.child.wait().unwrap();
    rig.child = service(&rig.server, &rig.folder);
    let report = rig.told(terminal, Happened::Lost).await;
    assert_eq!((report.status.state, report.number > 1), (TerminalState::Lost, true));
    rig.heard().await;
    assert_eq!(marked(terminal), 0);
    let TerminalAnswer::Screen(shot) = rig.ask_terminal(TerminalCall::Screen { terminal }).await else {
        panic!("no screen")
    };
    assert!(shot.text.contains("h2llo") && shot.text.contains("the shell worker died here"), "{}", shot.text);
    assert_eq!(shot.offset, report.status.bytes);
    assert_eq!(rig.status(terminal).await.state, TerminalState::Lost);
    let TerminalAnswer::Sessions { sessions } = rig.ask_terminal(TerminalCall::Sessions).await else {
        panic!()
    };
    assert!(sessions.is_empty());
    let TerminalAnswer::Refused { code, .. } = rig.order(terminal, 1, &Order::Close).await else { panic!() };
    assert_eq!(code, "ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_stopped_marks_its_terminals_and_keeps_their_screens() {
    let mut rig = Rig::new();
    let terminal = rig.opened().await;
    let mut live = rig.live(terminal).await;
    rig.press(terminal, 1, "echo h$((1+1))llo; trap '' HUP TERM\r").await;
    live.until("h2llo", 1).await;
    assert_eq!(rig.terminate(), Some(0));
    let report = rig.told(terminal, Happened::Lost).await;
    assert_eq!((report.status.state, &report.status.exit), (TerminalState::Lost, &None));
    let kept =
        std::fs::read_to_string(rig.folder.join(format!("data/recordings/{terminal}.screen"))).unwrap();
    let shot: metatron_domain::terminal::message::ScreenShot = serde_json::from_str(&kept).unwrap();
    assert!(
        shot.text.contains("h2llo") && shot.text.contains("could not keep this terminal"),
        "{}",
        shot.text
    );
    assert_eq!(marked(terminal), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_redis_leaves_the_recording_whole_and_the_stream_goes_on() {
    let mut rig = Rig::new();
    let terminal = rig.opened().await;
    let mut live = rig.live(terminal).await;
    rig.press(terminal, 1, "stty -echo; echo r$((1+1))dy\r").await;
    live.until("r2dy", 1).await;
    rig.server.flushall().unwrap();
    rig.press(terminal, 2, "seq -s ' ' 1 20000; echo d$((1+1))ne\r").await;
    live.until("d2ne", 2).await;
    assert!(matches!(rig.order(terminal, 1, &Order::Close).await, TerminalAnswer::Status(_)));
    let mut ends =
        live.stream.filter(|item| std::future::ready(matches!(item, LiveTerminal::End(_)))).boxed();
    assert!(tokio::time::timeout(PATIENCE, ends.next()).await.expect("no end").is_some());
    assert_eq!(rig.status(terminal).await.state, TerminalState::Ended);
    let recorded = std::fs::read(rig.folder.join(format!("data/recordings/{terminal}.out"))).unwrap();
    assert!(recorded.starts_with(&live.seen));
    let all: Vec<String> = (1..=20_000).map(|number| number.to_string()).collect();
    assert!(String::from_utf8_lossy(&recorded).contains(&all.join(" ")));
}
