//! What can be said about undoing a command before anybody has answered: a look at what would be kept, that keeps nothing.
//! Only for the card. What is kept is decided again at the start, when the files may be others.
//!
//! A card waits for it, so the work has a bound; in paths and bytes and not in time, so that the same tree is told alike on every
//! machine, however busy. Beyond it nobody is sure: at the start there is more time.

use std::path::Path;

use metatron_domain::policy::Effects;
use metatron_domain::undo::message::FileKind;
use metatron_domain::undo::{Forecast, Gap, Unkept};

use super::manifest::{Manifest, Root};
use super::plan::plan;
use super::take::{Index, stamps};
use super::tree::Budget;
use super::{BYTES, Keeper, Plan, content};

/// Paths that are looked at, at most: some ten milliseconds where the system knows them already.
const PATHS: u64 = 4_000;
/// Names that patterns are compared with, at most.
const LOOKS: usize = 8_000;
/// Contents that are counted, at most, where nobody has counted them since this process began.
const COUNTED: usize = 4_000;
/// Bytes of the newest snapshot's list that are read, at most.
const LIST: u64 = 4 * 1024 * 1024;

/// Why nothing can be said, or that nothing is kept.
enum Short {
    /// It would take too long to find out.
    Unsure,
    /// It would not be kept.
    Not(Unkept),
}

impl From<Unkept> for Short {
    fn from(why: Unkept) -> Self {
        Self::Not(why)
    }
}

impl Keeper {
    /// What would be kept of a command with these `effects`, if it started now in the folder `cwd`. Blocks for as long as it takes
    /// to look at a few thousand paths.
    pub fn forecast(&self, command: &str, effects: &Effects, cwd: &Path) -> Forecast {
        let elsewhere = effects.packages == Some(true) || effects.services == Some(true);
        let (roots, mut gaps) = match plan(command, effects, false, cwd, &self.places, LOOKS) {
            Plan::Nothing if elsewhere => return Forecast::Not { why: Unkept::Elsewhere },
            Plan::Nothing => return Forecast::Nothing,
            // At the start more names are looked at.
            Plan::Not(Unkept::TooMany) => return Forecast::Unsure,
            Plan::Not(why) => return Forecast::Not { why },
            Plan::Keep(roots, gaps) => (roots, gaps),
        };
        if elsewhere && !gaps.contains(&Gap::Elsewhere) {
            gaps.push(Gap::Elsewhere);
        }
        match self.would_keep(&roots) {
            Ok((files, bytes)) => Forecast::Keeps { files, bytes, gaps },
            Err(Short::Unsure) => Forecast::Unsure,
            Err(Short::Not(why)) => Forecast::Not { why },
        }
    }

    /// The files at the roots and the bytes of their content, if there is room for them.
    fn would_keep(&self, roots: &[Root]) -> Result<(u64, u64), Short> {
        if self.terms.quota == 0 {
            return Err(Short::Not(Unkept::Off));
        }
        let mut budget = Budget { until: None, paths: PATHS, bytes: BYTES };
        let found = stamps(roots, &self.places, &mut budget).map_err(|why| match why {
            Unkept::TooMany => Short::Unsure,
            why => Short::Not(why),
        })?;
        let bytes: u64 = found.iter().map(|(_, stamp)| content(stamp)).sum();
        let files = found.iter().filter(|(_, stamp)| matches!(stamp.kind(), FileKind::File | FileKind::Link));
        let files = files.count() as u64;
        if bytes == 0 {
            return Ok((files, bytes));
        }
        let room = self.blobs.room_at_a_glance(self.terms.quota, COUNTED).ok_or(Short::Unsure)?;
        if room == 0 {
            return Err(Short::Not(Unkept::NoRoom));
        }
        if bytes <= room.min(BYTES) {
            return Ok((files, bytes));
        }
        // Only what the newest snapshot has already makes it fit.
        let index = self.index_at_a_glance().ok_or(Short::Unsure)?;
        let known = |stamp| index.get(stamp).is_some_and(|sha| self.blobs.has(&sha));
        let fresh = found.iter().filter(|(_, stamp)| !known(stamp)).map(|(_, stamp)| content(stamp)).sum();
        if fresh > room {
            return Err(Short::Not(Unkept::NoRoom));
        }
        budget.bytes(fresh)?;
        Ok((files, bytes))
    }

    /// What the newest snapshot knows; `None` where its list is too long to be read for a card.
    fn index_at_a_glance(&self) -> Option<Index> {
        let Some(path) = self.newest_snapshot() else { return Some(Index::default()) };
        let length = std::fs::metadata(&path).map_or(0, |meta| meta.len());
        if length > LIST {
            return None;
        }
        Some(Manifest::load(&path).map_or_else(Index::default, |manifest| Index::of(&manifest)))
    }
}
