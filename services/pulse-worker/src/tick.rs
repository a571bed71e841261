//! The heartbeat: claimed once per planned instant, written down. It asks no model yet to wake.

use metatron_domain::clock::Instant;
use metatron_store::Error;
use metatron_store::job::Claim;

use crate::desk::Desk;
use crate::work::Done;

/// Carries one heartbeat; its subject is the planned instant in milliseconds.
pub(crate) async fn carry(desk: &Desk, subject: &str, claim: &Claim) -> Result<Done, Error> {
    let now = desk.now();
    let mut tx = desk.store.begin().await?;
    if let Ok(ms) = subject.parse::<i64>() {
        let instant = Instant::from_millis(ms);
        tx.claim_tick(instant, &desk.instance, now).await?;
        tx.end_tick(instant, "nothing to do", now).await?;
    }
    tx.finish(claim, now).await?;
    desk.commit(tx).await?;
    Ok(Done::Finished)
}
