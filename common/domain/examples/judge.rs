//! Judges command lines: JSON lines `{"command", "cwd"?, "home"?, "user"?}` on standard input, one judgement per line
//! on standard output, in order. A line that holds no text, because its bytes or its escapes are no UTF-8, is judged as a
//! command that is none either.

use std::io::{BufRead, Write};

use metatron_domain::policy::{Setting, judge};
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = match serde_json::from_slice::<Value>(&line) {
            Ok(request) => answer(&request),
            Err(error) if is_no_text(&line, &error) => judged(NO_TEXT, &Setting::default()),
            Err(error) => json!({ "error": error.to_string() }),
        };
        writeln!(out, "{answer}")?;
    }
    out.flush()
}

/// Bytes that are no UTF-8.
const NO_TEXT: &[u8] = &[0xff];

/// Whether a line's bytes are no UTF-8, or its escapes would be none: half of a pair of surrogates.
fn is_no_text(line: &[u8], error: &serde_json::Error) -> bool {
    std::str::from_utf8(line).is_err() || error.to_string().contains("hex escape")
}

fn answer(request: &Value) -> Value {
    let standard = Setting::default();
    let text = |key: &str| request.get(key).and_then(Value::as_str);
    let setting = Setting {
        cwd: text("cwd").unwrap_or(standard.cwd),
        home: text("home").unwrap_or(standard.home),
        user: text("user").unwrap_or(standard.user),
        ..standard
    };
    judged(text("command").unwrap_or_default().as_bytes(), &setting)
}

fn judged(command: &[u8], setting: &Setting<'_>) -> Value {
    let judgement = judge(command, setting);
    json!({
        "verdict": judgement.verdict,
        "rule": judgement.rule,
        "reasons": judgement.reasons,
        "effects": judgement.effects,
    })
}
