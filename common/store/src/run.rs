//! Runs: their row, and the moves of their state. What a run says and does is in [`crate::journal`].

use metatron_domain::actor::Actor;
use metatron_domain::budget::{Budget, Spent};
use metatron_domain::clock::Instant;
use metatron_domain::command::{JobKind, Priority, Queue};
use metatron_domain::event::EventKind;
use metatron_domain::id::{ChatId, ProviderId, RunId};
use metatron_domain::run::{Origin, RunEnd, RunError, RunState, Waiting};
use metatron_domain::taint::Taint;
use serde_json::json;
use sqlx::SqliteExecutor;

use crate::error::{Error, count, json as read_json, parse, to_json};
use crate::taint::taint;
use crate::{About, Store, Tx};

/// One agent run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The conversation it works for.
    pub chat: ChatId,
    /// What called it into being.
    pub origin: Origin,
    /// Who called it.
    pub actor: Actor,
    /// Where it stands.
    pub state: RunState,
    /// Whether the owner asked it to stop.
    pub stop_requested: bool,
    /// The newest message the model has been shown.
    pub seen_seq: i64,
    /// What it may use.
    pub budget: Budget,
    /// What it has used.
    pub spent: Spent,
    /// Tokens read by the model.
    pub tokens_in: u64,
    /// Tokens written by the model.
    pub tokens_out: u64,
    /// The provider it is pinned to.
    pub provider: Option<ProviderId>,
    /// The model that spoke last.
    pub model: Option<String>,
    /// Why it failed.
    pub error: Option<RunError>,
    /// When it was asked for.
    pub created_at: Instant,
    /// When a worker first took it.
    pub started_at: Option<Instant>,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// The mark of what came from outside.
    pub taint: Option<Taint>,
}

struct Row {
    id: String,
    chat_id: String,
    origin: String,
    actor: String,
    state: String,
    stop_requested: i64,
    seen_seq: i64,
    budget: String,
    turns: i64,
    tokens_in: i64,
    tokens_out: i64,
    cost_micros: i64,
    active_ms: i64,
    provider_id: Option<String>,
    model: Option<String>,
    error: Option<String>,
    created_at: i64,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    tainted_at: Option<i64>,
    taint: Option<String>,
}

impl TryFrom<Row> for Run {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let (tokens_in, tokens_out): (u64, u64) =
            (count("tokens", row.tokens_in)?, count("tokens", row.tokens_out)?);
        Ok(Self {
            id: parse("run id", &row.id)?,
            chat: parse("chat id", &row.chat_id)?,
            origin: parse("origin", &row.origin)?,
            actor: read_json("actor", &row.actor)?,
            state: parse("run state", &row.state)?,
            stop_requested: row.stop_requested != 0,
            seen_seq: row.seen_seq,
            budget: read_json("budget", &row.budget)?,
            spent: Spent {
                turns: count("turns", row.turns)?,
                tokens: tokens_in + tokens_out,
                cost_micros: count("cost", row.cost_micros)?,
                active_seconds: count::<u64>("time", row.active_ms)? / 1_000,
            },
            tokens_in,
            tokens_out,
            provider: row.provider_id.as_deref().map(|id| parse("provider id", id)).transpose()?,
            model: row.model,
            error: row.error.as_deref().map(|text| read_json("run error", text)).transpose()?,
            created_at: Instant::from_millis(row.created_at),
            started_at: row.started_at.map(Instant::from_millis),
            ended_at: row.ended_at.map(Instant::from_millis),
            taint: taint(row.tainted_at, row.taint.as_deref())?,
        })
    }
}

async fn read(db: impl SqliteExecutor<'_>, run: RunId) -> Result<Run, Error> {
    let id = run.to_string();
    sqlx::query_as!(
        Row,
        "select id, chat_id, origin, actor, state, stop_requested, seen_seq, budget, turns, tokens_in, tokens_out,
           cost_micros, active_ms, provider_id, model, error, created_at, started_at, ended_at, tainted_at, taint
         from run where id = ?",
        id,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("the run"))?
    .try_into()
}

