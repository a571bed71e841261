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
    /// Commands whose machine has not said that they are over: it is told again, and can be asked again.
    unended: usize,
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
    Ok(Json(Halt { halted_at: app.store.halted().await?, stopped: 0, unended: 0 }))
}

/// Stop everything, or let it go on
///
/// Every run that is at work is stopped, every command of the AI ended, also one that its run left running, and nothing begins
/// by itself: no planned task, no heartbeat, no program with a token. It is answered when the commands are over. The owner's own messages are answered all the same. What was planned meanwhile begins afterwards
/// where it is not too late for it.
#[utoipa::path(
    put, path = "/halt", tag = "halt", request_body = HaltBody, responses((status = OK, body = Halt)),
    security(("session" = []))
)]
async fn set_halt(State(app): State<App>, Owner(session): Owner, body: Body<HaltBody>) -> Answer<Json<Halt>> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    still_open(&mut tx, &session, now).await?;
    if !body.value.halted {
        tx.lift_halt(&OWNER, now).await?;
        app.commit(tx).await?;
        return Ok(Json(Halt { halted_at: app.store.halted().await?, stopped: 0, unended: 0 }));
    }
    let stopped = tx.halt(&OWNER, now).await?;
    app.commit(tx).await?;
    let unended = app.end_at_once(&app.store.execs_at_work(None, now).await?).await;
    Ok(Json(Halt { halted_at: app.store.halted().await?, stopped, unended }))
}
