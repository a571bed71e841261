//! Compares owed rows with what Redis carries, in bounded passes. Redis may be emptied at any moment: a missing
//! generation key tells, and every owed row is carried again, once. Otherwise only rows whose entry is gone, and rows
//! held by a worker that was seen dead, are carried again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use metatron_bus::lease::Observer;
use metatron_bus::queue::EntryId;
use metatron_domain::command::{Owed, Priority, Queue};
use metatron_domain::id::JobId;
use metatron_process::crash::{self, Point};
use metatron_store::job::OwedRow;
use tokio_util::sync::CancellationToken;

use crate::Desk;

/// Rows looked at in one pass.
const PASS: u32 = 500;
/// A row younger than this may still be on its way from the commit to its queue.
const GRACE: Duration = Duration::from_secs(2);

/// Keeps what it saw of workers between passes.
pub(crate) struct Reconciler {
    desk: Arc<Desk>,
    observer: Observer,
    /// The last dead letter that was seen.
    buried: Option<EntryId>,
}

impl Reconciler {
    /// A reconciler that takes a worker for dead after one `lease` without a sign.
    pub(crate) fn new(desk: Arc<Desk>, lease: Duration) -> Self {
        Self { desk, observer: Observer::new(lease), buried: None }
    }

    /// Compares at once and then every `pause`, until `shutdown`.
    pub(crate) async fn keep(&mut self, pause: Duration, shutdown: CancellationToken) {
        loop {
            match self.compare().await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "owed work was carried again"),
                Err(error) => tracing::warn!(error = format!("{error:#}"), "owed work can't be compared now"),
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// One comparison of everything owed. Returns how many rows were carried again.
    async fn compare(&mut self) -> anyhow::Result<usize> {
        let bus = self.desk.bus.clone();
        self.bury().await?;
        self.repeat_wishes().await?;
        let emptied = bus.generation().await?.is_none();
        let (mut carried, mut after) = (0, None);
        loop {
            let rows = self.desk.store.owed(after, PASS).await?;
            let Some(youngest) = rows.last() else { break };
            after = Some(youngest.owed.ticket.id);
            let lost = self.lost(rows, emptied).await?;
            carried += lost.len();
            let entries = bus.announce(&[], &lost).await;
            if !entries.is_empty() {
                crash::point(Point::SchedulerCarried);
            }
            self.desk.store.mark_entries(&entries).await?;
        }
        if emptied {
            crash::point(Point::SchedulerPassed);
            // Set last: a reconciler that dies before this point begins again.
            bus.set_generation(&JobId::new().to_string()).await?;
        }
        Ok(carried)
    }

    /// Says again which queues are paused, where Redis does not know.
    async fn repeat_wishes(&self) -> anyhow::Result<()> {
        for wish in self.desk.store.queue_wishes().await? {
            match (self.desk.bus.paused(&wish.queue).await?.unwrap_or(false), wish.paused) {
                (false, true) => self.desk.bus.pause(&wish.queue).await?,
                (true, false) => self.desk.bus.resume(&wish.queue).await?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Ends the rows of work that was given up: a poisonous job is never carried again.
    async fn bury(&mut self) -> anyhow::Result<()> {
        for letter in self.desk.bus.dead_letters(self.buried.as_ref(), PASS as usize).await? {
            if let Some(ticket) = letter.ticket {
                let mut tx = self.desk.store.begin().await?;
                tx.bury(&ticket, &letter.cause, self.desk.clock.now()).await?;
                self.desk.commit(tx).await?;
            }
            self.buried = Some(letter.entry);
        }
        Ok(())
    }

    /// Those rows of a pass that nothing carries.
    async fn lost(&mut self, rows: Vec<OwedRow>, emptied: bool) -> anyhow::Result<Vec<Owed>> {
        let holders: Vec<_> = rows.iter().filter_map(|row| row.holder.clone()).collect();
        let dead = self.observer.dead(&self.desk.bus, &holders).await;
        let (claimed, queued): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.holder.is_some());
        let mut lost = Vec::new();
        for row in claimed {
            let Some(holder) = row.holder.filter(|holder| dead.contains(holder)) else { continue };
            if self.desk.store.release(row.owed.ticket.id, &holder, row.epoch).await? {
                lost.push(row.owed);
            }
        }
        let now = self.desk.clock.now();
        let queued = queued.into_iter().filter(|row| row.due_at <= now);
        if emptied {
            lost.extend(queued.map(|row| row.owed));
            return Ok(lost);
        }
        let mut by_stream: HashMap<(Queue, Priority), Vec<(EntryId, Owed)>> = HashMap::new();
        for row in queued {
            match row.entry {
                Some(entry) => {
                    let stream = (row.owed.queue.clone(), row.owed.priority);
                    by_stream.entry(stream).or_default().push((EntryId(entry), row.owed));
                }
                None if row.due_at.after(GRACE) <= now => lost.push(row.owed),
                None => {}
            }
        }
        for ((queue, priority), carried) in by_stream {
            let (entries, owed): (Vec<_>, Vec<_>) = carried.into_iter().unzip();
            let there = self.desk.bus.entry_exists(&queue, priority, &entries).await?;
            lost.extend(owed.into_iter().zip(there).filter_map(|(owed, there)| (!there).then_some(owed)));
        }
        Ok(lost)
    }
}
