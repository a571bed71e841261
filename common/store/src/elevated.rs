//! What the owner allowed to be asked for as root. It stands beside the version of the book, because shell hosts are told
//! of it there.

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::elevated::Elevated;
use metatron_domain::event::EventKind;
use serde_json::json;

use crate::error::{Error, parse};
use crate::{About, Store, Tx};

impl Tx {
    /// What may be asked for as root; nobody changes it before this unit of work ends.
    pub async fn elevated(&mut self) -> Result<Elevated, Error> {
        let row =
            sqlx::query!("select elevated, elevated_at from book where id = 1").fetch_one(self.db()).await?;
        parse("elevated", &row.elevated)
    }

    /// From now on this much may be asked for as root.
    pub async fn set_elevated(&mut self, level: Elevated, by: &Actor, now: Instant) -> Result<(), Error> {
        let (text, now_ms) = (level.as_str(), now.as_millis());
        sqlx::query!(
            "update book set elevated = ?1, elevated_at = ?2, version = max(version + 1, ?2)
             where id = 1 and elevated <> ?1",
            text,
            now_ms,
        )
        .execute(self.db())
        .await?;
        let data = json!({ "level": level });
        self.record(EventKind::ElevatedChanged, now, by, About::default(), data).await?;
        Ok(())
    }
}

impl Store {
    /// What may be asked for as root, and since when that is so.
    pub async fn elevated(&self) -> Result<(Elevated, Option<Instant>), Error> {
        let row = sqlx::query!("select elevated, elevated_at from book where id = 1")
            .fetch_one(self.reader())
            .await?;
        Ok((parse("elevated", &row.elevated)?, row.elevated_at.map(Instant::from_millis)))
    }
}
