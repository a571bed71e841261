//! What is due: questions that nobody answered in time or heard of, planned tasks, the heartbeat, and what is old enough to forget.

use std::time::Duration;

use metatron_domain::clock::Instant;
use metatron_process::crash::{self, Point};
use metatron_store::Error;
use tokio_util::sync::CancellationToken;

use crate::{Desk, task};

/// The longest sleep: a wall clock that was set, or a question asked meanwhile, is noticed after it.
const LONGEST: Duration = Duration::from_secs(2);
/// How long facts and ended jobs are kept.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// How often old rows are looked for.
const PRUNE: Duration = Duration::from_hours(1);
/// Rows forgotten in one commit, so that no writer waits long.
const BATCH: u32 = 500;

/// Keeps time until `shutdown`.
pub(crate) async fn keep(desk: &Desk, heartbeat: Option<Duration>, shutdown: CancellationToken) {
    let mut pruned: Option<tokio::time::Instant> = None;
    loop {
        if let Err(error) = due(desk, heartbeat).await {
            tracing::error!(%error, "what is due has to wait");
        }
        if pruned.is_none_or(|at| at.elapsed() >= PRUNE) {
            pruned = Some(tokio::time::Instant::now());
            if let Err(error) = prune(desk).await {
                tracing::warn!(%error, "old rows are kept for now");
            }
        }
        let pause = next_pause(desk).await;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

async fn next_pause(desk: &Desk) -> Duration {
    let now = desk.clock.now();
    let expiry = desk.store.next_expiry().await.ok().flatten();
    let task = desk.store.next_task(now).await.ok().flatten();
    let next = expiry.into_iter().chain(task).min();
    next.map_or(LONGEST, |at| at.since(now).clamp(Duration::from_millis(50), LONGEST))
}

async fn due(desk: &Desk, heartbeat: Option<Duration>) -> Result<(), Error> {
    let now = desk.clock.now();
    if desk.store.next_expiry().await?.is_some_and(|at| at <= now) {
        let mut tx = desk.store.begin().await?;
        let ended = tx.expire_approvals(now).await?;
        let committed = tx.commit().await?;
        crash::point(Point::SchedulerExpired);
        desk.announce(committed).await?;
        tracing::info!(ended, "questions expired without an answer");
    }
    unheard(desk, now).await?;
    task::due(desk, now).await?;
    // What is stopped has no heartbeat either.
    if let Some(period) = heartbeat
        && desk.store.halted().await?.is_none()
    {
        let instant = planned(now, period);
        if desk.store.last_tick().await?.is_none_or(|last| last < instant) {
            let mut tx = desk.store.begin().await?;
            tx.plan_tick(instant, now).await?;
            desk.commit(tx).await?;
        }
    }
    Ok(())
}

/// Ends runs whose questions reached no device while no page of the owner is open. While Redis can't tell, somebody may be
/// looking.
async fn unheard(desk: &Desk, now: Instant) -> Result<(), Error> {
    if !desk.store.is_unheard().await? || desk.bus.is_watched().await.unwrap_or(true) {
        return Ok(());
    }
    let mut tx = desk.store.begin().await?;
    let ended = tx.end_unheard(now).await?;
    desk.commit(tx).await?;
    tracing::info!(ended, "runs ended, since their questions reached no device");
    Ok(())
}

/// The newest instant of a period that is not in the future: the same for whoever asks, so that it is claimed once.
fn planned(now: Instant, period: Duration) -> Instant {
    let period = i64::try_from(period.as_millis()).unwrap_or(i64::MAX).max(1);
    Instant::from_millis(now.as_millis().div_euclid(period).saturating_mul(period))
}

async fn prune(desk: &Desk) -> Result<(), Error> {
    let kept = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
    let before = Instant::from_millis(desk.clock.now().as_millis().saturating_sub(kept));
    while desk.store.prune_events(before, BATCH).await? > 0 {}
    while desk.store.prune_jobs(before, BATCH).await? > 0 {}
    while desk.store.prune_pushes(before, BATCH).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_plans_the_same_instant() {
        let period = Duration::from_mins(1);
        let a = planned(Instant::from_millis(60_000), period);
        let b = planned(Instant::from_millis(119_999), period);
        assert_eq!(a, b);
        assert_eq!(planned(Instant::from_millis(120_000), period), Instant::from_millis(120_000));
    }
}
