//! The queues of owed work: how full they are, and whether their workers read.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metatron_domain::command::Queue as Named;
use metatron_domain::event::EventKind;
use metatron_store::About;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::extract::Id;
use crate::session::{Owner, Reader};
use crate::state::OWNER;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(queues)).routes(routes!(pause)).routes(routes!(resume))
}

/// One queue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Queue {
    /// `run`, `report`, `terminal` or `shell:` and a host; `report:` or `terminal:` and a host, where that is not called
    /// `local`.
    name: String,
    /// Jobs that wait, are delayed or at work.
    depth: u64,
    /// Whether the owner paused it: what is at work goes on, nothing new begins.
    paused: bool,
}

/// Every queue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Queues {
    items: Vec<Queue>,
}

/// A queue's name, as it stands in a path.
struct Name(Named);

impl FromStr for Name {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Named::parse(text).map(Self).ok_or(())
    }
}

fn known(app: &App) -> Vec<Named> {
    let names = app.links.names();
    let shells = names.iter().cloned().map(Named::Shell);
    let reports = names.iter().flat_map(|host| [Named::reports_of(host), Named::terminals_of(host)]);
    std::iter::once(Named::Run).chain(shells).chain(reports).collect()
}

/// Show the queues
#[utoipa::path(
    get, path = "/queues", tag = "queue", responses((status = OK, body = Queues)),
    security(("session" = []), ("token" = ["read"]))
)]
async fn queues(State(app): State<App>, _reader: Reader) -> Answer<Json<Queues>> {
    let wishes = app.store.queue_wishes().await?;
    let mut items = Vec::new();
    for queue in known(&app) {
        let depth = app.bus.depth(&queue).await.map_err(|error| {
            tracing::debug!(%error, "the depth of a queue is not known");
            ApiError::new(Code::RedisUnavailable, "Nobody knows how full the queues are until Redis is back.")
        })?;
        let paused = wishes.iter().any(|wish| wish.queue == queue && wish.paused);
        items.push(Queue { name: queue.name(), depth, paused });
    }
    Ok(Json(Queues { items }))
}

/// Pause a queue
///
/// What is at work goes on, nothing new begins. It stays paused until it is resumed, also over a restart.
#[utoipa::path(
    post, path = "/queues/{name}/pause", tag = "queue", security(("session" = [])),
    params(("name" = String, Path, description = "The queue's name")), responses((status = NO_CONTENT))
)]
async fn pause(State(app): State<App>, _owner: Owner, Id(name): Id<Name>) -> Answer<StatusCode> {
    set(&app, &name.0, true).await
}

/// Resume a queue
#[utoipa::path(
    post, path = "/queues/{name}/resume", tag = "queue", security(("session" = [])),
    params(("name" = String, Path, description = "The queue's name")), responses((status = NO_CONTENT))
)]
async fn resume(State(app): State<App>, _owner: Owner, Id(name): Id<Name>) -> Answer<StatusCode> {
    set(&app, &name.0, false).await
}

async fn set(app: &App, queue: &Named, paused: bool) -> Answer<StatusCode> {
    if !known(app).contains(queue) {
        return Err(ApiError::not_found("queue"));
    }
    let now = app.now();
    let mut tx = app.store.begin().await?;
    if tx.set_queue_paused(queue, paused, now).await? {
        let about = About { subject: Some(queue.name()), ..About::default() };
        tx.record(EventKind::QueueChanged, now, &OWNER, about, json!({ "paused": paused })).await?;
    }
    app.commit(tx).await?;
    let told = if paused { app.bus.pause(queue).await } else { app.bus.resume(queue).await };
    if let Err(error) = told {
        // The wish is kept: the reconciler says it as soon as Redis is back.
        tracing::warn!(%error, queue = queue.name(), paused, "the workers were not told yet");
    }
    Ok(StatusCode::NO_CONTENT)
}
