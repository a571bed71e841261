//! Signing in and out, and who is signed in.

use axum::Json;
use axum::extract::{Extension, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use metatron_domain::audit::AuditKind;
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::id::SessionId;
use metatron_store::auth::{Scope, digest};
use metatron_store::{About, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::extract::Body;
use crate::password::{self, Verdict};
use crate::place::{Place, throttle_key};
use crate::secret::Secret;
use crate::session::{
    Anybody, Caller, Owner, REAUTH_VALID, device_cookie, session_cookie, set_cookie, still_open,
};
use crate::signin::SignedIn;
use crate::state::OWNER;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(logout))
        .routes(routes!(who))
        .routes(routes!(reauth))
        .routes(routes!(change_password))
}

/// What a caller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionKind {
    /// The owner, in a browser.
    Owner,
    /// An outside program.
    Token,
}

/// Who is signed in, and what the page needs to know first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    kind: SessionKind,
    /// What a token may do; everything, for the owner.
    scopes: Vec<String>,
    /// Until when the password counts as just given.
    reauth_until: Option<Instant>,
    language: String,
    timezone: String,
    /// What the owner should know: `runs_without_root`, `insecure`, `rules_behind`.
    warnings: Vec<String>,
}

impl Session {
    async fn of(app: &App, caller: &Caller, place: &Place) -> Answer<Self> {
        let (settings, _) = app.store.settings().await?;
        let (kind, scopes, reauth_until) = match caller {
            Caller::Owner(session) => {
                (SessionKind::Owner, Scope::ALL.to_vec(), Some(session.reauth_at.after(REAUTH_VALID)))
            }
            Caller::Token(token) => (SessionKind::Token, token.scopes.clone(), None),
        };
        Ok(Self {
            kind,
            scopes: scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            reauth_until,
            language: settings.language,
            timezone: settings.timezone,
            warnings: app.warnings(place).await,
        })
    }
}

/// The owner's password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    password: Secret,
}

/// What a password attempt needs to know of its request.
struct Attempt {
    place: Place,
    /// What failures are counted under: the device if it is known, else the address.
    key: String,
    user_agent: String,
    /// The session it comes from, if it has one.
    former: Option<SessionId>,
}

impl FromRequestParts<App> for Attempt {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        let place = parts.extensions.get::<Place>().cloned().ok_or_else(|| ApiError::internal("no place"))?;
        let mut key = throttle_key(place.address);
        if let Some(device) = device_cookie(app, parts).map(digest)
            && app.store.knows_device(&device).await?
        {
            key = format!("device:{device}");
        }
        let former = match session_cookie(app, parts) {
            Some(cookie) => {
                app.store.session_by_cookie(&digest(cookie), app.now()).await?.map(|session| session.id)
            }
            None => None,
        };
        let agent =
            parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        Ok(Self { place, key, user_agent: agent.chars().take(200).collect(), former })
    }
}

impl Attempt {
    /// Checks the password. The try is counted before it is looked at (H6); a right one is no try.
    async fn check(&self, app: &App, password: Secret) -> Answer<Proof> {
        let owner = app.store.owner().await?.ok_or_else(|| {
            ApiError::new(Code::NotClaimed, "Open the printed address and claim this instance first.")
        })?;
        let mut tx = app.store.begin().await?;
        let wait = tx.count_try(&self.key, app.now()).await?;
        app.commit(tx).await?;
        if let Some(wait) = wait {
            let detail = format!("Wait {} s, then try again.", wait.as_secs() + 1);
            return Err(ApiError::new(Code::TooManyAttempts, detail).retry_after(wait));
        }
        let verdict = app.hasher.check(password.0.clone(), owner.password_hash.clone()).await?;
        let now = app.now();
        if verdict == Verdict::Wrong {
            let mut tx = app.store.begin().await?;
            let data = json!({ "address": self.place.address.to_string() });
            tx.record(EventKind::LoginFailed, now, &OWNER, About::default(), data).await?;
            app.commit(tx).await?;
            return Err(password::wrong());
        }
        let anew = if verdict == Verdict::Outdated { Some(app.hasher.hash(password.0).await?) } else { None };
        let mut proof = Proof { password_hash: owner.password_hash };
        let mut tx = app.store.begin().await?;
        proof.holds(&mut tx).await?;
        tx.forget_tries(&self.key).await?;
        if let Some(hash) = anew {
            tx.put_password(&hash, now).await?;
            proof = Proof { password_hash: hash };
        }
        app.commit(tx).await?;
        Ok(proof)
    }
}

/// A password that was right when it was looked at, which takes a tenth of a second.
struct Proof {
    password_hash: String,
}

impl Proof {
    /// Refuses unless it is the password in this unit of work too.
    async fn holds(&self, tx: &mut Tx) -> Answer<()> {
        if tx.has_password(&self.password_hash).await? { Ok(()) } else { Err(password::wrong()) }
    }
}

