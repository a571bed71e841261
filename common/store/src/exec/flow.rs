//! The moves of a command: prepared, answered, started, ended. Each is one unit of work, and takes the run with it.

use metatron_domain::actor::Actor;
use metatron_domain::audit::AuditKind;
use metatron_domain::clock::Instant;
use metatron_domain::command::{JobKind, Outcome, Priority, Queue, Rest};
use metatron_domain::event::EventKind;
use metatron_domain::exec::ExecState;
use metatron_domain::id::{ExecId, RunId};
use metatron_domain::run::Waiting;
use metatron_domain::told;
use serde_json::{Value, json};

use super::{Exec, Row, read, request};
use crate::error::{Error, to_json};
use crate::run::signed;
use crate::terminal::report::Over;
use crate::{About, Tx};

impl Tx {
    /// One command, as this unit of work sees it.
    pub async fn exec(&mut self, exec: ExecId) -> Result<Exec, Error> {
        read(self.db(), exec).await
    }

    pub(super) async fn about_exec(&mut self, exec: &Exec) -> Result<About, Error> {
        let run = self.run(exec.run).await?;
        Ok(About { chat: Some(run.chat), run: Some(run.id), subject: Some(exec.id.to_string()) })
    }

    /// Moves a command on, and writes it down as a fact.
    pub(super) async fn advance(
        &mut self,
        exec: &mut Exec,
        next: ExecState,
        fact: EventKind,
        actor: &Actor,
        now: Instant,
    ) -> Result<(), Error> {
        self.advance_with(exec, next, fact, actor, json!({}), now).await
    }

    /// As [`Tx::advance`], with `more` of ids, states and digests in the fact.
    pub(super) async fn advance_with(
        &mut self,
        exec: &mut Exec,
        next: ExecState,
        fact: EventKind,
        actor: &Actor,
        mut more: Value,
        now: Instant,
    ) -> Result<(), Error> {
        exec.state = exec.state.advance(next)?;
        let (id, state) = (exec.id.to_string(), next.as_str());
        sqlx::query!("update exec set state = ? where id = ?", state, id).execute(self.db()).await?;
        let about = self.about_exec(exec).await?;
        more["state"] = json!(next);
        more["terminal_id"] = json!(exec.terminal);
        more["host"] = json!(exec.host);
        more["digest"] = json!(exec.digest);
        self.record(fact, now, actor, about, more).await?;
        Ok(())
    }

    /// Owes a request about the command to its shell host.
    pub(crate) async fn owe_shell(
        &mut self,
        exec: &Exec,
        kind: JobKind,
        grant: Option<String>,
        now: Instant,
    ) -> Result<(), Error> {
        let run = self.run(exec.run).await?;
        let Some(request) = request(exec, &run, kind, grant) else { return Ok(()) };
        let body =
            serde_json::to_value(request).map_err(|cause| Error::corrupt("request")(cause.to_string()))?;
        self.enqueue(
            Queue::Shell(exec.host.clone()),
            Priority::High,
            kind,
            &exec.id.to_string(),
            Some(body),
            now,
        )
        .await
    }

    /// Writes down why a command never ran.
    pub(super) async fn note_error(&mut self, exec: ExecId, code: &str, detail: &str) -> Result<(), Error> {
        let id = exec.to_string();
        sqlx::query!("update exec set error_code = ?, error_detail = ? where id = ?", code, detail, id)
            .execute(self.db())
            .await?;
        Ok(())
    }

    /// Writes down what the model is told of a command whose state has just become final.
    pub(super) async fn tell(&mut self, exec: &Exec, text: &str) -> Result<(), Error> {
        let id = exec.id.to_string();
        let text = match exec.edited_from {
            Some(_) => told::edited(&exec.command, text),
            None => text.to_owned(),
        };
        sqlx::query!("update tool_call set result = ? where exec_id = ? and result is null", text, id)
            .execute(self.db())
            .await?;
        Ok(())
    }

