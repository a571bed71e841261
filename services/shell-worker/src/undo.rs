//! Questions about undo and snapshots, and what the owner orders of them. What changes anything is sealed by api, expires,
//! and begins once.

use std::sync::Arc;
use std::time::Duration;

use metatron_bus::seal::LinkKey;
use metatron_domain::clock::Instant;
use metatron_domain::host::Claimed;
use metatron_domain::id::{SnapshotId, UndoId};
use metatron_domain::undo::Unkept;
use metatron_domain::undo::message::{SNAPSHOT, SnapshotOrder, UNDO, UndoAnswer, UndoCall, UndoOrder};
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use crate::journal::{JournalError, UndoKnown};
use crate::keep::NoUndo;
use crate::shell::Shell;

/// How long the answer to a wait waits.
const WAITING: Duration = Duration::from_secs(2);

fn refused(code: &str, detail: impl Into<String>) -> UndoAnswer {
    UndoAnswer::Refused { code: code.to_owned(), detail: detail.into() }
}

/// Why something can't be kept or looked at, for the owner.
fn too_much(why: Unkept) -> UndoAnswer {
    let (code, detail) = match why {
        Unkept::TooBig => ("too_big", "there is more to read than one look may take"),
        Unkept::TooMany => ("too_many", "there are more files than one look may take"),
        Unkept::TooSlow => ("too_slow", "the disk is too slow for it now"),
        Unkept::NoRoom => ("no_room", "the quota or the disk has no room for it"),
        Unkept::Off => ("off", "nothing is kept: METATRON_KEEP_GB is 0"),
        Unkept::Elsewhere | Unkept::Unknown | Unkept::Failed => ("failed", "it could not be read or written"),
    };
    refused(code, detail)
}

fn no_undo(why: NoUndo) -> UndoAnswer {
    match why {
        NoUndo::Gone => UndoAnswer::NotFound,
        NoUndo::TooMuch(why) => too_much(why),
        NoUndo::Busy => refused("busy", "something else is being brought back"),
        NoUndo::Changed => refused("changed", "the files are not as they were shown: look once more"),
    }
}

/// Answers one question.
pub async fn answer(shell: Arc<Shell>, call: UndoCall) -> UndoAnswer {
    if let UndoCall::Wait { undo } = call {
        return shell.undo_stands(undo).await;
    }
    let answered = tokio::task::spawn_blocking(move || {
        let keeper = &shell.parts().keeper;
        match call {
            UndoCall::Look { of } => {
                keeper.look(&of).map_or_else(no_undo, |preview| UndoAnswer::Preview { preview })
            }
            UndoCall::Begin { undo, sealed } => shell.undo(undo, &sealed),
            UndoCall::Snapshots => UndoAnswer::Snapshots { shelf: keeper.shelf() },
            UndoCall::Browse { snapshot, path } => match keeper.browse(snapshot, &path) {
                Some((names, more)) => UndoAnswer::Folder { names, more },
                None => UndoAnswer::NotFound,
            },
            UndoCall::Snap { snapshot, sealed } => shell.snap(snapshot, &sealed),
            UndoCall::Wait { .. } => UndoAnswer::NotFound,
        }
    });
    answered.await.unwrap_or_else(|_| refused("failed", "the shell worker is going down"))
}

/// What api sealed for this purpose and subject.
fn open<T: DeserializeOwned>(link: &LinkKey, purpose: &str, subject: &str, sealed: &str) -> Option<T> {
    let text = link.open(purpose, subject, 0, sealed).ok()?;
    serde_json::from_slice(&text).ok()
}

fn known(known: UndoKnown) -> UndoAnswer {
    match known {
        UndoKnown::Begun => UndoAnswer::Works,
        UndoKnown::Done(undone) => UndoAnswer::Done { undone },
        UndoKnown::Cut => UndoAnswer::Cut,
    }
}

impl Shell {
    fn forged(&self) -> UndoAnswer {
        self.parts().alarms.forged(Claimed::Undo, self.parts().clock.now());
        refused("seal_broken", "the seal does not hold")
    }

