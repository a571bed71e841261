//! Paths without a disk: resolving, protected places, top-level directories, block devices.
//!
//! Owns: what a word would name if it were a path. Must never touch the file system; symbolic links are not followed,
//! except the fixed ones that every Debian and every `/proc` has.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::glob::{Unit, can_be, is, literal, meets, names, pattern, text};

/// A resolved path: its components, each possibly a glob.
pub(super) type Components = Vec<Vec<Unit>>;

/// Resolves units against a directory.
pub(super) fn resolve(units: &[Unit], cwd: &str) -> Components {
    walk(units, cwd, true)
}

/// The same as it is written, without what fixed links lead to.
pub(super) fn as_written(units: &[Unit], cwd: &str) -> Components {
    walk(units, cwd, false)
}

fn walk(units: &[Unit], cwd: &str, links: bool) -> Components {
    let known: Vec<Unit> = units.iter().filter(|unit| !unit.is_unknown()).cloned().collect();
    let mut parts: Components = Vec::new();
    let slash = Unit::Lit('/');
    if known.first() != Some(&slash) {
        parts = cwd.split('/').filter(|part| !part.is_empty()).map(literal).collect();
    }
    for part in known.split(|unit| *unit == slash) {
        match part {
            [] | [Unit::Lit('.')] => {}
            [Unit::Lit('.'), Unit::Lit('.')] => {
                parts.pop();
            }
            _ => parts.push(part.to_vec()),
        }
        // Links are two or three names deep; asking for every name of a long path would cost its square.
        if let Some(through) = (links && matches!(parts.len(), 2 | 3)).then(|| link(&parts, cwd)).flatten() {
            parts = through;
        }
    }
    parts
}

/// The places that fixed symbolic links lead to.
fn link(parts: &Components, cwd: &str) -> Option<Components> {
    let (first, second) = (parts.first()?, parts.get(1)?);
    // Most paths begin otherwise.
    if !["var", "dev", "proc"].iter().any(|name| is(first, name)) {
        return None;
    }
    let third = parts.get(2).map(|part| text(part));
    let target = match (text(first).as_str(), text(second).as_str(), third.as_deref()) {
        ("var", "run", None) => "run",
        ("var", "lock", None) => "run/lock",
        ("dev", "fd", None) => "proc/self/fd",
        ("proc", "self" | "thread-self", Some("root")) => "",
        ("proc", "self" | "thread-self", Some("cwd")) => cwd,
        _ => return None,
    };
    Some(target.split('/').filter(|part| !part.is_empty()).map(literal).collect())
}

/// The components of a plain absolute path.
pub(super) fn components(path: &str) -> Components {
    resolve(&literal(path), "/")
}

/// Resolved text, for effects and messages.
pub(super) fn show(parts: &Components) -> String {
    let mut text = String::new();
    for part in parts {
        text.push('/');
        for unit in part {
            unit.write(&mut text);
        }
    }
    if text.is_empty() { "/".to_owned() } else { text }
}

/// Whether a text holds these two bytes side by side. A search for a text finds room to be clever, which words are too
/// short for.
pub(super) fn holds(text: &str, pair: [u8; 2]) -> bool {
    text.as_bytes().array_windows().any(|two| *two == pair)
}

/// Whether `path` can be `place` or lie below it.
pub(super) fn within(path: &Components, place: &Components) -> bool {
    path.len() >= place.len() && place.iter().zip(path).all(|(name, part)| names(part, name))
}

/// Whether `path` can be `place` or an ancestor of it.
pub(super) fn above(path: &Components, place: &Components) -> bool {
    path.len() <= place.len() && path.iter().zip(place).all(|(part, name)| names(part, name))
}

/// Whether `path` can be exactly `place`.
pub(super) fn same(path: &Components, place: &Components) -> bool {
    path.len() == place.len() && within(path, place)
}

/// Whether the path can be `/proc/<other process>` or below it.
pub(super) fn other_process(path: &Components) -> bool {
    let [first, second, ..] = path.as_slice() else { return false };
    if !can_be(first, "proc") {
        return false;
    }
    ('0'..='9').any(|digit| {
        let all = second.iter().all(|unit| !matches!(unit, Unit::Lit(c) if !c.is_ascii_digit()));
        all && meets(second, &[Unit::Lit(digit), Unit::Star])
    })
}

