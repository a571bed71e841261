//! Shell hosts on other machines: who they are, their link keys, where they stand. The shell host beside api has no row.

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::exec::ExecState;
use metatron_domain::host::HostState;
use metatron_domain::id::{ExecId, SecretId, TerminalId};
use serde_json::json;
use zeroize::Zeroizing;

use crate::error::{Error, parse};
use crate::terminal::report::Over;
use crate::vault::Vault;
use crate::{About, Store, Tx};

/// One host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub state: HostState,
    /// Since when.
    pub state_at: Instant,
    /// The version of its shell-worker, once it has answered.
    pub version: Option<String>,
    /// When it answered last, as far as was written down.
    pub seen_at: Option<Instant>,
    /// SHA-256 of the password of its Redis user, in hexadecimal.
    pub password_sha256: String,
    /// When it was registered.
    pub created_at: Instant,
    secret: Option<SecretId>,
}

struct Row {
    name: String,
    state: String,
    state_at: i64,
    version: Option<String>,
    seen_at: Option<i64>,
    secret_id: Option<String>,
    password_sha256: String,
    created_at: i64,
}

impl TryFrom<Row> for Host {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            name: row.name,
            state: parse("host state", &row.state)?,
            state_at: Instant::from_millis(row.state_at),
            version: row.version,
            seen_at: row.seen_at.map(Instant::from_millis),
            secret: row.secret_id.as_deref().map(|id| parse("secret id", id)).transpose()?,
            password_sha256: row.password_sha256,
            created_at: Instant::from_millis(row.created_at),
        })
    }
}

/// What a run that used a revoked host is told, and the owner reads at its terminals.
const REVOKED: &str = "The owner took its keys back from this machine.";

impl Store {
    /// Every host that was ever registered, by name.
    pub async fn hosts(&self) -> Result<Vec<Host>, Error> {
        let rows = sqlx::query_as!(
            Row,
            r#"select name as "name!", state, state_at, version, seen_at, secret_id, password_sha256, created_at from host
               order by name"#,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Host::try_from).collect()
    }

    /// How many terminals run on each host, those of commands included.
    pub async fn running_by_host(&self) -> Result<Vec<(String, u32)>, Error> {
        let rows = sqlx::query!(
            r#"select host, count(*) as "running!: u32" from terminal where state in ('opening', 'running') group by host"#,
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows.into_iter().map(|row| (row.host, row.running)).collect())
    }

    /// The link key of a host, as the text of its file; nothing once it is revoked.
    pub async fn host_key(&self, vault: &Vault, host: &Host) -> Result<Option<Zeroizing<String>>, Error> {
        let Some(secret) = host.secret else { return Ok(None) };
        let key = self.reveal(vault, secret).await?;
        let text = std::str::from_utf8(&key).map_err(|cause| Error::corrupt("key")(cause.to_string()))?;
        Ok(Some(Zeroizing::new(text.to_owned())))
    }
}

impl Tx {
    /// One host, as this unit of work sees it.
    pub async fn host(&mut self, name: &str) -> Result<Host, Error> {
        self.find_host(name).await?.ok_or(Error::NotFound("the host"))
    }

    async fn find_host(&mut self, name: &str) -> Result<Option<Host>, Error> {
        sqlx::query_as!(
            Row,
            r#"select name as "name!", state, state_at, version, seen_at, secret_id, password_sha256, created_at from host
               where name = ?"#,
            name,
        )
        .fetch_optional(self.db())
        .await?
        .map(Host::try_from)
        .transpose()
    }

