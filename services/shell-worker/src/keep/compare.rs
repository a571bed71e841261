//! What an undo would do: how paths stood before, how they stood afterwards, and how they stand now. Changes nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use metatron_domain::undo::message::{Conflict, Counts, FileKind, Item, MOST_ITEMS, Preview, Step};
use metatron_domain::undo::{UndoOf, Unkept};
use sha2::{Digest as _, Sha256};

use super::manifest::{Entry, Manifest, Root};
use super::plan::Places;
use super::take::{self, Into};
use super::tree::{Above, Budget, Stamp};

/// One path that an undo would change.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) path: PathBuf,
    pub(super) step: Step,
    /// What comes back.
    pub(super) before: Option<Entry>,
    /// How it stands now.
    pub(super) now: Option<Stamp>,
    pub(super) conflict: Option<Conflict>,
}

impl Change {
    fn item(&self, n: usize) -> Item {
        let stamp = self.before.as_ref().map(|entry| entry.stamp).or(self.now);
        let kind = stamp.map_or(FileKind::Other, |stamp| stamp.kind());
        let comes = matches!(self.step, Step::Create | Step::Restore) && kind == FileKind::File;
        Item {
            n: u32::try_from(n).unwrap_or(u32::MAX),
            path: self.path.to_string_lossy().into_owned(),
            step: self.step,
            kind,
            bytes: stamp.filter(|_| comes).map_or(0, |stamp| stamp.size),
            conflict: self.conflict,
        }
    }
}

/// All that was found out.
pub(super) struct Looked {
    pub(super) manifest: Manifest,
    pub(super) changes: Vec<Change>,
    pub(super) preview: Preview,
}

/// What there is to compare.
pub(super) struct Sides {
    /// How it was.
    pub(super) before: Manifest,
    /// How it was right afterwards; absent where everything since is to be taken back.
    pub(super) after: Option<Manifest>,
}

/// Whether what is at a path is what it was, content included.
fn is_as_before(above: &mut Above, before: &Entry, now: &Stamp, budget: &mut Budget) -> Result<bool, Unkept> {
    if before.stamp.same(now) {
        return Ok(true);
    }
    Ok(before.stamp.like(now) && same_content(above, before, now, budget)?)
}

fn same_content(above: &mut Above, before: &Entry, now: &Stamp, budget: &mut Budget) -> Result<bool, Unkept> {
    if before.stamp.kind() != now.kind() || now.kind() == FileKind::File && before.stamp.size != now.size {
        return Ok(false);
    }
    let entry = take::entry(above, &before.path, *now, None, Into::Digest, budget)?;
    Ok(entry.is_some_and(|entry| entry.same_content(before)))
}

/// Whether an undo would have nothing to do between the two.
fn is_same(was: &Entry, left: &Entry) -> bool {
    was.stamp.like(&left.stamp) && was.same_content(left)
}

/// How many paths differ between two looks at the same roots.
pub(super) fn differing(before: &Manifest, after: &Manifest) -> u32 {
    let left: BTreeMap<&Path, &Entry> = after.entries.iter().map(|it| (it.path.as_path(), it)).collect();
    let was: std::collections::BTreeSet<&Path> = before.entries.iter().map(|it| it.path.as_path()).collect();
    let gone = |was: &&Entry| left.get(was.path.as_path()).is_none_or(|left| !is_same(was, left));
    let changed = before.entries.iter().filter(gone).count();
    let made = left.keys().filter(|path| !was.contains(**path)).count();
    u32::try_from(changed + made).unwrap_or(u32::MAX)
}

/// Compares. `Err` where there is too much to look at.
pub(super) fn compare(
    of: &UndoOf,
    sides: Sides,
    places: &Places,
    mut budget: Budget,
) -> Result<Looked, Unkept> {
    let Sides { before: manifest, after } = sides;
    let roots: Vec<Root> = manifest.roots.iter().filter(|root| places.hold(&root.path)).cloned().collect();
    let now: BTreeMap<PathBuf, Stamp> = take::stamps(&roots, places, &mut budget)?.into_iter().collect();
    let before: BTreeMap<&Path, &Entry> =
        manifest.entries.iter().map(|entry| (entry.path.as_path(), entry)).collect();
    let after: Option<BTreeMap<&Path, &Entry>> =
        after.as_ref().map(|it| it.entries.iter().map(|entry| (entry.path.as_path(), entry)).collect());
    let mut paths: Vec<&Path> = before.keys().copied().chain(now.keys().map(PathBuf::as_path)).collect();
    paths.sort_unstable();
    paths.dedup();
    let (mut changes, mut above) = (Vec::<Change>::new(), Above::default());
    let mut going: Option<PathBuf> = None;
    for path in paths {
        let (was, is) = (before.get(path).copied(), now.get(path));
        // What the command left as it was is none of its undo.
        let left = after.as_ref().map(|after| after.get(path).copied());
        if let (Some(Some(left)), Some(was)) = (left, was)
            && is_same(was, left)
        {
            continue;
        }
        let changed_since = match left {
            Some(Some(left)) => is.is_none_or(|is| !left.stamp.same(is)),
            Some(None) => is.is_some(),
            None => false,
        };
        let step = match (was, is) {
            (None, None) => continue,
            (Some(_), None) => Step::Create,
            (None, Some(is)) => {
                // Only what the command made, and what lies in a folder that it made.
                let made = left.is_none_or(|left| left.is_some());
                let inside = going.as_ref().is_some_and(|folder| path.starts_with(folder));
                if is.kind() == FileKind::Other || !made && !inside {
                    continue;
                }
                if is.kind() == FileKind::Folder && !inside {
                    going = Some(path.to_owned());
                }
                Step::Remove
            }
            (Some(was), Some(is)) => {
                if is_as_before(&mut above, was, is, &mut budget)? {
                    continue;
                }
                if same_content(&mut above, was, is, &mut budget)? { Step::Attributes } else { Step::Restore }
            }
        };
        let conflict = match step {
            // A snapshot takes nothing away that came later.
            Step::Remove if left.is_none() || left == Some(None) => Some(Conflict::Newer),
            // A folder changes with what is in it, which is told by itself.
            Step::Remove if is.is_some_and(|is| is.kind() == FileKind::Folder) => None,
            _ => changed_since.then_some(Conflict::Changed),
        };
        changes.push(Change {
            path: path.to_owned(),
            step,
            before: was.cloned(),
            now: is.copied(),
            conflict,
        });
    }
    let preview = preview(of, &manifest, &changes);
    Ok(Looked { manifest, changes, preview })
}

fn preview(of: &UndoOf, manifest: &Manifest, changes: &[Change]) -> Preview {
    let mut counts = Counts::default();
    let mut hash = Sha256::new();
    hash.update(serde_json::to_vec(of).unwrap_or_default());
    let (mut first, mut others) = (Vec::new(), Vec::new());
    for (n, change) in changes.iter().enumerate() {
        let item = change.item(n);
        let text = serde_json::to_vec(&(&item, &change.now)).unwrap_or_default();
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
        match item.step {
            Step::Create => counts.create += 1,
            Step::Restore => counts.restore += 1,
            Step::Attributes => counts.attributes += 1,
            Step::Remove => counts.remove += 1,
        }
        counts.bytes += item.bytes;
        counts.conflicts += u32::from(item.conflict.is_some());
        let list = if item.conflict.is_some() { &mut first } else { &mut others };
        if list.len() < MOST_ITEMS {
            list.push(item);
        }
    }
    first.extend(others);
    first.truncate(MOST_ITEMS);
    Preview { at: manifest.at, counts, items: first, digest: hex::encode(hash.finalize()) }
}
