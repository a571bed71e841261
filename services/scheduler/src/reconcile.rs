//! Compares owed rows with what Redis carries, a page at a time. Redis may be emptied at any moment: a missing generation
//! key tells, and everything owed is compared at once; otherwise a bounded part of it in each turn. Only rows that no
//! queue holds, and rows held by a worker that was seen dead, are carried again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use metatron_bus::Bus;
use metatron_bus::lease::Observer;
use metatron_bus::queue::EntryId;
use metatron_domain::clock::Instant;
use metatron_domain::command::{Owed, Priority, Queue};
use metatron_domain::host::{HostState, LOCAL};
use metatron_domain::id::JobId;
use metatron_process::crash::{self, Point};
use metatron_store::job::OwedRow;
use tokio_util::sync::CancellationToken;

use crate::Desk;

/// Rows looked at together, and marked in one commit.
const PAGE: u32 = 500;
/// Pages of one comparison while Redis is as it was: a long backlog is compared in turns.
const TURN: u32 = 20;
/// A row younger than this may still be on its way from the commit to its queue.
const GRACE: Duration = Duration::from_secs(2);
/// No retry waits longer: a due time further away was written under another wall clock.
const FURTHEST: Duration = Duration::from_mins(30);

/// Keeps what it saw of workers between passes.
pub(crate) struct Reconciler {
    desk: Arc<Desk>,
    observer: Observer,
    /// The last dead letter that was seen in each of their streams, by a queue that writes there.
    buried: HashMap<Queue, EntryId>,
    /// The shell host beside api.
    host: String,
    /// Up to where queued rows were compared; the next comparison goes on there.
    reached: Option<JobId>,
    /// Where the API is described, for people who look at Redis.
    docs: String,
    /// When this life began.
    since: Instant,
    introduced: bool,
}

