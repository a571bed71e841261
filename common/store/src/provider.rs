//! Model providers, and the test calls that show whether one answers. Keys are secrets: only the vault opens them.

use metatron_domain::clock::Instant;
use metatron_domain::command::{JobKind, Priority, Queue};
use metatron_domain::id::{ProbeId, ProviderId, SecretId};
use metatron_domain::run::RunError;

use crate::error::{Error, count, json, parse, to_json};
use crate::run::signed;
use crate::vault::Vault;
use crate::{Store, Tx};

/// What speaks for a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// An HTTP API of the shape of `OpenAI`'s.
    Openai,
    /// The built-in demonstration: no AI.
    Demo,
}

impl ProviderKind {
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Demo => "demo",
        }
    }
}

impl std::str::FromStr for ProviderKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "openai" => Ok(Self::Openai),
            "demo" => Ok(Self::Demo),
            other => Err(format!("{other} is no kind of provider")),
        }
    }
}

/// A model provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its id.
    pub id: ProviderId,
    /// What the owner calls it.
    pub name: String,
    /// What speaks for it.
    pub kind: ProviderKind,
    /// The base URL, such as `http://127.0.0.1:8080/v1`; empty for the demonstration.
    pub base_url: String,
    /// The model's name there.
    pub model: String,
    /// Where its key is stored, if it has one.
    pub secret: Option<SecretId>,
    /// Whether runs use it unless told otherwise.
    pub is_default: bool,
    /// What it costs.
    pub price: Price,
}

/// What a model costs, in millionths of a US dollar for a million tokens; nothing where the owner never said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Price {
    /// For what it reads.
    pub read: u64,
    /// For what it writes.
    pub written: u64,
}

impl Price {
    /// What this many tokens cost, in millionths of a US dollar; a million dollars at most, so that sums stay sums.
    pub fn of(self, read: u64, written: u64) -> u64 {
        const MOST: u128 = 1_000_000_000_000;
        let part = |count: u64, price: u64| u128::from(count) * u128::from(price) / 1_000_000;
        u64::try_from((part(read, self.read) + part(written, self.written)).min(MOST)).unwrap_or_default()
    }
}

/// What a provider is made or changed to.
#[derive(Debug, Clone, Copy)]
pub struct ProviderFields<'a> {
    /// What the owner calls it.
    pub name: &'a str,
    /// The base URL.
    pub base_url: &'a str,
    /// The model's name there.
    pub model: &'a str,
}

struct Row {
    id: String,
    name: String,
    kind: String,
    base_url: String,
    model: String,
    secret_id: Option<String>,
    is_default: i64,
    price_in: i64,
    price_out: i64,
}

impl TryFrom<Row> for Provider {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: parse("provider id", &row.id)?,
            name: row.name,
            kind: parse("provider kind", &row.kind)?,
            base_url: row.base_url,
            model: row.model,
            secret: row.secret_id.as_deref().map(|id| parse("secret id", id)).transpose()?,
            is_default: row.is_default == 1,
            price: Price { read: count("price", row.price_in)?, written: count("price", row.price_out)? },
        })
    }
}

impl Store {
    /// Every provider, oldest first.
    pub async fn providers(&self) -> Result<Vec<Provider>, Error> {
        let rows = sqlx::query_as!(
            Row,
            "select id, name, kind, base_url, model, secret_id, is_default, price_in, price_out
             from provider order by id limit 500",
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Provider::try_from).collect()
    }

    /// The provider with this id.
    pub async fn provider(&self, id: ProviderId) -> Result<Provider, Error> {
        let id = id.to_string();
        sqlx::query_as!(
            Row,
            "select id, name, kind, base_url, model, secret_id, is_default, price_in, price_out
             from provider where id = ?",
            id,
        )
        .fetch_optional(self.reader())
        .await?
        .ok_or(Error::NotFound("provider"))?
        .try_into()
    }

    /// The provider that runs use unless told otherwise.
    pub async fn default_provider(&self) -> Result<Option<Provider>, Error> {
        sqlx::query_as!(
            Row,
            "select id, name, kind, base_url, model, secret_id, is_default, price_in, price_out
             from provider where is_default = 1",
        )
        .fetch_optional(self.reader())
        .await?
        .map(Provider::try_from)
        .transpose()
    }
}

impl Tx {
    /// Adds the built-in demonstration, and makes it the default where there is none.
    pub async fn add_demo_provider(&mut self, now: Instant) -> Result<ProviderId, Error> {
        let id = ProviderId::new();
        let (id_text, now_ms) = (id.to_string(), now.as_millis());
        sqlx::query!(
            "insert into provider (id, name, kind, model, is_default, created_at, updated_at)
             values (?1, 'Demonstration', 'demo', 'demonstration',
                     not exists (select 1 from provider where is_default = 1), ?2, ?2)",
            id_text,
            now_ms,
        )
        .execute(self.db())
        .await?;
        Ok(id)
    }

