//! What a language, a time zone and the address of a model's server may look like.

use std::net::Ipv6Addr;

use axum::http::Uri;

use crate::error::ApiError;

/// Refuses what is no language tag.
pub(crate) fn language(text: &str) -> Result<(), ApiError> {
    let part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if text.len() <= 35 && text.split('-').all(part) {
        return Ok(());
    }
    Err(ApiError::field("/language", "must be a language tag, like en or pt-BR"))
}

/// Refuses what is no name of a time zone.
pub(crate) fn timezone(text: &str) -> Result<(), ApiError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-+/".contains(c);
    let shaped = (1..=63).contains(&text.len()) && !text.starts_with('/') && text.chars().all(plain);
    // A machine without a time-zone database can't tell: there the shape has to do.
    let known = || jiff::tz::TimeZone::get(text).is_ok() || jiff::tz::db().available().next().is_none();
    if shaped && known() {
        return Ok(());
    }
    Err(ApiError::field("/timezone", "must be an IANA time zone, like Europe/Berlin"))
}

/// Refuses what can't be the address of a model's server: a scheme, a host, perhaps a port and a path, and nothing else.
pub(crate) fn base_url(text: &str) -> Result<(), ApiError> {
    if text.len() <= 500 && is_address(text) {
        return Ok(());
    }
    let detail = "must be like https://api.example.com/v1, without user, query or fragment";
    Err(ApiError::field("/base_url", detail))
}

fn is_address(text: &str) -> bool {
    let Ok(address) = text.parse::<Uri>() else { return false };
    let Some(authority) = address.authority() else { return false };
    let host = authority.host();
    let named = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(ip) => ip.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)),
    };
    let reachable = authority.as_str() == host || authority.port_u16().is_some_and(|port| port > 0);
    let plain = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}[]@?#".contains(c);
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    named && reachable && rest.is_some_and(|rest| rest[authority.as_str().len()..].chars().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_nothing_that_a_model_server_has_no_use_for() {
        for good in [
            "http://127.0.0.1:11434/v1",
            "https://api.example.com",
            "http://[::1]:8080/",
            "http://my_host/v1/$x",
        ] {
            assert!(base_url(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "http://",
            "ftp://a",
            "http:///v1",
            "http://:80",
            "http://[",
            "http://[::1",
            "http://[1.2]/",
            "http://a:99999",
            "http://a:0",
            "http://a:",
            "http://u@a",
            "http://a?b",
            "http://a#b",
            "http://a/ b",
            "http://a/[",
            "//a/b",
            "a",
        ] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_browsers_send_is_taken() {
        for tag in ["en", "he", "pt-BR", "zh-Hant-TW"] {
            assert!(language(tag).is_ok(), "{tag}");
        }
        for zone in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"] {
            assert!(timezone(zone).is_ok(), "{zone}");
        }
        for bad in ["", "en_US", "../x", "e\u{301}n", "a-", "123456789"] {
            assert!(language(bad).is_err(), "{bad}");
        }
        for bad in ["", "/etc/passwd", "../UTC", "Mars/Olympus", "Europe/Berlin "] {
            assert!(timezone(bad).is_err(), "{bad}");
        }
    }
}
