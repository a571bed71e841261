//! Where a request comes from and which names are ours: Host, Origin, proxy headers, the way it took.
//!
//! Nothing trusts "localhost": coming over loopback opens no door, it only permits plain HTTP (SECURITY I4).

use std::net::{IpAddr, SocketAddr};

use axum::http::header::{self, HeaderMap, HeaderName};
use metatron_process::Config;
use metatron_process::config::{Network, PublicUrl};

/// Headers that only a proxy adds.
const FORWARDED: [HeaderName; 5] = [
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
];

/// The names under which this server is reached.
#[derive(Debug)]
pub(crate) struct Gate {
    listen: SocketAddr,
    public: Option<PublicUrl>,
    proxy: Option<Network>,
}

/// Where one request comes from. Made by the guard, carried as an extension.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The client's address, as far as it is believed.
    pub(crate) address: IpAddr,
    /// Whether the browser came over HTTPS.
    pub(crate) secure: bool,
    /// Whether it came from this machine itself (or through its `ssh -L`), with no proxy between.
    pub(crate) local: bool,
    /// What it sent as `Host`, in lower case.
    host: String,
}

impl Gate {
    pub(crate) fn new(config: &Config) -> Self {
        Self { listen: config.listen, public: config.public_url.clone(), proxy: config.trusted_proxy }
    }

