//! Planned tasks whose time has come: each begins once, or is written down as missed.

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::task::Due;
use metatron_store::Error;
use metatron_store::task::{Beginning, Task};

use crate::Desk;

/// Tasks looked at together; the next look is soon.
const PAGE: u32 = 200;

/// Why a task was missed, as far as anybody knows.
const MISSED: &str =
    "Its time passed while this machine was off, everything was stopped, or its conversation was busy.";

/// Begins what is due at `now`. A task that can't begin is tried again at the next look, until it is too late for it; one
/// that fails holds up no other.
pub(crate) async fn due(desk: &Desk, now: Instant) -> Result<(), Error> {
    for task in desk.store.tasks_planned(Some(now), PAGE).await? {
        match begin(desk, &task, now).await {
            // It began, ended or was deleted meanwhile.
            Ok(()) | Err(Error::Refused(_) | Error::NotFound(_)) => {}
            Err(error) => {
                tracing::error!(task.id = %task.id, %error, "a planned task has to wait");
            }
        }
    }
    Ok(())
}

async fn begin(desk: &Desk, task: &Task, now: Instant) -> Result<(), Error> {
    let mut tx = desk.store.begin().await?;
    if task.due(now) == Due::Late {
        tx.drop_task(task.id, true, MISSED, &Actor::Schedule, now).await?;
        tracing::warn!(task.id = %task.id, at = %task.at, "a planned task was missed");
    } else {
        match tx.begin_task(task.id, &desk.instance, &Actor::Schedule, now).await {
            Ok(Beginning::Begun(run)) => {
                tracing::info!(task.id = %task.id, run.id = %run, "a planned task begins");
            }
            // Later, until it is too late for it.
            Ok(Beginning::Busy) | Err(Error::Halted) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    desk.commit(tx).await
}
