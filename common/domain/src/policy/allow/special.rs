//! A's rules per tool, beyond the tables: operands that set or write, filters, follow modes.

use super::table;
use super::{Allower, Why};
use crate::policy::option::{Options, Parsed, read};
use crate::policy::word::Arg;

fn refused(name: &str, what: &str) -> Why {
    ("ask.option", format!("`{name}` with {what} is not on the list of options that only read."))
}

fn ask(name: &str) -> Why {
    let reason = match name {
        "git" => "`git` runs programs named in its configuration, so it always asks.".to_owned(),
        name => format!("`{name}` is not on the list of commands that only read."),
    };
    ("ask.program", reason)
}

/// Tools that may have any options: what remains to be looked at.
pub(super) fn any(allower: &mut Allower<'_>, name: &str, args: &[Arg]) -> Result<(), Why> {
    let parsed = |short, long: &'static str| {
        read(&Options { short, long, denied: "", abbreviates: true, stops: false }, args)
    };
    match name {
        "cd" => directory(allower, args),
        "ls" => {
            let parsed = parsed(
                "aAbBcCdDfFgGhHiI:klLmnNopqQrRsStT:uUvw:xXZ1",
                "recursive reverse ignore= tabsize= width=",
            );
            if parsed.has(&["R", "recursive"]) {
                allower.recursive(&parsed.operands)?;
            }
            Ok(())
        }
        "du" => {
            let parsed = parsed(
                "0aB:bcd:DhHklLmPsSt:xX:",
                "max-depth= block-size= exclude= exclude-from= threshold= files0-from= time?",
            );
            if parsed.has(&["files0-from"]) {
                return Err(refused(name, "--files0-from"));
            }
            allower.recursive(&parsed.operands)
        }
        "diff" if args.iter().any(Arg::starts_with_glob) => {
            Err(refused(name, "a glob at the beginning of a word, which may be the option that runs `pr`,"))
        }
        "strings" if args.iter().any(|arg| arg.text().starts_with('@')) => {
            Err(refused(name, "a file that its options are read from"))
        }
        "diff" => {
            let parsed = parsed(
                "abBcC:dD:eEfF:hHiI:lL:nNpqrsS:tTuU:vwW:x:X:yZ",
                "recursive report-identical-files from-file= to-file= paginate",
            );
            // Of a directory it reads what is named like the other side, or everything.
            let sides = parsed.operands.iter().chain(parsed.values(&["from-file", "to-file"]));
            allower.recursive(&sides.cloned().collect::<Vec<_>>())?;
            if parsed.has(&["l", "paginate"]) {
                return Err(refused(name, "-l, which runs `pr`"));
            }
            Ok(())
        }
        "grep" => {
            let parsed = parsed(
                "A:B:C:D:EFGHILPRTUVZabcd:e:f:hilm:noqrsvwxyz0123456789",
                "regexp= file= recursive dereference-recursive directories= max-count= after-context= \
                before-context= context= include= exclude= exclude-dir= exclude-from= label= \
                binary-files= devices=",
            );
            allower.selects(&parsed.values(&["include"]))?;
            let recurses =
                parsed.values(&["d", "directories"]).iter().any(|value| "recurse".starts_with(value.text()));
            if recurses || parsed.has(&["r", "R", "recursive", "dereference-recursive"]) {
                let own = usize::from(!parsed.has(&["e", "f", "regexp", "file"]) && !moves(args, &parsed));
                allower.recursive(parsed.operands.get(own..).unwrap_or_default())?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn directory(allower: &mut Allower<'_>, args: &[Arg]) -> Result<(), Why> {
    let operands: Vec<&Arg> =
        args.iter().filter(|arg| !matches!(arg.text(), "-L" | "-P" | "-e" | "-@" | "--")).collect();
    match operands.as_slice() {
        [target] if !target.has_glob() && !target.text().starts_with('-') => allower.change_directory(target),
        _ => Err(refused("cd", "anything but one literal directory")),
    }
}

/// Tools with listed options only.
pub(super) fn listed(allower: &mut Allower<'_>, name: &str, args: &[Arg]) -> Result<(), Why> {
    let known = [
        "tail", "sort", "uniq", "xxd", "find", "rg", "tree", "file", "date", "hostname", "ps", "printf",
        "base64", "jq", "sed", "command",
    ];
    if !known.contains(&name) {
        return Err(ask(name));
    }
    if args.iter().any(Arg::starts_with_glob) {
        return Err((
            "ask.glob",
            format!("A word of `{name}` starts with a glob: a file may be named like an option."),
        ));
    }
    let parsed = |table: &Options| -> Result<Parsed, Why> {
        let parsed = read(table, args);
        match parsed.unknown.first() {
            Some(option) => Err(refused(name, option)),
            None => Ok(parsed),
        }
    };
    match name {
        "tail" => tail(args),
        "sort" => {
            if let Some(key) = old_key(args) {
                return Err(refused(name, key));
            }
            parsed(&table::SORT).map(drop)
        }
        "base64" => parsed(&table::BASE64).map(drop),
        // Wherever a glob stands, the words behind it move where it matches two files.
        "uniq" | "xxd" if args.iter().any(Arg::has_glob) => Err(refused(
            name,
            "a glob, which may name two files: the last word may become the one that is written",
        )),
        "uniq" => one(name, &parsed(&table::UNIQ)?.operands),
        "xxd" => xxd(args),
        "find" => find(allower, args),
        "rg" => ripgrep(allower, args, &parsed(&table::RG)?),
        "tree" => {
            // A letter's value is the next word, whatever stands behind the letter; only a depth may be attached.
            let crowded = args.iter().map(Arg::text).find(|text| {
                let letters = text.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
                let found =
                    letters.and_then(|it| it.find(['L', 'P', 'I', 'H', 'T']).map(|at| it.split_at(at)));
                found.is_some_and(|(_, it)| {
                    let digits = it[1..].bytes().all(|byte| byte.is_ascii_digit());
                    it.len() > 1 && !(it.starts_with('L') && digits)
                })
            });
            if let Some(word) = crowded {
                return Err(refused(name, word));
            }
            let parsed = parsed(&table::TREE)?;
            allower.recursive(&parsed.operands)
        }
        "file" => file(allower, &parsed(&table::FILE)?),
        "date" => {
            let parsed = parsed(&table::DATE)?;
            if args.iter().any(opens_zone) {
                return Err(refused(name, "a time zone that is a file's name"));
            }
            if parsed.operands.iter().all(|operand| operand.text().starts_with('+')) {
                Ok(())
            } else {
                Err(refused(name, "a date to set"))
            }
        }
        "hostname" => {
            let parsed = parsed(&table::HOSTNAME)?;
            if parsed.operands.is_empty() { Ok(()) } else { Err(refused(name, "a name to set")) }
        }
        "ps" => super::process::check(args),
        "printf" => printf(args),
        "jq" => super::filter::check(args),
        "sed" => sed(args),
        "command" => match args.first().map(Arg::text) {
            Some("-v") if args[1..].iter().all(|arg| arg.text() == "--" || !arg.text().starts_with('-')) => {
                Ok(())
            }
            _ => Err(refused(name, "anything but -v")),
        },
        name => Err(ask(name)),
    }
}

fn tail(args: &[Arg]) -> Result<(), Why> {
    // `-5` and `+5`, the old forms, are counts; with an `f` at the end, even alone or as `-cf`, they follow.
    let follows = |arg: &&Arg| {
        let old = arg.text().strip_prefix(['-', '+']).and_then(|old| old.strip_suffix('f'));
        old.is_some_and(|old| old.trim_end_matches(['b', 'c', 'l']).bytes().all(|byte| byte.is_ascii_digit()))
    };
    if let Some(old) = args.iter().take_while(|arg| arg.text() != "--").find(follows) {
        return Err(refused("tail", old.text()));
    }
    // The old form is the first word or none.
    let old = usize::from(args.first().is_some_and(|arg| count(arg.text())));
    let parsed = read(&table::TAIL, &args[old..]);
    parsed.unknown.first().map_or(Ok(()), |option| Err(refused("tail", option)))
}

fn file(allower: &mut Allower<'_>, parsed: &Parsed) -> Result<(), Why> {
    // A list of files and folders, and of a folder every file.
    let lists = parsed.values(&["m", "magic-file"]);
    if lists.iter().any(|list| list.has_glob()) {
        return Err(refused("file", "a glob for its magic"));
    }
    let magic: Vec<Arg> = lists.iter().flat_map(|list| list.text().split(':')).map(Arg::plain).collect();
    if magic.iter().any(|file| !allower.readable(file)) {
        return Err(("ask.sensitive", "Its magic is, or can be, a place that holds secrets.".to_owned()));
    }
    if magic.is_empty() { Ok(()) } else { allower.recursive(&magic) }
}

fn count(text: &str) -> bool {
    text.strip_prefix('-')
        .map(|count| count.strip_suffix(['b', 'c', 'l']).unwrap_or(count))
        .is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()))
}

/// `sort +1 -2`, the old form of keys, is not on the list.
fn old_key(args: &[Arg]) -> Option<&str> {
    args.iter().map(Arg::text).find(|text| text.starts_with('+') && text.len() > 1)
}

fn one(name: &str, operands: &[Arg]) -> Result<(), Why> {
    match operands {
        [] | [_] => Ok(()),
        _ => Err(refused(name, "a second operand, which it writes")),
    }
}

fn xxd(args: &[Arg]) -> Result<(), Why> {
    let mut operands = Vec::new();
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        let text = arg.text();
        at += 1;
        if text == "--" && operands.is_empty() {
            operands.extend_from_slice(&args[at..]);
            break;
        }
        let option = text.strip_prefix('-').filter(|option| !option.is_empty() && operands.is_empty());
        let Some(option) = option else {
            operands.push(arg.clone());
            continue;
        };
        let option = option.strip_prefix('-').unwrap_or(option);
        if table::XXD_VALUES.contains(&option) {
            at += 1;
        } else if !table::XXD.contains(&option) && !attached(option) {
            return Err(refused("xxd", text));
        }
    }
    one("xxd", &operands)
}

