//! Which queues the owner paused. Redis tells the workers; this is what it is told again after it was emptied.

use std::collections::BTreeMap;

use metatron_domain::clock::Instant;
use metatron_domain::command::Queue;

use crate::error::{Error, json, to_json};
use crate::{Store, Tx};

/// The row of the settings that holds them.
const KEY: &str = "queues";

/// What the owner wants of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Which.
    pub queue: Queue,
    /// Whether its workers shall not read.
    pub paused: bool,
}

impl Store {
    /// Every queue that was ever paused, and whether it is now.
    pub async fn queue_wishes(&self) -> Result<Vec<Wish>, Error> {
        let value = sqlx::query_scalar!("select value from setting where key = ?", KEY)
            .fetch_optional(self.reader())
            .await?;
        Ok(read(value)?
            .into_iter()
            .filter_map(|(name, paused)| Some(Wish { queue: Queue::parse(&name)?, paused }))
            .collect())
    }
}

impl Tx {
    /// Pauses or resumes a queue. Returns whether that changed anything.
    pub async fn set_queue_paused(
        &mut self,
        queue: &Queue,
        paused: bool,
        now: Instant,
    ) -> Result<bool, Error> {
        let value = sqlx::query_scalar!("select value from setting where key = ?", KEY)
            .fetch_optional(self.db())
            .await?;
        let mut wishes = read(value)?;
        if wishes.insert(queue.name(), paused).unwrap_or(false) == paused {
            return Ok(false);
        }
        let (value, now_ms) = (to_json("queue", &wishes)?, now.as_millis());
        sqlx::query!(
            "insert into setting (key, value, version, updated_at) values (?, ?, 1, ?)
             on conflict (key) do update set value = excluded.value, version = version + 1, updated_at = excluded.updated_at",
            KEY,
            value,
            now_ms,
        )
        .execute(self.db())
        .await?;
        Ok(true)
    }
}

fn read(value: Option<String>) -> Result<BTreeMap<String, bool>, Error> {
    value.map_or(Ok(BTreeMap::new()), |text| json("queue", &text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pause_is_kept_and_said_twice_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metatron.db");
        crate::migrate(&path, &folder.path().join("backup")).await.unwrap();
        let store = Store::open(&path).await.unwrap();
        let now = Instant::from_millis(1_795_372_800_000);
        let shell = Queue::Shell("local".to_owned());
        let mut tx = store.begin().await.unwrap();
        assert!(tx.set_queue_paused(&Queue::Run, true, now).await.unwrap());
        assert!(!tx.set_queue_paused(&Queue::Run, true, now).await.unwrap());
        assert!(tx.set_queue_paused(&shell, true, now).await.unwrap());
        assert!(tx.set_queue_paused(&Queue::Run, false, now).await.unwrap());
        assert!(!tx.set_queue_paused(&Queue::Run, false, now).await.unwrap());
        let _ = tx.commit().await.unwrap();
        let wishes = store.queue_wishes().await.unwrap();
        let wish = |queue, paused| Wish { queue, paused };
        assert_eq!(wishes, [wish(Queue::Run, false), wish(shell, true)]);
    }
}