/// Sign in
#[utoipa::path(
    post, path = "/login", tag = "auth", request_body = PasswordBody, security(()),
    responses((status = OK, body = Session, headers(("Set-Cookie" = String, description = "The session"))))
)]
async fn login(State(app): State<App>, attempt: Attempt, body: Body<PasswordBody>) -> Answer<Response> {
    let proof = attempt.check(&app, body.value.password).await?;
    let now = app.now();
    let mut tx = app.store.begin().await?;
    proof.holds(&mut tx).await?;
    // The cookie is rotated: who knew the old one has nothing (H1).
    if let Some(former) = attempt.former {
        tx.close_session(former, now).await?;
    }
    let signed_in = SignedIn::open(&mut tx, &attempt.place, &attempt.user_agent, now).await?;
    app.commit(tx).await?;
    let view = Session::of(&app, &Caller::Owner(signed_in.session.clone()), &attempt.place).await?;
    let mut response = Json(view).into_response();
    signed_in.set_cookies(&app, &attempt.place, response.headers_mut())?;
    Ok(response)
}

/// What else to close.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogoutBody {
    /// Close every session on every device, revoke every token, and notify no device any more.
    everywhere: bool,
}

/// Sign out
#[utoipa::path(
    post, path = "/logout", tag = "auth", security(("session" = [])),
    request_body = LogoutBody, responses((status = NO_CONTENT))
)]
async fn logout(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Owner(session): Owner,
    body: Body<LogoutBody>,
) -> Answer<Response> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let closed = if body.value.everywhere {
        revoke_all(&mut tx, now).await?;
        tx.remove_devices(now).await?;
        tx.close_sessions(None, now).await?
    } else {
        tx.close_session(session.id, now).await?;
        vec![session.id]
    };
    record_closed(&mut tx, &closed, now).await?;
    app.commit(tx).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let cookie = HeaderValue::from_str(&set_cookie(&app, &place, false, None)).map_err(ApiError::internal)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

async fn record_closed(tx: &mut Tx, closed: &[SessionId], now: Instant) -> Answer<()> {
    for id in closed {
        let about = About { subject: Some(id.to_string()), ..About::default() };
        tx.record(EventKind::SessionClosed, now, &OWNER, about, json!({})).await?;
    }
    Ok(())
}

async fn revoke_all(tx: &mut Tx, now: Instant) -> Answer<()> {
    for id in tx.revoke_tokens(now).await? {
        let about = About { subject: Some(id.to_string()), ..About::default() };
        tx.record(EventKind::TokenChanged, now, &OWNER, about, json!({ "revoked": true })).await?;
    }
    Ok(())
}

/// Who is signed in
#[utoipa::path(
    get, path = "/session", tag = "auth", responses((status = OK, body = Session)),
    security(("session" = []), ("token" = []))
)]
async fn who(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    caller: Anybody,
) -> Answer<Json<Session>> {
    Ok(Json(Session::of(&app, &caller.0, &place).await?))
}

/// Give the password again
///
/// For five minutes it opens what needs it: making tokens, and allowing a command of high risk.
#[utoipa::path(
    post, path = "/session/reauth", tag = "auth", request_body = PasswordBody, security(("session" = [])),
    responses((status = OK, body = Session))
)]
async fn reauth(
    State(app): State<App>,
    Owner(mut session): Owner,
    attempt: Attempt,
    body: Body<PasswordBody>,
) -> Answer<Json<Session>> {
    let proof = attempt.check(&app, body.value.password).await?;
    session.reauth_at = app.now();
    let mut tx = app.store.begin().await?;
    still_open(&mut tx, &session, session.reauth_at).await?;
    proof.holds(&mut tx).await?;
    tx.reauthenticate(session.id, session.reauth_at).await?;
    app.commit(tx).await?;
    Ok(Json(Session::of(&app, &Caller::Owner(session), &attempt.place).await?))
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePasswordBody {
    /// The present one.
    current: Secret,
    /// The new one: 10 characters at least.
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 1024)]
    password: Secret,
}

/// Change the password
///
/// Every other session is closed and every token revoked (A1).
#[utoipa::path(
    put, path = "/session/password", tag = "auth", request_body = ChangePasswordBody, security(("session" = [])),
    responses((status = NO_CONTENT))
)]
async fn change_password(
    State(app): State<App>,
    Owner(session): Owner,
    attempt: Attempt,
    body: Body<ChangePasswordBody>,
) -> Answer<StatusCode> {
    password::check_length(body.value.password.as_str())?;
    let proof = attempt.check(&app, body.value.current).await?;
    let hash = app.hasher.hash(body.value.password.0).await?;
    let now = app.now();
    let mut tx = app.store.begin().await?;
    still_open(&mut tx, &session, now).await?;
    proof.holds(&mut tx).await?;
    tx.put_password(&hash, now).await?;
    tx.audit(AuditKind::PasswordChanged, now, &OWNER, About::default(), json!({}));
    let closed = tx.close_sessions(Some(session.id), now).await?;
    record_closed(&mut tx, &closed, now).await?;
    revoke_all(&mut tx, now).await?;
    app.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
