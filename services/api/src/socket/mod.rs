//! The WebSocket: facts and live text as JSON, terminal bytes as binary frames.

pub(crate) mod frame;

use crate::error::{Answer, ApiError};
use axum::response::Response;

/// Opens a socket.
pub(crate) async fn open() -> Answer<Response> {
    Err(ApiError::not_found("address"))
}
