//! The switch that stops everything: what the AI has at work ends, and nothing begins by itself until it is lifted.

use axum::Json;
use axum::extract::State;
use metatron_domain::clock::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::Answer;
use crate::extract::Body;
use crate::session::{Owner, Reader, still_open};
use crate::state::OWNER;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(halt, set_halt))
}

/// Whether everything is stopped.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Halt {
    /// Since when; absent while everything goes on.
    halted_at: Option<Instant>,
    /// How many runs this very request stopped.
    stopped: u32,
}

/// Whether everything shall be stopped.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HaltBody {
    halted: bool,
}

/// Show whether everything is stopped
#[utoipa::path(
    get, path = "/halt", tag = "halt", responses((status = OK, body = Halt)),
    security(("session" = []), ("token" = ["read"]))
)]
async fn halt(State(app): State<App>, _reader: Reader) -> Answer<Json<Halt>> {
    Ok(Json(Halt { halted_at: app.store.halted().await?, stopped: 0 }))
}

/// Stop everything, or let it go on
///
/// Every run that is at work is stopped with its commands, and nothing begins by itself: no planned task, no heartbeat, no
/// program with a token. The owner's own messages are answered all the same. What was planned meanwhile begins afterwards
/// where it is not too late for it.
#[utoipa::path(
    put, path = "/halt", tag = "halt", request_body = HaltBody, responses((status = OK, body = Halt)),
    security(("session" = []))
)]
async fn set_halt(State(app): State<App>, Owner(session): Owner, body: Body<HaltBody>) -> Answer<Json<Halt>> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    still_open(&mut tx, &session, now).await?;
    let stopped = if body.value.halted {
        tx.halt(&OWNER, now).await?
    } else {
        tx.lift_halt(&OWNER, now).await?;
        0
    };
    app.commit(tx).await?;
    Ok(Json(Halt { halted_at: app.store.halted().await?, stopped }))
}
