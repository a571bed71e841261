//! Taking entries out: high first, never more than there are free slots, blocking on a connection of its own.
//!
//! Must never drop a read that blocks: what it was served would be pending for us and known to nobody. A block that has
//! to end early is ended by `CLIENT UNBLOCK` from another connection.

use std::time::Duration;

use apalis_core::task::Task;
use metatron_domain::command::{Priority, Queue};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisError};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::append::{Grave, bury};
use super::backend::{Boxed, Claim};
use super::due::Poke;
use super::entry::{Entry, Read};
use super::hand::{InHand, deliver};
use super::reap::Reaper;
use super::served::{Raw, Served};
use super::settle::acknowledge;
use super::slot::{Free, Slot, Slots};
use crate::error::{is_no_group, is_wrong_type};
use crate::link::Backoff;
use crate::{Bus, Error, key};

/// How long one `BLOCK` lasts: the only thing an idle reader ever sends.
const BLOCK: Duration = Duration::from_secs(10);
/// Entries of one read, at most.
const MOST: usize = 128;
/// A block that ends sooner was none: more may be waiting.
const AT_ONCE: Duration = Duration::from_millis(1);
/// How often an `UNBLOCK` that came too early is repeated.
const AGAIN: Duration = Duration::from_millis(20);
/// How long behind the end of a block its answer may take. Then the connection is gone, whatever the system says of it.
const LATE: Duration = Duration::from_secs(5);

/// Feeds a worker from its queue.
pub(super) struct Reader {
    pub(super) bus: Bus,
    pub(super) queue: Queue,
    pub(super) group: String,
    pub(super) slots: Slots,
    pub(super) in_hand: InHand,
    pub(super) poke: Poke,
    pub(super) paused: watch::Receiver<bool>,
    pub(super) jobs: mpsc::Sender<Task<Boxed>>,
    pub(super) reaper: Reaper,
}

/// How a block ended.
enum Block {
    Found(Served),
    /// Nothing for the whole time: the block itself was the look.
    Nothing,
    /// Ended from outside, for a reason that wants to be looked at.
    Woken,
}

/// One connection's worth of reading.
struct Session {
    connection: MultiplexedConnection,
    client: i64,
    high: String,
    low: String,
    /// Whether the last look found something at once: then more than one is looked for, high first.
    busy: bool,
}

