//! What is owed to devices: a row and a job for each notification, from the commit that makes it due to the one that ends it.

use std::time::Duration;

use metatron_domain::clock::Instant;
use metatron_domain::command::{JobKind, Priority, Queue};
use metatron_domain::id::{ApprovalId, DeviceId, PushId};

use super::{About, Push, PushState};
use crate::error::{Error, count, parse};
use crate::{Store, Tx};

/// How long it is tried to take a notification back, or to deliver one that only tries whether it arrives.
const SHORT: Duration = Duration::from_mins(10);
/// A push service whose messages must always show something (Apple's): nothing can be taken back silently there.
const ALWAYS_SHOWS: &str = "%.push.apple.com/%";

impl Store {
    /// One notification.
    pub async fn push(&self, push: PushId) -> Result<Push, Error> {
        let id = push.to_string();
        let row = sqlx::query!(
            r#"select p.device_id, p.kind, p.approval_id, p.state, p.expires_at, r.chat_id as "chat_id?"
               from push p left join approval a on a.id = p.approval_id left join run r on r.id = a.run_id where p.id = ?"#,
            id,
        )
        .fetch_optional(self.reader())
        .await?
        .ok_or(Error::NotFound("the notification"))?;
        let approval = row.approval_id.as_deref().map(|id| parse("approval id", id)).transpose()?;
        let about = match (row.kind.as_str(), approval) {
            ("approval", Some(id)) => About::Approval(id),
            ("withdrawal", Some(id)) => About::Withdrawal(id),
            _ => About::Test,
        };
        Ok(Push {
            id: push,
            device: parse("device id", &row.device_id)?,
            about,
            chat: row.chat_id.as_deref().map(|id| parse("chat id", id)).transpose()?,
            state: parse("notification state", &row.state)?,
            expires_at: Instant::from_millis(row.expires_at),
        })
    }

