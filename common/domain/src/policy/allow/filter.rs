//! A's rule for `jq`: a literal filter that neither reads the environment nor loads code (I13).

use std::borrow::Cow;

use super::{Why, table};
use crate::policy::word::Arg;

fn refused(what: &str) -> Why {
    ("ask.option", format!("`jq` with {what} is not on the list of options that only read."))
}

/// Judges the words of `jq`.
pub(super) fn check(args: &[Arg]) -> Result<(), Why> {
    let mut filter = None;
    let mut at = 0;
    let mut options = true;
    while let Some(arg) = args.get(at) {
        let text = arg.text();
        at += 1;
        if options && text == "--" {
            options = false;
        } else if let Some(long) = text.strip_prefix("--").filter(|_| options) {
            let entry = table::JQ.long.split_whitespace().find(|entry| entry.trim_end_matches('=') == long);
            at += match (entry, long) {
                (None, _) => return Err(refused(text)),
                (_, "indent") => 1,
                (_, "arg" | "argjson" | "slurpfile" | "rawfile" | "argfile") => 2,
                _ => 0,
            };
        } else if options && text.len() > 1 && text.starts_with('-') {
            if !text.chars().skip(1).all(|c| table::JQ.short.contains(c)) {
                return Err(refused(text));
            }
        } else if filter.is_none() {
            if args[..at].iter().any(Arg::has_glob) {
                return Err(refused("a filter that is a glob, and so any file's name,"));
            }
            filter = Some(text);
        }
    }
    match filter {
        Some(filter) if reads_more(filter) => {
            Err(refused("a filter that reads the environment or loads code"))
        }
        _ => Ok(()),
    }
}

/// The code of a filter: without the text of its strings, with what `\(…)` holds in them.
fn code(filter: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(filter.len());
    // For each `\(` that is open: how many brackets in it are.
    let mut open: Vec<u32> = Vec::new();
    let mut quoted = false;
    let mut chars = filter.chars();
    while let Some(c) = chars.next() {
        match (quoted, c, open.last_mut()) {
            (true, '\\', _) => {
                if chars.next() == Some('(') {
                    open.push(0);
                    quoted = false;
                    out.push('(');
                }
            }
            (true, '"', _) | (false, ')', Some(0)) => {
                quoted = !quoted;
                out.push(c);
                if c == ')' {
                    open.pop();
                }
            }
            (true, ..) => {}
            // A comment may hide a quote: then every word counts.
            (false, '#', _) => return Cow::Borrowed(filter),
            (false, _, depth) => {
                quoted = c == '"';
                match (c, depth) {
                    ('(', Some(depth)) => *depth += 1,
                    (')', Some(depth)) => *depth -= 1,
                    _ => {}
                }
                out.push(c);
            }
        }
    }
    Cow::Owned(out)
}

/// Whether a filter has a word that reads beyond its input.
fn reads_more(filter: &str) -> bool {
    let filter = &*code(filter);
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = filter;
    let mut before = "";
    // The brackets that are open here.
    let mut open = Vec::new();
    while let Some(start) = rest.find(part) {
        let tail = &rest[start..];
        let end = tail.find(|c: char| !part(c)).unwrap_or(tail.len());
        let gap = &rest[..start];
        for c in gap.chars() {
            match c {
                '{' | '(' | '[' => open.push(c),
                '}' | ')' | ']' => drop(open.pop()),
                _ => {}
            }
        }
        // `.env` is a field of that name, unless the dot belongs to `..` or to a number.
        let field = gap.ends_with('.')
            && !gap.ends_with("..")
            && !(gap == "." && before.ends_with(|c: char| c.is_ascii_digit()));
        let loads =
            matches!(&tail[..end], "env" | "ENV" | "import" | "include" | "modulemeta" | "get_search_list");
        // `{env: 1}` and `{env}` name a field as well, and `$env` is a variable.
        let behind = tail[end..].trim_start();
        let within = open.last() == Some(&'{');
        let key = gap.trim_end().ends_with(['{', ','])
            && (behind.starts_with(':') || within && behind.starts_with(['}', ',']));
        let variable = gap.ends_with('$') && &tail[..end] == "env";
        if loads && !field && !key && !variable {
            return true;
        }
        before = &tail[..end];
        rest = &tail[end..];
    }
    false
}
