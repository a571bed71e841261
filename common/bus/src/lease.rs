//! Who is alive: a counter that moves, watched on the watcher's own monotonic clock.
//!
//! Must never trust a wall clock, neither Redis's nor a process's: an hour's jump kills nobody.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{Bus, Error, key};

/// The value of the counter of a process that ended in good order: dead at once.
const GONE: &str = "gone";
/// How many leases a silent process stays visible.
const TTL_LEASES: u32 = 6;

impl Bus {
    /// Renews this process's lease every third of it. At `shutdown` it goes on until the workers of this process have
    /// drained, so that nobody takes over what is just being finished, and then says that the process is gone.
    pub async fn renew_forever(&self, lease: Duration, shutdown: CancellationToken) {
        let name = key::lease(self.instance());
        let ttl = u64::try_from((lease * TTL_LEASES).as_millis()).unwrap_or(u64::MAX);
        let drained = async {
            shutdown.cancelled().await;
            self.idle().await;
        };
        tokio::pin!(drained);
        let mut turn = 0_u64;
        loop {
            let mut pipe = redis::pipe();
            pipe.cmd("HINCRBY").arg(&name).arg("counter").arg(1).ignore();
            // The rest seldom: an idle system should be almost silent.
            if turn.is_multiple_of(12) {
                pipe.cmd("HSET").arg(&name).arg("holder").arg(self.instance()).ignore();
            }
            if turn.is_multiple_of(3) {
                pipe.cmd("PEXPIRE").arg(&name).arg(ttl).ignore();
            }
            match self.run::<()>(&pipe).await {
                Ok(()) => turn += 1,
                Err(error) => {
                    tracing::debug!(%error, "lease not renewed");
                    turn = 0;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(lease / 3) => {}
                () = &mut drained => break,
            }
        }
        let mut pipe = redis::pipe();
        pipe.cmd("HSET").arg(&name).arg("counter").arg(GONE).ignore();
        pipe.cmd("PEXPIRE").arg(&name).arg(ttl).ignore();
        if let Err(error) = self.run::<()>(&pipe).await {
            tracing::debug!(%error, "could not say that this process is gone");
        }
    }
}

/// Watches the counters of others. Owner: whoever acts on deaths; each has its own clock and its own memory.
#[derive(Debug)]
pub struct Observer {
    lease: Duration,
    seen: HashMap<String, Seen>,
}

#[derive(Debug)]
struct Seen {
    counter: Option<String>,
    since: Instant,
    /// When somebody last asked; who is never asked for is forgotten.
    asked: Instant,
}

impl Observer {
    /// Nobody is dead before it stood still for one `lease` under this observer's eyes.
    pub fn new(lease: Duration) -> Self {
        Self { lease, seen: HashMap::new() }
    }

    /// Those of `names` whose counter has not moved for one lease. First sight starts the clock, a missing key counts as
    /// not moving, and a process that said it is gone is dead at once. When Redis can't be asked nobody is dead.
    pub async fn dead(&mut self, bus: &Bus, names: &[String]) -> Vec<String> {
        match self.look(bus, names).await {
            Ok(dead) => dead,
            Err(error) => {
                tracing::debug!(%error, "can't watch leases");
                // What happened meanwhile is not known: the clocks start again.
                self.seen.clear();
                Vec::new()
            }
        }
    }

    async fn look(&mut self, bus: &Bus, names: &[String]) -> Result<Vec<String>, Error> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = redis::pipe();
        for name in names {
            pipe.cmd("HGET").arg(key::lease(name)).arg("counter");
        }
        let counters: Vec<Option<String>> = bus.run(&pipe).await?;
        let now = Instant::now();
        let mut dead = Vec::new();
        for (name, counter) in names.iter().zip(counters) {
            let gone = counter.as_deref() == Some(GONE);
            let seen = self.seen.entry(name.clone()).or_insert_with(|| Seen {
                counter: counter.clone(),
                since: now,
                asked: now,
            });
            seen.asked = now;
            if seen.counter != counter && counter.is_some() {
                seen.counter = counter;
                seen.since = now;
            }
            if gone || now.duration_since(seen.since) >= self.lease {
                dead.push(name.clone());
            }
        }
        let keep = self.lease * TTL_LEASES * 10;
        self.seen.retain(|_, seen| now.duration_since(seen.asked) < keep);
        Ok(dead)
    }
}
