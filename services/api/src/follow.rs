//! Following the facts from a number on: first from `SQLite`, then as they happen, with none missing and none twice.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::response::sse::Event as SseEvent;
use metatron_domain::event::{Event, EventKind};
use metatron_store::Error;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::App;

/// Facts of one read.
const PAGE: u32 = 200;

/// What a follower is told.
#[derive(Debug, Clone)]
pub(crate) enum Told {
    /// A fact.
    Fact(Arc<Event>),
    /// These facts are not kept any more: what is shown must be fetched again.
    Gap {
        /// The first missing one.
        from: i64,
        /// The last missing one.
        to: i64,
    },
}

impl Told {
    /// Whether somebody's right to be here may have changed.
    pub(crate) fn changes_rights(&self) -> bool {
        matches!(self, Self::Fact(event) if matches!(event.kind, EventKind::SessionClosed | EventKind::TokenChanged))
    }

    /// As a line of server-sent events.
    pub(crate) fn to_sse(&self) -> SseEvent {
        match self {
            Self::Fact(event) => SseEvent::default()
                .id(event.eid.to_string())
                .event(event.kind.as_str())
                .data(serde_json::to_string(event.as_ref()).unwrap_or_default()),
            Self::Gap { from, to } => SseEvent::default()
                .id(to.to_string())
                .event("gap")
                .data(serde_json::json!({ "from": from, "to": to }).to_string()),
        }
    }
}

/// One follower's place among the facts.
pub(crate) struct Facts {
    app: App,
    live: broadcast::Receiver<Arc<Event>>,
    /// The last one told.
    position: i64,
    ready: VecDeque<Told>,
    /// There are facts that have to be read.
    behind: bool,
}

impl Facts {
    /// Follows the facts after `after`; from now on when absent.
    pub(crate) async fn from(app: &App, after: Option<i64>) -> Result<Self, Error> {
        // Watching begins before the range is read, so that nothing falls between.
        let live = app.feed.watch();
        let (first, last) = app.store.event_range().await?;
        let mut ready = VecDeque::new();
        // A number from the future is of another life of this database: begin anew.
        let mut position = after.unwrap_or(last).clamp(0, last);
        if position + 1 < first {
            ready.push_back(Told::Gap { from: position + 1, to: first - 1 });
            position = first - 1;
        }
        Ok(Self { app: app.clone(), live, position, ready, behind: position < last })
    }

    /// The last fact told.
    pub(crate) fn position(&self) -> i64 {
        self.position
    }

    /// The next one; `None` when this process ends. Dropping it half-way loses nothing.
    pub(crate) async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some(told) = self.ready.pop_front() {
                if let Told::Fact(event) = &told {
                    self.position = event.eid;
                }
                return Some(told);
            }
            if self.behind {
                match self.app.store.events_after(self.position, PAGE).await {
                    Ok(events) => {
                        self.behind = events.len() == PAGE as usize;
                        self.ready.extend(events.into_iter().map(|event| Told::Fact(Arc::new(event))));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the facts can't be read");
                        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                    }
                }
                continue;
            }
            match self.live.recv().await {
                Ok(event) if event.eid <= self.position => {}
                Ok(event) if event.eid == self.position + 1 => self.ready.push_back(Told::Fact(event)),
                // Something between was told before we watched, or was too much for us: read it.
                Ok(_) | Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
