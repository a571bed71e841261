//! Conversations and their messages. A message of the AI is one complete model turn, with the commands it asked for.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metatron_domain::actor::Actor;
use metatron_domain::approval::ApprovalState;
use metatron_domain::clock::Instant;
use metatron_domain::id::{ApprovalId, ChatId, MessageId, RunId};
use metatron_domain::run::Origin;
use metatron_domain::terminal::hand::HandAsk;
use metatron_store::Error as StoreError;
use metatron_store::approval::Approval as ApprovalRow;
use metatron_store::chat::{ChatCursor, Message as MessageRow};
use metatron_store::exec::Exec as ExecRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::extract::{Body, Id, Params};
use crate::once::{self, Key, Once};
use crate::session::{Caller, Chatter, Reader};
use crate::view::{Chat, Exec, Page, Run, bad_cursor};

const LONGEST_TITLE: usize = 200;
const LONGEST_TEXT: usize = 256 * 1024;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(chats, create_chat))
        .routes(routes!(chat, rename_chat, delete_chat))
        .routes(routes!(messages, post_message))
}

/// A page of conversations.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Chats {
    items: Vec<Chat>,
    next_cursor: Option<String>,
}

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// The owner, or a program in the owner's place.
    Owner,
    /// The model.
    Ai,
    /// MetatronOS itself.
    System,
}

/// A piece of a message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Part {
    /// Markdown.
    Text {
        /// The text.
        text: String,
    },
    /// A command that the AI asked for.
    Exec {
        /// The command.
        exec: Box<Exec>,
    },
    /// The AI asked for the keyboard of a terminal.
    Hand {
        /// The question.
        approval_id: ApprovalId,
        /// Where it stands.
        state: ApprovalState,
        /// What it wanted to type where.
        hand: Box<HandAsk>,
    },
    /// Something the owner should know.
    Notice {
        /// A stable code, such as `model_key_refused`.
        code: String,
        /// The cause and the next step.
        text: String,
    },
}

/// Something said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Message {
    id: MessageId,
    chat_id: ChatId,
    run_id: Option<RunId>,
    /// The model turn it is, for a message of the AI.
    turn: Option<u32>,
    role: Role,
    actor: Actor,
    created_at: Instant,
    parts: Vec<Part>,
}

/// A page of what was said in a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Messages {
    /// In the order in which they were said.
    items: Vec<Message>,
    /// For the page with what was said before.
    next_cursor: Option<String>,
    /// Subscribe after this fact: nothing is lost between.
    eid: i64,
}

/// A conversation to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChatBody {
    /// When absent or blank, it is named after its first message.
    #[schema(max_length = 200, pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$")]
    title: Option<String>,
}

/// Another title.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenameBody {
    /// On one line.
    #[schema(
        max_length = 200,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$"
    )]
    title: String,
}

/// Something to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageBody {
    /// In Markdown, 256 KiB at most.
    #[schema(min_length = 1, max_length = 262_144, pattern = r"\S")]
    text: String,
}

/// What came of a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Posted {
    message: Message,
    /// The run that reads it: a new one, or the one that is at work already.
    run: Run,
}

fn check_title(title: &str) -> Answer<&str> {
    let title = title.trim();
    if title.chars().count() > LONGEST_TITLE || title.chars().any(char::is_control) {
        return Err(ApiError::field(
            "/title",
            format!("must have at most {LONGEST_TITLE} characters, on one line"),
        ));
    }
    Ok(title)
}

fn cursor(text: &str) -> Option<ChatCursor> {
    let (at, id) = text.split_once('.')?;
    Some(ChatCursor { updated_at: Instant::from_millis(at.parse().ok()?), id: id.parse().ok()? })
}

/// List the conversations, the most recent first
#[utoipa::path(
    get, path = "/chats", tag = "chat", params(Page), responses((status = OK, body = Chats)),
    security(("session" = []), ("token" = ["read"]))
)]
async fn chats(State(app): State<App>, _reader: Reader, Params(page): Params<Page>) -> Answer<Json<Chats>> {
    let limit = page.limit()?;
    let after = page.cursor.as_deref().map(|text| cursor(text).ok_or_else(bad_cursor)).transpose()?;
    let mut rows = app.store.chats(limit + 1, after).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().filter(|_| more);
    let next_cursor = last.map(|row| format!("{}.{}", row.updated_at.as_millis(), row.id));
    Ok(Json(Chats { items: rows.into_iter().map(|row| Chat::of(row, app.now())).collect(), next_cursor }))
}

