//! The file behind the journal: lines of `{sha256, 16 digits} {JSON}`, appended, synced, cut back when a write fails.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest as _, Sha256};

use super::JournalError;
use super::record::Record;

/// Where a record lies in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    offset: u64,
    length: usize,
}

/// The open file. Owned by the journal; the lock file keeps every other process away.
pub(super) struct Tape {
    path: PathBuf,
    file: File,
    /// Everything before this offset is whole and on the disk.
    end: u64,
    /// Whether bytes may lie behind `end`.
    dirty: bool,
    lock: File,
}

impl Drop for Tape {
    /// Unlocks by word: a process forked at this moment holds the same lock until it executes its program.
    fn drop(&mut self) {
        let _ = flock(&self.lock, FlockOperation::Unlock);
    }
}

type Records = Vec<(Record, Place)>;

impl Tape {
    pub(super) fn open(folder: &Path) -> Result<(Self, Records), JournalError> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let lock = options().open(folder.join("lock"))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| JournalError::InUse(folder.display().to_string()))?;
        let path = folder.join("journal");
        let file = options().open(&path)?;
        sync_folder(folder)?;
        let mut tape = Self { path, file, end: 0, dirty: false, lock };
        let records = tape.load()?;
        Ok((tape, records))
    }

    /// Reads all records and cuts off what a crash left behind the last whole one.
    fn load(&mut self) -> Result<Records, JournalError> {
        let mut reader = BufReader::new(File::open(&self.path)?);
        let (mut records, mut line, mut at) = (Vec::new(), Vec::new(), 0);
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)?;
            if length == 0 {
                break;
            }
            let Some(record) = decode(&line) else {
                // Only the last write can be torn: every earlier one was synced before the next began.
                if !reader.fill_buf()?.is_empty() {
                    return Err(JournalError::Damaged { path: self.path.display().to_string(), at });
                }
                tracing::warn!(at, "the journal's last record is cut off and was dropped");
                self.dirty = true;
                break;
            };
            records.push((record, Place { offset: at, length }));
            at += length as u64;
        }
        self.end = at;
        self.cut()?;
        Ok(records)
    }

    fn cut(&mut self) -> Result<(), JournalError> {
        if self.dirty {
            self.file.set_len(self.end)?;
            self.file.sync_data()?;
            self.dirty = false;
        }
        Ok(())
    }

    /// Returns when the record is on the disk. After an error nothing of it remains.
    pub(super) fn append(&mut self, record: &Record) -> Result<Place, JournalError> {
        self.cut()?;
        let line = encode(record)?;
        self.dirty = true;
        let written = self.file.write_all_at(&line, self.end).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // If this fails too, the next append tries again before it writes.
            let _ = self.cut();
            return Err(error.into());
        }
        self.dirty = false;
        let place = Place { offset: self.end, length: line.len() };
        self.end += line.len() as u64;
        Ok(place)
    }

    pub(super) fn read(&self, place: &Place) -> Result<Record, JournalError> {
        let mut line = vec![0; place.length];
        self.file.read_exact_at(&mut line, place.offset)?;
        decode(&line)
            .ok_or_else(|| JournalError::Damaged { path: self.path.display().to_string(), at: place.offset })
    }

    /// Writes the file anew with the records that `keep` leaves of all, in one atomic step.
    pub(super) fn rewrite(
        &mut self,
        keep: impl FnOnce(Vec<Record>) -> Vec<Record>,
    ) -> Result<Records, JournalError> {
        let all = self.load()?.into_iter().map(|(record, _)| record).collect();
        let fresh_path = self.path.with_extension("new");
        let fresh = options().truncate(true).open(&fresh_path)?;
        let (mut records, mut at) = (Vec::new(), 0);
        let mut writer = std::io::BufWriter::new(&fresh);
        for record in keep(all) {
            let line = encode(&record)?;
            writer.write_all(&line)?;
            records.push((record, Place { offset: at, length: line.len() }));
            at += line.len() as u64;
        }
        writer.flush()?;
        drop(writer);
        fresh.sync_all()?;
        std::fs::rename(&fresh_path, &self.path)?;
        if let Some(folder) = self.path.parent() {
            sync_folder(folder)?;
        }
        self.file = fresh;
        self.end = at;
        Ok(records)
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

fn check(json: &[u8]) -> String {
    hex::encode(&Sha256::digest(json)[..8])
}

fn encode(record: &Record) -> Result<Vec<u8>, JournalError> {
    let json = serde_json::to_vec(record).map_err(std::io::Error::other)?;
    let mut line = check(&json).into_bytes();
    line.push(b' ');
    line.extend(json);
    line.push(b'\n');
    Ok(line)
}

fn decode(line: &[u8]) -> Option<Record> {
    let line = line.strip_suffix(b"\n")?;
    let (sum, json) = line.split_at_checked(17)?;
    (sum.strip_suffix(b" ")? == check(json).as_bytes()).then_some(())?;
    serde_json::from_slice(json).ok()
}
