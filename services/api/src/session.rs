//! Who is asking: the owner's browser session, or an outside program with a token. Handlers name the right they need
//! by the extractor they take; what has none is open to everybody.

use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_store::Tx;
use metatron_store::auth::{Scope, Session, Token, digest};

use crate::App;
use crate::error::{ApiError, Code};
use crate::place::Place;
use crate::random::TOKEN_PREFIX;

/// How long a given password counts (SECURITY H1).
pub(crate) const REAUTH_VALID: Duration = Duration::from_mins(5);
/// The session's cookie over HTTPS, and over plain HTTP on the machine itself.
const COOKIES: [&str; 2] = ["__Host-metatron", "metatron"];
/// The cookie of a device that the owner logged in from.
const DEVICE_COOKIES: [&str; 2] = ["__Host-metatron-device", "metatron-device"];

/// Who is asking.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// The owner, in a browser.
    Owner(Session),
    /// An outside program.
    Token(Token),
}

impl Caller {
    /// The author of what this caller does.
    pub(crate) fn actor(&self) -> Actor {
        match self {
            Self::Owner(_) => Actor::Owner,
            Self::Token(token) => Actor::Token { id: token.id },
        }
    }

    /// A name for this caller among others, for idempotency keys.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Owner(_) => "owner".to_owned(),
            Self::Token(token) => token.id.to_string(),
        }
    }

    /// Refuses a token without `scope`.
    pub(crate) fn may(&self, scope: Scope) -> Result<(), ApiError> {
        match self {
            Self::Token(token) if !token.scopes.contains(&scope) => Err(ApiError::new(
                Code::ScopeMissing,
                format!("This needs the scope `{}`. Make a token that has it.", scope.as_str()),
            )),
            _ => Ok(()),
        }
    }

    /// The owner's session; refuses every token (I6).
    pub(crate) fn owner(self) -> Result<Session, ApiError> {
        match self {
            Self::Owner(session) => Ok(session),
            Self::Token(_) => Err(ApiError::new(
                Code::OwnerOnly,
                "No token may do this, whatever its scopes. Use the browser.",
            )),
        }
    }
}

/// Refuses unless the password was given within the last minutes.
pub(crate) fn fresh(session: &Session, now: Instant) -> Result<(), ApiError> {
    if now < session.reauth_at.after(REAUTH_VALID) && session.reauth_at <= now.after(Duration::from_secs(1)) {
        return Ok(());
    }
    Err(ApiError::new(Code::ReauthRequired, "Give your password again, then repeat this."))
}

/// The session as this unit of work finds it. A request may take its time between the look at its cookie and its commit, for
/// its body or a password; whoever signed out meanwhile grants nothing by it any more.
pub(crate) async fn still_open(tx: &mut Tx, session: &Session, now: Instant) -> Result<Session, ApiError> {
    tx.session(session.id, now).await?.ok_or_else(not_signed_in)
}

/// Refuses unless the session is open, in this unit of work, and the password was given in it within the last minutes.
pub(crate) async fn confirmed(tx: &mut Tx, session: &Session, now: Instant) -> Result<(), ApiError> {
    fresh(&still_open(tx, session, now).await?, now)
}

/// Refuses with [`Code::NotSignedIn`].
pub(crate) fn not_signed_in() -> ApiError {
    ApiError::new(Code::NotSignedIn, "Sign in, or send a valid API token as `Authorization: Bearer mtr_…`.")
}

/// The value of the cookie that this kind of request uses.
pub(crate) fn session_cookie<'a>(app: &App, parts: &'a Parts) -> Option<&'a str> {
    cookie(parts, COOKIES[usize::from(!is_secure(app, parts))])
}

/// The value of the device's cookie.
pub(crate) fn device_cookie<'a>(app: &App, parts: &'a Parts) -> Option<&'a str> {
    cookie(parts, DEVICE_COOKIES[usize::from(!is_secure(app, parts))])
}

