//! Live questions: output of a recording, its text, stop, who are you. Answered at once; owes nothing to anybody.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use metatron_domain::audit::{HEAD, KeptHead};
use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::host::Claimed;
use metatron_domain::id::TerminalId;

use crate::recover::lines;
use crate::session::Stop;
use crate::shell::Shell;
use crate::terminal;

/// Bytes of a recording in one answer, at most.
const MOST_BYTES: u32 = 1024 * 1024;
/// Lines of text in one answer, at most.
const MOST_LINES: u32 = 2_000;
/// Commands of the journal in one answer, at most.
const MOST_BEGUN: u32 = 1_000;
/// Heads of the audit in one answer, at most: more than a day's.
const MOST_HEADS: usize = 512;
/// Bytes of text in one answer, at most.
const MOST_TEXT: usize = 64 * 1024;

/// Answers one question.
pub async fn answer(shell: Arc<Shell>, call: ShellCall) -> ShellAnswer {
    match call {
        ShellCall::Stop { exec, by_run } => {
            let why = if by_run { Stop::Run } else { Stop::Owner };
            // A stop that is not on the disk would be forgotten by the next shell-worker.
            match shell.stop(exec, why).await {
                Ok(_) => ShellAnswer::Stopped,
                Err(error) => {
                    ShellAnswer::Failed { detail: format!("the stop can't be journalled: {error}") }
                }
            }
        }
        ShellCall::Describe => {
            let premises = shell.parts().guard.premises();
            ShellAnswer::Description {
                user: premises.around.account.name.clone(),
                separated: premises.around.account.separated,
                workspace: premises.workspace.to_string_lossy().into_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            }
        }
        ShellCall::Book { version, sealed } => {
            match tokio::task::spawn_blocking(move || shell.take_book(version, &sealed)).await {
                Ok(Ok(version)) => ShellAnswer::Book { version },
                Ok(Err(error)) => ShellAnswer::Failed { detail: error.to_string() },
                Err(_) => ShellAnswer::Failed { detail: "the shell worker is going down".to_owned() },
            }
        }
        ShellCall::Terminal { call } => {
            ShellAnswer::Terminal { answer: terminal::answer(shell, *call).await }
        }
        ShellCall::Undo { call } => {
            ShellAnswer::Undo { answer: Box::new(crate::undo::answer(shell, *call).await) }
        }
        ShellCall::KeepHead { count, sealed } => {
            blocking(move || Ok(Some(keep(&shell, count, &sealed)))).await
        }
        ShellCall::Witness { after, limit } => {
            blocking(move || {
                let (begun, more) = shell.parts().journal.begun(after, limit.min(MOST_BEGUN))?;
                let heads = if after.is_none() { shell.parts().journal.heads(MOST_HEADS) } else { vec![] };
                Ok(Some(ShellAnswer::Witness { begun, more, heads }))
            })
            .await
        }
        ShellCall::ReadOutput { terminal, from, limit } => {
            blocking(move || output(&shell, terminal, from, limit)).await
        }
        ShellCall::ReadText { terminal, from_line, lines } => {
            blocking(move || text(&shell, terminal, from_line, lines)).await
        }
    }
}

async fn blocking(
    read: impl FnOnce() -> std::io::Result<Option<ShellAnswer>> + Send + 'static,
) -> ShellAnswer {
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(Some(answer))) => answer,
        Ok(Ok(None)) => ShellAnswer::NotFound,
        Ok(Err(error)) => ShellAnswer::Failed { detail: format!("the recording can't be read: {error}") },
        Err(_) => ShellAnswer::Failed { detail: "the shell worker is going down".to_owned() },
    }
}

/// Keeps the audit's head, if api sealed it: nobody else tells this host what to bear witness of.
fn keep(shell: &Shell, count: u64, sealed: &str) -> ShellAnswer {
    let failed = |detail: String| ShellAnswer::Failed { detail };
    let opened = shell.parts().link.open(HEAD, &shell.parts().guard.premises().around.host, count, sealed);
    let kept = opened.ok().and_then(|text| serde_json::from_slice::<KeptHead>(&text).ok());
    let Some(kept) = kept else {
        shell.parts().alarms.forged(Claimed::Head, shell.parts().clock.now());
        return failed("the seal does not hold".to_owned());
    };
    match shell.parts().journal.keep_head(kept) {
        Ok(()) => ShellAnswer::Kept,
        Err(error) => failed(format!("the head can't be journalled: {error}")),
    }
}

fn output(
    shell: &Shell,
    terminal: TerminalId,
    from: u64,
    limit: u32,
) -> std::io::Result<Option<ShellAnswer>> {
    // Asked before the bytes are read: what has ended by now has all its bytes in the recording.
    let ended = shell.session(terminal).is_none();
    let from = from.max(shell.parts().recordings.first(terminal)?);
    let read = shell.parts().recordings.read(terminal, from, limit.min(MOST_BYTES))?;
    Ok(read.map(|(bytes, end)| ShellAnswer::Output { from, base64: STANDARD.encode(bytes), end, ended }))
}

fn text(shell: &Shell, terminal: TerminalId, from: u64, count: u32) -> std::io::Result<Option<ShellAnswer>> {
    let count = u64::from(count.min(MOST_LINES));
    let read = lines(&shell.parts().recordings, terminal, from, count, MOST_TEXT)?;
    Ok(read.map(|(text, lines)| ShellAnswer::Text { text, lines }))
}
