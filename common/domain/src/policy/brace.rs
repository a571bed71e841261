//! The later steps of decoding: brace expansion, fields, tilde, `$'…'` escapes, substrings of known values.
//!
//! Owns: marks → arguments. Must never make more than [`MAX_WORDS`] words of one.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::glob::{Unit, literal};
use super::word::{Arg, Mark};

/// The most words one word may become; what is beyond is not looked at, and the text asks anyway (braces never pass A).
const MAX_WORDS: usize = 1024;
/// Values of one sequence (`{1..999}`) that are followed from each end. Between them only [`TOLD`] matter.
const MAX_SEQUENCE: i64 = 64;
/// The numbers that a rule is about: the first process, every process, the levels of `init`.
const TOLD: std::ops::RangeInclusive<i64> = -9..=9;
/// The most units copied while expanding one word.
const MAX_MARKS: usize = 20_000;
const MAX_DEPTH: u32 = 24;

/// One part of a word, as it stands or made of a sequence.
type Part<'a> = Cow<'a, [Mark]>;

/// Whether a group may begin in it.
fn may_expand(marks: &[Mark]) -> bool {
    marks.iter().any(|mark| matches!(mark, Mark::Brace('{')))
}

/// Expands braces.
pub(super) fn expand(marks: Vec<Mark>) -> Vec<Vec<Mark>> {
    if !may_expand(&marks) {
        return vec![marks];
    }
    let mut words = Vec::new();
    let mut fuel = MAX_MARKS;
    alternatives(&marks, MAX_DEPTH, &mut fuel, &mut words);
    words
}

fn alternatives(marks: &[Mark], depth: u32, fuel: &mut usize, words: &mut Vec<Vec<Mark>>) {
    if words.len() >= MAX_WORDS || *fuel < marks.len() {
        return;
    }
    *fuel -= marks.len();
    let found = (depth > 0).then(|| group(marks)).flatten();
    let Some((open, close, parts)) = found else {
        words.push(marks.to_vec());
        return;
    };
    let mut tails = expanded(Cow::Borrowed(&marks[close + 1..]), depth, fuel);
    if tails.is_empty() {
        // No fuel for the rest: keep what is known, with the rest as it stands.
        tails.push(Part::default());
    }
    for part in parts {
        for middle in expanded(part, depth, fuel) {
            for tail in &tails {
                let cost = open + middle.len() + tail.len();
                if words.len() >= MAX_WORDS || *fuel < cost {
                    return;
                }
                *fuel -= cost;
                let mut word = Vec::with_capacity(cost);
                word.extend_from_slice(&marks[..open]);
                word.extend_from_slice(&middle);
                word.extend_from_slice(tail);
                words.push(word);
            }
        }
    }
}

/// What a part becomes: itself, where it holds no group.
fn expanded<'a>(marks: Part<'a>, depth: u32, fuel: &mut usize) -> Vec<Part<'a>> {
    if may_expand(&marks) {
        let mut words = Vec::new();
        alternatives(&marks, depth - 1, fuel, &mut words);
        return words.into_iter().map(Cow::Owned).collect();
    }
    if *fuel < marks.len() {
        return Vec::new();
    }
    *fuel -= marks.len();
    vec![marks]
}

/// The first brace group that expands: where it opens, where it closes, its alternatives.
fn group(marks: &[Mark]) -> Option<(usize, usize, Vec<Part<'_>>)> {
    for (open, _) in marks.iter().enumerate().filter(|(_, mark)| matches!(mark, Mark::Brace('{'))).take(16) {
        let (mut depth, mut start, mut parts) = (0_u32, open + 1, Vec::new());
        for (at, mark) in marks.iter().enumerate().skip(open + 1) {
            match mark {
                Mark::Brace('{') => depth += 1,
                Mark::Brace(',') if depth == 0 => {
                    parts.push(Cow::Borrowed(&marks[start..at]));
                    start = at + 1;
                }
                Mark::Brace('}') if depth > 0 => depth -= 1,
                Mark::Brace('}') => {
                    if parts.is_empty() {
                        match sequence(&marks[open + 1..at]) {
                            Some(sequence) => {
                                return Some((open, at, sequence.into_iter().map(Cow::Owned).collect()));
                            }
                            None => break,
                        }
                    }
                    parts.push(Cow::Borrowed(&marks[start..at]));
                    return Some((open, at, parts));
                }
                _ => {}
            }
        }
    }
    None
}

fn sequence(marks: &[Mark]) -> Option<Vec<Vec<Mark>>> {
    let text: Option<String> = marks
        .iter()
        .map(|mark| match mark {
            Mark::Unit(Unit::Lit(c)) => Some(*c),
            _ => None,
        })
        .collect();
    let text = text?;
    let ends: Vec<&str> = text.split("..").collect();
    let (from, to) = (ends.first()?, ends.get(1)?);
    let word = |text: String| literal(&text).into_iter().map(Mark::Unit).collect();
    if let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>()) {
        let (low, high) = (from.min(to), from.max(to));
        let near_low = low..=high.min(low.saturating_add(MAX_SEQUENCE));
        let near_high = low.max(high.saturating_sub(MAX_SEQUENCE))..=high;
        let told = TOLD.filter(|number| (low..=high).contains(number));
        let values: BTreeSet<i64> = near_low.chain(near_high).chain(told).collect();
        return Some(values.into_iter().map(|number| word(number.to_string())).collect());
    }
    let (mut a, mut b) = (from.chars(), to.chars());
    let (Some(from), Some(to), None, None) = (a.next(), b.next(), a.next(), b.next()) else { return None };
    if !from.is_ascii_alphabetic() || !to.is_ascii_alphabetic() {
        return None;
    }
    let (low, high) = (from.min(to), from.max(to));
    Some((low..=high).map(|c| word(c.to_string())).collect())
}

