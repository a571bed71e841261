//! How a terminal is shown: what its row says, and what its host adds while it answers.

use metatron_domain::clock::Instant;
use metatron_domain::exec::Exit;
use metatron_domain::id::{ChatId, ExecId, RunId, TerminalId};
use metatron_domain::terminal::message::{ScreenShot, Status};
use metatron_domain::terminal::{Driver, Size, TerminalKind, TerminalState, Waits};
use metatron_store::terminal::Terminal as Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// One terminal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Terminal {
    pub(crate) id: TerminalId,
    pub(crate) kind: TerminalKind,
    /// The shell host it is on.
    pub(crate) host: String,
    /// The Unix user it runs as; known once it runs.
    pub(crate) user: Option<String>,
    /// What the owner calls it.
    pub(crate) name: String,
    pub(crate) state: TerminalState,
    /// Whether its host answers. Where it does not, the terminal may go on there, unseen.
    pub(crate) reachable: bool,
    /// Since when its host does not answer.
    pub(crate) unreachable_since: Option<Instant>,
    pub(crate) size: Size,
    /// Who holds its keyboard.
    pub(crate) driver: Driver,
    pub(crate) waits: Option<Waits>,
    /// The name of the foreground program, where the host was asked.
    pub(crate) program: Option<String>,
    /// The folder of the foreground program, where the host was asked.
    pub(crate) cwd: Option<String>,
    /// Bytes of output so far.
    pub(crate) bytes: u64,
    /// How many sockets look at it at this moment.
    pub(crate) viewers: u32,
    pub(crate) exit: Option<Exit>,
    /// Why it was refused or lost.
    pub(crate) detail: Option<String>,
    /// The command that writes to it.
    pub(crate) exec_id: Option<ExecId>,
    /// The run of that command.
    pub(crate) run_id: Option<RunId>,
    /// The conversation of that run.
    pub(crate) chat_id: Option<ChatId>,
    pub(crate) created_at: Instant,
    pub(crate) started_at: Option<Instant>,
    pub(crate) ended_at: Option<Instant>,
}

impl Terminal {
    /// What is known without asking anybody.
    pub(crate) fn known(app: &App, row: Row) -> Self {
        let silent = app.hosts.silent_since(&row.host);
        Self {
            reachable: silent.is_none(),
            unreachable_since: silent,
            viewers: app.viewers.of(row.id),
            id: row.id,
            kind: row.kind,
            host: row.host,
            user: row.user,
            name: row.name,
            state: row.state,
            size: row.size,
            driver: row.driver,
            waits: row.waits,
            program: None,
            cwd: None,
            bytes: row.bytes,
            exit: row.exit,
            detail: row.detail,
            exec_id: row.exec,
            run_id: row.run,
            chat_id: row.chat,
            created_at: row.created_at,
            started_at: row.started_at,
            ended_at: row.ended_at,
        }
    }

    /// The same with what its host says, while it runs.
    pub(crate) async fn of(app: &App, row: Row) -> Self {
        let running = row.state == TerminalState::Running;
        let status = if running { app.status_of(&row.host, row.id).await.ok() } else { None };
        let view = Self::known(app, row);
        match status {
            Some(status) if !status.state.is_terminal() => view.seen(status),
            _ => view,
        }
    }

    /// The host's own word counts for what changes from moment to moment.
    fn seen(self, status: Status) -> Self {
        Self {
            size: status.size,
            driver: status.driver,
            waits: status.waits,
            program: status.program,
            cwd: status.cwd,
            bytes: status.bytes,
            ..self
        }
    }
}

/// A screen as it is at one moment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Screen {
    /// Bytes of output that made it: go on from here.
    pub(crate) offset: u64,
    pub(crate) size: Size,
    /// Its rows as text, trailing blanks removed.
    pub(crate) text: String,
    /// The cursor's row and column, from 0.
    pub(crate) cursor: [u16; 2],
    /// What a terminal of that size, just reset, has to be fed to show the same; in base 64.
    pub(crate) base64: String,
}

impl From<ScreenShot> for Screen {
    fn from(shot: ScreenShot) -> Self {
        let ScreenShot { offset, size, base64, text, cursor, .. } = shot;
        Self { offset, size, text, cursor: [cursor.0, cursor.1], base64 }
    }
}
