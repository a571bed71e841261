//! What the owner does with a terminal that runs: take its keyboard, hand it over, answer a password prompt, close it.
//! No token ever may (SECURITY I6).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metatron_domain::id::{RunId, TerminalId};
use metatron_domain::terminal::order::{LONGEST_HAND_MINUTES, Order};
use metatron_domain::terminal::{TerminalState, Waits};
use metatron_store::terminal::Terminal as Row;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use super::view::Terminal;
use crate::App;
use crate::error::{Answer, ApiError, Code, Problem};
use crate::extract::{Body, Id};
use crate::keyboard::{Note, ended};
use crate::secret::Secret;
use crate::session::Owner;
use crate::state::OWNER;

/// Bytes of a password, at most: a line of a terminal holds no more.
const LONGEST_SECRET: usize = 1_024;
/// Characters of what is said when a keyboard is handed over, at most.
const LONGEST_NOTE: usize = 500;

/// This room's routes.
pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(close))
        .routes(routes!(take))
        .routes(routes!(hand))
        .routes(routes!(secret))
}

/// To whom the keyboard goes, and for how long.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandBody {
    /// The run.
    run_id: RunId,
    /// For how many minutes, 1 to 1440.
    minutes: u16,
    /// What to do with it, for the run to read.
    note: Option<String>,
}

/// An answer to a password prompt.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretBody {
    /// The password. Enter is pressed behind it.
    text: Secret,
}

/// The terminal, if it runs.
async fn running(app: &App, id: TerminalId) -> Answer<Row> {
    let row = app.store.terminal(id).await?;
    match row.state {
        TerminalState::Running | TerminalState::Opening => Ok(row),
        _ => Err(ended()),
    }
}

/// Close a terminal
///
/// It ends with all that it started. That it ended is told as the fact `terminal.ended`.
#[utoipa::path(
    post, path = "/terminals/{id}/close", tag = "terminal", params(("id" = TerminalId, Path,)), security(("session" = [])),
    responses(
        (status = ACCEPTED, body = Terminal),
        (status = NOT_FOUND, body = Problem, description = "There is no such terminal"),
        (status = CONFLICT, body = Problem, description = "It has ended: `terminal_ended`"),
        (status = SERVICE_UNAVAILABLE, body = Problem, description = "Its host does not answer: `shell_unavailable`"),
    )
)]
async fn close(
    State(app): State<App>,
    _owner: Owner,
    Id(id): Id<TerminalId>,
) -> Answer<(StatusCode, Json<Terminal>)> {
    let row = running(&app, id).await?;
    app.order(&row.host, id, &Order::Close).await?;
    Ok((StatusCode::ACCEPTED, Json(Terminal::of(&app, app.store.terminal(id).await?).await)))
}

/// Take the keyboard of a terminal
///
/// Whoever holds it, the owner has it now. Any key the owner presses does the same.
#[utoipa::path(
    post, path = "/terminals/{id}/take", tag = "terminal", params(("id" = TerminalId, Path,)), security(("session" = [])),
    responses(
        (status = OK, body = Terminal),
        (status = NOT_FOUND, body = Problem, description = "There is no such terminal"),
        (status = CONFLICT, body = Problem, description = "It has ended: `terminal_ended`"),
        (status = SERVICE_UNAVAILABLE, body = Problem, description = "Its host does not answer: `shell_unavailable`"),
    )
)]
async fn take(State(app): State<App>, _owner: Owner, Id(id): Id<TerminalId>) -> Answer<Json<Terminal>> {
    let row = running(&app, id).await?;
    app.take_back(&row.host, id).await?;
    Ok(Json(Terminal::of(&app, row).await))
}

/// Hand the keyboard of a terminal to a run
///
/// For so many minutes, or until the owner presses a key or takes it back.
#[utoipa::path(
    post, path = "/terminals/{id}/hand", tag = "terminal", params(("id" = TerminalId, Path,)), request_body = HandBody,
    security(("session" = [])),
    responses(
        (status = OK, body = Terminal),
        (status = NOT_FOUND, body = Problem, description = "There is no such terminal, or no such run"),
        (status = CONFLICT, body = Problem, description = "One of them has ended: `terminal_ended`, `run_ended`"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "A field is not valid"),
        (status = SERVICE_UNAVAILABLE, body = Problem, description = "Its host does not answer: `shell_unavailable`"),
    )
)]
async fn hand(
    State(app): State<App>,
    Owner(session): Owner,
    Id(id): Id<TerminalId>,
    body: Body<HandBody>,
) -> Answer<Json<Terminal>> {
    let HandBody { run_id, minutes, note } = body.value;
    if !(1..=LONGEST_HAND_MINUTES).contains(&minutes) {
        return Err(ApiError::field("/minutes", format!("must be from 1 to {LONGEST_HAND_MINUTES}")));
    }
    let note = note.unwrap_or_default();
    if note.chars().count() > LONGEST_NOTE {
        return Err(ApiError::field("/note", format!("must have at most {LONGEST_NOTE} characters")));
    }
    let row = running(&app, id).await?;
    if app.store.run(run_id).await?.state.is_terminal() {
        return Err(ApiError::new(Code::RunEnded, "It types nothing any more. Begin another run."));
    }
    app.hand_over(&row.host, id, run_id, minutes, Note::Said(note)).await?;
    // A run that waits for this very keyboard has its answer; the first one wins.
    let mut tx = app.store.begin().await?;
    if let Some(question) = tx.handed_over(id, run_id, &OWNER, app.now()).await? {
        tx.answered_from(question, session.id).await?;
        app.commit(tx).await?;
    }
    Ok(Json(Terminal::of(&app, row).await))
}

/// Answer a password prompt
///
/// What is typed goes to no recording, log or model, and only while the program in front has turned echo off.
#[utoipa::path(
    post, path = "/terminals/{id}/secret", tag = "terminal", params(("id" = TerminalId, Path,)), request_body = SecretBody,
    security(("session" = [])),
    responses(
        (status = NO_CONTENT, description = "It was typed"),
        (status = NOT_FOUND, body = Problem, description = "There is no such terminal"),
        (status = CONFLICT, body = Problem, description = "Nobody asks for one: `no_password_asked`, `terminal_ended`"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "The text is not a line"),
        (status = SERVICE_UNAVAILABLE, body = Problem, description = "Its host does not answer: `shell_unavailable`"),
    )
)]
async fn secret(
    State(app): State<App>,
    _owner: Owner,
    Id(id): Id<TerminalId>,
    body: Body<SecretBody>,
) -> Answer<StatusCode> {
    let text = body.value.text;
    if text.as_str().len() > LONGEST_SECRET || text.as_str().chars().any(char::is_control) {
        return Err(ApiError::field("/text", format!("must be one line of at most {LONGEST_SECRET} bytes")));
    }
    let row = running(&app, id).await?;
    let status = app.status_of(&row.host, id).await?;
    if status.waits != Some(Waits::Password) {
        let detail = "The program in front shows what is typed. Look at the terminal, then type there.";
        return Err(ApiError::new(Code::NoPasswordAsked, detail));
    }
    let line = Zeroizing::new(format!("{}\n", text.as_str()));
    app.press(&row.host, id, line.as_bytes(), true).await?;
    Ok(StatusCode::NO_CONTENT)
}
