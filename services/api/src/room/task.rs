//! What the owner planned for later. Only the owner plans; each task works in a conversation of its own, in the mode that was
//! chosen for it.

#![expect(unused_qualifications, reason = "the path macro names the parameters of this module in full")]

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::id::{ChatId, TaskId};
use metatron_domain::mode::{Mode, effective};
use metatron_domain::task::{
    FURTHEST_DAYS, GRACE_MIN, LONGEST_GRACE_MIN, LONGEST_TEXT, MOST_PLANNED, TickState,
};
use metatron_store::Error as StoreError;
use metatron_store::Tx;
use metatron_store::task::{Beginning, Plan, Task as Row, TaskCursor};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::extract::{Body, Id, Params};
use crate::once::{self, Key, Once};
use crate::session::{Caller, Owner, Reader, still_open};
use crate::state::OWNER;
use crate::view::{LastRun, bad_cursor, limit};

/// A clock may be behind the one that planned by this much: what is planned for now is not in the past.
const SKEW: Duration = Duration::from_mins(2);
/// What claims an instant here.
const HOLDER: &str = "api";

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(tasks, plan_task))
        .routes(routes!(task, drop_task))
        .routes(routes!(begin_task))
}

/// Something planned.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Task {
    id: TaskId,
    /// The conversation it works in.
    chat_id: ChatId,
    /// What is to be done.
    text: String,
    /// When it is to begin.
    at: Instant,
    /// How late it may begin, in minutes; after that it is missed.
    grace_min: u32,
    state: TickState,
    /// How much of what it wants is asked: at its instant, where that is to come. Changed as the mode of its conversation.
    mode: Mode,
    /// Until when; it is `ask` afterwards.
    mode_until: Option<Instant>,
    /// What works on it.
    run: Option<LastRun>,
    /// Why it never began.
    note: Option<String>,
    created_at: Instant,
    begun_at: Option<Instant>,
    ended_at: Option<Instant>,
}

impl Task {
    fn of(row: Row, now: Instant) -> Self {
        let then = if row.state == TickState::Planned { now.max(row.at) } else { now };
        let in_force = row.mode_until.is_none_or(|until| then < until);
        let (mode, mode_until) = if in_force { (row.mode, row.mode_until) } else { (None, None) };
        let mode = effective(mode, None, &Actor::Schedule);
        Self {
            id: row.id,
            chat_id: row.chat,
            text: row.text,
            at: row.at,
            grace_min: row.grace_min,
            state: row.state,
            mode,
            mode_until,
            run: row.run.map(|(id, state)| LastRun { id, state }),
            note: row.note,
            created_at: row.created_at,
            begun_at: row.begun_at,
            ended_at: row.ended_at,
        }
    }
}

/// A page of tasks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tasks {
    items: Vec<Task>,
    next_cursor: Option<String>,
}

/// Which tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskFilter {
    /// Those that have not begun, the soonest first: all of them.
    #[default]
    Planned,
    /// Those that began, were missed or were taken back: those that did so last first.
    Past,
}

/// Which page of which tasks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TaskPage {
    #[param(inline)]
    state: Option<TaskFilter>,
    /// Items at most, 1 to 200; of past ones alone.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A task to plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskBody {
    /// What is to be done, in Markdown.
    #[schema(min_length = 1, max_length = 16_384, pattern = r"\S")]
    text: String,
    /// When, within the coming 366 days; at once when absent.
    at: Option<Instant>,
    /// How late it may begin where this machine is off, stopped or busy at that time, in minutes; 60 when absent.
    #[schema(minimum = 1, maximum = 10_080)]
    grace_min: Option<u32>,
    /// `ask` when absent.
    mode: Option<PlannedMode>,
}

/// How much a task asks: never `full`, since nobody is there.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlannedMode {
    /// What only reads runs; the rest is refused.
    Plan,
    /// The rest is asked.
    Ask,
    /// What a rule allows is not asked.
    Auto,
}

impl From<PlannedMode> for Mode {
    fn from(mode: PlannedMode) -> Self {
        match mode {
            PlannedMode::Plan => Self::Plan,
            PlannedMode::Ask => Self::Ask,
            PlannedMode::Auto => Self::Auto,
        }
    }
}

fn cursor(text: &str) -> Option<TaskCursor> {
    let (at, id) = text.split_once('.')?;
    Some(TaskCursor { at: Instant::from_millis(at.parse().ok()?), id: id.parse().ok()? })
}

/// List the tasks
#[utoipa::path(
    get, path = "/tasks", tag = "task", params(TaskPage), responses((status = OK, body = Tasks)),
    security(("session" = []), ("token" = ["read"]))
)]
async fn tasks(
    State(app): State<App>,
    _reader: Reader,
    Params(page): Params<TaskPage>,
) -> Answer<Json<Tasks>> {
    let limit = limit(page.limit)?;
    let after = page.cursor.as_deref().map(|text| cursor(text).ok_or_else(bad_cursor)).transpose()?;
    let now = app.now();
    if page.state.unwrap_or_default() == TaskFilter::Planned {
        let rows = app.store.tasks_planned(None, MOST_PLANNED).await?;
        let items = rows.into_iter().map(|row| Task::of(row, now)).collect();
        return Ok(Json(Tasks { items, next_cursor: None }));
    }
    let mut rows = app.store.tasks_past(limit + 1, after).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor =
        rows.last().filter(|_| more).map(|row| format!("{}.{}", row.happened_at().as_millis(), row.id));
    Ok(Json(Tasks { items: rows.into_iter().map(|row| Task::of(row, now)).collect(), next_cursor }))
}

