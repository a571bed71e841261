//! Commands of the AI and the output of their terminals. The bytes are shell-worker's; here they only pass.

#![expect(unused_qualifications, reason = "the path macro names the parameters of this module in full")]

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use metatron_domain::id::{ChatId, ExecId, TerminalId};
use metatron_domain::rule::{Rule, Under};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::extract::{Id, Params};
use crate::recording::{Piece, Tape};
use crate::session::{Owner, Reader};
use crate::view::{Exec, Page, bad_cursor};

/// Bytes of one answer unless the client says otherwise, and at most.
const PIECE: u32 = 256 * 1024;
const LARGEST_PIECE: u32 = 1024 * 1024;
/// How long the shell host may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(unasked)).routes(routes!(exec)).routes(routes!(output))
}

/// A command that ran without a question.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Unasked {
    exec: Exec,
    chat_id: ChatId,
    chat_title: String,
    /// The rule that allowed it, as it is now; absent where the mode `full` did.
    rule: Option<Rule>,
}

/// A page of commands that ran without a question.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnaskedPage {
    /// The newest first.
    items: Vec<Unasked>,
    next_cursor: Option<String>,
}

/// List what ran without a question
///
/// Under a rule, which is named, or in the mode `full`. What the policy allows anyway is not among them.
#[utoipa::path(
    get, path = "/execs/unasked", tag = "exec", params(Page), responses((status = OK, body = UnaskedPage)),
    security(("session" = []))
)]
async fn unasked(
    State(app): State<App>,
    _owner: Owner,
    Params(page): Params<Page>,
) -> Answer<Json<UnaskedPage>> {
    let limit = page.limit()?;
    let after = page.cursor.as_deref().map(|text| text.parse().map_err(|_| bad_cursor())).transpose()?;
    let mut rows = app.store.unasked(limit + 1, after).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let chat_id = app.store.run(row.run).await?.chat;
        // What ran stays in the history when its conversation is deleted.
        let chat_title = app.store.chat(chat_id).await.map(|chat| chat.title).unwrap_or_default();
        let rule = match row.under {
            Some(Under::Rule { rule, .. }) => Some(app.store.rule(rule).await?.rule),
            _ => None,
        };
        let exec = Exec::of(&app, row).await?;
        items.push(Unasked { exec, chat_id, chat_title, rule });
    }
    Ok(Json(UnaskedPage { items, next_cursor }))
}

/// Show a command
#[utoipa::path(
    get, path = "/execs/{id}", tag = "exec", params(("id" = ExecId, Path,)), responses((status = OK, body = Exec)),
    security(("session" = []), ("token" = ["read"]))
)]
async fn exec(State(app): State<App>, _reader: Reader, Id(id): Id<ExecId>) -> Answer<Json<Exec>> {
    let row = app.store.exec(id).await?;
    Ok(Json(Exec::of(&app, row).await?))
}

/// Which bytes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OutputRange {
    /// The first byte, from 0.
    from: Option<u64>,
    /// Bytes at most, 1 to 1048576.
    #[param(minimum = 1, maximum = 1_048_576)]
    limit: Option<u32>,
}

/// Read the output of a terminal
///
/// The exact bytes from the recording. `Metatron-Offset` is the offset of the first one, `Metatron-End` how many there
/// are in all so far, `Metatron-Ended` whether more will come.
#[utoipa::path(
    get, path = "/terminals/{id}/output", tag = "exec", params(("id" = TerminalId, Path,), OutputRange),
    security(("session" = []), ("token" = ["read"])),
    responses((
        status = OK, content_type = "application/octet-stream", body = Vec<u8>,
        headers(
            ("Metatron-Offset" = u64, description = "Offset of the first byte"),
            ("Metatron-End" = u64, description = "Bytes there are in all, so far"),
            ("Metatron-Ended" = bool, description = "Whether the terminal has ended"),
        )
    ))
)]
async fn output(
    State(app): State<App>,
    _reader: Reader,
    Id(id): Id<TerminalId>,
    Params(range): Params<OutputRange>,
) -> Answer<Response> {
    let limit = range.limit.unwrap_or(PIECE);
    if !(1..=LARGEST_PIECE).contains(&limit) {
        return Err(ApiError::new(Code::BadRequest, format!("`limit` must be from 1 to {LARGEST_PIECE}.")));
    }
    let tape = Tape::of(&app, id).await?;
    let piece = tape.read(&app, range.from.unwrap_or(0), limit, PATIENCE).await?;
    let Piece { from, bytes, end, ended, .. } = piece;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(HeaderName::from_static("metatron-offset"), HeaderValue::from(from));
    headers.insert(HeaderName::from_static("metatron-end"), HeaderValue::from(end));
    let ended = HeaderValue::from_static(if ended { "true" } else { "false" });
    headers.insert(HeaderName::from_static("metatron-ended"), ended);
    Ok(response)
}