/// What one model call used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Tokens read.
    pub tokens_in: u64,
    /// Tokens written.
    pub tokens_out: u64,
    /// Price, in millionths of a US dollar.
    pub cost_micros: u64,
    /// How long it took, in milliseconds.
    pub active_ms: u64,
}

fn about(run: &Run) -> About {
    About { chat: Some(run.chat), run: Some(run.id), subject: Some(run.id.to_string()) }
}

impl Tx {
    /// One run, as this unit of work sees it.
    pub async fn run(&mut self, run: RunId) -> Result<Run, Error> {
        read(self.db(), run).await
    }

    /// A worker takes the run.
    pub async fn take_run(&mut self, run: RunId, now: Instant) -> Result<Run, Error> {
        let mut run = self.run(run).await?;
        let before = run.state;
        run.state = run.state.start()?;
        run.started_at = run.started_at.or(Some(now));
        self.write_state(&run).await?;
        if before != run.state {
            self.record(EventKind::RunStarted, now, &Actor::Ai, about(&run), json!({})).await?;
        }
        Ok(run)
    }

    /// The run gives its slot back until a command or an answer is there.
    pub async fn park_run(&mut self, run: RunId, waiting: Waiting, now: Instant) -> Result<(), Error> {
        let mut run = self.run(run).await?;
        let before = run.state;
        run.state = run.state.park(waiting)?;
        if before != run.state {
            self.write_state(&run).await?;
            self.record(EventKind::RunWaiting, now, &Actor::Ai, about(&run), json!({ "state": run.state }))
                .await?;
        }
        Ok(())
    }

    /// What the run waited for is there: it is owed to a worker again. Nothing happens while a worker has it.
    pub async fn wake_run(&mut self, run: RunId, now: Instant) -> Result<(), Error> {
        let priority = self.run(run).await?.origin.priority();
        self.wake_run_at(run, priority, now).await
    }

    async fn wake_run_at(&mut self, run: RunId, priority: Priority, now: Instant) -> Result<(), Error> {
        let mut run = self.run(run).await?;
        if run.state.is_terminal() || run.state == RunState::Running {
            return Ok(());
        }
        let before = run.state;
        run.state = run.state.wake()?;
        if before != run.state {
            self.write_state(&run).await?;
            self.record(EventKind::RunQueued, now, &Actor::Schedule, about(&run), json!({})).await?;
        }
        self.enqueue(Queue::Run, priority, JobKind::Run, &run.id.to_string(), None, now).await
    }

    /// The run ends. With an error, the conversation says so in words.
    pub async fn end_run(
        &mut self,
        run: RunId,
        how: RunEnd,
        error: Option<RunError>,
        now: Instant,
    ) -> Result<(), Error> {
        let mut run = self.run(run).await?;
        run.state = run.state.end(how)?;
        run.ended_at = Some(now);
        self.write_state(&run).await?;
        self.take_from_run(run.id, now).await?;
        if let Some(error) = &error {
            let (id, text) = (run.id.to_string(), to_json("run error", error)?);
            sqlx::query!("update run set error = ? where id = ?", text, id).execute(self.db()).await?;
            let notice = format!("{} {}", error.detail, error.next_step);
            self.add_message(run.chat, Some(run.id), None, "system", &Actor::Schedule, notice.trim(), now)
                .await?;
        }
        let code = error.map(|error| error.code);
        let data = json!({ "state": run.state, "code": code });
        self.record(EventKind::RunEnded, now, &Actor::Ai, about(&run), data).await?;
        if run.origin == Origin::Schedule {
            self.end_task_of(&run, now).await?;
        }
        Ok(())
    }

