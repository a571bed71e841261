//! The owner's terminals in the journal: each is opened once, and its end is told at least once.

use std::collections::HashMap;

use metatron_domain::clock::Instant;
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::message::Report;

use super::file::Place;
use super::{Inner, Journal, JournalError, Leader, Opened, Record};

enum State {
    Open(Opened, Option<Leader>),
    Over { at: Instant, place: Place, told: bool },
}

/// What is known of each.
#[derive(Default)]
pub(super) struct Terminals(HashMap<TerminalId, State>);

impl Terminals {
    pub(super) fn learn(&mut self, record: Record, place: Place) {
        match record {
            Record::Opened(opened) => {
                self.0.insert(opened.terminal, State::Open(opened, None));
            }
            Record::Led(leader) => {
                if let Some(State::Open(_, slot)) = self.0.get_mut(&leader.terminal) {
                    *slot = Some(leader);
                }
            }
            Record::Over { report } => {
                self.0.insert(report.terminal, State::Over { at: report.at, place, told: false });
            }
            Record::Told { terminal, .. } => {
                if let Some(State::Over { told, .. }) = self.0.get_mut(&terminal) {
                    *told = true;
                }
            }
            _ => {}
        }
    }

    /// Those that are over for so long that `old` says so.
    pub(super) fn over(&self, old: impl Fn(&Instant) -> bool) -> impl Iterator<Item = TerminalId> {
        self.0
            .iter()
            .filter(move |(_, state)| matches!(state, State::Over { at, told: true, .. } if old(at)))
            .map(|(terminal, _)| *terminal)
    }
}

impl Inner {
    fn over(&self, place: &Place) -> Result<Report, JournalError> {
        match self.tape.read(place)? {
            Record::Over { report } => Ok(*report),
            _ => Err(std::io::Error::other("the journal's index names a record without a report").into()),
        }
    }
}

impl Journal {
    /// Records that a terminal is opened. False when it was before: then nobody may open it.
    pub fn open_terminal(&self, opened: Opened) -> Result<bool, JournalError> {
        let mut inner = self.lock();
        if inner.terminals.0.contains_key(&opened.terminal) {
            return Ok(false);
        }
        inner.write(Record::Opened(opened))?;
        Ok(true)
    }

    /// Whether a terminal was opened, as far as is remembered.
    pub fn knows_terminal(&self, terminal: TerminalId) -> bool {
        self.lock().terminals.0.contains_key(&terminal)
    }

    /// Records which process it became.
    pub fn led(&self, leader: Leader) -> Result<(), JournalError> {
        self.lock().write(Record::Led(leader))
    }

    /// Records how it ended.
    pub fn over(&self, report: Report) -> Result<(), JournalError> {
        self.lock().write(Record::Over { report: Box::new(report) })
    }

    /// Records that its end need not be told again.
    pub fn told(&self, terminal: TerminalId, at: Instant) -> Result<(), JournalError> {
        self.lock().write(Record::Told { terminal, at })
    }

    /// Terminals that were opened and have no end: at start of the service, those of a dead predecessor.
    pub fn open_terminals(&self) -> Vec<(Opened, Option<Leader>)> {
        let inner = self.lock();
        let open = inner.terminals.0.values().filter_map(|state| match state {
            State::Open(opened, leader) => Some((opened.clone(), leader.clone())),
            State::Over { .. } => None,
        });
        open.collect()
    }

    /// The end of a terminal, while it is remembered.
    pub fn end_of(&self, terminal: TerminalId) -> Result<Option<Report>, JournalError> {
        let inner = self.lock();
        match inner.terminals.0.get(&terminal) {
            Some(State::Over { place, .. }) => inner.over(place).map(Some),
            _ => Ok(None),
        }
    }

    /// Ends that nobody may have heard of.
    pub fn untold(&self) -> Result<Vec<Report>, JournalError> {
        let inner = self.lock();
        let untold = inner.terminals.0.values().filter_map(|state| match state {
            State::Over { place, told: false, .. } => Some(inner.over(place)),
            _ => None,
        });
        untold.collect()
    }
}
