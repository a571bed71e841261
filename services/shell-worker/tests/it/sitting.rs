//! The owner at a terminal of a bench: seals what they do, and counts.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use metatron_bus::seal::LinkKey;
use metatron_domain::id::{RunId, TerminalId};
use metatron_domain::terminal::Size;
use metatron_domain::terminal::message::{Happened, Status, TerminalAnswer, TerminalCall, Until};
use metatron_domain::terminal::order::{KEYS, Keys, OPEN, ORDER, Opening, Order, TYPED};
use metatron_shell_worker::drive::Denied;
use metatron_shell_worker::session::Session;
use metatron_shell_worker::terminal;

use crate::support::*;

pub(crate) struct Sitting {
    pub(crate) session: Arc<Session>,
    pub(crate) keys: u64,
    pub(crate) orders: u64,
}

/// A sealed wish for a terminal.
pub(crate) fn wish(terminal: TerminalId, cwd: Option<&str>) -> String {
    let size = Size::new(80, 24).unwrap();
    let expires_at = T.after(Duration::from_mins(1));
    let opening = Opening { terminal, size, cwd: cwd.map(str::to_owned), expires_at };
    link().seal(OPEN, &terminal.to_string(), 0, &serde_json::to_vec(&opening).unwrap()).unwrap()
}

pub(crate) async fn ask(bench: &Bench, call: TerminalCall) -> TerminalAnswer {
    terminal::answer(bench.shell.clone(), call).await
}

pub(crate) fn code(answer: &TerminalAnswer) -> &str {
    match answer {
        TerminalAnswer::Refused { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

impl Sitting {
    pub(crate) async fn open(bench: &Bench) -> Self {
        let terminal = TerminalId::new();
        let answer = ask(bench, TerminalCall::Open { terminal, sealed: wish(terminal, None) }).await;
        assert!(matches!(answer, TerminalAnswer::Status(_)), "{answer:?}");
        Self::at(bench, terminal)
    }

    /// At a terminal that runs.
    pub(crate) fn at(bench: &Bench, terminal: TerminalId) -> Self {
        Self { session: bench.shell.session(terminal).unwrap(), keys: 0, orders: 0 }
    }

    pub(crate) fn terminal(&self) -> TerminalId {
        self.session.terminal
    }

    pub(crate) fn sealed(&self, sequence: u64, bytes: &[u8], secret: bool) -> String {
        let keys = Keys { base64: STANDARD.encode(bytes), secret };
        let text = serde_json::to_vec(&keys).unwrap();
        link().seal(KEYS, &self.terminal().to_string(), sequence, &text).unwrap()
    }

    pub(crate) fn press(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_press(bytes, false).unwrap();
    }

    pub(crate) fn try_press(&mut self, bytes: impl AsRef<[u8]>, secret: bool) -> Result<(), Denied> {
        self.keys += 1;
        self.session.press(self.keys, &self.sealed(self.keys, bytes.as_ref(), secret))
    }

    pub(crate) async fn order(&mut self, bench: &Bench, order: &Order) -> TerminalAnswer {
        self.orders += 1;
        let (terminal, sequence) = (self.terminal(), self.orders);
        let text = serde_json::to_vec(order).unwrap();
        let sealed = link().seal(ORDER, &terminal.to_string(), sequence, &text).unwrap();
        ask(bench, TerminalCall::Order { terminal, sequence, sealed }).await
    }

    /// Waits for something; it has to come about.
    pub(crate) async fn wait(&self, bench: &Bench, until: Until) -> Status {
        let call = TerminalCall::Wait { terminal: self.terminal(), until, within_ms: 30_000 };
        match ask(bench, call).await {
            TerminalAnswer::Waited { met: true, status } => *status,
            other => panic!("{other:?}\n{}", self.screen(bench)),
        }
    }

    /// Waits until a line of the screen matches.
    pub(crate) async fn shows(&self, bench: &Bench, regex: &str) {
        self.wait(bench, Until::Pattern { regex: regex.into() }).await;
    }

    pub(crate) fn screen(&self, bench: &Bench) -> String {
        self.session.screen(&bench.shell.parts().recordings).unwrap().unwrap().text
    }

    /// What a run types with `key`.
    pub(crate) async fn typed(
        &self,
        bench: &Bench,
        run: RunId,
        sequence: u64,
        key: &str,
        text: &str,
    ) -> TerminalAnswer {
        let terminal = self.terminal();
        let key = LinkKey::parse(key).unwrap();
        let sealed = key.seal(TYPED, &terminal.to_string(), sequence, text.as_bytes()).unwrap();
        ask(bench, TerminalCall::Type { terminal, run, sequence, sealed }).await
    }
}

/// Waits for the report that this happened; gives back how it stood then.
pub(crate) async fn told(bench: &mut Bench, what: Happened) -> Status {
    loop {
        let report = bench.reports.recv().await.unwrap();
        if report.what == what {
            assert_eq!(report.number, report.status.reports);
            return *report.status;
        }
    }
}
