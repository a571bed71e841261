//! What several rooms show: runs, commands, and pages of anything.

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::elevated::Power;
use metatron_domain::exec::{ExecState, Exit};
use metatron_domain::id::{ApprovalId, ChatId, ExecId, RunId, TerminalId};
use metatron_domain::mode::Mode;
use metatron_domain::policy::Verdict;
use metatron_domain::rule::Under;
use metatron_domain::run::{Origin, RunError, RunState};
use metatron_domain::taint::Taint;
use metatron_domain::undo::{Forecast, Kept};
use metatron_store::chat::Chat as ChatRow;
use metatron_store::exec::Exec as ExecRow;
use metatron_store::run::Run as RunRow;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::error::{ApiError, Code};
use crate::money::usd;

/// Items of a page unless the client says otherwise, and at most.
const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 200;

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// Items at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

impl Page {
    pub(crate) fn limit(&self) -> Result<u32, ApiError> {
        limit(self.limit)
    }
}

/// The number of items asked for.
pub(crate) fn limit(asked: Option<u32>) -> Result<u32, ApiError> {
    let limit = asked.unwrap_or(PAGE);
    if (1..=LARGEST_PAGE).contains(&limit) {
        return Ok(limit);
    }
    Err(ApiError::new(Code::BadRequest, format!("`limit` must be from 1 to {LARGEST_PAGE}.")))
}

/// A cursor that is not one of ours.
pub(crate) fn bad_cursor() -> ApiError {
    ApiError::new(Code::BadRequest, "`cursor` must be the `next_cursor` of an earlier page.")
}

/// A conversation, as a list shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Chat {
    pub(crate) id: ChatId,
    pub(crate) title: String,
    pub(crate) created_at: Instant,
    pub(crate) updated_at: Instant,
    /// Its newest run.
    pub(crate) last_run: Option<LastRun>,
    /// Whether it waits for the owner.
    pub(crate) waiting: bool,
    pub(crate) cost_usd: f64,
    /// The beginning of the last thing said.
    pub(crate) last_text: String,
    /// How much of what its runs want is asked.
    pub(crate) mode: Mode,
    /// Until when; it is `ask` afterwards.
    pub(crate) mode_until: Option<Instant>,
    /// When the task that is planned in it begins.
    pub(crate) planned_at: Option<Instant>,
}

/// The newest run of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastRun {
    pub(crate) id: RunId,
    pub(crate) state: RunState,
}

impl Chat {
    /// The conversation of `row`, as it stands at `now`.
    pub(crate) fn of(row: ChatRow, now: Instant) -> Self {
        let in_force = row.mode_until.is_none_or(|until| now < until);
        let (mode, mode_until) = if in_force { (row.mode, row.mode_until) } else { (None, None) };
        Self {
            id: row.id,
            title: row.title,
            created_at: row.created_at,
            updated_at: row.updated_at,
            waiting: row.last_run.is_some_and(|(_, state)| state == RunState::WaitingApproval),
            last_run: row.last_run.map(|(id, state)| LastRun { id, state }),
            cost_usd: usd(row.cost_micros),
            last_text: row.last_text,
            mode: mode.unwrap_or_default(),
            mode_until,
            planned_at: row.planned_at,
        }
    }
}

/// One agent run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) chat_id: ChatId,
    pub(crate) origin: Origin,
    pub(crate) actor: Actor,
    pub(crate) state: RunState,
    /// Why it stopped before it was done: `owner`, or the code of its error.
    pub(crate) stop_reason: Option<String>,
    pub(crate) error: Option<RunError>,
    /// Model turns so far.
    pub(crate) turns: u32,
    pub(crate) tokens_in: u64,
    pub(crate) tokens_out: u64,
    pub(crate) cost_usd: f64,
    pub(crate) created_at: Instant,
    pub(crate) started_at: Option<Instant>,
    pub(crate) ended_at: Option<Instant>,
    pub(crate) model: Option<String>,
    /// What came from outside into it, if anything did.
    pub(crate) taint: Option<Taint>,
}

