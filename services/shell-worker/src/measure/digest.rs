//! Digests of files, remembered for as long as the file's identity says that nothing was written to it.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

/// A file larger than this is not read: who it is and when it changed stands for its content.
const LARGEST: u64 = 512 * 1024 * 1024;
/// Remembered digests; more than the programs of a day.
const REMEMBERED: usize = 512;

/// Device, inode, size, and the times of the last change of content and of inode. The last can't be set by a user.
type Identity = (u64, u64, u64, i64, i64, i64, i64);

/// The memory of digests. Shared by all measurements; the lock is never held while a file is read.
#[derive(Debug, Default)]
pub struct Digests(Mutex<HashMap<Identity, String>>);

impl Digests {
    /// SHA-256 of the file at `path` in hex, or `identity:` and that of its identity where it is too large to be read;
    /// `None` when it is no plain file or can't be read whole. Only one that is `bound`, so that no user can change it, is
    /// remembered: what is written through a mapping of memory leaves the times of a file as they are.
    pub fn of(&self, path: &Path, bound: bool) -> Option<String> {
        let mut options = File::options();
        // NONBLOCK, so that a pipe in the place of a file holds nothing up.
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        let mut file = options.read(true).custom_flags(flags).open(path).ok()?;
        let before = file.metadata().ok()?;
        if !before.is_file() {
            return None;
        }
        let identity = identity(&before);
        if before.len() > LARGEST {
            return Some(format!("identity:{}", hex::encode(Sha256::digest(format!("{identity:?}")))));
        }
        if bound && let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&identity) {
            return Some(known.clone());
        }
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer).ok()? {
                0 => break,
                length => hash.update(&buffer[..length]),
            }
        }
        let digest = hex::encode(hash.finalize());
        // What was written to meanwhile has a digest of this moment, which must not be remembered. Nor is a file that
        // changed within the tick of its own clock: a second write could leave the same times.
        let after = file.metadata().ok()?;
        if bound && identity == self::identity(&after) && settled(&after) {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= REMEMBERED {
                known.clear();
            }
            known.insert(identity, digest.clone());
        }
        Some(digest)
    }
}

fn identity(meta: &Metadata) -> Identity {
    (meta.dev(), meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec())
}

fn settled(meta: &Metadata) -> bool {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    now.tv_sec - meta.ctime() > 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert_eq!(Digests::default().of(&path, false), None);
    }

    #[test]
    fn a_change_of_the_same_length_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.sh");
        let digests = Digests::default();
        std::fs::write(&path, "echo a").unwrap();
        let first = digests.of(&path, true);
        std::fs::write(&path, "echo b").unwrap();
        assert_ne!(first, digests.of(&path, true));
    }

    #[test]
    fn p5_what_a_user_can_change_is_read_each_time() {
        let digests = Digests::default();
        let program = Path::new("/bin/bash");
        let read = digests.of(program, false);
        assert!(read.is_some() && digests.0.lock().unwrap().is_empty());
        assert_eq!(digests.of(program, true), read);
        assert_eq!(digests.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn p5_a_file_too_large_to_be_read_is_known_by_what_changes_with_each_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.sh");
        let file = File::create(&path).unwrap();
        file.set_len(LARGEST + 1).unwrap();
        let before = Digests::default().of(&path, false).unwrap();
        assert!(before.starts_with("identity:"));
        file.set_len(LARGEST + 2).unwrap();
        assert_ne!(Digests::default().of(&path, false).unwrap(), before);
    }
}
