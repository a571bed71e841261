//! Snapshots of the workspace: each is whole, and shares its contents with the others. Only the workspace: the home around it
//! holds caches and tools, which come back by themselves, and is the owner's own where nothing separates the users.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::Duration;

use metatron_domain::clock::Instant;
use metatron_domain::id::SnapshotId;
use metatron_domain::undo::Unkept;
use metatron_domain::undo::message::{FileKind, Name, Snapshot};
use metatron_process::crash::{self, Point};

use super::manifest::{Manifest, Root};
use super::take::{self, Index, Into, stamps};
use super::tree::{Budget, Stamp};
use super::{Keeper, blob, lock};

/// What a snapshot's manifest is called.
pub(super) const KIND: &str = "snapshot";
/// Paths of a workspace, at most.
const PATHS: u64 = 2_000_000;
/// How often the quota may be read for one snapshot, to learn what of it is new.
const READ: u64 = 2;
/// How long one that was refused is not tried again, at most: it may read much.
const AGAIN: Duration = Duration::from_hours(1);
/// Names of one folder that are told, at most.
const MOST_NAMES: usize = 1_000;

impl Keeper {
    /// Keeps the whole workspace as it is now. May take minutes: only what changed since the last one is read.
    pub fn snap(&self, id: SnapshotId) -> Result<Snapshot, Unkept> {
        let _one = lock(&self.snapping);
        let made = self.whole(&self.path(&id, KIND));
        *lock(&self.trouble) = made.as_ref().err().map(|why| (*why, self.now()));
        let (at, (files, bytes)) = made?;
        tracing::info!(snapshot.id = %id, files, bytes, "the workspace was kept");
        Ok(Snapshot { id, at, files, bytes })
    }

    fn whole(&self, path: &Path) -> Result<(Instant, (u64, u64)), Unkept> {
        if self.terms.quota == 0 {
            return Err(Unkept::Off);
        }
        let mut budget = Budget { until: None, paths: PATHS, bytes: 0 };
        let roots = vec![Root { path: self.places.workspace.clone(), deep: true }];
        // Before the look, so that what changes during it is read again next time.
        let at = self.now();
        let found = stamps(&roots, &self.places, &mut budget)?;
        let (index, room) = self.room_for(&roots, &found, at)?;
        budget.bytes = room;
        let stored = {
            let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
            self.store((roots, found), &index, budget, (at, path))
        };
        if stored.is_err() {
            // What was stored of it by then has no name, and would take the room of others.
            let _ = self.sweep();
        }
        Ok((at, stored?.size()))
    }

    fn store(
        &self,
        (roots, found): (Vec<Root>, Vec<(PathBuf, Stamp)>),
        index: &Index,
        mut budget: Budget,
        (at, path): (Instant, &Path),
    ) -> Result<Manifest, Unkept> {
        let (all, into) = ((roots, Vec::new()), Into::Store(&self.blobs));
        let taken = take::take(all, &found, index, &self.places, into, &mut budget, at);
        let manifest = taken.map_err(no_room)?;
        self.blobs.sync().map_err(|_| Unkept::Failed)?;
        crash::point(Point::ShellSnapped);
        manifest.save(path).map_err(blob::no_room)?;
        Ok(manifest)
    }

    /// What is known of the contents, and how many bytes of them may be stored.
    ///
    /// Where they might not fit they are read once without being stored: only then is it known what takes room, since the stamps of
    /// a whole workspace may be new and its contents old. Nothing that is kept goes for a snapshot that can't be made.
    fn room_for(
        &self,
        roots: &[Root],
        found: &[(PathBuf, Stamp)],
        at: Instant,
    ) -> Result<(Index, u64), Unkept> {
        let index = self.newest_index();
        let easy = self.share().saturating_sub(self.blobs.used()).min(self.blobs.free());
        let unknown = index.unknown(found, &self.blobs);
        if unknown <= easy {
            return Ok((index, easy));
        }
        let bytes = self.terms.quota.saturating_mul(READ);
        if unknown > bytes {
            return Err(Unkept::NoRoom);
        }
        let mut budget = Budget { until: None, paths: 0, bytes };
        let all = (roots.to_vec(), Vec::new());
        let looked = take::take(all, found, &index, &self.places, Into::Digest, &mut budget, at);
        drop(index);
        let looked = looked.map_err(no_room)?;
        let room = self.make_room(&looked)?;
        Ok((Index::just(&looked), room))
    }

    /// When the next snapshot is due; absent where none are made. One that was refused is tried again after an hour at the latest.
    pub fn due(&self) -> Option<Instant> {
        let every = self.terms.every.filter(|_| self.terms.quota > 0)?;
        let now = self.now();
        // What lies ahead was made under a clock that was wrong: nobody waits for it.
        let last = self.snapshots().into_iter().map(|it| it.at).find(|at| *at <= now);
        let tried = lock(&self.trouble).map(|(_, at)| at).filter(|at| *at <= now);
        let next = last.map(|at| at.after(every));
        Some(next.max(tried.map(|at| at.after(every.min(AGAIN)))).unwrap_or(now))
    }

    /// Makes a snapshot if one is due, and room for the next commands where there is little. To be called again and again.
    pub fn tend(&self) {
        if self.due().is_some_and(|due| due <= self.now()) {
            match self.snap(SnapshotId::new()) {
                Ok(_) => self.prune(),
                Err(why) => tracing::warn!(?why, "no snapshot of the workspace was made"),
            }
        } else if self.is_tight() {
            self.prune();
        }
    }

    /// What is in a folder of a snapshot, by its name inside the workspace, and whether there is more; `None` when there is no
    /// such folder.
    pub fn browse(&self, id: SnapshotId, path: &str) -> Option<(Vec<Name>, bool)> {
        let manifest = Manifest::load(&self.path(&id, KIND))?;
        let folder = self.inside(path)?;
        let is_folder =
            |entry: &&super::manifest::Entry| entry.path == folder && entry.stamp.kind() == FileKind::Folder;
        manifest.entries.iter().find(is_folder)?;
        let inside = manifest.entries.iter().filter(|entry| entry.path.parent() == Some(&folder));
        let mut names: Vec<_> = inside
            .map(|entry| Name {
                name: entry.path.file_name().map(OsStr::to_string_lossy).unwrap_or_default().into_owned(),
                kind: entry.stamp.kind(),
                bytes: super::content(&entry.stamp),
                changed_at: Instant::from_millis(
                    entry.stamp.modified.0.saturating_mul(1_000) + entry.stamp.modified.1 / 1_000_000,
                ),
            })
            .collect();
        names.sort_by(|a, b| {
            (a.kind != FileKind::Folder, &a.name).cmp(&(b.kind != FileKind::Folder, &b.name))
        });
        let more = names.len() > MOST_NAMES;
        names.truncate(MOST_NAMES);
        Some((names, more))
    }

    /// The path of something inside the workspace; `None` for a text that leads out of it.
    pub(super) fn inside(&self, path: &str) -> Option<PathBuf> {
        let plain = |part: std::path::Component<'_>| matches!(part, std::path::Component::Normal(_));
        if path.is_empty() {
            return Some(self.places.workspace.clone());
        }
        Path::new(path).components().all(plain).then(|| self.places.workspace.join(path))
    }
}

/// Everything that a snapshot has no bytes left for is room that it lacks.
const fn no_room(why: Unkept) -> Unkept {
    match why {
        Unkept::TooBig => Unkept::NoRoom,
        why => why,
    }
}