/// Splits at `$IFS` and expands a leading tilde.
pub(super) fn fields(marks: Vec<Mark>, quoted: bool, home: &str, user: &str, cwd: &str) -> Vec<Arg> {
    if !marks.contains(&Mark::Split) {
        let arg = Arg::new(tilde(marks, home, user, cwd), quoted);
        return if quoted || !arg.units().is_empty() { vec![arg] } else { Vec::new() };
    }
    let mut fields: Vec<Vec<Mark>> = vec![Vec::new()];
    let mut split = false;
    for mark in marks {
        if mark == Mark::Split {
            split = true;
            fields.push(Vec::new());
        } else if let Some(last) = fields.last_mut() {
            last.push(mark);
        }
    }
    fields
        .into_iter()
        .filter(|field| !split || !field.is_empty())
        .map(|field| Arg::new(tilde(field, home, user, cwd), quoted && !split))
        .filter(|arg| arg.quoted || !arg.units().is_empty())
        .collect()
}

fn tilde(marks: Vec<Mark>, home: &str, user: &str, cwd: &str) -> Vec<Unit> {
    if !marks.contains(&Mark::Tilde) {
        return marks.into_iter().filter_map(Mark::into_unit).collect();
    }
    let mut units = Vec::new();
    let mut marks = marks.into_iter().peekable();
    let mut assigned = true;
    while let Some(mark) = marks.next() {
        if mark != Mark::Tilde || !assigned {
            assigned = matches!(mark, Mark::Unit(Unit::Lit('=' | ':')));
            units.extend(mark.into_unit());
            continue;
        }
        assigned = false;
        let mut name = String::new();
        while let Some(Mark::Unit(Unit::Lit(c))) = marks.peek() {
            if *c == '/' || *c == ':' {
                break;
            }
            name.push(*c);
            marks.next();
        }
        match name.as_str() {
            "" => units.extend(literal(home)),
            "+" => units.extend(literal(cwd)),
            "root" => units.extend(literal("/root")),
            name if name == user => units.extend(literal(home)),
            // Another's home, the old directory: not known, and like everything unknown also tested as empty.
            _ => units.push(Unit::Unknown { network: false }),
        }
    }
    units
}

/// Decodes the escapes of `$'…'`.
pub(super) fn ansi(text: &str) -> Vec<char> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        at += 1;
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(kind) = chars.get(at).copied() else { break };
        at += 1;
        let mut number = |radix: u32, most: usize| {
            let start = at;
            let digits =
                chars[at.min(chars.len())..].iter().take(most).take_while(|c| c.is_digit(radix)).count();
            at += digits;
            let text: String = chars[start..at].iter().collect();
            u32::from_str_radix(&text, radix).ok()
        };
        let code = match kind {
            'a' => Some(7),
            'b' => Some(8),
            'e' | 'E' => Some(27),
            'f' => Some(12),
            'n' => Some(10),
            'r' => Some(13),
            't' => Some(9),
            'v' => Some(11),
            'x' => {
                // As ksh writes it, `\x{2f}`: however many digits, and the last two count.
                let open = chars.get(at) == Some(&'{');
                at += usize::from(open);
                let start = at;
                let most = if open { chars.len() } else { 2 };
                at += chars[at.min(chars.len())..]
                    .iter()
                    .take(most)
                    .take_while(|c| c.is_ascii_hexdigit())
                    .count();
                let code = chars[start..at]
                    .iter()
                    .fold(0, |code, c| (code << 4 | c.to_digit(16).unwrap_or(0)) & 0xff);
                at += usize::from(open && chars.get(at) == Some(&'}'));
                Some(code)
            }
            'u' => number(16, 4),
            'U' => number(16, 8),
            '0'..='7' => {
                at -= 1;
                let digits = chars[at..].iter().take(3).take_while(|c| c.is_digit(8)).count();
                let text: String = chars[at..at + digits].iter().collect();
                at += digits;
                u32::from_str_radix(&text, 8).ok().map(|code| code & 0xff)
            }
            'c' => {
                let code = chars.get(at).map(|c| u32::from(*c) & 0x1f);
                at += 1;
                code
            }
            other => Some(u32::from(other)),
        };
        // A NUL ends the string in bash.
        match code.and_then(char::from_u32) {
            Some('\0') => break,
            Some(c) => out.push(c),
            None => {}
        }
    }
    out
}

/// `${NAME:offset:length}` of a known value, with literal numbers.
pub(super) fn substring(text: &str, rest: &str) -> Option<String> {
    let mut numbers = rest.strip_prefix(':')?.split(':');
    let offset: i64 = numbers.next()?.trim().parse().ok()?;
    let length = i64::try_from(text.chars().count()).ok()?;
    let start = if offset < 0 { (length + offset).max(0) } else { offset.min(length) };
    let end = match numbers.next() {
        None => length,
        Some(count) => match count.trim().parse::<i64>().ok()? {
            count if count < 0 => (length.saturating_add(count)).max(start),
            count => start.saturating_add(count).min(length),
        },
    };
    let (start, count) = (usize::try_from(start).ok()?, usize::try_from(end - start).ok()?);
    Some(text.chars().skip(start).take(count).collect())
}
