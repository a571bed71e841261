//! Terminals: their row. What a shell host tells of them is in [`report`], what the owner does with them in [`owner`],
//! and the terminals of the AI's commands move with their command, in [`command`].

pub(crate) mod command;
pub mod owner;
pub mod report;

use metatron_domain::clock::Instant;
use metatron_domain::exec::Exit;
use metatron_domain::id::{ChatId, ExecId, RunId, TerminalId};
use metatron_domain::terminal::{Driver, Size, TerminalKind, TerminalState, Waits};
use sqlx::SqliteExecutor;

use crate::error::{Error, count, json as read_json, parse};
use crate::{About, Store, Tx};

/// One terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminal {
    /// Its id.
    pub id: TerminalId,
    /// What it is for.
    pub kind: TerminalKind,
    /// The shell host it is on.
    pub host: String,
    /// The Unix user it runs as; known once it runs.
    pub user: Option<String>,
    /// What the owner calls it.
    pub name: String,
    /// Where it stands.
    pub state: TerminalState,
    /// Its size.
    pub size: Size,
    /// Who holds its keyboard.
    pub driver: Driver,
    /// What it waits for.
    pub waits: Option<Waits>,
    /// The command that writes to it.
    pub exec: Option<ExecId>,
    /// The run of that command.
    pub run: Option<RunId>,
    /// The conversation of that run.
    pub chat: Option<ChatId>,
    /// The number of the newest report about it.
    pub report: u64,
    /// Bytes of output, as far as was reported.
    pub bytes: u64,
    /// How it ended.
    pub exit: Option<Exit>,
    /// Why it was refused or lost.
    pub detail: Option<String>,
    /// When it was asked for.
    pub created_at: Instant,
    /// When it began to run.
    pub started_at: Option<Instant>,
    /// When it ended.
    pub ended_at: Option<Instant>,
}

struct Row {
    id: String,
    kind: String,
    host: String,
    user: Option<String>,
    name: String,
    state: String,
    columns: i64,
    rows: i64,
    driver: String,
    waits: Option<String>,
    exec_id: Option<String>,
    run_id: Option<String>,
    chat_id: Option<String>,
    report: i64,
    bytes: i64,
    exit: Option<String>,
    detail: Option<String>,
    created_at: i64,
    started_at: Option<i64>,
    ended_at: Option<i64>,
}

impl TryFrom<Row> for Terminal {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: parse("terminal id", &row.id)?,
            kind: parse("terminal kind", &row.kind)?,
            host: row.host,
            user: row.user,
            name: row.name,
            state: parse("terminal state", &row.state)?,
            size: Size::new(count("columns", row.columns)?, count("rows", row.rows)?)?,
            driver: read_json("driver", &row.driver)?,
            waits: row.waits.as_deref().map(waits).transpose()?,
            exec: row.exec_id.as_deref().map(|id| parse("exec id", id)).transpose()?,
            run: row.run_id.as_deref().map(|id| parse("run id", id)).transpose()?,
            chat: row.chat_id.as_deref().map(|id| parse("chat id", id)).transpose()?,
            report: count("report", row.report)?,
            bytes: count("bytes", row.bytes)?,
            exit: row.exit.as_deref().map(|text| read_json("exit", text)).transpose()?,
            detail: row.detail,
            created_at: Instant::from_millis(row.created_at),
            started_at: row.started_at.map(Instant::from_millis),
            ended_at: row.ended_at.map(Instant::from_millis),
        })
    }
}

fn waits(text: &str) -> Result<Waits, Error> {
    match text {
        "input" => Ok(Waits::Input),
        "password" => Ok(Waits::Password),
        other => Err(Error::corrupt("wait")(other.to_owned())),
    }
}

const fn waits_word(waits: Waits) -> &'static str {
    match waits {
        Waits::Input => "input",
        Waits::Password => "password",
    }
}

fn about(terminal: &Terminal) -> About {
    About { chat: terminal.chat, run: terminal.run, subject: Some(terminal.id.to_string()) }
}

