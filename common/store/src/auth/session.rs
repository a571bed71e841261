//! Browser sessions of the owner: opened by a login, ended by a logout, twelve idle hours or thirty days.

use std::time::Duration;

use metatron_domain::actor::Actor;
use metatron_domain::audit::AuditKind;
use metatron_domain::clock::Instant;
use metatron_domain::id::SessionId;
use serde_json::json;

use crate::error::{Error, parse};
use crate::{About, Store, Tx};

/// A session that nobody uses for this long is over (SECURITY H1).
pub const IDLE: Duration = Duration::from_hours(12);
/// No session lives longer (H1).
pub const ABSOLUTE: Duration = Duration::from_hours(30 * 24);
/// The last use is written down only so often: a read must not cost a write.
const TOUCH_EVERY: Duration = Duration::from_mins(5);

/// A session to be opened.
#[derive(Debug, Clone)]
pub struct NewSession<'a> {
    /// The digest of its cookie.
    pub cookie_hash: &'a str,
    /// What the browser calls itself, cut short.
    pub user_agent: &'a str,
    /// Where it came from.
    pub address: &'a str,
}

/// A session that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id; the cookie is known to the browser alone.
    pub id: SessionId,
    /// When it was last seen, to within a few minutes.
    pub last_seen_at: Instant,
    /// When it ends whatever happens.
    pub expires_at: Instant,
    /// When the owner last gave the password in it.
    pub reauth_at: Instant,
}

impl Session {
    /// Whether its last use should be written down again.
    pub fn is_stale(&self, now: Instant) -> bool {
        now.since(self.last_seen_at) >= TOUCH_EVERY
    }
}

struct Row {
    id: String,
    last_seen_at: i64,
    expires_at: i64,
    reauth_at: i64,
}

impl Row {
    fn open_at(self, now: Instant) -> Result<Option<Session>, Error> {
        let session = Session {
            id: parse("session id", &self.id)?,
            last_seen_at: Instant::from_millis(self.last_seen_at),
            expires_at: Instant::from_millis(self.expires_at),
            reauth_at: Instant::from_millis(self.reauth_at),
        };
        let alive = now < session.expires_at && now < session.last_seen_at.after(IDLE);
        Ok(alive.then_some(session))
    }
}

impl Store {
    /// The open session whose cookie has this digest.
    pub async fn session_by_cookie(&self, hash: &str, now: Instant) -> Result<Option<Session>, Error> {
        let row = sqlx::query_as!(
            Row,
            "select id, last_seen_at, expires_at, reauth_at from session where cookie_hash = ? and closed_at is null",
            hash,
        )
        .fetch_optional(self.reader())
        .await?;
        row.map_or(Ok(None), |row| row.open_at(now))
    }

    /// The session with this id, if it is still open.
    pub async fn session(&self, id: SessionId, now: Instant) -> Result<Option<Session>, Error> {
        let id = id.to_string();
        let row = sqlx::query_as!(
            Row,
            "select id, last_seen_at, expires_at, reauth_at from session where id = ? and closed_at is null",
            id,
        )
        .fetch_optional(self.reader())
        .await?;
        row.map_or(Ok(None), |row| row.open_at(now))
    }
}

impl Tx {
    /// The session with this id, if it is still open; nobody closes it before this unit of work ends.
    pub async fn session(&mut self, id: SessionId, now: Instant) -> Result<Option<Session>, Error> {
        let id = id.to_string();
        let row = sqlx::query_as!(
            Row,
            "select id, last_seen_at, expires_at, reauth_at from session where id = ? and closed_at is null",
            id,
        )
        .fetch_optional(self.db())
        .await?;
        row.map_or(Ok(None), |row| row.open_at(now))
    }

    /// Opens a session; the owner has just given the password.
    pub async fn open_session(&mut self, new: &NewSession<'_>, now: Instant) -> Result<Session, Error> {
        let id = SessionId::new();
        let expires_at = now.after(ABSOLUTE);
        let (id_text, now_ms, expires_ms) = (id.to_string(), now.as_millis(), expires_at.as_millis());
        sqlx::query!(
            "insert into session (id, cookie_hash, created_at, last_seen_at, expires_at, reauth_at, user_agent, address)
             values (?1, ?2, ?3, ?3, ?4, ?3, ?5, ?6)",
            id_text,
            new.cookie_hash,
            now_ms,
            expires_ms,
            new.user_agent,
            new.address,
        )
        .execute(self.db())
        .await?;
        Ok(Session { id, last_seen_at: now, expires_at, reauth_at: now })
    }

    /// Writes down that a session is in use.
    pub async fn touch_session(&mut self, id: SessionId, now: Instant) -> Result<(), Error> {
        let (id, now_ms) = (id.to_string(), now.as_millis());
        sqlx::query!("update session set last_seen_at = max(last_seen_at, ?) where id = ?", now_ms, id)
            .execute(self.db())
            .await?;
        Ok(())
    }

    /// Writes down that the owner gave the password again.
    pub async fn reauthenticate(&mut self, id: SessionId, now: Instant) -> Result<(), Error> {
        let (id, now_ms) = (id.to_string(), now.as_millis());
        sqlx::query!(
            "update session set reauth_at = ?1, last_seen_at = max(last_seen_at, ?1) where id = ?2",
            now_ms,
            id
        )
        .execute(self.db())
        .await?;
        let about = About { subject: Some(id), ..About::default() };
        self.audit(AuditKind::SessionConfirmed, now, &Actor::Owner, about, json!({}));
        Ok(())
    }

    /// Closes a session. Returns whether it was open.
    pub async fn close_session(&mut self, id: SessionId, now: Instant) -> Result<bool, Error> {
        let (id, now_ms) = (id.to_string(), now.as_millis());
        let done =
            sqlx::query!("update session set closed_at = ? where id = ? and closed_at is null", now_ms, id)
                .execute(self.db())
                .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Closes every open session, but `keep`. Returns those that were closed.
    pub async fn close_sessions(
        &mut self,
        keep: Option<SessionId>,
        now: Instant,
    ) -> Result<Vec<SessionId>, Error> {
        let (keep, now_ms) = (keep.map(|id| id.to_string()).unwrap_or_default(), now.as_millis());
        let rows = sqlx::query_scalar!(
            "update session set closed_at = ? where closed_at is null and id <> ? returning id",
            now_ms,
            keep,
        )
        .fetch_all(self.db())
        .await?;
        rows.iter().map(|id| parse("session id", id)).collect()
    }
}
