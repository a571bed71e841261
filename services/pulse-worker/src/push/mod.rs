//! Notifications by Web Push (RFC 8030): a message that only the device can read, signed with our own key.
//!
//! What a notification says is generic: the id of a question and no word of its command. It is quiet while the device shows
//! the conversation, and is not sent when the question was answered or its time is over.

mod encrypt;
mod send;
mod vapid;

use std::time::Duration;

use metatron_domain::actor::Actor;
use metatron_domain::id::{DeviceId, PushId};
use metatron_store::Error;
use metatron_store::job::Claim;
use metatron_store::push::{About, Push, PushState};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::desk::Desk;
use crate::work::Done;

pub(crate) use send::Courier;
use send::{Fate, Message};

/// How long a device that shows the conversation is left in peace before it is looked at again.
const QUIET: Duration = Duration::from_secs(10);
/// The longest that a push service may ask us to wait.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// Makes the signing key, once in the life of an instance.
pub(crate) async fn found(desk: &Desk) -> anyhow::Result<()> {
    if desk.store.push_key().await?.is_some() {
        return Ok(());
    }
    let mut tx = desk.store.begin().await?;
    if tx.put_push_key(&desk.vault, desk.now(), vapid::generate).await? {
        desk.commit(tx).await?;
        tracing::info!("a key for notifications was made");
    }
    Ok(())
}

/// Carries one notification; its subject is the push.
pub(crate) async fn carry(desk: &Desk, subject: &str, claim: &Claim) -> Result<Done, Error> {
    let Ok(id) = subject.parse::<PushId>() else { return Err(Error::NotFound("the notification")) };
    let push = desk.store.push(id).await?;
    if push.state != PushState::Owed {
        return end(desk, &push, claim, None).await;
    }
    if push.expires_at <= desk.now() {
        return end(desk, &push, claim, Some((PushState::Dropped, "its time is over"))).await;
    }
    if is_quiet(desk, &push).await {
        return Ok(Done::Later(QUIET, "the device shows the conversation"));
    }
    let Some((device, fate)) = deliver(desk, &push).await? else {
        // What ended otherwise keeps its own end.
        return end(desk, &push, claim, Some((PushState::Dropped, "the device was removed"))).await;
    };
    match fate {
        Fate::Taken => end(desk, &push, claim, Some((PushState::Sent, ""))).await,
        Fate::Gone => {
            tracing::info!(device.id = %device, "a device is gone: its push service says so");
            let now = desk.now();
            let mut tx = desk.store.begin().await?;
            tx.end_push(id, PushState::Dropped, Some("the device is gone"), now).await?;
            match tx.remove_device(device, &Actor::Schedule, now).await {
                Err(Error::NotFound(_)) => {}
                other => other?,
            }
            tx.finish(claim, now).await?;
            desk.commit(tx).await?;
            Ok(Done::Finished)
        }
        Fate::Refused(cause) => end(desk, &push, claim, Some((PushState::Failed, &cause))).await,
        Fate::Busy(after) => Ok(Done::Later(after.min(LONGEST_WAIT), "the push service is busy")),
        Fate::Unreached(cause) => Ok(Done::Failed(cause)),
    }
}

/// Whether the device shows the conversation of the question. Where Redis can't tell, it does not.
async fn is_quiet(desk: &Desk, push: &Push) -> bool {
    matches!(push.about, About::Approval(_))
        && push.chat.is_some()
        && desk.bus.visible_at(push.device).await.ok().flatten() == push.chat
}

/// Sends it, unless it ended while it was made ready: its question was answered or its device removed.
async fn deliver(desk: &Desk, push: &Push) -> Result<Option<(DeviceId, Fate)>, Error> {
    let key = desk.store.push_private_key(&desk.vault).await?;
    let public = desk.store.push_key().await?.ok_or(Error::NotFound("the push key"))?;
    let (settings, _) = desk.store.settings().await?;
    let text = words(push, &settings.language).to_string();
    let now = desk.now();
    let message =
        Message { text: text.as_bytes(), ttl: push.expires_at.since(now), topic: topic(push.about), now };
    // Last: from here on nothing but the way to the push service lies between what is read and what is sent.
    if desk.store.push(push.id).await?.state != PushState::Owed {
        return Ok(None);
    }
    let device = match desk.store.device(push.device).await {
        Err(Error::NotFound(_)) => return Ok(None),
        other => other?,
    };
    let fate = Box::pin(desk.courier.send(&device, &message, &key, &public)).await;
    Ok(Some((device.id, fate)))
}

/// What the device is told: enough to show a generic line and to open the card.
fn words(push: &Push, language: &str) -> Value {
    match push.about {
        About::Approval(id) => {
            let until = push.expires_at;
            json!({ "v": 1, "kind": "approval", "id": id, "chat": push.chat, "until": until, "lang": language })
        }
        About::Withdrawal(id) => json!({ "v": 1, "kind": "withdrawal", "id": id, "lang": language }),
        About::Test => json!({ "v": 1, "kind": "test", "lang": language }),
    }
}

/// A later message about the same question replaces one that was not delivered (RFC 8030, 5.4): 32 characters at most,
/// and none that says which question.
fn topic(about: About) -> Option<String> {
    use base64::Engine as _;
    let (About::Approval(id) | About::Withdrawal(id)) = about else { return None };
    let digest = Sha256::digest(id.to_string().as_bytes());
    Some(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&digest[..24]))
}

async fn end(desk: &Desk, push: &Push, claim: &Claim, how: Option<(PushState, &str)>) -> Result<Done, Error> {
    let now = desk.now();
    let mut tx = desk.store.begin().await?;
    if let Some((state, detail)) = how {
        tx.end_push(push.id, state, Some(detail).filter(|detail| !detail.is_empty()), now).await?;
    }
    tx.finish(claim, now).await?;
    desk.commit(tx).await?;
    Ok(Done::Finished)
}