    /// Takes the run one step on: asks shell-worker to prepare the next command of its newest turn, or wakes it.
    /// Returns whether a command is at work or waits for an answer.
    pub async fn carry_on(&mut self, run: RunId, now: Instant) -> Result<bool, Error> {
        let open = self.open_execs(run).await?;
        let stopping = self.run(run).await?.stop_requested;
        match open.into_iter().next() {
            // What its turn asked for before comes first.
            Some(exec)
                if exec.state == ExecState::Proposed && !stopping && self.call_before(&exec).await? =>
            {
                self.wake_run(run, now).await?;
                Ok(false)
            }
            Some(mut exec) if exec.state == ExecState::Proposed && !stopping => {
                exec.state = exec.state.advance(ExecState::Preparing)?;
                let id = exec.id.to_string();
                sqlx::query!("update exec set state = 'preparing' where id = ?", id)
                    .execute(self.db())
                    .await?;
                self.owe_shell(&exec, JobKind::Prepare, None, now).await?;
                self.park_run(run, Waiting::Command, now).await?;
                Ok(true)
            }
            Some(exec) if exec.state != ExecState::Proposed && !stopping => {
                let what = if exec.state == ExecState::WaitingApproval {
                    Waiting::Approval
                } else {
                    Waiting::Command
                };
                self.park_run(run, what, now).await?;
                Ok(true)
            }
            _ if !stopping && self.hand_waits(run).await? => {
                self.park_run(run, Waiting::Approval, now).await?;
                Ok(true)
            }
            _ if self.over_if_stopped(run, now).await? => Ok(false),
            _ => {
                self.wake_run(run, now).await?;
                Ok(false)
            }
        }
    }

