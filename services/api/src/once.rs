//! `Idempotency-Key`: a change that is sent twice is made once, and answered alike, for a day. What is remembered is the
//! id of what was made, never the answer itself: an answer may show a secret once.

use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::request::Parts;
use metatron_store::Tx;
use metatron_store::auth::Answered;

use crate::App;
use crate::error::{ApiError, Code};
use crate::session::Caller;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const LONGEST: usize = 200;

/// The key of a request, if it has one.
pub(crate) struct Key(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(HEADER) else { return Ok(Self(None)) };
        let key = value.to_str().ok().filter(|key| (1..=LONGEST).contains(&key.len()));
        let key = key.ok_or_else(|| {
            ApiError::new(
                Code::BadRequest,
                format!("Idempotency-Key must be 1 to {LONGEST} printable characters."),
            )
        })?;
        Ok(Self(Some(key.to_owned())))
    }
}

/// One change that is made once.
pub(crate) struct Once {
    who: String,
    key: Option<String>,
    request: String,
}

impl Once {
    /// The change that `caller` asks for with a request of this digest.
    pub(crate) fn new(key: Key, caller: &Caller, request: String) -> Self {
        Self { who: caller.name(), key: key.0, request }
    }

    /// What was remembered when it was made before.
    pub(crate) async fn before(&self, app: &App) -> Result<Option<String>, ApiError> {
        let Some(key) = &self.key else { return Ok(None) };
        let Some(answered) = app.store.answered(&self.who, key, app.now()).await? else { return Ok(None) };
        if answered.request == self.request {
            return Ok(Some(answered.body));
        }
        Err(ApiError::new(Code::IdempotencyKeyReused, "Use a new key for a new request."))
    }

    /// Remembers `made` in the commit that makes it.
    pub(crate) async fn remember(&self, app: &App, tx: &mut Tx, made: &str) -> Result<(), ApiError> {
        let Some(key) = &self.key else { return Ok(()) };
        let answered = Answered { request: self.request.clone(), status: 201, body: made.to_owned() };
        Ok(tx.remember(&self.who, key, &answered, app.now()).await?)
    }
}

/// Reads one remembered id.
pub(crate) fn id<T: std::str::FromStr>(text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|_| ApiError::internal("a remembered id can't be read"))
}
