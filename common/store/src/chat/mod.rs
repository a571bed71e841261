//! Conversations. What is said in them is in [`message`].

use metatron_domain::actor::Actor;
use metatron_domain::budget::Budget;
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::id::{ChatId, RunId};
use metatron_domain::mode::Mode;
use metatron_domain::run::{Origin, RunState};
use serde_json::json;

use crate::error::{Error, count, parse, to_json};
use crate::{About, Store, Tx};

mod message;

pub(crate) use message::title_of;
pub use message::{Message, Posted};

/// A conversation, as a list shows it.
#[derive(Debug, Clone)]
pub struct Chat {
    /// Its id.
    pub id: ChatId,
    /// What the owner calls it.
    pub title: String,
    /// When it began.
    pub created_at: Instant,
    /// When something was last said.
    pub updated_at: Instant,
    /// Its newest run.
    pub last_run: Option<(RunId, RunState)>,
    /// What all its runs cost, in millionths of a US dollar.
    pub cost_micros: u64,
    /// The beginning of the last thing said.
    pub last_text: String,
    /// The mode that the owner set, whether or not its time is over.
    pub mode: Option<Mode>,
    /// Until when it counts.
    pub mode_until: Option<Instant>,
    /// When the task that is planned in it begins.
    pub planned_at: Option<Instant>,
}

/// A place in the list of conversations: the last row that was seen.
#[derive(Debug, Clone, Copy)]
pub struct ChatCursor {
    /// When that conversation was updated.
    pub updated_at: Instant,
    /// Its id.
    pub id: ChatId,
}

struct ChatRow {
    id: String,
    title: String,
    created_at: i64,
    updated_at: i64,
    run_id: Option<String>,
    run_state: Option<String>,
    cost_micros: i64,
    last_text: String,
    mode: Option<String>,
    mode_until: Option<i64>,
    planned_at: Option<i64>,
}

impl TryFrom<ChatRow> for Chat {
    type Error = Error;

    fn try_from(row: ChatRow) -> Result<Self, Error> {
        let last_run = match (row.run_id, row.run_state) {
            (Some(id), Some(state)) => Some((parse("run id", &id)?, parse("run state", &state)?)),
            _ => None,
        };
        Ok(Self {
            id: parse("chat id", &row.id)?,
            title: row.title,
            created_at: Instant::from_millis(row.created_at),
            updated_at: Instant::from_millis(row.updated_at),
            last_run,
            cost_micros: count("cost", row.cost_micros)?,
            last_text: row.last_text,
            mode: row.mode.as_deref().map(|mode| parse("mode", mode)).transpose()?,
            mode_until: row.mode_until.map(Instant::from_millis),
            planned_at: row.planned_at.map(Instant::from_millis),
        })
    }
}

impl Tx {
    /// Begins a conversation.
    pub async fn create_chat(&mut self, title: &str, actor: &Actor, now: Instant) -> Result<ChatId, Error> {
        let chat = ChatId::new();
        let (id, now_ms) = (chat.to_string(), now.as_millis());
        sqlx::query!(
            "insert into chat (id, title, created_at, updated_at) values (?, ?, ?, ?)",
            id,
            title,
            now_ms,
            now_ms,
        )
        .execute(self.db())
        .await?;
        let about = About { chat: Some(chat), subject: Some(id), ..About::default() };
        self.record(EventKind::ChatCreated, now, actor, about, json!({})).await?;
        Ok(chat)
    }

    /// Renames a conversation.
    pub async fn rename_chat(
        &mut self,
        chat: ChatId,
        title: &str,
        actor: &Actor,
        now: Instant,
    ) -> Result<(), Error> {
        let id = chat.to_string();
        let done = sqlx::query!("update chat set title = ? where id = ? and deleted_at is null", title, id)
            .execute(self.db())
            .await?;
        found(done.rows_affected())?;
        let about = About { chat: Some(chat), subject: Some(id), ..About::default() };
        self.record(EventKind::ChatUpdated, now, actor, about, json!({})).await?;
        Ok(())
    }

    /// Deletes a conversation softly, and takes back what is planned in it. Refused while a run is at work in it.
    pub async fn delete_chat(&mut self, chat: ChatId, actor: &Actor, now: Instant) -> Result<(), Error> {
        if self.open_run(chat).await?.is_some() {
            return Err(Error::Conflict("a run is at work in this conversation; stop it first".to_owned()));
        }
        if let Some(task) = self.planned_in(chat).await? {
            self.drop_task(task, false, "Its conversation was deleted.", actor, now).await?;
        }
        let (id, now_ms) = (chat.to_string(), now.as_millis());
        let done =
            sqlx::query!("update chat set deleted_at = ? where id = ? and deleted_at is null", now_ms, id)
                .execute(self.db())
                .await?;
        found(done.rows_affected())?;
        let about = About { chat: Some(chat), subject: Some(id), ..About::default() };
        self.record(EventKind::ChatDeleted, now, actor, about, json!({})).await?;
        Ok(())
    }

