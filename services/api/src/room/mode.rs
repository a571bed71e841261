//! Modes: how much of what the AI wants is asked, per conversation and per token. Only the owner sets them.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metatron_domain::id::{ChatId, TokenId};
use metatron_domain::mode::{LONGEST_FULL_MIN, Mode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::extract::{Body, Id};
use crate::session::{FreshOwner, Owner, confirmed, fresh, still_open};
use crate::state::OWNER;
use crate::view::Chat;

/// The longest any mode may be limited to, in minutes: a month.
const LONGEST_MIN: u32 = 31 * 24 * 60;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(set_mode)).routes(routes!(set_token_mode))
}

/// The mode of a conversation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModeBody {
    mode: Mode,
    /// Minutes until it is `ask` again; needed for `full`, and 480 there at most.
    #[schema(minimum = 1, maximum = 44_640)]
    minutes: Option<u32>,
}

/// The mode of the runs that a token begins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenModeBody {
    /// Never `full`.
    mode: Mode,
}

/// Set the mode of a conversation
///
/// `plan`: what only reads runs, the rest is refused. `ask`: the rest is asked. `auto`: what a rule allows is not asked.
/// `full`: for a stated time nothing is asked but what is denied, of high risk, names secrets or wants more privilege; it
/// needs the password to have been given within five minutes.
#[utoipa::path(
    put, path = "/chats/{id}/mode", tag = "mode", params(("id" = ChatId, Path,)), request_body = ModeBody,
    responses((status = OK, body = Chat)), security(("session" = []))
)]
async fn set_mode(
    State(app): State<App>,
    Owner(session): Owner,
    Id(id): Id<ChatId>,
    body: Body<ModeBody>,
) -> Answer<Json<Chat>> {
    let ModeBody { mode, minutes } = body.value;
    let most = if mode == Mode::Full { LONGEST_FULL_MIN } else { LONGEST_MIN };
    if minutes.is_some_and(|minutes| !(1..=most).contains(&minutes)) {
        return Err(ApiError::field("/minutes", format!("must be from 1 to {most}")));
    }
    if mode == Mode::Full && minutes.is_none() {
        return Err(ApiError::field("/minutes", "must be given: this mode ends by itself"));
    }
    let now = app.now();
    let until = minutes.map(|minutes| now.after(Duration::from_secs(60 * u64::from(minutes))));
    let mut tx = app.store.begin().await?;
    let session = still_open(&mut tx, &session, now).await?;
    if mode == Mode::Full {
        fresh(&session, now)?;
        if tx.planned_in(id).await?.is_some() {
            let detail = "A task is planned in this conversation, and nobody is there when it begins. Choose another mode, or take the task back.";
            return Err(ApiError::new(Code::Conflict, detail));
        }
    }
    tx.set_mode(id, mode, until, &OWNER, now).await?;
    app.commit(tx).await?;
    app.turn_page().await;
    Ok(Json(Chat::of(app.store.chat(id).await?, now)))
}

/// Set the mode of what a token begins
///
/// A conversation's own mode counts where it is stricter. Needs the password to have been given within five minutes.
#[utoipa::path(
    put, path = "/tokens/{id}/mode", tag = "mode", params(("id" = TokenId, Path,)), request_body = TokenModeBody,
    responses((status = NO_CONTENT)), security(("session" = []))
)]
async fn set_token_mode(
    State(app): State<App>,
    FreshOwner(session): FreshOwner,
    Id(id): Id<TokenId>,
    body: Body<TokenModeBody>,
) -> Answer<StatusCode> {
    if body.value.mode == Mode::Full {
        return Err(ApiError::field("/mode", "must be plan, ask or auto: nobody sits at a token"));
    }
    if app.store.token(id).await?.is_none_or(|token| token.revoked_at.is_some()) {
        return Err(ApiError::not_found("token"));
    }
    let now = app.now();
    let mut tx = app.store.begin().await?;
    confirmed(&mut tx, &session, now).await?;
    tx.set_token_mode(id, body.value.mode, &OWNER, now).await?;
    app.commit(tx).await?;
    app.turn_page().await;
    Ok(StatusCode::NO_CONTENT)
}
