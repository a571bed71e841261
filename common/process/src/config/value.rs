//! What a setting may be: each function reads the text of one and says what it expects.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use tracing_subscriber::filter::Targets;

/// The address that browsers use: scheme and authority, nothing behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    secure: bool,
    host: String,
}

impl PublicUrl {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let expected = "must be like https://ai.example.org, without a path";
        let (scheme, rest) = text.split_once("://").ok_or(expected)?;
        let host = rest.strip_suffix('/').unwrap_or(rest).to_ascii_lowercase();
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        match scheme {
            "https" | "http" if !host.is_empty() && host.chars().all(plain) => {
                Ok(Self { secure: scheme == "https", host })
            }
            _ => Err(expected.into()),
        }
    }

    /// Whether browsers come over HTTPS.
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// What a browser sends as `Host`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What a browser sends as `Origin`.
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.host)
    }
}

/// A range of addresses, or a single one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let expected = "must be an address or a network, like 10.0.0.1 or 10.0.0.0/8";
        let (address, prefix) =
            text.split_once('/').map_or((text, None), |(left, right)| (left, Some(right)));
        let address: IpAddr = address.parse().map_err(|_| expected)?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(whole), str::parse).map_err(|_| expected)?;
        if prefix > whole { Err(expected.into()) } else { Ok(Self { address, prefix }) }
    }

    /// Whether `other` is inside. An IPv4 address written as IPv6 is the IPv4 address.
    pub fn contains(&self, other: IpAddr) -> bool {
        match (self.address, other.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let shift = 32 - u32::from(self.prefix);
                own.to_bits().checked_shr(shift) == other.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let shift = 128 - u32::from(self.prefix);
                own.to_bits().checked_shr(shift) == other.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }
}

/// What runs on a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    All,
    /// A shell-worker, for an api elsewhere.
    ShellWorker,
}

/// Makes a setting optional: no text, no value.
pub(super) fn optional<T>(
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> impl FnOnce(&str) -> Result<Option<T>, String> {
    |text| if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_absolute() { Ok(path) } else { Err("must be an absolute path".into()) }
}

pub(super) fn redis(text: &str) -> Result<String, String> {
    if !["unix:///", "redis://", "rediss://"].iter().any(|scheme| text.starts_with(scheme)) {
        return Err("must begin with unix:///, redis:// or rediss://".into());
    }
    if text.contains('@') {
        return Err(
            "must not hold a password: use METATRON_REDIS_USER and METATRON_REDIS_PASSWORD_FILE".into()
        );
    }
    Ok(text.to_owned())
}

pub(super) fn join(text: &str) -> Result<String, String> {
    let expected = "must be a name or an address and a port, like vps.example.org:6391 or [2001:db8::1]:6391";
    let (name, port) = text.rsplit_once(':').ok_or(expected)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    let v6 = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let named = match v6 {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !name.is_empty() && !name.starts_with('-') && name.chars().all(plain),
    };
    if named && port.parse::<u16>().is_ok_and(|port| port > 0) {
        Ok(text.to_owned())
    } else {
        Err(expected.into())
    }
}

pub(super) fn role(text: &str) -> Result<Role, String> {
    match text {
        "all" => Ok(Role::All),
        "shell-worker" => Ok(Role::ShellWorker),
        _ => Err("must be all or shell-worker".into()),
    }
}

pub(super) fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be an address and a port, like 127.0.0.1:7770".into())
}

pub(super) fn host(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name(text, plain, "must be 1 to 63 of a-z, 0-9 and -, not beginning with -")
}

pub(super) fn user(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    name(text, plain, "must be the name of a user: a-z, 0-9, _ and -, not beginning with -")
}

pub(super) fn redis_user(text: &str) -> Result<String, String> {
    name(text, |c| c.is_ascii_graphic(), "must be a name without spaces")
}

pub(super) fn zone(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-+/".contains(c);
    name(text, plain, "must be an IANA time zone, like Europe/Berlin")
}

pub(super) fn log(text: &str) -> Result<Targets, String> {
    text.parse().map_err(|_| "must be a level (error, warn, info, debug, trace) or module=level, …".into())
}

pub(super) fn millis(text: &str) -> Result<Duration, String> {
    number(text, 100, 600_000).map(Duration::from_millis)
}

pub(super) fn seconds(text: &str) -> Result<Option<Duration>, String> {
    number(text, 0, 31_536_000).map(|n| (n > 0).then(|| Duration::from_secs(n)))
}

pub(super) fn gigabytes(text: &str) -> Result<u64, String> {
    number(text, 0, 1_000_000).map(|n| n * 1_000_000_000)
}

pub(super) fn days(text: &str) -> Result<Duration, String> {
    number(text, 1, 3_650).map(|n| Duration::from_hours(n * 24))
}

pub(super) fn descriptor(text: &str) -> Result<u16, String> {
    number(text, 1, 1023).and_then(|n| u16::try_from(n).map_err(|error| error.to_string()))
}

fn number(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = text.parse().ok().filter(|n| (least..=most).contains(n));
    number.ok_or_else(|| format!("must be a whole number from {least} to {most}"))
}

fn name(text: &str, plain: impl Fn(char) -> bool, expected: &str) -> Result<String, String> {
    let fits = (1..=63).contains(&text.len()) && !text.starts_with(['-', '/']) && text.chars().all(plain);
    if fits { Ok(text.to_owned()) } else { Err(expected.into()) }
}
