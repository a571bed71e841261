//! Notifications: the devices that get them, and what is owed to each. What one says stands in no row: it is the id of a
//! question, and the device asks for the rest.
//!
//! A question owes one notification to each device in the commit that asks it, and takes it back in the commit that answers.

pub mod device;
mod owed;

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::id::{ApprovalId, ChatId, DeviceId, PushId, SecretId};
use zeroize::Zeroizing;

use crate::error::{Error, parse};
use crate::vault::Vault;
use crate::{Store, Tx};

/// Devices at most: one owner has not more, and each question is told to all.
pub const MOST_DEVICES: usize = 20;

/// What the secret of the signing key is called.
const KEY_NAME: &str = "push/vapid";

/// A device that gets notifications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// What the owner calls it.
    pub name: String,
    /// Where its push service takes messages.
    pub endpoint: String,
    /// Its public key: an uncompressed point of P-256, in base64url.
    pub p256dh: String,
    /// Its authentication secret: 16 bytes, in base64url.
    pub auth: String,
    /// When it was added.
    pub created_at: Instant,
    /// When its push service last took a message.
    pub sent_at: Option<Instant>,
    /// Why the last message did not arrive.
    pub failure: Option<String>,
}

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A question waits.
    Approval(ApprovalId),
    /// A question that was told does not wait any more.
    Withdrawal(ApprovalId),
    /// The owner tries whether notifications arrive.
    Test,
}

impl About {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Approval(_) => "approval",
            Self::Withdrawal(_) => "withdrawal",
            Self::Test => "test",
        }
    }

    const fn approval(self) -> Option<ApprovalId> {
        match self {
            Self::Approval(id) | Self::Withdrawal(id) => Some(id),
            Self::Test => None,
        }
    }
}

/// Where a notification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushState {
    /// It is to be sent.
    Owed,
    /// The device's push service took it.
    Sent,
    /// It was not wanted any more.
    Dropped,
    /// It was given up.
    Failed,
}

impl PushState {
    /// The word used in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owed => "owed",
            Self::Sent => "sent",
            Self::Dropped => "dropped",
            Self::Failed => "failed",
        }
    }
}

impl std::str::FromStr for PushState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Owed, Self::Sent, Self::Dropped, Self::Failed]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("{text} is no state of a notification"))
    }
}

/// One notification to one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Push {
    /// Its id.
    pub id: PushId,
    /// To whom.
    pub device: DeviceId,
    /// What about.
    pub about: About,
    /// The conversation of the question.
    pub chat: Option<ChatId>,
    /// Where it stands.
    pub state: PushState,
    /// When nobody wants it any more.
    pub expires_at: Instant,
}

impl Store {
    /// The public half of the signing key, as browsers take it; absent until a worker has made one.
    pub async fn push_key(&self) -> Result<Option<String>, Error> {
        Ok(sqlx::query_scalar!("select public_key from push_key where id = 1")
            .fetch_optional(self.reader())
            .await?)
    }

    /// The private half.
    pub async fn push_private_key(&self, vault: &Vault) -> Result<Zeroizing<Vec<u8>>, Error> {
        let secret = sqlx::query_scalar!("select secret_id from push_key where id = 1")
            .fetch_optional(self.reader())
            .await?
            .ok_or(Error::NotFound("the push key"))?;
        let secret: SecretId = parse("secret id", &secret)?;
        self.reveal(vault, secret).await
    }
}

impl Tx {
    /// Stores the key that `make` gives, public half first, unless there is one. Returns whether it was stored.
    pub async fn put_push_key<M, E>(&mut self, vault: &Vault, now: Instant, make: M) -> Result<bool, E>
    where
        M: FnOnce() -> Result<(String, Zeroizing<Vec<u8>>), E>,
        E: From<Error>,
    {
        let known = sqlx::query_scalar!(r#"select count(*) as "n!: i64" from push_key"#)
            .fetch_one(self.db())
            .await
            .map_err(Error::from)?;
        if known > 0 {
            return Ok(false);
        }
        let (public, private) = make()?;
        let secret = self.add_secret_by(&Actor::Schedule, vault, KEY_NAME, &private, now).await?;
        let (secret, now_ms) = (secret.to_string(), now.as_millis());
        sqlx::query!(
            "insert into push_key (id, public_key, secret_id, created_at) values (1, ?, ?, ?)",
            public,
            secret,
            now_ms,
        )
        .execute(self.db())
        .await
        .map_err(Error::from)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
