//! Brings paths back: each file is written under another name and renamed into its place, so that it is the old one or the
//! new one and never half of both. Never writes through a link, and never gives anybody's file a set-user-id bit.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;

use metatron_domain::id::UndoId;
use metatron_domain::undo::Undone;
use metatron_domain::undo::message::{FileKind, Step, Take};
use metatron_process::crash::{self, Point};
use rustix::fs::{AtFlags, Gid, Mode, OFlags, Timespec, Timestamps, Uid};

use super::blob::Blobs;
use super::compare::{Change, Looked};
use super::manifest::Entry;
use super::plan::Places;
use super::tree::{self, Above, Stamp};

/// How the names begin under which files are written first.
pub(super) const FRESH: &str = ".metatron-undo.";
/// Rights that a file never gets back: set-user-id and set-group-id.
const RAISING: u32 = 0o6000;

/// What became of one path.
enum Became {
    Restored,
    Removed,
    /// It is not as it was previewed, or something in it stays.
    Left,
}

struct Work<'a> {
    undo: UndoId,
    blobs: &'a Blobs,
    places: &'a Places,
    open: Above,
    /// Whether owners can be given back.
    root: bool,
}

/// Does what was looked at, but for the conflicts that are not ticked.
pub(super) fn restore(looked: &Looked, take: &Take, undo: UndoId, blobs: &Blobs, places: &Places) -> Undone {
    let mut undone = Undone::default();
    let root = rustix::process::geteuid().is_root();
    let mut work = Work { undo, blobs, places, open: Above::default(), root };
    let mut wanted = Vec::new();
    for (n, change) in looked.changes.iter().enumerate() {
        if change.conflict.is_none() || take.has(u32::try_from(n).unwrap_or(u32::MAX)) {
            wanted.push((n, change));
        } else {
            undone.left += 1;
        }
    }
    // What goes, from the inside out; what comes back, from the outside in.
    let (going, coming): (Vec<_>, Vec<_>) =
        wanted.into_iter().partition(|(_, change)| change.step == Step::Remove);
    for (n, change) in going.iter().rev().chain(&coming) {
        crash::point(Point::ShellRestoring);
        let done = if places.hold(&change.path) {
            work.one(*n, change, &looked.manifest.above)
        } else {
            Err(std::io::ErrorKind::PermissionDenied.into())
        };
        match done {
            Ok(Became::Restored) => undone.restored += 1,
            Ok(Became::Removed) => undone.removed += 1,
            Ok(Became::Left) => undone.left += 1,
            Err(error) => {
                undone.failed += 1;
                let told = || format!("{}: {error}", change.path.display());
                undone.detail.get_or_insert_with(told);
            }
        }
    }
    work.times(looked);
    undone
}

impl Work<'_> {
    fn one(&mut self, n: usize, change: &Change, above: &[Entry]) -> std::io::Result<Became> {
        let Some(entry) = &change.before else { return self.remove(change) };
        if tree::now(&mut self.open, &change.path) != change.now {
            // Folders change with what was done in them a moment ago.
            let folder = change.now.is_some_and(|now| now.kind() == FileKind::Folder);
            let still = tree::now(&mut self.open, &change.path);
            if !(folder && still.is_some_and(|still| change.now.is_some_and(|now| now.same(&still)))) {
                return Ok(Became::Left);
            }
        }
        if change.now.is_none() {
            self.make_above(&change.path, above)?;
        }
        let undo = self.undo;
        let fresh = format!("{FRESH}{undo}.{n}");
        let (blobs, root) = (self.blobs, self.root);
        let (folder, name) = self.open.of(&change.path)?;
        if change.step == Step::Attributes {
            attributes(folder, name, entry, root)?;
            return Ok(Became::Restored);
        }
        let turns = change.now.is_some_and(|now| now.kind() != entry.stamp.kind());
        if turns && change.now.is_some_and(|now| now.kind() == FileKind::Folder) {
            // What was in it has gone already, where it may.
            if rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR).is_err() {
                return Ok(Became::Left);
            }
        }
        match entry.stamp.kind() {
            FileKind::File => content(folder, name, &fresh, entry, blobs, root)?,
            FileKind::Link => {
                let target = entry.link.as_ref().ok_or(std::io::ErrorKind::InvalidData)?;
                let _ = rustix::fs::unlinkat(folder, fresh.as_str(), AtFlags::empty());
                rustix::fs::symlinkat(target.0.as_path(), folder, fresh.as_str())?;
                if root {
                    let (uid, gid) = owner(&entry.stamp);
                    let owned =
                        rustix::fs::chownat(folder, fresh.as_str(), uid, gid, AtFlags::SYMLINK_NOFOLLOW);
                    owned.or_else(|error| undo_fresh(folder, &fresh, error.into()))?;
                }
                rustix::fs::renameat(folder, fresh.as_str(), folder, name)
                    .or_else(|error| undo_fresh(folder, &fresh, error.into()))?;
            }
            FileKind::Folder => {
                if turns && change.now.is_some_and(|now| now.kind() != FileKind::Folder) {
                    rustix::fs::unlinkat(folder, name, AtFlags::empty())?;
                }
                make_folder(folder, name, &entry.stamp, root)?;
            }
            FileKind::Other => return Ok(Became::Left),
        }
        Ok(Became::Restored)
    }

    fn remove(&mut self, change: &Change) -> std::io::Result<Became> {
        let now = tree::now(&mut self.open, &change.path);
        let Some((is, was)) = now.zip(change.now) else { return Ok(Became::Left) };
        if !was.same(&is) {
            return Ok(Became::Left);
        }
        let (folder, name) = self.open.of(&change.path)?;
        if is.kind() == FileKind::Folder {
            return match rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR) {
                Ok(()) => {
                    self.open.forget();
                    Ok(Became::Removed)
                }
                // Somebody's file is in it.
                Err(rustix::io::Errno::NOTEMPTY | rustix::io::Errno::EXIST) => Ok(Became::Left),
                Err(error) => Err(error.into()),
            };
        }
        rustix::fs::unlinkat(folder, name, AtFlags::empty())?;
        Ok(Became::Removed)
    }

    /// Makes the folders above a path that are gone, as they were.
    fn make_above(&mut self, path: &Path, above: &[Entry]) -> std::io::Result<()> {
        let place = self.places.of(path).to_owned();
        for entry in above.iter().filter(|entry| path.starts_with(&entry.path) && entry.path != place) {
            if tree::now(&mut self.open, &entry.path).is_none() {
                let root = self.root;
                let (folder, name) = self.open.of(&entry.path)?;
                make_folder(folder, name, &entry.stamp, root)?;
            }
        }
        Ok(())
    }

    /// Gives folders that were kept their times back: bringing back what is in them has changed those.
    fn times(&mut self, looked: &Looked) {
        let paths = looked.changes.iter().map(|change| change.path.as_path());
        let touched: HashSet<&Path> = paths.flat_map(|path| [Some(path), path.parent()]).flatten().collect();
        for entry in looked.manifest.entries.iter().rev().chain(looked.manifest.above.iter().rev()) {
            if entry.stamp.kind() == FileKind::Folder
                && touched.contains(entry.path.as_path())
                && let Ok((folder, name)) = self.open.of(&entry.path)
                && let Ok(open) = tree::inner(folder, name)
            {
                let _ = set_times(open.as_fd(), OsStr::new("."), &entry.stamp);
            }
        }
    }
}

