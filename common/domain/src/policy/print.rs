//! What `echo` and `printf` print: text that a shell behind a pipe would run.
//!
//! Owns: that text, as far as it is known. An approximation is enough: it is only ever searched for what is denied.

use super::word::Arg;
use super::wrapper::join;

/// What `echo` prints.
pub(super) fn echo(args: &[Arg]) -> String {
    let mut escapes = false;
    let mut newline = true;
    let mut from = 0;
    for arg in args {
        let text = arg.text();
        if text.len() < 2
            || !text.starts_with('-')
            || !text[1..].chars().all(|c| matches!(c, 'n' | 'e' | 'E'))
        {
            break;
        }
        escapes |= text.contains('e');
        newline &= !text.contains('n');
        from += 1;
    }
    let text = join(&args[from..]).text().to_owned();
    let text = if escapes { super::brace::ansi(&text).into_iter().collect() } else { text };
    if newline { text + "\n" } else { text }
}

/// What `printf` prints: the format's escapes, each `%s` or `%b` filled in turn.
pub(super) fn printf(args: &[Arg]) -> String {
    let Some((format, values)) = args.split_first() else { return String::new() };
    let format: String = super::brace::ansi(format.text()).into_iter().collect();
    if !format.contains('%') {
        return format;
    }
    let mut values = values.iter().map(Arg::text).peekable();
    let mut out = String::new();
    let mut rounds = 0;
    loop {
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            match (c, c == '%') {
                (_, true) => match chars.find(|c| c.is_ascii_alphabetic() || *c == '%') {
                    Some('%') => out.push('%'),
                    Some('b') => out.extend(super::brace::ansi(values.next().unwrap_or_default())),
                    _ => out.push_str(values.next().unwrap_or_default()),
                },
                (c, false) => out.push(c),
            }
        }
        rounds += 1;
        if values.peek().is_none() || rounds > 256 {
            return out;
        }
    }
}
