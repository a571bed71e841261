//! Paths without a disk: resolving, protected places, top-level directories, block devices.
//!
//! Owns: what a word would name if it were a path. Must never touch the file system; symbolic links are not followed,
//! except the fixed ones that every Debian and every `/proc` has.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::glob::{Unit, can_be, is, literal, meets, names, pattern, text};

/// A resolved path: its components, each possibly a glob.
pub(super) type Components = Vec<Vec<Unit>>;

/// Which names are taken for the fixed links.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Links {
    None,
    Named,
    /// Globs that can match one as well.
    Possible,
}

/// Resolves units against a directory.
pub(super) fn resolve(units: &[Unit], cwd: &str) -> Components {
    follow(units, cwd, Links::Named)
}

/// The same as it is written, without what fixed links lead to: as the shell's own `cd` reads it.
pub(super) fn as_written(units: &[Unit], cwd: &str) -> Components {
    follow(units, cwd, Links::None)
}

/// The same, and what it would be if its globs matched fixed links.
pub(super) fn possible(units: &[Unit], cwd: &str) -> impl Iterator<Item = Components> {
    let linked = units.iter().any(Unit::is_glob).then(|| follow(units, cwd, Links::Possible));
    std::iter::once(resolve(units, cwd)).chain(linked)
}

fn follow(units: &[Unit], cwd: &str, links: Links) -> Components {
    let known: Vec<Unit> = units.iter().filter(|unit| !unit.is_unknown()).cloned().collect();
    let mut parts: Components = Vec::new();
    let slash = Unit::Lit('/');
    if known.first() != Some(&slash) {
        parts = cwd.split('/').filter(|part| !part.is_empty()).map(literal).collect();
        // The directory may be known by its links; no fixed one is deeper.
        if links != Links::None && parts.len() >= 2 {
            for depth in [2, 3] {
                let head: Components = parts.iter().take(depth).cloned().collect();
                if let Some(mut through) = (head.len() == depth).then(|| link(&head, cwd, links)).flatten() {
                    through.extend(parts.drain(..).skip(depth));
                    parts = through;
                    break;
                }
            }
        }
    }
    for part in known.split(|unit| *unit == slash) {
        match part {
            [] | [Unit::Lit('.')] => {}
            [Unit::Lit('.'), Unit::Lit('.')] => {
                if let Some(real) = (links != Links::None).then(|| behind(&parts)).flatten() {
                    parts = real;
                }
                parts.pop();
            }
            _ => parts.push(part.to_vec()),
        }
        // Links are two or three names deep; asking for every name of a long path would cost its square.
        if let Some(through) =
            (links != Links::None && matches!(parts.len(), 2 | 3)).then(|| link(&parts, cwd, links)).flatten()
        {
            parts = through;
        }
    }
    parts
}

/// More links that every Debian has. They matter only to whoever goes up from them.
const DEEP: &[(&str, &str)] = &[
    ("proc/thread-self", "proc/self/task/1"),
    ("proc/net", "proc/self/net"),
    ("var/spool/mail", "var/mail"),
    ("usr/lib/ssl/certs", "etc/ssl/certs"),
    ("usr/lib/ssl/private", "etc/ssl/private"),
    ("usr/bin/X11", "usr/bin"),
];

/// What one of them leads to.
fn behind(parts: &Components) -> Option<Components> {
    let here = |link: &str| {
        let mut names = link.split('/');
        parts.iter().all(|part| names.next().is_some_and(|name| is(part, name))) && names.next().is_none()
    };
    let (_, real) = DEEP.iter().find(|(link, _)| here(link))?;
    Some(real.split('/').map(literal).collect())
}

