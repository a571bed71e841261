//! The recording of a terminal: `{terminal}.out` holds the exact bytes and is the one truth of a byte offset;
//! `{terminal}.time` holds `milliseconds offset` lines, `{terminal}.event` what happened beside the output, from which a
//! replay can be made; `{terminal}.screen` the last screen of one that ended. Never interprets a byte.

use std::borrow::Cow;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time;

use metatron_domain::clock::Instant;
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::message::ScreenShot;
use rustix::fs::{FallocateFlags, fallocate};
use sha2::{Digest as _, Sha256};

use crate::events::{Beginning, Events};

/// Bytes kept of one terminal.
pub const CAP: u64 = 256 * 1024 * 1024;
/// How long a recording is kept.
pub const RETENTION: time::Duration = time::Duration::from_hours(30 * 24);
/// What a disk gives back at once, at least.
const BLOCK: u64 = 64 * 1024;
/// The files that may stand beside `.out`.
const BESIDE: [&str; 3] = ["time", "event", "screen"];

/// What becomes of a recording that reaches [`CAP`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// It ends: what comes after is counted and not kept. A command's beginning says more than its end.
    Stop,
    /// Its beginning is forgotten, and offsets go on: a terminal that somebody sits at must not fall silent.
    Forget,
}

/// The folder of all recordings.
#[derive(Debug, Clone)]
pub struct Recordings(PathBuf);

impl Recordings {
    /// Uses `folder`, made with no access for others where it is missing.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o750).create(folder)?;
        Ok(Self(folder.to_owned()))
    }

    fn path(&self, terminal: TerminalId, kind: &str) -> PathBuf {
        // A terminal's id is typed, so that no text of a request becomes part of a path (SECURITY I21).
        self.0.join(format!("{terminal}.{kind}"))
    }

    /// Begins the recording of a terminal that has none yet.
    pub fn begin(&self, terminal: TerminalId, cap: u64, full: Full) -> std::io::Result<Recording> {
        let mut options = OpenOptions::new();
        options.append(true).create_new(true).mode(0o640);
        let out = options.open(self.path(terminal, "out"))?;
        let times = options.open(self.path(terminal, "time"))?;
        Ok(Recording {
            out,
            times,
            begun: time::Instant::now(),
            hash: (full == Full::Stop).then(Sha256::new),
            end: 0,
            first: 0,
            cap,
            full,
            left_out: 0,
            stopped: None,
        })
    }

    /// Up to `limit` bytes from offset `from`, and how many bytes there are. `None` when there is no such recording.
    pub fn read(
        &self,
        terminal: TerminalId,
        from: u64,
        limit: u32,
    ) -> std::io::Result<Option<(Vec<u8>, u64)>> {
        let Some(out) = self.reader(terminal)? else { return Ok(None) };
        let end = out.metadata()?.len();
        let wanted = end.saturating_sub(from).min(u64::from(limit));
        let mut bytes = vec![0; usize::try_from(wanted).unwrap_or_default()];
        out.read_exact_at(&mut bytes, from)?;
        Ok(Some((bytes, end)))
    }

    /// The bytes, to be read in order.
    pub fn reader(&self, terminal: TerminalId) -> std::io::Result<Option<File>> {
        self.file(terminal, "out")
    }

    /// The offset of the first byte that was not forgotten.
    pub fn first(&self, terminal: TerminalId) -> std::io::Result<u64> {
        Ok(self.reader(terminal)?.as_ref().map_or(0, first))
    }

    /// The times, to be read in order.
    pub fn times(&self, terminal: TerminalId) -> std::io::Result<Option<File>> {
        self.file(terminal, "time")
    }

    /// What happened beside the output, to be read in order.
    pub fn events(&self, terminal: TerminalId) -> std::io::Result<Option<File>> {
        self.file(terminal, "event")
    }

    fn file(&self, terminal: TerminalId, kind: &str) -> std::io::Result<Option<File>> {
        match File::open(self.path(terminal, kind)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Begins to keep what happens beside the output.
    pub fn begin_events(&self, terminal: TerminalId, beginning: &Beginning) -> std::io::Result<Events> {
        let mut options = OpenOptions::new();
        options.append(true).create_new(true).mode(0o640);
        Events::begin(options.open(self.path(terminal, "event"))?, beginning)
    }

    /// Keeps the last screen of a terminal that ended.
    pub fn keep_screen(&self, terminal: TerminalId, shot: &ScreenShot) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o640);
        options.open(self.path(terminal, "screen"))?.write_all(&serde_json::to_vec(shot)?)
    }

    /// The last screen of a terminal that ended, where it was kept.
    pub fn screen(&self, terminal: TerminalId) -> std::io::Result<Option<ScreenShot>> {
        let Some(file) = self.file(terminal, "screen")? else { return Ok(None) };
        Ok(serde_json::from_reader(std::io::BufReader::new(file)).ok())
    }

    /// Adds a visible mark to the recording of a terminal whose session is gone.
    pub fn mark(&self, terminal: TerminalId, mark: &str) -> std::io::Result<()> {
        let mut out = OpenOptions::new().append(true).open(self.path(terminal, "out"))?;
        out.write_all(mark.as_bytes())?;
        out.sync_data()
    }

    /// Removes recordings older than [`RETENTION`], and then the oldest until all together are below `quota` bytes.
    /// `live` ones are never touched.
    pub fn prune(&self, quota: u64, now: Instant, live: &dyn Fn(&str) -> bool) -> std::io::Result<()> {
        let mut found = Vec::new();
        for item in std::fs::read_dir(&self.0)? {
            let (item, name) = item.map(|item| (item.path(), item.file_name()))?;
            if let (Some(stem), Ok(meta)) =
                (name.to_str().and_then(|it| it.strip_suffix(".out")), item.metadata())
            {
                let beside = BESIDE.iter().map(|kind| self.0.join(format!("{stem}.{kind}")));
                let beside: u64 = beside.filter_map(|path| path.metadata().ok()).map(|it| it.len()).sum();
                // What was forgotten takes no room.
                found.push((meta.modified()?, meta.len().min(meta.blocks() * 512) + beside, stem.to_owned()));
            }
        }
        let now = time::UNIX_EPOCH + time::Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or(0));
        let mut total: u64 = found.iter().map(|(_, length, _)| length).sum();
        found.sort_unstable();
        for (changed, length, stem) in found {
            let old = now.duration_since(changed).is_ok_and(|age| age > RETENTION);
            if !old && total <= quota {
                break;
            }
            if !live(&stem) {
                std::fs::remove_file(self.0.join(format!("{stem}.out")))?;
                for kind in BESIDE {
                    let _ = std::fs::remove_file(self.0.join(format!("{stem}.{kind}")));
                }
                total -= length;
            }
        }
        Ok(())
    }
}

