//! Units of a decoded word and the question whether two glob patterns can match one name.
//!
//! Owns: [`Unit`], pattern intersection. Must never read a directory: a glob here stands for every name it could match.

/// One decoded unit of a shell word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// A literal character.
    Lit(char),
    /// An unquoted `*`.
    Star,
    /// An unquoted `?`.
    One,
    /// An unquoted bracket expression.
    Class(Box<Set>),
    /// An expansion whose value is not known; tested as empty.
    Unknown {
        /// The value comes from the network.
        network: bool,
    },
}

/// The characters of a bracket expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set {
    /// `[!…]` or `[^…]`.
    pub(super) negated: bool,
    /// Inclusive ranges.
    pub(super) ranges: Vec<(char, char)>,
    /// Holds a named class: taken to match anything.
    pub(super) open: bool,
}

impl Set {
    /// Whether the bracket expression can match this character.
    fn holds(&self, c: char) -> bool {
        self.open || self.ranges.iter().any(|(a, b)| *a <= c && c <= *b) != self.negated
    }
}

/// The ASCII characters of a named class (`[[:digit:]]`), where they are plain; others may match anything.
pub(super) fn named(class: &str) -> Option<&'static [(char, char)]> {
    match class {
        "digit" => Some(&[('0', '9')]),
        "lower" => Some(&[('a', 'z')]),
        "upper" => Some(&[('A', 'Z')]),
        "space" | "blank" => Some(&[('\t', '\r'), (' ', ' ')]),
        "xdigit" => Some(&[('0', '9'), ('a', 'f'), ('A', 'F')]),
        _ => None,
    }
}

impl Unit {
    /// Appends its text; an unknown unit counts as empty, a glob as it is written.
    pub(super) fn write(&self, text: &mut String) {
        match self {
            Self::Lit(c) => text.push(*c),
            Self::Star => text.push('*'),
            Self::One => text.push('?'),
            Self::Class(_) => text.push_str("[…]"),
            Self::Unknown { .. } => {}
        }
    }

    /// Whether this unit is a glob.
    pub(super) fn is_glob(&self) -> bool {
        matches!(self, Self::Star | Self::One | Self::Class(_))
    }

    /// Whether this unit's value is unknown.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }
}

/// Turns plain text with `*` into units, for tables of patterns.
pub(super) fn pattern(text: &str) -> Vec<Unit> {
    text.chars().map(|c| if c == '*' { Unit::Star } else { Unit::Lit(c) }).collect()
}

/// The text of units.
pub(super) fn text(units: &[Unit]) -> String {
    let mut text = String::with_capacity(units.len());
    for unit in units {
        unit.write(&mut text);
    }
    text
}

/// Whether units are exactly this text.
pub(super) fn is(units: &[Unit], text: &str) -> bool {
    let mut chars = text.chars();
    units.iter().all(|unit| matches!((unit, chars.next()), (Unit::Lit(a), Some(b)) if *a == b))
        && chars.next().is_none()
}

/// Whether a path component can be this name.
pub(super) fn can_be(component: &[Unit], name: &str) -> bool {
    if component.iter().all(|unit| matches!(unit, Unit::Lit(_))) {
        return is(component, name);
    }
    names(component, &literal(name))
}

/// Turns text into literal units.
pub(super) fn literal(text: &str) -> Vec<Unit> {
    let mut units = Vec::with_capacity(text.len());
    units.extend(text.chars().map(Unit::Lit));
    units
}

fn compatible(a: &Unit, b: &Unit) -> bool {
    match (a, b) {
        (Unit::Lit(x), Unit::Lit(y)) => x == y,
        (Unit::Lit(c), Unit::Class(set)) | (Unit::Class(set), Unit::Lit(c)) => set.holds(*c),
        _ => true,
    }
}

/// Whether every name that `a` matches is longer than all that `b` matches.
fn is_longer(a: &[Unit], b: &[Unit]) -> bool {
    let least =
        |units: &[Unit]| units.iter().filter(|unit| **unit != Unit::Star && !unit.is_unknown()).count();
    !b.contains(&Unit::Star) && least(a) > least(b)
}

/// Whether some name is matched by both patterns; unknown units count as empty.
pub(super) fn meets(a: &[Unit], b: &[Unit]) -> bool {
    if is_longer(a, b) || is_longer(b, a) {
        return false;
    }
    let a: Vec<&Unit> = a.iter().filter(|unit| !unit.is_unknown()).collect();
    let b: Vec<&Unit> = b.iter().filter(|unit| !unit.is_unknown()).collect();
    let mut row = vec![false; b.len() + 1];
    row[0] = true;
    for i in 0..=a.len() {
        let mut next = vec![false; b.len() + 1];
        for j in 0..=b.len() {
            if !row[j] {
                continue;
            }
            let (left, right) = (a.get(i).copied(), b.get(j).copied());
            if let Some(right) = right
                && (*right == Unit::Star || left.is_some_and(|left| *left == Unit::Star))
            {
                row[j + 1] = true;
            }
            if let Some(left) = left {
                if *left == Unit::Star || right.is_some_and(|right| *right == Unit::Star) {
                    next[j] = true;
                }
                if let Some(right) = right
                    && *left != Unit::Star
                    && *right != Unit::Star
                    && compatible(left, right)
                {
                    next[j + 1] = true;
                }
            }
        }
        if i == a.len() {
            return row[b.len()];
        }
        row = next;
    }
    false
}

/// Whether a path component can be the name: a glob never matches a leading dot by itself.
pub(super) fn names(component: &[Unit], name: &[Unit]) -> bool {
    if matches!(name.first(), Some(Unit::Lit('.'))) {
        let first = component.iter().find(|unit| !unit.is_unknown());
        if !matches!(first, Some(Unit::Lit('.'))) {
            return false;
        }
    }
    if !name.contains(&Unit::Star) && component.iter().all(|unit| matches!(unit, Unit::Lit(_))) {
        return component == name;
    }
    if !quick(component, name) {
        return false;
    }
    meets(component, name)
}

/// A cheap look at the fixed ends: false only if the two cannot match.
fn quick(component: &[Unit], name: &[Unit]) -> bool {
    let differ = |pair: (&Unit, &Unit)| matches!(pair, (Unit::Lit(a), Unit::Lit(b)) if a != b);
    let fixed = |unit: &&Unit| matches!(unit, Unit::Lit(_));
    let start = component.iter().take_while(fixed).zip(name.iter().take_while(fixed));
    let end = component.iter().rev().take_while(fixed).zip(name.iter().rev().take_while(fixed));
    !start.into_iter().any(differ) && !end.into_iter().any(differ)
}
