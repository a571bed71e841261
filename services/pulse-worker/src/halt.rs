//! Hears that everything is stopped, and ends what is at work at the shell hosts: all at once, whatever the queues and the
//! slots of runs are busy with. What api, which does the same for the one who asked, did not come to is ended here.

use std::sync::Arc;

use futures::StreamExt;
use futures::future::join_all;
use metatron_bus::events::Tail;
use metatron_domain::event::EventKind;
use metatron_store::Error;
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::report;

/// Listens until `shutdown`.
pub(crate) async fn listen(desk: Arc<Desk>, shutdown: CancellationToken) {
    let mut tail = desk.bus.tail_events();
    loop {
        let next = tokio::select! {
            next = tail.next() => next,
            () = shutdown.cancelled() => return,
        };
        let swept = match next {
            Some(Tail::Event(event)) if event.kind == EventKind::HaltChanged => end_all(&desk).await,
            Some(Tail::Event(_)) => Ok(()),
            // It may have been missed: the row knows.
            Some(Tail::Reconnected | Tail::Idle) => end_all(&desk).await,
            None => return,
        };
        if let Err(error) = swept {
            tracing::error!(%error, "what is at work can't be ended now; it is tried again");
        }
    }
}

/// Ends what was asked for before everything was stopped, if it is. What the owner's own chat began since goes on.
async fn end_all(desk: &Desk) -> Result<(), Error> {
    let Some(since) = desk.store.halted().await? else { return Ok(()) };
    let at_work = desk.store.execs_at_work(None, since).await?;
    join_all(at_work.iter().map(|(host, exec)| report::stop(desk, host, *exec, false))).await;
    Ok(())
}
