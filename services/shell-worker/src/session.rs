//! One command in its own terminal, from the fork to the last byte. Independent of transport.
//!
//! A session is a thread that reads the terminal (recording first, then the screen) and a task that waits for the end
//! (exit, timeout or stop) and then ends all that was started. Nothing that happens elsewhere slows the reader down.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use metatron_domain::exec::Exit;
use metatron_domain::id::{ExecId, TerminalId};
use rustix::process::{Pid, PidfdFlags, WaitIdStatus, pidfd_open};
use tokio::io::unix::AsyncFd;
use tokio::sync::{oneshot, watch};

use crate::kill::{Families, Family, GRACE, signal_name};
use crate::pty::Pty;
use crate::recording::{Recording, Total};
use crate::screen::{Fold, Screen};

/// How long after the end of all processes the terminal may still give bytes.
const DRAIN: Duration = Duration::from_secs(2);

/// Why a session shall end before its command does. Later reasons never replace earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stop {
    /// It goes on.
    #[default]
    No,
    /// The owner stopped it.
    Owner,
    /// This process goes down.
    Service,
}

/// How far a session is, for whoever follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes in the recording.
    pub end: u64,
    /// Whether there will be more.
    pub ended: bool,
}

/// A running session, as the others see it. Shared by all who ask about it; the session's task outlives them.
pub struct Session {
    /// The command.
    pub exec: ExecId,
    /// The terminal.
    pub terminal: TerminalId,
    /// How far it is.
    pub progress: watch::Receiver<Progress>,
    stop: watch::Sender<Stop>,
}

/// How it ended, and what was seen.
#[derive(Debug)]
pub struct Ending {
    /// How.
    pub exit: Exit,
    /// The text of its output.
    pub text: String,
    /// Whether that is not all.
    pub truncated: bool,
    /// The recording's sum.
    pub total: Total,
}

/// The other half of a session: what its task works on.
pub struct Work {
    family: Family,
    families: Arc<Families>,
    timeout: Duration,
    stop: watch::Receiver<Stop>,
    progress: watch::Sender<Progress>,
    reader: oneshot::Receiver<Seen>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

/// What the reading thread leaves behind.
struct Seen {
    recording: Recording,
    screen: Screen<Fold>,
}

/// A thread that waits for a terminal to read. Made before the fork, so that nothing can fail after it.
pub struct Reader {
    give: std::sync::mpsc::Sender<Box<dyn Read + Send>>,
    seen: oneshot::Receiver<Seen>,
    told: watch::Sender<Progress>,
}

impl Reader {
    /// Starts the thread, which will fill `recording`. It ends with this value, or with the terminal it was given.
    pub fn ready(recording: Recording) -> std::io::Result<Self> {
        let (give, given) = std::sync::mpsc::channel();
        let (done, seen) = oneshot::channel();
        let told = watch::channel(Progress::default()).0;
        let progress = told.clone();
        std::thread::Builder::new().name("terminal".into()).spawn(move || {
            if let Ok(output) = given.recv() {
                // Nobody waits any more when the session gave up on a terminal that stays open.
                let _ = done.send(read(output, recording, &progress));
            }
        })?;
        Ok(Self { give, seen, told })
    }
}

/// Makes a session of a started command. Its bytes are recorded from now on.
pub fn begin(
    (exec, terminal): (ExecId, TerminalId),
    (family, pty): (Family, Pty),
    families: Arc<Families>,
    reader: Reader,
    timeout: Duration,
) -> (Session, Work) {
    let Reader { give, seen, told } = reader;
    let (stop_tx, stop) = watch::channel(Stop::No);
    let session = Session { exec, terminal, progress: told.subscribe(), stop: stop_tx };
    let Pty { reader, master, .. } = pty;
    // The thread waits for exactly this, and ends only after it.
    let _ = give.send(reader);
    (session, Work { family, families, timeout, stop, progress: told, reader: seen, _master: master })
}

fn read(mut output: Box<dyn Read + Send>, mut recording: Recording, told: &watch::Sender<Progress>) -> Seen {
    let mut screen = Screen::new(Fold::default());
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match output.read(&mut buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            // EIO is how a terminal says that nobody has it open any more.
            Ok(0) | Err(_) => return Seen { recording, screen },
            Ok(length) => {
                let kept = recording.append(&buffer[..length]);
                screen.feed(&kept);
                told.send_replace(Progress { end: recording.end(), ended: false });
            }
        }
    }
}

