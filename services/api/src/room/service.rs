//! Which services are up.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::session::Reader;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(services))
}

/// Whether a service is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ServiceState {
    /// It was heard of within half a minute.
    Up,
    /// It was not.
    Down,
}

/// One service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Service {
    name: String,
    state: ServiceState,
    version: Option<String>,
    pid: Option<u32>,
    /// When it started, RFC 3339.
    #[schema(format = DateTime)]
    since: Option<String>,
}

/// Every service that was ever seen.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Services {
    items: Vec<Service>,
}

/// Show which services are up
#[utoipa::path(
    get, path = "/services", tag = "service", responses((status = OK, body = Services)),
    security(("session" = []), ("token" = ["read"]))
)]
async fn services(State(app): State<App>, _reader: Reader) -> Answer<Json<Services>> {
    let found = app.bus.services().await.map_err(|error| {
        tracing::debug!(%error, "services are not known");
        ApiError::new(
            Code::RedisUnavailable,
            "Nobody knows which services are up until Redis is back. See its log.",
        )
    })?;
    let items = found.into_iter().map(|service| {
        let known = |text: String| (!text.is_empty()).then_some(text);
        Service {
            name: service.name,
            state: if service.up { ServiceState::Up } else { ServiceState::Down },
            version: known(service.version),
            pid: (service.pid != 0).then_some(service.pid),
            since: known(service.since),
        }
    });
    Ok(Json(Services { items: items.collect() }))
}
