//! What gives way where the quota wants room, and what never does. Whoever fills the workspace decides what the next snapshot
//! takes, so a newer snapshot is refused before an older one that is still owed goes for it (SECURITY I14).

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{PoisonError, RwLockWriteGuard, TryLockError};
use std::time::Duration;

use metatron_domain::clock::Instant;
use metatron_domain::undo::Unkept;

use super::Keeper;
use super::blob::Sha;
use super::manifest::Manifest;
use super::shelf::{DAY, WEEK, forget, slots};
use super::snapshot::KIND;

/// The part of the quota that snapshots leave to undo, a fifth: eight commands of the largest size at the default quota. What
/// is kept for undo may lie anywhere, and goes down to this where a snapshot wants the room.
const UNDO: u64 = 5;
/// The part that stays free for the next commands.
const FREE: u64 = 10;

/// Contents that stay, each counted once.
struct Tally {
    lengths: HashMap<Sha, u64>,
    names: HashSet<Sha>,
    bytes: u64,
}

impl Tally {
    /// Adds what a manifest names, if all contents together are no more than `most` then. Where it names nothing new it always is.
    fn add(&mut self, manifest: &Manifest, most: u64) -> bool {
        let named = manifest.entries.iter().filter_map(|entry| entry.sha);
        let more: HashSet<Sha> = named.filter(|sha| !self.names.contains(sha)).collect();
        let bytes: u64 = more.iter().filter_map(|sha| self.lengths.get(sha)).sum();
        let fits = bytes == 0 || self.bytes.saturating_add(bytes) <= most;
        if fits {
            self.bytes += bytes;
            self.names.extend(more);
        }
        fits
    }
}

impl Keeper {
    /// Bytes that the contents of all snapshots may take.
    pub(super) fn share(&self) -> u64 {
        self.terms.quota - self.terms.quota / UNDO
    }

    /// Bytes from which on what is kept for undo gives way, the oldest first.
    fn brim(&self) -> u64 {
        self.terms.quota - self.terms.quota / FREE
    }

    /// Whether the next commands may find no room, and something is there that can go for them.
    pub(super) fn is_tight(&self) -> bool {
        self.blobs.used() > self.brim() && !self.all("before").is_empty()
    }

    /// Deletes contents that nothing names, and what is kept for undo where it is too much. No snapshot goes.
    pub(super) fn sweep(&self) -> Result<(), Unkept> {
        let _gate = self.alone()?;
        let mut tally = Tally { lengths: self.blobs.lengths(), names: HashSet::new(), bytes: 0 };
        for (path, _) in self.list(KIND).map_err(unread)? {
            if let Some(manifest) = Manifest::read(&path).map_err(unread)? {
                tally.add(&manifest, u64::MAX);
            }
        }
        let gone = self.undos_beside(&mut tally)?;
        self.give_way(&gone, &tally);
        Ok(())
    }

    /// Makes room for a snapshot of which everything is known but that it is not stored: what is kept for undo goes first, then
    /// snapshots that are owed to nobody any more. Where that would not do, nothing goes, and the snapshot is refused.
    ///
    /// Answers how many bytes it may store.
    pub(super) fn make_room(&self, coming: &Manifest) -> Result<u64, Unkept> {
        let _gate = self.alone()?;
        let lengths = self.blobs.lengths();
        let used: u64 = lengths.values().sum();
        let mut tally = Tally { lengths, names: HashSet::new(), bytes: 0 };
        let mut fresh = 0;
        for (sha, size) in coming.entries.iter().filter_map(|entry| Some((entry.sha?, entry.stamp.size))) {
            tally.lengths.entry(sha).or_insert_with(|| {
                fresh += size;
                size
            });
        }
        let snapshots = self.list(KIND).map_err(unread)?;
        let at: Vec<_> = snapshots.iter().map(|(_, head)| head.at).collect();
        let owed = owed(&at, self.now());
        let (owed, loose): (Vec<_>, Vec<_>) =
            snapshots.into_iter().enumerate().partition(|(n, _)| owed.contains(n));
        for (_, (path, _)) in owed {
            if let Some(manifest) = Manifest::read(&path).map_err(unread)? {
                tally.add(&manifest, u64::MAX);
            }
        }
        let share = self.share();
        let before = tally.bytes;
        tally.add(coming, u64::MAX);
        // What takes no more room than there is taken already is never too much, however small the quota has become.
        let most = if tally.bytes == before { u64::MAX } else { share };
        if tally.bytes > most {
            return Err(Unkept::NoRoom);
        }
        let mut gone = Vec::new();
        // The oldest are taken in first: what was lost since is in them, and what filled the room is in the newer ones.
        for (_, (path, _)) in loose.into_iter().rev() {
            if let Some(manifest) = Manifest::read(&path).map_err(unread)?
                && !tally.add(&manifest, most)
            {
                gone.push(path);
            }
        }
        let room = share.saturating_sub(tally.bytes).saturating_add(fresh);
        gone.extend(self.undos_beside(&mut tally)?);
        let left = tally.bytes.saturating_sub(fresh);
        if fresh > self.blobs.free().saturating_add(used.saturating_sub(left)) {
            return Err(Unkept::NoRoom);
        }
        self.give_way(&gone, &tally);
        Ok(room.min(self.blobs.room(self.terms.quota)))
    }

