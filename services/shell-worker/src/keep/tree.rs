//! The file tree, as somebody hostile may change it meanwhile: each folder is opened by its name inside the one above,
//! from `/` on, and no link is ever followed. Looks and opens; never writes.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};
use std::time::Instant;

use metatron_domain::undo::Unkept;
use metatron_domain::undo::message::FileKind;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, openat, readlinkat, statat};
use serde::{Deserialize, Serialize};

/// Folders inside each other, at most: each costs a descriptor.
const DEPTH: usize = 128;

/// How a path stands: what an undo brings back, and by what a later change is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Stamp {
    /// The device it is on.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
    /// Its type and rights.
    pub mode: u32,
    /// Its user.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Bytes of its content.
    pub size: u64,
    /// When its content changed: seconds and nanoseconds.
    pub modified: (i64, i64),
    /// When anything of it changed. Nobody can set that.
    pub changed: (i64, i64),
}

impl Stamp {
    #[expect(clippy::useless_conversion, reason = "the fields have other types on other machines")]
    pub(super) fn of(stat: &Stat) -> Self {
        let nanos = |n| i64::try_from(n).unwrap_or_default();
        Self {
            device: stat.st_dev.into(),
            inode: stat.st_ino.into(),
            mode: stat.st_mode.into(),
            uid: stat.st_uid.into(),
            gid: stat.st_gid.into(),
            size: u64::try_from(stat.st_size).unwrap_or_default(),
            modified: (stat.st_mtime.into(), nanos(stat.st_mtime_nsec)),
            changed: (stat.st_ctime.into(), nanos(stat.st_ctime_nsec)),
        }
    }

    /// What it is.
    pub(super) fn kind(&self) -> FileKind {
        match FileType::from_raw_mode(self.mode) {
            FileType::RegularFile => FileKind::File,
            FileType::Directory => FileKind::Folder,
            FileType::Symlink => FileKind::Link,
            _ => FileKind::Other,
        }
    }

    /// Whether nothing of it can have changed.
    pub(super) fn same(&self, other: &Self) -> bool {
        let folder = self.kind() == FileKind::Folder;
        // A folder changes with what is in it, which is looked at by itself.
        if folder { self.like(other) && self.inode == other.inode } else { self == other }
    }

    /// Whether an undo would have nothing to do, but for the content.
    pub(super) fn like(&self, other: &Self) -> bool {
        let rights = (self.mode, self.uid, self.gid) == (other.mode, other.uid, other.gid);
        match self.kind() {
            FileKind::Folder => rights,
            FileKind::Link => self.kind() == other.kind() && (self.uid, self.gid) == (other.uid, other.gid),
            _ => rights && self.modified == other.modified,
        }
    }
}

/// What may be spent on one look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    /// Until when.
    pub until: Option<Instant>,
    /// Paths, at most.
    pub paths: u64,
    /// Bytes that are read, at most.
    pub bytes: u64,
}

impl Budget {
    pub(super) fn path(&mut self) -> Result<(), Unkept> {
        self.paths = self.paths.checked_sub(1).ok_or(Unkept::TooMany)?;
        self.time()
    }

    pub(super) fn time(&self) -> Result<(), Unkept> {
        match self.until {
            Some(until) if Instant::now() >= until => Err(Unkept::TooSlow),
            _ => Ok(()),
        }
    }

    pub(super) fn bytes(&mut self, bytes: u64) -> Result<(), Unkept> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(Unkept::TooBig)?;
        self.time()
    }
}

/// The names of an absolute path; an error for one that has `..` in it.
fn names(path: &Path) -> std::io::Result<Vec<&OsStr>> {
    let wrong = || std::io::Error::from(std::io::ErrorKind::InvalidInput);
    let mut parts = path.components();
    if parts.next() != Some(Component::RootDir) {
        return Err(wrong());
    }
    parts.map(|part| if let Component::Normal(name) = part { Ok(name) } else { Err(wrong()) }).collect()
}

const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens a folder inside another.
pub(super) fn inner(folder: BorrowedFd<'_>, name: &OsStr) -> std::io::Result<OwnedFd> {
    Ok(openat(folder, name, FOLDER, Mode::empty())?)
}

/// Opens a folder by its absolute path. A link anywhere in it is an error.
pub(super) fn folder(path: &Path) -> std::io::Result<OwnedFd> {
    let mut open = rustix::fs::open("/", FOLDER, Mode::empty())?;
    for name in names(path)? {
        open = inner(open.as_fd(), name)?;
    }
    Ok(open)
}

