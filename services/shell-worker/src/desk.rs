//! What stands beside a terminal's bytes: who has the keyboard, the numbers of what was typed and asked, the size, and
//! what was last seen of the foreground. Remembers and tells; never types.

use std::sync::{Mutex, MutexGuard, PoisonError};

use metatron_bus::seal::LinkKey;
use metatron_domain::clock::Instant;
use metatron_domain::exec::Exit;
use metatron_domain::id::RunId;
use metatron_domain::terminal::message::{Happened, Report, Status};
use metatron_domain::terminal::{Driver, Holder, Size, TerminalKind, TerminalState, Waits};
use tokio::sync::{Notify, watch};

use crate::floor::Floor;
use crate::look::Look;
use crate::session::{Purpose, Session};

/// The keyboard in a run's hands.
pub struct Hand {
    /// Whose.
    pub run: RunId,
    /// Until when.
    pub until: Instant,
    /// What opens the seals of what it types.
    pub key: LinkKey,
}

/// What is remembered.
pub struct State {
    /// Who has the keyboard.
    pub driver: Driver,
    /// The key of a run that has it for a time.
    pub hand: Option<Hand>,
    /// The number of the owner's last keys.
    pub keys: u64,
    /// The number of the owner's last order.
    pub orders: u64,
    /// The number of what a run typed last.
    pub typed: u64,
    /// Each size, with the offset of the output from which it holds. The last one is the size now.
    pub sizes: Vec<(u64, Size)>,
    /// Each holder of the keyboard, with the offset of the output from which it is theirs. The last one has it now.
    pub holders: Vec<(u64, Holder)>,
    /// The size that was last reported.
    pub told_size: Size,
    /// What was last seen of the foreground.
    pub look: Look,
    /// What runs have typed lately.
    pub floor: Floor,
    /// How much was forged or played again since that was last told.
    pub forged: u32,
    /// When that was.
    pub forged_at: Option<Instant>,
    /// The number of the last report.
    reports: u64,
}

/// A session's desk. Its lock is never held while anything is waited for.
pub struct Desk {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    poked: Notify,
}

impl Desk {
    /// A desk for a terminal of this size.
    pub fn new(purpose: Purpose, size: Size) -> Self {
        let state = State {
            driver: at_first(purpose),
            hand: None,
            keys: 0,
            orders: 0,
            typed: 0,
            sizes: vec![(0, size)],
            holders: vec![(0, at_first(purpose).holder())],
            told_size: size,
            look: Look::default(),
            floor: Floor::default(),
            forged: 0,
            forged_at: None,
            reports: 0,
        };
        Self { state: Mutex::new(state), changed: watch::channel(0).0, poked: Notify::new() }
    }

    /// What is remembered, to be read or changed.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves whenever [`Session::status`] may be another than before.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Something was done to the terminal: it is worth a look.
    pub fn poke(&self) {
        self.poked.notify_one();
    }

    /// Returns when it was poked.
    pub async fn poked(&self) {
        self.poked.notified().await;
    }

    /// Tells those who watch.
    pub fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }
}

impl State {
    /// The size now.
    pub fn size(&self) -> Size {
        self.sizes.last().map_or(Size::COMMAND, |(_, size)| *size)
    }
}

/// Who has the keyboard when nobody has taken or given it.
pub const fn at_first(purpose: Purpose) -> Driver {
    match purpose {
        Purpose::Owner => Driver::Owner,
        Purpose::Command { run, .. } => Driver::Ai { run, until: None, paused: false },
    }
}

impl Session {
    /// How it stands.
    pub fn status(&self) -> Status {
        self.status_of(&self.desk.state())
    }

    fn status_of(&self, state: &State) -> Status {
        let kind = match self.purpose {
            Purpose::Owner => TerminalKind::Owner,
            Purpose::Command { .. } => TerminalKind::Command,
        };
        Status {
            terminal: self.terminal,
            kind,
            state: TerminalState::Running,
            user: self.user.clone(),
            size: state.size(),
            driver: state.driver.clone(),
            waits: state.look.waits,
            program: state.look.program.clone(),
            cwd: state.look.cwd.clone(),
            bytes: self.progress.borrow().end,
            keys: state.keys,
            orders: state.orders,
            typed: state.typed,
            exit: None,
            reports: state.reports,
        }
    }

    /// Tells api, and those who watch, that something happened.
    pub fn report(&self, what: Happened) {
        let report = self.next_report(what, |_| {});
        // Nobody listens while this process goes down.
        let _ = self.ties.reports.send(report);
        self.desk.touch();
    }

    /// The report of the end. The journal has it before anybody else.
    pub fn last_report(&self, state: TerminalState, exit: Option<Exit>, bytes: u64) -> Report {
        let what = if state == TerminalState::Lost { Happened::Lost } else { Happened::Ended };
        self.next_report(what, |status| {
            (status.state, status.exit, status.bytes) = (state, exit, bytes);
            (status.waits, status.program, status.cwd) = (None, None, None);
        })
    }

    fn next_report(&self, what: Happened, change: impl FnOnce(&mut Status)) -> Report {
        let end = self.progress.borrow().end;
        let mut state = self.desk.state();
        state.reports += 1;
        let holder = state.driver.holder();
        if state.holders.last().is_none_or(|(_, last)| *last != holder) {
            state.holders.push((end, holder));
        }
        let mut status = self.status_of(&state);
        change(&mut status);
        let (number, at) = (state.reports, self.ties.clock.now());
        Report { terminal: self.terminal, number, at, what, status: Box::new(status) }
    }

    /// Takes in what was seen of the foreground, and tells what is new.
    pub fn absorb(&self, look: &Look) {
        let (resized, before, waits, program) = {
            let mut state = self.desk.state();
            let resized = state.told_size != state.size();
            state.told_size = state.size();
            let before = std::mem::replace(&mut state.look, look.clone());
            if let Driver::Ai { paused, .. } = &mut state.driver {
                *paused = look.waits == Some(Waits::Password);
            }
            let program = look.program.clone().filter(|_| before.program != look.program);
            (resized, before.clone(), before.waits != look.waits, program)
        };
        if self.purpose == Purpose::Owner
            && let Some(name) = program
        {
            let offset = self.progress.borrow().end;
            self.events.happened(offset, crate::events::What::Program { name });
        }
        if resized {
            self.report(Happened::Resized);
        }
        if waits {
            self.report(Happened::Waits);
        } else if before != *look {
            self.desk.touch();
        }
    }
}