    /// Nobody keeps anything while this is held: contents that no manifest names yet look like those that none names any more. It
    /// is not waited for, since commands would wait behind whoever waits. Nor does anything go while something is brought back.
    fn alone(&self) -> Result<RwLockWriteGuard<'_, ()>, Unkept> {
        let gate = match self.gate.try_write() {
            Ok(gate) => gate,
            Err(TryLockError::Poisoned(gate)) => PoisonError::into_inner(gate),
            Err(TryLockError::WouldBlock) => return Err(Unkept::NoRoom),
        };
        let undone = matches!(self.undoing.try_lock(), Err(TryLockError::WouldBlock));
        if undone { Err(Unkept::NoRoom) } else { Ok(gate) }
    }

    /// Takes in what is kept for undo, the newest first; answers what is too much.
    fn undos_beside(&self, tally: &mut Tally) -> Result<Vec<PathBuf>, Unkept> {
        let mut gone = Vec::new();
        for (path, _) in self.list("before").map_err(unread)? {
            if let Some(manifest) = Manifest::read(&path).map_err(unread)?
                && !tally.add(&manifest, self.brim())
            {
                gone.push(path);
            }
        }
        Ok(gone)
    }

    fn give_way(&self, gone: &[PathBuf], tally: &Tally) {
        for path in gone {
            tracing::info!(path = %path.display(), "what was kept gave way to something newer");
            forget(path);
        }
        self.blobs.sweep(&tally.names);
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
fn unread(error: std::io::Error) -> Unkept {
    tracing::warn!(%error, "what is kept could not be read: nothing is forgotten");
    Unkept::Failed
}

/// Which of these snapshots, the newest first, never give way: those of the last day, and the first of each day for a week.
/// One from ahead of the clock is as good as new: it may be the clock that is wrong.
fn owed(at: &[Instant], now: Instant) -> HashSet<usize> {
    let younger = |n: &usize, than: Duration| now.since(at[*n]) <= than;
    let firsts = slots(at, DAY).into_iter().map(|slot| slot.first).filter(|n| younger(n, WEEK));
    firsts.chain((0..at.len()).filter(|n| younger(n, DAY))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i14_a_snapshot_is_owed_for_a_day_and_the_first_of_each_day_for_a_week() {
        let hour = |n: i64| Instant::from_millis(3_600_000 * (24 * 100 + n));
        // One an hour for ten days, the last at noon, and one from ahead of the clock.
        let mut at: Vec<_> = (-24 * 10..=12).map(hour).rev().collect();
        at.insert(0, hour(1_000));
        let mut owed: Vec<_> = owed(&at, hour(12)).into_iter().map(|n| at[n]).collect();
        owed.sort_unstable();
        let firsts = (-6..=-1).map(|day| hour(24 * day));
        let last_day = (-12..=12).map(hour);
        assert_eq!(owed, firsts.chain(last_day).chain([hour(1_000)]).collect::<Vec<_>>());
    }
}
