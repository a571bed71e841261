//! Modes: a column of the conversation and of the token. Set only at the owner's wish; what counts is computed from them.

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::id::{ChatId, TokenId};
use metatron_domain::mode::{Mode, effective};
use serde_json::json;
use sqlx::SqliteExecutor;

use crate::error::{Error, parse};
use crate::run::Run;
use crate::{About, Store, Tx};

/// The mode that the owner set, and until when.
pub type Set = (Option<Mode>, Option<Instant>);

/// A mode as it is stored, as far as its time is not over.
pub(crate) fn current(mode: Option<&str>, until: Option<i64>, now: Instant) -> Result<Set, Error> {
    let until = until.map(Instant::from_millis);
    if until.is_some_and(|until| until <= now) {
        return Ok((None, None));
    }
    Ok((mode.map(|mode| parse("mode", mode)).transpose()?, until))
}

async fn of_chat(db: impl SqliteExecutor<'_>, chat: ChatId, now: Instant) -> Result<Set, Error> {
    let id = chat.to_string();
    let row = sqlx::query!("select mode, mode_until from chat where id = ?", id).fetch_optional(db).await?;
    let row = row.ok_or(Error::NotFound("the conversation"))?;
    current(row.mode.as_deref(), row.mode_until, now)
}

/// The mode of a token; of one that is void, nothing above what asks: what it began is the owner's to allow from then on.
async fn of_token(db: impl SqliteExecutor<'_>, token: TokenId, now: Instant) -> Result<Option<Mode>, Error> {
    let (id, now_ms) = (token.to_string(), now.as_millis());
    let row = sqlx::query!(
        r#"select mode, revoked_at is null and expires_at > ? as "valid!: bool" from token where id = ?"#,
        now_ms,
        id,
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(Some(Mode::default())) };
    let mode: Option<Mode> = row.mode.as_deref().map(|mode| parse("mode", mode)).transpose()?;
    Ok(if row.valid { mode } else { Some(mode.unwrap_or_default().min(Mode::Ask)) })
}

impl Tx {
    /// The conversation works in `mode` from now on; after `until` as if none had been set.
    pub async fn set_mode(
        &mut self,
        chat: ChatId,
        mode: Mode,
        until: Option<Instant>,
        by: &Actor,
        now: Instant,
    ) -> Result<(), Error> {
        let (id, text, until_ms) = (chat.to_string(), mode.as_str(), until.map(Instant::as_millis));
        let done = sqlx::query!(
            "update chat set mode = ?, mode_until = ? where id = ? and deleted_at is null",
            text,
            until_ms,
            id,
        )
        .execute(self.db())
        .await?;
        if done.rows_affected() == 0 {
            return Err(Error::NotFound("the conversation"));
        }
        self.turn_page(now).await?;
        let about = About { chat: Some(chat), subject: Some(id), ..About::default() };
        self.record(EventKind::ModeChanged, now, by, about, json!({ "mode": mode, "until": until })).await?;
        Ok(())
    }

    /// The runs that a token begins work in `mode`.
    pub async fn set_token_mode(
        &mut self,
        token: TokenId,
        mode: Mode,
        by: &Actor,
        now: Instant,
    ) -> Result<(), Error> {
        let (id, text) = (token.to_string(), mode.as_str());
        sqlx::query!("update token set mode = ? where id = ?", text, id).execute(self.db()).await?;
        self.turn_page(now).await?;
        let about = About { subject: Some(id), ..About::default() };
        self.record(EventKind::ModeChanged, now, by, about, json!({ "mode": mode })).await?;
        Ok(())
    }

    /// The mode that counts for a run.
    pub async fn mode_of_run(&mut self, run: &Run, now: Instant) -> Result<Mode, Error> {
        let (chat, _) = of_chat(self.db(), run.chat, now).await?;
        let token = match run.actor {
            Actor::Token { id } => of_token(self.db(), id, now).await?,
            _ => None,
        };
        Ok(effective(chat, token, &run.actor))
    }
}

impl Store {
    /// The mode that counts for a run.
    pub async fn mode_of_run(&self, run: &Run, now: Instant) -> Result<Mode, Error> {
        let (chat, _) = of_chat(self.reader(), run.chat, now).await?;
        let token = match run.actor {
            Actor::Token { id } => of_token(self.reader(), id, now).await?,
            _ => None,
        };
        Ok(effective(chat, token, &run.actor))
    }

    /// The mode that the owner set for a conversation and whose time is not over.
    pub async fn mode_of_chat(&self, chat: ChatId, now: Instant) -> Result<Set, Error> {
        of_chat(self.reader(), chat, now).await
    }
}
