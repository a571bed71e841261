//! Agent runs: what they did, and stopping them.

#![expect(unused_qualifications, reason = "the path macro names the parameters of this module in full")]

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metatron_domain::id::RunId;
use metatron_store::run::RunCursor;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::extract::{Id, Params};
use crate::session::{Reader, Runner};
use crate::view::{Exec, Run, bad_cursor, limit};

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(runs)).routes(routes!(run)).routes(routes!(stop_run))
}

/// Which runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunFilter {
    /// Those that have not ended.
    Open,
    /// All of them.
    All,
}

/// Which page of the runs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunPage {
    /// All of them unless `open`.
    #[param(inline)]
    state: Option<RunFilter>,
    /// Items at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of runs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Runs {
    items: Vec<Run>,
    next_cursor: Option<String>,
}

/// A run with its commands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunDetail {
    #[serde(flatten)]
    run: Run,
    /// Its commands, in order.
    execs: Vec<Exec>,
    /// Subscribe after this fact: nothing is lost between.
    eid: i64,
}

/// List the runs, the newest first
#[utoipa::path(
    get, path = "/runs", tag = "run", params(RunPage), responses((status = OK, body = Runs)),
    security(("session" = []), ("token" = ["read"]))
)]
async fn runs(State(app): State<App>, _reader: Reader, Params(page): Params<RunPage>) -> Answer<Json<Runs>> {
    let limit = limit(page.limit)?;
    let after = match &page.cursor {
        Some(text) => Some(RunCursor { id: text.parse().map_err(|_| bad_cursor())? }),
        None => None,
    };
    let mut rows = app.store.runs(page.state == Some(RunFilter::Open), limit + 1, after).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|row| row.id.to_string());
    Ok(Json(Runs { items: rows.into_iter().map(Run::from).collect(), next_cursor }))
}

/// Show a run
#[utoipa::path(
    get, path = "/runs/{id}", tag = "run", params(("id" = RunId, Path,)), responses((status = OK, body = RunDetail)),
    security(("session" = []), ("token" = ["read"]))
)]
async fn run(State(app): State<App>, _reader: Reader, Id(id): Id<RunId>) -> Answer<Json<RunDetail>> {
    let eid = app.eid().await?;
    let run = app.store.run(id).await?.into();
    let mut execs = Vec::new();
    for row in app.store.execs_of_run(id).await? {
        execs.push(Exec::of(&app, row).await?);
    }
    Ok(Json(RunDetail { run, execs, eid }))
}

/// Stop a run
///
/// The model is cut off, a waiting command is withdrawn, a running one is ended with all that it started; so is what a run
/// that is over left running.
#[utoipa::path(
    post, path = "/runs/{id}/stop", tag = "run", params(("id" = RunId, Path,)), responses((status = ACCEPTED, body = Run)),
    security(("session" = []), ("token" = ["run"]))
)]
async fn stop_run(
    State(app): State<App>,
    Runner(caller): Runner,
    Id(id): Id<RunId>,
) -> Answer<(StatusCode, Json<Run>)> {
    let mut tx = app.store.begin().await?;
    let run = match tx.request_stop(id, &caller.actor(), app.now()).await {
        Err(metatron_store::Error::Conflict(_)) => {
            drop(tx);
            return stop_left(&app, id).await;
        }
        other => other?,
    };
    app.commit(tx).await?;
    Ok((StatusCode::ACCEPTED, Json(run.into())))
}

/// What a run left running when it ended is stopped like the run itself.
async fn stop_left(app: &App, id: RunId) -> Answer<(StatusCode, Json<Run>)> {
    let left = app.store.execs_at_work(Some(id), app.now()).await?;
    if left.is_empty() {
        return Err(ApiError::new(Code::RunEnded, "There is nothing left to stop."));
    }
    if app.end_at_once(&left).await > 0 {
        let detail = "A command that it left running could not be stopped. Try again in a moment.";
        return Err(ApiError::new(Code::ShellUnavailable, detail));
    }
    Ok((StatusCode::ACCEPTED, Json(app.store.run(id).await?.into())))
}