    /// Whether a call without a command stands before this one in its turn, and has no answer yet.
    pub(super) async fn call_before(&mut self, exec: &Exec) -> Result<bool, Error> {
        let id = exec.run.to_string();
        let found = sqlx::query_scalar!(
            r#"select exists (select 1 from tool_call where run_id = ? and turn = ? and idx < ? and exec_id is null
                 and result is null) as "found!: bool""#,
            id,
            exec.turn,
            exec.index,
        );
        Ok(found.fetch_one(self.db()).await?)
    }

    /// The commands of a run that it waits for, in order.
    pub async fn open_execs(&mut self, run: RunId) -> Result<Vec<Exec>, Error> {
        let mut execs = self.unended_execs(run).await?;
        execs.retain(|exec| exec.detached_at.is_none());
        Ok(execs)
    }

    /// The commands of a run whose outcome is not final, in order.
    pub async fn unended_execs(&mut self, run: RunId) -> Result<Vec<Exec>, Error> {
        let id = run.to_string();
        let rows = sqlx::query_as!(
            Row,
            "select id, run_id, turn, idx, terminal_id, command, cwd, host, why, timeout_s, interactive, columns, rows, detached_at, state, judgement, measure,
               digest, started_at, ended_at, exit, output_text, output_bytes, truncated, error_code, error_detail, under, edited_from, power, kept, forecast
             from exec where run_id = ? and state in ('proposed', 'preparing', 'waiting_approval', 'approved', 'running')
             order by turn, idx",
            id,
        )
        .fetch_all(self.db())
        .await?;
        rows.into_iter().map(Exec::try_from).collect()
    }

    /// shell-worker started it.
    pub async fn exec_started(&mut self, exec: ExecId, at: Instant, now: Instant) -> Result<(), Error> {
        let mut exec = self.exec(exec).await?;
        if exec.state != ExecState::Approved {
            return self.unexplained(&exec, at, now).await;
        }
        let (id, at_ms) = (exec.id.to_string(), at.as_millis());
        sqlx::query!("update exec set started_at = ? where id = ?", at_ms, id).execute(self.db()).await?;
        self.advance(&mut exec, ExecState::Running, EventKind::ExecStarted, &Actor::Ai, now).await?;
        self.command_terminal_runs(&exec, at, now).await?;
        Ok(())
    }

    /// A host says that a command began which was never allowed, as far as is known here: this database is an older copy of
    /// itself, or the report is forged. It changes nothing but for being written down, once: what is known here decides
    /// what the owner is asked, and the host starts nothing twice (SECURITY R4).
    async fn unexplained(&mut self, exec: &Exec, at: Instant, now: Instant) -> Result<(), Error> {
        let never_allowed = matches!(
            exec.state,
            ExecState::Proposed
                | ExecState::Preparing
                | ExecState::WaitingApproval
                | ExecState::Denied
                | ExecState::Refused
        );
        if !never_allowed || exec.started_at.is_some() {
            return Ok(());
        }
        let (id, at_ms) = (exec.id.to_string(), at.as_millis());
        sqlx::query!("update exec set started_at = ? where id = ?", at_ms, id).execute(self.db()).await?;
        tracing::error!(exec.id = %exec.id, state = exec.state.as_str(), "a host says that a command began which nobody allowed");
        let about = self.about_exec(exec).await?;
        let data = json!({ "state": exec.state, "host": exec.host, "digest": exec.digest, "at": at });
        self.audit(AuditKind::ExecUnexplained, now, &Actor::Schedule, about, data);
        Ok(())
    }

    /// It runs on and has come to rest: its call is answered with what can be seen, and its run goes on without waiting
    /// for its end.
    pub async fn exec_rests(&mut self, exec: ExecId, rest: &Rest, now: Instant) -> Result<(), Error> {
        // The report of the start may have been lost, or come later.
        self.exec_started(exec, rest.started_at, now).await?;
        let exec = self.exec(exec).await?;
        if exec.state != ExecState::Running || exec.detached_at.is_some() {
            return Ok(());
        }
        let (id, now_ms) = (exec.id.to_string(), now.as_millis());
        sqlx::query!("update exec set detached_at = ? where id = ?", now_ms, id).execute(self.db()).await?;
        self.tell(&exec, &told::rests(exec.terminal, rest)).await?;
        self.carry_on(exec.run, now).await?;
        Ok(())
    }

    /// shell-worker would not start it.
    pub async fn exec_declined(
        &mut self,
        exec: ExecId,
        code: &str,
        detail: &str,
        now: Instant,
    ) -> Result<(), Error> {
        let mut exec = self.exec(exec).await?;
        if exec.state.advance(ExecState::Refused).is_err() {
            return Ok(());
        }
        self.settle_shell(&exec, now).await?;
        self.note_error(exec.id, code, detail).await?;
        let (actor, why) = (Actor::Schedule, json!({ "code": code }));
        self.advance_with(&mut exec, ExecState::Refused, EventKind::ExecEnded, &actor, why, now).await?;
        self.tell(&exec, &told::declined(code, detail)).await?;
        self.carry_on(exec.run, now).await?;
        Ok(())
    }

    /// It ended, or was found dead: `exit` absent means that its outcome is unknown.
    pub async fn exec_ended(&mut self, exec: ExecId, outcome: &Outcome, now: Instant) -> Result<(), Error> {
        let mut exec = self.exec(exec).await?;
        let next = if outcome.exit.is_some() { ExecState::Ended } else { ExecState::Unknown };
        if exec.state.advance(next).is_err() {
            return self.unexplained(&exec, outcome.started_at, now).await;
        }
        self.settle_shell(&exec, now).await?;
        let id = exec.id.to_string();
        let (started, ended) = (outcome.started_at.as_millis(), outcome.ended_at.as_millis());
        let exit = outcome.exit.as_ref().map(|exit| to_json("exit", exit)).transpose()?;
        let kept = outcome.kept.as_ref().map(|kept| to_json("kept", kept)).transpose()?;
        let bytes = signed(outcome.bytes);
        sqlx::query!(
            "update exec set started_at = ?, ended_at = ?, exit = ?, output_text = ?, output_bytes = ?, output_sha256 = ?,
               truncated = ?, kept = ? where id = ?",
            started,
            ended,
            exit,
            outcome.text,
            bytes,
            outcome.sha256,
            outcome.truncated,
            kept,
            id,
        )
        .execute(self.db())
        .await?;
        let how = json!({ "exit": outcome.exit, "output_bytes": bytes, "output_sha256": outcome.sha256 });
        self.advance_with(&mut exec, next, EventKind::ExecEnded, &Actor::Ai, how, now).await?;
        self.command_terminal_ends(&exec, outcome, now).await?;
        self.tell(&exec, &told::outcome(outcome)).await?;
        self.carry_on(exec.run, now).await?;
        Ok(())
    }

    /// The run is stopped and the command has not started: it never will.
    pub async fn cancel_exec(&mut self, exec: ExecId, now: Instant) -> Result<(), Error> {
        let mut exec = self.exec(exec).await?;
        self.settle_shell(&exec, now).await?;
        self.withdraw(exec.id, now).await?;
        self.advance(&mut exec, ExecState::Cancelled, EventKind::ExecEnded, &Actor::Owner, now).await?;
        self.tell(&exec, &told::cancelled()).await
    }

    /// Its host can't be asked about it any more: it never starts, or nobody knows how it ended.
    pub(crate) async fn strand_exec(
        &mut self,
        mut exec: Exec,
        next: ExecState,
        why: &str,
        now: Instant,
    ) -> Result<(), Error> {
        self.settle_shell(&exec, now).await?;
        self.withdraw(exec.id, now).await?;
        self.advance(&mut exec, next, EventKind::ExecEnded, &Actor::Owner, now).await?;
        if next == ExecState::Unknown
            && let Some(terminal) = self.find_terminal(exec.terminal).await?
        {
            self.terminal_over(terminal.id, Over::Lost(why), now).await?;
        }
        self.tell(&exec, &told::stranded(next == ExecState::Unknown, why)).await?;
        self.carry_on(exec.run, now).await?;
        Ok(())
    }

    pub(super) async fn settle_shell(&mut self, exec: &Exec, now: Instant) -> Result<(), Error> {
        self.settle(JobKind::Prepare, &exec.id.to_string(), now).await?;
        self.settle(JobKind::Start, &exec.id.to_string(), now).await
    }
}
