//! The shell of this host: prepares, starts at most once, follows, stops, remembers. Knows no transport.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use metatron_domain::clock::{Clock, Instant};
use metatron_domain::command::{CommandSpec, Outcome, ShellReport};
use metatron_domain::id::{ExecId, TerminalId};
use metatron_process::crash::{self, Point};
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;

use crate::account::Chain;
use crate::environment::environment;
use crate::guard::{Admitted, Guard, Refusal};
use crate::journal::{Begin, Journal, JournalError, Known, Spawned, Started};
use crate::kill::Families;
use crate::recording::{CAP, Recordings};
use crate::session::{self, Ending, Reader, Session, Stop};
use crate::{pty, table};

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
    report: watch::Receiver<Option<ShellReport>>,
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
    sessions: TaskTracker,
    started: mpsc::UnboundedSender<Running>,
    boot: String,
}

impl Shell {
    /// A shell without sessions. Each that starts is told to `started`, once.
    pub fn new(parts: Parts, started: mpsc::UnboundedSender<Running>) -> Arc<Self> {
        let (live, sessions, boot) = (Mutex::default(), TaskTracker::new(), table::boot());
        Arc::new(Self { parts, live, sessions, started, boot })
    }

    /// What it stands on.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    fn live(&self) -> MutexGuard<'_, HashMap<ExecId, Running>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sessions that run now.
    pub fn running(&self) -> Vec<Running> {
        self.live().values().cloned().collect()
    }

    /// The session of a terminal, while it runs.
    pub fn session(&self, terminal: TerminalId) -> Option<Arc<Session>> {
        self.live().values().find(|it| it.session.terminal == terminal).map(|it| Arc::clone(&it.session))
    }

    /// Measures and judges; starts nothing. Blocks while it reads files.
    pub fn prepare(&self, spec: &CommandSpec) -> ShellReport {
        match self.parts.guard.prepare(spec) {
            Ok((measure, judgement)) => ShellReport::Prepared {
                exec: spec.exec,
                measure: Box::new(measure),
                judgement: Box::new(judgement),
            },
            Err(refusal) => declined(spec.exec, &refusal),
        }
    }

    /// Starts the command, if it may and was never started. Blocks until it is decided and on the disk.
    ///
    /// Must be called inside a tokio runtime, on a thread that may block.
    pub fn start(self: &Arc<Self>, spec: &CommandSpec, digest: &str, grant: Option<&str>) -> Answer {
        let request = request(spec, digest, grant);
        match self.try_start(spec, digest, grant, &request) {
            Ok(answer) => answer,
            Err(refusal) => {
                tracing::warn!(exec.id = %spec.exec, code = refusal.code(), "declined: {refusal}");
                let (code, detail) = (refusal.code(), refusal.to_string());
                // Where the journal can't be written the answer still holds; only its repetition is judged anew.
                if let Err(error) =
                    self.parts.journal.declined(spec.exec, &request, self.parts.clock.now(), code, &detail)
                {
                    tracing::error!(%error, "a refusal could not be journalled");
                }
                Answer::Report(Box::new(declined(spec.exec, &refusal)))
            }
        }
    }

    fn try_start(
        self: &Arc<Self>,
        spec: &CommandSpec,
        digest: &str,
        grant: Option<&str>,
        request: &str,
    ) -> Result<Answer, Refusal> {
        let unwritable = |error: JournalError| Refusal::JournalUnwritable(error.to_string());
        let journal = &self.parts.journal;
        if let Some(known) = journal.known(spec.exec, request).map_err(unwritable)? {
            return Ok(self.repeat(known));
        }
        let Admitted { folder, digest, approval } = self.parts.guard.admit(spec, digest, grant)?;
        let at = self.parts.clock.now();
        let (exec, run, terminal) = (spec.exec, spec.run, spec.terminal);
        // The lock makes "begun in the journal" and "among the live ones" one step for whoever asks meanwhile.
        let mut live = self.live();
        if self.sessions.is_closed() {
            return Ok(Answer::Leaving);
        }
        crash::point(Point::ShellAdmitted);
        match journal.begin(Started { exec, run, terminal, at, digest, approval }).map_err(unwritable)? {
            Begin::Fresh => crash::point(Point::ShellStarted),
            Begin::GrantUsed => return Err(Refusal::GrantUsed),
            Begin::Known(known) => {
                drop(live);
                return Ok(self.repeat(known));
            }
        }
        match self.spawn(spec, &folder.held(), at) {
            Ok(running) => {
                live.insert(spec.exec, running.clone());
                // Whoever follows sessions may be gone while this process goes down.
                let _ = self.started.send(running.clone());
                Ok(Answer::Running(running))
            }
            Err(error) => {
                let refusal = Refusal::StartFailed(format!("{error:#}"));
                journal.failed(spec.exec, at, refusal.code(), &refusal.to_string()).map_err(unwritable)?;
                Ok(Answer::Report(Box::new(declined(spec.exec, &refusal))))
            }
        }
    }

