//! Which arguments are search patterns or program text, and so name no file.
//!
//! Owns: the exception of D4 for search patterns, shared with A's look at sensitive operands.

use super::word::Arg;

/// For each argument: whether it is a search pattern (or the text of a filter), not a path.
pub(super) fn is_pattern(name: &str, args: &[Arg]) -> Vec<bool> {
    match name {
        "grep" | "egrep" | "fgrep" | "zgrep" | "rgrep" => first_operand(
            args,
            "ABCDdfm",
            &[
                "file",
                "max-count",
                "after-context",
                "before-context",
                "context",
                "binary-files",
                "directories",
                "devices",
                "exclude-from",
                "label",
            ],
            "e",
            &["regexp", "include", "exclude", "exclude-dir"],
            "f",
            &["file"],
        ),
        "rg" | "ag" | "ack" => first_operand(
            args,
            "ABCEMdfmjrtT",
            &[
                "file",
                "ignore-file",
                "max-count",
                "after-context",
                "before-context",
                "context",
                "encoding",
                "engine",
                "max-columns",
                "max-depth",
                "max-filesize",
                "path-separator",
                "pre",
                "replace",
                "sort",
                "sortr",
                "threads",
                "type",
                "type-not",
                "type-add",
                "color",
                "colors",
                "context-separator",
            ],
            "eg",
            &["regexp", "glob", "iglob"],
            "f",
            &["file", "files", "type-list"],
        ),
        "sed" => first_operand(args, "fl", &["file", "line-length"], "e", &["expression"], "f", &["file"]),
        "awk" | "gawk" | "mawk" | "nawk" => first_operand(
            args,
            "fvF",
            &["file", "assign", "field-separator"],
            "e",
            &["source"],
            "f",
            &["file"],
        ),
        "jq" => first_operand(args, "fL", &["from-file", "indent"], "", &[], "f", &["from-file"]),
        "git" if args.first().is_some_and(|part| part.text() == "grep") => {
            let mut out = vec![false];
            out.append(&mut is_pattern("grep", &args[1..]));
            out
        }
        "find" => {
            let mut out = vec![false; args.len()];
            for (at, arg) in args.iter().enumerate() {
                let after = matches!(
                    arg.text(),
                    "-name"
                        | "-iname"
                        | "-path"
                        | "-ipath"
                        | "-wholename"
                        | "-iwholename"
                        | "-regex"
                        | "-iregex"
                        | "-lname"
                        | "-ilname"
                        | "-printf"
                );
                if after && at + 1 < out.len() {
                    out[at + 1] = true;
                }
            }
            out
        }
        _ => vec![false; args.len()],
    }
}

/// Marks the first operand, unless an option gave the pattern; and the values of pattern options.
fn first_operand(
    args: &[Arg],
    values: &str,
    long_values: &[&str],
    patterns: &str,
    long_patterns: &[&str],
    files: &str,
    long_files: &[&str],
) -> Vec<bool> {
    let mut out = vec![false; args.len()];
    let mut given = false;
    let mut first = None;
    let mut at = 0;
    let mut options = true;
    while let Some(arg) = args.get(at) {
        let text = arg.text();
        let here = at;
        at += 1;
        if options && text == "--" {
            options = false;
        } else if let Some(long) = text.strip_prefix("--").filter(|_| options) {
            let (name, attached) = long.split_once('=').map_or((long, false), |(name, _)| (name, true));
            let known = |names: &[&str]| name.len() > 2 && names.iter().any(|full| full.starts_with(name));
            let pattern = known(long_patterns);
            given |=
                long_files.contains(&name) || (pattern && matches!(name, "regexp" | "expression" | "source"));
            out[here] = pattern && attached;
            if !attached && (pattern || known(long_values)) && !matches!(name, "files" | "type-list") {
                if pattern && at < out.len() {
                    out[at] = true;
                }
                at += 1;
            }
        } else if options && text.len() > 1 && text.starts_with('-') {
            let letters: Vec<char> = text.chars().skip(1).collect();
            let found = letters.iter().position(|c| values.contains(*c) || patterns.contains(*c));
            let Some((found, letter)) = found.and_then(|found| Some((found, *letters.get(found)?))) else {
                continue;
            };
            let pattern = patterns.contains(letter);
            given |= files.contains(letter) || letter == 'e';
            if found + 1 < letters.len() {
                out[here] = pattern;
            } else {
                if pattern && at < out.len() {
                    out[at] = true;
                }
                at += 1;
            }
        } else if first.is_none() {
            first = Some(here);
        }
    }
    if let (Some(first), false) = (first, given) {
        out[first] = true;
    }
    out
}