impl From<RunRow> for Run {
    fn from(row: RunRow) -> Self {
        let stopped = row.state == RunState::Cancelled;
        let stop_reason = row.error.as_ref().map(|error| error.code.clone());
        Self {
            id: row.id,
            chat_id: row.chat,
            origin: row.origin,
            actor: row.actor,
            state: row.state,
            stop_reason: stop_reason.or_else(|| stopped.then(|| "owner".to_owned())),
            error: row.error,
            turns: row.spent.turns,
            tokens_in: row.tokens_in,
            tokens_out: row.tokens_out,
            cost_usd: usd(row.spent.cost_micros),
            created_at: row.created_at,
            started_at: row.started_at,
            ended_at: row.ended_at,
            model: row.model,
            taint: row.taint,
        }
    }
}

/// Why a command never started.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExecError {
    /// A stable code, such as `changed_since_prepared`.
    pub(crate) code: String,
    /// What happened.
    pub(crate) detail: String,
}

/// One command of the AI.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Exec {
    pub(crate) id: ExecId,
    pub(crate) run_id: RunId,
    pub(crate) turn: u32,
    /// Its place in the turn, from 0.
    pub(crate) index: u32,
    pub(crate) terminal_id: TerminalId,
    /// The exact text for the shell.
    pub(crate) command: String,
    /// The working folder as it was resolved; before that, as it was asked for.
    pub(crate) cwd: Option<String>,
    /// The Unix user; known once it was measured.
    pub(crate) user: Option<String>,
    pub(crate) host: String,
    /// Why the AI says it wants it: its own claim.
    pub(crate) why: String,
    pub(crate) timeout_s: u32,
    /// Whether the AI means to type into its terminal; it asks for the keyboard before it does.
    pub(crate) interactive: bool,
    pub(crate) state: ExecState,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) reasons: Vec<String>,
    pub(crate) approval_id: Option<ApprovalId>,
    pub(crate) started_at: Option<Instant>,
    pub(crate) ended_at: Option<Instant>,
    pub(crate) exit: Option<Exit>,
    /// What the model was shown of the output.
    pub(crate) output_text: Option<String>,
    /// Bytes of output in all.
    pub(crate) output_bytes: u64,
    /// Whether the text is less than everything.
    pub(crate) truncated: bool,
    pub(crate) error: Option<ExecError>,
    /// What the owner allowed it under beforehand: a rule, or the mode `full`.
    pub(crate) under: Option<Under>,
    /// What the AI had asked for, where the owner changed it.
    pub(crate) edited_from: Option<String>,
    /// With whose power it runs.
    pub(crate) power: Power,
    /// What was kept of what it touched, so that it can be undone; absent where it only read.
    pub(crate) kept: Option<Kept>,
    /// What was known before it started about undoing it; absent where nobody looked.
    pub(crate) forecast: Option<Forecast>,
}

impl Exec {
    /// The command of `row`, with the question about it.
    pub(crate) async fn of(app: &App, row: ExecRow) -> Result<Self, ApiError> {
        // What the owner changed is between two questions while it is measured.
        let asked = row.judgement.as_ref().map_or(row.state == ExecState::Preparing, |judgement| {
            judgement.verdict == Verdict::Ask || row.edited_from.is_some()
        });
        let approval_id = if asked { app.store.approval_of(row.id).await? } else { None };
        let (verdict, reasons) =
            row.judgement.map_or((None, Vec::new()), |judged| (Some(judged.verdict), judged.reasons));
        let measured = row.measure.map(|measure| (measure.cwd, measure.user));
        let (cwd, user) = measured.map_or((row.cwd, None), |(cwd, user)| (Some(cwd), Some(user)));
        Ok(Self {
            id: row.id,
            run_id: row.run,
            turn: row.turn,
            index: row.index,
            terminal_id: row.terminal,
            command: row.command,
            cwd,
            user,
            host: row.host,
            why: row.why,
            timeout_s: row.timeout_s,
            interactive: row.interactive,
            state: row.state,
            verdict,
            reasons,
            approval_id,
            started_at: row.started_at,
            ended_at: row.ended_at,
            exit: row.exit,
            output_text: row.output_text,
            output_bytes: row.output_bytes.unwrap_or(0),
            truncated: row.truncated,
            error: row.error.map(|(code, detail)| ExecError { code, detail }),
            under: row.under,
            edited_from: row.edited_from,
            power: row.power,
            kept: row.kept,
            forecast: row.forecast,
        })
    }
}
