//! Undo: what it would do, doing it, and what was undone. The owner alone; no token ever may (SECURITY I6).

#![expect(unused_qualifications, reason = "the path macro names the parameters of this module in full")]

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metatron_domain::clock::Instant;
use metatron_domain::id::UndoId;
use metatron_domain::undo::message::{Counts, Item, Preview as Previewed, Take, UndoAnswer, UndoCall};
use metatron_domain::undo::{UndoOf, UndoState, Undone};
use metatron_store::undo::Undo as Row;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Problem};
use crate::extract::{Body, Id, Params};
use crate::once::{self, Key, Once};
use crate::session::{Caller, Owner, still_open};
use crate::undo::not_done;
use crate::view::limit;

/// Ticks of one request, at most: more than a preview shows.
const MOST_TICKS: usize = 1_000;
/// Bytes of a path, at most.
const LONGEST_PATH: usize = 4_096;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(undos, start_undo))
        .routes(routes!(preview_undo))
        .routes(routes!(undo))
}

/// One undo.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Undo {
    id: UndoId,
    host: String,
    /// What is undone, or brought back.
    of: UndoOf,
    state: UndoState,
    /// What was done.
    undone: Option<Undone>,
    /// Why nothing was.
    detail: Option<String>,
    created_at: Instant,
    ended_at: Option<Instant>,
}

impl From<Row> for Undo {
    fn from(row: Row) -> Self {
        let Row { id, host, of, state, undone, detail, created_at, ended_at } = row;
        Self { id, host, of, state, undone, detail, created_at, ended_at }
    }
}

/// The newest undos.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Undos {
    items: Vec<Undo>,
    /// Subscribe after this fact: nothing is lost between.
    eid: i64,
}

/// Which undos.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UndoFilter {
    /// Those of this command, undo or snapshot alone: its id.
    of: Option<String>,
    /// Items at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// What to look at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewBody {
    /// What would be undone.
    of: UndoOf,
    /// The shell host of a snapshot; the one beside api when absent. A command and an undo have theirs.
    host: Option<String>,
}

/// What an undo would do now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UndoPreview {
    host: String,
    /// When it was kept.
    at: Instant,
    /// How many paths there are of each sort.
    counts: Counts,
    /// The first 500 paths, conflicts before the others.
    items: Vec<Item>,
    /// Send it with the undo: it binds it to exactly this.
    digest: String,
}

/// What to undo.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UndoBody {
    /// What is undone.
    of: UndoOf,
    /// The shell host of a snapshot; the one beside api when absent. A command and an undo have theirs.
    host: Option<String>,
    /// The digest of the preview.
    digest: String,
    /// The numbers of the conflicts that are done all the same.
    #[serde(default)]
    #[schema(max_items = 1000)]
    take: Vec<u32>,
    /// Every conflict is done all the same.
    #[serde(default)]
    take_all: bool,
}

/// The host on which this was kept. What names nothing is 404.
async fn host_of(app: &App, of: &UndoOf, host: Option<String>) -> Answer<String> {
    match of {
        UndoOf::Exec { exec } => Ok(app.store.exec(*exec).await?.host),
        UndoOf::Undo { undo } => Ok(app.store.undo(*undo).await?.host),
        UndoOf::Snapshot { path, .. } => {
            if path.len() > LONGEST_PATH || path.contains('\0') {
                let detail = format!("must be a path inside the workspace of at most {LONGEST_PATH} bytes");
                return Err(ApiError::field("/of/path", detail));
            }
            let host = host.unwrap_or_else(|| app.host.clone());
            app.link_of(&host)?;
            Ok(host)
        }
    }
}

/// List what was undone, the newest first
#[utoipa::path(
    get, path = "/undos", tag = "undo", params(UndoFilter), security(("session" = [])),
    responses((status = OK, body = Undos), (status = BAD_REQUEST, body = Problem, description = "A parameter is wrong"))
)]
async fn undos(
    State(app): State<App>,
    _owner: Owner,
    Params(filter): Params<UndoFilter>,
) -> Answer<Json<Undos>> {
    let limit = limit(filter.limit)?;
    let eid = app.eid().await?;
    let rows = app.store.undos(filter.of.as_deref(), limit).await?;
    Ok(Json(Undos { items: rows.into_iter().map(Undo::from).collect(), eid }))
}

