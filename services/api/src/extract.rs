//! Reading requests: JSON bodies, ids in the path, query parameters. What can't be read is refused with what is wrong.

use std::str::FromStr;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::App;
use crate::error::{ApiError, Code};

/// Bytes of a body, at most.
pub(crate) const BODY_LIMIT: usize = 1024 * 1024;

/// A JSON body. Structs deny unknown fields themselves.
pub(crate) struct Body<T> {
    /// What it says.
    pub(crate) value: T,
    /// SHA-256 of method, path and exact bytes: the same request again has the same.
    pub(crate) digest: String,
}

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let head = format!("{} {}\n", request.method(), request.uri().path());
        let read = tokio::time::timeout(app.limits.body, to_bytes(request.into_body(), BODY_LIMIT));
        let bytes = read
            .await
            .map_err(|_| ApiError::new(Code::RequestTimeout, "Send the whole body within 30 seconds."))?
            .map_err(|_| ApiError::new(Code::BodyTooLarge, "Send at most 1 MiB."))?;
        let digest = hex::encode(Sha256::new().chain_update(head).chain_update(&bytes).finalize());
        // A call without a body is a call with an empty one, where nothing in it is required.
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        let value = parse(text)?;
        Ok(Self { value, digest })
    }
}

fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, ApiError> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = pointer(error.path());
        let cause = error.into_inner();
        if cause.classify() != serde_json::error::Category::Data {
            return ApiError::new(Code::BadJson, format!("The body is not valid JSON: {cause}."));
        }
        refuse(&path, &cause.to_string())
    })?;
    reader
        .end()
        .map_err(|cause| ApiError::new(Code::BadJson, format!("The body is not valid JSON: {cause}.")))?;
    Ok(value)
}

fn refuse(path: &str, cause: &str) -> ApiError {
    // serde_json adds the place in the text, which says nothing to who reads a pointer.
    let cause = cause.rsplit_once(" at line ").map_or(cause, |(cause, _)| cause);
    let named = cause.split('`').nth(1).unwrap_or_default();
    if cause.starts_with("unknown field") {
        let path =
            if path.ends_with(&format!("/{named}")) { path.to_owned() } else { format!("{path}/{named}") };
        return ApiError::new(
            Code::UnknownField,
            format!("The field `{named}` is not known here; leave it out."),
        )
        .at(&path, cause);
    }
    let path = if cause.starts_with("missing field") { format!("{path}/{named}") } else { path.to_owned() };
    ApiError::field(&path, cause)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text = format!("{text}/{index}"),
            Segment::Map { key } => {
                text.push('/');
                text.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    text
}

/// The id in the path. What is no id of its kind names nothing: 404.
pub(crate) struct Id<T>(pub(crate) T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::not_found("thing"))?;
        text.parse().map(Self).map_err(|_| ApiError::not_found("thing"))
    }
}

/// Query parameters.
pub(crate) struct Params<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(value) = Query::<T>::from_request_parts(parts, state)
            .await
            .map_err(|cause| ApiError::new(Code::BadRequest, format!("{}.", cause.body_text())))?;
        Ok(Self(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only read")]
        n: u8,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only read")]
        list: Vec<Inner>,
    }

    fn refused(text: &str) -> (Code, String) {
        let error = parse::<Outer>(text.as_bytes()).unwrap_err();
        let pointer = error.problem(None).errors.map(|errors| errors[0].pointer.clone());
        (error.code(), pointer.unwrap_or_default())
    }

    #[test]
    fn a_refusal_points_at_what_is_wrong() {
        assert_eq!(refused(r#"{"list":[],"x":1}"#), (Code::UnknownField, "/x".to_owned()));
        assert_eq!(refused(r#"{"list":[{"n":1},{"m":1}]}"#), (Code::UnknownField, "/list/1/m".to_owned()));
        assert_eq!(refused(r#"{"list":[{"n":300}]}"#), (Code::InvalidField, "/list/0/n".to_owned()));
        assert_eq!(refused("{}"), (Code::InvalidField, "/list".to_owned()));
    }

    #[test]
    fn what_is_no_json_is_told_apart_from_what_is_wrong_json() {
        for text in ["{", "", "{\"list\":[]} x", "\u{feff}{}"] {
            assert_eq!(parse::<Outer>(text.as_bytes()).unwrap_err().code(), Code::BadJson, "{text:?}");
        }
        let deep = format!("{{\"list\":{}", "[".repeat(10_000));
        assert_eq!(parse::<serde_json::Value>(deep.as_bytes()).unwrap_err().code(), Code::BadJson);
    }
}