    /// Undoes what api sealed, if it never began before. Blocks until that is decided and on the disk.
    ///
    /// Must be called inside a tokio runtime, on a thread that may block.
    fn undo(self: &Arc<Self>, undo: UndoId, sealed: &str) -> UndoAnswer {
        let parts = self.parts();
        let order: Option<UndoOrder> = open(&parts.link, UNDO, &undo.to_string(), sealed);
        let Some(order) = order.filter(|order| order.undo == undo) else { return self.forged() };
        if let Some(before) = parts.journal.undo(undo) {
            return known(before);
        }
        if self.is_late(order.expires_at) {
            return refused("expired", "the order is too old: look once more");
        }
        let (told, begun) = std::sync::mpsc::sync_channel(1);
        let (shell, running) = (Arc::clone(self), watch::Sender::new(false));
        self.undos().insert(undo, running.subscribe());
        self.task(async move {
            let working = Arc::clone(&shell);
            let worked = tokio::task::spawn_blocking(move || {
                let parts = working.parts();
                let ready = match parts.keeper.undoing(&order.of, &order.digest) {
                    Ok(ready) => ready,
                    Err(why) => return drop(told.send(no_undo(why))),
                };
                match parts.journal.begin_undo(undo, parts.clock.now()) {
                    Ok(None) => drop(told.send(UndoAnswer::Works)),
                    Ok(Some(before)) => return drop(told.send(known(before))),
                    Err(error) => return drop(told.send(unwritable(&error))),
                }
                tracing::info!(undo.id = %undo, of = ?order.of, "an undo begins");
                let undone = ready.run(undo, &order.take);
                tracing::info!(undo.id = %undo, ?undone, "an undo ended");
                if let Err(error) = parts.journal.undone(undo, parts.clock.now(), Some(undone)) {
                    tracing::error!(%error, undo.id = %undo, "the end of an undo could not be journalled");
                }
            });
            let _ = worked.await;
            shell.undos().remove(&undo);
            running.send_replace(true);
        });
        begun.recv().unwrap_or_else(|_| refused("failed", "the shell worker is going down"))
    }

    fn is_late(&self, expires_at: Instant) -> bool {
        self.parts().clock.now() >= expires_at
    }

    /// How an undo stands, as soon as it has ended, or after a moment.
    async fn undo_stands(&self, undo: UndoId) -> UndoAnswer {
        let running = self.undos().get(&undo).cloned();
        if let Some(mut running) = running {
            let _ = tokio::time::timeout(WAITING, running.wait_for(|over| *over)).await;
        }
        let runs = self.undos().contains_key(&undo);
        let stands = self.parts().journal.undo(undo).map(known);
        stands.unwrap_or(if runs { UndoAnswer::Works } else { UndoAnswer::NotFound })
    }

    /// Makes the snapshot that api sealed. Blocks until it is made.
    fn snap(&self, snapshot: SnapshotId, sealed: &str) -> UndoAnswer {
        let parts = self.parts();
        let order: Option<SnapshotOrder> = open(&parts.link, SNAPSHOT, &snapshot.to_string(), sealed);
        let Some(order) = order.filter(|order| order.snapshot == snapshot) else { return self.forged() };
        if let Some(made) = parts.keeper.snapshots().into_iter().find(|made| made.id == snapshot) {
            return UndoAnswer::Snapped { snapshot: made };
        }
        if self.is_late(order.expires_at) {
            return refused("expired", "the order is too old");
        }
        parts.keeper.snap(snapshot).map_or_else(too_much, |snapshot| UndoAnswer::Snapped { snapshot })
    }

    /// Settles the undos of a predecessor that died: each file is whole, and nobody goes on with them.
    pub(crate) fn recover_undos(&self) -> Result<(), JournalError> {
        let parts = self.parts();
        for undo in parts.journal.open_undos() {
            tracing::warn!(undo.id = %undo, "something was being undone when the shell worker died");
            parts.keeper.mend(undo);
            parts.journal.undone(undo, parts.clock.now(), None)?;
        }
        Ok(())
    }
}

fn unwritable(error: &JournalError) -> UndoAnswer {
    refused("failed", format!("the journal can't be written: {error}"))
}
