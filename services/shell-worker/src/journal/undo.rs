//! Undos in the journal: each begins once, and how it ended is known before anybody is told.

use std::collections::HashMap;

use metatron_domain::clock::Instant;
use metatron_domain::id::UndoId;
use metatron_domain::undo::Undone;

use super::{Journal, JournalError, Record};

/// What is known of an undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoKnown {
    /// It began, and no end is known.
    Begun,
    /// It ended.
    Done(Undone),
    /// The shell-worker died in the middle of it.
    Cut,
}

/// What is known of each.
#[derive(Default)]
pub(super) struct Undos(HashMap<UndoId, (Instant, UndoKnown)>);

impl Undos {
    pub(super) fn learn(&mut self, record: Record) {
        match record {
            Record::Undoing { undo, at } => {
                self.0.insert(undo, (at, UndoKnown::Begun));
            }
            Record::Undone { undo, at, undone } => {
                self.0.insert(undo, (at, undone.map_or(UndoKnown::Cut, UndoKnown::Done)));
            }
            _ => {}
        }
    }

    /// Those that ended so long ago that `old` says so.
    pub(super) fn over(&self, old: impl Fn(&Instant) -> bool) -> impl Iterator<Item = UndoId> {
        let over = move |(undo, (at, known)): (&UndoId, &(Instant, UndoKnown))| {
            (*known != UndoKnown::Begun && old(at)).then_some(*undo)
        };
        self.0.iter().filter_map(over)
    }
}

impl Journal {
    /// Records that an undo begins; what is known of it where it began before.
    pub fn begin_undo(&self, undo: UndoId, at: Instant) -> Result<Option<UndoKnown>, JournalError> {
        let mut inner = self.lock();
        if let Some((_, known)) = inner.undos.0.get(&undo) {
            return Ok(Some(known.clone()));
        }
        inner.write(Record::Undoing { undo, at })?;
        Ok(None)
    }

    /// Records how it ended; `undone` is absent where nobody knows.
    pub fn undone(&self, undo: UndoId, at: Instant, undone: Option<Undone>) -> Result<(), JournalError> {
        self.lock().write(Record::Undone { undo, at, undone })
    }

    /// What is known of an undo.
    pub fn undo(&self, undo: UndoId) -> Option<UndoKnown> {
        self.lock().undos.0.get(&undo).map(|(_, known)| known.clone())
    }

    /// Undos that began and have no end: at start of the service, those of a dead predecessor.
    pub fn open_undos(&self) -> Vec<UndoId> {
        let inner = self.lock();
        let open = inner.undos.0.iter().filter(|(_, (_, known))| *known == UndoKnown::Begun);
        open.map(|(undo, _)| *undo).collect()
    }
}
