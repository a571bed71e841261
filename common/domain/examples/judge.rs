//! Judges command lines: JSON lines `{"command", "cwd"?, "home"?, "user"?}` on standard input, one judgement per line
//! on standard output, in order.

use std::io::{BufRead, Write};

use metatron_domain::policy::{Setting, judge};
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = match serde_json::from_str::<Value>(&line) {
            Ok(request) => answer(&request),
            Err(error) => json!({ "error": error.to_string() }),
        };
        writeln!(out, "{answer}")?;
    }
    out.flush()
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
    let judgement = judge(text("command").unwrap_or_default().as_bytes(), &setting);
    json!({
        "verdict": judgement.verdict,
        "rule": judgement.rule,
        "reasons": judgement.reasons,
        "effects": judgement.effects,
    })
}
