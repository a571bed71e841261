//! What is said in a conversation. A message of the AI is one complete model turn.

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::command::{JobKind, Queue};
use metatron_domain::event::EventKind;
use metatron_domain::id::{ChatId, MessageId, RunId};
use metatron_domain::run::Origin;
use metatron_domain::taint::Source;
use serde_json::json;

use super::found;
use crate::error::{Error, count, json as read_json, parse, to_json};
use crate::{About, Store, Tx};

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
    /// Says something for the AI to act on. Where a run is at work in the conversation it reads the message at its
    /// next turn; otherwise a new run is owed.
    ///
    /// A program's words join no run but its own: that of somebody else works in a mode which was not given to it. Neither
    /// do they get in front of a task that is planned. Then it is an [`Error::Conflict`]. While the owner has everything stopped nothing begins by itself: [`Error::Halted`].
    pub async fn post_message(
        &mut self,
        chat: ChatId,
        text: &str,
        origin: Origin,
        actor: &Actor,
        now: Instant,
    ) -> Result<Posted, Error> {
        if matches!(actor, Actor::Token { .. }) && self.planned_in(chat).await?.is_some() {
            return Err(Error::Conflict("a task is planned in this conversation".to_owned()));
        }
        let open = self.open_run(chat).await?;
        let run = match open {
            Some(run) if matches!(actor, Actor::Token { .. }) && self.run(run).await?.actor != *actor => {
                return Err(Error::Conflict(
                    "a run that somebody else began is at work in this conversation".to_owned(),
                ));
            }
            Some(run) => run,
            None => self.create_run(chat, origin, actor, now).await?,
        };
        let message = self.add_message(chat, Some(run), None, "owner", actor, text, now).await?;
        if let Actor::Token { id } = *actor {
            // Nobody knows where a program has its words from.
            self.taint_run(run, &Source::Program { token: id }, now).await?;
        }
        if open.is_none() {
            let about = About { chat: Some(chat), run: Some(run), subject: Some(run.to_string()) };
            self.record(EventKind::RunQueued, now, actor, about, json!({ "origin": origin })).await?;
            self.enqueue(Queue::Run, origin.priority(), JobKind::Run, &run.to_string(), None, now).await?;
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
}

/// The first line of a text, short enough for a list.
pub(crate) fn title_of(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    if line.chars().count() <= 60 {
        return line.to_owned();
    }
    let short: String = line.chars().take(59).collect();
    format!("{}…", short.trim_end())
}

impl Store {
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

    /// The last `limit` things said in a conversation before the place `before`, or at its end; in order.
    pub async fn messages_before(
        &self,
        chat: ChatId,
        limit: u32,
        before: Option<i64>,
    ) -> Result<Vec<Message>, Error> {
        let (id, before) = (chat.to_string(), before.unwrap_or(i64::MAX));
        let rows = sqlx::query_as!(
            MessageRow,
            r#"select id, chat_id, seq, run_id, turn, role, actor, text, created_at
               from message where chat_id = ? and seq < ? order by seq desc limit ?"#,
            id,
            before,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().rev().map(Message::try_from).collect()
    }

    /// One thing said.
    pub async fn message(&self, message: MessageId) -> Result<Message, Error> {
        let id = message.to_string();
        let row = sqlx::query_as!(
            MessageRow,
            r#"select id, chat_id, seq, run_id, turn, role, actor, text, created_at from message where id = ?"#,
            id,
        )
        .fetch_optional(self.reader())
        .await?;
        row.ok_or(Error::NotFound("the message"))?.try_into()
    }
}
