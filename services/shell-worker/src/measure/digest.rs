//! Digests of files, remembered for as long as the file's identity says that nothing was written to it.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

/// A file larger than this is not hashed: it is no program or script.
const LARGEST: u64 = 512 * 1024 * 1024;
/// Remembered digests; more than the programs of a day.
const REMEMBERED: usize = 512;

/// Device, inode, size, and the times of the last change of content and of inode. The last can't be set by a user.
type Identity = (u64, u64, u64, i64, i64, i64, i64);

/// The memory of digests. Shared by all measurements; the lock is never held while a file is read.
#[derive(Debug, Default)]
pub struct Digests(Mutex<HashMap<Identity, String>>);

impl Digests {
    /// SHA-256 of the file at `path` in hex; `None` when it is no plain file or can't be read whole.
    pub fn of(&self, path: &Path) -> Option<String> {
        let mut options = File::options();
        // NONBLOCK, so that a pipe in the place of a file holds nothing up.
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        let mut file = options.read(true).custom_flags(flags).open(path).ok()?;
        let before = file.metadata().ok()?;
        if !before.is_file() || before.len() > LARGEST {
            return None;
        }
        let identity = identity(&before);
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&identity) {
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
        if identity == self::identity(&after) && settled(&after) {
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
        assert_eq!(Digests::default().of(&path), None);
    }

    #[test]
    fn a_change_of_the_same_length_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.sh");
        let digests = Digests::default();
        std::fs::write(&path, "echo a").unwrap();
        let first = digests.of(&path);
        std::fs::write(&path, "echo b").unwrap();
        assert_ne!(first, digests.of(&path));
    }
}
