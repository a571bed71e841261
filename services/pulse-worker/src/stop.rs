//! Hears the owner's stop while a model streams, and that shell hosts were registered or revoked. At the boundaries of a
//! turn the row itself is read.

use std::sync::Arc;

use futures::StreamExt;
use metatron_bus::events::Tail;
use metatron_domain::event::EventKind;
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;

/// Listens until `shutdown`.
pub(crate) async fn listen(desk: Arc<Desk>, shutdown: CancellationToken) {
    let mut tail = desk.bus.tail_events();
    loop {
        let next = tokio::select! {
            next = tail.next() => next,
            () = shutdown.cancelled() => return,
        };
        match next {
            Some(Tail::Event(event)) if event.kind == EventKind::RunStopping => {
                event.run_id.into_iter().for_each(|run| desk.stop(run));
            }
            Some(Tail::Event(event)) if event.kind == EventKind::HostChanged => desk.look_at_hosts(),
            Some(Tail::Event(_)) => {}
            // A stop may have been missed: the rows know.
            Some(Tail::Reconnected | Tail::Idle) => {
                desk.look_at_hosts();
                for run in desk.runs_at_work() {
                    if desk.store.run(run).await.is_ok_and(|run| run.stop_requested) {
                        desk.stop(run);
                    }
                }
            }
            None => return,
        }
    }
}
