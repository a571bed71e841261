//! The unit of work: what changes together, is committed together and is announced afterwards.

use metatron_domain::actor::Actor;
use metatron_domain::audit::AuditKind;
use metatron_domain::clock::Instant;
use metatron_domain::command::Owed;
use metatron_domain::event::{Event, EventKind};
use metatron_domain::id::{ChatId, RunId};
use sqlx::SqliteConnection;

use crate::audit::{self, Entry};
use crate::error::{Error, to_json};
use crate::group::Turn;

/// A change in progress. Dropping it undoes everything.
#[derive(Debug)]
pub struct Tx {
    turn: Turn,
    facts: Vec<Event>,
    owed: Vec<Owed>,
    audited: Vec<Entry>,
}

/// What a commit made true, for the caller to carry to Redis. Losing it loses time, never work.
#[derive(Debug, Default)]
#[must_use = "facts and owed work are carried to Redis by whoever committed them"]
pub struct Committed {
    /// Facts, in order.
    pub events: Vec<Event>,
    /// Owed work.
    pub owed: Vec<Owed>,
}

/// What a fact is about.
#[derive(Debug, Default, Clone)]
pub struct About {
    /// The conversation.
    pub chat: Option<ChatId>,
    /// The run.
    pub run: Option<RunId>,
    /// The id of the thing that changed.
    pub subject: Option<String>,
}

impl Tx {
    pub(crate) const fn new(turn: Turn) -> Self {
        Self { turn, facts: Vec::new(), owed: Vec::new(), audited: Vec::new() }
    }

    pub(crate) fn db(&mut self) -> &mut SqliteConnection {
        self.turn.db()
    }

    pub(crate) fn owe(&mut self, owed: Owed) {
        self.owed.push(owed);
    }

    /// Writes something down for ever, in the same commit as the change. What is a fact as well needs only to be recorded:
    /// see [`AuditKind::of_fact`]. `data` holds ids, states and digests, never a text that somebody wrote.
    pub fn audit(
        &mut self,
        kind: AuditKind,
        at: Instant,
        actor: &Actor,
        about: About,
        data: serde_json::Value,
    ) {
        self.audited.push(Entry { kind, at, actor: actor.clone(), about, data });
    }

    /// Records a fact in the same commit as the change, and audits it where it matters later. Returns its row number.
    pub async fn record(
        &mut self,
        kind: EventKind,
        at: Instant,
        actor: &Actor,
        about: About,
        data: serde_json::Value,
    ) -> Result<i64, Error> {
        let (kind_text, at_ms) = (kind.as_str(), at.as_millis());
        let actor_text = to_json("actor", actor)?;
        let chat = about.chat.map(|id| id.to_string());
        let run = about.run.map(|id| id.to_string());
        let data_text = to_json("event", &data)?;
        let eid = sqlx::query!(
            "insert into event (kind, at, actor, chat_id, run_id, subject, data) values (?, ?, ?, ?, ?, ?, ?)",
            kind_text,
            at_ms,
            actor_text,
            chat,
            run,
            about.subject,
            data_text,
        )
        .execute(self.db())
        .await?
        .last_insert_rowid();
        if let Some(kind) = AuditKind::of_fact(kind, &data) {
            self.audit(kind, at, actor, about.clone(), data.clone());
        }
        let (chat_id, run_id, subject, actor) = (about.chat, about.run, about.subject, actor.clone());
        self.facts.push(Event { eid, kind, at, actor, chat_id, run_id, subject, data });
        Ok(eid)
    }

    /// Makes it durable. A successful return means that a power cut loses nothing of it.
    pub async fn commit(mut self) -> Result<Committed, Error> {
        // Last, so that all of a unit's rows are one statement.
        let audited = std::mem::take(&mut self.audited);
        audit::append(self.db(), audited).await?;
        self.turn.commit().await?;
        Ok(Committed { events: self.facts, owed: self.owed })
    }
}
