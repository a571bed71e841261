//! API tokens of outside programs: shown once, stored as a digest, scoped, expiring (SECURITY H9).

use std::str::FromStr;
use std::time::Duration;

use metatron_domain::clock::Instant;
use metatron_domain::id::TokenId;
use metatron_domain::mode::Mode;

use crate::error::{Error, json, parse, to_json};
use crate::{Store, Tx};

/// The last use is written down only so often.
const TOUCH_EVERY: Duration = Duration::from_mins(1);

/// What a token may do. None of them approves, mints tokens, reads secrets or changes settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look at conversations, runs, approvals and events.
    Read,
    /// Write messages and manage conversations.
    Chat,
    /// Stop runs.
    Run,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Self; 3] = [Self::Read, Self::Chat, Self::Run];

    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Chat => "chat",
            Self::Run => "run",
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| format!("{text} is no scope"))
    }
}

/// A token as the database knows it: never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What the owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Instant,
    /// From this instant it is void.
    pub expires_at: Instant,
    /// When it was last used, to within a minute.
    pub last_used_at: Option<Instant>,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
    /// The mode of the runs it begins.
    pub mode: Mode,
}

impl Token {
    /// Whether it opens anything at `now`.
    pub fn is_valid(&self, now: Instant) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// Whether its last use should be written down again.
    pub fn is_stale(&self, now: Instant) -> bool {
        self.last_used_at.is_none_or(|at| now.since(at) >= TOUCH_EVERY)
    }
}

struct Row {
    id: String,
    name: String,
    scopes: String,
    created_at: i64,
    expires_at: i64,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
    mode: Option<String>,
}

impl TryFrom<Row> for Token {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: parse("token id", &row.id)?,
            name: row.name,
            scopes: json("scopes", &row.scopes)?,
            created_at: Instant::from_millis(row.created_at),
            expires_at: Instant::from_millis(row.expires_at),
            last_used_at: row.last_used_at.map(Instant::from_millis),
            revoked_at: row.revoked_at.map(Instant::from_millis),
            mode: row.mode.as_deref().map(|mode| parse("mode", mode)).transpose()?.unwrap_or_default(),
        })
    }
}

impl Store {
    /// The tokens that were not revoked, newest first; expired ones included.
    pub async fn tokens(&self) -> Result<Vec<Token>, Error> {
        let rows = sqlx::query_as!(
            Row,
            "select id, name, scopes, created_at, expires_at, last_used_at, revoked_at, mode from token
             where revoked_at is null order by created_at desc, id desc limit 500",
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Token::try_from).collect()
    }

    /// The token with this digest, whether or not it still opens anything.
    pub async fn token_by_hash(&self, hash: &str) -> Result<Option<Token>, Error> {
        let row = sqlx::query_as!(
            Row,
            "select id, name, scopes, created_at, expires_at, last_used_at, revoked_at, mode from token where hash = ?",
            hash,
        )
        .fetch_optional(self.reader())
        .await?;
        row.map(Token::try_from).transpose()
    }

    /// The token with this id.
    pub async fn token(&self, id: TokenId) -> Result<Option<Token>, Error> {
        let id = id.to_string();
        let row = sqlx::query_as!(
            Row,
            "select id, name, scopes, created_at, expires_at, last_used_at, revoked_at, mode from token where id = ?",
            id,
        )
        .fetch_optional(self.reader())
        .await?;
        row.map(Token::try_from).transpose()
    }
}

impl Tx {
    /// Stores a token by the digest of its value.
    pub async fn add_token(
        &mut self,
        name: &str,
        hash: &str,
        scopes: &[Scope],
        expires_at: Instant,
        now: Instant,
    ) -> Result<Token, Error> {
        let id = TokenId::new();
        let (id_text, scopes_text) = (id.to_string(), to_json("scopes", &scopes)?);
        let (now_ms, expires_ms) = (now.as_millis(), expires_at.as_millis());
        sqlx::query!(
            "insert into token (id, name, hash, scopes, created_at, expires_at) values (?, ?, ?, ?, ?, ?)",
            id_text,
            name,
            hash,
            scopes_text,
            now_ms,
            expires_ms,
        )
        .execute(self.db())
        .await?;
        Ok(Token {
            id,
            name: name.to_owned(),
            scopes: scopes.to_vec(),
            created_at: now,
            expires_at,
            last_used_at: None,
            revoked_at: None,
            mode: Mode::default(),
        })
    }

    /// Revokes a token. Fails with [`Error::NotFound`] when there is none that is not revoked.
    pub async fn revoke_token(&mut self, id: TokenId, now: Instant) -> Result<(), Error> {
        let (id, now_ms) = (id.to_string(), now.as_millis());
        let done =
            sqlx::query!("update token set revoked_at = ? where id = ? and revoked_at is null", now_ms, id)
                .execute(self.db())
                .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound("token")) }
    }

    /// Revokes every token. Returns those that were revoked.
    pub async fn revoke_tokens(&mut self, now: Instant) -> Result<Vec<TokenId>, Error> {
        let now_ms = now.as_millis();
        let rows = sqlx::query_scalar!(
            "update token set revoked_at = ? where revoked_at is null returning id",
            now_ms,
        )
        .fetch_all(self.db())
        .await?;
        rows.iter().map(|id| parse("token id", id)).collect()
    }

    /// Writes down that a token is in use.
    pub async fn touch_token(&mut self, id: TokenId, now: Instant) -> Result<(), Error> {
        let (id, now_ms) = (id.to_string(), now.as_millis());
        sqlx::query!("update token set last_used_at = ? where id = ?", now_ms, id).execute(self.db()).await?;
        Ok(())
    }
}