/// The offset of the first byte of `out` that was not forgotten. What was, is a hole in the file.
pub fn first(out: &File) -> u64 {
    let found = rustix::fs::seek(out, rustix::fs::SeekFrom::Data(0)).unwrap_or(0);
    let _ = rustix::fs::seek(out, rustix::fs::SeekFrom::Start(0));
    found
}

/// The recording of a running terminal. Owned by the one thread that reads the terminal.
pub struct Recording {
    out: File,
    times: File,
    begun: time::Instant,
    /// Of what shall be proven later; a recording that may forget its beginning proves nothing.
    hash: Option<Sha256>,
    end: u64,
    /// Everything before this offset is forgotten.
    first: u64,
    cap: u64,
    full: Full,
    left_out: u64,
    stopped: Option<String>,
}

/// What a recording holds at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// Bytes kept.
    pub bytes: u64,
    /// Their SHA-256, in hex; empty where the beginning may have been forgotten.
    pub sha256: String,
    /// Bytes that came after the cap and are not kept.
    pub left_out: u64,
}

impl Recording {
    /// Keeps `bytes`, and gives back what was really kept: less than `bytes`, then a mark, where the cap or the disk
    /// ended the recording. Whatever is shown or sent elsewhere is what was kept, so that offsets agree everywhere.
    pub fn append<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if self.stopped.is_some() {
            self.left_out += bytes.len() as u64;
            return Cow::Borrowed(&[]);
        }
        if self.full == Full::Forget && self.end + bytes.len() as u64 > self.first + self.cap {
            self.forget();
        }
        let room = usize::try_from((self.first + self.cap).saturating_sub(self.end)).unwrap_or(usize::MAX);
        let kept = &bytes[..bytes.len().min(room)];
        let shown = self.put(kept);
        if kept.len() < bytes.len() && self.stopped.is_none() {
            let mib = self.cap / (1024 * 1024);
            self.stopped = Some(format!("more than {mib} MiB of output"));
        }
        let Some(cause) = &self.stopped else { return Cow::Borrowed(shown) };
        self.left_out += (bytes.len() - shown.len()) as u64;
        let mark = format!("\r\n[output is no longer kept from here on: {cause}]\r\n");
        Cow::Owned([shown, self.put(mark.as_bytes())].concat())
    }

    /// Gives the older half back to the disk. Where the disk can't do that, the recording ends as others do.
    fn forget(&mut self) {
        let first = self.end.saturating_sub(self.cap / 2) / BLOCK * BLOCK;
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        if first > self.first && fallocate(&self.out, flags, self.first, first - self.first).is_ok() {
            self.first = first;
        }
    }

    /// Adds a mark of ours behind everything.
    pub fn mark(&mut self, mark: &str) -> Vec<u8> {
        self.put(mark.as_bytes()).to_vec()
    }

    /// Keeps `bytes`; returns what could be kept.
    fn put<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if bytes.is_empty() {
            return bytes;
        }
        let mut kept = 0;
        while kept < bytes.len() {
            match self.out.write(&bytes[kept..]) {
                Ok(0) => break,
                Ok(written) => kept += written,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.stopped.get_or_insert_with(|| error.to_string());
                    break;
                }
            }
        }
        if let Some(hash) = &mut self.hash {
            hash.update(&bytes[..kept]);
        }
        self.end += kept as u64;
        &bytes[..kept]
    }

    /// Notes when the last bytes came. Only a replay needs it, so whoever appends tells the bytes first.
    pub fn note_time(&mut self) {
        let line = format!("{} {}\n", self.begun.elapsed().as_millis(), self.end);
        // The bytes are kept without it too.
        let _ = self.times.write_all(line.as_bytes());
    }

    /// Bytes kept so far.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Ends the recording: all of it is on the disk when this returns.
    pub fn finish(self) -> Total {
        if let Err(error) = self.out.sync_data() {
            tracing::warn!(%error, "a recording may not be on the disk");
        }
        let sha256 = self.hash.map(|hash| hex::encode(hash.finalize())).unwrap_or_default();
        Total { bytes: self.end, sha256, left_out: self.left_out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_range_is_read_exactly() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = Recordings::open(folder.path()).unwrap();
        let terminal = TerminalId::new();
        let mut recording = recordings.begin(terminal, CAP, Full::Stop).unwrap();
        assert_eq!(recording.append(b"\x00\xffhello").as_ref(), b"\x00\xffhello");
        recording.append(b" world");
        assert_eq!(recordings.read(terminal, 2, 5).unwrap(), Some((b"hello".to_vec(), 13)));
        assert_eq!(recordings.read(terminal, 99, 5).unwrap(), Some((vec![], 13)));
        assert_eq!(recordings.read(TerminalId::new(), 0, 5).unwrap(), None);
        let total = recording.finish();
        assert_eq!(total.sha256, hex::encode(Sha256::digest(b"\x00\xffhello world")));
    }

    #[test]
    fn behind_the_cap_stands_a_mark_and_the_rest_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = Recordings::open(folder.path()).unwrap();
        let terminal = TerminalId::new();
        let mut recording = recordings.begin(terminal, 4, Full::Stop).unwrap();
        let shown = [recording.append(b"abcdef"), recording.append(b"ghi")].concat();
        assert!(
            shown.starts_with(b"abcd\r\n[output is no longer kept"),
            "{}",
            String::from_utf8_lossy(&shown)
        );
        let (bytes, end) = recordings.read(terminal, 0, 1000).unwrap().unwrap();
        assert_eq!((bytes.as_slice(), end), (shown.as_slice(), shown.len() as u64));
        assert_eq!(recording.finish().left_out, 5);
    }

    #[test]
    fn a_terminal_that_somebody_sits_at_forgets_its_beginning_and_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = Recordings::open(folder.path()).unwrap();
        let terminal = TerminalId::new();
        let cap = 16 * BLOCK;
        let mut recording = recordings.begin(terminal, cap, Full::Forget).unwrap();
        let block = vec![b'x'; usize::try_from(BLOCK).unwrap()];
        for _ in 0..100 {
            assert_eq!(recording.append(&block).len(), block.len());
        }
        recording.append(b"the end");
        assert_eq!(recording.end(), 100 * BLOCK + 7);
        let first = recordings.first(terminal).unwrap();
        assert!((84 * BLOCK..100 * BLOCK).contains(&first), "{first}");
        let (bytes, end) = recordings.read(terminal, 100 * BLOCK, 100).unwrap().unwrap();
        assert_eq!((bytes.as_slice(), end), (b"the end".as_slice(), 100 * BLOCK + 7));
        assert_eq!(recording.finish().left_out, 0);
    }

    #[test]
    fn a_recording_is_never_begun_twice() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = Recordings::open(folder.path()).unwrap();
        let terminal = TerminalId::new();
        recordings.begin(terminal, CAP, Full::Stop).unwrap();
        assert!(recordings.begin(terminal, CAP, Full::Stop).is_err());
    }

    #[test]
    fn the_oldest_recordings_go_first_and_live_ones_never() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = Recordings::open(folder.path()).unwrap();
        let (first, second) = (TerminalId::new(), TerminalId::new());
        recordings.begin(first, CAP, Full::Stop).unwrap().append(b"12345");
        recordings.begin(second, CAP, Full::Stop).unwrap().append(b"12345");
        let now = |age: time::Duration| {
            let now = time::UNIX_EPOCH.elapsed().unwrap() + age;
            Instant::from_millis(now.as_millis().try_into().unwrap())
        };
        recordings.prune(20, now(time::Duration::ZERO), &|_| false).unwrap();
        assert!(recordings.reader(second).unwrap().is_some());
        // The lines of the times count as well.
        recordings.prune(5, now(time::Duration::ZERO), &|stem| stem == first.to_string()).unwrap();
        assert!(recordings.reader(first).unwrap().is_some());
        assert!(recordings.reader(second).unwrap().is_none());
        recordings.prune(u64::MAX, now(RETENTION * 2), &|_| false).unwrap();
        assert!(recordings.reader(first).unwrap().is_none());
    }
}
