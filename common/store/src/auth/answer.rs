//! Answers already given to requests that carried an `Idempotency-Key`, kept for a day.

use std::time::Duration;

use metatron_domain::clock::Instant;

use crate::error::{Error, count};
use crate::{Store, Tx};

const KEPT: Duration = Duration::from_hours(24);

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The digest of the request it answered.
    pub request: String,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Store {
    /// The answer given to `who` under `key` within the last day.
    pub async fn answered(&self, who: &str, key: &str, now: Instant) -> Result<Option<Answered>, Error> {
        let since = now.as_millis().saturating_sub(i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX));
        let row = sqlx::query!(
            "select request, status, body from idempotency where who = ? and key = ? and created_at > ?",
            who,
            key,
            since,
        )
        .fetch_optional(self.reader())
        .await?;
        row.map(|row| {
            Ok(Answered { request: row.request, status: count("status", row.status)?, body: row.body })
        })
        .transpose()
    }
}

impl Tx {
    /// Remembers an answer in the commit of what it answers. Fails with [`Error::Conflict`] when another request
    /// under the same key was answered meanwhile.
    pub async fn remember(
        &mut self,
        who: &str,
        key: &str,
        answer: &Answered,
        now: Instant,
    ) -> Result<(), Error> {
        let now_ms = now.as_millis();
        let since = now_ms.saturating_sub(i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX));
        sqlx::query!("delete from idempotency where created_at <= ?", since).execute(self.db()).await?;
        let status = i64::from(answer.status);
        let done = sqlx::query!(
            "insert into idempotency (who, key, request, status, body, created_at) values (?, ?, ?, ?, ?, ?)
             on conflict (who, key) do nothing",
            who,
            key,
            answer.request,
            status,
            answer.body,
            now_ms,
        )
        .execute(self.db())
        .await?;
        if done.rows_affected() == 1 {
            Ok(())
        } else {
            Err(Error::Conflict("another request used this idempotency key meanwhile".to_owned()))
        }
    }
}
