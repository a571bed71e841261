//! The first hour: who owns this instance, the claim, and the rehearsal of an approval.

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, RequestExt as _};
use metatron_domain::event::EventKind;
use metatron_domain::id::{ChatId, RunId};
use metatron_domain::run::Origin;
use metatron_store::About;
use metatron_store::auth::digest;
use metatron_store::setting::Settings;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::check;
use crate::error::{Answer, ApiError, Code};
use crate::extract::Body;
use crate::once::{self, Key, Once};
use crate::password;
use crate::place::Place;
use crate::random::normal_code;
use crate::secret::Secret;
use crate::session::{Caller, Owner};
use crate::signin::SignedIn;
use crate::state::OWNER;
use crate::view::{Chat, Run};

/// What the rehearsal asks for, in the owner's name.
const PRACTICE: &str = "Show me how approvals work: ask me for one harmless command.";

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(setup)).routes(routes!(claim)).routes(routes!(practice))
}

/// Whether the instance has an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SetupState {
    /// Nobody owns it yet.
    Unclaimed,
    /// It has its owner.
    Claimed,
}

/// Where the first run stands. Once claimed, only the state.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Setup {
    state: SetupState,
    /// Whether this browser's way is not safe enough to claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    needs_tls: Option<bool>,
    /// Whether the printed code is void; restart MetatronOS for another.
    #[serde(skip_serializing_if = "Option::is_none")]
    code_expired: Option<bool>,
    /// The shell host.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
}

/// Whether the instance has an owner
#[utoipa::path(get, path = "/setup", tag = "setup", responses((status = OK, body = Setup)), security(()))]
async fn setup(State(app): State<App>, Extension(place): Extension<Place>) -> Answer<Json<Setup>> {
    if app.store.owner().await?.is_some() {
        let claimed = SetupState::Claimed;
        return Ok(Json(Setup { state: claimed, needs_tls: None, code_expired: None, host: None }));
    }
    let code = app.store.claim_code().await?;
    Ok(Json(Setup {
        state: SetupState::Unclaimed,
        needs_tls: Some(!is_safe(&place)),
        code_expired: Some(code.is_none_or(|code| code.expires_at <= app.now())),
        host: Some(app.host.clone()),
    }))
}

fn is_safe(place: &Place) -> bool {
    place.secure || place.local
}

/// The claim.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimBody {
    /// The printed code; dashes and case don't matter.
    code: Secret,
    /// The owner's password: 10 characters at least.
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 1024)]
    password: Secret,
    /// A BCP 47 language tag.
    #[schema(max_length = 35, pattern = "^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$")]
    language: Option<String>,
    /// An IANA time zone.
    #[schema(max_length = 63, pattern = "^[A-Za-z0-9_+-][A-Za-z0-9_+/-]*$")]
    timezone: Option<String>,
}

/// What the claim made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Claimed {
    owner: OwnerView,
}

/// The owner.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Owner)]
pub(crate) struct OwnerView {
    created_at: metatron_domain::clock::Instant,
    language: String,
    timezone: String,
}