    /// The owner asks the run to stop. What has not started never will, and nothing of it is asked any more, from this very
    /// commit on. A run that has nothing left at work is over with it; otherwise a worker ends what is, and the run.
    pub async fn request_stop(&mut self, run: RunId, actor: &Actor, now: Instant) -> Result<Run, Error> {
        let mut run = self.run(run).await?;
        if run.state.is_terminal() {
            return Err(Error::Conflict(format!("the run is {} already", run.state)));
        }
        if !run.stop_requested {
            run.stop_requested = true;
            let id = run.id.to_string();
            sqlx::query!("update run set stop_requested = 1 where id = ?", id).execute(self.db()).await?;
            self.record(EventKind::RunStopping, now, actor, about(&run), json!({})).await?;
        }
        self.call_off(run.id, now).await?;
        if !self.over_if_stopped(run.id, now).await? {
            // Whoever stops something waits for it, whatever it was.
            self.wake_run_at(run.id, Priority::High, now).await?;
        }
        self.run(run.id).await
    }

    /// The model was shown the conversation up to `seq`.
    pub async fn seen(&mut self, run: RunId, seq: i64) -> Result<(), Error> {
        let id = run.to_string();
        sqlx::query!("update run set seen_seq = max(seen_seq, ?) where id = ?", seq, id)
            .execute(self.db())
            .await?;
        Ok(())
    }

    /// Charges one model call to the run.
    pub async fn charge(&mut self, run: RunId, usage: &Usage, model: &str) -> Result<(), Error> {
        let id = run.to_string();
        let (tokens_in, tokens_out) = (signed(usage.tokens_in), signed(usage.tokens_out));
        let (cost, active) = (signed(usage.cost_micros), signed(usage.active_ms));
        sqlx::query!(
            "update run set turns = turns + 1, tokens_in = tokens_in + ?, tokens_out = tokens_out + ?,
               cost_micros = cost_micros + ?, active_ms = active_ms + ?, model = ? where id = ?",
            tokens_in,
            tokens_out,
            cost,
            active,
            model,
            id,
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// The newest message of the owner in the run's conversation.
    pub async fn newest_owner_seq(&mut self, chat: ChatId) -> Result<i64, Error> {
        let id = chat.to_string();
        Ok(sqlx::query_scalar!(
            r#"select coalesce(max(seq), 0) as "seq!: i64" from message where chat_id = ? and role = 'owner'"#,
            id,
        )
        .fetch_one(self.db())
        .await?)
    }

    async fn write_state(&mut self, run: &Run) -> Result<(), Error> {
        let (id, state) = (run.id.to_string(), run.state.as_str());
        let (started, ended) = (run.started_at.map(Instant::as_millis), run.ended_at.map(Instant::as_millis));
        sqlx::query!(
            "update run set state = ?, started_at = ?, ended_at = ? where id = ?",
            state,
            started,
            ended,
            id
        )
        .execute(self.db())
        .await?;
        Ok(())
    }
}

pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A place in the list of runs: the last row that was seen.
#[derive(Debug, Clone, Copy)]
pub struct RunCursor {
    /// The last id seen; ids sort by their age.
    pub id: RunId,
}

impl Store {
    /// One run.
    pub async fn run(&self, run: RunId) -> Result<Run, Error> {
        read(self.reader(), run).await
    }

    /// At most `limit` runs, the newest first; only those that have not ended, when `open`.
    pub async fn runs(&self, open: bool, limit: u32, after: Option<RunCursor>) -> Result<Vec<Run>, Error> {
        let after = after.map_or_else(|| "run_z".to_owned(), |cursor| cursor.id.to_string());
        let rows = sqlx::query_as!(
            Row,
            "select id, chat_id, origin, actor, state, stop_requested, seen_seq, budget, turns, tokens_in, tokens_out,
               cost_micros, active_ms, provider_id, model, error, created_at, started_at, ended_at, tainted_at, taint
             from run
             where id < ? and (? = 0 or state not in ('succeeded', 'failed', 'cancelled', 'expired'))
             order by id desc limit ?",
            after,
            open,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Run::try_from).collect()
    }

    /// What all runs that began at or after `since` cost, in millionths of a US dollar.
    pub async fn cost_since(&self, since: Instant) -> Result<u64, Error> {
        let since = since.as_millis();
        let sum = sqlx::query_scalar!(
            r#"select coalesce(sum(cost_micros), 0) as "sum!: i64" from run where created_at >= ?"#,
            since,
        )
        .fetch_one(self.reader())
        .await?;
        count("cost", sum)
    }
}
