//! What the owner planned for later: a row here, and one in the ledger of time that is claimed before the work starts and ends
//! once. A task works in a conversation of its own, and joins nobody's run there.

use std::time::Duration;

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::id::{ChatId, RunId, TaskId};
use metatron_domain::mode::Mode;
use metatron_domain::run::{Origin, RunState};
use metatron_domain::task::{Due, TickState, due};
use serde_json::json;
use sqlx::SqliteExecutor;

use crate::chat::title_of;
use crate::error::{Error, count, parse};
use crate::run::Run;
use crate::{About, Store, Tx};

/// One task.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The conversation it works in.
    pub chat: ChatId,
    /// What is to be done.
    pub text: String,
    /// When it is to begin.
    pub at: Instant,
    /// How late it may begin, in minutes.
    pub grace_min: u32,
    /// Where it stands.
    pub state: TickState,
    /// The mode that the owner set for its conversation, whether or not its time is over.
    pub mode: Option<Mode>,
    /// Until when it counts.
    pub mode_until: Option<Instant>,
    /// The run that works on it.
    pub run: Option<(RunId, RunState)>,
    /// Why it never began.
    pub note: Option<String>,
    /// When it was planned.
    pub created_at: Instant,
    /// When it began.
    pub begun_at: Option<Instant>,
    /// When it was over.
    pub ended_at: Option<Instant>,
}

impl Task {
    /// When it began, or was over without that.
    pub fn happened_at(&self) -> Instant {
        self.begun_at.or(self.ended_at).unwrap_or(self.at)
    }

    /// What the clock says of it.
    pub fn due(&self, now: Instant) -> Due {
        due(self.at, Duration::from_secs(60 * u64::from(self.grace_min)), now)
    }
}

/// A task to plan.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// What is to be done.
    pub text: &'a str,
    /// When.
    pub at: Instant,
    /// How late it may begin, in minutes.
    pub grace_min: u32,
    /// The mode of its conversation.
    pub mode: Mode,
}

/// What came of beginning a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// This run works on it.
    Begun(RunId),
    /// Somebody's run is at work in its conversation: later.
    Busy,
}

/// A place in the list of what is not planned any more: the last row that was seen.
#[derive(Debug, Clone, Copy)]
pub struct TaskCursor {
    /// When something happened to it: [`Task::happened_at`].
    pub at: Instant,
    /// Its id.
    pub id: TaskId,
}

struct Row {
    id: String,
    chat_id: String,
    text: String,
    instant: i64,
    grace_min: i64,
    state: String,
    mode: Option<String>,
    mode_until: Option<i64>,
    run_id: Option<String>,
    run_state: Option<String>,
    note: Option<String>,
    created_at: i64,
    claimed_at: Option<i64>,
    ended_at: Option<i64>,
}

impl TryFrom<Row> for Task {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let run = match (row.run_id, row.run_state) {
            (Some(id), Some(state)) => Some((parse("run id", &id)?, parse("run state", &state)?)),
            _ => None,
        };
        Ok(Self {
            id: parse("task id", &row.id)?,
            chat: parse("chat id", &row.chat_id)?,
            text: row.text,
            at: Instant::from_millis(row.instant),
            grace_min: count("grace", row.grace_min)?,
            state: parse("task state", &row.state)?,
            mode: row.mode.as_deref().map(|mode| parse("mode", mode)).transpose()?,
            mode_until: row.mode_until.map(Instant::from_millis),
            run,
            note: row.note,
            created_at: Instant::from_millis(row.created_at),
            begun_at: row.claimed_at.map(Instant::from_millis),
            ended_at: row.ended_at.map(Instant::from_millis),
        })
    }
}

async fn read(db: impl SqliteExecutor<'_>, task: TaskId) -> Result<Task, Error> {
    let id = task.to_string();
    sqlx::query_as!(
        Row,
        r#"select k.id, k.chat_id, k.text, i.instant, k.grace_min, i.state, c.mode, c.mode_until,
             r.id as "run_id?: String", r.state as "run_state?: String", i.note, k.created_at, i.claimed_at, i.ended_at
           from task k join tick i on i.task = k.id join chat c on c.id = k.chat_id left join run r on r.id = i.run_id
           where k.id = ? and c.deleted_at is null"#,
        id,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("the task"))?
    .try_into()
}

