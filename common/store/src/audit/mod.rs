//! The audit: rows that only grow, each hashed with the one before it.
//!
//! A unit of work gathers what it audits and writes it as its last statement, behind one look at the head: both happen in
//! the one immediate transaction that holds the writer, so that no two rows can follow the same head. [`read`] shows rows,
//! [`verify`] checks them, [`seal`] keeps the head where the database's writers can't make it fit.

mod read;
mod seal;
mod verify;

use metatron_domain::actor::Actor;
use metatron_domain::audit::{AuditKind, Hash, Head, Row};
use metatron_domain::clock::Instant;
use serde_json::Value;
use sqlx::SqliteConnection;

use crate::About;
use crate::error::{Error, parse, to_json};

pub use read::{Filter, Page, Shown};
pub use seal::{Seal, Unsealable};
pub use verify::Checked;

/// What a unit of work writes down.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) kind: AuditKind,
    pub(crate) at: Instant,
    pub(crate) actor: Actor,
    pub(crate) about: About,
    pub(crate) data: Value,
}

impl Entry {
    /// The row behind `head`, and the head it makes.
    fn behind(self, head: Head) -> Result<(Row, Head), Error> {
        let mut row = Row {
            seq: head.count + 1,
            at: self.at.as_millis(),
            kind: self.kind.as_str().to_owned(),
            actor: to_json("actor", &self.actor)?,
            chat: self.about.chat.map(|id| id.to_string()),
            run: self.about.run.map(|id| id.to_string()),
            subject: self.about.subject,
            data: to_json("audit", &self.data)?,
            hash: String::new(),
        };
        let hash = row.hash_after(head.hash);
        row.hash = hash.to_string();
        let head = Head { count: row.seq, hash };
        Ok((row, head))
    }
}

/// Appends the entries, in their order, in one statement.
pub(crate) async fn append(db: &mut SqliteConnection, entries: Vec<Entry>) -> Result<(), Error> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut head = newest(&mut *db).await?;
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let (row, next) = entry.behind(head)?;
        rows.push((row.seq, row.at, row.kind, row.actor, row.chat, row.run, row.subject, row.data, row.hash));
        head = next;
    }
    let rows = to_json("audit", &rows)?;
    sqlx::query!(
        "insert into audit (seq, at, kind, actor, chat_id, run_id, subject, data, hash)
         select r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, r.value ->> 4, r.value ->> 5, r.value ->> 6,
           r.value ->> 7, r.value ->> 8
         from json_each(?) as r",
        rows,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The head as it is stored.
async fn newest(db: impl sqlx::SqliteExecutor<'_>) -> Result<Head, Error> {
    let row = sqlx::query!(r#"select seq as "seq!: i64", hash from audit order by seq desc limit 1"#)
        .fetch_optional(db)
        .await?;
    row.map_or(Ok(Head::EMPTY), |row| Ok(Head { count: row.seq, hash: hash(&row.hash)? }))
}

fn hash(text: &str) -> Result<Hash, Error> {
    parse("audit hash", text)
}
