//! Commands of the AI and the output of their terminals. The bytes are shell-worker's; here they only pass.

#![expect(unused_qualifications, reason = "the path macro names the parameters of this module in full")]

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use metatron_domain::id::{ExecId, TerminalId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::extract::{Id, Params};
use crate::recording::{Piece, Tape};
use crate::session::Reader;
use crate::view::Exec;

/// Bytes of one answer unless the client says otherwise, and at most.
const PIECE: u32 = 256 * 1024;
const LARGEST_PIECE: u32 = 1024 * 1024;
/// How long the shell host may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(exec)).routes(routes!(output))
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
    let Piece { from, bytes, end, ended } = piece;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(HeaderName::from_static("metatron-offset"), HeaderValue::from(from));
    headers.insert(HeaderName::from_static("metatron-end"), HeaderValue::from(end));
    let ended = HeaderValue::from_static(if ended { "true" } else { "false" });
    headers.insert(HeaderName::from_static("metatron-ended"), ended);
    Ok(response)
}