    pub(crate) async fn open_run(&mut self, chat: ChatId) -> Result<Option<RunId>, Error> {
        let id = chat.to_string();
        let row = sqlx::query_scalar!(
            r#"select id as "id!: String" from run
               where chat_id = ? and state not in ('succeeded', 'failed', 'cancelled', 'expired')"#,
            id,
        )
        .fetch_optional(self.db())
        .await?;
        row.as_deref().map(|id| parse("run id", id)).transpose()
    }

    async fn create_run(
        &mut self,
        chat: ChatId,
        origin: Origin,
        actor: &Actor,
        now: Instant,
    ) -> Result<RunId, Error> {
        if origin.is_unattended() && self.halted().await?.is_some() {
            return Err(Error::Halted);
        }
        let run = RunId::new();
        let (id, chat_id, now_ms, origin_text) =
            (run.to_string(), chat.to_string(), now.as_millis(), origin.as_str());
        let (actor_text, budget) = (to_json("actor", actor)?, to_json("budget", &Budget::default())?);
        let done = sqlx::query!(
            "insert into run (id, chat_id, origin, actor, state, budget, created_at)
             select ?1, ?2, ?3, ?4, 'queued', ?5, ?6 from chat where id = ?2 and deleted_at is null",
            id,
            chat_id,
            origin_text,
            actor_text,
            budget,
            now_ms,
        )
        .execute(self.db())
        .await?;
        found(done.rows_affected())?;
        self.inherit_taint(chat, run, now).await?;
        Ok(run)
    }
}

fn found(rows: u64) -> Result<(), Error> {
    if rows == 0 { Err(Error::NotFound("the conversation")) } else { Ok(()) }
}

impl Store {
    /// At most `limit` conversations, the most recent first, from behind the cursor.
    pub async fn chats(&self, limit: u32, after: Option<ChatCursor>) -> Result<Vec<Chat>, Error> {
        let at = after.map_or(i64::MAX, |cursor| cursor.updated_at.as_millis());
        let id = after.map(|cursor| cursor.id.to_string()).unwrap_or_default();
        let rows = sqlx::query_as!(
            ChatRow,
            r#"select c.id, c.title, c.created_at, c.updated_at, c.mode, c.mode_until,
                 r.id as "run_id?: String", r.state as "run_state?: String",
                 coalesce((select sum(cost_micros) from run where chat_id = c.id), 0) as "cost_micros!: i64",
                 coalesce((select substr(text, 1, 120) from message where chat_id = c.id order by seq desc limit 1), '')
                   as "last_text!: String",
                 (select min(i.instant) from task k join tick i on i.task = k.id
                   where k.chat_id = c.id and i.state = 'planned') as "planned_at?: i64"
               from chat c
               left join run r on r.id = (select id from run where chat_id = c.id order by created_at desc, id desc limit 1)
               where c.deleted_at is null and (c.updated_at < ?1 or (c.updated_at = ?1 and c.id > ?2))
               order by c.updated_at desc, c.id limit ?3"#,
            at,
            id,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Chat::try_from).collect()
    }

    /// One conversation.
    pub async fn chat(&self, chat: ChatId) -> Result<Chat, Error> {
        let id = chat.to_string();
        let row = sqlx::query_as!(
            ChatRow,
            r#"select c.id, c.title, c.created_at, c.updated_at, c.mode, c.mode_until,
                 r.id as "run_id?: String", r.state as "run_state?: String",
                 coalesce((select sum(cost_micros) from run where chat_id = c.id), 0) as "cost_micros!: i64",
                 coalesce((select substr(text, 1, 120) from message where chat_id = c.id order by seq desc limit 1), '')
                   as "last_text!: String",
                 (select min(i.instant) from task k join tick i on i.task = k.id
                   where k.chat_id = c.id and i.state = 'planned') as "planned_at?: i64"
               from chat c
               left join run r on r.id = (select id from run where chat_id = c.id order by created_at desc, id desc limit 1)
               where c.deleted_at is null and c.id = ?"#,
            id,
        )
        .fetch_optional(self.reader())
        .await?;
        row.ok_or(Error::NotFound("the conversation"))?.try_into()
    }
}
