//! The owner's switch that stops everything: what is at work ends, and nothing begins by itself until it is lifted (SECURITY
//! P6). The owner's own messages are answered meanwhile.

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use serde_json::json;
use sqlx::SqliteExecutor;

use crate::error::{Error, parse};
use crate::{About, Store, Tx};

/// The row of the settings that holds the instant.
const KEY: &str = "halt";

async fn since(db: impl SqliteExecutor<'_>) -> Result<Option<Instant>, Error> {
    let value =
        sqlx::query_scalar!("select value from setting where key = ?", KEY).fetch_optional(db).await?;
    value.map(|value| parse("halt", &value).map(Instant::from_millis)).transpose()
}

impl Tx {
    /// Stops every run, and lets none begin by itself. Returns how many it stopped. What is at work at shell hosts is ended
    /// by whoever commits this, and by a worker: see [`Store::execs_at_work`].
    pub async fn halt(&mut self, by: &Actor, now: Instant) -> Result<u32, Error> {
        let at = now.as_millis().to_string();
        let now_ms = now.as_millis();
        sqlx::query!(
            "insert into setting (key, value, updated_at) values (?, ?, ?) on conflict do nothing",
            KEY,
            at,
            now_ms,
        )
        .execute(self.db())
        .await?;
        let runs = sqlx::query_scalar!(
            r#"select id as "id!: String" from run
               where state not in ('succeeded', 'failed', 'cancelled', 'expired')"#
        )
        .fetch_all(self.db())
        .await?;
        let mut stopped = 0;
        for run in runs {
            let run = self.run(parse("run id", &run)?).await?;
            self.request_stop(run.id, by, now).await?;
            stopped += u32::from(!run.stop_requested);
        }
        let data = json!({ "halted": true, "stopped": stopped });
        self.record(EventKind::HaltChanged, now, by, About::default(), data).await?;
        Ok(stopped)
    }

    /// Lets work begin by itself again. Nothing where nothing was stopped.
    pub async fn lift_halt(&mut self, by: &Actor, now: Instant) -> Result<(), Error> {
        let done = sqlx::query!("delete from setting where key = ?", KEY).execute(self.db()).await?;
        if done.rows_affected() > 0 {
            self.record(EventKind::HaltChanged, now, by, About::default(), json!({ "halted": false }))
                .await?;
        }
        Ok(())
    }

    /// Since when everything is stopped, if it is.
    pub async fn halted(&mut self) -> Result<Option<Instant>, Error> {
        since(self.db()).await
    }
}

impl Store {
    /// Since when everything is stopped, if it is.
    pub async fn halted(&self) -> Result<Option<Instant>, Error> {
        since(self.reader()).await
    }
}