    /// Forgets notifications that ended before `before`, at most `limit` of them. Returns how many.
    pub async fn prune_pushes(&self, before: Instant, limit: u32) -> Result<u64, Error> {
        let before = before.as_millis();
        let mut tx = self.begin().await?;
        let done = sqlx::query!(
            "delete from push where id in (select id from push where ended_at < ? limit ?)",
            before,
            limit,
        )
        .execute(tx.db())
        .await?;
        let _ = tx.commit().await?;
        count("pruned notifications", i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
    }
}

impl Tx {
    /// A question waits until `expires`: every device is to hear of it.
    pub(crate) async fn owe_pushes(
        &mut self,
        approval: ApprovalId,
        expires: Instant,
        now: Instant,
    ) -> Result<(), Error> {
        let devices = sqlx::query_scalar!(r#"select id as "id!: String" from push_device order by id"#)
            .fetch_all(self.db())
            .await?;
        for device in devices {
            self.owe_push(parse("device id", &device)?, About::Approval(approval), expires, now).await?;
        }
        Ok(())
    }

    /// A question does not wait any more: what was not sent is dropped, what was sent is taken back where that can be
    /// done silently.
    pub(crate) async fn withdraw_pushes(&mut self, approval: ApprovalId, now: Instant) -> Result<(), Error> {
        let id = approval.to_string();
        let rows = sqlx::query!(
            r#"select p.id as "id!: String", p.device_id, p.state, coalesce(d.endpoint like ?, 1) as "stays!: bool"
               from push p left join push_device d on d.id = p.device_id
               where p.approval_id = ? and p.kind = 'approval' and p.state in ('owed', 'sent')"#,
            ALWAYS_SHOWS,
            id,
        )
        .fetch_all(self.db())
        .await?;
        for row in rows {
            let push: PushId = parse("push id", &row.id)?;
            // What is at work may be sent at this very moment: whoever works on it takes it back.
            if row.state == "owed" {
                self.end_push(push, PushState::Dropped, Some("answered"), now).await?;
            } else if !row.stays {
                let device = parse("device id", &row.device_id)?;
                self.owe_push(device, About::Withdrawal(approval), now.after(SHORT), now).await?;
            }
        }
        Ok(())
    }

    /// The owner tries whether notifications arrive at a device.
    pub async fn try_push(&mut self, device: DeviceId, now: Instant) -> Result<PushId, Error> {
        self.owe_push(device, About::Test, now.after(SHORT), now).await
    }

    async fn owe_push(
        &mut self,
        device: DeviceId,
        about: About,
        expires: Instant,
        now: Instant,
    ) -> Result<PushId, Error> {
        let push = PushId::new();
        let (id, device, kind) = (push.to_string(), device.to_string(), about.as_str());
        let approval = about.approval().map(|id| id.to_string());
        let (now_ms, expires_ms) = (now.as_millis(), expires.as_millis());
        sqlx::query!(
            "insert into push (id, device_id, kind, approval_id, state, created_at, expires_at)
             values (?, ?, ?, ?, 'owed', ?, ?)",
            id,
            device,
            kind,
            approval,
            now_ms,
            expires_ms,
        )
        .execute(self.db())
        .await?;
        self.enqueue(Queue::Run, Priority::High, JobKind::Push, &id, None, now).await?;
        Ok(push)
    }

    /// A notification comes to its end. What has ended otherwise meanwhile stays as it is, except that what was sent after
    /// its question was answered is taken back.
    pub async fn end_push(
        &mut self,
        push: PushId,
        how: PushState,
        detail: Option<&str>,
        now: Instant,
    ) -> Result<(), Error> {
        let (id, state, now_ms) = (push.to_string(), how.as_str(), now.as_millis());
        let ended = sqlx::query!(
            r#"update push set state = ?, ended_at = ?, detail = ? where id = ? and state = 'owed' returning device_id"#,
            state,
            now_ms,
            detail,
            id,
        )
        .fetch_optional(self.db())
        .await?;
        let failed = (how == PushState::Failed).then(|| detail.unwrap_or("failed"));
        match (ended, how) {
            (Some(row), PushState::Sent | PushState::Failed) => {
                let sent = (how == PushState::Sent).then_some(now_ms);
                sqlx::query!(
                    "update push_device set sent_at = coalesce(?, sent_at), failure = ? where id = ?",
                    sent,
                    failed,
                    row.device_id,
                )
                .execute(self.db())
                .await?;
            }
            (None, PushState::Sent) => self.sent_too_late(&id, now).await?,
            _ => {}
        }
        Ok(())
    }

    /// A notification was sent while its question was answered.
    async fn sent_too_late(&mut self, id: &str, now: Instant) -> Result<(), Error> {
        let row = sqlx::query!(
            r#"update push set state = 'sent' where id = ? and kind = 'approval' and state = 'dropped'
               returning device_id, approval_id as "approval_id!: String""#,
            id,
        )
        .fetch_optional(self.db())
        .await?;
        let Some(row) = row else { return Ok(()) };
        let stays = sqlx::query_scalar!(
            r#"select endpoint like ? as "stays!: bool" from push_device where id = ?"#,
            ALWAYS_SHOWS,
            row.device_id,
        )
        .fetch_optional(self.db())
        .await?;
        if stays == Some(false) {
            let about = About::Withdrawal(parse("approval id", &row.approval_id)?);
            self.owe_push(parse("device id", &row.device_id)?, about, now.after(SHORT), now).await?;
        }
        Ok(())
    }

    /// A device was removed: what waits for it, or for its next try, is not sent. Its jobs find it ended.
    pub(super) async fn drop_pushes(&mut self, device: &str, now: Instant) -> Result<(), Error> {
        let now_ms = now.as_millis();
        sqlx::query!(
            "update push set state = 'dropped', ended_at = ?, detail = 'the device was removed'
             where device_id = ? and state = 'owed'",
            now_ms,
            device,
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Its queue gave it up.
    pub(crate) async fn give_up_push(
        &mut self,
        push: PushId,
        cause: &str,
        now: Instant,
    ) -> Result<(), Error> {
        self.end_push(push, PushState::Failed, Some(cause), now).await
    }
}
