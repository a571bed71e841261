//! The key of the warrants: made once, by api; opened by whoever holds the vault, to seal and to send it in the book.

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::id::SecretId;
use metatron_domain::rule::Under;
use metatron_domain::rule::warrant::{Warrant, WarrantKey};
use zeroize::Zeroizing;

use crate::error::{Error, parse};
use crate::vault::Vault;
use crate::{Store, Tx};

/// What the secret of the key is called.
const NAME: &str = "rule/warrant";

/// Seals a warrant for the host that the command is for.
pub type Seal<'a> = &'a (dyn Fn(&Warrant) -> Result<String, Error> + Send + Sync);
/// What a command could run under, and who seals that it may.
pub type Beforehand<'a> = Option<(Under, Seal<'a>)>;

impl Store {
    /// The key of the warrants for `host`; nothing while none was made.
    pub async fn warrant_key(&self, vault: &Vault, host: &str) -> Result<Option<WarrantKey>, Error> {
        let secret =
            sqlx::query_scalar!("select secret_id from book where id = 1").fetch_one(self.reader()).await?;
        let Some(secret) = secret else { return Ok(None) };
        let secret: SecretId = parse("secret id", &secret)?;
        let root: Zeroizing<Vec<u8>> = self.reveal(vault, secret).await?;
        Ok(WarrantKey::of(&root, host))
    }
}

impl Tx {
    /// Makes the key of the warrants, unless there is one. Returns whether it was made.
    pub async fn make_warrant_key(&mut self, vault: &Vault, now: Instant) -> Result<bool, Error> {
        let known =
            sqlx::query_scalar!("select secret_id from book where id = 1").fetch_one(self.db()).await?;
        if known.is_some() {
            return Ok(false);
        }
        let mut root = Zeroizing::new([0_u8; 32]);
        getrandom::fill(root.as_mut())
            .map_err(|cause| Error::Key(format!("the system gives no randomness: {cause}")))?;
        let secret = self.add_secret_by(&Actor::Schedule, vault, NAME, root.as_ref(), now).await?.to_string();
        sqlx::query!("update book set secret_id = ? where id = 1", secret).execute(self.db()).await?;
        Ok(true)
    }
}