/// Become the owner
///
/// Works once, with the code that was printed at the start. Afterwards this address does not exist.
#[utoipa::path(
    post, path = "/setup/claim", tag = "setup", request_body = ClaimBody, security(()),
    responses((status = CREATED, body = Claimed, headers(("Set-Cookie" = String, description = "The session"))))
)]
async fn claim(State(app): State<App>, request: Request) -> Answer<Response> {
    // Before anything of the body is looked at: afterwards there is nothing here (H8).
    if app.store.owner().await?.is_some() {
        return Err(ApiError::not_found("address"));
    }
    let place = request.extensions().get::<Place>().cloned().ok_or_else(|| ApiError::internal("no place"))?;
    if !is_safe(&place) {
        return Err(ApiError::new(
            Code::ClaimNeedsTls,
            "Use the printed `ssh -L` line and a loopback address, or a proxy with HTTPS that METATRON_TRUSTED_PROXY names.",
        ));
    }
    let agent = user_agent(request.headers());
    let Body { value: body, .. }: Body<ClaimBody> = request.extract_with_state(&app).await?;
    let code_hash = check_code(&app, body.code.as_str()).await?;
    password::check_length(body.password.as_str())?;
    let settings = settings(&app, &body)?;
    let hash = app.hasher.hash(body.password.0).await?;

    let now = app.now();
    let mut tx = app.store.begin().await?;
    match tx.claim(&code_hash, &hash, now).await {
        // Somebody else was faster.
        Err(metatron_store::Error::Conflict(_)) => return Err(ApiError::not_found("address")),
        other => other?,
    }
    tx.put_settings(&settings, 0, now).await?;
    tx.add_demo_provider(now).await?;
    tx.record(EventKind::OwnerClaimed, now, &OWNER, About::default(), json!({})).await?;
    let signed_in = SignedIn::open(&mut tx, &place, &agent, now).await?;
    app.commit(tx).await?;
    app.claims.forget();
    tracing::info!("the instance has its owner now");
    let owner = OwnerView { created_at: now, language: settings.language, timezone: settings.timezone };
    let mut response = (StatusCode::CREATED, Json(Claimed { owner })).into_response();
    signed_in.set_cookies(&app, &place, response.headers_mut())?;
    Ok(response)
}

/// The digest of the code, when it is the one that waits.
async fn check_code(app: &App, typed: &str) -> Answer<String> {
    let hash = digest(&normal_code(typed));
    let waiting = app.store.claim_code().await?;
    match waiting {
        Some(code) if code.hash == hash && code.expires_at > app.now() => Ok(hash),
        Some(code) if code.hash == hash => Err(ApiError::new(
            Code::ClaimCodeExpired,
            "A code is valid for an hour after the start. Restart MetatronOS; it prints a new one.",
        )),
        _ => Err(ApiError::new(
            Code::ClaimCodeWrong,
            "Copy it again from the log of this start, or from the file `claim-code` in the run folder.",
        )),
    }
}

fn settings(app: &App, body: &ClaimBody) -> Answer<Settings> {
    let mut settings = Settings { timezone: app.timezone.clone(), ..Settings::default() };
    if let Some(language) = &body.language {
        check::language(language)?;
        settings.language.clone_from(language);
    }
    if let Some(timezone) = &body.timezone {
        check::timezone(timezone)?;
        settings.timezone.clone_from(timezone);
    }
    Ok(settings)
}

fn user_agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    agent.chars().take(200).collect()
}

/// The rehearsal: the conversation it takes place in, and the run that will ask.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Practice {
    chat: Chat,
    run: Run,
}

/// Rehearse an approval
///
/// Begins a conversation in which the built-in demonstration asks for one harmless command.
#[utoipa::path(
    post, path = "/setup/practice", tag = "setup", security(("session" = [])),
    responses((status = CREATED, body = Practice))
)]
async fn practice(
    State(app): State<App>,
    owner: Owner,
    key: Key,
    body: Body<Empty>,
) -> Answer<(StatusCode, Json<Practice>)> {
    let once = Once::new(key, &Caller::Owner(owner.0), body.digest);
    if let Some(made) = once.before(&app).await? {
        let (chat, run) = made.split_once(' ').unwrap_or_default();
        return practiced(&app, once::id(chat)?, once::id(run)?).await;
    }
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let chat = tx.create_chat("Practice", &OWNER, now).await?;
    let posted = tx.post_message(chat, PRACTICE, Origin::Practice, &OWNER, now).await?;
    once.remember(&app, &mut tx, &format!("{chat} {}", posted.run)).await?;
    app.commit(tx).await?;
    practiced(&app, chat, posted.run).await
}

async fn practiced(app: &App, chat: ChatId, run: RunId) -> Answer<(StatusCode, Json<Practice>)> {
    let (chat, run) = (Chat::of(app.store.chat(chat).await?, app.now()), app.store.run(run).await?.into());
    Ok((StatusCode::CREATED, Json(Practice { chat, run })))
}

/// A body with nothing in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Empty {}