/// Plan a task
///
/// It begins by itself at its instant, in a conversation of its own and in the mode that is chosen here. Where it has to ask,
/// it waits for the owner's answer; where no device of the owner can be reached, it ends and says so.
#[utoipa::path(
    post, path = "/tasks", tag = "task", request_body = TaskBody, responses((status = CREATED, body = Task)),
    security(("session" = []))
)]
async fn plan_task(
    State(app): State<App>,
    Owner(session): Owner,
    key: Key,
    body: Body<TaskBody>,
) -> Answer<(StatusCode, Json<Task>)> {
    let once = Once::new(key, &Caller::Owner(session.clone()), body.digest);
    let id = if let Some(made) = once.before(&app).await? {
        once::id(&made)?
    } else {
        let now = app.now();
        let plan = checked(&body.value, now)?;
        let mut tx = app.store.begin().await?;
        still_open(&mut tx, &session, now).await?;
        if tx.planned_tasks().await? >= MOST_PLANNED {
            let detail = format!("{MOST_PLANNED} tasks are planned already. Take one back first.");
            return Err(ApiError::new(Code::Conflict, detail));
        }
        let id = tx.plan_task(&plan, &OWNER, now).await?;
        if body.value.at.is_none() {
            begun(tx.begin_task(id, HOLDER, &OWNER, now).await)?;
        }
        once.remember(&app, &mut tx, &id.to_string()).await?;
        app.commit(tx).await?;
        app.turn_page().await;
        id
    };
    Ok((StatusCode::CREATED, shown(&app, id).await?))
}

fn checked(body: &TaskBody, now: Instant) -> Answer<Plan<'_>> {
    let text = body.text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_TEXT {
        let detail = format!("must have 1 to {LONGEST_TEXT} characters that are not blank");
        return Err(ApiError::field("/text", detail));
    }
    let furthest = now.after(Duration::from_hours(24 * u64::from(FURTHEST_DAYS)));
    let at = body.at.unwrap_or(now);
    if at.after(SKEW) < now || at > furthest {
        let detail = format!("must be within the coming {FURTHEST_DAYS} days; leave it out to begin at once");
        return Err(ApiError::field("/at", detail));
    }
    let grace_min = body.grace_min.unwrap_or(GRACE_MIN);
    if !(1..=LONGEST_GRACE_MIN).contains(&grace_min) {
        return Err(ApiError::field("/grace_min", format!("must be from 1 to {LONGEST_GRACE_MIN}")));
    }
    Ok(Plan { text, at, grace_min, mode: body.mode.map(Mode::from).unwrap_or_default() })
}

/// Show a task
#[utoipa::path(
    get, path = "/tasks/{id}", tag = "task", params(("id" = TaskId, Path,)), responses((status = OK, body = Task)),
    security(("session" = []), ("token" = ["read"]))
)]
async fn task(State(app): State<App>, _reader: Reader, Id(id): Id<TaskId>) -> Answer<Json<Task>> {
    shown(&app, id).await
}

/// Begin a task now
///
/// It works as it would have at its instant: by itself, in its own mode.
#[utoipa::path(
    post, path = "/tasks/{id}/begin", tag = "task", params(("id" = TaskId, Path,)), responses((status = OK, body = Task)),
    security(("session" = []))
)]
async fn begin_task(State(app): State<App>, Owner(session): Owner, Id(id): Id<TaskId>) -> Answer<Json<Task>> {
    let mut tx = changing(&app, &session).await?;
    begun(tx.begin_task(id, HOLDER, &OWNER, app.now()).await)?;
    app.commit(tx).await?;
    shown(&app, id).await
}

/// Take a task back
///
/// What has begun is stopped with its run instead.
#[utoipa::path(
    delete, path = "/tasks/{id}", tag = "task", params(("id" = TaskId, Path,)), responses((status = NO_CONTENT)),
    security(("session" = []))
)]
async fn drop_task(State(app): State<App>, Owner(session): Owner, Id(id): Id<TaskId>) -> Answer<StatusCode> {
    let mut tx = changing(&app, &session).await?;
    tx.drop_task(id, false, "You took it back.", &OWNER, app.now()).await.map_err(refused)?;
    app.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn changing(app: &App, session: &metatron_store::auth::Session) -> Answer<Tx> {
    let mut tx = app.store.begin().await?;
    still_open(&mut tx, session, app.now()).await?;
    Ok(tx)
}

async fn shown(app: &App, id: TaskId) -> Answer<Json<Task>> {
    Ok(Json(Task::of(app.store.task(id).await?, app.now())))
}

fn begun(beginning: Result<Beginning, StoreError>) -> Answer<()> {
    match beginning.map_err(refused)? {
        Beginning::Begun(_) => Ok(()),
        Beginning::Busy => Err(ApiError::new(
            Code::ChatBusy,
            "Wait until the run in its conversation has ended, or stop it first.",
        )),
    }
}

fn refused(error: StoreError) -> ApiError {
    match error {
        StoreError::Refused(_) => ApiError::new(
            Code::TaskBegun,
            "Look at it again; what is at work is stopped in its conversation.",
        ),
        other => other.into(),
    }
}