/// Begin a conversation
#[utoipa::path(
    post, path = "/chats", tag = "chat", request_body = ChatBody, responses((status = CREATED, body = Chat)),
    security(("session" = []), ("token" = ["chat"]))
)]
async fn create_chat(
    State(app): State<App>,
    Chatter(caller): Chatter,
    key: Key,
    body: Body<ChatBody>,
) -> Answer<(StatusCode, Json<Chat>)> {
    let once = Once::new(key, &caller, body.digest);
    let id = if let Some(made) = once.before(&app).await? {
        once::id(&made)?
    } else {
        let title = check_title(body.value.title.as_deref().unwrap_or_default())?;
        let mut tx = app.store.begin().await?;
        let id = tx.create_chat(title, &caller.actor(), app.now()).await?;
        once.remember(&app, &mut tx, &id.to_string()).await?;
        app.commit(tx).await?;
        id
    };
    Ok((StatusCode::CREATED, Json(Chat::of(app.store.chat(id).await?, app.now()))))
}

/// Show a conversation
#[utoipa::path(
    get, path = "/chats/{id}", tag = "chat", params(("id" = ChatId, Path,)), responses((status = OK, body = Chat)),
    security(("session" = []), ("token" = ["read"]))
)]
async fn chat(State(app): State<App>, _reader: Reader, Id(id): Id<ChatId>) -> Answer<Json<Chat>> {
    Ok(Json(Chat::of(app.store.chat(id).await?, app.now())))
}

/// Rename a conversation
#[utoipa::path(
    patch, path = "/chats/{id}", tag = "chat", params(("id" = ChatId, Path,)), request_body = RenameBody,
    responses((status = OK, body = Chat)), security(("session" = []), ("token" = ["chat"]))
)]
async fn rename_chat(
    State(app): State<App>,
    Chatter(caller): Chatter,
    Id(id): Id<ChatId>,
    body: Body<RenameBody>,
) -> Answer<Json<Chat>> {
    let title = check_title(&body.value.title)?;
    if title.is_empty() {
        return Err(ApiError::field("/title", "must not be blank"));
    }
    let mut tx = app.store.begin().await?;
    tx.rename_chat(id, title, &caller.actor(), app.now()).await?;
    app.commit(tx).await?;
    Ok(Json(Chat::of(app.store.chat(id).await?, app.now())))
}

/// Delete a conversation
#[utoipa::path(
    delete, path = "/chats/{id}", tag = "chat", params(("id" = ChatId, Path,)), responses((status = NO_CONTENT)),
    security(("session" = []), ("token" = ["chat"]))
)]
async fn delete_chat(
    State(app): State<App>,
    Chatter(caller): Chatter,
    Id(id): Id<ChatId>,
) -> Answer<StatusCode> {
    let mut tx = app.store.begin().await?;
    match tx.delete_chat(id, &caller.actor(), app.now()).await {
        Err(StoreError::Conflict(_)) => {
            return Err(ApiError::new(Code::ChatBusy, "Stop the run first, then delete the conversation."));
        }
        other => other?,
    }
    app.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show what was said in a conversation
///
/// The newest page first; each page in the order in which it was said.
#[utoipa::path(
    get, path = "/chats/{id}/messages", tag = "chat", params(("id" = ChatId, Path,), Page),
    responses((status = OK, body = Messages)), security(("session" = []), ("token" = ["read"]))
)]
async fn messages(
    State(app): State<App>,
    _reader: Reader,
    Id(id): Id<ChatId>,
    Params(page): Params<Page>,
) -> Answer<Json<Messages>> {
    let limit = page.limit()?;
    let before = page.cursor.as_deref().map(|text| text.parse().map_err(|_| bad_cursor())).transpose()?;
    // Read before the rows: what they show is at least as new.
    let eid = app.eid().await?;
    app.store.chat(id).await?;
    let mut rows = app.store.messages_before(id, limit + 1, before).await?;
    let more = rows.len() > limit as usize;
    if more {
        rows.remove(0);
    }
    let next_cursor = rows.first().filter(|_| more).map(|row| row.seq.to_string());
    Ok(Json(Messages { items: shown(&app, rows).await?, next_cursor, eid }))
}

