//! What slows a guesser down: five tries, then waits that double up to a quarter of an hour (SECURITY H6).
//!
//! Counted per key, which is an address or a device that the owner has logged in from; rows, so that a restart forgets
//! nothing. A try is counted before the password is looked at: many at once gain nothing.

use std::time::Duration;

use metatron_domain::clock::Instant;

use crate::error::Error;
use crate::{Store, Tx};

/// Tries that cost nothing.
const FREE_TRIES: i64 = 5;
const FIRST_WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// After a day without a failure the count begins anew.
const FORGET: Duration = Duration::from_hours(24);

/// How long to wait after so many failures.
fn wait(failures: i64) -> Duration {
    let over = failures - FREE_TRIES;
    if over < 0 {
        return Duration::ZERO;
    }
    let factor = 1_u32 << u32::try_from(over).unwrap_or(u32::MAX).min(10);
    (FIRST_WAIT * factor).min(LONGEST_WAIT)
}

impl Tx {
    /// Counts a try under `key`. While the key is blocked nothing is counted, and the time left is returned.
    pub async fn count_try(&mut self, key: &str, now: Instant) -> Result<Option<Duration>, Error> {
        let now_ms = now.as_millis();
        let row = sqlx::query!(
            "select failures, blocked_until, updated_at from login_throttle where address = ?",
            key
        )
        .fetch_optional(self.db())
        .await?;
        let mut failures = 0;
        if let Some(row) = row {
            let until = Instant::from_millis(row.blocked_until);
            // A wall clock set back must not lock anybody out for longer than the longest wait.
            if now < until && until.since(now) <= LONGEST_WAIT {
                return Ok(Some(until.since(now)));
            }
            if now.since(Instant::from_millis(row.updated_at)) < FORGET {
                failures = row.failures;
            }
        }
        failures += 1;
        let until_ms = now.after(wait(failures)).as_millis();
        sqlx::query!(
            "insert into login_throttle (address, failures, blocked_until, updated_at) values (?1, ?2, ?3, ?4)
             on conflict (address) do update set failures = ?2, blocked_until = ?3, updated_at = ?4",
            key,
            failures,
            until_ms,
            now_ms,
        )
        .execute(self.db())
        .await?;
        // Rows of guessers that gave up are forgotten here, so that the table can't grow for ever.
        let old = now_ms.saturating_sub(i64::try_from(FORGET.as_millis()).unwrap_or(i64::MAX));
        sqlx::query!("delete from login_throttle where updated_at < ?", old).execute(self.db()).await?;
        Ok(None)
    }

    /// The try was no guess: forgets the failures under `key`.
    pub async fn forget_tries(&mut self, key: &str) -> Result<(), Error> {
        sqlx::query!("delete from login_throttle where address = ?", key).execute(self.db()).await?;
        Ok(())
    }

    /// Remembers a device that the owner logged in from, by the digest of its cookie.
    pub async fn add_device(&mut self, hash: &str, now: Instant) -> Result<(), Error> {
        let now_ms = now.as_millis();
        sqlx::query!(
            "insert into known_device (hash, created_at) values (?, ?) on conflict (hash) do nothing",
            hash,
            now_ms,
        )
        .execute(self.db())
        .await?;
        Ok(())
    }
}

impl Store {
    /// Whether the owner has logged in from the device whose cookie has this digest.
    pub async fn knows_device(&self, hash: &str) -> Result<bool, Error> {
        let n = sqlx::query_scalar!(r#"select count(*) as "n!: i64" from known_device where hash = ?"#, hash)
            .fetch_one(self.reader())
            .await?;
        Ok(n == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h6_five_tries_are_free_and_the_waits_double_to_a_quarter_of_an_hour() {
        let seconds: Vec<u64> = (1..12).map(|failures| wait(failures).as_secs()).collect();
        assert_eq!(seconds, [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900]);
    }
}
