//! What can be said about undoing a command before anybody has answered: a look at what would be kept, that keeps nothing.
//! Only for the card. What is kept is decided again at the start, when the files may be others.

use std::path::Path;
use std::time::{Duration, Instant};

use metatron_domain::policy::Effects;
use metatron_domain::undo::message::FileKind;
use metatron_domain::undo::{Forecast, Gap, Unkept};

use super::manifest::Root;
use super::take::{Index, stamps};
use super::tree::Budget;
use super::{BYTES, Keeper, PATHS, Plan, WORTH_ASKING, content};

/// How long a card may be held up for it.
const GLANCE: Duration = Duration::from_secs(1);

impl Keeper {
    /// What would be kept of a command with these `effects`, if it started now in the folder `cwd`. Blocks for at most
    /// about a second.
    pub fn forecast(&self, command: &str, effects: &Effects, cwd: &Path) -> Forecast {
        let elsewhere = effects.packages == Some(true) || effects.services == Some(true);
        let (roots, mut gaps) = match self.plan(command, effects, false, cwd) {
            Plan::Nothing if elsewhere => return Forecast::Not { why: Unkept::Elsewhere },
            Plan::Nothing => return Forecast::Nothing,
            Plan::Not(why) => return Forecast::Not { why },
            Plan::Keep(roots, gaps) => (roots, gaps),
        };
        if elsewhere && !gaps.contains(&Gap::Elsewhere) {
            gaps.push(Gap::Elsewhere);
        }
        match self.would_keep(&roots) {
            Ok((files, bytes)) => Forecast::Keeps { files, bytes, gaps },
            // At the start there is more time.
            Err(Unkept::TooSlow) => Forecast::Unsure,
            Err(why) => Forecast::Not { why },
        }
    }

    /// The files at the roots and the bytes of their content, if there is room for them.
    fn would_keep(&self, roots: &[Root]) -> Result<(u64, u64), Unkept> {
        if self.terms.quota == 0 {
            return Err(Unkept::Off);
        }
        let mut budget = Budget { until: Some(Instant::now() + GLANCE), paths: PATHS, bytes: BYTES };
        let found = stamps(roots, &self.places, &mut budget)?;
        let bytes: u64 = found.iter().map(|(_, stamp)| content(stamp)).sum();
        let index = if bytes >= WORTH_ASKING { self.newest_index() } else { Index::default() };
        let known = |stamp| index.get(stamp).is_some_and(|sha| self.blobs.has(&sha));
        let fresh = found.iter().filter(|(_, stamp)| !known(stamp)).map(|(_, stamp)| content(stamp)).sum();
        let room = self.blobs.room(self.terms.quota);
        if bytes > 0 && (room == 0 || fresh > room) {
            return Err(Unkept::NoRoom);
        }
        budget.bytes(fresh)?;
        let files = found.iter().filter(|(_, stamp)| matches!(stamp.kind(), FileKind::File | FileKind::Link));
        Ok((files.count() as u64, bytes))
    }
}
