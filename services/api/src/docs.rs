//! The API's description and its page, from this binary alone: nothing is fetched from elsewhere.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use utoipa_swagger_ui::{Config, serve};

use crate::error::{Answer, ApiError};
use crate::openapi;

/// Swagger UI draws with inline styles and pictures of its own; scripts come from here alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The document.
pub(crate) async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], openapi::TEXT)
        .into_response()
}

/// Relative addresses on the page need the slash.
pub(crate) async fn redirect() -> Redirect {
    Redirect::permanent("/api/docs/")
}

/// The page.
pub(crate) async fn index() -> Answer<Response> {
    asset("index.html")
}

/// A file of the page.
pub(crate) async fn file(Path(file): Path<String>) -> Answer<Response> {
    asset(&file)
}

fn asset(name: &str) -> Answer<Response> {
    let config = Config::from("/api/openapi.json").try_it_out_enabled(true).validator_url("none");
    let found = serve(name, Arc::new(config)).map_err(ApiError::internal)?;
    let found = found.ok_or_else(|| ApiError::not_found("page"))?;
    let mut response = found.bytes.into_owned().into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_str(&found.content_type).map_err(ApiError::internal)?;
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}