fn about(task: &Task) -> About {
    let run = task.run.map(|(run, _)| run);
    About { chat: Some(task.chat), run, subject: Some(task.id.to_string()) }
}

impl Tx {
    /// One task, as this unit of work sees it.
    pub async fn task(&mut self, task: TaskId) -> Result<Task, Error> {
        read(self.db(), task).await
    }

    /// Plans a task, with a conversation of its own. Nothing is owed before its time.
    pub async fn plan_task(&mut self, plan: &Plan<'_>, by: &Actor, now: Instant) -> Result<TaskId, Error> {
        let chat = self.create_chat(&title_of(plan.text), by, now).await?;
        self.set_mode(chat, plan.mode, None, by, now).await?;
        let task = TaskId::new();
        let (id, chat_id, now_ms, at) =
            (task.to_string(), chat.to_string(), now.as_millis(), plan.at.as_millis());
        sqlx::query!(
            "insert into task (id, chat_id, text, grace_min, created_at) values (?, ?, ?, ?, ?)",
            id,
            chat_id,
            plan.text,
            plan.grace_min,
            now_ms,
        )
        .execute(self.db())
        .await?;
        sqlx::query!("insert into tick (task, instant, state) values (?, ?, 'planned')", id, at)
            .execute(self.db())
            .await?;
        let about = About { chat: Some(chat), subject: Some(id), ..About::default() };
        let data = json!({ "at": plan.at, "mode": plan.mode });
        self.record(EventKind::TaskPlanned, now, by, about, data).await?;
        Ok(task)
    }

    /// The task that is planned in a conversation and has not begun.
    pub async fn planned_in(&mut self, chat: ChatId) -> Result<Option<TaskId>, Error> {
        let id = chat.to_string();
        let task = sqlx::query_scalar!(
            "select k.id from task k join tick i on i.task = k.id where k.chat_id = ? and i.state = 'planned'",
            id,
        )
        .fetch_optional(self.db())
        .await?;
        task.map(|id| parse("task id", &id)).transpose()
    }

    /// How many tasks are planned.
    pub async fn planned_tasks(&mut self) -> Result<u32, Error> {
        let planned = sqlx::query_scalar!(
            r#"select count(*) as "count!: i64" from tick i join task k on k.id = i.task join chat c on c.id = k.chat_id
               where i.state = 'planned' and i.task <> 'heartbeat' and c.deleted_at is null"#
        )
        .fetch_one(self.db())
        .await?;
        count("tasks", planned)
    }

    /// Begins a task: claims its instant, says its text in its conversation and owes a run, all at once. Refused where it
    /// began or ended before; [`Error::Halted`] while the owner has everything stopped.
    pub async fn begin_task(
        &mut self,
        task: TaskId,
        holder: &str,
        by: &Actor,
        now: Instant,
    ) -> Result<Beginning, Error> {
        let mut task = self.task(task).await?;
        let state = task.state.claim()?;
        if self.open_run(task.chat).await?.is_some() {
            return Ok(Beginning::Busy);
        }
        let posted =
            self.post_message(task.chat, &task.text, Origin::Schedule, &Actor::Schedule, now).await?;
        let (id, run, text, now_ms) =
            (task.id.to_string(), posted.run.to_string(), state.as_str(), now.as_millis());
        sqlx::query!(
            "update tick set state = ?, holder = ?, run_id = ?, claimed_at = ? where task = ?",
            text,
            holder,
            run,
            now_ms,
            id,
        )
        .execute(self.db())
        .await?;
        task.run = Some((posted.run, RunState::Queued));
        self.record(EventKind::TaskBegun, now, by, about(&task), json!({ "at": task.at })).await?;
        Ok(Beginning::Begun(posted.run))
    }

    /// A task never begins: the owner takes it back, or its time passed. `note` says why.
    pub async fn drop_task(
        &mut self,
        task: TaskId,
        missed: bool,
        note: &str,
        by: &Actor,
        now: Instant,
    ) -> Result<(), Error> {
        let task = self.task(task).await?;
        let state = task.state.drop_as(missed)?;
        self.close_task(&task, state, Some(note), by, now).await
    }

