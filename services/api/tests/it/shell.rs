//! A shell host that api can talk to, for tests of api alone: it opens seals, counts numbers and echoes what is typed, and
//! starts nothing. What a real shell does is tested with the real shell-worker.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt as _;
use metatron_bus::Bus;
use metatron_bus::live::Writer;
use metatron_bus::queue::Outgoing;
use metatron_bus::seal::LinkKey;
use metatron_domain::clock::Instant;
use metatron_domain::command::{JobKind, Priority, Queue, ShellAnswer, ShellCall, Ticket};
use metatron_domain::id::{JobId, TerminalId};
use metatron_domain::terminal::message::{
    FoundLine, Happened, Note, Report, ScreenShot, Status, Stretch, TerminalAnswer, TerminalCall,
};
use metatron_domain::terminal::order::{KEYS, Keys, MOST_LEAP, OPEN, ORDER, Opening, Order};
use metatron_domain::terminal::{Driver, Holder, Size, TerminalKind, TerminalState};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// A host called `local`. It ends when this is dropped.
pub(crate) struct Shell {
    pub(crate) state: Arc<State>,
    bus: Bus,
    _tasks: JoinSet<()>,
}

/// What it knows.
pub(crate) struct State {
    link: LinkKey,
    pub(crate) sessions: Mutex<HashMap<TerminalId, Status>>,
    pub(crate) orders: Mutex<Vec<Order>>,
    /// What was typed, and whether as a secret.
    pub(crate) typed: Mutex<Vec<(Vec<u8>, bool)>>,
    /// Whether keys are taken and no program reads them.
    pub(crate) stuck: AtomicBool,
    /// The refusal of the next opening.
    pub(crate) refuse: Mutex<Option<(String, String)>>,
    /// What somebody in Redis puts in the place of the last numbers, the next time that they are asked for.
    pub(crate) lie: Mutex<Option<u64>>,
}

impl Shell {
    pub(crate) async fn start(world: &World) -> Self {
        let state = Arc::new(State {
            link: world.link(),
            sessions: Mutex::default(),
            orders: Mutex::default(),
            typed: Mutex::default(),
            stuck: AtomicBool::new(false),
            refuse: Mutex::default(),
            lie: Mutex::default(),
        });
        let bus = world.bus.clone();
        let mut tasks = JoinSet::new();
        let mut keys = bus.follow_keys("local").await;
        tasks.spawn({
            let (state, bus) = (state.clone(), bus.clone());
            async move {
                let mut writers: HashMap<TerminalId, Writer> = HashMap::new();
                while let Some(pressed) = keys.next().await {
                    let subject = pressed.terminal.to_string();
                    let last = state.sessions.lock().unwrap()[&pressed.terminal].keys;
                    if pressed.sequence.saturating_sub(last) > MOST_LEAP {
                        continue;
                    }
                    let text = state.link.open(KEYS, &subject, pressed.sequence, &pressed.sealed).unwrap();
                    let keys: Keys = serde_json::from_slice(&text).unwrap();
                    let bytes = STANDARD.decode(&keys.base64).unwrap();
                    state.typed.lock().unwrap().push((bytes.clone(), keys.secret));
                    let end = {
                        let mut sessions = state.sessions.lock().unwrap();
                        let status = sessions.get_mut(&pressed.terminal).unwrap();
                        assert!(pressed.sequence > status.keys, "played again");
                        status.keys = pressed.sequence;
                        status.bytes += bytes.len() as u64;
                        status.bytes - bytes.len() as u64
                    };
                    if state.stuck.load(Ordering::Relaxed) {
                        continue;
                    }
                    let writer = writers
                        .entry(pressed.terminal)
                        .or_insert_with(|| Writer::terminal(&bus, pressed.terminal, end));
                    writer.append(&bytes).await;
                    writer.note(&Note::Pressed { sequence: pressed.sequence });
                }
            }
        });
        let listening = CancellationToken::new();
        tasks.spawn({
            let (state, bus) = (state.clone(), bus.clone());
            async move {
                let answer = |call: ShellCall| {
                    let answer = match call {
                        ShellCall::Terminal { call } => ShellAnswer::Terminal { answer: state.answer(*call) },
                        // It bears witness to nothing.
                        ShellCall::KeepHead { .. } => ShellAnswer::Kept,
                        ShellCall::Witness { .. } => {
                            ShellAnswer::Witness { begun: Vec::new(), more: false, heads: Vec::new() }
                        }
                        // It takes every book.
                        ShellCall::Book { version, .. } => ShellAnswer::Book { version },
                        other => panic!("{other:?}"),
                    };
                    async move { answer }
                };
                bus.serve_calls("local", answer, || {}, listening).await;
            }
        });
        let shell = Self { state, bus, _tasks: tasks };
        // It listens as soon as somebody hears us.
        let ask = ShellCall::Terminal { call: Box::new(TerminalCall::Sessions) };
        while shell.bus.call("local", &ask, std::time::Duration::from_secs(5)).await.is_err() {
            tokio::task::yield_now().await;
        }
        shell
    }

