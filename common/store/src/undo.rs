//! Undos: each that the owner asked for, and how it ended. The files, and what is kept of them, are the shell host's.

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::id::UndoId;
use metatron_domain::undo::{UndoOf, UndoState, Undone};
use serde_json::json;

use crate::error::{Error, json as read_json, parse, to_json};
use crate::{About, Store, Tx};

/// One undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// Its id.
    pub id: UndoId,
    /// The shell host.
    pub host: String,
    /// What is undone.
    pub of: UndoOf,
    /// Where it stands.
    pub state: UndoState,
    /// What it did.
    pub undone: Option<Undone>,
    /// Why it did nothing.
    pub detail: Option<String>,
    /// When the owner asked for it.
    pub created_at: Instant,
    /// When it ended.
    pub ended_at: Option<Instant>,
}

/// How an undo ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoEnd {
    /// It is done.
    Done(Undone),
    /// Its host refused it, for this reason.
    Refused(String),
    /// Its host died in the middle of it.
    Cut,
}

struct Row {
    id: String,
    host: String,
    of: String,
    state: String,
    undone: Option<String>,
    detail: Option<String>,
    created_at: i64,
    ended_at: Option<i64>,
}

impl TryFrom<Row> for Undo {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: parse("undo id", &row.id)?,
            host: row.host,
            of: read_json("undo", &row.of)?,
            state: parse("state of an undo", &row.state)?,
            undone: row.undone.as_deref().map(|text| read_json("end of an undo", text)).transpose()?,
            detail: row.detail,
            created_at: Instant::from_millis(row.created_at),
            ended_at: row.ended_at.map(Instant::from_millis),
        })
    }
}

/// The id of what is undone.
fn subject(of: &UndoOf) -> String {
    match of {
        UndoOf::Exec { exec } => exec.to_string(),
        UndoOf::Undo { undo } => undo.to_string(),
        UndoOf::Snapshot { snapshot, .. } => snapshot.to_string(),
    }
}

impl Store {
    /// One undo.
    pub async fn undo(&self, undo: UndoId) -> Result<Undo, Error> {
        let id = undo.to_string();
        sqlx::query_as!(
            Row,
            "select id, host, of, state, undone, detail, created_at, ended_at from undo where id = ?",
            id
        )
        .fetch_optional(self.reader())
        .await?
        .ok_or(Error::NotFound("the undo"))?
        .try_into()
    }

    /// The newest undos, at most `limit`; of one thing alone where `of` is its id.
    pub async fn undos(&self, of: Option<&str>, limit: u32) -> Result<Vec<Undo>, Error> {
        let rows = sqlx::query_as!(
            Row,
            "select id, host, of, state, undone, detail, created_at, ended_at from undo
             where ?1 is null or subject = ?1 order by created_at desc, id desc limit ?2",
            of,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Undo::try_from).collect()
    }

    /// Undos whose end is not known.
    pub async fn running_undos(&self) -> Result<Vec<Undo>, Error> {
        let rows = sqlx::query_as!(
            Row,
            "select id, host, of, state, undone, detail, created_at, ended_at from undo where state = 'running'
             order by created_at"
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Undo::try_from).collect()
    }
}

impl Tx {
    /// The owner undoes something.
    pub async fn start_undo(
        &mut self,
        undo: UndoId,
        host: &str,
        of: &UndoOf,
        digest: &str,
        now: Instant,
    ) -> Result<(), Error> {
        let (id, now_ms, of_text, about) =
            (undo.to_string(), now.as_millis(), to_json("undo", of)?, subject(of));
        sqlx::query!(
            "insert into undo (id, host, of, subject, state, created_at) values (?, ?, ?, ?, 'running', ?)",
            id,
            host,
            of_text,
            about,
            now_ms,
        )
        .execute(self.db())
        .await?;
        // What a snapshot's part is called stands in no audit row: it is a text that somebody wrote.
        let data = json!({ "state": UndoState::Running, "of": about, "host": host, "digest": digest });
        let about = self.about_undo(undo, of).await?;
        self.record(EventKind::UndoStarted, now, &Actor::Owner, about, data).await?;
        Ok(())
    }

    /// An undo of a command is told beside it.
    async fn about_undo(&mut self, undo: UndoId, of: &UndoOf) -> Result<About, Error> {
        let subject = Some(undo.to_string());
        let UndoOf::Exec { exec } = of else { return Ok(About { subject, ..About::default() }) };
        let run = self.exec(*exec).await?.run;
        let run = self.run(run).await?;
        Ok(About { chat: Some(run.chat), run: Some(run.id), subject })
    }

    /// It ended. One that has ended before stays as it is.
    pub async fn end_undo(&mut self, undo: UndoId, end: &UndoEnd, now: Instant) -> Result<(), Error> {
        let (state, undone, detail) = match end {
            UndoEnd::Done(undone) => (UndoState::Done, Some(undone), None),
            UndoEnd::Refused(detail) => (UndoState::Refused, None, Some(detail)),
            UndoEnd::Cut => (UndoState::Cut, None, None),
        };
        let (id, now_ms, word) = (undo.to_string(), now.as_millis(), state.as_str());
        let text = undone.map(|undone| to_json("end of an undo", undone)).transpose()?;
        let row = sqlx::query!(
            "update undo set state = ?, undone = ?, detail = ?, ended_at = ? where id = ? and state = 'running'
             returning of, host",
            word,
            text,
            detail,
            now_ms,
            id,
        )
        .fetch_optional(self.db())
        .await?;
        let Some(row) = row else { return Ok(()) };
        let of: UndoOf = read_json("undo", &row.of)?;
        let mut data = json!({ "state": state, "of": subject(&of), "host": row.host });
        if let Some(undone) = undone {
            let Undone { restored, removed, left, failed, .. } = undone;
            data["undone"] =
                json!({ "restored": restored, "removed": removed, "left": left, "failed": failed });
        }
        let about = self.about_undo(undo, &of).await?;
        self.record(EventKind::UndoEnded, now, &Actor::Owner, about, data).await?;
        Ok(())
    }
}
