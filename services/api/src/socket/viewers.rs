//! How many sockets look at each terminal. Owned by the process; a seat is given back when its holder goes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use metatron_domain::id::TerminalId;
use tokio::sync::watch;

/// Who looks at what.
#[derive(Debug, Clone)]
pub(crate) struct Viewers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Only terminals that somebody looks at stand here.
    seats: Mutex<HashMap<TerminalId, u32>>,
    changed: watch::Sender<()>,
}

impl Default for Viewers {
    fn default() -> Self {
        Self(Arc::new(Shared { seats: Mutex::default(), changed: watch::Sender::new(()) }))
    }
}

impl Viewers {
    /// How many look at a terminal.
    pub(crate) fn of(&self, terminal: TerminalId) -> u32 {
        let seats = self.0.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.get(&terminal).copied().unwrap_or_default()
    }

    /// One more looks at it, until the seat is dropped.
    pub(super) fn sit(&self, terminal: TerminalId) -> Seat {
        let mut seats = self.0.seats.lock().unwrap_or_else(PoisonError::into_inner);
        *seats.entry(terminal).or_default() += 1;
        drop(seats);
        self.0.changed.send_replace(());
        Seat { viewers: self.clone(), terminal, told: 0 }
    }

    /// Moves when any number may be another than before.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }
}

/// A place before a terminal.
#[derive(Debug)]
pub(super) struct Seat {
    viewers: Viewers,
    terminal: TerminalId,
    /// The number that its holder was told last.
    told: u32,
}

impl Seat {
    /// The number of those who look, where it is not the one that was told last.
    pub(super) fn news(&mut self) -> Option<u32> {
        let now = self.viewers.of(self.terminal);
        (std::mem::replace(&mut self.told, now) != now).then_some(now)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.viewers.0.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = seats.get_mut(&self.terminal) {
            *count -= 1;
            if *count == 0 {
                seats.remove(&self.terminal);
            }
        }
        drop(seats);
        self.viewers.0.changed.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_counts_while_it_is_held_and_tells_a_number_once() {
        let (viewers, one, other) = (Viewers::default(), TerminalId::new(), TerminalId::new());
        let mut changes = viewers.changes();
        let mut first = viewers.sit(one);
        let mut second = viewers.sit(one);
        assert!(changes.has_changed().unwrap());
        changes.mark_unchanged();
        assert_eq!((first.news(), first.news(), second.news()), (Some(2), None, Some(2)));
        assert_eq!((viewers.of(one), viewers.of(other)), (2, 0));
        drop(second);
        assert!(changes.has_changed().unwrap());
        assert_eq!((first.news(), viewers.of(one)), (Some(1), 1));
        drop(first);
        assert_eq!(viewers.of(one), 0);
        assert!(viewers.0.seats.lock().unwrap().is_empty(), "nothing is kept of what nobody looks at");
    }
}
