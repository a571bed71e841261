//! Contents of files, each once, by the SHA-256 of its bytes. A content is complete before it has its name, and never
//! changes afterwards. Nobody but this process's user can enter the folder.

use std::collections::{HashMap, HashSet};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use metatron_domain::undo::Unkept;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::tree::Budget;

/// Bytes copied at once.
const CHUNK: usize = 256 * 1024;
/// Bytes of the disk that are never taken: the database is on it as well.
const FLOOR: u64 = 512 * 1024 * 1024;

/// The SHA-256 of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Sha([u8; 32]);

impl Serialize for Sha {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Sha {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut sha = [0; 32];
        hex::decode_to_slice(String::deserialize(deserializer)?, &mut sha)
            .map_err(serde::de::Error::custom)?;
        Ok(Self(sha))
    }
}

/// All contents.
pub(super) struct Blobs {
    folder: PathBuf,
    next: AtomicU64,
    /// Bytes they take; unknown until somebody asks.
    used: Mutex<Option<u64>>,
}

impl Blobs {
    /// Uses `folder`, and forgets what a predecessor was still writing.
    pub(super) fn open(folder: &Path) -> std::io::Result<Self> {
        let fresh = folder.join("new");
        match std::fs::remove_dir_all(&fresh) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&fresh)?;
        Ok(Self { folder: folder.to_owned(), next: AtomicU64::new(0), used: Mutex::default() })
    }

    fn path(&self, sha: &Sha) -> PathBuf {
        let name = hex::encode(sha.0);
        self.folder.join(&name[..2]).join(name)
    }

    /// Whether a content is there.
    pub(super) fn has(&self, sha: &Sha) -> bool {
        self.path(sha).exists()
    }

    /// Keeps what is left to be read of `file`.
    pub(super) fn put(&self, file: &mut File, budget: &mut Budget) -> Result<Sha, Unkept> {
        let fresh = self.folder.join("new").join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        let kept = self.copy(file, &fresh, budget);
        if kept.is_err() {
            let _ = std::fs::remove_file(&fresh);
        }
        kept
    }

    fn copy(&self, file: &mut File, fresh: &Path, budget: &mut Budget) -> Result<Sha, Unkept> {
        let failed = |_| Unkept::Failed;
        let mut out =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(fresh).map_err(no_room)?;
        let (mut hash, mut buffer, mut length) = (Sha256::new(), vec![0; CHUNK], 0);
        loop {
            let read = file.read(&mut buffer).map_err(failed)?;
            if read == 0 {
                break;
            }
            budget.bytes(read as u64)?;
            hash.update(&buffer[..read]);
            out.write_all(&buffer[..read]).map_err(no_room)?;
            length += read as u64;
        }
        let sha = Sha(hash.finalize().into());
        let path = self.path(&sha);
        if path.exists() {
            std::fs::remove_file(fresh).map_err(failed)?;
            return Ok(sha);
        }
        if let Some(above) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(above).map_err(no_room)?;
        }
        std::fs::rename(fresh, &path).map_err(failed)?;
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(used) = used.as_mut() {
            *used += length;
        }
        Ok(sha)
    }

    /// Gives a content back to `take`, piece by piece; an error when it is not what it was.
    pub(super) fn read(
        &self,
        sha: &Sha,
        mut take: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let (mut file, mut hash, mut buffer) = (File::open(self.path(sha))?, Sha256::new(), vec![0; CHUNK]);
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
            take(&buffer[..read])?;
        }
        if hash.finalize()[..] == sha.0[..] {
            Ok(())
        } else {
            Err(std::io::Error::other("what was kept is damaged"))
        }
    }

    /// Everything that was kept is on the disk.
    pub(super) fn sync(&self) -> std::io::Result<()> {
        Ok(rustix::fs::syncfs(File::open(&self.folder)?)?)
    }

    /// Bytes that all contents take.
    pub(super) fn used(&self) -> u64 {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        *used.get_or_insert_with(|| self.each().map(|(_, path)| length(&path)).sum())
    }

    /// Bytes that may still be kept under `quota`.
    pub(super) fn room(&self, quota: u64) -> u64 {
        self.room_beside(quota, self.used())
    }

    /// The same, if no more than `most` contents have to be counted for it: they are counted once in a process.
    pub(super) fn room_at_a_glance(&self, quota: u64, most: usize) -> Option<u64> {
        let used = {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            if used.is_none() {
                let first: Vec<_> = self.each().take(most + 1).collect();
                *used = (first.len() <= most).then(|| first.iter().map(|(_, path)| length(path)).sum());
            }
            (*used)?
        };
        Some(self.room_beside(quota, used))
    }

    fn room_beside(&self, quota: u64, used: u64) -> u64 {
        quota.saturating_sub(used).min(self.free())
    }

    /// Bytes that the disk has for contents.
    pub(super) fn free(&self) -> u64 {
        let free =
            rustix::fs::statvfs(&self.folder).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        free.saturating_sub(FLOOR)
    }

    /// Every content, with its bytes.
    pub(super) fn lengths(&self) -> HashMap<Sha, u64> {
        self.each().map(|(sha, path)| (sha, length(&path))).collect()
    }

    fn each(&self) -> impl Iterator<Item = (Sha, PathBuf)> {
        let folders = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let files =
            folders.flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten().flatten());
        files.filter_map(|file| {
            let mut sha = [0; 32];
            hex::decode_to_slice(file.file_name().to_str()?, &mut sha).ok()?;
            Some((Sha(sha), file.path()))
        })
    }

    /// Deletes every content that is not in `wanted`.
    pub(super) fn sweep(&self, wanted: &HashSet<Sha>) {
        let mut left = 0;
        for (sha, path) in self.each() {
            if wanted.contains(&sha) || std::fs::remove_file(&path).is_err() {
                left += length(&path);
            }
        }
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Some(left);
    }
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |meta| meta.len())
}

/// The SHA-256 of what is left to be read of `file`.
pub(super) fn sha_of(file: &mut File, budget: &mut Budget) -> Result<Sha, Unkept> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; CHUNK]);
    loop {
        let read = file.read(&mut buffer).map_err(|_| Unkept::Failed)?;
        if read == 0 {
            return Ok(Sha(hash.finalize().into()));
        }
        budget.bytes(read as u64)?;
        hash.update(&buffer[..read]);
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
pub(super) fn no_room(error: std::io::Error) -> Unkept {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    if matches!(error.kind(), StorageFull | QuotaExceeded) { Unkept::NoRoom } else { Unkept::Failed }
}
