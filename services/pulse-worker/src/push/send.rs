//! The way to a push service. Its address was given by a browser, so it is believed in nothing: HTTPS only, to an address of
//! the public network only, as it is resolved for this very connection; no redirect, no proxy (SECURITY I20).

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use metatron_domain::address::is_public;
use metatron_domain::clock::Instant;
use metatron_process::trial;
use metatron_store::push::Device;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, StatusCode, Url, header};

use super::encrypt::{AUTH, POINT, encrypt};
use super::vapid;

/// How long a push service may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait where a push service that is busy does not say.
const BUSY: Duration = Duration::from_mins(1);
/// Whom a push service may turn to where this instance has no public address. The name can belong to nobody (RFC 2606).
const NOBODY: &str = "mailto:owner@metatron.invalid";

/// One message.
pub(crate) struct Message<'a> {
    /// What it says.
    pub text: &'a [u8],
    /// How long the push service may keep it.
    pub ttl: Duration,
    /// What replaces it.
    pub topic: Option<String>,
    /// The present instant.
    pub now: Instant,
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The push service has it.
    Taken,
    /// There is no such device any more.
    Gone,
    /// It will never be taken.
    Refused(String),
    /// The push service wants us to wait.
    Busy(Duration),
    /// The push service was not reached, or is broken.
    Unreached(String),
}

/// What sends. Owned by the service; its connections are kept for as long as it lives.
pub(crate) struct Courier {
    client: OnceLock<Client>,
    contact: String,
}

impl Courier {
    /// One that names `origin`, this instance's public address, as its contact.
    pub(crate) fn new(origin: Option<&str>) -> Self {
        let contact = origin.filter(|origin| origin.starts_with("https://")).unwrap_or(NOBODY).to_owned();
        Self { client: OnceLock::new(), contact }
    }

    /// Sends one message to one device.
    pub(crate) async fn send(
        &self,
        device: &Device,
        message: &Message<'_>,
        key: &[u8],
        public: &str,
    ) -> Fate {
        match self.request(device, message, key, public) {
            Ok(request) => match request.send().await {
                Ok(response) => fate(response.status(), response.headers()),
                // Never with the address: it names the device.
                Err(error) => Fate::Unreached(format!("the push service was not reached: {}", cause(error))),
            },
            Err(refused) => Fate::Refused(refused),
        }
    }

    fn request(
        &self,
        device: &Device,
        message: &Message<'_>,
        key: &[u8],
        public: &str,
    ) -> Result<reqwest::RequestBuilder, String> {
        let url = endpoint(&device.endpoint, trial::push_stays_here())?;
        let unusable = || "the device's keys can't be used".to_owned();
        let point: [u8; POINT] = decode(&device.p256dh).ok_or_else(unusable)?;
        let auth: [u8; AUTH] = decode(&device.auth).ok_or_else(unusable)?;
        let body = encrypt(message.text, &point, &auth).map_err(|error| error.to_string())?;
        let origin = url.origin().ascii_serialization();
        let authorization = vapid::authorization(key, public, &origin, &self.contact, message.now)
            .map_err(|error| error.to_string())?;
        let mut request = self
            .client()?
            .post(url)
            .header(header::AUTHORIZATION, authorization)
            .header(header::CONTENT_ENCODING, "aes128gcm")
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header("ttl", message.ttl.as_secs())
            .header("urgency", "high");
        if let Some(topic) = &message.topic {
            request = request.header("topic", topic);
        }
        Ok(request.body(body))
    }

    fn client(&self) -> Result<&Client, String> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(PublicOnly))
            .build()
            .map_err(|error| format!("no HTTP client could be made: {error}"))?;
        Ok(self.client.get_or_init(|| client))
    }
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?.try_into().ok()
}

/// The address of a device, if it may be one. In a trial, loopback is one too, even without TLS.
fn endpoint(text: &str, stays_here: bool) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|_| "the device's address can't be read".to_owned())?;
    // However an address was written, here it stands in its one form.
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    if stays_here && address.is_some_and(|address| address.is_loopback()) {
        return Ok(url);
    }
    let outside = !host.is_empty() && address.is_none_or(is_public);
    if url.scheme() != "https" || !outside || !url.username().is_empty() || url.password().is_some() {
        return Err("the device's address is not one of the public network over HTTPS".to_owned());
    }
    Ok(url)
}

/// Resolves names to addresses of the public network; the connection goes to what is returned and nowhere else.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the name has no address of the public network".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// What an answer means (RFC 8030, 5 and 7.3).
fn fate(status: StatusCode, headers: &header::HeaderMap) -> Fate {
    let after = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    match status {
        status if status.is_success() => Fate::Taken,
        StatusCode::NOT_FOUND | StatusCode::GONE => Fate::Gone,
        StatusCode::TOO_MANY_REQUESTS => Fate::Busy(after.map_or(BUSY, Duration::from_secs)),
        status if status.is_server_error() => match after {
            Some(seconds) => Fate::Busy(Duration::from_secs(seconds)),
            None => Fate::Unreached(format!("the push service answered {}", status.as_u16())),
        },
        status => Fate::Refused(format!("the push service answered {}", status.as_u16())),
    }
}

/// The innermost cause of an error.
fn cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut innermost: &dyn std::error::Error = &error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i20_a_device_lies_on_the_public_network_and_is_reached_over_https() {
        for good in [
            "https://updates.push.services.mozilla.com/wpush/v2/x",
            "https://fcm.googleapis.com/fcm/send/a:b",
        ] {
            assert!(endpoint(good, false).is_ok(), "{good}");
        }
        for bad in [
            "http://push.example/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://0x7f.1/x",
            "https://2130706433/x",
            "https://169.254.169.254/latest",
            "https://[::ffff:10.0.0.1]/x",
            "https://user:pass@push.example/x",
            "ftp://push.example/x",
            "file:///etc/passwd",
            "push.example",
        ] {
            assert!(endpoint(bad, false).is_err(), "{bad}");
        }
        assert!(endpoint("http://127.0.0.1:9/x", true).is_ok());
        assert!(endpoint("http://10.0.0.1:9/x", true).is_err(), "a trial opens loopback alone");
    }

    #[tokio::test]
    async fn i20_a_name_that_leads_inside_is_reached_by_nobody() {
        let resolved = PublicOnly.resolve("localhost".parse().unwrap()).await;
        assert!(resolved.is_err());
    }

    #[test]
    fn what_a_push_service_answers_decides_what_comes_next() {
        let none = header::HeaderMap::new();
        let mut wait = header::HeaderMap::new();
        wait.insert(header::RETRY_AFTER, header::HeaderValue::from_static("7"));
        assert_eq!(fate(StatusCode::CREATED, &none), Fate::Taken);
        assert_eq!(fate(StatusCode::GONE, &none), Fate::Gone);
        assert_eq!(fate(StatusCode::NOT_FOUND, &none), Fate::Gone);
        assert_eq!(fate(StatusCode::TOO_MANY_REQUESTS, &wait), Fate::Busy(Duration::from_secs(7)));
        assert_eq!(fate(StatusCode::TOO_MANY_REQUESTS, &none), Fate::Busy(BUSY));
        assert_eq!(fate(StatusCode::SERVICE_UNAVAILABLE, &wait), Fate::Busy(Duration::from_secs(7)));
        assert!(matches!(fate(StatusCode::BAD_GATEWAY, &none), Fate::Unreached(_)));
        assert!(matches!(fate(StatusCode::FORBIDDEN, &none), Fate::Refused(_)));
        assert!(matches!(fate(StatusCode::FOUND, &none), Fate::Refused(_)), "no redirect is followed");
    }
}
