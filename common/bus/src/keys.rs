//! What the owner types, on its way from api to the shell-worker of a host. Sealed, so that Redis can neither read nor make
//! it; published, so that nothing stands between a key and its echo. Whoever sends counts, and is told by
//! [`metatron_domain::terminal::message::Note::Pressed`] how far it came.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use metatron_domain::id::TerminalId;
use serde::{Deserialize, Serialize};

use crate::live::Notice;
use crate::{Bus, Error, key};

/// Sealed keys for one terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pressed {
    /// Which.
    pub terminal: TerminalId,
    /// Their number, above every one before.
    pub sequence: u64,
    /// The seal, in base 64.
    pub sealed: String,
}

impl Bus {
    /// Sends keys to the shell-worker of `host`, directly where that is possible. [`Error::Unavailable`] when none listens:
    /// then they are lost.
    pub async fn press(&self, host: &str, keys: &Pressed) -> Result<(), Error> {
        let (channel, text) = (key::KEYS.fill(&[host]), serde_json::to_string(keys)?);
        let direct = self.direct().filter(|direct| direct.is_of(host));
        if direct.is_some_and(|direct| direct.send(&channel, text.as_bytes())) {
            return Ok(());
        }
        let mut pipe = redis::pipe();
        pipe.cmd("PUBLISH").arg(channel).arg(text);
        let (heard,): (u64,) = self.run(&pipe).await?;
        if heard == 0 {
            return Err(Error::Unavailable(format!("no shell-worker of host {host} listens")));
        }
        Ok(())
    }

    /// The keys for `host`, in the order in which they were sent. What is sent while Redis is away is lost.
    pub async fn follow_keys(&self, host: &str) -> BoxStream<'static, Pressed> {
        let keys = self.hub().subscribe(&key::KEYS.fill(&[host])).await;
        futures::stream::unfold(keys, |mut keys| async move {
            loop {
                let Notice::Message(bytes) = keys.next().await? else { continue };
                match serde_json::from_slice(&bytes) {
                    Ok(pressed) => return Some((pressed, keys)),
                    Err(error) => tracing::warn!(%error, "keys can't be read"),
                }
            }
        })
        .boxed()
    }
}
