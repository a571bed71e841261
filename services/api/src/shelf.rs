//! The recordings of this machine's own terminals, as shell-worker writes them: the page is still in memory while somebody
//! watches, so that any number of viewers costs neither Redis nor shell-worker a byte. Only reads; interprets nothing; is told
//! the time.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use metatron_domain::id::TerminalId;
use rustix::buffer::spare_capacity;
use rustix::fs::{SeekFrom, seek};
use rustix::io::pread;

/// Pieces that are kept for the next viewer. What waits for one of them, here and in the kernel, is mostly less than so
/// many pieces of 64 KiB, so that viewers of one flood are seldom farther apart.
const KEPT: usize = 64;
/// For so long they are: later the recording has another end.
const FRESH: Duration = Duration::from_secs(1);
/// Shorter ones are read as quickly as they are looked for.
const SHORT: u32 = 4 * 1024;

/// The folder of the recordings.
#[derive(Debug)]
pub(crate) struct Shelf {
    folder: PathBuf,
    kept: Mutex<VecDeque<Kept>>,
}

/// A piece that was read as a whole. What is in a recording never changes.
#[derive(Debug)]
struct Kept {
    terminal: TerminalId,
    limit: u32,
    at: Instant,
    found: Found,
}

/// The frame that somebody made of a piece, by the number of its channel: for the next viewer, who mostly needs the same.
pub(crate) type Framed = Arc<OnceLock<(u32, Bytes)>>;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The offset of the first byte: later than asked for where a beginning was forgotten.
    pub(crate) from: u64,
    pub(crate) bytes: Bytes,
    /// Bytes there are in all, so far.
    pub(crate) end: u64,
    /// Shared with the bytes.
    pub(crate) framed: Framed,
}

impl Shelf {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// At most `limit` bytes from the offset `from`, or what somebody read of it within a second before `now`. None where the
    /// recording is on another machine.
    pub(crate) fn read(
        &self,
        terminal: TerminalId,
        from: u64,
        limit: u32,
        now: Instant,
    ) -> Result<Option<Found>, Error> {
        let same = |kept: &&Kept| (kept.terminal, kept.found.from, kept.limit) == (terminal, from, limit);
        let is_fresh = |kept: &&Kept| now.saturating_duration_since(kept.at) < FRESH;
        if let Some(kept) = self.kept().iter().find(same).filter(is_fresh) {
            return Ok(Some(kept.found.clone()));
        }
        let Some(found) = self.look(terminal, from, limit)? else { return Ok(None) };
        if limit > SHORT && found.from == from && found.bytes.len() as u64 == u64::from(limit) {
            let mut kept = self.kept();
            kept.retain(|kept| is_fresh(&kept));
            kept.truncate(KEPT - 1);
            kept.push_front(Kept { terminal, limit, at: now, found: found.clone() });
        }
        Ok(Some(found))
    }

    /// Lets go of what nobody will ask for any more at `now`.
    pub(crate) fn sweep(&self, now: Instant) {
        self.kept().retain(|kept| now.saturating_duration_since(kept.at) < FRESH);
    }

    fn look(&self, terminal: TerminalId, from: u64, limit: u32) -> Result<Option<Found>, Error> {
        // A terminal's id is typed, so that no text of a request becomes part of a path (SECURITY I21).
        let file = match File::open(self.folder.join(format!("{terminal}.out"))) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // What was forgotten is a hole in the file.
        let first = || seek(&file, SeekFrom::Data(0)).unwrap_or(0);
        let (end, from) = (file.metadata()?.len(), from.max(first()));
        let wanted = end.saturating_sub(from).min(limit.into());
        let mut bytes = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
        let mut at = from;
        while bytes.capacity() > bytes.len() && at < from + wanted {
            match pread(&file, spare_capacity(&mut bytes), at)? {
                0 => break,
                read => at += read as u64,
            }
        }
        bytes.truncate(usize::try_from(wanted).unwrap_or_default());
        // More may have been forgotten while this was read.
        let kept = from.max(first());
        bytes.drain(..bytes.len().min(usize::try_from(kept - from).unwrap_or(usize::MAX)));
        Ok(Some(Found { from: kept, bytes: bytes.into(), end, framed: Framed::default() }))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt as _;

    use super::*;

    #[test]
    fn any_range_is_read_and_what_was_forgotten_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().to_owned());
        let terminal = TerminalId::new();
        assert_eq!(shelf.read(terminal, 0, 9, Instant::now()).unwrap(), None);
        let file = File::create(folder.path().join(format!("{terminal}.out"))).unwrap();
        file.write_all_at(b"hello", 1024 * 1024).unwrap();
        let end = 1024 * 1024 + 5;
        let found = |from, limit| {
            let found = shelf.read(terminal, from, limit, Instant::now()).unwrap().unwrap();
            assert_eq!(found.end, end);
            (found.from, found.bytes)
        };
        assert_eq!(found(1024 * 1024 + 1, 3), (end - 4, Bytes::from_static(b"ell")));
        assert_eq!(found(end + 9, 3), (end + 9, Bytes::new()));
        // The whole beginning is a hole.
        assert_eq!(found(0, 2), (1024 * 1024, Bytes::from_static(b"he")));
    }

    #[test]
    fn what_one_viewer_read_is_there_for_the_next_and_a_part_of_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().to_owned());
        let terminal = TerminalId::new();
        let path = folder.path().join(format!("{terminal}.out"));
        std::fs::write(&path, vec![b'x'; 10_000]).unwrap();
        let now = Instant::now();
        let read = |from| shelf.read(terminal, from, 8_000, now).unwrap().unwrap().bytes;
        let (first, short) = (read(0), read(8_000));
        assert_eq!((first.len(), short.len()), (8_000, 2_000));
        assert_eq!(read(0).as_ptr(), first.as_ptr(), "one piece for both");
        // There is more of what was read in part.
        std::fs::write(&path, vec![b'x'; 20_000]).unwrap();
        assert_eq!(read(8_000).len(), 8_000);
    }

    #[test]
    fn a_piece_is_kept_for_a_second_and_then_read_anew_with_the_end_there_is_by_then() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().to_owned());
        let terminal = TerminalId::new();
        let path = folder.path().join(format!("{terminal}.out"));
        std::fs::write(&path, vec![b'x'; 8_000]).unwrap();
        let begun = Instant::now();
        let end = |after| shelf.read(terminal, 0, 8_000, begun + after).unwrap().unwrap().end;
        assert_eq!(end(Duration::ZERO), 8_000);
        std::fs::write(&path, vec![b'x'; 9_000]).unwrap();
        let almost = Duration::from_millis(999);
        assert_eq!([almost, FRESH, FRESH + almost].map(end), [8_000, 9_000, 9_000]);
    }
}