/// Show an undo
#[utoipa::path(
    get, path = "/undos/{id}", tag = "undo", params(("id" = UndoId, Path,)), security(("session" = [])),
    responses((status = OK, body = Undo), (status = NOT_FOUND, body = Problem, description = "There is no such undo"))
)]
async fn undo(State(app): State<App>, _owner: Owner, Id(id): Id<UndoId>) -> Answer<Json<Undo>> {
    Ok(Json(app.store.undo(id).await?.into()))
}

/// Show what an undo would do
///
/// Changes nothing. What somebody changed since is a conflict: it is left alone unless it is ticked.
#[utoipa::path(
    post, path = "/undos/preview", tag = "undo", request_body = PreviewBody, security(("session" = [])),
    responses(
        (status = OK, body = UndoPreview),
        (status = NOT_FOUND, body = Problem, description = "There is no such command or undo"),
        (status = CONFLICT, body = Problem, description = "Nothing is kept of it: `undo_gone`; or it can't be looked at now"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "A field is not valid"),
        (status = SERVICE_UNAVAILABLE, body = Problem, description = "Its host does not answer: `shell_unavailable`"),
    )
)]
async fn preview_undo(
    State(app): State<App>,
    _owner: Owner,
    body: Body<PreviewBody>,
) -> Answer<Json<UndoPreview>> {
    let PreviewBody { of, host } = body.value;
    let host = host_of(&app, &of, host).await?;
    match app.ask_undo(&host, UndoCall::Look { of }).await? {
        UndoAnswer::Preview { preview } => {
            let Previewed { at, counts, items, digest } = preview;
            Ok(Json(UndoPreview { host, at, counts, items, digest }))
        }
        other => Err(not_done(other)),
    }
}

/// Undo
///
/// Exactly what the preview showed, but for the conflicts that are not ticked. That it has ended is told as the fact
/// `undo.ended`. What it changes is kept first, so that it can be undone itself.
#[utoipa::path(
    post, path = "/undos", tag = "undo", request_body = UndoBody, security(("session" = [])),
    responses(
        (status = ACCEPTED, body = Undo),
        (status = NOT_FOUND, body = Problem, description = "There is no such command or undo"),
        (status = CONFLICT, body = Problem, description = "Nothing is kept of it: `undo_gone`; or another undo runs"),
        (status = PRECONDITION_FAILED, body = Problem, description = "It is not as it was previewed: `changed_meanwhile`"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "A field is not valid"),
        (status = SERVICE_UNAVAILABLE, body = Problem, description = "Its host does not answer: `shell_unavailable`"),
    )
)]
async fn start_undo(
    State(app): State<App>,
    Owner(session): Owner,
    key: Key,
    body: Body<UndoBody>,
) -> Answer<(StatusCode, Json<Undo>)> {
    let UndoBody { of, host, digest, take, take_all } = body.value;
    if take.len() > MOST_TICKS {
        return Err(ApiError::field(
            "/take",
            format!("must have at most {MOST_TICKS} items; see `take_all`"),
        ));
    }
    let host = host_of(&app, &of, host).await?;
    app.link_of(&host)?;
    let once = Once::new(key, &Caller::Owner(session.clone()), body.digest);
    let id = if let Some(made) = once.before(&app).await? {
        once::id(&made)?
    } else {
        let id = UndoId::new();
        let mut tx = app.store.begin().await?;
        still_open(&mut tx, &session, app.now()).await?;
        tx.start_undo(id, &host, &of, &digest, app.now()).await?;
        once.remember(&app, &mut tx, &id.to_string()).await?;
        app.commit(tx).await?;
        app.order_undo(id, &host, of, digest, Take { all: take_all, items: take }).await?;
        id
    };
    Ok((StatusCode::ACCEPTED, Json(app.store.undo(id).await?.into())))
}