async fn find(db: impl SqliteExecutor<'_>, terminal: TerminalId) -> Result<Option<Terminal>, Error> {
    let id = terminal.to_string();
    sqlx::query_as!(
        Row,
        r#"select t.id as "id!", t.kind, t.host, t.user, t.name, t.state, t.columns, t.rows, t.driver, t.waits, t.exec_id,
             t.run_id, r.chat_id as "chat_id?", t.report, t.bytes, t.exit, t.detail, t.created_at, t.started_at, t.ended_at
           from terminal t left join run r on r.id = t.run_id where t.id = ?"#,
        id,
    )
    .fetch_optional(db)
    .await?
    .map(Terminal::try_from)
    .transpose()
}

async fn read(db: impl SqliteExecutor<'_>, terminal: TerminalId) -> Result<Terminal, Error> {
    find(db, terminal).await?.ok_or(Error::NotFound("the terminal"))
}

/// Which terminals of a list.
#[derive(Debug, Clone, Copy, Default)]
pub struct TerminalFilter {
    /// Only those that can still show something (`true`), or only those that can't (`false`).
    pub open: Option<bool>,
    /// Only those of this kind.
    pub kind: Option<TerminalKind>,
}

impl Store {
    /// One terminal.
    pub async fn terminal(&self, terminal: TerminalId) -> Result<Terminal, Error> {
        read(self.reader(), terminal).await
    }

    /// One terminal, if there is a row of it: a command's has one once it runs.
    pub async fn find_terminal(&self, terminal: TerminalId) -> Result<Option<Terminal>, Error> {
        find(self.reader(), terminal).await
    }

    /// At most `limit` terminals, the newest first, after the one that was seen last.
    pub async fn terminals(
        &self,
        filter: TerminalFilter,
        limit: u32,
        after: Option<TerminalId>,
    ) -> Result<Vec<Terminal>, Error> {
        let after = after.map_or_else(|| "trm_z".to_owned(), |id| id.to_string());
        let kind = filter.kind.map(TerminalKind::as_str);
        let rows = sqlx::query_as!(
            Row,
            r#"select t.id as "id!", t.kind, t.host, t.user, t.name, t.state, t.columns, t.rows, t.driver, t.waits,
                 t.exec_id, t.run_id, r.chat_id as "chat_id?", t.report, t.bytes, t.exit, t.detail, t.created_at,
                 t.started_at, t.ended_at
               from terminal t left join run r on r.id = t.run_id
               where t.id < ? and (? is null or (t.state in ('opening', 'running')) = ?) and (? is null or t.kind = ?)
               order by t.id desc limit ?"#,
            after,
            filter.open,
            filter.open,
            kind,
            kind,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Terminal::try_from).collect()
    }

    /// The owner's terminals that have not ended, as far as is known.
    pub async fn open_terminals(&self) -> Result<Vec<Terminal>, Error> {
        let rows = sqlx::query_as!(
            Row,
            r#"select t.id as "id!", t.kind, t.host, t.user, t.name, t.state, t.columns, t.rows, t.driver, t.waits,
                 t.exec_id, t.run_id, null as "chat_id?: String", t.report, t.bytes, t.exit, t.detail, t.created_at,
                 t.started_at, t.ended_at
               from terminal t where t.state in ('opening', 'running') and t.kind = 'owner' order by t.id"#,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Terminal::try_from).collect()
    }
}

impl Tx {
    /// One terminal, as this unit of work sees it.
    pub async fn terminal(&mut self, terminal: TerminalId) -> Result<Terminal, Error> {
        read(self.db(), terminal).await
    }

    /// The host that a terminal is on, or will be once its command starts.
    pub async fn host_of_terminal(&mut self, terminal: TerminalId) -> Result<Option<String>, Error> {
        let id = terminal.to_string();
        let host = sqlx::query_scalar!(
            r#"select host as "host!: String" from terminal where id = ?
               union select host from exec where terminal_id = ?"#,
            id,
            id,
        );
        Ok(host.fetch_optional(self.db()).await?)
    }

    /// One terminal, if there is a row of it.
    pub async fn find_terminal(&mut self, terminal: TerminalId) -> Result<Option<Terminal>, Error> {
        find(self.db(), terminal).await
    }
}
