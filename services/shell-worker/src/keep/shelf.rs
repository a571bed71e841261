//! What is kept, as a list, and what is forgotten by the calendar: commands after some days, snapshots but a few of each hour of
//! a day and one of each day of a week. Where room is wanted, `fit` says what goes.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use metatron_domain::clock::Instant;
use metatron_domain::undo::message::{Shelf, Snapshot};

use super::manifest::Head;
use super::snapshot::KIND;
use super::{Keeper, lock};

const HOUR: Duration = Duration::from_hours(1);
/// How long every hour's snapshots stay.
pub(super) const DAY: Duration = Duration::from_hours(24);
/// How long one of each day stays.
pub(super) const WEEK: Duration = Duration::from_hours(7 * 24);
/// Hours and days of which snapshots stay: one more than they are worth, since the oldest is cut by now.
const HOURS: usize = 25;
const DAYS: usize = 8;

impl Keeper {
    /// Every manifest of a kind that can be read, the newest first.
    pub(super) fn all(&self, kind: &str) -> Vec<(PathBuf, Head)> {
        let mut all: Vec<_> = self.heads(kind).map(|heads| heads.flatten().collect()).unwrap_or_default();
        all.sort_by(newest_first);
        all
    }

    /// Every manifest of a kind, the newest first; an error where one could not be read. What one of those names would be
    /// deleted if it counted as gone.
    pub(super) fn list(&self, kind: &str) -> std::io::Result<Vec<(PathBuf, Head)>> {
        let mut all = self.heads(kind)?.collect::<std::io::Result<Vec<_>>>()?;
        all.sort_by(newest_first);
        Ok(all)
    }

    fn heads(&self, kind: &str) -> std::io::Result<impl Iterator<Item = std::io::Result<(PathBuf, Head)>>> {
        let head = move |entry: std::io::Result<std::fs::DirEntry>| {
            let path = entry?.path();
            let head = if path.extension().is_some_and(|it| it == kind) { Head::read(&path)? } else { None };
            Ok(head.map(|head| (path, head)))
        };
        Ok(std::fs::read_dir(&self.folder)?.map(head).filter_map(std::io::Result::transpose))
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
            trouble: lock(&self.trouble).map(|(why, _)| why),
        }
    }

    /// Forgets what is old, and what is kept for undo where it is too much. What somebody keeps at this moment puts the deleting
    /// of contents off.
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
        if let Err(why) = self.sweep() {
            tracing::debug!(?why, "contents that nothing names stay for now");
        }
    }
}

fn newest_first(a: &(PathBuf, Head), b: &(PathBuf, Head)) -> std::cmp::Ordering {
    b.1.at.cmp(&a.1.at).then_with(|| b.0.cmp(&a.0))
}

/// Deletes a manifest, with how things stood afterwards.
pub(super) fn forget(path: &std::path::Path) {
    let _ = std::fs::remove_file(path);
    let _ = std::fs::remove_file(path.with_extension("after"));
}

/// The instants of one hour or of one day, by their numbers.
pub(super) struct Slot {
    number: i64,
    pub first: usize,
    pub last: usize,
}

/// These instants, the newest first, by the hour or by the day.
pub(super) fn slots(at: &[Instant], length: Duration) -> Vec<Slot> {
    let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
    let mut slots: Vec<Slot> = Vec::new();
    for (n, at) in at.iter().enumerate() {
        let number = at.as_millis().div_euclid(length);
        match slots.last_mut() {
            Some(slot) if slot.number == number => slot.first = n,
            _ => slots.push(Slot { number, first: n, last: n }),
        }
    }
    slots
}

/// Which of these instants, the newest first, stay: the first and the last of each hour, the first of each day. The first, since
/// what was lost in that time is in it; the last, since one that the owner ordered is none of the hourly ones.
fn thinned(at: &[Instant]) -> HashSet<usize> {
    let hours = slots(at, HOUR).into_iter().take(HOURS).flat_map(|slot| [slot.first, slot.last]);
    hours.chain(slots(at, DAY).into_iter().take(DAYS).map(|slot| slot.first)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    #[test]
    fn i14_of_many_snapshots_two_of_each_hour_of_a_day_and_the_first_of_each_day_of_a_week_stay() {
        let quarters =
            (0..4 * 24 * 20).map(|n| Instant::from_millis(HOUR_MS * 24 * 100 - n * HOUR_MS / 4 - 1));
        let at: Vec<_> = quarters.collect();
        let mut kept: Vec<_> = thinned(&at).into_iter().collect();
        kept.sort_unstable();
        assert_eq!(kept[..4], [0, 3, 4, 7], "the last and the first of each hour");
        let hours: Vec<_> = kept.iter().copied().filter(|n| *n < 4 * 25).collect();
        assert_eq!(hours.len(), 2 * 25);
        let days: Vec<_> = kept.iter().copied().filter(|n| *n >= 4 * 25).collect();
        assert_eq!(days, (2..=8).map(|day| 4 * 24 * day - 1).collect::<Vec<_>>(), "the first of each day");
    }
}
