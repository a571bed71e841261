//! The thread that reads a terminal: into the recording first, then into the text. Nothing that happens elsewhere slows it
//! down.

use std::io::{ErrorKind, Read as _};
use std::sync::Arc;

use metatron_bus::direct::Outlet;
use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::{oneshot, watch};

use crate::live::{FLOOD, GATHER};
use crate::pty::Master;
use crate::recording::Recording;
use crate::screen::{Fold, Screen};

/// Bytes that are kept at once: in a flood several readings are gathered, as long as there are more, because keeping and
/// telling cost as much as reading. Each session keeps its buffer.
const BUFFER: usize = 64 * 1024;
/// What the kernel gives at once, at most: its own buffer has 4 KiB, and one byte of it stays free.
const GIVEN: usize = 4 * 1024 - 1;
/// The reading thread's stack.
const STACK: usize = 256 * 1024;

/// How far a session is, for whoever follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes in the recording.
    pub end: u64,
    /// Whether there will be no more.
    pub ended: bool,
    /// Whether the last line is not ended.
    pub open_line: bool,
}

/// What the reading thread leaves behind.
pub(crate) struct Seen {
    pub(crate) recording: Recording,
    pub(crate) text: Option<Screen<Fold>>,
}

/// A thread that waits for a terminal to read. Made before the fork, so that nothing can fail after it.
pub struct Reader {
    pub(crate) give: std::sync::mpsc::Sender<Arc<Master>>,
    pub(crate) seen: oneshot::Receiver<Seen>,
    pub(crate) told: watch::Sender<Progress>,
    pub(crate) outlet: Arc<Outlet>,
}

impl Reader {
    /// Starts the thread, which will fill `recording`, gather its text where that is wanted, and tell what it reads. It ends
    /// with this value, or with the terminal it was given.
    pub fn ready(recording: Recording, text: bool, outlet: Arc<Outlet>) -> std::io::Result<Self> {
        let (give, given) = std::sync::mpsc::channel::<Arc<Master>>();
        let (done, seen) = oneshot::channel();
        let told = watch::channel(Progress::default()).0;
        let (progress, telling) = (told.clone(), Arc::clone(&outlet));
        std::thread::Builder::new().name("terminal".into()).stack_size(STACK).spawn(move || {
            if let Ok(master) = given.recv() {
                let text = text.then(|| Screen::new(Fold::default()));
                // Nobody waits any more when the session gave up on a terminal that stays open.
                let _ = done.send(read(&master, Seen { recording, text }, &progress, &telling));
            }
        })?;
        Ok(Self { give, seen, told, outlet })
    }
}

fn read(master: &Master, mut seen: Seen, told: &watch::Sender<Progress>, outlet: &Outlet) -> Seen {
    let mut output = master.file();
    let mut buffer = vec![0; BUFFER];
    let mut filled = 0;
    loop {
        let state = match output.read(&mut buffer[filled..]) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == ErrorKind::WouldBlock => State::Empty,
            // EIO is how a terminal says that nobody has it open any more.
            Ok(0) | Err(_) => State::Closed,
            Ok(length) => {
                filled += length;
                // A flood fills what the kernel gives. Less than half of it is a program's word, and all of it.
                let flood = length > GIVEN / 2;
                if flood && filled + GIVEN <= BUFFER {
                    continue;
                }
                if flood { State::More } else { State::Empty }
            }
        };
        if filled > 0 {
            let from = seen.recording.end();
            let kept = seen.recording.append(&buffer[..filled]);
            if let Some(text) = &mut seen.text {
                text.feed(&kept);
            }
            let open_line = buffer[filled - 1] != b'\n';
            told.send_replace(Progress { end: seen.recording.end(), ended: false, open_line });
            // From this thread, so that between a key and its echo nobody else has to wake up.
            outlet.offer(from, &kept, FLOOD, GATHER);
            seen.recording.note_time();
            filled = 0;
        }
        match state {
            State::More => {}
            State::Closed => return seen,
            State::Empty => {
                // An error here comes back at the next reading.
                let _ = poll(&mut [PollFd::new(output, PollFlags::IN)], None);
            }
        }
    }
}

/// What a reading showed of the terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// There may be more.
    More,
    /// There is nothing now.
    Empty,
    /// There will be nothing.
    Closed,
}
