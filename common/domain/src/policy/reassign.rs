//! Texts that give `HOME` or `PWD` another value: what stands behind may mean another place.
//!
//! Owns: which values those may be. Must never say when one counts: the text is judged with each, besides with its own.

/// Values that are looked at, at most.
const MOST: usize = 3;

/// A name, and what the text gives it.
pub(super) type Given = (&'static str, String);

/// The values that a text may give them; nothing at all where it is not known or taken away.
pub(super) fn given(text: &str) -> Vec<Given> {
    let mut found = Vec::new();
    let taken = text.contains("unset") || text.contains("read");
    for name in ["HOME", "PWD"] {
        let mut rest = text;
        let mut before = None;
        while let Some(at) = rest.find(name) {
            let part = |c: char| c == '_' || c.is_ascii_alphanumeric();
            let first = if at == 0 { before } else { rest[..at].chars().next_back() };
            let behind = &rest[at + name.len()..];
            before = name.chars().next_back();
            rest = behind;
            if first.is_some_and(|c| part(c) || matches!(c, '$' | '{')) {
                continue;
            }
            let value = behind.strip_prefix('=').or_else(|| behind.strip_prefix("+="));
            let given = match value {
                Some(value) => (name, literal(value)),
                None if taken => (name, String::new()),
                None => continue,
            };
            if !found.contains(&given) {
                found.push(given);
            }
            if found.len() >= MOST {
                return found;
            }
        }
    }
    found
}

/// The value of an assignment, where it is plain; empty where it is not.
fn literal(value: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | ')' | '`');
    let raw = value.split(ends).next().unwrap_or_default();
    let bare: String = raw.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
    if bare.starts_with('/') && !bare.contains(['$', '*', '?', '[', '{']) { bare } else { String::new() }
}
