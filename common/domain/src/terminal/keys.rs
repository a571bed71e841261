//! Keys by their names, and text as a keyboard sends it: how a model that has no keyboard says what it wants to press.

/// Named keys in one call, at most.
pub const MOST_NAMED: usize = 64;
/// Bytes of text in one call, at most.
pub const LONGEST_TEXT: usize = 8 * 1024;

/// Keys whose bytes depend on the cursor-key mode: the letter behind `ESC [` or `ESC O`.
const CURSOR: &[(&str, u8)] =
    &[("up", b'A'), ("down", b'B'), ("right", b'C'), ("left", b'D'), ("home", b'H'), ("end", b'F')];

/// Keys that always send the same.
const FIXED: &[(&str, &[u8])] = &[
    ("enter", b"\r"),
    ("tab", b"\t"),
    ("shift-tab", b"\x1b[Z"),
    ("escape", b"\x1b"),
    ("space", b" "),
    ("backspace", b"\x7f"),
    ("insert", b"\x1b[2~"),
    ("delete", b"\x1b[3~"),
    ("pageup", b"\x1b[5~"),
    ("pagedown", b"\x1b[6~"),
    ("f1", b"\x1bOP"),
    ("f2", b"\x1bOQ"),
    ("f3", b"\x1bOR"),
    ("f4", b"\x1bOS"),
    ("f5", b"\x1b[15~"),
    ("f6", b"\x1b[17~"),
    ("f7", b"\x1b[18~"),
    ("f8", b"\x1b[19~"),
    ("f9", b"\x1b[20~"),
    ("f10", b"\x1b[21~"),
    ("f11", b"\x1b[23~"),
    ("f12", b"\x1b[24~"),
    ("ctrl-space", b"\0"),
];

/// The bytes that a terminal sends for a key, upper and lower case alike: `Enter`, `Ctrl-C`, `Alt-x`, `Up`, `F1`.
/// `application` is the mode of the cursor keys that the program in front has asked for (DECCKM). `None` when no key has
/// that name.
pub fn key(name: &str, application: bool) -> Option<Vec<u8>> {
    let lower = name.to_ascii_lowercase();
    if let Some((_, bytes)) = FIXED.iter().find(|(known, _)| *known == lower) {
        return Some(bytes.to_vec());
    }
    if let Some((_, letter)) = CURSOR.iter().find(|(known, _)| *known == lower) {
        return Some(vec![0x1b, if application { b'O' } else { b'[' }, *letter]);
    }
    if let Some(rest) = lower.strip_prefix("ctrl-") {
        return match *rest.as_bytes() {
            [letter @ (b'a'..=b'z' | b'[' | b'\\' | b']' | b'^' | b'_')] => Some(vec![letter & 0x1f]),
            _ => None,
        };
    }
    // The letter itself counts as it was written: Alt-X is another key than Alt-x.
    let rest = lower.starts_with("alt-").then(|| &name[4..])?;
    match *rest.as_bytes() {
        [letter @ b'!'..=b'~'] => Some(vec![0x1b, letter]),
        _ => None,
    }
}

/// Text as a keyboard sends it: the end of a line is Enter. `None` when it holds another control character than TAB and
/// LF: those are keys, and are named.
pub fn typed(text: &str) -> Option<Vec<u8>> {
    let text = text.replace("\r\n", "\n");
    let plain = text.chars().all(|letter| matches!(letter, '\n' | '\t') || !letter.is_control());
    plain.then(|| text.replace('\n', "\r").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_keys_send_what_a_terminal_sends() {
        assert_eq!(key("Enter", false).unwrap(), b"\r");
        assert_eq!(key("Ctrl-C", false).unwrap(), [3]);
        assert_eq!(key("ctrl-[", false).unwrap(), [0x1b]);
        assert_eq!(key("Up", false).unwrap(), b"\x1b[A");
        assert_eq!(key("Up", true).unwrap(), b"\x1bOA");
        assert_eq!(key("Alt-X", false).unwrap(), b"\x1bX");
        assert_eq!(key("F12", true).unwrap(), b"\x1b[24~");
        for unknown in ["", "Ctrl-", "Ctrl-AB", "Alt-", "Alt-é", "Hyper", "F13", "é"] {
            assert_eq!(key(unknown, false), None, "{unknown}");
        }
    }

    #[test]
    fn text_ends_its_lines_with_enter_and_hides_no_key() {
        assert_eq!(typed("a\tb\nc\r\n").unwrap(), b"a\tb\rc\r");
        assert_eq!(typed("\u{1b}[A"), None);
        assert_eq!(typed("a\rb"), None);
        assert_eq!(typed("a\u{85}"), None);
    }
}
