//! Takes deliveries of the run queue: claims the row, does the work, and says what became of it.

use std::sync::Arc;
use std::time::Duration;

use metatron_bus::queue::{Delivery, Disposition};
use metatron_domain::command::JobKind;
use metatron_domain::id::RunId;
use metatron_process::crash::{self, Point};
use metatron_store::Error;
use metatron_store::job::Claim;

use crate::desk::Desk;
use crate::{probe, push, run, tick};

/// How long a job waits after the store failed it.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// How long a stop waits after the shell host did not hear it.
const UNHEARD_PAUSE: Duration = Duration::from_secs(1);

/// What became of a claimed job.
pub(crate) enum Done {
    /// Finished, in the same commit as its outcome.
    Finished,
    /// Given back unfinished, since the process ends.
    GivenBack,
    /// To be done again: the shell host did not hear of it.
    Unheard,
    /// To be looked at again after this time; that never counts as a failure.
    Later(Duration, &'static str),
    /// It failed, and is tried again as often as its kind is.
    Failed(String),
}

/// One delivery, from claim to acknowledgement.
pub(crate) async fn handle(desk: Arc<Desk>, delivery: Delivery) -> Disposition {
    let ticket = &delivery.ticket;
    let run = (ticket.kind == JobKind::Run).then(|| ticket.subject.parse::<RunId>().ok()).flatten();
    let Some(seat) = desk.sit(ticket.id, run) else { return Disposition::Done };
    // A claim of this very process that nobody works on any more may be claimed again.
    let former = delivery.recovered_from.as_deref().unwrap_or(&desk.instance);
    let claim = match desk.store.claim(ticket.id, &desk.instance, Some(former)).await {
        Ok(Some(claim)) => claim,
        Ok(None) => return Disposition::Done,
        Err(error) => return failed(&error),
    };
    crash::point(Point::PulseClaimed);
    let outcome = match ticket.kind {
        JobKind::Run => match run {
            Some(run) => run::carry(&desk, run, &claim, &seat.stop).await,
            None => settle(&desk, &claim).await,
        },
        JobKind::Probe => probe::carry(&desk, &ticket.subject, &claim).await,
        JobKind::Tick => tick::carry(&desk, &ticket.subject, &claim).await,
        // Boxed: the types of everything that is carried are long.
        JobKind::Push => Box::pin(push::carry(&desk, &ticket.subject, &claim)).await,
        JobKind::Prepare | JobKind::Start | JobKind::Report | JobKind::Terminal | JobKind::Host => {
            settle(&desk, &claim).await
        }
    };
    match outcome {
        Ok(Done::Finished) => {
            crash::point(Point::PulseFinished);
            Disposition::Done
        }
        Ok(Done::Unheard) => {
            Disposition::Later { after: UNHEARD_PAUSE, cause: "the shell host is silent".to_owned() }
        }
        Ok(Done::Later(after, cause)) => Disposition::Later { after, cause: cause.to_owned() },
        Ok(Done::Failed(cause)) => Disposition::Retry { cause },
        Ok(Done::GivenBack) => {
            // Another process takes it at once; this one reads no more.
            match desk.store.put_back(&claim, desk.now(), "the worker was stopped").await {
                Ok(()) => Disposition::Later { after: Duration::ZERO, cause: "worker stopped".to_owned() },
                Err(_) => Disposition::Keep,
            }
        }
        Err(error) => {
            let disposition = failed(&error);
            if disposition == Disposition::Done {
                // Nothing is left to do under this claim. Where another worker has the job by now, this is refused too.
                let _ = settle(&desk, &claim).await;
            }
            disposition
        }
    }
}

/// Ends a job that asks for nothing this queue knows.
async fn settle(desk: &Desk, claim: &Claim) -> Result<Done, Error> {
    desk.store.finish(claim, desk.now()).await?;
    Ok(Done::Finished)
}

/// What a store's error means for a delivery.
pub(crate) fn failed(error: &Error) -> Disposition {
    match error {
        // Another worker took it over, or there is nothing to do any more: our late write was refused.
        Error::Conflict(_) | Error::NotFound(_) | Error::Refused(_) | Error::Halted => {
            tracing::info!(%error, "a delivery is dropped");
            Disposition::Done
        }
        other => {
            tracing::error!(error = %other, "a delivery is tried again");
            Disposition::Later { after: STORE_PAUSE, cause: "store failed".to_owned() }
        }
    }
}
