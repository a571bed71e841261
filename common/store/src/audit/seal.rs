//! The head, sealed: an HMAC under a key that only the holders of the master key can derive. Whoever can write the database
//! alone can neither make one for a chain that was written anew, nor one for a shorter chain.

use metatron_domain::audit::{Hash, Head};
use metatron_domain::clock::Instant;
use sqlx::SqliteExecutor;
use subtle::ConstantTimeEq as _;

use crate::error::Error;
use crate::vault::Vault;
use crate::{Store, Tx};

/// What the vault's key is derived for.
const PURPOSE: &str = "audit head";

/// A head that was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// The head.
    pub head: Head,
    /// When it was sealed.
    pub at: Instant,
}

impl Seal {
    /// The tag that belongs to it, in hex.
    pub fn tag(&self, vault: &Vault) -> String {
        let text = format!("{} {} {}", self.head.count, self.head.hash, self.at.as_millis());
        hex::encode(vault.tag(PURPOSE, text.as_bytes()))
    }

    /// Whether `tag` is the one that belongs to it.
    fn holds(&self, vault: &Vault, tag: &str) -> bool {
        bool::from(self.tag(vault).as_bytes().ct_eq(tag.as_bytes()))
    }
}

impl Store {
    /// The head as it is now, whether or not what stands before it is whole.
    pub async fn audit_head(&self) -> Result<Head, Error> {
        super::newest(self.reader()).await
    }

    /// The hash that is stored with a row.
    pub async fn audit_hash(&self, seq: i64) -> Result<Option<String>, Error> {
        Ok(sqlx::query_scalar!("select hash from audit where seq = ?", seq)
            .fetch_optional(self.reader())
            .await?)
    }

    /// The head that was sealed last: absent when none was, and `false` where what is stored is no seal of ours.
    pub async fn audit_seal(&self, vault: &Vault) -> Result<Option<(Seal, bool)>, Error> {
        Ok(stored(self.reader()).await?.map(|(seal, tag)| (seal, seal.holds(vault, &tag))))
    }
}

/// Why the head can't be sealed anew: to do so would hide it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsealable {
    /// What is stored as the last seal is none of ours.
    #[error("the last seal of the audit does not hold")]
    Broken,
    /// The row that was sealed last is another one now, or is gone.
    #[error("the audit is not the one that was sealed last")]
    Rewritten,
}

impl Tx {
    /// Seals the head as this unit of work sees it; what the unit itself audits comes behind it. Refuses where the last
    /// seal does not fit any more: it stays, as the evidence it is.
    pub async fn seal_audit(
        &mut self,
        vault: &Vault,
        now: Instant,
    ) -> Result<Result<Seal, Unsealable>, Error> {
        if let Some((last, tag)) = stored(self.db()).await? {
            if !last.holds(vault, &tag) {
                return Ok(Err(Unsealable::Broken));
            }
            if last.head.count > 0 {
                let count = last.head.count;
                let found = sqlx::query_scalar!("select hash from audit where seq = ?", count)
                    .fetch_optional(self.db())
                    .await?;
                if found != Some(last.head.hash.to_string()) {
                    return Ok(Err(Unsealable::Rewritten));
                }
            }
        }
        let seal = Seal { head: super::newest(self.db()).await?, at: now };
        let (count, hash, at, tag) =
            (seal.head.count, seal.head.hash.to_string(), now.as_millis(), seal.tag(vault));
        sqlx::query!(
            "insert into audit_seal (id, count, hash, at, tag) values (1, ?1, ?2, ?3, ?4)
             on conflict (id) do update set count = ?1, hash = ?2, at = ?3, tag = ?4",
            count,
            hash,
            at,
            tag,
        )
        .execute(self.db())
        .await?;
        Ok(Ok(seal))
    }
}

/// The head as it was sealed last, as it is stored, with its tag. A hash that is none is a tag that can't hold.
async fn stored(db: impl SqliteExecutor<'_>) -> Result<Option<(Seal, String)>, Error> {
    let row =
        sqlx::query!("select count, hash, at, tag from audit_seal where id = 1").fetch_optional(db).await?;
    Ok(row.map(|row| {
        let at = Instant::from_millis(row.at);
        match row.hash.parse() {
            Ok(hash) => (Seal { head: Head { count: row.count, hash }, at }, row.tag),
            Err(_) => (Seal { head: Head { count: row.count, hash: Hash::NONE }, at }, String::new()),
        }
    }))
}