fn attached(option: &str) -> bool {
    let mut chars = option.chars();
    chars.next().is_some_and(|c| "cglos".contains(c))
        && chars.as_str().chars().all(|c| c.is_ascii_hexdigit() || matches!(c, 'x' | '-' | '+'))
}

/// Whether a date names its zone by a file, which is opened: `TZ=":/etc/x" now`.
fn opens_zone(date: &Arg) -> bool {
    let text = date.text();
    let zones = text.split("TZ=").skip(1).map(|rest| rest.trim_start_matches(['"', '\'']));
    zones.into_iter().any(|zone| {
        let name = zone.split(['"', '\'']).next().unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || "_+-/".contains(c);
        !name.chars().all(plain) || name.starts_with('/')
    })
}

fn find(allower: &mut Allower<'_>, args: &[Arg]) -> Result<(), Why> {
    let mut starts = Vec::new();
    let mut expression = false;
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        let text = arg.text();
        at += 1;
        if text.starts_with('-') || matches!(text, "(" | ")" | "!" | ",") {
            expression |= !matches!(text, "-P" | "-O0" | "-O1" | "-O2" | "-O3");
            if newer(text) && args.get(at).is_some_and(opens_zone) {
                return Err(refused("find", "a time zone that is a file's name"));
            }
            if table::FIND_VALUES.contains(&text) || newer(text) {
                let value = args.get(at).map(Arg::text).and_then(|value| value.strip_prefix('-'));
                if text != "-perm" && value.is_some_and(|it| it.starts_with(|c: char| c.is_ascii_lowercase()))
                {
                    // `-name -delete` looks for a name; whoever writes it forgot something, or hopes to be misread.
                    return Err(refused("find", "a value that looks like an option"));
                }
                at += 1;
            } else if expression && !table::FIND.contains(&text) {
                return Err(refused("find", text));
            }
        } else if expression {
            return Err(refused("find", "a path after its expression"));
        } else {
            starts.push(arg.clone());
        }
    }
    allower.recursive(&starts)
}

