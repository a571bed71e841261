//! The one error of this service and its form on the wire: problem details (RFC 9457) with a stable code.
//!
//! A client matches on [`Code`], a person reads `detail`. What went wrong inside is logged once, with the request's id,
//! and never returned.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use metatron_store::Error as StoreError;
use serde::Serialize;
use utoipa::ToSchema;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:tt, $status:ident, $title:literal;)+) => {
        /// Why a request was refused: stable, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        pub enum Code { $($(#[doc = $doc])+ #[serde(rename = $text)] $name,)+ }

        impl Code {
            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The HTTP status.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    BadJson = "bad_json", BAD_REQUEST, "The body is not valid JSON";
    /// A parameter or header can't be read.
    BadRequest = "bad_request", BAD_REQUEST, "The request can't be read";
    /// A secret stands in the address, where logs and histories keep it.
    SecretInUrl = "secret_in_url", BAD_REQUEST, "A secret must not be in the address";
    /// Nobody is signed in here.
    NotSignedIn = "not_signed_in", UNAUTHORIZED, "Sign in first";
    /// The password is wrong.
    WrongPassword = "wrong_password", UNAUTHORIZED, "Wrong password";
    /// The claim code is wrong.
    ClaimCodeWrong = "claim_code_wrong", FORBIDDEN, "Wrong claim code";
    /// The claim code is too old.
    ClaimCodeExpired = "claim_code_expired", FORBIDDEN, "The claim code has expired";
    /// The instance can't be claimed over plain HTTP from elsewhere.
    ClaimNeedsTls = "claim_needs_tls", FORBIDDEN, "Claim over HTTPS or from the machine itself";
    /// The page that sent this is not ours.
    OriginRefused = "origin_refused", FORBIDDEN, "The request comes from another site";
    /// The token has not this scope.
    ScopeMissing = "scope_missing", FORBIDDEN, "The token may not do this";
    /// No token may ever do this.
    OwnerOnly = "owner_only", FORBIDDEN, "Only the owner's browser session may do this";
    /// The password has to be given again.
    ReauthRequired = "reauth_required", FORBIDDEN, "Confirm your password";
    /// There is no such thing.
    NotFound = "not_found", NOT_FOUND, "Not found";
    /// The address is right, the method is not.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "This method is not known here";
    /// The body came too slowly.
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, "The request took too long to arrive";
    /// The instance has no owner yet.
    NotClaimed = "not_claimed", CONFLICT, "This instance has no owner yet";
    /// The question has its answer.
    ApprovalAlreadyDecided = "approval_already_decided", CONFLICT, "The answer was already given";
    /// The question was not answered in time.
    ApprovalExpired = "approval_expired", CONFLICT, "The question has expired";
    /// The answer is about something else than what waits.
    DigestMismatch = "digest_mismatch", CONFLICT, "The answer is about something else";
    /// The run has ended.
    RunEnded = "run_ended", CONFLICT, "The run has ended";
    /// A run is at work in the conversation.
    ChatBusy = "chat_busy", CONFLICT, "A run is at work in this conversation";
    /// The task has begun, or is over.
    TaskBegun = "task_begun", CONFLICT, "The task has begun or is over";
    /// The owner has everything stopped.
    Halted = "halted", CONFLICT, "Everything is stopped";
    /// The built-in demonstration stays as it is.
    ProviderBuiltin = "provider_builtin", CONFLICT, "The demonstration can't be changed";
    /// The terminal has ended.
    TerminalEnded = "terminal_ended", CONFLICT, "The terminal has ended";
    /// The owner took the keys of the shell host back.
    HostRevoked = "host_revoked", CONFLICT, "The machine was revoked";
    /// There is a shell host of that name.
    HostExists = "host_exists", CONFLICT, "There is a machine of that name";
    /// Other machines can't reach Redis.
    JoinUnavailable = "join_unavailable", CONFLICT, "Other machines can't reach Redis";
    /// No program in the terminal asks for a password.
    NoPasswordAsked = "no_password_asked", CONFLICT, "No password is asked for";
    /// Nothing is kept of it.
    UndoGone = "undo_gone", CONFLICT, "It can't be undone";
    /// The value of a token is shown once.
    TokenShownOnce = "token_shown_once", CONFLICT, "The token was made and shown already";
    /// Something changed meanwhile.
    Conflict = "conflict", CONFLICT, "Something changed meanwhile";
    /// What was to be changed is not what was seen.
    ChangedMeanwhile = "changed_meanwhile", PRECONDITION_FAILED, "It was changed meanwhile";
    /// The body is too large.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// The body is not declared as JSON.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "Send JSON";
    /// The Host header names another machine.
    UnknownHost = "unknown_host", MISDIRECTED_REQUEST, "This is not a name of this server";
    /// A field holds what it can't be.
    InvalidField = "invalid_field", UNPROCESSABLE_ENTITY, "A field is not valid";
    /// A field is not known.
    UnknownField = "unknown_field", UNPROCESSABLE_ENTITY, "A field is not known";
    /// The idempotency key was used for another request.
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, "This idempotency key was used otherwise";
    /// Too many tries.
    TooManyAttempts = "too_many_attempts", TOO_MANY_REQUESTS, "Too many tries";
    /// A fault of ours.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong here";
    /// The database is locked by another process for too long.
    StorageBusy = "storage_busy", SERVICE_UNAVAILABLE, "The database is busy";
    /// Nothing can be stored.
    StorageUnwritable = "storage_unwritable", INSUFFICIENT_STORAGE, "Nothing can be stored";
    /// Redis is away.
    RedisUnavailable = "redis_unavailable", SERVICE_UNAVAILABLE, "Redis is not available";
    /// No shell-worker answers.
    ShellUnavailable = "shell_unavailable", SERVICE_UNAVAILABLE, "The shell service does not answer";
    /// A terminal takes no more keys for now.
    TerminalBusy = "terminal_busy", SERVICE_UNAVAILABLE, "The terminal takes no more keys";
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where it is, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// A refusal, as it is sent (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// A name for this kind of problem: `urn:metatron:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The kind, for programs.
    pub code: Code,
    /// The cause and the next step, for the person.
    pub detail: String,
    /// The request's id, also in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Fields that are wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<FieldError>>,
}

/// Why a request was refused.
#[derive(Debug, Clone)]
pub struct ApiError {
    code: Code,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    /// For the log alone.
    source: Option<String>,
}

/// What a handler returns.
pub(crate) type Answer<T> = Result<T, ApiError>;

impl ApiError {
    /// A refusal that says `detail`: the cause and the next step.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after: None, source: None }
    }

    /// A fault of ours; `source` goes to the log.
    pub fn internal(source: impl std::fmt::Display) -> Self {
        let detail = "The cause is in the log of the api service, under this request id.";
        Self { source: Some(source.to_string()), ..Self::new(Code::Internal, detail) }
    }

    /// There is no such `what`.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}; it may have been deleted."))
    }

    /// The field at `pointer` holds what it can't be.
    pub fn field(pointer: &str, detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidField, "Correct the fields named in `errors`.").at(pointer, detail)
    }

    /// Names a field that is wrong.
    #[must_use]
    pub fn at(mut self, pointer: &str, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.to_owned(), detail: detail.into() });
        self
    }

    /// Says when to try again.
    #[must_use]
    pub const fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// The cause and the next step, for the person.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The kind of refusal.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The refusal as it is sent.
    pub fn problem(&self, request_id: Option<String>) -> Problem {
        Problem {
            kind: format!("urn:metatron:problem:{}", self.code.as_str()),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            code: self.code,
            detail: self.detail.clone(),
            request_id,
            errors: (!self.errors.is_empty()).then(|| self.errors.clone()),
        }
    }

    /// The response, once the request's id is known. A fault of ours is logged here, and only here.
    pub(crate) fn respond(&self, request_id: &str) -> Response {
        if let Some(source) = &self.source {
            tracing::error!(
                request.id = request_id,
                code = self.code.as_str(),
                cause = source,
                "a request failed"
            );
        }
        let problem = self.problem(Some(request_id.to_owned()));
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (self.code.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(after) = self.retry_after {
            // Rounded up: who comes at the second named must be let in.
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs() + 1));
        }
        if self.code == Code::NotSignedIn {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for ApiError {
    /// Leaves itself for the guard, which knows the request's id.
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let source = Some(error.to_string());
        let refusal = match error {
            StoreError::NotFound(what) => return Self::not_found(what.trim_start_matches("the ")),
            StoreError::Conflict(detail) => return Self::new(Code::Conflict, sentence(&detail)),
            StoreError::Halted => {
                let detail = "Nothing begins by itself until the owner lets it go on: on the page Now.";
                return Self::new(Code::Halted, detail);
            }
            StoreError::Refused(refused) => return Self::new(Code::Conflict, sentence(&refused.to_string())),
            StoreError::Busy(_) => {
                Self::new(Code::StorageBusy, "Nothing was changed. Try again in a moment.")
                    .retry_after(Duration::from_secs(1))
            }
            StoreError::Full(_) => Self::new(
                Code::StorageUnwritable,
                "Nothing was changed: the disk of the data folder is full. Free some space and try again.",
            ),
            StoreError::Unwritable(_) => Self::new(
                Code::StorageUnwritable,
                "Nothing was changed: the disk of the data folder can't be written, since it is read-only, full or failing. Free some space or make it writable, then try again.",
            ),
            other => return Self::internal(other),
        };
        Self { source, ..refusal }
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}
