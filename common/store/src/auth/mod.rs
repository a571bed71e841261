//! Who may come in: the owner and the claim code, browser sessions, API tokens, and what slows a guesser down.
//!
//! Only digests are stored, never a code, a cookie or a token; the password as an Argon2id string that api makes.

mod answer;
mod session;
mod throttle;
mod token;

use metatron_domain::clock::Instant;
use sha2::{Digest as _, Sha256};

pub use answer::Answered;
pub use session::{ABSOLUTE, IDLE, NewSession, Session};
pub use token::{Scope, Token};

use crate::error::Error;
use crate::{Store, Tx};

/// The digest under which a random secret (cookie, token, claim code) is stored: SHA-256 in hex.
pub fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// The claim code as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimCode {
    /// Its [`digest`].
    pub hash: String,
    /// From this instant it is void.
    pub expires_at: Instant,
}

/// The owner, as far as the database knows.
#[derive(Clone, PartialEq, Eq)]
pub struct Owner {
    /// The password as an Argon2id string with its parameters.
    pub password_hash: String,
    /// When the instance was claimed.
    pub created_at: Instant,
}

impl Store {
    /// The owner, once the instance is claimed.
    pub async fn owner(&self) -> Result<Option<Owner>, Error> {
        let row = sqlx::query!("select password_hash, created_at from owner where id = 1")
            .fetch_optional(self.reader())
            .await?;
        Ok(row.map(|row| Owner {
            password_hash: row.password_hash,
            created_at: Instant::from_millis(row.created_at),
        }))
    }

    /// The claim code that waits to be used.
    pub async fn claim_code(&self) -> Result<Option<ClaimCode>, Error> {
        let row = sqlx::query!("select hash, expires_at from claim_code where id = 1 and used_at is null")
            .fetch_optional(self.reader())
            .await?;
        Ok(row.map(|row| ClaimCode { hash: row.hash, expires_at: Instant::from_millis(row.expires_at) }))
    }
}

impl Tx {
    /// Puts a new claim code in the place of the former. Returns whether there is still nobody who owns the instance;
    /// if there is, no code is stored.
    pub async fn put_claim_code(&mut self, hash: &str, expires_at: Instant) -> Result<bool, Error> {
        let expires_ms = expires_at.as_millis();
        let done = sqlx::query!(
            "insert into claim_code (id, hash, expires_at) select 1, ?1, ?2 where not exists (select 1 from owner)
             on conflict (id) do update set hash = excluded.hash, expires_at = excluded.expires_at, used_at = null",
            hash,
            expires_ms,
        )
        .execute(self.db())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Makes the holder of the code with this digest the owner. Of two that race, one wins; the other, and whoever
    /// comes with a code that is wrong, used or expired, is refused with [`Error::Conflict`].
    pub async fn claim(&mut self, code_hash: &str, password_hash: &str, now: Instant) -> Result<(), Error> {
        let now_ms = now.as_millis();
        let used = sqlx::query!(
            "update claim_code set used_at = ?1
             where id = 1 and hash = ?2 and used_at is null and expires_at > ?1 and not exists (select 1 from owner)",
            now_ms,
            code_hash,
        )
        .execute(self.db())
        .await?;
        if used.rows_affected() != 1 {
            return Err(Error::Conflict("the claim code is not valid any more".to_owned()));
        }
        sqlx::query!(
            "insert into owner (id, password_hash, created_at, updated_at) values (1, ?1, ?2, ?2)",
            password_hash,
            now_ms,
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Whether the owner's password is still the one that was stored so; nobody changes it before this unit of work ends.
    pub async fn has_password(&mut self, password_hash: &str) -> Result<bool, Error> {
        let row = sqlx::query!("select password_hash, created_at from owner where id = 1")
            .fetch_optional(self.db())
            .await?;
        Ok(row.is_some_and(|row| row.password_hash == password_hash))
    }

    /// Stores the owner's password anew: another one, or the same under other parameters.
    pub async fn put_password(&mut self, password_hash: &str, now: Instant) -> Result<(), Error> {
        let now_ms = now.as_millis();
        sqlx::query!(
            "update owner set password_hash = ?, updated_at = ? where id = 1",
            password_hash,
            now_ms
        )
        .execute(self.db())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