/// `-newerXY`.
fn newer(text: &str) -> bool {
    text.strip_prefix("-newer").is_some_and(|kinds| {
        let kinds: Vec<char> = kinds.chars().collect();
        matches!(kinds.as_slice(), ['a' | 'B' | 'c' | 'm', 'a' | 'B' | 'c' | 'm' | 't'])
    })
}

fn ripgrep(allower: &mut Allower<'_>, args: &[Arg], parsed: &Parsed) -> Result<(), Why> {
    if parsed.has(&["L"]) {
        return Err(refused("rg", "-L, which follows links"));
    }
    if parsed.has(&["type-list", "help", "h", "version", "V", "pcre2-version"]) {
        return Ok(());
    }
    allower.selects(&parsed.values(&["g", "glob", "iglob", "type-add"]))?;
    let given = parsed.has(&["e", "regexp", "f", "file", "files"]);
    let own = usize::from(!given && !moves(args, parsed));
    allower.recursive(parsed.operands.get(own..).unwrap_or_default())
}

/// Whether the value of an option is a glob of its own: where it matches two files, every word behind it moves.
fn moves(args: &[Arg], parsed: &Parsed) -> bool {
    let globs =
        parsed.options.iter().filter_map(|(_, value)| value.as_ref()).filter(|value| value.has_glob());
    globs.into_iter().any(|value| args.iter().any(|arg| arg.text() == value.text()))
}

