//! Looks at paths and keeps them: a manifest, and the contents it names. Keeps no file twice whose stamp a snapshot knows.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use metatron_domain::clock::Instant;
use metatron_domain::undo::message::FileKind;
use metatron_domain::undo::{Gap, Unkept};

use super::blob::{Blobs, Sha, sha_of};
use super::manifest::{Entry, Manifest, Root, Target};
use super::plan::Places;
use super::tree::{self, Above, Budget, Stamp};

/// What changed so shortly before a snapshot may have changed once more in the same tick of the file system's clock.
const TICK_S: i64 = 2;

/// Contents by the stamp of their file.
#[derive(Default)]
pub(super) struct Index(HashMap<(u64, u64), (Stamp, Sha)>);

impl Index {
    /// What a manifest knows.
    pub(super) fn of(manifest: &Manifest) -> Self {
        let taken = manifest.at.as_millis() / 1_000;
        Self::known(manifest.entries.iter().filter(|entry| entry.stamp.changed.0 < taken - TICK_S))
    }

    /// What was looked at a moment ago, for whoever takes it as it was then.
    pub(super) fn just(looked: &Manifest) -> Self {
        Self::known(looked.entries.iter())
    }

    fn known<'a>(entries: impl Iterator<Item = &'a Entry>) -> Self {
        let known =
            |entry: &Entry| Some(((entry.stamp.device, entry.stamp.inode), (entry.stamp, entry.sha?)));
        Self(entries.filter_map(known).collect())
    }

    /// Bytes of content at these paths that it does not know, each file once however many names it has.
    pub(super) fn unknown(&self, found: &[(PathBuf, Stamp)], blobs: &Blobs) -> u64 {
        let mut seen = HashSet::new();
        let fresh = found.iter().map(|(_, stamp)| stamp).filter(|stamp| {
            stamp.kind() == FileKind::File
                && seen.insert((stamp.device, stamp.inode))
                && self.get(stamp).is_none_or(|sha| !blobs.has(&sha))
        });
        fresh.fold(0, |sum, stamp| sum.saturating_add(stamp.size))
    }

    fn learn(&mut self, stamp: Stamp, sha: Sha) {
        self.0.insert((stamp.device, stamp.inode), (stamp, sha));
    }

    pub(super) fn get(&self, stamp: &Stamp) -> Option<Sha> {
        let (known, sha) = self.0.get(&(stamp.device, stamp.inode))?;
        (known == stamp).then_some(*sha)
    }
}

/// Where contents go.
#[derive(Clone, Copy)]
pub(super) enum Into<'a> {
    /// Into the store.
    Store(&'a Blobs),
    /// Nowhere: only their digests are wanted.
    Digest,
}

/// Looks at the roots, without a content.
pub(super) fn stamps(
    roots: &[Root],
    places: &Places,
    budget: &mut Budget,
) -> Result<Vec<(PathBuf, Stamp)>, Unkept> {
    let mut found = Vec::new();
    for root in roots {
        tree::walk(&root.path, root.deep, &places.shut, budget, &mut found)?;
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.dedup_by(|a, b| a.0 == b.0);
    Ok(found)
}

/// Makes an entry of a path that was looked at; `None` when it is something else by now, or nothing that can be kept.
pub(super) fn entry(
    above: &mut Above,
    path: &Path,
    seen: Stamp,
    known: Option<Sha>,
    into: Into<'_>,
    budget: &mut Budget,
) -> Result<Option<Entry>, Unkept> {
    let (mut stamp, mut sha, mut link) = (seen, None, None);
    match seen.kind() {
        FileKind::Folder => {}
        FileKind::Other => return Ok(None),
        FileKind::Link => {
            let Ok((folder, name)) = above.of(path) else { return Ok(None) };
            let Ok(target) = tree::link(folder, name) else { return Ok(None) };
            link = Some(Target(target));
        }
        FileKind::File => {
            let known = known.filter(|sha| match into {
                Into::Store(blobs) => blobs.has(sha),
                Into::Digest => true,
            });
            sha = known;
            if sha.is_none() {
                let Ok((folder, name)) = above.of(path) else { return Ok(None) };
                let Ok((mut file, at_open)) = tree::file(folder, name) else { return Ok(None) };
                stamp = at_open;
                sha = Some(match into {
                    Into::Store(blobs) => blobs.put(&mut file, budget)?,
                    Into::Digest => sha_of(&mut file, budget)?,
                });
            }
        }
    }
    Ok(Some(Entry { path: path.to_owned(), stamp, sha, link }))
}

/// Keeps all that was found at the roots, or only looks at it, with the folders above them.
pub(super) fn take(
    (roots, gaps): (Vec<Root>, Vec<Gap>),
    found: &[(PathBuf, Stamp)],
    index: &Index,
    places: &Places,
    into: Into<'_>,
    budget: &mut Budget,
    at: Instant,
) -> Result<Manifest, Unkept> {
    let mut open = Above::default();
    let (mut entries, mut read) = (Vec::with_capacity(found.len()), Index::default());
    for (path, stamp) in found {
        budget.time()?;
        // A file with many names is read once.
        let known = index.get(stamp).or_else(|| read.get(stamp));
        let made = entry(&mut open, path, *stamp, known, into, budget)?;
        if let (None, Some(Entry { stamp, sha: Some(sha), .. })) = (known, &made) {
            read.learn(*stamp, *sha);
        }
        entries.extend(made);
    }
    let mut folders = BTreeSet::new();
    for root in &roots {
        let place = places.of(&root.path);
        let above =
            root.path.ancestors().skip(1).take_while(|path| *path != place && path.starts_with(place));
        for folder in above {
            if !folders.insert(folder) {
                break;
            }
        }
    }
    let stood = |folder: &Path| {
        let stamp = tree::now(&mut open, folder)?;
        Some(Entry { path: folder.to_owned(), stamp, sha: None, link: None })
    };
    let above = folders.into_iter().filter_map(stood).collect();
    Ok(Manifest { at, roots, gaps, above, entries })
}
