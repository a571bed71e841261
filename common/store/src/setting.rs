//! The owner's settings: one document with a version, so that two browsers can't overwrite each other unseen.

use metatron_domain::cap::DAILY_MICROS;
use metatron_domain::clock::Instant;

use crate::error::{Error, json, to_json};
use crate::{Store, Tx};

/// The row that holds the document.
const KEY: &str = "owner";

/// Which colours the owner sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the device is set.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// What the owner set.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Settings {
    /// A BCP 47 language tag.
    pub language: String,
    /// An IANA time zone.
    pub timezone: String,
    /// Which colours.
    pub theme: Theme,
    /// The owner's standing instruction to the AI.
    pub instruction: String,
    /// What runs begun by the clock may cost on one day of the owner's, in millionths of a US dollar.
    pub unattended_micros_per_day: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: "en".to_owned(),
            timezone: "UTC".to_owned(),
            theme: Theme::System,
            instruction: String::new(),
            unattended_micros_per_day: DAILY_MICROS,
        }
    }
}

impl Store {
    /// The settings and their version; defaults at version 0 until the owner set any.
    pub async fn settings(&self) -> Result<(Settings, i64), Error> {
        let row = sqlx::query!("select value, version from setting where key = ?", KEY)
            .fetch_optional(self.reader())
            .await?;
        row.map_or_else(
            || Ok((Settings::default(), 0)),
            |row| Ok((json("setting", &row.value)?, row.version)),
        )
    }
}

impl Tx {
    /// Stores the settings in the place of version `over`. Fails with [`Error::Conflict`] when that is not the present
    /// version. Returns the new one.
    pub async fn put_settings(&mut self, settings: &Settings, over: i64, now: Instant) -> Result<i64, Error> {
        let (value, now_ms) = (to_json("setting", settings)?, now.as_millis());
        let version = sqlx::query_scalar!(
            r#"insert into setting (key, value, version, updated_at)
               select ?1, ?2, 1, ?3 where ?4 = 0 or exists (select 1 from setting where key = ?1)
               on conflict (key) do update set value = excluded.value, version = version + 1, updated_at = excluded.updated_at
               where version = ?4
               returning version as "version!: i64""#,
            KEY,
            value,
            now_ms,
            over,
        )
        .fetch_optional(self.db())
        .await?;
        version.ok_or_else(|| Error::Conflict("the settings were changed meanwhile".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_two_browsers_that_change_one_version_the_second_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metatron.db");
        crate::migrate(&path, &folder.path().join("backup")).await.unwrap();
        let store = Store::open(&path).await.unwrap();
        let now = Instant::from_millis(1_795_372_800_000);
        assert_eq!(store.settings().await.unwrap(), (Settings::default(), 0));
        let dark = Settings { theme: Theme::Dark, ..Settings::default() };
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.put_settings(&dark, 0, now).await.unwrap(), 1);
        assert!(matches!(tx.put_settings(&dark, 0, now).await, Err(Error::Conflict(_))));
        assert_eq!(tx.put_settings(&dark, 1, now).await.unwrap(), 2);
        assert!(matches!(tx.put_settings(&dark, 1, now).await, Err(Error::Conflict(_))));
        let _ = tx.commit().await.unwrap();
        assert_eq!(store.settings().await.unwrap(), (dark, 2));
    }
}
