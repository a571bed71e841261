//! Commands of the AI: their row. One command of a run is at work at a time; the moves are in [`flow`].

mod cap;
pub(crate) mod course;
pub(crate) mod flow;
mod stop;
mod unasked;
mod unattended;

use metatron_domain::approval::Measure;
use metatron_domain::clock::Instant;
use metatron_domain::command::{CommandSpec, JobKind, ShellRequest, SpecOrigin};
use metatron_domain::elevated::Power;
use metatron_domain::exec::{ExecState, Exit};
use metatron_domain::id::{ExecId, RunId, TerminalId};
use metatron_domain::policy::Judgement;
use metatron_domain::rule::Under;
use metatron_domain::taint::Source;
use metatron_domain::terminal::Size;
use metatron_domain::undo::{Forecast, Kept};
use sqlx::SqliteExecutor;

use crate::Store;
use crate::error::{Error, count, json as read_json, parse};
use crate::run::Run;

/// One command.
#[derive(Debug, Clone)]
pub struct Exec {
    /// Its id, for ever.
    pub id: ExecId,
    /// The run that asks for it.
    pub run: RunId,
    /// In which model turn.
    pub turn: u32,
    /// Its place in that turn, from 0.
    pub index: u32,
    /// Where its output goes.
    pub terminal: TerminalId,
    /// The exact text for the shell.
    pub command: String,
    /// The working folder that was asked for.
    pub cwd: Option<String>,
    /// The shell host.
    pub host: String,
    /// Why the AI says it wants it.
    pub why: String,
    /// Seconds until it is ended by force.
    pub timeout_s: u32,
    /// Whether the AI means to type into it.
    pub interactive: bool,
    /// The size of its terminal.
    pub size: Size,
    /// When its call was answered although it runs: its run does not wait for it any more.
    pub detached_at: Option<Instant>,
    /// Where it stands.
    pub state: ExecState,
    /// What the judge said.
    pub judgement: Option<Judgement>,
    /// What was measured.
    pub measure: Option<Measure>,
    /// The digest of the measurement.
    pub digest: Option<String>,
    /// When it started.
    pub started_at: Option<Instant>,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// How it ended.
    pub exit: Option<Exit>,
    /// What the model was shown of its output.
    pub output_text: Option<String>,
    /// Bytes of output in all.
    pub output_bytes: Option<u64>,
    /// Whether the text is less than everything.
    pub truncated: bool,
    /// Why it never started: a code and a sentence.
    pub error: Option<(String, String)>,
    /// What the owner allowed it under beforehand.
    pub under: Option<Under>,
    /// What the AI had asked for, where the owner changed it.
    pub edited_from: Option<String>,
    /// With whose power it runs.
    pub power: Power,
    /// What was kept of what it touched.
    pub kept: Option<Kept>,
    /// What was known before it started about undoing it.
    pub forecast: Option<Forecast>,
}

struct Row {
    id: String,
    run_id: String,
    turn: i64,
    idx: i64,
    terminal_id: String,
    command: String,
    cwd: Option<String>,
    host: String,
    why: String,
    timeout_s: i64,
    interactive: i64,
    columns: Option<i64>,
    rows: Option<i64>,
    detached_at: Option<i64>,
    state: String,
    judgement: Option<String>,
    measure: Option<String>,
    digest: Option<String>,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    exit: Option<String>,
    output_text: Option<String>,
    output_bytes: Option<i64>,
    truncated: i64,
    error_code: Option<String>,
    error_detail: Option<String>,
    under: Option<String>,
    edited_from: Option<String>,
    power: Option<String>,
    kept: Option<String>,
    forecast: Option<String>,
}

impl TryFrom<Row> for Exec {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let size = match row.columns.zip(row.rows) {
            Some((columns, rows)) => Size::new(count("columns", columns)?, count("rows", rows)?)?,
            None => Size::COMMAND,
        };
        Ok(Self {
            id: parse("exec id", &row.id)?,
            run: parse("run id", &row.run_id)?,
            turn: count("turn", row.turn)?,
            index: count("index", row.idx)?,
            terminal: parse("terminal id", &row.terminal_id)?,
            command: row.command,
            cwd: row.cwd,
            host: row.host,
            why: row.why,
            timeout_s: count("timeout", row.timeout_s)?,
            interactive: row.interactive != 0,
            size,
            detached_at: row.detached_at.map(Instant::from_millis),
            state: parse("command state", &row.state)?,
            judgement: row.judgement.as_deref().map(|text| read_json("judgement", text)).transpose()?,
            measure: row.measure.as_deref().map(|text| read_json("measurement", text)).transpose()?,
            digest: row.digest,
            started_at: row.started_at.map(Instant::from_millis),
            ended_at: row.ended_at.map(Instant::from_millis),
            exit: row.exit.as_deref().map(|text| read_json("exit", text)).transpose()?,
            output_text: row.output_text,
            output_bytes: row.output_bytes.map(|bytes| count("output size", bytes)).transpose()?,
            truncated: row.truncated != 0,
            error: row.error_code.map(|code| (code, row.error_detail.unwrap_or_default())),
            under: row.under.as_deref().map(|text| read_json("grant", text)).transpose()?,
            edited_from: row.edited_from,
            power: row.power.as_deref().map_or(Ok(Power::Agent), |text| read_json("power", text))?,
            kept: row.kept.as_deref().map(|text| read_json("kept", text)).transpose()?,
            forecast: row.forecast.as_deref().map(|text| read_json("forecast", text)).transpose()?,
        })
    }
}