    /// The answer to a request for what was started before.
    fn repeat(&self, known: Known) -> Answer {
        match known {
            Known::Answered(report) => Answer::Report(report),
            Known::Started(started, _) => {
                let running = self.live().get(&started.exec).cloned();
                running.map_or_else(
                    || {
                        // It ended between the look at the journal and this one, or its journal entry failed.
                        let later = self.parts.journal.known(started.exec, "");
                        match later {
                            Ok(Some(Known::Answered(report))) => Answer::Report(report),
                            _ => Answer::Report(Box::new(self.unknown(&started))),
                        }
                    },
                    Answer::Running,
                )
            }
        }
    }

    fn spawn(
        self: &Arc<Self>,
        spec: &CommandSpec,
        cwd: &std::path::Path,
        at: Instant,
    ) -> anyhow::Result<Running> {
        let Parts { guard, recordings, families, chain, .. } = &self.parts;
        let around = &guard.premises().around;
        let recording = recordings.begin(spec.terminal, CAP).context(
            "its recording can't be begun: free space on the disk of the data folder or make it writable, and try again",
        )?;
        let reader = Reader::ready(recording)?;
        let environment = environment(&around.account, &around.timezone, spec.terminal);
        let argv = chain.argv(&spec.command);
        let (family, pty) = families.admit(&spec.terminal.to_string(), || {
            pty::start(&around.account, &argv, &environment, cwd).map(|pty| (pty.pid, pty))
        })?;
        crash::point(Point::ShellForked);
        let spawned =
            Spawned { exec: spec.exec, pid: family.leader, ticks: family.started, boot: self.boot.clone() };
        if let Err(error) = self.parts.journal.spawned(spawned) {
            // The marker in its environment finds it as well.
            tracing::warn!(%error, "the process of a command could not be journalled");
        }
        let timeout = Duration::from_secs(u64::from(spec.timeout_s.max(1)));
        let ids = (spec.exec, spec.terminal);
        let (session, work) = session::begin(ids, (family, pty), Arc::clone(families), reader, timeout);
        let (done, report) = watch::channel(None);
        let shell = Arc::clone(self);
        let exec = spec.exec;
        tracing::info!(exec.id = %exec, run.id = %spec.run, terminal.id = %spec.terminal, "a command starts");
        self.sessions.spawn(async move {
            let ending = work.run().await;
            done.send_replace(Some(shell.finish(exec, at, ending).await));
        });
        Ok(Running { at, session: Arc::new(session), report })
    }

    /// Journals the end; the report exists only after that.
    async fn finish(self: &Arc<Self>, exec: ExecId, started_at: Instant, ending: Ending) -> ShellReport {
        let outcome = Outcome {
            started_at,
            ended_at: self.parts.clock.now(),
            exit: Some(ending.exit),
            text: ending.text,
            truncated: ending.truncated,
            bytes: ending.total.bytes,
            sha256: ending.total.sha256,
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

    /// Ends a command and all that it started. Returns when it has ended; false when it does not run. One that never
    /// started never will: that is journalled before anybody is told that it was stopped.
    pub async fn stop(&self, exec: ExecId) -> Result<bool, JournalError> {
        let running = self.live().get(&exec).cloned();
        let Some(running) = running else {
            if self.parts.journal.known(exec, "")?.is_none() {
                let detail = "The owner stopped the run before the command started.";
                self.parts.journal.failed(exec, self.parts.clock.now(), "stopped", detail)?;
            }
            return Ok(false);
        };
        running.session.stop(Stop::Owner);
        running.ended().await;
        Ok(true)
    }

    /// Waits up to `patience` for what runs, then ends the rest with a visible mark.
    pub async fn drain(&self, patience: Duration) {
        {
            // Under the lock, so that a start is either among the live ones below or does not happen.
            let _live = self.live();
            self.sessions.close();
        }
        if tokio::time::timeout(patience, self.sessions.wait()).await.is_err() {
            for running in self.running() {
                running.session.stop(Stop::Service);
            }
            self.sessions.wait().await;
        }
    }
}

/// A refusal as a report.
fn declined(exec: ExecId, refusal: &Refusal) -> ShellReport {
    ShellReport::Declined { exec, code: refusal.code().to_owned(), detail: refusal.to_string() }
}

/// What makes two requests the same.
fn request(spec: &CommandSpec, digest: &str, grant: Option<&str>) -> String {
    let text = serde_json::to_vec(&(spec, digest, grant)).unwrap_or_default();
    hex::encode(Sha256::digest(text))
}
