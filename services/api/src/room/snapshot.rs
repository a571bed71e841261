//! Snapshots of the workspace: which there are, what is in one, and one now. Bringing something back is an undo. The owner
//! alone: they hold everything that was ever in the workspace.

#![expect(unused_qualifications, reason = "the path macro names the parameters of this module in full")]

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metatron_domain::id::SnapshotId;
use metatron_domain::undo::Unkept;
use metatron_domain::undo::message::{Name, Shelf, Snapshot, UndoAnswer, UndoCall};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Problem};
use crate::extract::{Body, Id, Params};
use crate::session::Owner;
use crate::undo::not_done;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(snapshots, make_snapshot)).routes(routes!(snapshot))
}

/// Of which shell host.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfHost {
    /// The shell host; the one beside api when absent.
    host: Option<String>,
}

/// A place in a snapshot.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlaceIn {
    /// The shell host; the one beside api when absent.
    host: Option<String>,
    /// A folder inside the workspace; the workspace when absent.
    path: Option<String>,
}

/// A snapshot to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnapshotBody {
    /// The shell host; the one beside api when absent.
    host: Option<String>,
}

/// The snapshots of a host.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Snapshots {
    host: String,
    /// The newest first.
    items: Vec<Snapshot>,
    /// Bytes that they and what is kept for undo take together.
    used: u64,
    /// Bytes that they may take.
    quota: u64,
    /// Seconds between two of them; 0 where none are made.
    every_s: u64,
    /// Why the last one was not made.
    trouble: Option<Unkept>,
}

/// A folder of a snapshot.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Folder {
    /// Folders before files.
    items: Vec<Name>,
    /// Whether there are more than these.
    more: bool,
}

/// List the snapshots
#[utoipa::path(
    get, path = "/snapshots", tag = "snapshot", params(OfHost), security(("session" = [])),
    responses(
        (status = OK, body = Snapshots),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "There is no such host"),
        (status = SERVICE_UNAVAILABLE, body = Problem, description = "The host does not answer: `shell_unavailable`"),
    )
)]
async fn snapshots(
    State(app): State<App>,
    _owner: Owner,
    Params(OfHost { host }): Params<OfHost>,
) -> Answer<Json<Snapshots>> {
    let host = host.unwrap_or_else(|| app.host.clone());
    match app.ask_undo(&host, UndoCall::Snapshots).await? {
        UndoAnswer::Snapshots { shelf } => {
            let Shelf { snapshots, used, quota, every_s, trouble } = shelf;
            Ok(Json(Snapshots { host, items: snapshots, used, quota, every_s, trouble }))
        }
        other => Err(not_done(other)),
    }
}

/// Make a snapshot now
///
/// Answers when it is made. It takes its place among the hourly ones.
#[utoipa::path(
    post, path = "/snapshots", tag = "snapshot", request_body = SnapshotBody, security(("session" = [])),
    responses(
        (status = CREATED, body = Snapshot),
        (status = CONFLICT, body = Problem, description = "It can't be made; the detail says why"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "A field is not valid"),
        (status = SERVICE_UNAVAILABLE, body = Problem, description = "The host does not answer: `shell_unavailable`"),
    )
)]
async fn make_snapshot(
    State(app): State<App>,
    _owner: Owner,
    body: Body<SnapshotBody>,
) -> Answer<(StatusCode, Json<Snapshot>)> {
    let host = body.value.host.unwrap_or_else(|| app.host.clone());
    match app.order_snapshot(&host).await? {
        UndoAnswer::Snapped { snapshot } => Ok((StatusCode::CREATED, Json(snapshot))),
        other => Err(not_done(other)),
    }
}

/// Show a folder of a snapshot
#[utoipa::path(
    get, path = "/snapshots/{id}", tag = "snapshot", params(("id" = SnapshotId, Path,), PlaceIn), security(("session" = [])),
    responses(
        (status = OK, body = Folder),
        (status = NOT_FOUND, body = Problem, description = "There is no such snapshot, or no such folder in it"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "There is no such host"),
        (status = SERVICE_UNAVAILABLE, body = Problem, description = "The host does not answer: `shell_unavailable`"),
    )
)]
async fn snapshot(
    State(app): State<App>,
    _owner: Owner,
    Id(id): Id<SnapshotId>,
    Params(PlaceIn { host, path }): Params<PlaceIn>,
) -> Answer<Json<Folder>> {
    let host = host.unwrap_or_else(|| app.host.clone());
    let call = UndoCall::Browse { snapshot: id, path: path.unwrap_or_default() };
    match app.ask_undo(&host, call).await? {
        UndoAnswer::Folder { names, more } => Ok(Json(Folder { items: names, more })),
        UndoAnswer::NotFound => Err(ApiError::not_found("folder")),
        other => Err(not_done(other)),
    }
}
