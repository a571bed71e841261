//! Conversations and their messages. A message of the AI is one complete model turn.

use metatron_domain::actor::Actor;
use metatron_domain::budget::Budget;
use metatron_domain::clock::Instant;
use metatron_domain::command::{JobKind, Priority, Queue};
use metatron_domain::event::EventKind;
use metatron_domain::id::{ChatId, MessageId, RunId};
use metatron_domain::run::{Origin, RunState};
use serde_json::json;

use crate::error::{Error, count, json as read_json, parse, to_json};
use crate::{About, Store, Tx};

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
}

/// Something said.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Where it was said.
    pub chat: ChatId,
    /// Its place in the conversation, from 1.
    pub seq: i64,
    /// The run it belongs to.
    pub run: Option<RunId>,
    /// The model turn it is, for a message of the AI.
    pub turn: Option<u32>,
    /// `owner`, `ai` or `system`.
    pub role: String,
    /// Who said it.
    pub actor: Actor,
    /// What was said, in Markdown.
    pub text: String,
    /// When.
    pub created_at: Instant,
}

/// What came of posting a message.
#[derive(Debug, Clone, Copy)]
pub struct Posted {
    /// The message.
    pub message: MessageId,
    /// The run that will read it: a new one, or the one already at work in this conversation.
    pub run: RunId,
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
        })
    }
}

struct MessageRow {
    id: String,
    chat_id: String,
    seq: i64,
    run_id: Option<String>,
    turn: Option<i64>,
    role: String,
    actor: String,
    text: String,
    created_at: i64,
}

impl TryFrom<MessageRow> for Message {
    type Error = Error;

    fn try_from(row: MessageRow) -> Result<Self, Error> {
        Ok(Self {
            id: parse("message id", &row.id)?,
            chat: parse("chat id", &row.chat_id)?,
            seq: row.seq,
            run: row.run_id.as_deref().map(|id| parse("run id", id)).transpose()?,
            turn: row.turn.map(|turn| count("turn", turn)).transpose()?,
            role: row.role,
            actor: read_json("actor", &row.actor)?,
            text: row.text,
            created_at: Instant::from_millis(row.created_at),
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

    /// Deletes a conversation softly. Refused while a run is at work in it.
    pub async fn delete_chat(&mut self, chat: ChatId, actor: &Actor, now: Instant) -> Result<(), Error> {
        if self.open_run(chat).await?.is_some() {
            return Err(Error::Conflict("a run is at work in this conversation; stop it first".to_owned()));
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

    /// Says something for the AI to act on. Where a run is at work in the conversation it reads the message at its
    /// next turn; otherwise a new run is owed.
    pub async fn post_message(
        &mut self,
        chat: ChatId,
        text: &str,
        origin: Origin,
        actor: &Actor,
        now: Instant,
    ) -> Result<Posted, Error> {
        let open = self.open_run(chat).await?;
        let run = match open {
            Some(run) => run,
            None => self.create_run(chat, origin, actor, now).await?,
        };
        let message = self.add_message(chat, Some(run), None, "owner", actor, text, now).await?;
        if open.is_none() {
            let about = About { chat: Some(chat), run: Some(run), subject: Some(run.to_string()) };
            self.record(EventKind::RunQueued, now, actor, about, json!({ "origin": origin })).await?;
            self.enqueue(Queue::Run, Priority::High, JobKind::Run, &run.to_string(), None, now).await?;
        }
        Ok(Posted { message, run })
    }

    /// Adds a message and names the conversation after its first one.
    #[expect(clippy::too_many_arguments, reason = "each is a column; a struct would be built once, here")]
    pub(crate) async fn add_message(
        &mut self,
        chat: ChatId,
        run: Option<RunId>,
        turn: Option<u32>,
        role: &str,
        actor: &Actor,
        text: &str,
        now: Instant,
    ) -> Result<MessageId, Error> {
        let message = MessageId::new();
        let (id, chat_id, now_ms) = (message.to_string(), chat.to_string(), now.as_millis());
        let run_id = run.map(|run| run.to_string());
        let actor_text = to_json("actor", actor)?;
        let done = sqlx::query!(
            "insert into message (id, chat_id, seq, run_id, turn, role, actor, text, created_at)
             select ?1, ?2, coalesce((select max(seq) from message where chat_id = ?2), 0) + 1, ?3, ?4, ?5, ?6, ?7, ?8
             from chat where id = ?2 and deleted_at is null",
            id,
            chat_id,
            run_id,
            turn,
            role,
            actor_text,
            text,
            now_ms,
        )
        .execute(self.db())
        .await?;
        found(done.rows_affected())?;
        let title = title_of(text);
        sqlx::query!(
            "update chat set updated_at = ?, title = case when title = '' then ? else title end where id = ?",
            now_ms,
            title,
            chat_id,
        )
        .execute(self.db())
        .await?;
        let about = About { chat: Some(chat), run, subject: Some(id) };
        self.record(EventKind::MessageAdded, now, actor, about, json!({ "role": role, "turn": turn }))
            .await?;
        Ok(message)
    }

    async fn open_run(&mut self, chat: ChatId) -> Result<Option<RunId>, Error> {
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
        Ok(run)
    }
}

fn found(rows: u64) -> Result<(), Error> {
    if rows == 0 { Err(Error::NotFound("the conversation")) } else { Ok(()) }
}

/// The first line of a message, short enough for a list.
fn title_of(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    if line.chars().count() <= 60 {
        return line.to_owned();
    }
    let short: String = line.chars().take(59).collect();
    format!("{}…", short.trim_end())
}

impl Store {
    /// At most `limit` conversations, the most recent first, from behind the cursor.
    pub async fn chats(&self, limit: u32, after: Option<ChatCursor>) -> Result<Vec<Chat>, Error> {
        let at = after.map_or(i64::MAX, |cursor| cursor.updated_at.as_millis());
        let id = after.map(|cursor| cursor.id.to_string()).unwrap_or_default();
        let rows = sqlx::query_as!(
            ChatRow,
            r#"select c.id, c.title, c.created_at, c.updated_at,
                 r.id as "run_id?: String", r.state as "run_state?: String",
                 coalesce((select sum(cost_micros) from run where chat_id = c.id), 0) as "cost_micros!: i64",
                 coalesce((select substr(text, 1, 120) from message where chat_id = c.id order by seq desc limit 1), '')
                   as "last_text!: String"
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
            r#"select c.id, c.title, c.created_at, c.updated_at,
                 r.id as "run_id?: String", r.state as "run_state?: String",
                 coalesce((select sum(cost_micros) from run where chat_id = c.id), 0) as "cost_micros!: i64",
                 coalesce((select substr(text, 1, 120) from message where chat_id = c.id order by seq desc limit 1), '')
                   as "last_text!: String"
               from chat c
               left join run r on r.id = (select id from run where chat_id = c.id order by created_at desc, id desc limit 1)
               where c.deleted_at is null and c.id = ?"#,
            id,
        )
        .fetch_optional(self.reader())
        .await?;
        row.ok_or(Error::NotFound("the conversation"))?.try_into()
    }

    /// Everything said in a conversation, in order.
    pub async fn messages(&self, chat: ChatId) -> Result<Vec<Message>, Error> {
        let id = chat.to_string();
        let rows = sqlx::query_as!(
            MessageRow,
            r#"select id, chat_id, seq, run_id, turn, role, actor, text, created_at
               from message where chat_id = ? order by seq"#,
            id,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Message::try_from).collect()
    }
}
