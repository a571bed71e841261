//! One decoded argument.
//!
//! Owns: [`Arg`], and what can be asked of it. Must never make units of plain text that nobody asks for: most words are
//! looked at once, as text.

use std::cell::OnceCell;
use std::rc::Rc;

use super::glob::{Unit, literal};
use super::path::holds;
use super::syntax::Word;

/// A decoded argument. A copy shares what it holds: options, wrappers and rules hand words on all the time.
#[derive(Clone, Debug, Default)]
pub(super) struct Arg {
    /// Some part was quoted, so that it stays even if empty.
    pub(super) quoted: bool,
    content: Rc<Content>,
}

/// What an argument is made of. Most are plain text, of which units are made only where a rule asks for them.
#[derive(Debug, Default)]
struct Content {
    /// Neither globs nor unknowns.
    literal: bool,
    units: OnceCell<Vec<Unit>>,
    text: OnceCell<Word>,
}

impl Arg {
    /// An argument of these units.
    pub(super) fn new(units: Vec<Unit>, quoted: bool) -> Self {
        let literal = units.iter().all(|unit| matches!(unit, Unit::Lit(_)));
        let content = Content { literal, units: OnceCell::from(units), text: OnceCell::new() };
        Self { quoted, content: Rc::new(content) }
    }

    /// An argument that is plain text.
    pub(super) fn plain(text: impl Into<Word>) -> Self {
        let content = Content { literal: true, units: OnceCell::new(), text: OnceCell::from(text.into()) };
        Self { quoted: true, content: Rc::new(content) }
    }

    /// The same without quotes.
    pub(super) fn bare(text: impl Into<Word>) -> Self {
        Self { quoted: false, ..Self::plain(text) }
    }

    /// Its units.
    pub(super) fn units(&self) -> &[Unit] {
        self.content.units.get_or_init(|| literal(self.content.text.get().map_or("", |text| text)))
    }

    /// Its text; unknown units count as empty, globs as they are written.
    pub(super) fn text(&self) -> &str {
        let units = || self.content.units.get().map(Vec::as_slice).unwrap_or_default();
        self.content.text.get_or_init(|| Word::from(super::glob::text(units())))
    }

    /// Its text, if it is known and holds no glob.
    pub(super) fn literal(&self) -> Option<&str> {
        self.content.literal.then(|| self.text())
    }

    /// How much there is of it, for the count of work.
    pub(super) fn size(&self) -> usize {
        self.literal().map_or_else(|| self.units().len(), str::len)
    }

    /// Whether it holds this character, itself and no glob.
    pub(super) fn has(&self, c: char) -> bool {
        self.literal().map_or_else(|| self.units().contains(&Unit::Lit(c)), |text| text.contains(c))
    }

    /// Whether it plainly leads down, to a place below wherever it is read, as most words of a long list do: its letters
    /// mean nothing but themselves, no name in it is `..`, and it begins with no option, dot or glob.
    pub(super) fn descends(&self) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ' ');
        if let Some(text) = self.literal() {
            let first = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            return first && text.chars().all(plain) && !holds(text, *b"..");
        }
        let units = self.units();
        matches!(units.first(), Some(Unit::Lit(c)) if c.is_ascii_alphanumeric() || *c == '_')
            && units.iter().all(|unit| unit.is_glob() || matches!(unit, Unit::Lit(c) if plain(*c)))
            && !units.windows(2).any(|two| two == [Unit::Lit('.'), Unit::Lit('.')])
    }

    /// Whether it holds a glob.
    pub(super) fn has_glob(&self) -> bool {
        !self.content.literal && self.units().iter().any(Unit::is_glob)
    }

    /// Whether it begins with a glob.
    pub(super) fn starts_with_glob(&self) -> bool {
        let mut units = self.units().iter();
        !self.content.literal && units.find(|unit| !unit.is_unknown()).is_some_and(Unit::is_glob)
    }

    /// Whether all of it is known.
    pub(super) fn is_known(&self) -> bool {
        self.content.literal || !self.units().iter().any(Unit::is_unknown)
    }

    /// Whether all of it is unknown; true of nothing at all.
    pub(super) fn is_unknown(&self) -> bool {
        match self.literal() {
            Some(text) => text.is_empty(),
            None => self.units().iter().all(Unit::is_unknown),
        }
    }

    /// Whether some part comes from the network.
    pub(super) fn is_from_network(&self) -> bool {
        let network = |unit: &Unit| matches!(unit, Unit::Unknown { network: true });
        !self.content.literal && self.units().iter().any(network)
    }

    /// Whether nothing remains of it when unknowns are empty.
    pub(super) fn vanishes(&self) -> bool {
        !self.quoted && self.is_unknown() && !self.is_from_network()
    }

    /// The same word, taken to be there whatever its value is.
    pub(super) fn present(&self) -> Self {
        Self { quoted: true, ..self.clone() }
    }

    /// The rest after the first `count` known units.
    pub(super) fn tail(&self, count: usize) -> Self {
        if let Some(text) = self.literal() {
            return Self::plain(text.chars().skip(count).collect::<String>());
        }
        let mut left = count;
        let rest = self.units().iter().skip_while(|unit| {
            let skip = left > 0;
            if !unit.is_unknown() {
                left = left.saturating_sub(1);
            }
            skip
        });
        Self::new(rest.cloned().collect(), true)
    }
}
