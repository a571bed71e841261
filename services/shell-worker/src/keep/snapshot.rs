//! Snapshots of the workspace: each is whole, and shares its contents with the others. Only the workspace: the home around it
//! holds caches and tools, which come back by themselves, and is the owner's own where nothing separates the users.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use metatron_domain::clock::Instant;
use metatron_domain::id::SnapshotId;
use metatron_domain::undo::Unkept;
use metatron_domain::undo::message::{FileKind, Name, Snapshot};
use metatron_process::crash::{self, Point};

use super::manifest::{Manifest, Root};
use super::take::{self, stamps};
use super::tree::Budget;
use super::{Keeper, blob, lock};

/// What a snapshot's manifest is called.
pub(super) const KIND: &str = "snapshot";
/// Paths of a workspace, at most.
const PATHS: u64 = 2_000_000;
/// Names of one folder that are told, at most.
const MOST_NAMES: usize = 1_000;

impl Keeper {
    /// Keeps the whole workspace as it is now. May take minutes: only what changed since the last one is read.
    pub fn snap(&self, id: SnapshotId) -> Result<Snapshot, Unkept> {
        let path = self.path(&id, KIND);
        let made = match self.whole(&path) {
            // The oldest gives way, once.
            Err(Unkept::NoRoom) => {
                self.prune();
                self.whole(&path)
            }
            made => made,
        };
        *lock(&self.trouble) = made.as_ref().err().copied();
        let (at, (files, bytes)) = made?;
        tracing::info!(snapshot.id = %id, files, bytes, "the workspace was kept");
        Ok(Snapshot { id, at, files, bytes })
    }

    fn whole(&self, path: &Path) -> Result<(Instant, (u64, u64)), Unkept> {
        if self.terms.quota == 0 {
            return Err(Unkept::Off);
        }
        let room = self.blobs.room(self.terms.quota);
        let mut budget = Budget { until: None, paths: PATHS, bytes: room };
        let roots = vec![Root { path: self.places.workspace.clone(), deep: true }];
        let index = self.newest_index();
        // Before the look, so that what changes during it is read again next time.
        let at = self.now();
        let found = stamps(&roots, &self.places, &mut budget)?;
        let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let taken =
            take::take((roots, Vec::new()), found, &index, &self.places, &self.blobs, &mut budget, at);
        let manifest = taken.map_err(|why| if why == Unkept::TooBig { Unkept::NoRoom } else { why })?;
        self.blobs.sync().map_err(|_| Unkept::Failed)?;
        crash::point(Point::ShellSnapped);
        manifest.save(path).map_err(blob::no_room)?;
        Ok((at, manifest.size()))
    }

    /// When the next snapshot is due; absent where none are made.
    pub fn due(&self) -> Option<Instant> {
        let every = self.terms.every.filter(|_| self.terms.quota > 0)?;
        Some(self.snapshots().first().map_or(self.now(), |last| last.at.after(every)))
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