    /// The owner registers a host, with its link key and the SHA-256 of its Redis password. [`Error::Refused`] when there
    /// is one of that name that is not revoked.
    pub async fn register_host(
        &mut self,
        vault: &Vault,
        name: &str,
        key: &str,
        password_sha256: &str,
        now: Instant,
    ) -> Result<Host, Error> {
        if let Some(before) = self.find_host(name).await? {
            before.state.advance(HostState::Waiting)?;
        }
        let secret = self.add_secret(vault, &format!("host {name}"), key.as_bytes(), now).await?.to_string();
        let now_ms = now.as_millis();
        sqlx::query!(
            "insert into host (name, state, state_at, secret_id, password_sha256, created_at) values (?, 'waiting', ?, ?, ?, ?)
             on conflict (name) do update set state = excluded.state, state_at = excluded.state_at, version = null,
               seen_at = null, secret_id = excluded.secret_id, password_sha256 = excluded.password_sha256,
               created_at = excluded.created_at",
            name,
            now_ms,
            secret,
            password_sha256,
            now_ms,
        )
        .execute(self.db())
        .await?;
        self.tell_host(name, HostState::Waiting, &Actor::Owner, now).await?;
        self.host(name).await
    }

    /// A host answers, with its version, or does not; `seen` is when it answered last. Returns whether that is news.
    pub async fn host_stands(
        &mut self,
        name: &str,
        version: Option<&str>,
        seen: Option<Instant>,
        now: Instant,
    ) -> Result<bool, Error> {
        let before = self.host(name).await?;
        let next = if version.is_some() { HostState::Online } else { HostState::Unreachable };
        let Ok(state) = before.state.advance(next) else { return Ok(false) };
        let (state_text, now_ms) = (state.as_str(), now.as_millis());
        let seen = seen.map(Instant::as_millis);
        sqlx::query!(
            "update host set state = ?, state_at = ?, version = coalesce(?, version), seen_at = coalesce(?, seen_at) where name = ?",
            state_text,
            now_ms,
            version,
            seen,
            name,
        )
        .execute(self.db())
        .await?;
        self.tell_host(name, state, &Actor::Schedule, now).await?;
        Ok(true)
    }

    /// The owner takes the keys of a host back. What it was at work on is over for us: nobody can be asked any more.
    pub async fn revoke_host(&mut self, name: &str, now: Instant) -> Result<(), Error> {
        let host = self.host(name).await?;
        host.state.advance(HostState::Revoked)?;
        let now_ms = now.as_millis();
        sqlx::query!(
            "update host set state = 'revoked', state_at = ?, secret_id = null where name = ?",
            now_ms,
            name
        )
        .execute(self.db())
        .await?;
        if let Some(secret) = host.secret {
            self.drop_secret(secret, now).await?;
        }
        self.end_commands(name, now).await?;
        let terminals = sqlx::query_scalar!(
            r#"select id as "id!: String" from terminal where host = ? and kind = 'owner' and state in ('opening', 'running')"#,
            name,
        )
        .fetch_all(self.db())
        .await?;
        for id in terminals {
            let id: TerminalId = parse("terminal id", &id)?;
            self.terminal_over(id, Over::Lost(REVOKED), now).await?;
        }
        self.tell_host(name, HostState::Revoked, &Actor::Owner, now).await
    }

    async fn end_commands(&mut self, host: &str, now: Instant) -> Result<(), Error> {
        let execs = sqlx::query_scalar!(
            r#"select id as "id!: String" from exec where host = ?
               and state in ('proposed', 'preparing', 'waiting_approval', 'approved', 'running')"#,
            host,
        )
        .fetch_all(self.db())
        .await?;
        for id in execs {
            let id: ExecId = parse("exec id", &id)?;
            let exec = self.exec(id).await?;
            let next = match exec.state {
                // It may run: whoever could say so is not asked any more.
                ExecState::Approved | ExecState::Running => ExecState::Unknown,
                _ => ExecState::Cancelled,
            };
            self.strand_exec(exec, next, REVOKED, now).await?;
        }
        Ok(())
    }

    async fn tell_host(
        &mut self,
        name: &str,
        state: HostState,
        actor: &Actor,
        now: Instant,
    ) -> Result<(), Error> {
        let about = About { subject: Some(name.to_owned()), ..About::default() };
        self.record(EventKind::HostChanged, now, actor, about, json!({ "state": state })).await.map(drop)
    }
}
