//! What a terminal shows and has shown: its screen, lines that hold a text, the whole recording as an asciicast; and whose
//! its keyboard was.

#![expect(unused_qualifications, reason = "the path macro names the parameters of this module in full")]

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use metatron_domain::clock::Instant;
use metatron_domain::event::Event;
use metatron_domain::id::{RunId, TerminalId};
use metatron_domain::terminal::message::{FoundLine, TerminalAnswer, TerminalCall};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::view::Screen;
use crate::App;
use crate::error::{Answer, ApiError, Code, Problem};
use crate::extract::{Id, Params};
use crate::host::{SLOW, something_else};
use crate::session::Reader;

/// Bytes of a text to look for, at most.
const LONGEST_TEXT: usize = 200;
/// Facts of one history, at most.
const MOST_FACTS: u32 = 200;
/// Lines of one answer unless the client says otherwise, and at most.
const LINES: u32 = 100;
const MOST_LINES: u32 = 1_000;

/// This room's routes.
pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(history))
        .routes(routes!(screen))
        .routes(routes!(search))
        .routes(routes!(cast))
}

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Look {
    /// The text, upper and lower case alike.
    q: String,
    /// Lines at most, 1 to 1000.
    limit: Option<u32>,
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Found {
    /// The lines, oldest first.
    lines: Vec<FoundLine>,
    /// Whether there are more.
    more: bool,
}

/// What has become of a terminal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TerminalHistory {
    /// The newest facts about it, 200 at most, in order.
    items: Vec<Event>,
    /// What was said when its keyboard was handed over.
    notes: Vec<HandNote>,
    /// Subscribe after this fact: nothing is lost between.
    eid: i64,
}

/// What was said when a keyboard was handed over.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HandNote {
    /// To which run.
    run_id: RunId,
    /// Until when it might type: with the run, this tells which hand-over it was.
    until: Instant,
    note: String,
}

/// Show the history of a terminal
///
/// Whose its keyboard was, when it waited for somebody, how it ended. Facts are kept for some days.
#[utoipa::path(
    get, path = "/terminals/{id}/history", tag = "terminal", params(("id" = TerminalId, Path,)),
    responses(
        (status = OK, body = TerminalHistory),
        (status = NOT_FOUND, body = Problem, description = "There is no such terminal"),
    ),
    security(("session" = []), ("token" = ["read"]))
)]
async fn history(
    State(app): State<App>,
    _reader: Reader,
    Id(id): Id<TerminalId>,
) -> Answer<Json<TerminalHistory>> {
    app.store.terminal(id).await?;
    let eid = app.eid().await?;
    let items = app.store.events_of_terminal(id, MOST_FACTS).await?;
    let notes = app.store.hand_notes(id, MOST_FACTS).await?;
    let notes = notes.into_iter().map(|it| HandNote { run_id: it.run, until: it.until, note: it.note });
    Ok(Json(TerminalHistory { items, notes: notes.collect(), eid }))
}

/// Show the screen of a terminal
///
/// As it is now; as it was last, of one that has ended.
#[utoipa::path(
    get, path = "/terminals/{id}/screen", tag = "terminal", params(("id" = TerminalId, Path,)),
    responses(
        (status = OK, body = Screen),
        (status = NOT_FOUND, body = Problem, description = "There is no such terminal, or its screen is not kept"),
        (status = SERVICE_UNAVAILABLE, body = Problem, description = "Its host does not answer: `shell_unavailable`"),
    ),
    security(("session" = []), ("token" = ["read"]))
)]
async fn screen(State(app): State<App>, _reader: Reader, Id(id): Id<TerminalId>) -> Answer<Json<Screen>> {
    let row = app.store.terminal(id).await?;
    let shot = app.screen_of(&row.host, id).await?;
    Ok(Json(shot.into()))
}

