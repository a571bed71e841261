//! Opening a session: fresh cookies in the commit that opens it.

use axum::http::{HeaderMap, HeaderValue, header};
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_store::auth::{ABSOLUTE, NewSession, Session, digest};
use metatron_store::{About, Tx};
use serde_json::json;
use std::time::Duration;
use zeroize::Zeroizing;

use crate::App;
use crate::error::ApiError;
use crate::place::Place;
use crate::random;
use crate::session::set_cookie;
use crate::state::OWNER;

/// How long a device is known.
const DEVICE: Duration = Duration::from_hours(365 * 24);

/// A session that was opened, with the cookies that only the browser will know.
pub(crate) struct SignedIn {
    cookie: Zeroizing<String>,
    device: Zeroizing<String>,
    pub(crate) session: Session,
}

impl SignedIn {
    /// Opens a session for who has just given the password, and makes this device known.
    pub(crate) async fn open(
        tx: &mut Tx,
        place: &Place,
        user_agent: &str,
        now: Instant,
    ) -> Result<Self, ApiError> {
        let (cookie, device) = (random::cookie()?, random::cookie()?);
        let address = place.address.to_string();
        let cookie_hash = digest(&cookie);
        let new = NewSession { cookie_hash: &cookie_hash, user_agent, address: &address };
        let session = tx.open_session(&new, now).await?;
        tx.add_device(&digest(&device), now).await?;
        let about = About { subject: Some(session.id.to_string()), ..About::default() };
        tx.record(
            EventKind::SessionOpened,
            now,
            &OWNER,
            about,
            json!({ "address": address, "agent": user_agent }),
        )
        .await?;
        Ok(Self { cookie, device, session })
    }

    /// Hands the cookies to the browser.
    pub(crate) fn set_cookies(
        &self,
        app: &App,
        place: &Place,
        headers: &mut HeaderMap,
    ) -> Result<(), ApiError> {
        let session = set_cookie(app, place, false, Some((&self.cookie, ABSOLUTE)));
        let device = set_cookie(app, place, true, Some((&self.device, DEVICE)));
        for cookie in [session, device] {
            let mut value = HeaderValue::from_str(&cookie).map_err(ApiError::internal)?;
            value.set_sensitive(true);
            headers.append(header::SET_COOKIE, value);
        }
        Ok(())
    }
}