impl Reader {
    /// Reads until `shutdown`, over as many connections as it takes.
    pub(super) async fn run(self, shutdown: CancellationToken) {
        let mut backoff = Backoff::new();
        while !shutdown.is_cancelled() {
            let Err(error) = self.session(&mut backoff, &shutdown).await else { return };
            if backoff.is_fresh() {
                tracing::warn!(%error, queue = self.queue.name(), "the queue can't be read; trying again");
            }
            tokio::select! {
                () = tokio::time::sleep(backoff.next()) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    async fn session(&self, backoff: &mut Backoff, shutdown: &CancellationToken) -> Result<(), Error> {
        let mut connection = self.bus.dedicated().await?;
        let client: i64 = redis::cmd("CLIENT").arg("ID").query_async(&mut connection).await?;
        let mut session = Session {
            connection,
            client,
            high: key::stream(&self.queue, Priority::High),
            low: key::stream(&self.queue, Priority::Low),
            busy: true,
        };
        self.make_groups(&mut session).await?;
        // Something may have become due while nobody listened.
        self.poke.poke();
        self.own_pending(&mut session, shutdown).await?;
        if !backoff.is_fresh() {
            tracing::info!(queue = self.queue.name(), "the queue is read again");
        }
        backoff.reset();
        loop {
            if self.is_paused() {
                tokio::select! {
                    () = self.said(false) => self.poke.poke(),
                    () = shutdown.cancelled() => return Ok(()),
                }
            }
            let mut free = tokio::select! {
                free = self.slots.take(MOST) => free,
                () = shutdown.cancelled() => return Ok(()),
            };
            for dead in self.reaper.abandoned.take() {
                self.reaper.take_over(&dead, &mut free).await?;
            }
            if free.high() == 0 {
                continue;
            }
            match self.round(&mut session, free, shutdown).await {
                Ok(()) => {}
                Err(error) if is_no_group(&error) => {
                    // Redis was emptied, perhaps under our blocked read.
                    self.make_groups(&mut session).await?;
                    self.poke.poke();
                }
                Err(error) => {
                    if is_wrong_type(&error) {
                        self.bus
                            .mend_command(&self.command(1, None, &[&session.high, &session.low], ">"))
                            .await;
                    }
                    return Err(error.into());
                }
            }
            if shutdown.is_cancelled() {
                return Ok(());
            }
        }
    }

    fn is_paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Completes when the queue is `paused`, or is no longer.
    async fn said(&self, paused: bool) {
        // An error means that the controller has ended; then the worker ends too.
        if self.paused.clone().wait_for(|now| *now == paused).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Groups begin at 0: what was queued before us is ours.
    async fn make_groups(&self, session: &mut Session) -> Result<(), Error> {
        for stream in [&session.high, &session.low] {
            let made: Result<(), RedisError> = redis::cmd("XGROUP")
                .arg("CREATE")
                .arg(stream)
                .arg(&self.group)
                .arg("0")
                .arg("MKSTREAM")
                .query_async(&mut session.connection)
                .await;
            match made {
                Err(error) if error.code() == Some("BUSYGROUP") => {}
                Err(error) => {
                    if is_wrong_type(&error) {
                        self.bus.mend_command(redis::cmd("TYPE").arg(stream)).await;
                    }
                    return Err(error.into());
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }

    /// What a connection that broke was served and never told us: pending under our name, in nobody's hand.
    async fn own_pending(&self, session: &mut Session, shutdown: &CancellationToken) -> Result<(), Error> {
        for priority in [Priority::High, Priority::Low] {
            let mut after = "0".to_owned();
            loop {
                let stream = if priority == Priority::High { &session.high } else { &session.low };
                let command = self.command(MOST, None, &[stream], &after);
                let found: Option<Served> = command.query_async(&mut session.connection).await?;
                let ids: Vec<Raw> =
                    found.into_iter().flat_map(|served| served.0).flat_map(|(_, entries)| entries).collect();
                let Some(last) = ids.last() else { break };
                after.clone_from(&last.id);
                for id in ids {
                    // Deleted, yet pending: somebody finished it.
                    if id.is_gone() {
                        continue;
                    }
                    let mut free = tokio::select! {
                        free = self.slots.take(1) => free,
                        () = shutdown.cancelled() => return Ok(()),
                    };
                    // A low slot is not waited for: this happens once after a broken connection.
                    let slot = if priority == Priority::Low { free.pop_low() } else { None };
                    let Some(slot) = slot.or_else(|| free.pop_high()) else { continue };
                    self.hand_out(priority, &id, Some(slot)).await;
                }
            }
        }
        Ok(())
    }

    /// One look: high, then low, then both in a block. Where nothing waited the last time, or one slot is free, the block
    /// is the whole look: it finds what waits as well, in one command.
    async fn round(
        &self,
        session: &mut Session,
        mut free: Free,
        shutdown: &CancellationToken,
    ) -> Result<(), RedisError> {
        if session.busy && free.high() > 1 {
            let high = self.command(free.high(), None, &[&session.high], ">");
            let found: Option<Served> = high.query_async(&mut session.connection).await?;
            if self.take_in(session, found, &mut free).await > 0 {
                return Ok(());
            }
            if free.low() > 0 {
                let low = self.command(free.low(), None, &[&session.low], ">");
                let found: Option<Served> = low.query_async(&mut session.connection).await?;
                if self.take_in(session, found, &mut free).await > 0 {
                    return Ok(());
                }
            }
        }
        loop {
            let began = Instant::now();
            match self.block(session, &free, shutdown).await? {
                Block::Found(found) => {
                    session.busy = began.elapsed() < AT_ONCE;
                    self.take_in(session, Some(found), &mut free).await;
                    return Ok(());
                }
                Block::Woken => return Ok(()),
                Block::Nothing => {}
            }
        }
    }

    /// Blocks on both streams, or on high alone while no slot is free for low.
    async fn block(
        &self,
        session: &mut Session,
        free: &Free,
        shutdown: &CancellationToken,
    ) -> Result<Block, RedisError> {
        let found = |found: Option<Served>, otherwise| found.map_or(otherwise, Block::Found);
        let waits_for_low = free.low() == 0;
        // COUNT is per stream: two streams may each serve one. See `take_in` for what has no slot then.
        let command = if waits_for_low {
            self.command(free.high(), Some(BLOCK), &[&session.high], ">")
        } else {
            self.command(1, Some(BLOCK), &[&session.high, &session.low], ">")
        };
        let reading = async {
            let read = tokio::time::timeout(BLOCK + LATE, command.query_async(&mut session.connection));
            read.await.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
        };
        tokio::pin!(reading);
        let reason_to_end = async {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.slots.low_is_free(), if waits_for_low => {}
                () = self.reaper.abandoned.added() => {}
                () = self.said(true) => {}
            }
        };
        tokio::pin!(reason_to_end);
        tokio::select! {
            read = &mut reading => return Ok(found(read?, Block::Nothing)),
            () = &mut reason_to_end => {}
        }
        loop {
            let mut pipe = redis::pipe();
            pipe.cmd("CLIENT").arg("UNBLOCK").arg(session.client).arg("TIMEOUT").ignore();
            if let Err(error) = self.bus.run::<()>(&pipe).await {
                tracing::debug!(%error, "a blocked read could not be woken");
            }
            // The block may have begun only after the UNBLOCK: then it has to be said again.
            tokio::select! {
                read = &mut reading => return Ok(found(read?, Block::Woken)),
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }

    fn command(&self, count: usize, block: Option<Duration>, streams: &[&String], after: &str) -> Cmd {
        let mut command = redis::cmd("XREADGROUP");
        command.arg("GROUP").arg(&self.group).arg(self.bus.instance()).arg("COUNT").arg(count.max(1));
        if let Some(block) = block {
            command.arg("BLOCK").arg(u64::try_from(block.as_millis()).unwrap_or(0));
        }
        command.arg("STREAMS").arg(streams);
        for _ in streams {
            command.arg(after);
        }
        command
    }

    /// Hands out what was read; what has no slot goes back. Returns how many entries there were.
    async fn take_in(&self, session: &Session, found: Option<Served>, free: &mut Free) -> usize {
        let mut count = 0;
        for (stream, entries) in found.into_iter().flat_map(|served| served.0) {
            let priority = if stream == session.high { Priority::High } else { Priority::Low };
            for id in entries {
                count += 1;
                let slot = match priority {
                    Priority::High => free.pop_high(),
                    Priority::Low => free.pop_low(),
                };
                self.hand_out(priority, &id, slot).await;
            }
        }
        count
    }

    /// To the worker when there is a slot, back to the stream when there is none.
    async fn hand_out(&self, priority: Priority, id: &Raw, slot: Option<Slot>) {
        match (Entry::read(id), slot) {
            (Read::Job(entry), Some(slot)) => {
                let deliveries = entry.tries + 1;
                let claim = Claim { priority, id: id.id.clone(), entry, deliveries };
                deliver(&self.jobs, &self.in_hand, claim, None, slot).await;
            }
            (Read::Job(entry), None) => self.hand_back(priority, &id.id, &entry).await,
            (Read::Wake, _) => {
                self.poke.poke();
                let mut pipe = redis::pipe();
                acknowledge(&mut pipe, &key::stream(&self.queue, priority), &self.group, &[&id.id]);
                self.tell(self.bus.run::<()>(&pipe).await);
            }
            (Read::Garbage(cause), _) => {
                tracing::error!(%cause, entry = id.id, queue = self.queue.name(), "an entry can't be read");
                let grave = Grave {
                    queue: &self.queue,
                    job: None,
                    cause: "the entry can't be read",
                    deliveries: 1,
                    consumer: self.bus.instance(),
                };
                let mut pipe = redis::pipe();
                pipe.atomic();
                let buried = bury(&mut pipe, &self.bus, &grave);
                acknowledge(&mut pipe, &key::stream(&self.queue, priority), &self.group, &[&id.id]);
                self.tell(match buried {
                    Ok(()) => self.bus.run::<()>(&pipe).await,
                    Err(error) => Err(error),
                });
            }
        }
    }

    /// Both streams served one entry in the same instant, and there was one slot: the other may run elsewhere.
    async fn hand_back(&self, priority: Priority, id: &str, entry: &Entry) {
        let mut pipe = redis::pipe();
        pipe.atomic();
        let added = entry.add(&mut pipe, &self.queue, priority);
        pipe.ignore();
        acknowledge(&mut pipe, &key::stream(&self.queue, priority), &self.group, &[id]);
        self.tell(match added {
            Ok(()) => self.bus.run::<()>(&pipe).await,
            Err(error) => Err(error),
        });
    }

    /// What fails here stays pending under our name, and is found by the next [`Reader::own_pending`].
    fn tell(&self, result: Result<(), Error>) {
        if let Err(error) = result {
            tracing::warn!(%error, queue = self.queue.name(), "an entry could not be handed on; it stays pending");
        }
    }
}
