//! M: bytes that are no command line. The model is told to send it again.
//!
//! Owns: the check of the bytes before anything reads them as shell. Must never repair a text.

/// Why the bytes are malformed, or the text they are.
pub(super) fn check(command: &[u8]) -> Result<&str, (&'static str, &'static str)> {
    if command.len() > 64 * 1024 {
        return Err(("deny.malformed.length", "The command is longer than 64 KiB."));
    }
    let Ok(text) = std::str::from_utf8(command) else {
        return Err(("deny.malformed.encoding", "The command is not valid UTF-8."));
    };
    if text.contains('\0') {
        return Err(("deny.malformed.control", "The command holds a NUL byte."));
    }
    // Nearly every text is seen to be plain byte by byte.
    let plain = |byte| matches!(byte, b' '..=b'~' | b'\t' | b'\n');
    if !text.bytes().all(plain) && text.chars().any(|c| c.is_control() && c != '\t' && c != '\n') {
        return Err((
            "deny.malformed.control",
            "The command holds a control character other than tab and newline.",
        ));
    }
    if text.chars().all(char::is_whitespace) {
        return Err(("deny.malformed.blank", "The command is blank."));
    }
    Ok(text)
}
