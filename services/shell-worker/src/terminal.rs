//! Questions about terminals, and what the owner orders of them. Answered at once; only a wait takes its time.

use std::sync::Arc;
use std::time::Duration;

use metatron_domain::id::TerminalId;
use metatron_domain::terminal::message::{TerminalAnswer, TerminalCall};

use crate::drive::Denied;
use crate::recording::Recordings;
use crate::session::Session;
use crate::shell::Shell;
use crate::{cast, view, wait};

/// How long the answer to a close waits for the end.
const CLOSING: Duration = Duration::from_secs(3);
/// Bytes of a text to look for, at most.
const LONGEST: usize = 1_000;

/// A refusal as an answer.
pub fn refused(code: &str, detail: impl Into<String>) -> TerminalAnswer {
    TerminalAnswer::Refused { code: code.to_owned(), detail: detail.into() }
}

/// Answers one question.
pub async fn answer(shell: Arc<Shell>, call: TerminalCall) -> TerminalAnswer {
    match call {
        TerminalCall::Open { terminal, sealed } => {
            let opened = tokio::task::spawn_blocking(move || shell.open(terminal, &sealed)).await;
            opened.unwrap_or_else(|_| refused("start_failed", "the shell worker is going down"))
        }
        TerminalCall::Order { terminal, sequence, sealed } => {
            let Some(session) = shell.session(terminal) else { return gone(&shell, terminal) };
            match session.order(sequence, &sealed) {
                Ok(()) => status_after(&shell, &session).await,
                Err(denied) => {
                    // A later api may repeat a number that an earlier one had given.
                    if matches!(denied, Denied::SealBroken | Denied::Leapt) {
                        session.warn_of(denied);
                    }
                    deny(&session, denied)
                }
            }
        }
        TerminalCall::Type { terminal, run, sequence, sealed } => {
            let Some(session) = shell.session(terminal) else { return gone(&shell, terminal) };
            match session.type_in(shell.parts().guard.premises(), run, sequence, &sealed) {
                Ok(()) => TerminalAnswer::Status(Box::new(session.status())),
                Err(denied) => {
                    if denied == Denied::Leapt {
                        session.warn_of(denied);
                    }
                    deny(&session, denied)
                }
            }
        }
        TerminalCall::Judge { terminal, text } => {
            let Some(session) = shell.session(terminal) else { return gone(&shell, terminal) };
            let stands = status(&shell, terminal);
            match session.objection(shell.parts().guard.premises(), text.as_bytes()) {
                Some(judged) => refused(Denied::Forbidden.code(), judged.reasons.join(" ")),
                None => stands,
            }
        }
        TerminalCall::Status { terminal } => status(&shell, terminal),
        TerminalCall::Sessions => {
            let sessions = shell.sessions();
            TerminalAnswer::Sessions { sessions: sessions.iter().map(|session| session.status()).collect() }
        }
        TerminalCall::Wait { terminal, until, within_ms } => {
            let Some(session) = shell.session(terminal) else { return gone(&shell, terminal) };
            wait::wait(&shell, &session, until, within_ms).await
        }
        TerminalCall::Screen { terminal } => {
            let session = shell.session(terminal);
            read(shell, move |recordings| {
                let shot = match session {
                    Some(session) => session.screen(recordings)?,
                    None => view::last_screen(recordings, terminal)?,
                };
                Ok(shot.map(|shot| TerminalAnswer::Screen(Box::new(shot))))
            })
            .await
        }
        TerminalCall::Search { terminal, text, limit } => {
            read(shell, move |recordings| {
                let text = &text[..text.floor_char_boundary(LONGEST)];
                let found = view::search(recordings, terminal, text, limit)?;
                Ok(found.map(|(lines, more)| TerminalAnswer::Found { lines, more }))
            })
            .await
        }
        TerminalCall::Cast { terminal, from, input } => {
            read(shell, move |recordings| {
                let page = cast::page(recordings, terminal, from, input)?;
                Ok(page.map(|(text, next)| TerminalAnswer::Cast { text, next }))
            })
            .await
        }
    }
}

async fn read(
    shell: Arc<Shell>,
    read: impl FnOnce(&Recordings) -> std::io::Result<Option<TerminalAnswer>> + Send + 'static,
) -> TerminalAnswer {
    match tokio::task::spawn_blocking(move || read(&shell.parts().recordings)).await {
        Ok(Ok(answer)) => answer.unwrap_or(TerminalAnswer::NotFound),
        Ok(Err(error)) => refused("failed", format!("the recording can't be read: {error}")),
        Err(_) => refused("failed", "the shell worker is going down"),
    }
}

/// How a terminal stands, also one that has ended.
pub(crate) fn status(shell: &Shell, terminal: TerminalId) -> TerminalAnswer {
    if let Some(session) = shell.session(terminal) {
        // The program and its folder may have changed since the last look.
        session.absorb(&session.glance(Duration::ZERO));
        return TerminalAnswer::Status(Box::new(session.status()));
    }
    match shell.parts().journal.end_of(terminal) {
        Ok(Some(report)) => TerminalAnswer::Status(report.status),
        Ok(None) => gone(shell, terminal),
        Err(error) => refused("failed", format!("the journal can't be read: {error}")),
    }
}

/// The answer about a terminal that does not run.
fn gone(shell: &Shell, terminal: TerminalId) -> TerminalAnswer {
    let known = shell.parts().recordings.reader(terminal).is_ok_and(|file| file.is_some());
    if known { refused(Denied::Ended.code(), Denied::Ended.to_string()) } else { TerminalAnswer::NotFound }
}

fn deny(session: &Session, denied: Denied) -> TerminalAnswer {
    if matches!(denied, Denied::SealBroken | Denied::Replayed | Denied::Leapt) {
        tracing::warn!(terminal.id = %session.terminal, code = denied.code(), "refused what was asked of a terminal");
    }
    refused(denied.code(), denied.to_string())
}

async fn status_after(shell: &Shell, session: &Session) -> TerminalAnswer {
    if session.is_stopping() {
        // It may take longer to end than anybody waits; the report tells.
        let _ = tokio::time::timeout(CLOSING, session.over()).await;
        if let TerminalAnswer::Status(status) = status(shell, session.terminal) {
            return TerminalAnswer::Status(status);
        }
    }
    TerminalAnswer::Status(Box::new(session.status()))
}