    /// Where the request comes from; `None` when its Host is not a name of ours (H3: this ends DNS rebinding).
    pub(crate) fn place(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<Place> {
        let host = single(headers, &header::HOST)?.to_ascii_lowercase();
        let is_public = self.public.as_ref().is_some_and(|public| public.host() == host);
        let is_loopback = is_loopback_name(&host);
        let is_listen =
            !self.listen.ip().is_unspecified() && address_of(name_of(&host)) == Some(self.listen.ip());
        if !(is_public || is_loopback || is_listen) {
            return None;
        }
        let peer = peer.unwrap_or(IpAddr::from([0, 0, 0, 0])).to_canonical();
        let forwarded = FORWARDED.iter().any(|name| headers.contains_key(name));
        let trusted = self.proxy.is_some_and(|proxy| proxy.contains(peer));
        let by_proxy = trusted && forwarded;
        let over_tls = by_proxy && headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
        Some(Place {
            address: if by_proxy { forwarded_address(headers).unwrap_or(peer) } else { peer },
            secure: over_tls,
            // A port published by a container engine arrives from its gateway: named as a trusted proxy, and adding no
            // header, it counts as this machine, as long as the browser used a loopback name.
            local: !forwarded && is_loopback && (peer.is_loopback() || trusted),
            host,
        })
    }

    /// Whether a page of `origin` is ours, for a request to `place`.
    pub(crate) fn is_own_origin(&self, origin: &str, place: &Place) -> bool {
        let public = self.public.as_ref().is_some_and(|public| public.origin() == origin);
        public
            || origin.strip_prefix("http://").is_some_and(|host| host == place.host && !self.is_public(host))
    }

    /// Whether cookies of this request are `Secure`: it came under the public name, and that is HTTPS.
    pub(crate) fn uses_secure_cookies(&self, place: &Place) -> bool {
        place.secure || (self.is_public(&place.host) && self.public.as_ref().is_some_and(PublicUrl::secure))
    }

    fn is_public(&self, host: &str) -> bool {
        self.public.as_ref().is_some_and(|public| public.host() == host)
    }
}

/// The value of a header that must not be there twice.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// The address in front of the last trusted hop: the rightmost one, which the proxy itself wrote.
fn forwarded_address(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

/// The host without its port.
fn name_of(host: &str) -> &str {
    if host.starts_with('[') {
        return host.find(']').map_or(host, |end| &host[..=end]);
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}

/// The address that a name is; IPv6 stands in brackets.
fn address_of(name: &str) -> Option<IpAddr> {
    match name.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?.parse().ok().map(IpAddr::V6),
        None => name.parse().ok().map(IpAddr::V4),
    }
}

fn is_loopback_name(host: &str) -> bool {
    let name = name_of(host);
    let port = host[name.len()..].strip_prefix(':');
    if host.len() != name.len() && port.is_none_or(|port| port.parse::<u16>().is_err()) {
        return false;
    }
    name == "localhost" || address_of(name).is_some_and(|ip| ip.to_canonical().is_loopback())
}

/// What an address counts as for the throttle: IPv6 by its /64, which one guesser has to itself.
pub(crate) fn throttle_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => format!("addr:{v4}"),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("addr:{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn gate(settings: &[(&'static str, &'static str)]) -> Gate {
        let all = [("HOME", "/root"), ("METATRON_TRUSTED_PROXY", "10.0.0.0/8")];
        let config = Config::parse(all.iter().chain(settings).copied(), None).unwrap();
        Gate::new(&config)
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        map
    }

    const LOOPBACK: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    #[test]
    fn h3_only_our_own_names_are_answered() {
        let gate = gate(&[("METATRON_PUBLIC_URL", "https://ai.example.org")]);
        for host in
            ["localhost", "localhost:7770", "127.0.0.1:7770", "127.1.2.3", "[::1]:80", "AI.example.org"]
        {
            assert!(gate.place(LOOPBACK, &headers(&[("host", host)])).is_some(), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "localhost:evil",
            "ai.example.org:81",
            "",
            "0.0.0.0",
            "192.0.2.1",
            "[::1",
            "evil@localhost",
        ] {
            assert!(gate.place(LOOPBACK, &headers(&[("host", host)])).is_none(), "{host}");
        }
        assert!(gate.place(LOOPBACK, &headers(&[("host", "localhost"), ("host", "localhost")])).is_none());
        assert!(gate.place(LOOPBACK, &headers(&[])).is_none());
    }

    #[test]
    fn i4_forwarded_headers_count_only_from_the_configured_proxy() {
        let gate = gate(&[("METATRON_PUBLIC_URL", "https://ai.example.org")]);
        let tls = headers(&[
            ("host", "ai.example.org"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-for", "203.0.113.9, 198.51.100.7"),
        ]);
        let stranger: IpAddr = "192.0.2.66".parse().unwrap();
        let place = gate.place(Some(stranger), &tls).unwrap();
        assert_eq!((place.address, place.secure, place.local), (stranger, false, false));
        let place = gate.place(Some("10.1.2.3".parse().unwrap()), &tls).unwrap();
        assert_eq!(
            (place.address.to_string().as_str(), place.secure, place.local),
            ("198.51.100.7", true, false)
        );
        let place =
            gate.place(LOOPBACK, &headers(&[("host", "localhost"), ("x-real-ip", "203.0.113.9")])).unwrap();
        assert!(!place.local, "a proxy on this machine that nobody configured");
    }

    #[test]
    fn h8_a_published_port_is_this_machine_only_under_a_loopback_name() {
        let gate = gate(&[("METATRON_LISTEN", "10.0.0.2:7770")]);
        let gateway = Some("10.0.0.1".parse().unwrap());
        assert!(gate.place(gateway, &headers(&[("host", "127.0.0.1:7770")])).unwrap().local);
        assert!(!gate.place(gateway, &headers(&[("host", "10.0.0.2:7770")])).unwrap().local);
        let elsewhere = Some("192.0.2.66".parse().unwrap());
        assert!(!gate.place(elsewhere, &headers(&[("host", "127.0.0.1:7770")])).unwrap().local);
    }

    #[test]
    fn i2_only_pages_of_ours_may_act() {
        let gate = gate(&[("METATRON_PUBLIC_URL", "https://ai.example.org")]);
        let local = gate.place(LOOPBACK, &headers(&[("host", "127.0.0.1:7770")])).unwrap();
        let public = gate.place(LOOPBACK, &headers(&[("host", "ai.example.org")])).unwrap();
        assert!(gate.is_own_origin("http://127.0.0.1:7770", &local));
        assert!(gate.is_own_origin("https://ai.example.org", &public));
        for origin in [
            "null",
            "",
            "http://127.0.0.1",
            "http://localhost:7770",
            "https://127.0.0.1:7770",
            "http://127.0.0.1:7771",
        ] {
            assert!(!gate.is_own_origin(origin, &local), "{origin}");
        }
        for origin in ["http://ai.example.org", "https://ai.example.org.evil.example", "https://evil.example"]
        {
            assert!(!gate.is_own_origin(origin, &public), "{origin}");
        }
    }

    #[test]
    fn neighbours_in_one_v6_network_share_a_throttle() {
        let key = |text: &str| throttle_key(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }
}