/// The places that fixed symbolic links lead to.
fn link(parts: &Components, cwd: &str, links: Links) -> Option<Components> {
    let named = |part: Option<&Vec<Unit>>, name: &str| match (part, links) {
        (Some(part), Links::Possible) => can_be(part, name),
        (Some(part), _) => is(part, name),
        (None, _) => false,
    };
    let (first, second, third) = (parts.first(), parts.get(1), parts.get(2));
    // Most paths begin otherwise.
    if !["var", "dev", "proc"].iter().any(|name| named(first, name)) {
        return None;
    }
    let own = || named(first, "proc") && (named(second, "self") || named(second, "thread-self"));
    let target = match third {
        None if named(first, "var") && named(second, "run") => "run",
        None if named(first, "var") && named(second, "lock") => "run/lock",
        None if named(first, "dev") && named(second, "fd") => "proc/self/fd",
        Some(_) if named(third, "root") && own() => "",
        Some(_) if named(third, "cwd") && own() => cwd,
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
    "dasd*",
    "ublkb*",
    "nullb*",
    "scm*",
    "cdrom",
    "cdrw",
    "dvd",
    "dvdrw",
    "cloop*",
    "ploop*",
    "ubd*",
    "rssd*",
];
/// Directories of `/dev` that hold no block devices; in others, named by volume groups, there are nothing else.
const OTHER_FOLDERS: &[&str] = &[
    "null",
    "zero",
    "full",
    "random",
    "urandom",
    "tty",
    "console",
    "kmsg",
    "stdin",
    "stdout",
    "stderr",
    "shm",
    "pts",
    "fd",
    "snd",
    "input",
    "dri",
    "net",
    "mqueue",
    "hugepages",
    "bus",
    "char",
    "cpu",
    "vfio",
    "serial",
    "usb",
    "v4l",
    "dma_heap",
    "infiniband",
    "nvidia-caps",
    "tcp",
    "udp",
    "self",
    "gpiochip",
    "raw",
];

static BLOCK_PATTERNS: LazyLock<Vec<Vec<Unit>>> =
    LazyLock::new(|| BLOCK.iter().map(|name| pattern(name)).collect());

/// Whether the path can be a block device.
pub(super) fn block_device(path: &Components) -> bool {
    let [first, second, ..] = path.as_slice() else { return false };
    let volume =
        || is(first, "dev") && path.len() == 3 && !OTHER_FOLDERS.iter().any(|name| can_be(second, name));
    can_be(first, "dev") && (BLOCK_PATTERNS.iter().any(|name| names(second, name)) || volume())
}

/// Longer names name nothing: the kernel refuses them.
const MAX_PATH: usize = 4096;
/// The most units copied for one word.
const MAX_CARRIED: usize = 8 * 1024;

/// Every way a word may carry a path: itself, after `=`, `@`, `file://`, attached to a short option, before `:`. `deep`
/// where it is read elsewhere than in a home.
pub(super) fn carried(units: &[Unit], deep: bool) -> Vec<Cow<'_, [Unit]>> {
    if !units.iter().any(Unit::is_unknown) {
        return carried_by(units, deep);
    }
    let known: Vec<Unit> = units.iter().filter(|unit| !unit.is_unknown()).cloned().collect();
    carried_by(&known, deep).into_iter().map(|part| Cow::Owned(part.into_owned())).collect()
}

/// How secrets' names without a dot begin.
const TOLD: &[&str] = &["id_", "gcloud", "credentials", "application_default"];
/// Letters in front of a file's name in one word, at most.
const MAX_CLUSTER: usize = 24;

fn carried_by(units: &[Unit], deep: bool) -> Vec<Cow<'_, [Unit]>> {
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
    if option && !lit(1, '-') {
        // Which letter of a cluster takes the rest is the program's own matter. In a home only a few names begin what
        // is nobody's business; elsewhere any may.
        let told = |at: usize| {
            units[at].is_glob()
                || lit(at, '.')
                || lit(at, '_')
                || TOLD.iter().any(|name| name.chars().enumerate().all(|(i, c)| lit(at + i, c)))
        };
        let most = if deep { MAX_CLUSTER } else { all };
        for at in (3..all.min(most)).filter(|at| deep || told(*at)) {
            if room < all - at {
                break;
            }
            room -= all - at;
            found.push(part(at, all));
        }
    }
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