fn owner(stamp: &Stamp) -> (Option<Uid>, Option<Gid>) {
    (Some(Uid::from_raw(stamp.uid)), Some(Gid::from_raw(stamp.gid)))
}

fn rights(stamp: &Stamp) -> Mode {
    let raising = if stamp.kind() == FileKind::Folder { 0 } else { RAISING };
    Mode::from_raw_mode(stamp.mode & 0o7777 & !raising)
}

fn undo_fresh<T>(folder: BorrowedFd<'_>, fresh: &str, error: std::io::Error) -> std::io::Result<T> {
    let _ = rustix::fs::unlinkat(folder, fresh, AtFlags::empty());
    Err(error)
}

fn timestamps(stamp: &Stamp) -> Timestamps {
    let (tv_sec, nanos) = stamp.modified;
    let modified = Timespec { tv_sec, tv_nsec: nanos };
    let omit = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT };
    Timestamps { last_access: omit, last_modification: modified }
}

fn set_times(folder: BorrowedFd<'_>, name: &OsStr, stamp: &Stamp) -> std::io::Result<()> {
    Ok(rustix::fs::utimensat(folder, name, &timestamps(stamp), AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Writes a content beside its place, with its owner and rights, and puts it there.
fn content(
    folder: BorrowedFd<'_>,
    name: &OsStr,
    fresh: &str,
    entry: &Entry,
    blobs: &Blobs,
    root: bool,
) -> std::io::Result<()> {
    let sha = entry.sha.as_ref().ok_or(std::io::ErrorKind::InvalidData)?;
    let _ = rustix::fs::unlinkat(folder, fresh, AtFlags::empty());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::openat(folder, fresh, flags, Mode::RUSR | Mode::WUSR)?);
    let written = (|| {
        blobs.read(sha, |bytes| file.write_all(bytes))?;
        if root {
            let (uid, gid) = owner(&entry.stamp);
            rustix::fs::fchown(&file, uid, gid)?;
        }
        rustix::fs::fchmod(&file, rights(&entry.stamp))?;
        rustix::fs::futimens(&file, &timestamps(&entry.stamp))?;
        rustix::fs::renameat(folder, fresh, folder, name)?;
        Ok(())
    })();
    written.or_else(|error| undo_fresh(folder, fresh, error))
}

fn make_folder(folder: BorrowedFd<'_>, name: &OsStr, stamp: &Stamp, root: bool) -> std::io::Result<()> {
    match rustix::fs::mkdirat(folder, name, Mode::RWXU) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    own_folder(folder, name, stamp, root)
}

/// Gives a folder its owner and rights, by a descriptor that a swap of its name does not change.
fn own_folder(folder: BorrowedFd<'_>, name: &OsStr, stamp: &Stamp, root: bool) -> std::io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = rustix::fs::openat(folder, name, flags, Mode::empty())?;
    if root {
        let (uid, gid) = owner(stamp);
        rustix::fs::fchown(&open, uid, gid)?;
    }
    Ok(rustix::fs::fchmod(&open, rights(stamp))?)
}

fn attributes(folder: BorrowedFd<'_>, name: &OsStr, entry: &Entry, root: bool) -> std::io::Result<()> {
    match entry.stamp.kind() {
        FileKind::Folder => own_folder(folder, name, &entry.stamp, root),
        FileKind::File => {
            // One that its owner may not read can still be looked at by root, which opens it in any case.
            let (file, _) = tree::file(folder, name)?;
            if root {
                let (uid, gid) = owner(&entry.stamp);
                rustix::fs::fchown(&file, uid, gid)?;
            }
            rustix::fs::fchmod(&file, rights(&entry.stamp))?;
            Ok(rustix::fs::futimens(&file, &timestamps(&entry.stamp))?)
        }
        FileKind::Link if root => {
            let (uid, gid) = owner(&entry.stamp);
            Ok(rustix::fs::chownat(folder, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW)?)
        }
        FileKind::Link | FileKind::Other => Ok(()),
    }
}
