//! A's rule for `ps`: three option styles in one program, and a letter that shows other processes' environments.

use super::Why;
use crate::policy::word::Arg;

fn refused(what: &str) -> Why {
    ("ask.option", format!("`ps` with {what} is not on the list of options that only read."))
}

/// Unix letters without and with a value.
const UNIX: &str = "AadefFljyNHLTmMZcwVP";
/// `-n` and `-k` fit none, and with them the whole line is read as BSD letters.
const UNIX_VALUES: &str = "oOpuUCgGstq";
/// BSD letters without and with a value; `e` shows the environment.
const BSD: &str = "aTrxglujvsXSchfwnmLHZ";
const BSD_VALUES: &str = "oOpUtqk";
const LONG: &[&str] = &[
    "forest",
    "headers",
    "no-headers",
    "no-heading",
    "noheader",
    "noheaders",
    "header",
    "headings",
    "deselect",
    "context",
    "help",
    "info",
    "version",
    "cumulative",
];
const LONG_VALUES: &[&str] = &[
    "pid",
    "ppid",
    "user",
    "User",
    "group",
    "Group",
    "format",
    "sort",
    "cols",
    "columns",
    "rows",
    "lines",
    "width",
    "tty",
    "sid",
    "quick-pid",
    "date-format",
];

/// Users that exist on every host of ours.
const USERS: &[&str] = &["root", "agent", "owner"];

/// Whether `e` may come to mean the environment: where `-u`, `-g`, `-s` or `-t` names nobody, ps begins anew and takes every
/// word for BSD letters.
fn turns(args: &[Arg]) -> bool {
    let (mut every, mut nobody) = (false, false);
    let mut words = args.iter().map(Arg::text);
    while let Some(text) = words.next() {
        let Some(letters) = text.strip_prefix('-').filter(|letters| !letters.starts_with('-')) else {
            continue;
        };
        let valued = letters.find(|c| UNIX_VALUES.contains(c)).unwrap_or(letters.len());
        every |= letters[..valued].contains('e');
        let Some(letter) = letters[valued..].chars().next() else { continue };
        let attached = &letters[valued + letter.len_utf8()..];
        let value = if attached.is_empty() { words.clone().next().unwrap_or_default() } else { attached };
        if attached.is_empty() && !value.starts_with('-') {
            words.next();
        }
        let number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
        let known = number || value.split(',').all(|name| USERS.contains(&name));
        let missing = value.is_empty() || attached.is_empty() && value.starts_with('-');
        let names_nobody = match letter {
            'u' => !known,
            // Only what is attached to them is looked at so; a terminal is a name of any kind.
            'g' | 's' => missing || !attached.is_empty() && !known,
            't' => missing,
            _ => false,
        };
        if names_nobody {
            nobody = true;
            every |= value.contains('e');
        }
    }
    every && nobody
}

/// Judges the words of `ps`.
pub(super) fn check(args: &[Arg]) -> Result<(), Why> {
    if args.iter().any(Arg::has_glob) {
        return Err(refused("a glob, which a file's name may make a column of the environment,"));
    }
    if turns(args) {
        return Err(refused("`e`, where `-u` may name nobody: that shows the environment of programs,"));
    }
    // Where a word with a dash fits no Unix option, ps reads all of them as BSD letters: `ps -ax`.
    words(args, UNIX, UNIX_VALUES).or_else(|why| words(args, BSD, BSD_VALUES).map_err(|_| why))
}

fn words(args: &[Arg], dashed: &str, dashed_values: &str) -> Result<(), Why> {
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        let text = arg.text();
        at += 1;
        if text.chars().all(|c| c.is_ascii_digit() || c == ',') {
            continue;
        }
        let mut values: Vec<String> = Vec::new();
        if let Some(long) = text.strip_prefix("--") {
            let (name, value) =
                long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value.to_owned())));
            if LONG_VALUES.contains(&name) {
                values.push(
                    value.unwrap_or_else(|| args.get(at).map(Arg::text).unwrap_or_default().to_owned()),
                );
                at += usize::from(!long.contains('='));
            } else if !LONG.contains(&name) {
                return Err(refused(text));
            }
        } else if let Some(letters) = text.strip_prefix('-') {
            // `-aux`: where `x` is no user, ps takes the whole word for BSD letters, and then `e` is the environment.
            if letters.contains('u') && letters.contains('x') && letters.contains('e') {
                return Err(refused(text));
            }
            at += cluster(text, letters, dashed, dashed_values, args.get(at), &mut values)?;
        } else {
            at += cluster(text, text, BSD, BSD_VALUES, args.get(at), &mut values)?;
        }
        if values.iter().any(|value| value.to_ascii_lowercase().contains("env")) {
            return Err(refused("a column of the environment"));
        }
    }
    Ok(())
}

fn cluster(
    text: &str,
    letters: &str,
    plain: &str,
    valued: &str,
    next: Option<&Arg>,
    found: &mut Vec<String>,
) -> Result<usize, Why> {
    for (at, letter) in letters.char_indices() {
        if valued.contains(letter) {
            let rest = &letters[at + letter.len_utf8()..];
            let attached = !rest.is_empty();
            found.push(if attached { rest } else { next.map(Arg::text).unwrap_or_default() }.to_owned());
            // The old `-g` and `t` may stand alone; a following word that looks like an option is not their value.
            let taken = !attached && next.is_some_and(|next| !next.text().starts_with('-'));
            return Ok(usize::from(taken));
        }
        if !plain.contains(letter) {
            return Err(refused(text));
        }
    }
    if letters.is_empty() { Err(refused(text)) } else { Ok(0) }
}
