//! The web app's files. Names with a digest in them never change; everything else is asked for again.
//!
//! Serves only what lies in its folder, reached by plain names: never a dot file, never outside.

use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::App;
use crate::error::{Answer, ApiError};

/// Nothing inline, nothing from elsewhere; the service worker's address comes from one policy.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; \
     base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types metatron-worker";
const PAGE: &str = "index.html";
const MISSING: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>MetatronOS</title>\
     <h1>The web app is not built</h1>\
     <p>MetatronOS runs, but there is no web app in the folder that METATRON_WEB names.</p>\
     <p>Build it in the folder <code>web</code> of the source with <code>npm ci</code> and <code>npm run build</code>, \
     and set METATRON_WEB to its folder <code>dist</code>. The API is at <a href=\"/api/docs/\">/api/docs/</a>.</p></html>";

/// A file, or the app's page for an address of its own.
pub(crate) async fn file(State(app): State<App>, request: Request) -> Answer<Response> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::not_found("address"));
    }
    let path = request.uri().path();
    let Some(relative) = plain(path) else { return Err(ApiError::not_found("page")) };
    let is_named = relative.file_name().is_some();
    if is_named && let Some(response) = send(&app.web, &relative, request.headers()).await? {
        return Ok(response);
    }
    // What looks like a file is one, and is missing; what does not is an address inside the app.
    let is_file = path.starts_with("/assets/") || relative.extension().is_some();
    if is_named && is_file {
        return Err(ApiError::not_found("file"));
    }
    match send(&app.web, Path::new(PAGE), request.headers()).await? {
        Some(response) => Ok(response),
        None => Ok(missing()),
    }
}

/// The path below the folder, if every part of it is a plain visible name.
fn plain(path: &str) -> Option<PathBuf> {
    if path.contains(['%', '\\', '\0']) {
        return None;
    }
    let relative = PathBuf::from(path.trim_start_matches('/'));
    let visible = |part: Component<'_>| match part {
        Component::Normal(name) => !name.as_encoded_bytes().starts_with(b"."),
        _ => false,
    };
    relative.components().all(visible).then_some(relative)
}

/// A file that is there, and what is known about it.
async fn look(path: PathBuf) -> Option<(PathBuf, std::fs::Metadata)> {
    let about = tokio::fs::metadata(&path).await.ok()?;
    about.is_file().then_some((path, about))
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let offers = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|offers| offers.to_str().ok());
    offers.flat_map(|offers| offers.split(',')).any(|offer| {
        let (name, weight) = offer.split_once(';').unwrap_or((offer, ""));
        let is_refused =
            weight.trim().trim_start_matches("q=").parse().is_ok_and(|weight: f32| weight == 0.0);
        name.trim().eq_ignore_ascii_case("gzip") && !is_refused
    })
}

/// The file, or its gzipped twin from the build. Only what everybody may see is ever compressed: a secret beside a
/// stranger's words would show in the length.
async fn send(folder: &Path, relative: &Path, asked: &HeaderMap) -> Answer<Option<Response>> {
    let Some(plain) = look(folder.join(relative)).await else { return Ok(None) };
    let twin = if takes_gzip(asked) {
        let mut name = plain.0.clone().into_os_string();
        name.push(".gz");
        look(name.into()).await
    } else {
        None
    };
    let is_packed = twin.is_some();
    let (path, about) = twin.unwrap_or(plain);
    let changed = about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let tag = format!("\"{:x}-{:x}\"", about.len(), changed.as_nanos());
    let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    let mut response = if known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match tokio::fs::read(&path).await {
            Ok(bytes) => bytes.into_response(),
            Err(error) => return Err(ApiError::internal(format!("{}: {error}", path.display()))),
        }
    };
    let headers = response.headers_mut();
    let kind = mime_guess::from_path(relative).first_or_octet_stream().to_string();
    let kind = if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind };
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_packed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(&kind).map_err(ApiError::internal)?);
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).map_err(ApiError::internal)?);
    let cache =
        if relative.starts_with("assets") { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(Some(response))
}

fn missing() -> Response {
    let kind = (header::CONTENT_TYPE, "text/html; charset=utf-8");
    (StatusCode::SERVICE_UNAVAILABLE, [kind, (header::CACHE_CONTROL, "no-store")], MISSING).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_below_the_folder_are_looked_for() {
        for path in ["/", "/assets/app-1a2b.js", "/chat/cht_01", "/sw.js"] {
            assert!(plain(path).is_some(), "{path}");
        }
        for path in ["/../etc/passwd", "/a/../b", "/%2e%2e/x", "/.env", "/a/.git/config", "/a\\b"] {
            assert!(plain(path).is_none(), "{path}");
        }
    }
}
