//! Reading options the way `getopt_long` does.
//!
//! Owns: argv → options, operands, and what the table does not know. Abbreviated long options are resolved against the
//! whole table, so that an abbreviation of an unlisted option is never taken for a listed one (I9).

use super::glob::Unit;
use super::word::Arg;

/// What a program's options look like. `short` is written like getopt's: a letter, `:` after it when it takes a value,
/// `::` when the value must be attached. `long` holds names, with `=` after them for a value and `?` for an attached one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    /// Short options.
    pub(super) short: &'static str,
    /// Long options.
    pub(super) long: &'static str,
    /// Long options that are known and not listed: they only make abbreviations ambiguous.
    pub(super) denied: &'static str,
    /// Long options may be abbreviated.
    pub(super) abbreviates: bool,
    /// Options end at the first operand.
    pub(super) stops: bool,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// Options by name (`-x` as `x`, `--name` as `name`) with their values.
    pub(super) options: Vec<(String, Option<Arg>)>,
    /// Operands.
    pub(super) operands: Vec<Arg>,
    /// Options the table does not have.
    pub(super) unknown: Vec<String>,
    /// How many words were used when reading stopped at the first operand.
    pub(super) used: usize,
}

impl Parsed {
    /// Whether one of these options was given.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    /// The values of these options.
    pub(super) fn values(&self, names: &[&str]) -> Vec<&Arg> {
        let wanted = self.options.iter().filter(|(name, _)| names.contains(&name.as_str()));
        wanted.filter_map(|(_, value)| value.as_ref()).collect()
    }
}

/// Reads the words after the program's name.
pub(super) fn read(table: &Options, args: &[Arg]) -> Parsed {
    let mut parsed = Parsed::default();
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        let text = arg.text();
        at += 1;
        if text == "--" {
            parsed.operands.extend_from_slice(&args[at..]);
            parsed.used = at;
            return parsed;
        }
        if let Some(long) = text.strip_prefix("--") {
            let (name, attached) = match long.split_once('=') {
                Some((name, _)) => (name, Some(arg.tail(name.chars().count() + 3))),
                None => (long, None),
            };
            at += long_option(table, name, attached, args.get(at), &mut parsed);
        } else if text.len() > 1 && text.starts_with('-') && arg_is_option(arg) {
            at += cluster(table, arg, text, args.get(at), &mut parsed);
        } else if table.stops {
            parsed.operands.extend_from_slice(&args[at - 1..]);
            parsed.used = at - 1;
            return parsed;
        } else {
            parsed.operands.push(arg.clone());
        }
    }
    parsed.used = at;
    parsed
}

fn arg_is_option(arg: &Arg) -> bool {
    match arg.literal() {
        Some(text) => text.starts_with('-'),
        None => arg.units().iter().find(|unit| !unit.is_unknown()) == Some(&Unit::Lit('-')),
    }
}

fn long_option(
    table: &Options,
    name: &str,
    attached: Option<Arg>,
    next: Option<&Arg>,
    parsed: &mut Parsed,
) -> usize {
    let bare = |entry: &'static str| entry.trim_end_matches(['=', '?']);
    let exact = table.long.split_whitespace().find(|entry| bare(entry) == name);
    let prefixed: Vec<_> =
        table.long.split_whitespace().filter(|entry| bare(entry).starts_with(name)).collect();
    let ambiguous = table.denied.split_whitespace().any(|entry| entry.starts_with(name)) || name.is_empty();
    let found = match (exact, prefixed.as_slice()) {
        (Some(entry), _) => Some(entry),
        (None, [entry]) if table.abbreviates && !ambiguous => Some(*entry),
        _ => None,
    };
    let Some(entry) = found else {
        parsed.unknown.push(format!("--{name}"));
        return 0;
    };
    let takes = entry.ends_with('=');
    if attached.is_some() && !takes && !entry.ends_with('?') {
        parsed.unknown.push(format!("--{name}="));
        return 0;
    }
    if takes && attached.is_none() {
        parsed.options.push((bare(entry).to_owned(), next.cloned()));
        return 1;
    }
    parsed.options.push((bare(entry).to_owned(), attached));
    0
}

fn cluster(table: &Options, arg: &Arg, text: &str, next: Option<&Arg>, parsed: &mut Parsed) -> usize {
    for (at, letter) in text.chars().enumerate().skip(1) {
        let Some(found) = table.short.find(letter).filter(|_| letter != ':') else {
            parsed.unknown.push(format!("-{letter}"));
            continue;
        };
        let rest = &table.short[found + letter.len_utf8()..];
        if !rest.starts_with(':') {
            parsed.options.push((letter.to_string(), None));
            continue;
        }
        let attached = arg.tail(at + 1);
        // What is not known counts: it stands there.
        if !attached.units().is_empty() {
            parsed.options.push((letter.to_string(), Some(attached)));
            return 0;
        }
        if rest.starts_with("::") {
            parsed.options.push((letter.to_string(), None));
            return 0;
        }
        parsed.options.push((letter.to_string(), next.cloned()));
        return 1;
    }
    0
}