impl Reconciler {
    /// A reconciler that takes a worker for dead after one `lease` without a sign.
    pub(crate) fn new(desk: Arc<Desk>, lease: Duration, host: String, docs: String) -> Self {
        let (observer, since) = (Observer::new(lease), desk.clock.now());
        let buried = HashMap::new();
        Self { desk, observer, buried, host, reached: None, docs, since, introduced: false }
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

    /// One comparison. Returns how many rows were carried again.
    async fn compare(&mut self) -> anyhow::Result<usize> {
        self.bury().await?;
        let emptied = self.desk.bus.generation().await?.is_none();
        // Behind the look: what was forgotten before it is said again before anything is carried.
        self.repeat_wishes().await?;
        if emptied {
            self.reached = None;
        }
        if emptied || !self.introduced {
            self.introduce().await?;
        }
        let mut carried = self.inherit().await?;
        let mut streams = Streams::default();
        for page in 1.. {
            let rows = self.desk.store.owed(self.reached, PAGE).await?;
            // Behind the last page it begins at the front again.
            let full = rows.len() == PAGE as usize;
            self.reached = rows.last().filter(|_| full).map(|row| row.owed.ticket.id);
            let (lost, found) = self.lost(rows, &mut streams).await?;
            carried += lost.len();
            self.carry(lost, found).await?;
            if self.reached.is_none() || (page >= TURN && !emptied) {
                break;
            }
        }
        if emptied {
            crash::point(Point::SchedulerPassed);
            // Set last: a reconciler that dies before this point begins again.
            self.desk.bus.set_generation(&JobId::new().to_string()).await?;
        }
        Ok(carried)
    }

    /// Tells people who look at Redis what writes there.
    async fn introduce(&mut self) -> anyhow::Result<()> {
        let (version, since) = (env!("CARGO_PKG_VERSION"), self.since.to_string());
        self.desk.bus.introduce(version, metatron_store::schema(), &since, &self.docs).await?;
        self.introduced = true;
        Ok(())
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

    /// Carries rows again, and notes what carries them and those that were `found` carried already, in one commit.
    async fn carry(&self, lost: Vec<Owed>, found: Vec<(JobId, String)>) -> anyhow::Result<()> {
        let lost = self.desk.store.with_bodies(lost).await?;
        let mut entries = self.desk.bus.announce(&[], &lost).await;
        if !entries.is_empty() {
            crash::point(Point::SchedulerCarried);
        }
        entries.extend(found);
        Ok(self.desk.store.mark_entries(&entries).await?)
    }

    /// Carries again what dead holders had claimed.
    async fn inherit(&mut self) -> anyhow::Result<usize> {
        let (mut carried, mut after) = (0, None);
        loop {
            let mut rows = self.desk.store.held(after, PAGE).await?;
            let Some(youngest) = rows.last() else { return Ok(carried) };
            after = Some(youngest.owed.ticket.id);
            let holders: Vec<_> = rows.iter().filter_map(|row| row.holder.clone()).collect();
            let dead = self.observer.dead(&self.desk.bus, &holders).await;
            rows.retain(|row| row.holder.as_ref().is_some_and(|holder| dead.contains(holder)));
            if !rows.is_empty() {
                let released = self.desk.store.release(rows).await?;
                carried += released.len();
                self.carry(released, Vec::new()).await?;
            }
        }
    }

    /// Ends the rows of work that was given up: a poisonous job is never carried again.
    async fn bury(&mut self) -> anyhow::Result<()> {
        self.bury_of(Queue::Run, false).await?;
        let elsewhere =
            self.desk.store.hosts().await?.into_iter().filter(|host| host.state != HostState::Revoked);
        let own = Some(self.host.clone()).filter(|host| host != LOCAL);
        for host in own.into_iter().chain(elsewhere.map(|host| host.name)) {
            // A host speaks for what it was itself asked.
            self.bury_of(Queue::Shell(host), true).await?;
        }
        Ok(())
    }

    async fn bury_of(&mut self, queue: Queue, alone: bool) -> anyhow::Result<()> {
        let after = self.buried.get(&queue);
        for letter in self.desk.bus.dead_letters(&queue, after, PAGE as usize).await? {
            if let Some(ticket) = letter.ticket {
                let mut tx = self.desk.store.begin().await?;
                tx.bury(&ticket, alone.then_some(&queue), &letter.cause, self.desk.clock.now()).await?;
                self.desk.commit(tx).await?;
            }
            self.buried.insert(queue.clone(), letter.entry);
        }
        Ok(())
    }

    /// Those rows of a page that nothing carries, and those whose entry was only not noted.
    async fn lost(&self, rows: Vec<OwedRow>, streams: &mut Streams) -> anyhow::Result<Sorted> {
        let now = self.desk.clock.now();
        let mut missing = Vec::new();
        let mut noted: HashMap<(Queue, Priority), Vec<(EntryId, Owed)>> = HashMap::new();
        for row in rows {
            let young = row.due_at.after(GRACE) > now;
            if young && row.due_at > now && row.due_at <= now.after(FURTHEST) {
                // Its retry has not come.
                continue;
            }
            match row.entry {
                Some(entry) => {
                    let stream = (row.owed.queue.clone(), row.owed.priority);
                    noted.entry(stream).or_default().push((EntryId(entry), row.owed));
                }
                None if young && row.due_at <= now => {}
                None => missing.push(row.owed),
            }
        }
        for ((queue, priority), noted) in noted {
            let (entries, owed): (Vec<_>, Vec<_>) = noted.into_iter().unzip();
            let there = self.desk.bus.entry_exists(&queue, priority, &entries).await?;
            missing.extend(owed.into_iter().zip(there).filter_map(|(owed, there)| (!there).then_some(owed)));
        }
        let (mut lost, mut found) = (Vec::new(), Vec::new());
        for owed in missing {
            // A queue may hold it under a number that nobody noted: its age alone is no reason to carry it twice.
            match streams.find(&self.desk.bus, &owed).await? {
                Some(entry) => found.push((owed.ticket.id, entry)),
                None => lost.push(owed),
            }
        }
        Ok((lost, found))
    }
}

/// What is to be carried again, and what is carried under a number that was not noted.
type Sorted = (Vec<Owed>, Vec<(JobId, String)>);

/// What the queues held when they were first asked in a comparison.
#[derive(Default)]
struct Streams(HashMap<(Queue, Priority), HashMap<JobId, EntryId>>);

impl Streams {
    async fn find(&mut self, bus: &Bus, owed: &Owed) -> Result<Option<String>, metatron_bus::Error> {
        let stream = (owed.queue.clone(), owed.priority);
        if !self.0.contains_key(&stream) {
            let entries = bus.entries(&owed.queue, owed.priority).await?;
            self.0.insert(stream.clone(), entries);
        }
        Ok(self.0.get(&stream).and_then(|entries| entries.get(&owed.ticket.id)).map(|entry| entry.0.clone()))
    }
}
