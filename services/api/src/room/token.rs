//! API tokens of outside programs: made, listed and revoked by the owner alone.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::id::TokenId;
use metatron_domain::mode::Mode;
use metatron_store::About;
use metatron_store::auth::{Token as TokenRow, digest};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::extract::{Body, Id};
use crate::once::{Key, Once};
use crate::random;
use crate::session::{Caller, FreshOwner, Owner, confirmed};
use crate::state::OWNER;

const DEFAULT_DAYS: u32 = 90;
const LONGEST_DAYS: u32 = 3_650;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(tokens, add_token)).routes(routes!(revoke_token))
}

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// Look at conversations, runs, approvals and events.
    Read,
    /// Write messages and manage conversations.
    Chat,
    /// Stop runs.
    Run,
}

impl From<Scope> for metatron_store::auth::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Read => Self::Read,
            Scope::Chat => Self::Chat,
            Scope::Run => Self::Run,
        }
    }
}

impl From<metatron_store::auth::Scope> for Scope {
    fn from(scope: metatron_store::auth::Scope) -> Self {
        match scope {
            metatron_store::auth::Scope::Read => Self::Read,
            metatron_store::auth::Scope::Chat => Self::Chat,
            metatron_store::auth::Scope::Run => Self::Run,
        }
    }
}

/// A token, without its value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Token {
    id: TokenId,
    name: String,
    scopes: Vec<Scope>,
    created_at: Instant,
    expires_at: Instant,
    last_used_at: Option<Instant>,
    revoked_at: Option<Instant>,
    /// How much of what its runs want is asked.
    mode: Mode,
}

impl From<TokenRow> for Token {
    fn from(row: TokenRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            scopes: row.scopes.into_iter().map(Scope::from).collect(),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            mode: row.mode,
        }
    }
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewToken {
    #[serde(flatten)]
    about: Token,
    /// Its value: shown now and never again.
    token: String,
}

/// Every token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tokens {
    items: Vec<Token>,
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenBody {
    /// 1 to 80 characters.
    #[schema(min_length = 1, max_length = 80, pattern = r"\S")]
    name: String,
    /// One at least.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// 1 to 3650; 90 when absent.
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<u32>,
}

/// List the tokens
#[utoipa::path(
    get, path = "/tokens", tag = "token", responses((status = OK, body = Tokens)), security(("session" = []))
)]
async fn tokens(State(app): State<App>, _owner: Owner) -> Answer<Json<Tokens>> {
    let items = app.store.tokens().await?.into_iter().map(Token::from).collect();
    Ok(Json(Tokens { items }))
}

/// Make a token
///
/// Needs the password to have been given within five minutes. No token can approve, make tokens or change settings.
#[utoipa::path(
    post, path = "/tokens", tag = "token", request_body = TokenBody, security(("session" = [])),
    responses((status = CREATED, body = NewToken))
)]
async fn add_token(
    State(app): State<App>,
    FreshOwner(session): FreshOwner,
    key: Key,
    body: Body<TokenBody>,
) -> Answer<(StatusCode, Json<NewToken>)> {
    let once = Once::new(key, &Caller::Owner(session.clone()), body.digest);
    if once.before(&app).await?.is_some() {
        let detail = "It was shown then and can't be shown again. Revoke it and make another.";
        return Err(ApiError::new(Code::TokenShownOnce, detail));
    }
    let TokenBody { name, scopes, expires_in_days } = body.value;
    let name = name.trim();
    if !(1..=80).contains(&name.chars().count()) {
        return Err(ApiError::field("/name", "must have 1 to 80 characters"));
    }
    let days = expires_in_days.unwrap_or(DEFAULT_DAYS);
    if !(1..=LONGEST_DAYS).contains(&days) {
        return Err(ApiError::field("/expires_in_days", format!("must be from 1 to {LONGEST_DAYS}")));
    }
    let mut scopes: Vec<metatron_store::auth::Scope> = scopes.into_iter().map(Into::into).collect();
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(ApiError::field("/scopes", "must name one scope at least: read, chat, run"));
    }
    let value = random::token()?;
    let now = app.now();
    let expires_at = now.after(Duration::from_hours(24 * u64::from(days)));
    let mut tx = app.store.begin().await?;
    confirmed(&mut tx, &session, now).await?;
    let row = tx.add_token(name, &digest(&value), &scopes, expires_at, now).await?;
    once.remember(&app, &mut tx, &row.id.to_string()).await?;
    let about = About { subject: Some(row.id.to_string()), ..About::default() };
    tx.record(EventKind::TokenChanged, now, &OWNER, about, json!({ "revoked": false })).await?;
    app.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(NewToken { about: row.into(), token: value.to_string() })))
}

/// Revoke a token
///
/// It opens nothing from now on; what it had open is closed within seconds.
#[utoipa::path(
    delete, path = "/tokens/{id}", tag = "token", params(("id" = TokenId, Path,)), security(("session" = [])),
    responses((status = NO_CONTENT))
)]
async fn revoke_token(State(app): State<App>, _owner: Owner, Id(id): Id<TokenId>) -> Answer<StatusCode> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    tx.revoke_token(id, now).await?;
    let about = About { subject: Some(id.to_string()), ..About::default() };
    tx.record(EventKind::TokenChanged, now, &OWNER, about, json!({ "revoked": true })).await?;
    app.commit(tx).await?;
    // What it was allowed beforehand is void for hosts as well.
    app.turn_page().await;
    Ok(StatusCode::NO_CONTENT)
}
