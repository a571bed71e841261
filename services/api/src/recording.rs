//! Asking a shell host for bytes of a recording: for a client that comes late, and for holes in what flows live.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::exec::ExecState;
use metatron_store::exec::Exec;

use crate::App;
use crate::error::{ApiError, Code};

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
}

/// Whether the command has not started, and whether it never will.
fn unstarted(exec: &Exec) -> Option<bool> {
    match exec.state {
        ExecState::Proposed | ExecState::Preparing | ExecState::WaitingApproval => Some(false),
        ExecState::Denied | ExecState::Refused | ExecState::Cancelled => Some(true),
        ExecState::Approved | ExecState::Running | ExecState::Ended | ExecState::Unknown => None,
    }
}

/// At most `limit` bytes of the output of `exec`, from the offset `from`.
pub(crate) async fn read(
    app: &App,
    exec: &Exec,
    from: u64,
    limit: u32,
    patience: Duration,
) -> Result<Piece, ApiError> {
    if let Some(ended) = unstarted(exec) {
        return Ok(Piece { from: 0, bytes: Bytes::new(), end: 0, ended });
    }
    let call = ShellCall::ReadOutput { terminal: exec.terminal, from, limit };
    let away = |detail: String| ApiError::new(Code::ShellUnavailable, detail);
    let answer = app.bus.call(&exec.host, &call, patience).await.map_err(|error| match error {
        metatron_bus::Error::Timeout | metatron_bus::Error::Unavailable(_) => {
            away(format!("The shell service of host {} does not answer. Try again in a moment.", exec.host))
        }
        other => ApiError::internal(other),
    })?;
    match answer {
        ShellAnswer::Output { from, base64, end, ended } => {
            let bytes = STANDARD.decode(base64).map_err(ApiError::internal)?;
            Ok(Piece { from, bytes: bytes.into(), end, ended })
        }
        // Allowed, but not started yet: there is nothing to read.
        ShellAnswer::NotFound if exec.state == ExecState::Approved => {
            Ok(Piece { from: 0, bytes: Bytes::new(), end: 0, ended: false })
        }
        ShellAnswer::NotFound => Err(ApiError::not_found("recording")),
        ShellAnswer::Failed { detail } => Err(away(format!("The recording can't be read: {detail}."))),
        _ => Err(ApiError::internal("shell-worker answered something else")),
    }
}
