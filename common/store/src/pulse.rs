//! The heartbeat's ledger: a row per planned instant, claimed once before its work starts.

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::command::{JobKind, Priority, Queue};
use metatron_domain::event::EventKind;
use serde_json::json;

use crate::error::Error;
use crate::{About, Store, Tx};

/// The task name of the heartbeat.
pub const HEARTBEAT: &str = "heartbeat";

impl Tx {
    /// Plans the heartbeat of `instant` and owes it to a worker. Returns false when it was planned before.
    pub async fn plan_tick(&mut self, instant: Instant, now: Instant) -> Result<bool, Error> {
        let at = instant.as_millis();
        let planned = sqlx::query!(
            "insert into tick (task, instant, state) values (?, ?, 'planned') on conflict do nothing",
            HEARTBEAT,
            at
        )
        .execute(self.db())
        .await?
        .rows_affected();
        if planned == 1 {
            self.enqueue(Queue::Run, Priority::Low, JobKind::Tick, &at.to_string(), None, now).await?;
        }
        Ok(planned == 1)
    }

    /// Claims the heartbeat of `instant`. Returns false when somebody had it before.
    pub async fn claim_tick(&mut self, instant: Instant, holder: &str, now: Instant) -> Result<bool, Error> {
        let (at, now_ms) = (instant.as_millis(), now.as_millis());
        let claimed = sqlx::query!(
            "update tick set state = 'claimed', holder = ?, claimed_at = ? where task = ? and instant = ? and state = 'planned'",
            holder,
            now_ms,
            HEARTBEAT,
            at,
        )
        .execute(self.db())
        .await?
        .rows_affected();
        Ok(claimed == 1)
    }

    /// Ends a claimed heartbeat, with a line that says what it found.
    pub async fn end_tick(&mut self, instant: Instant, note: &str, now: Instant) -> Result<(), Error> {
        let (at, now_ms) = (instant.as_millis(), now.as_millis());
        let rows = sqlx::query!(
            "update tick set state = 'done', note = ?, ended_at = ? where task = ? and instant = ? and state = 'claimed'",
            note,
            now_ms,
            HEARTBEAT,
            at,
        )
        .execute(self.db())
        .await?
        .rows_affected();
        if rows == 1 {
            let about = About { subject: Some(HEARTBEAT.to_owned()), ..About::default() };
            self.record(EventKind::TickDone, now, &Actor::Schedule, about, json!({ "instant": instant }))
                .await?;
        }
        Ok(())
    }
}

impl Store {
    /// The newest planned instant of the heartbeat.
    pub async fn last_tick(&self) -> Result<Option<Instant>, Error> {
        let at =
            sqlx::query_scalar!(r#"select max(instant) as "at: i64" from tick where task = ?"#, HEARTBEAT)
                .fetch_one(self.reader())
                .await?;
        Ok(at.map(Instant::from_millis))
    }
}