impl Session {
    /// Ends the command and all that it started, for this reason.
    pub fn stop(&self, why: Stop) {
        self.stop.send_if_modified(|now| {
            let first = *now == Stop::No;
            if first {
                *now = why;
            }
            first
        });
    }
}

enum End {
    Exited,
    Timeout,
    Stopped(Stop),
}

impl Work {
    /// Waits for the end, whatever it is, and cleans up behind it.
    pub async fn run(mut self) -> Ending {
        let end = self.wait().await;
        let by_force = !matches!(end, End::Exited);
        let grace = if matches!(end, End::Stopped(Stop::Service)) { Duration::from_secs(1) } else { GRACE };
        // The leader is not reaped before the others are gone: its pid is the session's name and must stay taken.
        self.families.end(&self.family, by_force, grace).await;
        let status = self.families.dismiss(&self.family);
        let read = tokio::time::timeout(DRAIN, &mut self.reader).await.ok().and_then(Result::ok);
        let mark = match end {
            End::Stopped(Stop::Service) => Some("\r\n[ended: the shell worker was stopped]\r\n".to_owned()),
            End::Stopped(_) => Some("\r\n[stopped by the owner]\r\n".to_owned()),
            End::Timeout => Some(format!("\r\n[ended: its {} s were over]\r\n", self.timeout.as_secs())),
            End::Exited => None,
        };
        let exit = match end {
            End::Exited => exit(status),
            End::Timeout => {
                Exit::Timeout { after_s: u32::try_from(self.timeout.as_secs()).unwrap_or(u32::MAX) }
            }
            End::Stopped(_) => Exit::Stopped,
        };
        let ending = tokio::task::spawn_blocking(move || close(read, mark, exit)).await;
        let ending = ending.unwrap_or_else(|_| lost_output(Exit::Stopped));
        self.progress.send_replace(Progress { end: ending.total.bytes, ended: true });
        ending
    }

    async fn wait(&mut self) -> End {
        let exited = exited(self.family.leader);
        let stopped = self.stop.wait_for(|stop| *stop != Stop::No);
        tokio::select! {
            biased;
            () = exited => End::Exited,
            stop = stopped => stop.map_or(End::Stopped(Stop::Service), |stop| End::Stopped(*stop)),
            () = tokio::time::sleep(self.timeout) => End::Timeout,
        }
    }
}

/// Returns when the process has ended; it stays unreaped.
#[expect(
    deprecated,
    reason = "its successor is unsafe to call; an `OwnedFd` held by value keeps its promise"
)]
async fn exited(pid: i32) {
    let handle = Pid::from_raw(pid).and_then(|pid| pidfd_open(pid, PidfdFlags::NONBLOCK).ok());
    let Some(handle) = handle.and_then(|handle| AsyncFd::new(handle).ok()) else {
        // No descriptor is left for the watch: what can't be watched ends by its timeout.
        return std::future::pending().await;
    };
    if handle.readable().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn exit(status: Option<WaitIdStatus>) -> Exit {
    let Some(status) = status else { return Exit::Signal { signal: "SIGKILL".to_owned() } };
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code { code: u8::try_from(code & 0xff).unwrap_or(u8::MAX) },
        (None, Some(signal)) => Exit::Signal { signal: signal_name(signal) },
        (None, None) => Exit::Signal { signal: "SIGKILL".to_owned() },
    }
}

fn close(read: Option<Seen>, mark: Option<String>, exit: Exit) -> Ending {
    let Some(Seen { mut recording, mut screen }) = read else { return lost_output(exit) };
    if let Some(mark) = mark {
        screen.feed(&recording.mark(&mark));
    }
    let total = recording.finish();
    let (text, cut) = screen.finish().text();
    Ending { exit, text, truncated: cut || total.left_out > 0, total }
}

/// The terminal is still open in a process that can't be ended: what it showed is in the recording.
fn lost_output(exit: Exit) -> Ending {
    Ending {
        exit,
        text: "[its terminal stayed open: read the output with shell_read]".to_owned(),
        truncated: true,
        total: Total { bytes: 0, sha256: String::new(), left_out: 0 },
    }
}