fn is_secure(app: &App, parts: &Parts) -> bool {
    parts.extensions.get::<Place>().is_some_and(|place| app.gate.uses_secure_cookies(place))
}

fn cookie<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let pairs = parts.headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    pairs
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(n, _)| *n == name))
        .map(|(_, value)| value)
}

/// The value of `Set-Cookie` for one of the two cookies; `None` removes it.
pub(crate) fn set_cookie(app: &App, place: &Place, device: bool, value: Option<(&str, Duration)>) -> String {
    let secure = app.gate.uses_secure_cookies(place);
    let name = if device { DEVICE_COOKIES } else { COOKIES }[usize::from(!secure)];
    let (value, age) = value.unwrap_or(("", Duration::ZERO));
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{secure}", age.as_secs())
}

/// The bearer token of a request, if it sends one.
pub(crate) fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

impl App {
    /// Who is asking, by token or cookie; a token that is sent counts alone.
    pub(crate) async fn caller(&self, parts: &Parts) -> Result<Caller, ApiError> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return self.caller_by_token(bearer(parts).unwrap_or_default()).await;
        }
        let cookie = session_cookie(self, parts).ok_or_else(not_signed_in)?;
        let now = self.now();
        let session = self.store.session_by_cookie(&digest(cookie), now).await?.ok_or_else(not_signed_in)?;
        if session.is_stale(now) {
            let mut tx = self.store.begin().await?;
            tx.touch_session(session.id, now).await?;
            self.commit(tx).await?;
        }
        Ok(Caller::Owner(session))
    }

    /// The outside program that holds this token.
    pub(crate) async fn caller_by_token(&self, value: &str) -> Result<Caller, ApiError> {
        if !value.starts_with(TOKEN_PREFIX) {
            return Err(not_signed_in());
        }
        let now = self.now();
        let token = self.store.token_by_hash(&digest(value)).await?;
        let token = token.filter(|token| token.is_valid(now)).ok_or_else(not_signed_in)?;
        if token.is_stale(now) {
            let mut tx = self.store.begin().await?;
            tx.touch_token(token.id, now).await?;
            self.commit(tx).await?;
        }
        Ok(Caller::Token(token))
    }

    /// Whether this caller may still come in: asked again while a socket is open (A1, H4).
    pub(crate) async fn still_valid(&self, caller: &Caller) -> Result<bool, ApiError> {
        let now = self.now();
        Ok(match caller {
            Caller::Owner(session) => self.store.session(session.id, now).await?.is_some(),
            Caller::Token(token) => {
                self.store.token(token.id).await?.is_some_and(|token| token.is_valid(now))
            }
        })
    }
}

macro_rules! rights {
    ($($(#[doc = $doc:literal])+ $name:ident($inner:ty) = |$caller:ident, $app:ident| $check:expr;)+) => {$(
        $(#[doc = $doc])+
        pub(crate) struct $name(pub(crate) $inner);

        impl<S> FromRequestParts<S> for $name
        where
            S: Send + Sync,
            App: FromRef<S>,
        {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
                let $app = App::from_ref(state);
                let $caller = $app.caller(parts).await?;
                $check.map(Self)
            }
        }
    )+};
}

rights! {
    /// The owner, or any token.
    Anybody(Caller) = |caller, _app| Ok::<_, ApiError>(caller);
    /// The owner, or a token with the scope `read`.
    Reader(Caller) = |caller, _app| caller.may(Scope::Read).map(|()| caller);
    /// The owner, or a token with the scope `chat`.
    Chatter(Caller) = |caller, _app| caller.may(Scope::Chat).map(|()| caller);
    /// The owner, or a token with the scope `run`.
    Runner(Caller) = |caller, _app| caller.may(Scope::Run).map(|()| caller);
    /// The owner's browser session, and nobody else.
    Owner(Session) = |caller, _app| caller.owner();
    /// The owner, who gave the password a moment ago. What it grants asks [`confirmed`] again in its own unit of work.
    FreshOwner(Session) = |caller, app| caller.owner().and_then(|session| fresh(&session, app.now()).map(|()| session));
}
