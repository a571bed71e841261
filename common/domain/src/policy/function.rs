//! Functions and aliases that a text defines, and the positional parameters of what it calls.
//!
//! Owns: what a call of such a function does, with its input and its words. Must never follow calls without a bound.

use super::syntax::Tree;
use super::walk::{Facts, Input, Walker};
use super::word::{Arg, Look as _};

/// The name under which all of `$1 … $@ $*` are known.
pub(super) const PARAMETERS: &str = "@";
/// Aliases that are kept in mind.
const MAX_ALIASES: usize = 64;
/// Calls within calls that are followed.
const MAX_CALLS: u32 = 4;

impl Walker<'_> {
    /// Follows the call of a function that the text defines.
    pub(super) fn call(&mut self, name: &str, args: &[Arg], input: &Input) -> Facts {
        let Some(body) = self.functions.get(name).cloned() else { return Facts::default() };
        if self.calls >= MAX_CALLS || !self.spend(64) {
            return Facts::default();
        }
        self.calls += 1;
        let within = std::mem::replace(&mut self.within, true);
        let facts = self.with_parameters(args, |walker| walker.command(&Tree::default(), &body, input));
        self.within = within;
        self.calls -= 1;
        facts
    }

    /// Follows the definition of aliases: what they stand for, by itself.
    pub(super) fn define(&mut self, args: &[Arg]) -> Facts {
        let mut facts = Facts::default();
        for (name, code) in args.iter().filter_map(|arg| arg.text().split_once('=')) {
            facts.absorb(&self.apart(code, &Input::default()));
            if self.aliases.len() < MAX_ALIASES {
                self.aliases.insert(name.to_owned(), code.to_owned());
            }
        }
        facts
    }

    /// Follows a word that an earlier line made an alias, with the words behind it.
    pub(super) fn alias(&mut self, name: &str, args: &[Arg], input: &Input) -> Facts {
        let text = self.aliases.get(name).filter(|_| self.calls < MAX_CALLS).cloned();
        let Some(text) = text.filter(|_| self.spend(120)) else { return Facts::default() };
        let words: Vec<Arg> = std::iter::once(Arg::plain(text)).chain(args.iter().cloned()).collect();
        self.calls += 1;
        let facts = self.code(super::wrapper::join(&words).text(), input);
        self.calls -= 1;
        facts
    }

    /// Walks what these words are the positional parameters of.
    pub(super) fn with_parameters(&mut self, args: &[Arg], walk: impl FnOnce(&mut Self) -> Facts) -> Facts {
        let known = self.tainted.contains(PARAMETERS);
        if args.iter().any(Arg::is_from_network) {
            self.taint(PARAMETERS.to_owned());
        }
        let facts = walk(self);
        if !known {
            self.tainted.remove(PARAMETERS);
        }
        facts
    }
}
