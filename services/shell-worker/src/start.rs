//! The start of a command: admitted, kept for undo, journalled, forked; each of them once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use metatron_domain::clock::Instant;
use metatron_domain::command::CommandSpec;
use metatron_domain::rule::Under;
use metatron_domain::terminal::{Size, TerminalEnd};
use metatron_process::crash::{self, Point};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use crate::environment::environment;
use crate::guard::{Admitted, Refusal};
use crate::journal::{Begin, JournalError, Known, Spawned, Started};
use crate::keep::Plan;
use crate::launch::{Launch, runs_as};
use crate::session::Purpose;
use crate::shell::{Answer, Running, Shell, declined};

/// What became of a start.
enum Begun {
    Running(Running),
    /// It began before.
    Known(Known),
    /// It is journalled, and the fork failed.
    Failed(String),
    Leaving,
}

impl Shell {
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
                if let Err(error) = self.parts().journal.declined(
                    spec.exec,
                    &request,
                    self.parts().clock.now(),
                    code,
                    &detail,
                ) {
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
        let journal = &self.parts().journal;
        if let Some(known) = journal.known(spec.exec, request).map_err(unwritable)? {
            return Ok(self.repeat(known));
        }
        let spec = &self.marked(spec);
        let mut admitted = self.parts().guard.admit(spec, digest, grant, under)?;
        let keeper = &self.parts().keeper;
        let plan = keeper.plan(&spec.command, &admitted.effects, admitted.reads_only, &admitted.folder.path);
        // Held until it has begun: another request for the same command must not keep what this one changes.
        let mut turn = None;
        if plan != Plan::Nothing {
            turn = Some(keeper.turn());
            if let Some(known) = journal.known(spec.exec, request).map_err(unwritable)? {
                drop(turn);
                return Ok(self.repeat(known));
            }
            keeper.before(spec.exec, plan);
            crash::point(Point::ShellKept);
            // That took its time: what was measured for the card must still hold.
            admitted = self
                .parts()
                .guard
                .admit(spec, digest, grant, under)
                .inspect_err(|_| keeper.discard(spec.exec))?;
        }
        let begun = self.begin_admitted(spec, admitted);
        drop(turn);
        let (exec, at) = (spec.exec, self.parts().clock.now());
        match begun {
            Ok(Begun::Running(running)) => Ok(Answer::Running(running)),
            Ok(Begun::Known(known)) => Ok(self.repeat(known)),
            Ok(Begun::Leaving) => {
                keeper.discard(exec);
                Ok(Answer::Leaving)
            }
            Ok(Begun::Failed(error)) => {
                keeper.discard(exec);
                let refusal = Refusal::StartFailed(error);
                journal.failed(exec, at, refusal.code(), &refusal.to_string()).map_err(unwritable)?;
                Ok(Answer::Report(Box::new(declined(exec, &refusal))))
            }
            Err(refusal) => {
                keeper.discard(exec);
                Err(refusal)
            }
        }
    }

    /// Journals the start and forks.
    fn begin_admitted(self: &Arc<Self>, spec: &CommandSpec, admitted: Admitted) -> Result<Begun, Refusal> {
        let unwritable = |error: JournalError| Refusal::JournalUnwritable(error.to_string());
        let journal = &self.parts().journal;
        let Admitted { folder, digest, approval, rule, taints, .. } = admitted;
        let at = self.parts().clock.now();
        let (exec, run, terminal) = (spec.exec, spec.run, spec.terminal);
        // The lock makes "begun in the journal" and "among the live ones" one step for whoever asks meanwhile.
        let mut live = self.live();
        if self.is_leaving() {
            return Ok(Begun::Leaving);
        }
        crash::point(Point::ShellAdmitted);
        let times = rule.and_then(|(_, times)| times);
        let rule = rule.map(|(rule, _)| rule);
        let started = Started { exec, run, terminal, at, digest, approval, rule, taints };
        match journal.begin_within(started, times).map_err(unwritable)? {
            Begin::Fresh => crash::point(Point::ShellStarted),
            Begin::GrantUsed => return Err(Refusal::GrantUsed),
            Begin::RuleUsed => return Err(Refusal::RuleUsed),
            Begin::Known(known) => return Ok(Begun::Known(known)),
        }
        match self.spawn(spec, &folder.held(), at) {
            Ok(running) => {
                live.insert(spec.exec, running.clone());
                Ok(Begun::Running(running))
            }
            Err(error) => Ok(Begun::Failed(format!("{error:#}"))),
        }
    }

    /// A command with the mark of its conversation, as far as this host has seen it.
    pub(crate) fn marked(&self, spec: &CommandSpec) -> CommandSpec {
        let mut spec = spec.clone();
        if let Some(origin) = &mut spec.origin {
            origin.tainted |= self.parts().journal.is_tainted(origin.chat);
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
                        let later = self.parts().journal.known(started.exec, "");
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
        let around = &self.parts().guard.premises().around;
        let (exec, terminal) = (spec.exec, spec.terminal);
        let (account, argv) = runs_as(self.parts(), spec)?;
        let launch = Launch {
            terminal,
            purpose: Purpose::Command { exec, run: spec.run, rooted: spec.power.is_root() },
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
            let (pid, ticks, boot) = (family.leader, family.started, shell.boot().to_owned());
            shell.parts().journal.spawned(Spawned { exec, pid, ticks, boot })
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
}

/// What makes two requests the same.
fn request(spec: &CommandSpec, digest: &str, grant: Option<&str>, under: Option<Under>) -> String {
    let text = serde_json::to_vec(&(spec, digest, grant, under)).unwrap_or_default();
    hex::encode(Sha256::digest(text))
}
