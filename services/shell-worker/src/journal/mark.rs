//! A second witness of the journal, on another volume than the journal: which start was written down last. A journal that
//! does not know that start is an older copy of itself, and would let what was used up since be used once more. Such a one
//! gets another name, which voids every answer that was given under the old one (SECURITY R2, P4).

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use metatron_domain::clock::Instant;
use metatron_domain::id::{ExecId, JournalId};
use serde::{Deserialize, Serialize};

use super::{Inner, Journal, JournalError, KEPT, Record};

/// What is written down beside the journal. Never on the disk before the journal itself has it: a mark may be behind a
/// journal, and no journal may be behind its mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Newest {
    /// The journal's name.
    journal: JournalId,
    /// The start that it wrote down last; absent while there is none.
    exec: Option<ExecId>,
    /// When that was.
    at: Instant,
}

/// The mark of a journal. Owned by it.
pub(super) struct Mark {
    path: PathBuf,
    /// Whether it was said already that it can't be written.
    told: bool,
}

impl Mark {
    fn read(path: &Path) -> Option<Newest> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    fn write(path: &Path, newest: &Newest) -> std::io::Result<()> {
        let fresh = path.with_extension("new");
        let mut options = OpenOptions::new();
        let mut file: File = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(&serde_json::to_vec(newest)?)?;
        drop(file);
        std::fs::rename(&fresh, path)
    }

    /// Writes it; a start does not fail for it.
    pub(super) fn note(&mut self, journal: JournalId, exec: ExecId, at: Instant) {
        let written = Self::write(&self.path, &Newest { journal, exec: Some(exec), at });
        match written {
            Ok(()) => self.told = false,
            Err(error) if !self.told => {
                tracing::warn!(%error, path = %self.path.display(), "the journal's mark can't be written");
                self.told = true;
            }
            Err(_) => {}
        }
    }
}

impl Inner {
    /// Whether the journal has all that `newest` says of it.
    fn bears_out(&self, newest: &Newest, now: Instant) -> bool {
        let known = newest.exec.is_none_or(|exec| self.states.contains_key(&exec));
        // What is so old is forgotten, and every answer to it is void.
        self.name == Some(newest.journal) && (known || now.since(newest.at) > KEPT)
    }
}

impl Journal {
    /// Compares the journal with the mark at `path`, and keeps it from now on. Where the journal is older than its mark, or
    /// there is none although something was started, it takes another name, which is given back.
    ///
    /// An error where the mark or the journal can't be written: then no mark is kept there.
    pub fn vouched_by(&self, path: &Path, now: Instant) -> Result<Option<JournalId>, JournalError> {
        let mut inner = self.lock();
        let known = Mark::read(path);
        let sound = match &known {
            Some(newest) => inner.bears_out(newest, now),
            None => inner.name.is_some() && inner.states.is_empty(),
        };
        let name = inner.name.filter(|_| sound).unwrap_or_else(JournalId::new);
        // First the mark: a name that it never learnt would be doubted by the next process once more, and no harm done.
        let kept = known.filter(|_| sound).unwrap_or(Newest { journal: name, exec: None, at: now });
        Mark::write(path, &kept)?;
        if !sound {
            inner.write(Record::Born { journal: name, at: now })?;
        }
        inner.mark = Some(Mark { path: path.to_owned(), told: false });
        Ok((!sound).then_some(name))
    }
}
