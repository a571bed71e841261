//! What is typed into one terminal, on its way to the program: at once where it takes it, in order always. A program
//! that does not read holds up nobody but itself; what waits for it is bounded.

use std::collections::VecDeque;
use std::io::{ErrorKind, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metatron_bus::direct::Outlet;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::{Notify, watch};
use zeroize::Zeroizing;

use crate::pty::Master;

/// Bytes that may wait for a program, at most.
const ROOM: usize = 1024 * 1024;

/// What is typed together.
struct Piece {
    bytes: Zeroizing<Vec<u8>>,
    /// How much of it the terminal has.
    done: usize,
    /// The number to tell when it has all.
    number: Option<u64>,
}

#[derive(Default)]
struct Waiting {
    pieces: VecDeque<Piece>,
    bytes: usize,
    /// The terminal is gone: nothing can be typed any more.
    dead: bool,
}

/// What came of typing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// It was taken: the terminal has it, or gets it in turn.
    Taken,
    /// Too much waits already; nothing of it was taken.
    Full,
    /// The terminal is gone.
    Gone,
}

/// The way in. Owned by its session; whoever types shares it.
pub struct Lane {
    master: Arc<Master>,
    outlet: Arc<Outlet>,
    waiting: Mutex<Waiting>,
    more: Notify,
    typed: watch::Sender<u64>,
}

impl Lane {
    /// The way into `master`; `outlet` is told how far it is.
    pub fn new(master: Arc<Master>, outlet: Arc<Outlet>) -> Self {
        let typed = watch::channel(0).0;
        Self { master, outlet, waiting: Mutex::default(), more: Notify::new(), typed }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the last keys that the terminal has got. It moves unseen where the outlet tells it.
    pub fn typed(&self) -> watch::Receiver<u64> {
        self.typed.subscribe()
    }

    /// Types. Never waits.
    pub fn push(&self, bytes: Zeroizing<Vec<u8>>, number: Option<u64>) -> Typed {
        let mut waiting = self.lock();
        if waiting.dead {
            return Typed::Gone;
        }
        if waiting.bytes + bytes.len() > ROOM {
            return Typed::Full;
        }
        waiting.bytes += bytes.len();
        let first = waiting.pieces.is_empty();
        waiting.pieces.push_back(Piece { bytes, done: 0, number });
        if first && !self.write(&mut waiting) {
            self.more.notify_one();
        }
        Typed::Taken
    }

    /// Gives the terminal what it takes now. Whether nothing waits any more.
    fn write(&self, waiting: &mut Waiting) -> bool {
        while let Some(piece) = waiting.pieces.front_mut() {
            match self.master.file().write(&piece.bytes[piece.done..]) {
                Ok(0) if !piece.bytes.is_empty() => return false,
                Ok(length) => piece.done += length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(_) => {
                    *waiting = Waiting { dead: true, ..Waiting::default() };
                    return true;
                }
            }
            if piece.done == piece.bytes.len() {
                let (bytes, number) = (piece.bytes.len(), piece.number);
                waiting.bytes -= bytes;
                waiting.pieces.pop_front();
                if let Some(number) = number {
                    let told = self.outlet.pressed(number);
                    self.typed.send_if_modified(|typed| {
                        *typed = number;
                        !told
                    });
                }
            }
        }
        true
    }

    /// Carries on what could not be given at once, as the program reads. Never returns.
    #[expect(
        deprecated,
        reason = "its successor is unsafe to call; an owned `File` held by value keeps its promise"
    )]
    pub async fn carry(&self) {
        loop {
            self.more.notified().await;
            let Ok(handle) = self.master.handle() else { continue };
            // Only while something waits: every line a program reads would wake us otherwise.
            let Ok(handle) = AsyncFd::with_interest(handle, Interest::WRITABLE) else {
                tracing::warn!("no descriptor is left to wait for a terminal");
                continue;
            };
            while let Ok(mut ready) = handle.writable().await {
                if self.write(&mut self.lock()) {
                    break;
                }
                ready.clear_ready();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use metatron_bus::direct::Server;
    use metatron_domain::id::TerminalId;
    use metatron_domain::terminal::Size;

    use super::*;
    use crate::account::Account;
    use crate::pty;

    #[tokio::test]
    async fn a_program_that_does_not_read_holds_up_nobody() {
        let argv = ["/bin/sh", "-c", "stty raw -echo; echo ready; exec sleep 1000"].map(str::to_owned);
        let environment = std::collections::BTreeMap::from([("PATH", "/usr/bin:/bin".to_owned())]);
        let pty = pty::start(&Account::own(), &argv, &environment, "/".as_ref(), Size::COMMAND).unwrap();
        let outlet = Server::default().outlet("local", TerminalId::new());
        let lane = Lane::new(Arc::new(pty.master), outlet);
        let piece = || Zeroizing::new(vec![b'x'; 16 * 1024]);
        let mut number = 0;
        let last = loop {
            number += 1;
            match lane.push(piece(), Some(number)) {
                Typed::Taken => assert!(number < 100, "memory is bounded"),
                other => break other,
            }
        };
        assert_eq!(last, Typed::Full);
        let pid = rustix::process::Pid::from_raw(pty.pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty()).unwrap();
    }
}
