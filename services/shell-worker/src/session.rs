//! One terminal, from the fork to the last byte: a command of the AI or a login shell of the owner. Independent of
//! transport.
//!
//! A session is a thread that reads the terminal (recording first, then the text) and a task that attends to it, waits for
//! the end (exit, timeout or stop) and then ends all that was started. Nothing that happens elsewhere slows the reader down.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use metatron_bus::direct::Outlet;
use metatron_bus::seal::LinkKey;
use metatron_domain::clock::{Clock, Instant};
use metatron_domain::exec::Exit;
use metatron_domain::id::{ExecId, RunId, TerminalId};
use metatron_domain::terminal::TerminalEnd;
use metatron_domain::terminal::message::Report;
use rustix::process::{Pid, PidfdFlags, WaitIdStatus, pidfd_open};
use tokio::io::unix::AsyncFd;
use tokio::sync::{mpsc, oneshot, watch};

use crate::attend::attend;
use crate::desk::Desk;
use crate::events::Events;
use crate::kill::{Families, Family, GRACE, signal_name};
use crate::lane::Lane;
use crate::pty::Master;
use crate::reader::{Progress, Reader, Seen};
use crate::recording::{Recordings, Total};
use crate::view::View;

/// How long what is stopped has to end by itself: whoever stops it waits for it, two seconds at most in all (SECURITY P6).
const STOPPED: Duration = Duration::from_secs(1);
/// How long after the end of all processes the terminal may still give bytes.
const DRAIN: Duration = Duration::from_secs(2);
/// Why a session shall end before its command does. Later reasons never replace earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stop {
    /// It goes on.
    #[default]
    No,
    /// The owner stopped or closed it.
    Owner,
    /// Its own run closed it.
    Run,
    /// This process goes down.
    Service,
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The owner's login shell.
    Owner,
    /// One command of a run.
    Command {
        /// The command.
        exec: ExecId,
        /// Its run.
        run: RunId,
        /// Whether it runs as root: then nobody but the owner types into it.
        rooted: bool,
    },
}

/// What sessions need of the shell that has them.
#[derive(Clone)]
pub struct Ties {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where they say what happens to them.
    pub reports: mpsc::UnboundedSender<Report>,
    /// What opens the owner's seals.
    pub link: Arc<LinkKey>,
    /// Where its output is.
    pub recordings: Recordings,
}

/// A running session, as the others see it. Shared by all who ask about it; the session's task outlives them.
pub struct Session {
    /// The terminal.
    pub terminal: TerminalId,
    /// What it is for.
    pub purpose: Purpose,
    /// The user it runs as.
    pub user: String,
    /// That user's home.
    pub home: String,
    /// When it began.
    pub at: Instant,
    /// Its first process.
    pub leader: i32,
    /// How far it is.
    pub progress: watch::Receiver<Progress>,
    /// Where that is told.
    pub outlet: Arc<Outlet>,
    /// Who types, its size, what it waits for.
    pub desk: Desk,
    /// The way of what is typed.
    pub lane: Lane,
    /// The terminal itself.
    pub master: Arc<Master>,
    /// What is kept beside the output.
    pub events: Events,
    /// Its screen, made when somebody asks for it, or behind a flood.
    pub view: Mutex<Option<View>>,
    /// Bytes of output that went into its screen so far, counted again where it was made again.
    pub shown: watch::Sender<u64>,
    /// The shell that has it.
    pub ties: Ties,
    stop: watch::Sender<Stop>,
    over: watch::Sender<Option<TerminalEnd>>,
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
    /// Who ended it, where it did not end by itself.
    pub stopped: Stop,
}

/// The other half of a session: what its task works on.
pub struct Work {
    session: Arc<Session>,
    family: Family,
    families: Arc<Families>,
    timeout: Option<Duration>,
    stop: watch::Receiver<Stop>,
    progress: watch::Sender<Progress>,
    reader: oneshot::Receiver<Seen>,
}

/// What a session is made of.
pub struct Start {
    /// The terminal's id.
    pub terminal: TerminalId,
    /// What it is for.
    pub purpose: Purpose,
    /// The user it runs as.
    pub user: String,
    /// That user's home.
    pub home: String,
    /// When it began.
    pub at: Instant,
    /// Who may type, and its size.
    pub desk: Desk,
    /// What is kept beside the output.
    pub events: Events,
    /// The terminal itself.
    pub master: Master,
    /// What its first process starts belongs to this.
    pub family: Family,
    /// After this it is ended.
    pub timeout: Option<Duration>,
}

/// Makes a session of a started program. Its bytes are recorded from now on.
pub fn begin(start: Start, families: Arc<Families>, reader: Reader, ties: Ties) -> (Arc<Session>, Work) {
    let Start { terminal, purpose, user, home, at, desk, events, master, family, timeout } = start;
    let Reader { give, seen, told, outlet } = reader;
    let (stopping, stop) = watch::channel(Stop::No);
    let master = Arc::new(master);
    let session = Arc::new(Session {
        terminal,
        purpose,
        user,
        home,
        at,
        leader: family.leader,
        progress: told.subscribe(),
        outlet: Arc::clone(&outlet),
        desk,
        lane: Lane::new(Arc::clone(&master), outlet),
        master: Arc::clone(&master),
        events,
        view: Mutex::new(None),
        shown: watch::channel(0).0,
        ties,
        stop: stopping,
        over: watch::channel(None).0,
    });
    // The thread waits for exactly this, and ends only after it.
    let _ = give.send(master);
    let work =
        Work { session: Arc::clone(&session), family, families, timeout, stop, progress: told, reader: seen };
    (session, work)
}

