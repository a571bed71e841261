//! Asking a shell host about undo and snapshots, ordering what changes anything under its link key, and following each undo
//! until it has ended.

use std::time::Duration;

use futures::future::join_all;
use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::id::{SnapshotId, UndoId};
use metatron_domain::undo::UndoOf;
use metatron_domain::undo::message::{SNAPSHOT, SnapshotOrder, Take, UNDO, UndoAnswer, UndoCall, UndoOrder};
use metatron_store::undo::{Undo, UndoEnd};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::host::{SLOW, unanswered};

/// How long an order is worth anything.
const ORDER: Duration = Duration::from_mins(1);
/// How long a host that does not answer is left alone.
const PAUSE: Duration = Duration::from_secs(5);
/// How long a comparison of a whole workspace may take.
const LOOKING: Duration = Duration::from_mins(1);
/// How long a snapshot may take while somebody waits for it.
const SNAPPING: Duration = Duration::from_mins(5);

/// Follows each undo that runs until it has ended, until `shutdown`. Where none runs it does nothing at all.
pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    loop {
        let followed = tokio::select! {
            followed = follow(&app) => followed,
            () = shutdown.cancelled() => return,
        };
        let pause = match followed {
            Ok(Next::Quiet) => {
                tokio::select! {
                    () = app.undone.notified() => continue,
                    () = shutdown.cancelled() => return,
                }
            }
            Ok(Next::Again) => Duration::from_millis(100),
            Ok(Next::Later) => PAUSE,
            Err(error) => {
                tracing::warn!(?error, "the undos that run could not be followed");
                PAUSE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.undone.notified() => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// When to look again.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Quiet,
    Later,
    Again,
}

async fn follow(app: &App) -> Answer<Next> {
    let running = app.store.running_undos().await?;
    let mut next = Next::Quiet;
    for asked in join_all(running.iter().map(|undo| stand(app, undo))).await {
        next = next.max(asked?);
    }
    Ok(next)
}

async fn stand(app: &App, undo: &Undo) -> Answer<Next> {
    let late = app.now() >= undo.created_at.after(ORDER);
    let end = match app.call_undo(&undo.host, UndoCall::Wait { undo: undo.id }, SLOW).await {
        Ok(UndoAnswer::Works) => return Ok(Next::Again),
        Ok(UndoAnswer::Done { undone }) => UndoEnd::Done(undone),
        Ok(UndoAnswer::Cut) => UndoEnd::Cut,
        // By now its order is too old for anybody to follow.
        Ok(UndoAnswer::NotFound) if late => {
            UndoEnd::Refused("Its shell host has not heard of it.".to_owned())
        }
        Ok(_) | Err(_) => return Ok(Next::Later),
    };
    app.end_undo(undo.id, &end).await?;
    Ok(Next::Quiet)
}

/// A refusal for an answer that does not do what was asked.
pub(crate) fn not_done(answer: UndoAnswer) -> ApiError {
    match answer {
        UndoAnswer::NotFound => ApiError::new(
            Code::UndoGone,
            "Nothing is kept of it any more: its days are over, or the room was needed.",
        ),
        UndoAnswer::Refused { code, detail } => {
            let code = if code == "changed" { Code::ChangedMeanwhile } else { Code::Conflict };
            ApiError::new(code, sentence(&detail))
        }
        _ => ApiError::internal("shell-worker answered something else"),
    }
}

fn sentence(detail: &str) -> String {
    let mut letters = detail.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

impl App {
    async fn call_undo(
        &self,
        host: &str,
        call: UndoCall,
        patience: Duration,
    ) -> Result<UndoAnswer, metatron_bus::Error> {
        self.worth_asking(host)?;
        let answer = self.bus.call(host, &ShellCall::Undo { call: Box::new(call) }, patience).await;
        self.heard(host, answer.is_ok());
        Ok(match answer? {
            ShellAnswer::Undo { answer } => *answer,
            ShellAnswer::Failed { detail } => UndoAnswer::Refused { code: "failed".to_owned(), detail },
            _ => UndoAnswer::NotFound,
        })
    }

    /// Asks a shell host about undo or snapshots.
    pub(crate) async fn ask_undo(&self, host: &str, call: UndoCall) -> Answer<UndoAnswer> {
        self.link_of(host)?;
        self.call_undo(host, call, LOOKING).await.map_err(|error| unanswered(host, error))
    }

    fn sealed(&self, host: &str, purpose: &str, subject: &str, order: &impl Serialize) -> Answer<String> {
        let text = serde_json::to_vec(order).map_err(ApiError::internal)?;
        self.link_of(host)?.seal(purpose, subject, 0, &text).map_err(ApiError::internal)
    }

    /// Orders an undo whose row is there. Where the host stays silent the row stays as it is: [`run`] finds out.
    pub(crate) async fn order_undo(
        &self,
        undo: UndoId,
        host: &str,
        of: UndoOf,
        digest: String,
        take: Take,
    ) -> Answer<()> {
        let order = UndoOrder { undo, of, digest, take, expires_at: self.now().after(ORDER) };
        let sealed = self.sealed(host, UNDO, &undo.to_string(), &order)?;
        match self.call_undo(host, UndoCall::Begin { undo, sealed }, SLOW).await {
            Ok(UndoAnswer::Works | UndoAnswer::Done { .. } | UndoAnswer::Cut)
            | Err(metatron_bus::Error::Timeout) => {
                self.undone.notify_one();
                Ok(())
            }
            Ok(answer) => {
                let refusal = not_done(answer);
                self.end_undo(undo, &UndoEnd::Refused(refusal.detail().to_owned())).await?;
                Err(refusal)
            }
            Err(error) => {
                let refusal = unanswered(host, error);
                self.end_undo(undo, &UndoEnd::Refused(refusal.detail().to_owned())).await?;
                Err(refusal)
            }
        }
    }

    async fn end_undo(&self, undo: UndoId, end: &UndoEnd) -> Answer<()> {
        let mut tx = self.store.begin().await?;
        tx.end_undo(undo, end, self.now()).await?;
        self.commit(tx).await?;
        Ok(())
    }

    /// Orders a snapshot, and waits until it is made.
    pub(crate) async fn order_snapshot(&self, host: &str) -> Answer<UndoAnswer> {
        let snapshot = SnapshotId::new();
        let order = SnapshotOrder { snapshot, expires_at: self.now().after(ORDER) };
        let sealed = self.sealed(host, SNAPSHOT, &snapshot.to_string(), &order)?;
        let call = UndoCall::Snap { snapshot, sealed };
        self.call_undo(host, call, SNAPPING).await.map_err(|error| unanswered(host, error))
    }
}