    /// Adds a provider. Its key, if any, goes to the vault.
    pub async fn add_provider(
        &mut self,
        vault: &Vault,
        fields: &ProviderFields<'_>,
        api_key: Option<&str>,
        now: Instant,
    ) -> Result<ProviderId, Error> {
        let id = ProviderId::new();
        let secret = match api_key {
            Some(key) => Some(self.add_secret(vault, &key_name(id), key.as_bytes(), now).await?),
            None => None,
        };
        let (id_text, secret_text) = (id.to_string(), secret.map(|id| id.to_string()));
        let now_ms = now.as_millis();
        sqlx::query!(
            "insert into provider (id, name, kind, base_url, model, secret_id, created_at, updated_at)
             values (?1, ?2, 'openai', ?3, ?4, ?5, ?6, ?6)",
            id_text,
            fields.name,
            fields.base_url,
            fields.model,
            secret_text,
            now_ms,
        )
        .execute(self.db())
        .await?;
        Ok(id)
    }

    /// Changes a provider. Its key stays unless another is given; with another base URL it is forgotten, so that a
    /// key never goes to a server it was not given for.
    pub async fn change_provider(
        &mut self,
        vault: &Vault,
        former: &Provider,
        fields: &ProviderFields<'_>,
        api_key: Option<&str>,
        now: Instant,
    ) -> Result<(), Error> {
        let mut secret = former.secret;
        match (api_key, secret) {
            (Some(key), Some(id)) => self.replace_secret(vault, id, key.as_bytes(), now).await?,
            (Some(key), None) => {
                secret = Some(self.add_secret(vault, &key_name(former.id), key.as_bytes(), now).await?);
            }
            (None, Some(id)) if former.base_url != fields.base_url => {
                self.drop_secret(id, now).await?;
                secret = None;
            }
            (None, _) => {}
        }
        let (id_text, secret_text) = (former.id.to_string(), secret.map(|id| id.to_string()));
        let now_ms = now.as_millis();
        let done = sqlx::query!(
            "update provider set name = ?, base_url = ?, model = ?, secret_id = ?, version = version + 1, updated_at = ?
             where id = ? and kind = 'openai'",
            fields.name,
            fields.base_url,
            fields.model,
            secret_text,
            now_ms,
            id_text,
        )
        .execute(self.db())
        .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound("provider")) }
    }

    /// Removes a provider and its key. If it was the default, the demonstration is.
    pub async fn remove_provider(&mut self, former: &Provider, now: Instant) -> Result<(), Error> {
        let id_text = former.id.to_string();
        let done = sqlx::query!("delete from provider where id = ? and kind = 'openai'", id_text)
            .execute(self.db())
            .await?;
        if done.rows_affected() != 1 {
            return Err(Error::NotFound("provider"));
        }
        if let Some(secret) = former.secret {
            self.drop_secret(secret, now).await?;
        }
        if former.is_default {
            sqlx::query!(
                "update provider set is_default = 1
                 where id = (select id from provider where kind = 'demo' order by id limit 1)"
            )
            .execute(self.db())
            .await?;
        }
        Ok(())
    }

    /// Says what a provider costs from now on.
    pub async fn set_price(&mut self, id: ProviderId, price: Price, now: Instant) -> Result<(), Error> {
        let (id_text, now_ms) = (id.to_string(), now.as_millis());
        let (read, written) = (signed(price.read), signed(price.written));
        let done = sqlx::query!(
            "update provider set price_in = ?, price_out = ?, version = version + 1, updated_at = ? where id = ?
               and kind = 'openai'",
            read,
            written,
            now_ms,
            id_text,
        )
        .execute(self.db())
        .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound("provider")) }
    }

    /// Makes a provider the default.
    pub async fn make_default(&mut self, id: ProviderId) -> Result<(), Error> {
        let id_text = id.to_string();
        sqlx::query!("update provider set is_default = 0 where is_default = 1 and id <> ?", id_text)
            .execute(self.db())
            .await?;
        let done = sqlx::query!("update provider set is_default = 1 where id = ?", id_text)
            .execute(self.db())
            .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound("provider")) }
    }
}

fn key_name(id: ProviderId) -> String {
    format!("provider/{id}")
}

mod probe;
pub use probe::{Probe, ProbeState};

#[cfg(test)]
mod tests;
