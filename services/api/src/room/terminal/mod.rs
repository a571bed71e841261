//! Terminals: the owner's shells, and those that commands of the AI write to. What they are is in SQLite; what they show
//! is with their shell host, and here it only passes.
//!
//! Rooms: `view` is how they are shown, `act` what the owner does with one that runs, `look` what it has shown.

#![expect(unused_qualifications, reason = "the path macro names the parameters of this module in full")]

mod act;
mod look;
mod view;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::{LONGEST_NAME, Size, TerminalKind, TerminalState};
use metatron_process::crash::{self, Point};
use metatron_store::terminal::TerminalFilter;
use metatron_store::terminal::owner::NewTerminal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Problem};
use crate::extract::{Body, Id, Params};
use crate::once::{self, Key, Once};
use crate::session::{Caller, Owner, Reader};
use crate::view::{bad_cursor, limit};
use view::Terminal;

/// Bytes of a folder's path, at most.
const LONGEST_PATH: usize = 4_096;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(terminals, open_terminal))
        .routes(routes!(terminal, rename_terminal))
        .merge(act::router())
        .merge(look::router())
}

/// Which terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StateFilter {
    /// Those that are opening or run.
    Open,
    /// Those that are over.
    Ended,
}

/// Which page of the terminals.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TerminalPage {
    /// All of them when absent.
    #[param(inline)]
    state: Option<StateFilter>,
    /// Both kinds when absent.
    kind: Option<TerminalKind>,
    /// Items at most, 1 to 200.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of terminals.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Terminals {
    items: Vec<Terminal>,
    next_cursor: Option<String>,
    /// Subscribe after this fact: nothing is lost between.
    eid: i64,
}

/// A terminal to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenBody {
    /// What to call it.
    name: Option<String>,
    /// Its size.
    size: Size,
    /// The folder it begins in; the owner's home when absent.
    cwd: Option<String>,
    /// The shell host, one of those that `GET /hosts` lists; the one beside api when absent.
    host: Option<String>,
}

/// Another name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameBody {
    /// What to call it; blank takes the name away.
    name: String,
}

fn check_name(name: &str) -> Answer<&str> {
    let name = name.trim();
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(ApiError::field(
            "/name",
            format!("must have at most {LONGEST_NAME} characters, on one line"),
        ));
    }
    Ok(name)
}

fn check_cwd(cwd: &str) -> Answer<()> {
    if cwd.starts_with('/') && cwd.len() <= LONGEST_PATH && !cwd.contains('\0') {
        return Ok(());
    }
    Err(ApiError::field("/cwd", format!("must be an absolute path of at most {LONGEST_PATH} bytes")))
}

/// List the terminals, the newest first
///
/// A list shows what was last reported of each; a single one is asked of its host.
#[utoipa::path(
    get, path = "/terminals", tag = "terminal", params(TerminalPage),
    responses((status = OK, body = Terminals), (status = BAD_REQUEST, body = Problem, description = "A parameter is wrong")),
    security(("session" = []), ("token" = ["read"]))
)]
async fn terminals(
    State(app): State<App>,
    _reader: Reader,
    Params(page): Params<TerminalPage>,
) -> Answer<Json<Terminals>> {
    let limit = limit(page.limit)?;
    let after = match &page.cursor {
        Some(text) => Some(text.parse().map_err(|_| bad_cursor())?),
        None => None,
    };
    let filter = TerminalFilter { open: page.state.map(|state| state == StateFilter::Open), kind: page.kind };
    let eid = app.eid().await?;
    let mut rows = app.store.terminals(filter, limit + 1, after).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let items = rows.into_iter().map(|row| Terminal::known(&app, row)).collect();
    Ok(Json(Terminals { items, next_cursor, eid }))
}

/// Open a terminal
///
/// A login shell of the owner. The answer's `state` is `running`; `refused` with a `detail` where the host would not open
/// it; `opening` where the host has not answered yet.
#[utoipa::path(
    post, path = "/terminals", tag = "terminal", request_body = OpenBody, security(("session" = [])),
    responses(
        (status = CREATED, body = Terminal),
        (status = CONFLICT, body = Problem, description = "The host was revoked: `host_revoked`"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "A field is not valid: `invalid_field`, `unknown_field`"),
        (status = SERVICE_UNAVAILABLE, body = Problem, description = "No shell host listens: `shell_unavailable`"),
    )
)]
async fn open_terminal(
    State(app): State<App>,
    Owner(session): Owner,
    key: Key,
    body: Body<OpenBody>,
) -> Answer<(StatusCode, Json<Terminal>)> {
    let OpenBody { name, size, cwd, host } = body.value;
    let name = check_name(name.as_deref().unwrap_or_default())?.to_owned();
    let host = host.unwrap_or_else(|| app.host.clone());
    app.link_of(&host)?;
    cwd.as_deref().map_or(Ok(()), check_cwd)?;
    let once = Once::new(key, &Caller::Owner(session), body.digest);
    let id = if let Some(made) = once.before(&app).await? {
        let id = once::id(&made)?;
        // Cut off before its host was asked, or before it answered. A host opens the same one only once.
        if app.store.terminal(id).await?.state == TerminalState::Opening {
            app.open_on_host(id, &host, size, cwd).await?;
        }
        id
    } else {
        let mut tx = app.store.begin().await?;
        let id = tx.create_terminal(&NewTerminal { host: host.clone(), name, size }, app.now()).await?;
        once.remember(&app, &mut tx, &id.to_string()).await?;
        app.commit(tx).await?;
        crash::point(Point::ApiOpening);
        app.open_on_host(id, &host, size, cwd).await?;
        id
    };
    let row = app.store.terminal(id).await?;
    Ok((StatusCode::CREATED, Json(Terminal::of(&app, row).await)))
}

/// Show a terminal
#[utoipa::path(
    get, path = "/terminals/{id}", tag = "terminal", params(("id" = TerminalId, Path,)),
    responses(
        (status = OK, body = Terminal),
        (status = NOT_FOUND, body = Problem, description = "There is no such terminal, or its command has not started"),
    ),
    security(("session" = []), ("token" = ["read"]))
)]
async fn terminal(State(app): State<App>, _reader: Reader, Id(id): Id<TerminalId>) -> Answer<Json<Terminal>> {
    let row = app.store.terminal(id).await?;
    Ok(Json(Terminal::of(&app, row).await))
}

/// Rename a terminal
#[utoipa::path(
    patch, path = "/terminals/{id}", tag = "terminal", params(("id" = TerminalId, Path,)), request_body = NameBody,
    responses(
        (status = OK, body = Terminal),
        (status = NOT_FOUND, body = Problem, description = "There is no such terminal"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "The name is not valid"),
    ),
    security(("session" = []))
)]
async fn rename_terminal(
    State(app): State<App>,
    _owner: Owner,
    Id(id): Id<TerminalId>,
    body: Body<NameBody>,
) -> Answer<Json<Terminal>> {
    let name = check_name(&body.value.name)?;
    let mut tx = app.store.begin().await?;
    tx.rename_terminal(id, name, app.now()).await?;
    app.commit(tx).await?;
    Ok(Json(Terminal::known(&app, app.store.terminal(id).await?)))
}
