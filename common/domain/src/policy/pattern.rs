//! Which arguments are search patterns or program text, and so name no file.
//!
//! Owns: the exception of D4 for search patterns, shared with A's look at sensitive operands.

use super::word::Arg;

/// Whether a test of `find` takes a pattern or a format: the next word, whatever that looks like.
pub(super) fn takes_pattern(test: &str) -> bool {
    matches!(
        test,
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
    )
}

/// For each argument: whether it is a search pattern (or the text of a filter), not a path.
pub(super) fn is_pattern(name: &str, args: &[Arg]) -> Vec<bool> {
    match name {
        "grep" | "egrep" | "fgrep" | "zgrep" | "rgrep" => first_operand(args, &GREP),
        "rg" | "ag" | "ack" => first_operand(args, &RIPGREP),
        "sed" => first_operand(args, &SED),
        "awk" | "gawk" | "mawk" | "nawk" => first_operand(args, &AWK),
        "jq" => first_operand(args, &JQ),
        "git" if args.first().is_some_and(|part| part.text() == "grep") => {
            let mut out = vec![false];
            out.append(&mut is_pattern("grep", &args[1..]));
            out
        }
        "find" => {
            let mut out = vec![false; args.len()];
            for (at, arg) in args.iter().enumerate() {
                let after = takes_pattern(arg.text());
                if after && at + 1 < out.len() {
                    out[at + 1] = true;
                }
            }
            out
        }
        "ls" => values(args, "I", &["ignore", "hide"]),
        "tree" => values(args, "IP", &[]),
        "diff" => values(args, "xIF", &["exclude", "ignore-matching-lines", "show-function-line", "label"]),
        "du" => values(args, "", &["exclude"]),
        _ => vec![false; args.len()],
    }
}

/// Marks the values of options that take a pattern and never a file: `-I X` and `--ignore=X`, each a word of its own.
fn values(args: &[Arg], letters: &str, long: &[&str]) -> Vec<bool> {
    let mut out = vec![false; args.len()];
    for (at, arg) in args.iter().enumerate() {
        let text = arg.text();
        // A glob moves the words behind it.
        if text == "--" || at > 0 && args[at - 1].has_glob() {
            break;
        }
        let (name, attached) = text.split_once('=').map_or((text, false), |(name, _)| (name, true));
        let takes = name.strip_prefix("--").is_some_and(|name| long.contains(&name))
            || name.strip_prefix('-').is_some_and(|it| it.len() == 1 && letters.contains(it));
        if !takes {
            continue;
        }
        if attached {
            out[at] = true;
        } else if at + 1 < out.len() && !out[at] && !args[at + 1].has_glob() {
            out[at + 1] = true;
        }
    }
    out
}

/// Where a program that takes a pattern first looks for it.
struct Search {
    /// Options with a value that is no pattern.
    values: &'static str,
    long_values: &'static [&'static str],
    /// Options whose value is a pattern of some kind.
    patterns: &'static str,
    long_patterns: &'static [&'static str],
    /// Options that stand for the first operand: then that is a file.
    gives: &'static str,
    long_gives: &'static [&'static str],
    /// Long options may be abbreviated.
    abbreviates: bool,
}

const GREP: Search = Search {
    values: "ABCDdfm",
    long_values: &[
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
    patterns: "e",
    long_patterns: &["regexp", "include", "exclude", "exclude-dir"],
    gives: "ef",
    long_gives: &["regexp", "file"],
    abbreviates: true,
};

const RIPGREP: Search = Search {
    values: "ABCEMdfmjrtT",
    long_values: &[
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
    patterns: "eg",
    long_patterns: &["regexp", "glob", "iglob"],
    gives: "ef",
    long_gives: &["regexp", "file", "files", "type-list"],
    abbreviates: false,
};

const SED: Search = Search {
    values: "fl",
    long_values: &["file", "line-length"],
    patterns: "e",
    long_patterns: &["expression"],
    gives: "ef",
    long_gives: &["expression", "file"],
    abbreviates: true,
};

const AWK: Search = Search {
    values: "fvF",
    long_values: &["file", "assign", "field-separator"],
    patterns: "e",
    long_patterns: &["source"],
    gives: "ef",
    long_gives: &["source", "file"],
    abbreviates: true,
};

const JQ: Search = Search {
    values: "fL",
    long_values: &["from-file", "indent"],
    patterns: "",
    long_patterns: &[],
    gives: "ef",
    long_gives: &["from-file"],
    abbreviates: false,
};

/// Marks the first operand, unless an option gave the pattern; and the values of pattern options.
fn first_operand(args: &[Arg], search: &Search) -> Vec<bool> {
    let Search { values, patterns, .. } = search;
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
            let pattern = known(search.long_patterns);
            // However much it is shortened: the worst is that a pattern is looked at as a file.
            given |= search.long_gives.iter().any(|full| {
                *full == name || search.abbreviates && !name.is_empty() && full.starts_with(name)
            });
            out[here] = pattern && attached;
            if !attached && (pattern || known(search.long_values)) && !matches!(name, "files" | "type-list") {
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
            given |= search.gives.contains(letter);
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
    // Where a glob in front of it matches two files, every word behind moves, and it is a file.
    let moves = |first: usize| args[..first].iter().any(|arg| arg.has_glob() && !arg.text().starts_with('-'));
    if let (Some(first), false) = (first.filter(|first| !moves(*first)), given) {
        out[first] = true;
    }
    out
}
