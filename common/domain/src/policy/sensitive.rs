//! Places whose reading always asks: credentials, devices, `/proc`.
//!
//! Owns: the list of A's "never". Must never be shorter than the policy's text.

use std::sync::LazyLock;

use super::Setting;
use super::glob::{Unit, can_be, is, literal, meets, names, pattern, text};
use super::path::{Components, above, components, other_process, same, within};
use super::secret::{KEPT, NAMES, PLACES, SPOKEN, TAILS, TOLD};

const PROC: &[&str] = &["cpuinfo", "meminfo", "loadavg", "uptime", "version"];

fn place(path: &str) -> Components {
    path.split('/').filter(|part| !part.is_empty()).map(pattern).collect()
}

/// One of [`NAMES`].
struct Name {
    /// Its fixed text.
    text: &'static str,
    /// Where its `*` stands.
    open: Open,
    units: Vec<Unit>,
}

enum Open {
    No,
    Before,
    Behind,
}

impl Name {
    fn new(name: &'static str) -> Self {
        let (text, open) = match (name.strip_prefix('*'), name.strip_suffix('*')) {
            (Some(text), _) => (text, Open::Before),
            (_, Some(text)) => (text, Open::Behind),
            _ => (name, Open::No),
        };
        Self { text, open, units: pattern(name) }
    }

    fn is(&self, name: &str) -> bool {
        match self.open {
            Open::No => name == self.text,
            Open::Before => name.ends_with(self.text),
            Open::Behind => name.starts_with(self.text),
        }
    }
}

static NAME_PATTERNS: LazyLock<Vec<Name>> =
    LazyLock::new(|| NAMES.iter().map(|name| Name::new(name)).collect());
static TAIL_PATTERNS: LazyLock<Vec<Components>> =
    LazyLock::new(|| TAILS.iter().map(|name| place(name)).collect());
static PLACE_PATTERNS: LazyLock<Vec<Components>> =
    LazyLock::new(|| PLACES.iter().map(|name| place(name)).collect());
/// What `?` and `[…]` are also held against as if they matched a leading dot: whoever writes `?env` means it.
static HIDDEN: LazyLock<Vec<Vec<Unit>>> = LazyLock::new(|| {
    [".env", ".env.local", ".env.production", ".env.development", ".ssh", ".aws", ".netrc"]
        .map(literal)
        .to_vec()
});

/// Whether one name of a path, the `last` or one before it, is, or as a glob can be, one of [`NAMES`].
fn is_name(part: &[Unit], last: bool) -> bool {
    let counts = |name: &&Name| last || !matches!(name.open, Open::Before);
    if part.iter().all(|unit| matches!(unit, Unit::Lit(_))) {
        // All others have one of these in them.
        if !part.iter().any(|unit| matches!(unit, Unit::Lit('.' | '_'))) {
            return is(part, "gcloud");
        }
        let name = text(part);
        return NAME_PATTERNS.iter().filter(counts).any(|known| known.is(&name)) || last && is_spoken(&name);
    }
    // A glob on the way stands for folders.
    let folder = |name: &&Name| last || name.text.starts_with('.');
    NAME_PATTERNS.iter().filter(counts).filter(folder).any(|known| names(part, &known.units))
        || last && is_spoken(&text(part))
        || matches!(part.first(), Some(Unit::One | Unit::Class(_)))
            && HIDDEN.iter().any(|name| meets(part, name))
}

/// Whether a file in a folder that begins with a dot is named as files with credentials are.
fn is_kept(path: &Components) -> bool {
    let Some((last, folders)) = path.split_last() else { return false };
    let name = text(last).to_ascii_lowercase();
    folders.iter().any(|part| part.first() == Some(&Unit::Lit('.')))
        && (TOLD.iter().any(|word| name.contains(word)) || KEPT.contains(&&*name))
}

/// Whether a name ends as one of [`SPOKEN`].
fn is_spoken(name: &str) -> bool {
    SPOKEN.iter().any(|ending| name.ends_with(ending))
}

/// Whether a path is, or as a glob can be, sensitive.
pub(super) fn is_sensitive(path: &Components) -> bool {
    let tail = |tail: &Components| {
        path.windows(tail.len()).any(|part| part.iter().zip(tail).all(|(a, b)| names(a, b)))
    };
    // Every tail begins with a dot, which no glob matches.
    let hidden = path.iter().any(|part| part.first() == Some(&Unit::Lit('.')));
    path.iter().enumerate().any(|(at, part)| is_name(part, at + 1 == path.len()))
        || hidden && is_kept(path)
        || PLACE_PATTERNS.iter().any(|place| within(path, place))
        || (hidden && TAIL_PATTERNS.iter().any(tail))
        || special(path)
}

/// Whether a plain name below this path can be sensitive, though nothing in the name says so.
pub(super) fn is_near(path: &Components) -> bool {
    is_sensitive(path) || PLACE_PATTERNS.iter().any(|place| above(path, place))
}

/// Devices except `/dev/null`, and `/proc` except five files.
fn special(path: &Components) -> bool {
    let Some(first) = path.first() else { return false };
    let fixed = |names: &[&str]| path.len() == 2 && names.iter().any(|name| is(&path[1], name));
    if can_be(first, "dev") && !(path.len() == 2 && is(first, "dev") && fixed(&["null"])) {
        return first.iter().any(Unit::is_glob) && path.len() > 1 || is(first, "dev");
    }
    if can_be(first, "proc") && !(is(first, "proc") && fixed(PROC)) {
        return first.iter().any(Unit::is_glob) && path.len() > 1 || is(first, "proc") || other_process(path);
    }
    false
}

/// Whether a recursive read of this path reaches a sensitive or protected place that is fixed.
pub(super) fn reaches(setting: &Setting<'_>, protected: &[Components], path: &Components) -> bool {
    static FIXED: LazyLock<Vec<Components>> = LazyLock::new(|| ["/dev/x", "/proc/x"].map(place).to_vec());
    static SSH: LazyLock<Components> = LazyLock::new(|| place(".ssh"));
    let home = components(setting.home);
    // Below home itself only the way down to a place matters, elsewhere only the part of it that is left.
    let holds = |tail: &Components| {
        if path.len() <= home.len() {
            return above(path, &home);
        }
        path.len() <= home.len() + tail.len()
            && home.iter().zip(path).all(|(name, part)| names(part, name))
            && path[home.len()..].iter().zip(tail).all(|(part, name)| names(part, name))
    };
    protected.iter().any(|place| above(path, place))
        || PLACE_PATTERNS.iter().chain(FIXED.iter()).any(|place| above(path, place) && !same(path, place))
        || TAIL_PATTERNS.iter().chain(std::iter::once(&*SSH)).any(holds)
}
