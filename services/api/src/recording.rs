//! Bytes of a recording: for a client that comes late, and for holes in what flows live. From the shelf where they are on
//! this machine, else from their shell host.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::exec::{ExecState, Exit};
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::{TerminalKind, TerminalState};

use crate::App;
use crate::error::{ApiError, Code};
use crate::host::unanswered;
use crate::shelf::{Found, Framed};

/// A piece of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The offset of the first byte.
    pub(crate) from: u64,
    /// The bytes.
    pub(crate) bytes: Bytes,
    /// Bytes there are in all, so far.
    pub(crate) end: u64,
    /// Whether more will come.
    pub(crate) ended: bool,
    /// What others make of the same bytes.
    pub(crate) framed: Framed,
}

/// Whether there is anything to read, and whether more will come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It has not begun, and nobody was asked to begin it.
    Waiting,
    /// Its host was asked to begin it.
    Asked,
    /// It runs.
    Running,
    /// It is over.
    Over,
    /// It never began.
    Never,
}

/// The output of one terminal: where it is, and how far it has come.
#[derive(Debug, Clone)]
pub(crate) struct Tape {
    pub(crate) terminal: TerminalId,
    pub(crate) host: String,
    pub(crate) stage: Stage,
    /// Bytes in all, of one that is over, as far as is known.
    pub(crate) bytes: Option<u64>,
    /// How it ended.
    pub(crate) exit: Option<Exit>,
}

impl Tape {
    /// That of a terminal, by its own row; or by its command's, which is there before the terminal is.
    pub(crate) async fn of(app: &App, terminal: TerminalId) -> Result<Self, ApiError> {
        if let Some(row) = app.store.find_terminal(terminal).await?
            && row.kind == TerminalKind::Owner
        {
            let stage = match row.state {
                TerminalState::Opening => Stage::Asked,
                TerminalState::Running => Stage::Running,
                TerminalState::Ended | TerminalState::Lost => Stage::Over,
                TerminalState::Refused => Stage::Never,
            };
            let bytes = (row.bytes > 0).then_some(row.bytes);
            return Ok(Self { terminal, host: row.host, stage, bytes, exit: row.exit });
        }
        let exec = app.store.exec_of_terminal(terminal).await?;
        let stage = match exec.state {
            ExecState::Proposed | ExecState::Preparing | ExecState::WaitingApproval => Stage::Waiting,
            ExecState::Approved => Stage::Asked,
            ExecState::Running => Stage::Running,
            ExecState::Ended | ExecState::Unknown => Stage::Over,
            ExecState::Denied | ExecState::Refused | ExecState::Cancelled => Stage::Never,
        };
        Ok(Self { terminal, host: exec.host, stage, bytes: exec.output_bytes, exit: exec.exit })
    }

    /// At most `limit` bytes, from the offset `from`.
    pub(crate) async fn read(
        &self,
        app: &App,
        from: u64,
        limit: u32,
        patience: Duration,
    ) -> Result<Piece, ApiError> {
        let nothing =
            |ended| Piece { from: 0, bytes: Bytes::new(), end: 0, ended, framed: Framed::default() };
        match self.stage {
            Stage::Waiting => return Ok(nothing(false)),
            Stage::Never => return Ok(nothing(true)),
            Stage::Asked | Stage::Running | Stage::Over => {}
        }
        match app.shelf.read(self.terminal, from, limit, Instant::now()) {
            Ok(Some(found)) => {
                let ended = self.stage == Stage::Over;
                let Found { from, bytes, end, framed } = found;
                return Ok(Piece { from, bytes, end, ended, framed });
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "a recording can't be read here; its host is asked"),
        }
        let call = ShellCall::ReadOutput { terminal: self.terminal, from, limit };
        app.worth_asking(&self.host).map_err(|error| unanswered(&self.host, error))?;
        let answer = app.bus.call(&self.host, &call, patience).await;
        match answer.map_err(|error| unanswered(&self.host, error))? {
            ShellAnswer::Output { from, base64, end, ended } => {
                let bytes = STANDARD.decode(base64).map_err(ApiError::internal)?;
                Ok(Piece { from, bytes: bytes.into(), end, ended, framed: Framed::default() })
            }
            // It has not started yet: there is nothing to read.
            ShellAnswer::NotFound if self.stage == Stage::Asked => Ok(nothing(false)),
            ShellAnswer::NotFound => Err(ApiError::not_found("recording")),
            ShellAnswer::Failed { detail } => {
                Err(ApiError::new(Code::ShellUnavailable, format!("The recording can't be read: {detail}.")))
            }
            _ => Err(ApiError::internal("shell-worker answered something else")),
        }
    }
}
