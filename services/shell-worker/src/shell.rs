//! The shell of this host: prepares, starts at most once, follows, stops, remembers. Knows no transport.

mod stop;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metatron_bus::direct::Server;
use metatron_bus::seal::LinkKey;
use metatron_domain::clock::{Clock, Instant};
use metatron_domain::command::{CommandSpec, Outcome, ShellReport};
use metatron_domain::host::Claimed;
use metatron_domain::id::{ExecId, TerminalId, UndoId};
use metatron_domain::policy::Verdict;
use metatron_domain::terminal::message::Report;
use metatron_process::crash::{self, Point};
use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;

use crate::account::Chain;
use crate::alarm::Alarms;
use crate::book::BookError;
use crate::guard::{Guard, Refusal};
use crate::journal::Journal;
use crate::keep::Keeper;
use crate::kill::Families;
use crate::owner::Login;
use crate::recording::Recordings;
use crate::session::{Ending, Session};
use crate::table;

/// All that the shell stands on. Made once at start.
pub struct Parts {
    /// Who decides.
    pub guard: Guard,
    /// What was started.
    pub journal: Journal,
    /// What was seen.
    pub recordings: Recordings,
    /// Who belongs to which session.
    pub families: Arc<Families>,
    /// How a command reaches its user.
    pub chain: Chain,
    /// Who the owner is; absent where this host has no such user.
    pub login: Option<Login>,
    /// What opens the owner's seals.
    pub link: Arc<LinkKey>,
    /// Where terminals speak to an api beside us.
    pub direct: Server,
    /// Where it is said what happens to terminals.
    pub reports: mpsc::UnboundedSender<Report>,
    /// What this host has to tell of itself.
    pub alarms: Alarms,
    /// What can be undone.
    pub keeper: Keeper,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A command that runs. Whoever asked for it waits here; the session does not need them.
#[derive(Clone)]
pub struct Running {
    /// When it started.
    pub at: Instant,
    /// The session.
    pub session: Arc<Session>,
    pub(crate) report: watch::Receiver<Option<ShellReport>>,
}

impl Running {
    /// The report of its end; `None` when this process gave the session up.
    pub async fn ended(mut self) -> Option<ShellReport> {
        self.report.wait_for(Option::is_some).await.ok().and_then(|report| report.clone())
    }
}

/// The answer to a request.
pub enum Answer {
    /// That's it.
    Report(Box<ShellReport>),
    /// It runs; more follows.
    Running(Running),
    /// This process goes down and starts nothing any more: ask the next one.
    Leaving,
}

/// The shell. Shared by everything that asks it; sessions are its tasks.
pub struct Shell {
    parts: Parts,
    live: Mutex<HashMap<ExecId, Running>>,
    /// All that run, of the owner too. Apart from `live`, whose lock is held while the journal is written: a key must
    /// not wait for that.
    sessions: Mutex<HashMap<TerminalId, Arc<Session>>>,
    /// Held while a terminal of the owner is opened.
    opening: Mutex<()>,
    /// What is being undone, and whether it is over.
    undos: Mutex<HashMap<UndoId, watch::Receiver<bool>>>,
    tasks: TaskTracker,
    started: mpsc::UnboundedSender<Arc<Session>>,
    boot: String,
}

impl Shell {
    /// A shell without sessions. Each that starts is told to `started`, once.
    pub fn new(parts: Parts, started: mpsc::UnboundedSender<Arc<Session>>) -> Arc<Self> {
        Arc::new(Self {
            parts,
            live: Mutex::default(),
            sessions: Mutex::default(),
            opening: Mutex::default(),
            undos: Mutex::default(),
            tasks: TaskTracker::new(),
            started,
            boot: table::boot(),
        })
    }

    /// What it stands on.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    pub(crate) fn live(&self) -> MutexGuard<'_, HashMap<ExecId, Running>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn registry(&self) -> MutexGuard<'_, HashMap<TerminalId, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sessions that run now.
    pub fn sessions(&self) -> Vec<Arc<Session>> {
        self.registry().values().cloned().collect()
    }

    /// The session of a terminal, while it runs.
    pub fn session(&self, terminal: TerminalId) -> Option<Arc<Session>> {
        self.registry().get(&terminal).cloned()
    }

