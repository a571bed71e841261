//! What was kept, by path: one file each, written last and complete or not at all. Its first line tells what is in it and
//! the SHA-256 of the rest.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use metatron_domain::clock::Instant;
use metatron_domain::undo::Gap;
use metatron_domain::undo::message::FileKind;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::blob::Sha;
use super::tree::Stamp;

/// A path whose bytes need not be text.
mod bytes {
    use std::ffi::OsString;
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    use std::path::{Path, PathBuf};

    use serde::{Deserialize as _, Deserializer, Serializer};

    /// No path has this byte in it.
    const MARK: char = '\0';

    pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        match path.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => {
                serializer.collect_str(&format_args!("{MARK}{}", hex::encode(path.as_os_str().as_bytes())))
            }
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.strip_prefix(MARK) {
            Some(digits) => {
                let bytes = hex::decode(digits).map_err(serde::de::Error::custom)?;
                Ok(PathBuf::from(OsString::from_vec(bytes)))
            }
            None => Ok(PathBuf::from(text)),
        }
    }
}

/// One path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Where it is.
    #[serde(with = "bytes")]
    pub path: PathBuf,
    /// How it stood.
    pub stamp: Stamp,
    /// Its content, where it is a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<Sha>,
    /// Where it leads, where it is a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Target>,
}

/// Where a link leads, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Target(#[serde(with = "bytes")] pub PathBuf);

impl Entry {
    /// Whether it has the same content, as far as that is known of both.
    pub(super) fn same_content(&self, other: &Self) -> bool {
        self.stamp.kind() == other.stamp.kind()
            && match self.stamp.kind() {
                FileKind::File => self.sha.is_some() && self.sha == other.sha,
                FileKind::Link => self.link == other.link,
                FileKind::Folder | FileKind::Other => true,
            }
    }
}

/// A path that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// Which.
    #[serde(with = "bytes")]
    pub path: PathBuf,
    /// Whether with all that is in it.
    pub deep: bool,
}

/// All that was kept at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// When.
    pub at: Instant,
    /// What was looked at. What lies in one of these and has no entry was not there.
    pub roots: Vec<Root>,
    /// What an undo would not bring back.
    #[serde(default)]
    pub gaps: Vec<Gap>,
    /// The folders above the roots, which may be gone by then.
    #[serde(default)]
    pub above: Vec<Entry>,
    /// What was there, in the order of the paths.
    pub entries: Vec<Entry>,
}

/// What the first line tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// When it was kept.
    pub at: Instant,
    /// Entries.
    pub files: u64,
    /// Bytes of their contents.
    pub bytes: u64,
    sha256: String,
}

impl Manifest {
    /// Files, folders and links, and bytes of their contents.
    pub(super) fn size(&self) -> (u64, u64) {
        let files = self.entries.iter().filter(|entry| entry.stamp.kind() == FileKind::File);
        (self.entries.len() as u64, files.map(|entry| entry.stamp.size).sum())
    }

    /// Writes it at `path`; it is on the disk when this returns.
    pub(super) fn save(&self, path: &Path) -> std::io::Result<()> {
        let text = serde_json::to_vec(self)?;
        let (files, bytes) = self.size();
        let head = Head { at: self.at, files, bytes, sha256: hex::encode(Sha256::digest(&text)) };
        let mut fresh = path.as_os_str().to_owned();
        fresh.push(".new");
        let mut file = File::create(&fresh)?;
        serde_json::to_writer(&mut file, &head)?;
        file.write_all(b"\n")?;
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&fresh, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }

    /// Reads it back; `None` when there is none, or what is there is not whole.
    pub(super) fn load(path: &Path) -> Option<Self> {
        Self::read(path).ok()?
    }

    /// The same, but an error where it could not be read: then nobody knows what it names.
    pub(super) fn read(path: &Path) -> std::io::Result<Option<Self>> {
        let Some(mut file) = opened(path)? else { return Ok(None) };
        let Some(head) = read_head(&mut file)? else { return Ok(None) };
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let whole = hex::encode(Sha256::digest(&text)) == head.sha256;
        if !whole {
            tracing::warn!(path = %path.display(), "what was kept is damaged, and counts as gone");
            return Ok(None);
        }
        Ok(serde_json::from_slice(&text).ok())
    }
}

impl Head {
    /// Reads the first line alone; `None` when there is none, or none that can be understood.
    pub(super) fn read(path: &Path) -> std::io::Result<Option<Self>> {
        opened(path)?.map_or(Ok(None), |mut file| read_head(&mut file))
    }
}

fn opened(path: &Path) -> std::io::Result<Option<BufReader<File>>> {
    match File::open(path) {
        Ok(file) => Ok(Some(BufReader::new(file))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_head(file: &mut BufReader<File>) -> std::io::Result<Option<Head>> {
    let mut line = Vec::new();
    file.by_ref().take(4096).read_until(b'\n', &mut line)?;
    Ok(serde_json::from_slice(&line).ok())
}