    /// The run of a task has ended.
    pub(crate) async fn end_task_of(&mut self, run: &Run, now: Instant) -> Result<(), Error> {
        let id = run.id.to_string();
        let task = sqlx::query_scalar!("select task from tick where run_id = ?", id)
            .fetch_optional(self.db())
            .await?;
        let Some(task) = task else { return Ok(()) };
        let task = self.task(parse("task id", &task)?).await?;
        let Some(state) = task.state.end(run.state)? else { return Ok(()) };
        self.close_task(&task, state, None, &Actor::Schedule, now).await
    }

    async fn close_task(
        &mut self,
        task: &Task,
        state: TickState,
        note: Option<&str>,
        by: &Actor,
        now: Instant,
    ) -> Result<(), Error> {
        let (id, text, now_ms) = (task.id.to_string(), state.as_str(), now.as_millis());
        sqlx::query!(
            "update tick set state = ?, note = ?, ended_at = ? where task = ?",
            text,
            note,
            now_ms,
            id
        )
        .execute(self.db())
        .await?;
        self.record(EventKind::TaskEnded, now, by, about(task), json!({ "state": state })).await?;
        Ok(())
    }
}

impl Store {
    /// One task.
    pub async fn task(&self, task: TaskId) -> Result<Task, Error> {
        read(self.reader(), task).await
    }

    /// What is planned for `until` or earlier and has not begun, the soonest first, at most `limit`. A task whose
    /// conversation was deleted is not planned any more.
    pub async fn tasks_planned(&self, until: Option<Instant>, limit: u32) -> Result<Vec<Task>, Error> {
        let until = until.map_or(i64::MAX, Instant::as_millis);
        let rows = sqlx::query_as!(
            Row,
            r#"select k.id, k.chat_id, k.text, i.instant, k.grace_min, i.state, c.mode, c.mode_until,
                 r.id as "run_id?: String", r.state as "run_state?: String", i.note, k.created_at, i.claimed_at, i.ended_at
               from tick i join task k on k.id = i.task join chat c on c.id = k.chat_id left join run r on r.id = i.run_id
               where i.state = 'planned' and i.task <> 'heartbeat' and i.instant <= ? and c.deleted_at is null
               order by i.instant, k.id limit ?"#,
            until,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Task::try_from).collect()
    }

    /// The soonest instant after `now` that something is planned for.
    pub async fn next_task(&self, now: Instant) -> Result<Option<Instant>, Error> {
        let now = now.as_millis();
        let at = sqlx::query_scalar!(
            r#"select min(instant) as "at: i64" from tick where state = 'planned' and task <> 'heartbeat' and instant > ?"#,
            now,
        )
        .fetch_one(self.reader())
        .await?;
        Ok(at.map(Instant::from_millis))
    }

    /// At most `limit` tasks that began, were missed or were taken back: those that did so last first.
    pub async fn tasks_past(&self, limit: u32, after: Option<TaskCursor>) -> Result<Vec<Task>, Error> {
        let at = after.map_or(i64::MAX, |cursor| cursor.at.as_millis());
        let id = after.map_or_else(|| "tsk_z".to_owned(), |cursor| cursor.id.to_string());
        // A cross join keeps the order: the index gives the rows as they are wanted.
        let rows = sqlx::query_as!(
            Row,
            r#"select k.id, k.chat_id, k.text, i.instant, k.grace_min, i.state, c.mode, c.mode_until,
                 r.id as "run_id?: String", r.state as "run_state?: String", i.note, k.created_at, i.claimed_at, i.ended_at
               from tick i cross join task k on k.id = i.task join chat c on c.id = k.chat_id left join run r on r.id = i.run_id
               where i.state <> 'planned' and i.task <> 'heartbeat' and c.deleted_at is null
                 and (coalesce(i.claimed_at, i.ended_at, i.instant), i.task) < (?1, ?2)
               order by coalesce(i.claimed_at, i.ended_at, i.instant) desc, i.task desc limit ?3"#,
            at,
            id,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Task::try_from).collect()
    }
}
