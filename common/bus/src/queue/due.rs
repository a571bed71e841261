//! The mover of delayed work: sleeps until the next due time, then moves what is due, 100 in a `MULTI`.
//!
//! Every worker of a queue runs one. `WATCH` keeps two of them from moving the same; no Lua, no polling.

use std::sync::Arc;
use std::time::Duration;

use metatron_domain::command::Queue;
use redis::Pipeline;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::entry::Delayed;
use crate::link::Backoff;
use crate::{Bus, Error, key};

/// Members moved in one `MULTI`.
const BATCH: usize = 100;
/// The longest sleep while something is delayed: a wall clock that jumps makes a due time late by this at most.
const LONGEST: Duration = Duration::from_secs(30);
/// A wall clock that fell behind by more than this was set back.
const SET_BACK: i64 = 2_000;

/// Tells the mover that something may be due earlier than it thinks.
#[derive(Debug, Clone, Default)]
pub(super) struct Poke(Arc<Notify>);

impl Poke {
    pub(super) fn poke(&self) {
        self.0.notify_one();
    }
}

/// A moment on both clocks.
#[derive(Debug, Clone, Copy)]
struct Moment {
    wall_ms: i64,
    at: Instant,
}

impl Moment {
    fn of(bus: &Bus) -> Self {
        Self { wall_ms: bus.now_ms(), at: Instant::now() }
    }

    /// Whether the wall clock was set back since `earlier`: what was delayed before that looks later than it is.
    fn was_set_back(self, earlier: Self) -> bool {
        let elapsed = i64::try_from(self.at.duration_since(earlier.at).as_millis()).unwrap_or(i64::MAX);
        self.wall_ms.saturating_add(SET_BACK) < earlier.wall_ms.saturating_add(elapsed)
    }
}

/// Moves delayed work of one queue.
pub(super) struct Mover {
    pub(super) bus: Bus,
    pub(super) queue: Queue,
    pub(super) poke: Poke,
}

impl Mover {
    pub(super) async fn run(self, shutdown: CancellationToken) {
        let mut backoff = Backoff::new();
        let mut before = Moment::of(&self.bus);
        loop {
            let now = Moment::of(&self.bus);
            let set_back = now.was_set_back(before);
            let pause = match self.pass(set_back).await {
                Ok(next) => {
                    backoff.reset();
                    before = now;
                    next
                }
                Err(error) => {
                    tracing::debug!(%error, "delayed work waits");
                    Some(backoff.next())
                }
            };
            let sleep = async {
                match pause {
                    Some(pause) => tokio::time::sleep(pause.min(LONGEST)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = sleep => {}
                () = self.poke.0.notified() => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// Moves what is due, and tells how long to sleep; without end when nothing is delayed. After the wall clock was set
    /// back everything counts as due: too early is harmless, too late may be days.
    async fn pass(&self, set_back: bool) -> Result<Option<Duration>, Error> {
        let due = key::due(&self.queue);
        loop {
            // One command when there is nothing to do; WATCH only when there is.
            let mut pipe = redis::pipe();
            pipe.cmd("ZRANGE").arg(&due).arg(0).arg(0).arg("WITHSCORES");
            let (first,): (Vec<(String, f64)>,) = self.bus.run(&pipe).await?;
            let Some((_, score)) = first.first() else { return Ok(None) };
            #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit in 53 bits")]
            let wait = (*score as i64).saturating_sub(self.bus.now_ms());
            if let (Ok(wait @ 1..), false) = (u64::try_from(wait), set_back) {
                return Ok(Some(Duration::from_millis(wait)));
            }
            self.move_some(&due, set_back).await?;
        }
    }

    async fn move_some(&self, due: &str, all: bool) -> Result<(), Error> {
        let mut connection = self.bus.pooled().await?;
        let mut watch = redis::pipe();
        watch.cmd("WATCH").arg(due).ignore();
        let until = if all { "+inf".to_owned() } else { self.bus.now_ms().to_string() };
        watch.cmd("ZRANGEBYSCORE").arg(due).arg("-inf").arg(until);
        watch.arg("LIMIT").arg(0).arg(BATCH);
        let (members,): (Vec<String>,) = watch.query_async(&mut connection).await?;
        let mut pipe: Pipeline = redis::pipe();
        pipe.atomic();
        for member in &members {
            match serde_json::from_str::<Delayed>(member) {
                Ok(delayed) => {
                    delayed.entry.add(&mut pipe, &self.queue, delayed.priority)?;
                    pipe.ignore();
                }
                Err(error) => {
                    tracing::error!(%error, queue = self.queue.name(), "delayed work can't be read");
                }
            }
            pipe.cmd("ZREM").arg(due).arg(member).ignore();
        }
        // Nil when somebody else moved them meanwhile: the next look tells what is left.
        let _: Option<()> = pipe.query_async(&mut connection).await?;
        Ok(())
    }
}
