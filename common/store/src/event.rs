//! Facts: reading them back in their one order.

use metatron_domain::clock::Instant;
use metatron_domain::event::Event;
use metatron_domain::id::{ChatId, RunId, TerminalId};

use crate::Store;
use crate::error::{Error, count, json, parse};

struct Row {
    eid: i64,
    kind: String,
    at: i64,
    actor: String,
    chat_id: Option<String>,
    run_id: Option<String>,
    subject: Option<String>,
    data: String,
}

impl TryFrom<Row> for Event {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            eid: row.eid,
            kind: parse("event kind", &row.kind)?,
            at: Instant::from_millis(row.at),
            actor: json("actor", &row.actor)?,
            chat_id: row.chat_id.as_deref().map(|id| parse::<ChatId>("chat id", id)).transpose()?,
            run_id: row.run_id.as_deref().map(|id| parse::<RunId>("run id", id)).transpose()?,
            subject: row.subject,
            data: json("event", &row.data)?,
        })
    }
}

impl Store {
    /// At most `limit` facts after the row number `after`, in order.
    pub async fn events_after(&self, after: i64, limit: u32) -> Result<Vec<Event>, Error> {
        let rows = sqlx::query_as!(
            Row,
            "select eid, kind, at, actor, chat_id, run_id, subject, data from event where eid > ? order by eid limit ?",
            after,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Event::try_from).collect()
    }

    /// The newest `limit` facts about a terminal, in order.
    pub async fn events_of_terminal(&self, terminal: TerminalId, limit: u32) -> Result<Vec<Event>, Error> {
        let id = terminal.to_string();
        let mut rows = sqlx::query_as!(
            Row,
            "select eid, kind, at, actor, chat_id, run_id, subject, data from event
             where subject = ? and kind glob 'terminal.*' order by eid desc limit ?",
            id,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        rows.reverse();
        rows.into_iter().map(Event::try_from).collect()
    }

    /// The row numbers of the first and the last fact kept; zeros when there is none.
    pub async fn event_range(&self) -> Result<(i64, i64), Error> {
        let row = sqlx::query!(
            r#"select coalesce(min(eid), 0) as "first!: i64", coalesce(max(eid), 0) as "last!: i64" from event"#
        )
        .fetch_one(self.reader())
        .await?;
        Ok((row.first, row.last))
    }

    /// Forgets facts older than `before`, at most `limit` of them. Returns how many.
    pub async fn prune_events(&self, before: Instant, limit: u32) -> Result<u64, Error> {
        let before = before.as_millis();
        let mut tx = self.begin().await?;
        let done = sqlx::query!(
            "delete from event where eid in (select eid from event where at < ? order by eid limit ?)",
            before,
            limit,
        )
        .execute(tx.db())
        .await?;
        let _ = tx.commit().await?;
        count("pruned events", i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
    }
}