fn printf(args: &[Arg]) -> Result<(), Why> {
    let format = usize::from(args.first().is_some_and(|arg| arg.text() == "--"));
    if args.iter().take(format + 1).any(Arg::has_glob) {
        return Err(refused("printf", "a glob, which a file's name may make an option or a format,"));
    }
    let first = args.iter().map(Arg::text).find(|text| *text != "--");
    if args.first().is_some_and(|arg| arg.text().starts_with("-v")) {
        return Err(refused("printf", "-v, which assigns"));
    }
    let format: Vec<char> = first.unwrap_or_default().chars().collect();
    let mut chars = format.iter();
    while chars.any(|c| *c == '%') {
        let end = chars.find(|c| {
            !matches!(
                c,
                '-' | '+' | ' ' | '#' | '0'..='9' | '.' | '*' | '\'' | 'h' | 'l' | 'L' | 'j' | 'z' | 't'
            )
        });
        if end == Some(&'n') {
            return Err(refused("printf", "%n, which assigns"));
        }
    }
    Ok(())
}

/// `sed -n 'N[,M]p'` and nothing else.
fn sed(args: &[Arg]) -> Result<(), Why> {
    let wrong = || refused("sed", "anything but -n 'N[,M]p'");
    let [flag, script, files @ ..] = args else { return Err(wrong()) };
    let script = script.text();
    let range = script.strip_suffix('p').ok_or_else(wrong)?;
    let (from, to) = range.split_once(',').unwrap_or((range, "0"));
    let number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let plain = files.iter().all(|file| !file.text().starts_with('-') || matches!(file.text(), "-" | "--"));
    let quiet = matches!(flag.text(), "-n" | "--quiet" | "--silent");
    if quiet && number(from) && number(to) && plain { Ok(()) } else { Err(wrong()) }
}
