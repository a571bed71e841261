//! What a language and a time zone may look like.

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

#[cfg(test)]
mod tests {
    use super::*;

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
