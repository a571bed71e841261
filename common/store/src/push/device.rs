//! The devices: added by the owner in their browser, removed by the owner or by their push service.

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::id::DeviceId;
use serde_json::json;

use super::{Device, MOST_DEVICES};
use crate::error::{Error, parse};
use crate::{About, Store, Tx};

/// A device as its browser describes it.
#[derive(Debug, Clone, Copy)]
pub struct NewDevice<'a> {
    /// What the owner calls it.
    pub name: &'a str,
    /// Where its push service takes messages.
    pub endpoint: &'a str,
    /// Its public key, in base64url.
    pub p256dh: &'a str,
    /// Its authentication secret, in base64url.
    pub auth: &'a str,
}

struct Row {
    id: String,
    name: String,
    endpoint: String,
    p256dh: String,
    auth: String,
    created_at: i64,
    sent_at: Option<i64>,
    failure: Option<String>,
}

impl TryFrom<Row> for Device {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: parse("device id", &row.id)?,
            name: row.name,
            endpoint: row.endpoint,
            p256dh: row.p256dh,
            auth: row.auth,
            created_at: Instant::from_millis(row.created_at),
            sent_at: row.sent_at.map(Instant::from_millis),
            failure: row.failure,
        })
    }
}

impl Store {
    /// Every device, the oldest first.
    pub async fn devices(&self) -> Result<Vec<Device>, Error> {
        let rows = sqlx::query_as!(
            Row,
            "select id, name, endpoint, p256dh, auth, created_at, sent_at, failure from push_device order by id"
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Device::try_from).collect()
    }

    /// One device.
    pub async fn device(&self, device: DeviceId) -> Result<Device, Error> {
        let id = device.to_string();
        sqlx::query_as!(
            Row,
            "select id, name, endpoint, p256dh, auth, created_at, sent_at, failure from push_device where id = ?",
            id,
        )
        .fetch_optional(self.reader())
        .await?
        .ok_or(Error::NotFound("the device"))?
        .try_into()
    }
}

impl Tx {
    /// Adds a device. A browser that comes again with the endpoint it had keeps its id.
    pub async fn add_device_for_push(
        &mut self,
        new: &NewDevice<'_>,
        now: Instant,
    ) -> Result<DeviceId, Error> {
        let known = sqlx::query_scalar!(r#"select count(*) as "n!: i64" from push_device"#)
            .fetch_one(self.db())
            .await?;
        let (id, now_ms) = (DeviceId::new().to_string(), now.as_millis());
        let stored = sqlx::query_scalar!(
            r#"insert into push_device (id, name, endpoint, p256dh, auth, created_at) values (?1, ?2, ?3, ?4, ?5, ?6)
               on conflict (endpoint) do update set name = ?2, p256dh = ?4, auth = ?5, failure = null
               returning id as "id!: String""#,
            id,
            new.name,
            new.endpoint,
            new.p256dh,
            new.auth,
            now_ms,
        )
        .fetch_one(self.db())
        .await?;
        if stored == id && usize::try_from(known).unwrap_or(usize::MAX) >= MOST_DEVICES {
            return Err(Error::Conflict(format!(
                "there are {MOST_DEVICES} devices already; remove one first"
            )));
        }
        self.tell_device(&stored, "added", &Actor::Owner, now).await?;
        parse("device id", &stored)
    }

    /// Gives a device another name.
    pub async fn rename_device(&mut self, device: DeviceId, name: &str, now: Instant) -> Result<(), Error> {
        let id = device.to_string();
        let done =
            sqlx::query!("update push_device set name = ? where id = ?", name, id).execute(self.db()).await?;
        if done.rows_affected() != 1 {
            return Err(Error::NotFound("the device"));
        }
        self.tell_device(&id, "renamed", &Actor::Owner, now).await
    }

    /// A device gets nothing any more: the owner says so, or its push service does. What is owed to it ends here.
    pub async fn remove_device(
        &mut self,
        device: DeviceId,
        actor: &Actor,
        now: Instant,
    ) -> Result<(), Error> {
        let id = device.to_string();
        let done = sqlx::query!("delete from push_device where id = ?", id).execute(self.db()).await?;
        if done.rows_affected() != 1 {
            return Err(Error::NotFound("the device"));
        }
        self.drop_pushes(&id, now).await?;
        self.tell_device(&id, "removed", actor, now).await
    }

    /// No device gets anything any more: the owner signs out everywhere.
    pub async fn remove_devices(&mut self, now: Instant) -> Result<(), Error> {
        let gone = sqlx::query_scalar!(r#"delete from push_device returning id as "id!: String""#)
            .fetch_all(self.db())
            .await?;
        for id in gone {
            self.drop_pushes(&id, now).await?;
            self.tell_device(&id, "removed", &Actor::Owner, now).await?;
        }
        Ok(())
    }

    async fn tell_device(&mut self, id: &str, state: &str, actor: &Actor, now: Instant) -> Result<(), Error> {
        let about = About { subject: Some(id.to_owned()), ..About::default() };
        self.record(EventKind::PushChanged, now, actor, about, json!({ "state": state })).await?;
        Ok(())
    }
}