    /// Changes how a terminal stands.
    pub(crate) fn change(&self, terminal: TerminalId, change: impl FnOnce(&mut Status)) {
        change(self.state.sessions.lock().unwrap().get_mut(&terminal).unwrap());
    }

    /// Reports how a terminal stands, under the next number.
    pub(crate) async fn report(&self, terminal: TerminalId, what: Happened, at: Instant) -> Report {
        let report = {
            let mut sessions = self.state.sessions.lock().unwrap();
            let status = sessions.get_mut(&terminal).unwrap();
            status.reports += 1;
            Report { terminal, number: status.reports, at, what, status: Box::new(status.clone()) }
        };
        self.send(&report).await;
        report
    }

    /// Sends a report, as often as wanted.
    pub(crate) async fn send(&self, report: &Report) {
        let subject = report.terminal.to_string();
        let ticket = Ticket { v: 1, id: JobId::new(), kind: JobKind::Terminal, subject };
        let body = Some(serde_json::to_value(report).unwrap());
        let outgoing = Outgoing { queue: Queue::Terminal, priority: Priority::High, ticket, body };
        self.bus.enqueue_many(&[outgoing]).await.unwrap();
    }

    /// The bytes that were typed so far.
    pub(crate) fn typed(&self) -> Vec<u8> {
        self.state.typed.lock().unwrap().iter().flat_map(|(bytes, _)| bytes.clone()).collect()
    }
}

impl State {
    fn answer(&self, call: TerminalCall) -> TerminalAnswer {
        let mut sessions = self.sessions.lock().unwrap();
        match call {
            TerminalCall::Open { terminal, sealed } => {
                let text = self.link.open(OPEN, &terminal.to_string(), 0, &sealed).unwrap();
                let opening: Opening = serde_json::from_slice(&text).unwrap();
                if let Some((code, detail)) = self.refuse.lock().unwrap().take() {
                    return TerminalAnswer::Refused { code, detail };
                }
                let status = running(terminal, opening.size);
                sessions.insert(terminal, status.clone());
                TerminalAnswer::Status(Box::new(status))
            }
            TerminalCall::Order { terminal, sequence, sealed } => {
                let Some(status) = sessions.get_mut(&terminal) else { return TerminalAnswer::NotFound };
                if sequence - status.orders.min(sequence) > MOST_LEAP {
                    let (code, detail) = ("leapt".to_owned(), "far beyond".to_owned());
                    return TerminalAnswer::Refused { code, detail };
                }
                if sequence <= status.orders {
                    let (code, detail) = ("replayed".to_owned(), "an old number".to_owned());
                    return TerminalAnswer::Refused { code, detail };
                }
                let text = self.link.open(ORDER, &terminal.to_string(), sequence, &sealed).unwrap();
                let order: Order = serde_json::from_slice(&text).unwrap();
                status.orders = sequence;
                match &order {
                    Order::Resize { size } => status.size = *size,
                    Order::Take => status.driver = Driver::Owner,
                    Order::Hand { run, until, .. } => {
                        status.driver = Driver::Ai { run: *run, until: Some(*until), paused: false };
                    }
                    Order::Close => status.state = TerminalState::Ended,
                }
                self.orders.lock().unwrap().push(order);
                TerminalAnswer::Status(Box::new(status.clone()))
            }
            TerminalCall::Status { terminal } => {
                let Some(status) = sessions.get(&terminal) else { return TerminalAnswer::NotFound };
                let mut status = status.clone();
                if let Some(lie) = self.lie.lock().unwrap().take() {
                    (status.orders, status.keys) = (lie, lie);
                }
                TerminalAnswer::Status(Box::new(status))
            }
            TerminalCall::Sessions => {
                let mut all: Vec<_> = sessions.values().cloned().collect();
                all.sort_by_key(|status| status.terminal);
                TerminalAnswer::Sessions { sessions: all }
            }
            TerminalCall::Screen { terminal } => match sessions.get(&terminal) {
                None => TerminalAnswer::NotFound,
                Some(status) => TerminalAnswer::Screen(Box::new(ScreenShot {
                    offset: status.bytes,
                    size: status.size,
                    base64: STANDARD.encode(format!("screen at {}", status.bytes)),
                    text: format!("screen at {}", status.bytes),
                    cursor: (1, 2),
                    application_cursor: false,
                    stretches: vec![Stretch { row: 0, by: Holder::Ai }],
                })),
            },
            TerminalCall::Search { text, limit, .. } => {
                TerminalAnswer::Found { lines: vec![FoundLine { line: 7, text }], more: limit == 1 }
            }
            TerminalCall::Cast { from, .. } => {
                TerminalAnswer::Cast { text: format!("line {from}\n"), next: (from < 3).then_some(from + 1) }
            }
            other => panic!("{other:?}"),
        }
    }
}

fn running(terminal: TerminalId, size: Size) -> Status {
    Status {
        terminal,
        kind: TerminalKind::Owner,
        state: TerminalState::Running,
        user: "owner".to_owned(),
        size,
        driver: Driver::Owner,
        waits: None,
        program: Some("bash".to_owned()),
        cwd: Some("/home/owner".to_owned()),
        bytes: 0,
        keys: 0,
        orders: 0,
        typed: 0,
        exit: None,
        reports: 0,
    }
}