/// Search a terminal
///
/// In everything it has shown, line by line.
#[utoipa::path(
    get, path = "/terminals/{id}/search", tag = "terminal", params(("id" = TerminalId, Path,), Look),
    responses(
        (status = OK, body = Found),
        (status = BAD_REQUEST, body = Problem, description = "A parameter is wrong"),
        (status = NOT_FOUND, body = Problem, description = "There is no such terminal, or its recording is not kept"),
        (status = SERVICE_UNAVAILABLE, body = Problem, description = "Its host does not answer: `shell_unavailable`"),
    ),
    security(("session" = []), ("token" = ["read"]))
)]
async fn search(
    State(app): State<App>,
    _reader: Reader,
    Id(id): Id<TerminalId>,
    Params(look): Params<Look>,
) -> Answer<Json<Found>> {
    if !(1..=LONGEST_TEXT).contains(&look.q.len()) {
        return Err(ApiError::new(Code::BadRequest, format!("`q` must have 1 to {LONGEST_TEXT} bytes.")));
    }
    let limit = look.limit.unwrap_or(LINES);
    if !(1..=MOST_LINES).contains(&limit) {
        return Err(ApiError::new(Code::BadRequest, format!("`limit` must be from 1 to {MOST_LINES}.")));
    }
    let row = app.store.terminal(id).await?;
    let call = TerminalCall::Search { terminal: id, text: look.q, limit };
    match app.ask_host(&row.host, call, SLOW).await? {
        TerminalAnswer::Found { lines, more } => Ok(Json(Found { lines, more })),
        TerminalAnswer::NotFound => Err(ApiError::not_found("recording")),
        other => Err(something_else(&other)),
    }
}

/// Download the recording of a terminal
///
/// As asciicast v2, for any player. What was typed while echo was off is not in it.
#[utoipa::path(
    get, path = "/terminals/{id}/cast", tag = "terminal", params(("id" = TerminalId, Path,)),
    responses(
        (status = OK, content_type = "application/x-asciicast", body = Vec<u8>),
        (status = NOT_FOUND, body = Problem, description = "There is no such terminal, or its recording is not kept"),
        (status = SERVICE_UNAVAILABLE, body = Problem, description = "Its host does not answer: `shell_unavailable`"),
    ),
    security(("session" = []), ("token" = ["read"]))
)]
async fn cast(State(app): State<App>, _reader: Reader, Id(id): Id<TerminalId>) -> Answer<Response> {
    let host = app.store.terminal(id).await?.host;
    // The first page before the first byte: what can't be had is still a refusal.
    let (first, next) = page(&app, &host, id, 0).await?;
    let rest = stream::unfold(next, move |next| {
        let (app, host) = (app.clone(), host.clone());
        async move {
            match page(&app, &host, id, next?).await {
                Ok((text, next)) => Some((Ok(text), next)),
                // Cut, so that nobody takes the beginning for the whole.
                Err(refusal) => Some((Err(std::io::Error::other(refusal.problem(None).detail)), None)),
            }
        }
    });
    let pages = futures::StreamExt::chain(stream::iter([Ok::<_, std::io::Error>(first)]), rest);
    let mut response = Body::from_stream(pages).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-asciicast"));
    let name = HeaderValue::from_str(&format!("attachment; filename=\"{id}.cast\""));
    headers.insert(header::CONTENT_DISPOSITION, name.map_err(ApiError::internal)?);
    Ok(response)
}

/// One piece of an asciicast, and where the next one begins.
async fn page(app: &App, host: &str, terminal: TerminalId, from: u64) -> Answer<(String, Option<u64>)> {
    match app.ask_host(host, TerminalCall::Cast { terminal, from, input: false }, SLOW).await? {
        // A host that would not move on would keep us here for ever.
        TerminalAnswer::Cast { text, next } => Ok((text, next.filter(|next| *next > from))),
        TerminalAnswer::NotFound => Err(ApiError::not_found("recording")),
        other => Err(something_else(&other)),
    }
}
