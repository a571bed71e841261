//! Test calls: asked by the owner through api, made by pulse-worker, told back through the row.

use super::{
    Error, Instant, JobKind, Priority, ProbeId, Provider, ProviderFields, ProviderKind, Queue, RunError,
};
use super::{SecretId, Store, Tx, Vault, json, parse, to_json};

/// Where a test call stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeState {
    /// Owed.
    Queued,
    /// A worker makes it.
    Running,
    /// The model answered.
    Ok {
        /// What it said, cut short.
        reply: String,
    },
    /// It did not.
    Failed {
        /// Why, and what to do.
        error: RunError,
    },
}

impl ProbeState {
    /// The word used in SQL and JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Ok { .. } => "ok",
            Self::Failed { .. } => "failed",
        }
    }
}

/// A test call of a provider, or of one that is not stored yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Its id.
    pub id: ProbeId,
    /// What speaks for the provider.
    pub kind: ProviderKind,
    /// The base URL.
    pub base_url: String,
    /// The model's name there.
    pub model: String,
    /// Where the key is stored, if there is one.
    pub secret: Option<SecretId>,
    /// Where it stands.
    pub state: ProbeState,
    /// When it was asked for.
    pub created_at: Instant,
    /// When it ended.
    pub ended_at: Option<Instant>,
}

impl Store {
    /// The test call with this id.
    pub async fn probe(&self, id: ProbeId) -> Result<Probe, Error> {
        let id_text = id.to_string();
        let row = sqlx::query!(
            "select kind, base_url, model, secret_id, state, reply, error, created_at, ended_at from probe where id = ?",
            id_text,
        )
        .fetch_optional(self.reader())
        .await?
        .ok_or(Error::NotFound("probe"))?;
        let state = match row.state.as_str() {
            "queued" => ProbeState::Queued,
            "running" => ProbeState::Running,
            "ok" => ProbeState::Ok { reply: row.reply.unwrap_or_default() },
            _ => ProbeState::Failed { error: json("probe", row.error.as_deref().unwrap_or("null"))? },
        };
        Ok(Probe {
            id,
            kind: parse("provider kind", &row.kind)?,
            base_url: row.base_url,
            model: row.model,
            secret: row.secret_id.as_deref().map(|id| parse("secret id", id)).transpose()?,
            state,
            created_at: Instant::from_millis(row.created_at),
            ended_at: row.ended_at.map(Instant::from_millis),
        })
    }
}

impl Tx {
    /// Owes a test call of a stored provider.
    pub async fn probe_provider(&mut self, provider: &Provider, now: Instant) -> Result<ProbeId, Error> {
        let id = ProbeId::new();
        let (id_text, provider_text) = (id.to_string(), provider.id.to_string());
        let (kind, secret) = (provider.kind.as_str(), provider.secret.map(|id| id.to_string()));
        let now_ms = now.as_millis();
        sqlx::query!(
            "insert into probe (id, provider_id, kind, base_url, model, secret_id, state, created_at)
             values (?, ?, ?, ?, ?, ?, 'queued', ?)",
            id_text,
            provider_text,
            kind,
            provider.base_url,
            provider.model,
            secret,
            now_ms,
        )
        .execute(self.db())
        .await?;
        self.owe_probe(&id_text, now).await?;
        Ok(id)
    }

    /// Owes a test call of a provider that is not stored. Its key is kept, sealed, until the call has ended.
    pub async fn probe_fields(
        &mut self,
        vault: &Vault,
        fields: &ProviderFields<'_>,
        api_key: Option<&str>,
        now: Instant,
    ) -> Result<ProbeId, Error> {
        let id = ProbeId::new();
        let id_text = id.to_string();
        let secret = match api_key {
            Some(key) => Some(self.add_secret(vault, &format!("probe/{id}"), key.as_bytes(), now).await?),
            None => None,
        };
        let (secret_text, now_ms) = (secret.map(|id| id.to_string()), now.as_millis());
        sqlx::query!(
            "insert into probe (id, kind, base_url, model, secret_id, state, created_at)
             values (?, 'openai', ?, ?, ?, 'queued', ?)",
            id_text,
            fields.base_url,
            fields.model,
            secret_text,
            now_ms,
        )
        .execute(self.db())
        .await?;
        self.owe_probe(&id_text, now).await?;
        Ok(id)
    }

    async fn owe_probe(&mut self, id: &str, now: Instant) -> Result<(), Error> {
        self.enqueue(Queue::Run, Priority::High, JobKind::Probe, id, None, now).await
    }

    /// A worker begins the call.
    pub async fn start_probe(&mut self, id: ProbeId) -> Result<(), Error> {
        let id = id.to_string();
        sqlx::query!("update probe set state = 'running' where id = ? and state = 'queued'", id)
            .execute(self.db())
            .await?;
        Ok(())
    }

    /// The call has ended. A key that was kept for it alone is forgotten.
    pub async fn end_probe(
        &mut self,
        id: ProbeId,
        outcome: Result<&str, &RunError>,
        now: Instant,
    ) -> Result<(), Error> {
        let (id_text, now_ms) = (id.to_string(), now.as_millis());
        let (state, reply, error) = match outcome {
            Ok(reply) => ("ok", Some(reply), None),
            Err(error) => ("failed", None, Some(to_json("probe", error)?)),
        };
        let row = sqlx::query!(
            "update probe set state = ?, reply = ?, error = ?, ended_at = ?
             where id = ? and state in ('queued', 'running') returning provider_id, secret_id",
            state,
            reply,
            error,
            now_ms,
            id_text,
        )
        .fetch_optional(self.db())
        .await?
        .ok_or_else(|| Error::Conflict("the test call has ended already".to_owned()))?;
        if let (None, Some(secret)) = (row.provider_id, row.secret_id) {
            self.drop_secret(parse("secret id", &secret)?, now).await?;
        }
        Ok(())
    }
}
