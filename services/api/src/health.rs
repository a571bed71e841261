//! Whether the service is alive, whether it can do its work, and what is answered where nothing is.

use std::any::Any;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::App;
use crate::error::{Answer, ApiError, Code};

/// How long Redis may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Alive. Says nothing of versions or names (I3).
pub(crate) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Able to do its work: the database and Redis answer.
pub(crate) async fn readyz(State(app): State<App>) -> Answer<Json<Value>> {
    app.store.event_range().await?;
    match tokio::time::timeout(PATIENCE, app.bus.ping()).await {
        Ok(Ok(())) => Ok(Json(json!({ "status": "ready" }))),
        refused => {
            tracing::debug!(?refused, "redis does not answer");
            let detail =
                "redis does not answer. What is asked for now is stored and carried out when redis is back.";
            Err(ApiError::new(Code::RedisUnavailable, detail))
        }
    }
}

/// There is nothing at this address.
pub(crate) async fn nothing() -> ApiError {
    ApiError::not_found("address")
}

/// A fault of ours that would have gone unanswered. The place of the panic is in the log.
pub(crate) fn panicked(_cause: Box<dyn Any + Send + 'static>) -> Response {
    ApiError::internal("a handler panicked").into_response()
}
