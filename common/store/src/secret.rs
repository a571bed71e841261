//! Secrets at rest: a name, and versions of a value that only the vault opens. Values leave as [`Zeroizing`] bytes,
//! never in a record, a log or an error.

use metatron_domain::actor::Actor;
use metatron_domain::audit::AuditKind;
use metatron_domain::clock::Instant;
use metatron_domain::id::SecretId;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::vault::{Place, Sealed, Vault};
use crate::{About, Store, Tx};

/// The table named in the associated data of every secret.
const TABLE: &str = "secret_version";

impl Tx {
    /// Stores `value` as a new secret, for the owner.
    pub async fn add_secret(
        &mut self,
        vault: &Vault,
        name: &str,
        value: &[u8],
        now: Instant,
    ) -> Result<SecretId, Error> {
        self.add_secret_by(&Actor::Owner, vault, name, value, now).await
    }

    /// Stores `value` as a new secret, for `actor`.
    pub async fn add_secret_by(
        &mut self,
        actor: &Actor,
        vault: &Vault,
        name: &str,
        value: &[u8],
        now: Instant,
    ) -> Result<SecretId, Error> {
        let id = SecretId::new();
        let (id_text, now_ms) = (id.to_string(), now.as_millis());
        sqlx::query!("insert into secret (id, name, created_at) values (?, ?, ?)", id_text, name, now_ms)
            .execute(self.db())
            .await?;
        self.put_version(vault, &id_text, name, 1, value, now_ms).await?;
        self.audit_secret(
            AuditKind::SecretStored,
            actor,
            id_text,
            json!({ "name": name, "version": 1 }),
            now,
        );
        Ok(id)
    }

    /// Stores `value` as the newest version of a secret, and forgets the older ones.
    pub async fn replace_secret(
        &mut self,
        vault: &Vault,
        id: SecretId,
        value: &[u8],
        now: Instant,
    ) -> Result<(), Error> {
        let (id_text, now_ms) = (id.to_string(), now.as_millis());
        let row = sqlx::query!(
            r#"select s.name as "name!", (select max(version) from secret_version where secret_id = s.id) as "version: i64"
               from secret s where s.id = ? and s.deleted_at is null"#,
            id_text,
        )
        .fetch_optional(self.db())
        .await?
        .ok_or(Error::NotFound("secret"))?;
        let version = row.version.unwrap_or(0) + 1;
        self.put_version(vault, &id_text, &row.name, version, value, now_ms).await?;
        sqlx::query!("delete from secret_version where secret_id = ? and version < ?", id_text, version)
            .execute(self.db())
            .await?;
        let data = json!({ "name": row.name, "version": version });
        self.audit_secret(AuditKind::SecretStored, &Actor::Owner, id_text, data, now);
        Ok(())
    }

    /// Forgets a secret: its sealed versions are gone, its name is free.
    pub async fn drop_secret(&mut self, id: SecretId, now: Instant) -> Result<(), Error> {
        let (id_text, now_ms) = (id.to_string(), now.as_millis());
        sqlx::query!("delete from secret_version where secret_id = ?", id_text).execute(self.db()).await?;
        let forgotten = sqlx::query!(
            "update secret set deleted_at = ? where id = ? and deleted_at is null",
            now_ms,
            id_text
        );
        if forgotten.execute(self.db()).await?.rows_affected() == 1 {
            self.audit_secret(AuditKind::SecretForgotten, &Actor::Schedule, id_text, json!({}), now);
        }
        Ok(())
    }

    /// Its name and version; of the value not even a digest, which could be guessed at.
    fn audit_secret(&mut self, kind: AuditKind, actor: &Actor, id: String, data: Value, now: Instant) {
        let about = About { subject: Some(id), ..About::default() };
        self.audit(kind, now, actor, about, data);
    }

    async fn put_version(
        &mut self,
        vault: &Vault,
        id: &str,
        name: &str,
        version: i64,
        value: &[u8],
        now_ms: i64,
    ) -> Result<(), Error> {
        self.count_wrap().await?;
        let sealed = vault.seal(&Place { table: TABLE, row: id, name, version }, value)?;
        sqlx::query!(
            "insert into secret_version
             (secret_id, version, key_id, dek_nonce, dek_wrapped, nonce, ciphertext, created_at)
             values (?, ?, ?, ?, ?, ?, ?, ?)",
            id,
            version,
            sealed.key_id,
            sealed.dek_nonce,
            sealed.dek_wrapped,
            sealed.nonce,
            sealed.ciphertext,
            now_ms,
        )
        .execute(self.db())
        .await?;
        Ok(())
    }
}

impl Store {
    /// The newest value of a secret.
    pub async fn reveal(&self, vault: &Vault, id: SecretId) -> Result<Zeroizing<Vec<u8>>, Error> {
        let id_text = id.to_string();
        let row = sqlx::query!(
            "select s.name, v.version, v.key_id, v.dek_nonce, v.dek_wrapped, v.nonce, v.ciphertext
             from secret s join secret_version v on v.secret_id = s.id
             where s.id = ? and s.deleted_at is null order by v.version desc limit 1",
            id_text,
        )
        .fetch_optional(self.reader())
        .await?
        .ok_or(Error::NotFound("secret"))?;
        let sealed = Sealed {
            key_id: row.key_id,
            dek_nonce: row.dek_nonce,
            dek_wrapped: row.dek_wrapped,
            nonce: row.nonce,
            ciphertext: row.ciphertext,
        };
        vault.unseal(&Place { table: TABLE, row: &id_text, name: &row.name, version: row.version }, &sealed)
    }
}