impl Exec {
    /// What shell-worker needs to know of it, asked for by `run`.
    fn spec(&self, run: &Run) -> CommandSpec {
        CommandSpec {
            exec: self.id,
            run: self.run,
            terminal: self.terminal,
            command: self.command.clone(),
            cwd: self.cwd.clone(),
            timeout_s: self.timeout_s,
            interactive: self.interactive,
            size: (self.size != Size::COMMAND).then_some(self.size),
            origin: Some(self.origin(run)),
            power: self.power.clone(),
        }
    }

    /// For whom it runs. The mark that this command itself leaves on its run is not one that it came with.
    fn origin(&self, run: &Run) -> SpecOrigin {
        let own = Source::Command { exec: self.id };
        let tainted = run.taint.as_ref().is_some_and(|taint| taint.source != own);
        SpecOrigin { chat: run.chat, actor: run.actor.clone(), tainted }
    }
}

async fn read(db: impl SqliteExecutor<'_>, exec: ExecId) -> Result<Exec, Error> {
    let id = exec.to_string();
    sqlx::query_as!(
        Row,
        "select id, run_id, turn, idx, terminal_id, command, cwd, host, why, timeout_s, interactive, columns, rows, detached_at, state, judgement, measure,
               digest, started_at, ended_at, exit, output_text, output_bytes, truncated, error_code, error_detail, under, edited_from, power, kept, forecast
         from exec where id = ?",
        id,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("the command"))?
    .try_into()
}

/// The request a job about `exec` carries; nothing when the command is past it.
fn request(exec: &Exec, run: &Run, kind: JobKind, grant: Option<String>) -> Option<ShellRequest> {
    match (kind, exec.state) {
        (JobKind::Prepare, ExecState::Preparing) => Some(ShellRequest::Prepare { spec: exec.spec(run) }),
        (JobKind::Start, ExecState::Approved | ExecState::Running) => Some(ShellRequest::Start {
            spec: exec.spec(run),
            digest: exec.digest.clone().unwrap_or_default(),
            grant,
            under: exec.under,
        }),
        _ => None,
    }
}

impl Store {
    /// One command.
    pub async fn exec(&self, exec: ExecId) -> Result<Exec, Error> {
        read(self.reader(), exec).await
    }

    /// Every command of a run, in order.
    pub async fn execs_of_run(&self, run: RunId) -> Result<Vec<Exec>, Error> {
        let id = run.to_string();
        let rows = sqlx::query_as!(
            Row,
            "select id, run_id, turn, idx, terminal_id, command, cwd, host, why, timeout_s, interactive, columns, rows, detached_at, state, judgement, measure,
               digest, started_at, ended_at, exit, output_text, output_bytes, truncated, error_code, error_detail, under, edited_from, power, kept, forecast
             from exec where run_id = ? order by turn, idx",
            id,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Exec::try_from).collect()
    }

    /// The command that writes to a terminal.
    pub async fn exec_of_terminal(&self, terminal: TerminalId) -> Result<Exec, Error> {
        let id = terminal.to_string();
        let exec = sqlx::query_scalar!(r#"select id as "id!: String" from exec where terminal_id = ?"#, id)
            .fetch_optional(self.reader())
            .await?
            .ok_or(Error::NotFound("the terminal"))?;
        self.exec(parse("exec id", &exec)?).await
    }

    /// The request that a Prepare or Start job carries.
    pub(crate) async fn shell_request(
        &self,
        exec: ExecId,
        kind: JobKind,
    ) -> Result<Option<serde_json::Value>, Error> {
        let exec = self.exec(exec).await?;
        let grant = self.sealed_grant(exec.id).await?;
        let run = self.run(exec.run).await?;
        request(&exec, &run, kind, grant)
            .map(serde_json::to_value)
            .transpose()
            .map_err(|cause| Error::corrupt("request")(cause.to_string()))
    }
}