    /// The right to open a terminal of the owner.
    pub(crate) fn opening(&self) -> MutexGuard<'_, ()> {
        self.opening.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is being undone.
    pub(crate) fn undos(&self) -> MutexGuard<'_, HashMap<UndoId, watch::Receiver<bool>>> {
        self.undos.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this process goes down and starts nothing any more.
    pub(crate) fn is_leaving(&self) -> bool {
        self.tasks.is_closed()
    }

    /// Names this boot of the machine.
    pub(crate) fn boot(&self) -> &str {
        &self.boot
    }

    /// The name of this host.
    pub fn host(&self) -> &str {
        &self.parts.guard.premises().around.host
    }

    /// The time zone programs see.
    pub(crate) fn timezone(&self) -> String {
        self.parts.guard.premises().around.timezone.clone()
    }

    /// A session is among those that run, and is followed.
    pub(crate) fn begin(&self, session: &Arc<Session>) {
        self.registry().insert(session.terminal, Arc::clone(session));
        // Whoever follows sessions may be gone while this process goes down.
        let _ = self.started.send(Arc::clone(session));
    }

    /// A session runs no more.
    pub(crate) fn forget(&self, terminal: TerminalId) {
        self.registry().remove(&terminal);
    }

    /// A task that a going down waits for.
    pub(crate) fn task(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Takes a book of rules that api sealed; a forged one is told. Returns the version that counts. Blocks while it is kept.
    pub fn take_book(&self, version: u64, sealed: &str) -> Result<u64, BookError> {
        self.parts.guard.take_book(version, sealed).inspect_err(|error| {
            tracing::warn!(%error, version, "a book of rules was not taken");
            if matches!(error, BookError::Forged) {
                self.parts.alarms.forged(Claimed::Book, self.parts.clock.now());
            }
        })
    }

    /// Measures and judges; starts nothing. Blocks while it reads files.
    pub fn prepare(&self, spec: &CommandSpec) -> ShellReport {
        match self.parts.guard.prepare(&self.marked(spec)) {
            Ok((measure, judgement, under)) => {
                // Where nobody is asked there is no card to say it on.
                let forecast = (judgement.verdict == Verdict::Ask).then(|| {
                    self.parts.keeper.forecast(&spec.command, &judgement.effects, Path::new(&measure.cwd))
                });
                ShellReport::Prepared {
                    exec: spec.exec,
                    measure: Box::new(measure),
                    judgement: Box::new(judgement),
                    under,
                    forecast,
                }
            }
            Err(refusal) => declined(spec.exec, &refusal),
        }
    }

    /// Journals the end; the report exists only after that.
    pub(crate) async fn finish(
        self: &Arc<Self>,
        exec: ExecId,
        started_at: Instant,
        ending: Ending,
    ) -> ShellReport {
        let ended_at = self.parts.clock.now();
        let shell = Arc::clone(self);
        let kept = tokio::task::spawn_blocking(move || shell.parts.keeper.after(exec)).await;
        let outcome = Outcome {
            started_at,
            ended_at,
            exit: Some(ending.exit),
            text: ending.text,
            truncated: ending.truncated,
            bytes: ending.total.bytes,
            sha256: ending.total.sha256,
            kept: kept.ok().flatten(),
        };
        crash::point(Point::ShellExited);
        tracing::info!(exec.id = %exec, exit = ?outcome.exit, bytes = outcome.bytes, "a command ended");
        let report = ShellReport::Ended { exec, outcome: outcome.clone() };
        let shell = Arc::clone(self);
        let journalled = tokio::task::spawn_blocking(move || shell.parts.journal.ended(exec, outcome)).await;
        match journalled {
            Ok(Ok(())) => {
                crash::point(Point::ShellEnded);
                self.live().remove(&exec);
            }
            // The report is true all the same. It stays among the live ones, so that whoever asks again gets it.
            Ok(Err(error)) => tracing::error!(%error, exec.id = %exec, "an end could not be journalled"),
            Err(error) => tracing::error!(%error, exec.id = %exec, "an end could not be journalled"),
        }
        report
    }
}

/// A refusal as a report.
pub(crate) fn declined(exec: ExecId, refusal: &Refusal) -> ShellReport {
    ShellReport::Declined { exec, code: refusal.code().to_owned(), detail: refusal.to_string() }
}
