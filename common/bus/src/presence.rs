//! Where the owner is looking: whether a page of theirs is open, and which conversation a device shows. Said again while it
//! is so, and forgotten by itself: a process that dies leaves nobody present.
//!
//! Motion only. When Redis is emptied a notification comes that was not needed.

use metatron_domain::id::{ChatId, DeviceId};

use crate::{Bus, Error, key};

/// Seconds that a sign of presence counts. It is repeated in less than half of them.
const TTL_S: u64 = 60;

impl Bus {
    /// A page of the owner is open; the device, where it is known, shows this conversation.
    pub async fn is_here(&self, shows: Option<(DeviceId, ChatId)>) -> Result<(), Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("SET").arg(key::WATCHING.pattern).arg(self.now_text()).arg("EX").arg(TTL_S).ignore();
        if let Some((device, chat)) = shows {
            pipe.cmd("SET").arg(key::visible(device)).arg(chat.to_string()).arg("EX").arg(TTL_S).ignore();
        }
        self.run(&pipe).await
    }

    /// The device shows no conversation any more.
    pub async fn looks_away(&self, device: DeviceId) -> Result<(), Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("DEL").arg(key::visible(device)).ignore();
        self.run(&pipe).await
    }

    /// The last page of the owner was closed.
    pub async fn is_gone(&self) -> Result<(), Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("DEL").arg(key::WATCHING.pattern).ignore();
        self.run(&pipe).await
    }

    /// Whether a page of the owner is open anywhere.
    pub async fn is_watched(&self) -> Result<bool, Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("EXISTS").arg(key::WATCHING.pattern);
        let (found,): (u64,) = self.run(&pipe).await?;
        Ok(found == 1)
    }

    /// The conversation that a device shows now.
    pub async fn visible_at(&self, device: DeviceId) -> Result<Option<ChatId>, Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("GET").arg(key::visible(device));
        let (chat,): (Option<String>,) = self.run(&pipe).await?;
        Ok(chat.and_then(|chat| chat.parse().ok()))
    }
}
