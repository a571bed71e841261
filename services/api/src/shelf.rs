//! The recordings of this machine's own terminals, as shell-worker writes them: the page is still in memory while somebody
//! watches, so that any number of viewers costs neither Redis nor shell-worker a byte. Only reads; interprets nothing.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _};
use std::path::PathBuf;

use metatron_domain::id::TerminalId;
use rustix::fs::{SeekFrom, seek};

/// The folder of the recordings.
#[derive(Debug)]
pub(crate) struct Shelf(PathBuf);

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The offset of the first byte: later than asked for where a beginning was forgotten.
    pub(crate) from: u64,
    pub(crate) bytes: Vec<u8>,
    /// Bytes there are in all, so far.
    pub(crate) end: u64,
}

impl Shelf {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// At most `limit` bytes from the offset `from`. None where the recording is on another machine.
    pub(crate) fn read(&self, terminal: TerminalId, from: u64, limit: u32) -> Result<Option<Found>, Error> {
        // A terminal's id is typed, so that no text of a request becomes part of a path (SECURITY I21).
        let file = match File::open(self.0.join(format!("{terminal}.out"))) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // What was forgotten is a hole in the file.
        let first = || seek(&file, SeekFrom::Data(0)).unwrap_or(0);
        let (end, from) = (file.metadata()?.len(), from.max(first()));
        let wanted = end.saturating_sub(from).min(limit.into());
        let mut bytes = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
        seek(&file, SeekFrom::Start(from))?;
        (&file).take(wanted).read_to_end(&mut bytes)?;
        // More may have been forgotten while this was read.
        let kept = from.max(first());
        bytes.drain(..bytes.len().min(usize::try_from(kept - from).unwrap_or(usize::MAX)));
        Ok(Some(Found { from: kept, bytes, end }))
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
        assert_eq!(shelf.read(terminal, 0, 9).unwrap(), None);
        let file = File::create(folder.path().join(format!("{terminal}.out"))).unwrap();
        file.write_all_at(b"hello", 1024 * 1024).unwrap();
        let end = 1024 * 1024 + 5;
        let found = |from, limit| shelf.read(terminal, from, limit).unwrap().unwrap();
        assert_eq!(found(1024 * 1024 + 1, 3), Found { from: end - 4, bytes: b"ell".to_vec(), end });
        assert_eq!(found(end + 9, 3), Found { from: end + 9, bytes: vec![], end });
        // The whole beginning is a hole.
        assert_eq!(found(0, 2), Found { from: 1024 * 1024, bytes: b"he".to_vec(), end });
    }
}
