//! What every request passes before anything else sees it, and every response on its way out: our own name (H3), our own
//! pages (I2, H2), no secret in the address (I1), JSON only, security headers (H5), problem details with the request's id.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use crate::App;
use crate::error::{ApiError, Code};
use crate::place::Place;
use crate::random;

/// Query parameters under which people send secrets.
const SECRET_PARAMETERS: [&str; 8] =
    ["token", "access_token", "api_key", "apikey", "auth", "authorization", "password", "secret"];
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Lets a request in and its response out.
pub(crate) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = random::request_id();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let place = app.gate.place(peer, request.headers());
    let secure = place.as_ref().is_some_and(|place| app.gate.uses_secure_cookies(place));
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = match enter(&app, place, &mut request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => axum::response::IntoResponse::into_response(refusal),
    };
    let refusal = response.extensions_mut().remove::<ApiError>().or_else(|| plain(&response, is_api));
    if let Some(refusal) = refusal {
        let headers = std::mem::take(response.headers_mut());
        response = refusal.respond(&id);
        // Cookies that a refusal sets, and the methods that are allowed, stay.
        for name in [header::SET_COOKIE, header::ALLOW] {
            for value in headers.get_all(&name) {
                response.headers_mut().append(&name, value.clone());
            }
        }
    }
    leave(response.headers_mut(), &id, secure);
    response
}

/// What axum itself refuses without a body.
fn plain(response: &Response, is_api: bool) -> Option<ApiError> {
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => {
            Some(ApiError::new(Code::MethodNotAllowed, "See /api/docs/ for what is possible here."))
        }
        StatusCode::NOT_FOUND if is_api && !response.headers().contains_key(header::CONTENT_TYPE) => {
            Some(ApiError::not_found("address"))
        }
        _ => None,
    }
}

fn enter(app: &App, place: Option<Place>, request: &mut Request) -> Result<(), ApiError> {
    let Some(place) = place else {
        return Err(ApiError::new(
            Code::UnknownHost,
            "Use a loopback name, or set METATRON_PUBLIC_URL to the address that browsers use.",
        ));
    };
    refuse_secrets(request.uri().query().unwrap_or_default())?;
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        own_page(app, &place, request.headers())?;
        json_only(request.headers())?;
    }
    request.extensions_mut().insert(place);
    Ok(())
}

fn refuse_secrets(query: &str) -> Result<(), ApiError> {
    let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    for name in names {
        let name = name.to_ascii_lowercase();
        if name.contains('%') || SECRET_PARAMETERS.contains(&name.as_str()) {
            let detail = "Addresses end up in logs and histories. Send a token as `Authorization: Bearer …`.";
            return Err(ApiError::new(Code::SecretInUrl, detail));
        }
    }
    Ok(())
}

/// A change must come from a page of ours, or from a program that is no browser.
pub(crate) fn own_page(app: &App, place: &Place, headers: &HeaderMap) -> Result<(), ApiError> {
    let refused =
        || ApiError::new(Code::OriginRefused, "Open MetatronOS itself; other sites can't act in it.");
    if let Some(origin) = headers.get(header::ORIGIN) {
        let own =
            origin.to_str().is_ok_and(|origin| app.gate.is_own_origin(&origin.to_ascii_lowercase(), place));
        return if own { Ok(()) } else { Err(refused()) };
    }
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(b"same-origin") => Ok(()),
        Some(_) => Err(refused()),
        // No browser: it has to bring its right along, and a cookie is none.
        None if headers.contains_key(header::COOKIE) => Err(refused()),
        None => Ok(()),
    }
}

fn json_only(headers: &HeaderMap) -> Result<(), ApiError> {
    let length = headers.get(header::CONTENT_LENGTH).map(HeaderValue::as_bytes);
    let has_body =
        headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != b"0");
    let is_json = match headers.get(header::CONTENT_TYPE) {
        None => !has_body,
        Some(kind) => kind.to_str().is_ok_and(|kind| {
            kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
        }),
    };
    if is_json {
        return Ok(());
    }
    Err(ApiError::new(Code::UnsupportedMediaType, "Send `Content-Type: application/json`."))
}

fn leave(headers: &mut HeaderMap, id: &str, secure: bool) {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(API_POLICY));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if secure {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}