/// The names in a folder.
pub(super) fn list(folder: &OwnedFd) -> std::io::Result<Dir> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(Dir::new(openat(folder, ".", flags, Mode::empty())?)?)
}

/// How a name in a folder stands; `None` when there is no such name.
pub(super) fn look(folder: BorrowedFd<'_>, name: &OsStr) -> std::io::Result<Option<Stamp>> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(Stamp::of(&stat))),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Opens a regular file to be read; an error for anything else, a link and a pipe included.
pub(super) fn file(folder: BorrowedFd<'_>, name: &OsStr) -> std::io::Result<(File, Stamp)> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(openat(folder, name, flags, Mode::empty())?);
    let stamp = Stamp::of(&rustix::fs::fstat(&file)?);
    if stamp.kind() == FileKind::File {
        Ok((file, stamp))
    } else {
        Err(std::io::ErrorKind::InvalidData.into())
    }
}

/// Where a link leads, as it is written.
pub(super) fn link(folder: BorrowedFd<'_>, name: &OsStr) -> std::io::Result<PathBuf> {
    Ok(PathBuf::from(OsString::from_vec(readlinkat(folder, name, Vec::new())?.into_bytes())))
}

/// Opens the folders above paths, one after the other: those of neighbours once.
#[derive(Default)]
pub(super) struct Above(Option<(PathBuf, OwnedFd)>);

impl Above {
    /// The folder that `path` is in, and its name there.
    pub(super) fn of<'p>(&mut self, path: &'p Path) -> std::io::Result<(BorrowedFd<'_>, &'p OsStr)> {
        let wrong = || std::io::Error::from(std::io::ErrorKind::InvalidInput);
        let (above, name) = (path.parent().ok_or_else(wrong)?, path.file_name().ok_or_else(wrong)?);
        if self.0.as_ref().is_none_or(|(known, _)| known != above) {
            self.0 = Some((above.to_owned(), folder(above)?));
        }
        let (_, open) = self.0.as_ref().ok_or_else(wrong)?;
        Ok((open.as_fd(), name))
    }

    /// Forgets what is open: the tree was changed.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }
}

/// How an absolute path stands now; `None` when it, or a folder above it, is not there.
pub(super) fn now(above: &mut Above, path: &Path) -> Option<Stamp> {
    let (folder, name) = above.of(path).ok()?;
    look(folder, name).ok().flatten()
}

/// Tells `path` and, where it is a folder, all that is in it, each folder before what is in it; nothing when it is not there.
/// What lies in one of the `shut` folders, or on another device, is left out.
pub(super) fn walk(
    path: &Path,
    deep: bool,
    shut: &[PathBuf],
    budget: &mut Budget,
    found: &mut Vec<(PathBuf, Stamp)>,
) -> Result<(), Unkept> {
    if shut.iter().any(|shut| path.starts_with(shut)) {
        return Ok(());
    }
    let mut above = Above::default();
    let Ok((folder, name)) = above.of(path) else { return Ok(()) };
    let Ok(Some(stamp)) = look(folder, name) else { return Ok(()) };
    budget.path()?;
    found.push((path.to_owned(), stamp));
    if deep && stamp.kind() == FileKind::Folder {
        let Ok(open) = inner(folder, name) else { return Ok(()) };
        descend(&open, path, stamp.device, 0, shut, budget, found)?;
    }
    Ok(())
}

fn descend(
    folder: &OwnedFd,
    path: &Path,
    device: u64,
    depth: usize,
    shut: &[PathBuf],
    budget: &mut Budget,
    found: &mut Vec<(PathBuf, Stamp)>,
) -> Result<(), Unkept> {
    if depth >= DEPTH {
        return Err(Unkept::TooMany);
    }
    let names = match list(folder) {
        Ok(names) => names,
        // Not by us: then nobody can say what was in it.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return Err(Unkept::Failed),
        Err(_) => return Ok(()),
    };
    for name in names {
        let Ok(name) = name else { break };
        let name = OsStr::from_bytes(name.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        let Ok(Some(stamp)) = look(folder.as_fd(), name) else { continue };
        let inside = path.join(name);
        if stamp.device != device || shut.contains(&inside) {
            continue;
        }
        budget.path()?;
        found.push((inside.clone(), stamp));
        if stamp.kind() == FileKind::Folder
            && let Ok(open) = inner(folder.as_fd(), name)
        {
            descend(&open, &inside, device, depth + 1, shut, budget, found)?;
        }
    }
    Ok(())
}
