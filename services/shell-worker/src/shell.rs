//! The shell of this host: prepares, starts at most once, follows, stops, remembers. Knows no transport.

mod stop;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metatron_bus::direct::Server;
use metatron_bus::seal::LinkKey;
use metatron_domain::clock::{Clock, Instant};
use metatron_domain::command::{CommandSpec, Outcome, ShellReport};
use metatron_domain::id::{ExecId, TerminalId};
use metatron_domain::rule::Under;
use metatron_domain::terminal::message::Report;
use metatron_domain::terminal::{Size, TerminalEnd};
use metatron_process::crash::{self, Point};
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;

use crate::account::Chain;
use crate::environment::environment;
use crate::guard::{Admitted, Guard, Refusal};
use crate::journal::{Begin, Journal, JournalError, Known, Spawned, Started};
use crate::kill::Families;
use crate::launch::{Launch, runs_as};
use crate::owner::Login;
use crate::recording::Recordings;
use crate::session::{Ending, Purpose, Session};
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
    /// All that run, of the owner too. Apart from `live`, whose lock is held while the journal is written: a key must
    /// not wait for that.
    sessions: Mutex<HashMap<TerminalId, Arc<Session>>>,
    /// Held while a terminal of the owner is opened.
    opening: Mutex<()>,
    tasks: TaskTracker,
    started: mpsc::UnboundedSender<Arc<Session>>,
    boot: String,
}

impl Shell {
    /// A shell without sessions. Each that starts is told to `started`, once.
    pub fn new(parts: Parts, started: mpsc::UnboundedSender<Arc<Session>>) -> Arc<Self> {
        let (live, sessions, opening) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Self {
            parts,
            live,
            sessions,
            opening,
            tasks: TaskTracker::new(),
            started,
            boot: table::boot(),
        })
    }

    /// What it stands on.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    fn live(&self) -> MutexGuard<'_, HashMap<ExecId, Running>> {
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

    /// Measures and judges; starts nothing. Blocks while it reads files.
    pub fn prepare(&self, spec: &CommandSpec) -> ShellReport {
        match self.parts.guard.prepare(&self.marked(spec)) {
            Ok((measure, judgement, under)) => ShellReport::Prepared {
                exec: spec.exec,
                measure: Box::new(measure),
                judgement: Box::new(judgement),
                under,
            },
            Err(refusal) => declined(spec.exec, &refusal),
        }
    }

    /// Starts the command, if it may and was never started. Blocks until it is decided and on the disk.
    ///
    /// Must be called inside a tokio runtime, on a thread that may block.
    pub fn start(self: &Arc<Self>, spec: &CommandSpec, digest: &str, grant: Option<&str>) -> Answer {
        self.start_under(spec, digest, grant, None)
    }

    /// As [`Shell::start`], for what the owner may have allowed beforehand.
    ///
    /// Must be called inside a tokio runtime, on a thread that may block.
    pub fn start_under(
        self: &Arc<Self>,
        spec: &CommandSpec,
        digest: &str,
        grant: Option<&str>,
        under: Option<Under>,
    ) -> Answer {
        let request = request(spec, digest, grant, under);
        match self.try_start(spec, digest, (grant, under), &request) {
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
        (grant, under): (Option<&str>, Option<Under>),
        request: &str,
    ) -> Result<Answer, Refusal> {
        let unwritable = |error: JournalError| Refusal::JournalUnwritable(error.to_string());
        let journal = &self.parts.journal;
        if let Some(known) = journal.known(spec.exec, request).map_err(unwritable)? {
            return Ok(self.repeat(known));
        }
        let spec = &self.marked(spec);
        let Admitted { folder, digest, approval, rule, taints } =
            self.parts.guard.admit(spec, digest, grant, under)?;
        let at = self.parts.clock.now();
        let (exec, run, terminal) = (spec.exec, spec.run, spec.terminal);
        // The lock makes "begun in the journal" and "among the live ones" one step for whoever asks meanwhile.
        let mut live = self.live();
        if self.tasks.is_closed() {
            return Ok(Answer::Leaving);
        }
        crash::point(Point::ShellAdmitted);
        let times = rule.and_then(|(_, times)| times);
        let rule = rule.map(|(rule, _)| rule);
        let started = Started { exec, run, terminal, at, digest, approval, rule, taints };
        match journal.begin_within(started, times).map_err(unwritable)? {
            Begin::Fresh => crash::point(Point::ShellStarted),
            Begin::GrantUsed => return Err(Refusal::GrantUsed),
            Begin::RuleUsed => return Err(Refusal::RuleUsed),
            Begin::Known(known) => {
                drop(live);
                return Ok(self.repeat(known));
            }
        }
        match self.spawn(spec, &folder.held(), at) {
            Ok(running) => {
                live.insert(spec.exec, running.clone());
                Ok(Answer::Running(running))
            }
            Err(error) => {
                let refusal = Refusal::StartFailed(format!("{error:#}"));
                journal.failed(spec.exec, at, refusal.code(), &refusal.to_string()).map_err(unwritable)?;
                Ok(Answer::Report(Box::new(declined(spec.exec, &refusal))))
            }
        }
    }

    /// A command with the mark of its conversation, as far as this host has seen it.
    fn marked(&self, spec: &CommandSpec) -> CommandSpec {
        let mut spec = spec.clone();
        if let Some(origin) = &mut spec.origin {
            origin.tainted |= self.parts.journal.is_tainted(origin.chat);
        }
        spec
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

    fn spawn(self: &Arc<Self>, spec: &CommandSpec, cwd: &Path, at: Instant) -> anyhow::Result<Running> {
        let around = &self.parts.guard.premises().around;
        let (exec, terminal) = (spec.exec, spec.terminal);
        let (account, argv) = runs_as(&self.parts, spec)?;
        let launch = Launch {
            terminal,
            purpose: Purpose::Command { exec, run: spec.run, rooted: !spec.power.is_agent() },
            account,
            argv,
            environment: environment(account, &around.timezone, terminal),
            cwd,
            size: spec.size.unwrap_or(Size::COMMAND),
            timeout: Some(Duration::from_secs(u64::from(spec.timeout_s.max(1)))),
            command: Some(spec.command.clone()),
            at,
        };
        let (session, work) = self.launch(launch, |shell, family| {
            crash::point(Point::ShellForked);
            let (pid, ticks, boot) = (family.leader, family.started, shell.boot.clone());
            shell.parts.journal.spawned(Spawned { exec, pid, ticks, boot })
        })?;
        let (done, report) = watch::channel(None);
        let (shell, ended) = (Arc::clone(self), Arc::clone(&session));
        tracing::info!(exec.id = %exec, run.id = %spec.run, terminal.id = %terminal, "a command starts");
        self.begin(&session);
        self.task(async move {
            let ending = work.run().await;
            let end = TerminalEnd { bytes: ending.total.bytes, exit: Some(ending.exit.clone()) };
            done.send_replace(Some(shell.finish(exec, at, ending).await));
            shell.forget(terminal);
            ended.finish(end);
        });
        Ok(Running { at, session, report })
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
}

/// A refusal as a report.
fn declined(exec: ExecId, refusal: &Refusal) -> ShellReport {
    ShellReport::Declined { exec, code: refusal.code().to_owned(), detail: refusal.to_string() }
}

/// What makes two requests the same.
fn request(spec: &CommandSpec, digest: &str, grant: Option<&str>, under: Option<Under>) -> String {
    let text = serde_json::to_vec(&(spec, digest, grant, under)).unwrap_or_default();
    hex::encode(Sha256::digest(text))
}