/// Say something
///
/// Begins a run, unless one is at work in this conversation: that one reads it at its next turn. A token joins no run but its
/// own.
#[utoipa::path(
    post, path = "/chats/{id}/messages", tag = "chat", params(("id" = ChatId, Path,)), request_body = MessageBody,
    responses((status = CREATED, body = Posted)), security(("session" = []), ("token" = ["chat"]))
)]
async fn post_message(
    State(app): State<App>,
    Chatter(caller): Chatter,
    Id(id): Id<ChatId>,
    key: Key,
    body: Body<MessageBody>,
) -> Answer<(StatusCode, Json<Posted>)> {
    let once = Once::new(key, &caller, body.digest);
    let (message, run): (MessageId, RunId) = if let Some(made) = once.before(&app).await? {
        let (message, run) = made.split_once(' ').unwrap_or_default();
        (once::id(message)?, once::id(run)?)
    } else {
        let text = body.value.text.trim();
        if text.is_empty() || text.len() > LONGEST_TEXT {
            return Err(ApiError::field(
                "/text",
                format!("must have 1 to {LONGEST_TEXT} bytes that are not blank"),
            ));
        }
        let origin = if matches!(caller, Caller::Owner(_)) { Origin::Chat } else { Origin::Api };
        let mut tx = app.store.begin().await?;
        let posted = tx.post_message(id, text, origin, &caller.actor(), app.now()).await;
        let posted = posted.map_err(|error| match error {
            StoreError::Conflict(_) => ApiError::new(
                Code::ChatBusy,
                "Work that somebody else began or planned has this conversation. Wait until it is over, or use one of your own.",
            ),
            other => other.into(),
        })?;
        once.remember(&app, &mut tx, &format!("{} {}", posted.message, posted.run)).await?;
        app.commit(tx).await?;
        (posted.message, posted.run)
    };
    let row = app.store.message(message).await?;
    let mut shown = shown(&app, vec![row]).await?;
    let message = shown.pop().ok_or_else(|| ApiError::not_found("message"))?;
    let run = app.store.run(run).await?.into();
    Ok((StatusCode::CREATED, Json(Posted { message, run })))
}

/// The messages of `rows`, with the commands of their turns.
async fn shown(app: &App, rows: Vec<MessageRow>) -> Answer<Vec<Message>> {
    let mut runs: HashMap<RunId, (Vec<ExecRow>, Vec<ApprovalRow>)> = HashMap::new();
    let mut messages = Vec::with_capacity(rows.len());
    for row in rows {
        let (role, parts) = match (row.role.as_str(), row.run) {
            ("owner", _) => (Role::Owner, vec![Part::Text { text: row.text }]),
            ("ai", Some(run)) => {
                if let std::collections::hash_map::Entry::Vacant(entry) = runs.entry(run) {
                    let hands = app.store.hands_of_run(run).await?;
                    entry.insert((app.store.execs_of_run(run).await?, hands));
                }
                let mut parts = Vec::new();
                if !row.text.is_empty() {
                    parts.push(Part::Text { text: row.text });
                }
                let Some((execs, hands)) = runs.get(&run) else { continue };
                for exec in execs.iter().filter(|exec| Some(exec.turn) == row.turn) {
                    parts.push(Part::Exec { exec: Box::new(Exec::of(app, exec.clone()).await?) });
                }
                for question in hands {
                    let Some(hand) = question.hand.clone().filter(|hand| Some(hand.turn) == row.turn) else {
                        continue;
                    };
                    let (approval_id, state) = (question.id, question.state);
                    parts.push(Part::Hand { approval_id, state, hand: Box::new(hand) });
                }
                (Role::Ai, parts)
            }
            ("ai", None) => (Role::Ai, vec![Part::Text { text: row.text }]),
            (_, run) => {
                let error = match run {
                    Some(run) => app.store.run(run).await?.error,
                    None => None,
                };
                let code = error.map_or_else(|| "notice".to_owned(), |error| error.code);
                (Role::System, vec![Part::Notice { code, text: row.text }])
            }
        };
        messages.push(Message {
            id: row.id,
            chat_id: row.chat,
            run_id: row.run,
            turn: row.turn,
            role,
            actor: row.actor,
            created_at: row.created_at,
            parts,
        });
    }
    Ok(messages)
}