impl Session {
    /// The command, where it is one.
    pub const fn exec(&self) -> Option<ExecId> {
        match self.purpose {
            Purpose::Command { exec, .. } => Some(exec),
            Purpose::Owner => None,
        }
    }

    /// Says to all who wait that it is over, and journalled where that could be done.
    pub fn finish(&self, end: TerminalEnd) {
        self.over.send_replace(Some(end));
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.over.borrow().is_some()
    }

    /// Its end, when it has come; `None` when this process gave it up.
    pub async fn over(&self) -> Option<TerminalEnd> {
        self.over.subscribe().wait_for(Option::is_some).await.ok().and_then(|end| end.clone())
    }

    /// Whether it is being ended.
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow() != Stop::No
    }

    /// Ends the program and all that it started, for this reason.
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
        let session = Arc::clone(&self.session);
        let end = tokio::select! {
            biased;
            end = self.wait() => end,
            // Never returns.
            () = attend(&session) => End::Exited,
        };
        let by_force = !matches!(end, End::Exited);
        let grace = if matches!(end, End::Stopped(_)) { STOPPED } else { GRACE };
        // The leader is not reaped before the others are gone: its pid is the session's name and must stay taken.
        self.families.end(&self.family, by_force, grace).await;
        let status = self.families.dismiss(&self.family);
        let read = tokio::time::timeout(DRAIN, &mut self.reader).await.ok().and_then(Result::ok);
        let owner = self.session.purpose == Purpose::Owner;
        let mark = match end {
            End::Stopped(Stop::Service) if owner => Some(
                "\r\n[ended: the shell worker was stopped, and could not keep this terminal]\r\n".to_owned(),
            ),
            End::Stopped(_) if owner => Some("\r\n[closed by the owner]\r\n".to_owned()),
            End::Stopped(Stop::Service) => Some("\r\n[ended: the shell worker was stopped]\r\n".to_owned()),
            End::Stopped(Stop::Run) => Some("\r\n[closed by the AI]\r\n".to_owned()),
            End::Stopped(_) => Some("\r\n[stopped by the owner]\r\n".to_owned()),
            End::Timeout => Some(format!("\r\n[ended: its {} s were over]\r\n", self.seconds())),
            End::Exited => None,
        };
        let exit = match end {
            End::Exited => exit(status),
            End::Timeout => Exit::Timeout { after_s: u32::try_from(self.seconds()).unwrap_or(u32::MAX) },
            End::Stopped(_) => Exit::Stopped,
        };
        let ending = tokio::task::spawn_blocking(move || close(read, mark, exit)).await;
        let mut ending = ending.unwrap_or_else(|_| lost_output(Exit::Stopped));
        if let End::Stopped(stop) = end {
            ending.stopped = stop;
        }
        // One whose terminal stays open in a process that can't be ended has shown at least this.
        ending.total.bytes = ending.total.bytes.max(self.progress.borrow().end);
        self.progress.send_replace(Progress { end: ending.total.bytes, ended: true, open_line: false });
        session.outlet.stir();
        ending
    }

    fn seconds(&self) -> u64 {
        self.timeout.unwrap_or_default().as_secs()
    }

    async fn wait(&mut self) -> End {
        let exited = exited(self.family.leader);
        let stopped = self.stop.wait_for(|stop| *stop != Stop::No);
        tokio::select! {
            biased;
            () = exited => End::Exited,
            stop = stopped => stop.map_or(End::Stopped(Stop::Service), |stop| End::Stopped(*stop)),
            () = timeout(self.timeout) => End::Timeout,
        }
    }
}

async fn timeout(after: Option<Duration>) {
    match after {
        Some(after) => tokio::time::sleep(after).await,
        None => std::future::pending().await,
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
    let Some(Seen { mut recording, mut text }) = read else { return lost_output(exit) };
    if let Some(mark) = mark {
        let kept = recording.mark(&mark);
        recording.note_time();
        if let Some(text) = &mut text {
            text.feed(&kept);
        }
    }
    let total = recording.finish();
    let (text, cut) = text.map(|text| text.finish().text()).unwrap_or_default();
    Ending { exit, text, truncated: cut || total.left_out > 0, total, stopped: Stop::No }
}

/// The terminal is still open in a process that can't be ended: what it showed is in the recording.
fn lost_output(exit: Exit) -> Ending {
    Ending {
        exit,
        text: "[its terminal stayed open: read the output with shell_read]".to_owned(),
        truncated: true,
        total: Total { bytes: 0, sha256: String::new(), left_out: 0 },
        stopped: Stop::No,
    }
}