const BLOCK: &[&str] = &[
    "sd*",
    "hd*",
    "vd*",
    "xvd*",
    "nvme*",
    "mmcblk*",
    "loop*",
    "dm-*",
    "md*",
    "sr*",
    "nbd*",
    "ram*",
    "zram*",
    "mapper",
    "disk",
    "block",
    "bcache*",
    "rbd*",
    "drbd*",
    "fd0*",
    "cciss",
    "pmem*",
    "mtdblock*",
    "ubiblock*",
    "root",
    "zd*",
    "zvol",
];

static BLOCK_PATTERNS: LazyLock<Vec<Vec<Unit>>> =
    LazyLock::new(|| BLOCK.iter().map(|name| pattern(name)).collect());

/// Whether the path can be a block device.
pub(super) fn block_device(path: &Components) -> bool {
    let [first, second, ..] = path.as_slice() else { return false };
    can_be(first, "dev") && BLOCK_PATTERNS.iter().any(|name| names(second, name))
}

/// Longer names name nothing: the kernel refuses them.
const MAX_PATH: usize = 4096;
/// The most units copied for one word.
const MAX_CARRIED: usize = 8 * 1024;

/// Every way a word may carry a path: itself, after `=`, `@`, `file://`, attached to a short option, before `:`.
pub(super) fn carried(units: &[Unit]) -> Vec<Cow<'_, [Unit]>> {
    if !units.iter().any(Unit::is_unknown) {
        return carried_by(units);
    }
    let known: Vec<Unit> = units.iter().filter(|unit| !unit.is_unknown()).cloned().collect();
    carried_by(&known).into_iter().map(|part| Cow::Owned(part.into_owned())).collect()
}

fn carried_by(units: &[Unit]) -> Vec<Cow<'_, [Unit]>> {
    let part = |from: usize, to: usize| Cow::Borrowed(&units[from..to]);
    let all = units.len();
    let lit = |i: usize, c: char| units.get(i) == Some(&Unit::Lit(c));
    let mut found = Vec::new();
    let option = lit(0, '-') && units.len() > 1;
    if !option {
        found.push(part(0, all));
    }
    let last_colon = units.iter().rposition(|unit| *unit == Unit::Lit(':'));
    if let Some(at) = last_colon.filter(|at| lit(at + 1, '/') && units.len() - at <= MAX_PATH) {
        found.push(part(at + 1, all));
    }
    if option && !lit(1, '-') {
        found.push(part(2, all));
        if let Some(at) = (2..units.len()).find(|i| lit(*i, '/')) {
            found.push(part(at, all));
        }
    }
    let mut last = 0;
    let mut room = MAX_CARRIED;
    for at in 0..units.len() {
        if lit(at, '=') || lit(at, '@') || lit(at, ':') || lit(at, ',') {
            if last < at && lit(last, '/') && !lit(at, '=') {
                found.push(part(last, at));
            }
            last = at + 1;
        }
        let rest = units.len() - at;
        let near = rest <= MAX_PATH || lit(at + 1, '/');
        if (lit(at, '=') || lit(at, '@')) && near && room >= rest.min(MAX_PATH) {
            room -= rest.min(MAX_PATH);
            // `curl -F 'f=</path'`, and `'f=@"/path"'` with its own quotes.
            let inward = at + 1 + usize::from(lit(at + 1, '<'));
            let from = inward + usize::from(lit(inward, '"') || lit(inward, '\''));
            found.push(part(from, all.min(from + MAX_PATH)));
        }
        if lit(at, ':') && lit(at + 1, '/') && ends_with_file(&units[..at]) && room >= rest.min(MAX_PATH) {
            room -= rest.min(MAX_PATH);
            found.push(Cow::Owned(unescape(&units[at + 1..])));
        }
    }
    found
}

fn ends_with_file(units: &[Unit]) -> bool {
    units.len() >= 4 && text(&units[units.len() - 4..]).eq_ignore_ascii_case("file")
}

/// The path of a `file:` address: without host, percent signs decoded.
fn unescape(units: &[Unit]) -> Vec<Unit> {
    let whole = text(units);
    let skip = whole.strip_prefix("//").map_or(0, |rest| 2 + rest.find('/').unwrap_or(0));
    let mut out = Vec::new();
    let mut at = skip;
    while let Some(unit) = units.get(at) {
        let hex = text(units.get(at + 1..units.len().min(at + 3)).unwrap_or_default());
        match (unit, u8::from_str_radix(&hex, 16)) {
            (Unit::Lit('%'), Ok(byte)) if hex.len() == 2 => {
                out.push(Unit::Lit(char::from(byte)));
                at += 3;
            }
            _ => {
                out.push(unit.clone());
                at += 1;
            }
        }
    }
    out
}
