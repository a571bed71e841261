//! The facts, in their one order: a page at a time, or as a stream of server-sent events.

#![expect(unused_qualifications, reason = "the path macro names the parameters of this module in full")]

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use metatron_domain::event::Event;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::extract::Params;
use crate::follow::Facts;
use crate::session::{Caller, Reader};

const PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 1_000;
/// How often an open stream's right is looked at again, besides every time rights change.
const RECHECK: Duration = Duration::from_mins(1);

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Which facts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventPage {
    /// Those after this one; from the first that is kept when absent.
    after: Option<i64>,
    /// Items at most, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// A page of facts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Events {
    items: Vec<Event>,
    /// Ask again after this one.
    next: i64,
}

/// Read the facts
///
/// With `Accept: text/event-stream` it is a stream that goes on after `Last-Event-ID`, or from now.
#[utoipa::path(
    get, path = "/events", tag = "event", params(EventPage), security(("session" = []), ("token" = ["read"])),
    responses((status = OK, content((Events = "application/json"), (String = "text/event-stream"))))
)]
async fn events(
    State(app): State<App>,
    Reader(caller): Reader,
    headers: HeaderMap,
    Params(page): Params<EventPage>,
) -> Answer<Response> {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accept.contains("text/event-stream") {
        let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
        return stream(app, caller, last.or(page.after)).await;
    }
    let limit = page.limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(ApiError::new(Code::BadRequest, format!("`limit` must be from 1 to {LARGEST_PAGE}.")));
    }
    let after = page.after.unwrap_or(0);
    let items = app.store.events_after(after, limit).await?;
    let next = items.last().map_or(after, |event| event.eid);
    Ok(Json(Events { items, next }).into_response())
}

async fn stream(app: App, caller: Caller, after: Option<i64>) -> Answer<Response> {
    let facts = Facts::from(&app, after).await?;
    let state = (app, caller, facts);
    let lines: BoxStream<'static, Result<SseEvent, Infallible>> =
        stream::unfold(state, |mut state| async move {
            let (app, caller, facts) = &mut state;
            loop {
                let next = tokio::time::timeout(RECHECK, facts.next()).await;
                let changes_rights = matches!(&next, Ok(Some(event)) if event.changes_rights());
                if (next.is_err() || changes_rights) && !app.still_valid(caller).await.unwrap_or(false) {
                    return None;
                }
                let Ok(event) = next else { continue };
                let line = event?.to_sse();
                return Some((Ok(line), state));
            }
        })
        .boxed();
    let mut response =
        Sse::new(lines).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))).into_response();
    // Proxies must pass it on at once.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
