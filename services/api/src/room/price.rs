//! What a provider's model costs: every run's cost, and the sum of the day, are counted by it.

use axum::extract::State;
use axum::http::StatusCode;
use metatron_domain::event::EventKind;
use metatron_domain::id::ProviderId;
use metatron_store::About;
use metatron_store::provider::Price as Row;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError};
use crate::extract::{Body, Id};
use crate::money;
use crate::session::{Owner, still_open};
use crate::state::OWNER;

/// The highest price, in US dollars for a million tokens.
const HIGHEST: f64 = 10_000.0;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(set_price))
}

/// What a model costs, in US dollars for a million tokens.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceBody {
    /// For what it reads, to the ten-thousandth of a dollar.
    #[schema(minimum = 0, maximum = 10_000)]
    read_usd: f64,
    /// For what it writes, likewise.
    #[schema(minimum = 0, maximum = 10_000)]
    write_usd: f64,
}

/// Set the prices of a provider
///
/// They count from the next model call on; what was spent before stays as it was counted.
#[utoipa::path(
    put, path = "/providers/{id}/price", tag = "provider", params(("id" = ProviderId, Path,)),
    request_body = PriceBody, responses((status = NO_CONTENT)), security(("session" = []))
)]
async fn set_price(
    State(app): State<App>,
    Owner(session): Owner,
    Id(id): Id<ProviderId>,
    body: Body<PriceBody>,
) -> Answer<StatusCode> {
    let PriceBody { read_usd, write_usd } = body.value;
    for (pointer, usd) in [("/read_usd", read_usd), ("/write_usd", write_usd)] {
        if !(0.0..=HIGHEST).contains(&usd) {
            return Err(ApiError::field(pointer, format!("must be from 0 to {HIGHEST} US dollars")));
        }
    }
    let price = Row { read: money::micros(read_usd), written: money::micros(write_usd) };
    let mut tx = app.store.begin().await?;
    still_open(&mut tx, &session, app.now()).await?;
    tx.set_price(id, price, app.now()).await?;
    let about = About { subject: Some(id.to_string()), ..About::default() };
    tx.record(EventKind::ProviderChanged, app.now(), &OWNER, about, json!({ "change": "price" })).await?;
    app.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
