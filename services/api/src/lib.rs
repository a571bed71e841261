//! The only network door: REST, WebSocket, the web app's files. Login, tokens, and the owner's answers, sealed for
//! shell-worker. It holds `SQLite`, the master key and the link key, and must never run a command or call a model.
//!
//! Map: [`guard`] is what every request passes, [`session`] who is asking, [`room`] one file per feature, [`socket`] the
//! WebSocket, [`feed`] the facts for everybody who watches, [`carry`] the way of what was committed to Redis.

mod book;
mod carry;
mod check;
mod claim;
mod docs;
mod draft;
mod error;
mod extract;
mod feed;
mod follow;
mod guard;
mod health;
mod host;
mod join;
mod judged;
mod keyboard;
mod limit;
mod money;
mod once;
pub mod openapi;
mod password;
mod place;
mod presence;
mod random;
mod reconcile;
mod recording;
mod remote;
mod report;
mod room;
mod secret;
mod serve;
mod session;
mod shelf;
mod signin;
mod socket;
mod state;
mod stop;
mod undo;
mod view;
mod warning;
mod web;
mod witness;

use axum::Router;
use axum::middleware;
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;

pub use error::{ApiError, Code, Problem};
pub use limit::Limits;
pub use serve::{build, run};
pub use state::App;

/// Every route, behind the guard.
pub fn router(app: App) -> Router {
    let (rooms, _) = openapi::router().split_for_parts();
    rooms
        .route("/api/v1/ws", get(socket::open))
        .route("/api/openapi.json", get(docs::document))
        .route("/api/docs", get(docs::redirect))
        .route("/api/docs/", get(docs::index))
        .route("/api/docs/{*file}", get(docs::file))
        .route("/api", get(health::nothing))
        .route("/api/{*rest}", get(health::nothing))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .fallback_service(get(web::file).with_state(app.clone()))
        .layer(CatchPanicLayer::custom(health::panicked))
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}
