//! What may be asked for as root: nothing, until the owner says more with the password. Each such command is asked all the
//! same, one by one.

use axum::Json;
use axum::extract::State;
use metatron_domain::clock::Instant;
use metatron_domain::elevated::Elevated as Level;
use metatron_domain::host::HostState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::extract::Body;
use crate::session::{Owner, Reader, fresh, still_open};
use crate::state::OWNER;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(elevated, set_elevated))
}

/// What may be asked for as root.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Elevated {
    level: Level,
    /// Since when that is so; absent where it never was otherwise.
    since: Option<Instant>,
    /// Whether the shell service beside this one runs as root, without which nothing else can; absent while it can't be
    /// asked.
    possible: Option<bool>,
}

/// What may be asked for as root from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ElevatedBody {
    level: Level,
}

async fn shown(app: &App) -> Answer<Json<Elevated>> {
    let (level, since) = app.store.elevated().await?;
    Ok(Json(Elevated { level, since, possible: app.shell_is_separated().await }))
}

/// Show what may be asked for as root
#[utoipa::path(
    get, path = "/elevated", tag = "elevated", responses((status = OK, body = Elevated)),
    security(("session" = []), ("token" = ["read"]))
)]
async fn elevated(State(app): State<App>, _reader: Reader) -> Answer<Json<Elevated>> {
    shown(&app).await
}

/// Set what may be asked for as root
///
/// `off`: nothing. `packages`: Debian packages, through one helper. `commands`: any command too. Whatever is asked for is of
/// high risk and waits for the owner's own answer; no rule and no mode allows it. Allowing more needs the password to have
/// been given within five minutes; allowing less does not.
#[utoipa::path(
    put, path = "/elevated", tag = "elevated", request_body = ElevatedBody, responses((status = OK, body = Elevated)),
    security(("session" = []))
)]
async fn set_elevated(
    State(app): State<App>,
    Owner(session): Owner,
    body: Body<ElevatedBody>,
) -> Answer<Json<Elevated>> {
    let (level, now) = (body.value.level, app.now());
    let (before, _) = app.store.elevated().await?;
    if level > before {
        fresh(&session, now)?;
        let elsewhere = app.store.hosts().await?.iter().any(|host| host.state != HostState::Revoked);
        if app.shell_is_separated().await == Some(false) && !elsewhere {
            let detail = "The shell service does not run as root here, so nothing else can. Start it as root, or use the container.";
            return Err(ApiError::new(Code::Conflict, detail));
        }
    }
    let mut tx = app.store.begin().await?;
    let session = still_open(&mut tx, &session, now).await?;
    // Somebody may have changed it meanwhile: what counts is from where this goes up.
    let before = tx.elevated().await?;
    if level > before {
        fresh(&session, now)?;
    }
    if level == before {
        drop(tx);
    } else {
        tx.set_elevated(level, &OWNER, now).await?;
        app.commit(tx).await?;
        app.turn_page().await;
    }
    shown(&app).await
}
