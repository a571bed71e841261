//! What is kept, as a list, and what is forgotten: commands after some days, snapshots but one an hour of a day and one a day of
//! a week, and the oldest of all where the quota wants room.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Duration;

use metatron_domain::clock::Instant;
use metatron_domain::undo::message::{Shelf, Snapshot};

use super::manifest::{Head, Manifest};
use super::snapshot::KIND;
use super::{Keeper, lock};

/// Snapshots that are kept one an hour.
const HOURS: usize = 24;
/// Snapshots that are kept one a day.
const DAYS: usize = 7;
const HOUR_MS: i64 = 3_600_000;

impl Keeper {
    /// Every manifest of a kind, the newest first.
    fn all(&self, kind: &str) -> Vec<(PathBuf, Head)> {
        let files = std::fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let named = files.filter(|path| path.extension().is_some_and(|it| it == kind));
        let mut all: Vec<_> = named.filter_map(|path| Head::load(&path).map(|head| (path, head))).collect();
        all.sort_by(|a, b| b.1.at.cmp(&a.1.at).then_with(|| b.0.cmp(&a.0)));
        all
    }

    /// The snapshots, the newest first.
    pub fn snapshots(&self) -> Vec<Snapshot> {
        let all = self.all(KIND).into_iter();
        all.filter_map(|(path, Head { at, files, bytes, .. })| {
            let id = path.file_stem()?.to_str()?.parse().ok()?;
            Some(Snapshot { id, at, files, bytes })
        })
        .collect()
    }

    /// What there is, for the owner.
    pub fn shelf(&self) -> Shelf {
        Shelf {
            snapshots: self.snapshots(),
            used: self.blobs.used(),
            quota: self.terms.quota,
            every_s: self.terms.every.map_or(0, |every| every.as_secs()),
            trouble: *lock(&self.trouble),
        }
    }

    /// Forgets what is old or too much. What somebody keeps at this moment puts the deleting of contents off.
    pub fn prune(&self) {
        let now = self.now();
        for (path, head) in self.all("before") {
            if now.since(head.at) > self.terms.keep {
                forget(&path);
            }
        }
        let snapshots = self.all(KIND);
        let kept = thinned(&snapshots.iter().map(|(_, head)| head.at).collect::<Vec<_>>());
        for (n, (path, _)) in snapshots.iter().enumerate() {
            if !kept.contains(&n) {
                forget(path);
            }
        }
        self.sweep();
        // A tenth stays free, for the next command.
        while self.blobs.used() > self.terms.quota / 10 * 9 {
            let newest = self.all(KIND).into_iter().next().map(|(path, _)| path);
            let all = self.all("before").into_iter().chain(self.all(KIND));
            let oldest =
                all.filter(|(path, _)| Some(path) != newest.as_ref()).min_by_key(|(_, head)| head.at);
            let Some((path, _)) = oldest else { return };
            forget(&path);
            if !self.sweep() {
                return;
            }
        }
    }

    /// Deletes contents that no manifest names; false where somebody keeps something at this moment.
    fn sweep(&self) -> bool {
        let _gate = match self.gate.try_write() {
            Ok(gate) => gate,
            Err(std::sync::TryLockError::Poisoned(gate)) => PoisonError::into_inner(gate),
            Err(std::sync::TryLockError::WouldBlock) => return false,
        };
        let mut wanted = HashSet::new();
        for (path, _) in self.all("before").into_iter().chain(self.all(KIND)) {
            let manifest = Manifest::load(&path);
            wanted.extend(manifest.iter().flat_map(|it| &it.entries).filter_map(|entry| entry.sha));
        }
        self.blobs.sweep(&wanted);
        true
    }
}

/// Deletes a manifest, with how things stood afterwards.
fn forget(path: &std::path::Path) {
    let _ = std::fs::remove_file(path);
    let _ = std::fs::remove_file(path.with_extension("after"));
}

/// Which of these instants, the newest first, stay: the newest of each hour and of each day.
fn thinned(at: &[Instant]) -> HashSet<usize> {
    let newest_of = |length: i64, most: usize| {
        let mut seen = HashSet::new();
        let stays = |(n, at): (usize, &Instant)| {
            let slot = at.as_millis().div_euclid(length);
            (seen.len() < most && seen.insert(slot)).then_some(n)
        };
        at.iter().enumerate().filter_map(stays).collect::<Vec<_>>()
    };
    let day = i64::try_from(Duration::from_hours(24).as_millis()).unwrap_or(HOUR_MS * 24);
    newest_of(HOUR_MS, HOURS).into_iter().chain(newest_of(day, DAYS)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i14_of_many_snapshots_one_an_hour_of_a_day_and_one_a_day_of_a_week_stay() {
        let quarters =
            (0..4 * 24 * 20).map(|n| Instant::from_millis(HOUR_MS * 24 * 100 - n * HOUR_MS / 4 - 1));
        let at: Vec<_> = quarters.collect();
        let mut kept: Vec<_> = thinned(&at).into_iter().collect();
        kept.sort_unstable();
        assert_eq!(kept[..3], [0, 4, 8]);
        assert_eq!(kept.len(), HOURS + DAYS - 1, "the newest is that of its hour and of its day");
        assert_eq!(*kept.last().unwrap(), 4 * 24 * 6);
    }
}
