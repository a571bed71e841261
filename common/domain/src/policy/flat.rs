//! Text that could not be followed as a tree, read without its brackets and quotes.
//!
//! Owns: the last resort of deny. Must never be the only look at a text, and never allow.

use super::syntax::read;
use super::walk::{Input, Walker};
use super::word::Look as _;

impl Walker<'_> {
    /// The last resort for code too deep to read as a tree: brackets and quotes become separators.
    pub(super) fn flat(&mut self, code: &str) {
        self.flat = true;
        let budget = std::mem::replace(&mut self.budget, code.len() * 2 + 8192);
        // The text of a here-document and the operands of a test become commands like the rest.
        let text: String = code
            .replace("<<", ";")
            .replace("[[", ";")
            .chars()
            .filter(|c| !matches!(c, '"' | '\'' | '\\' | '$'))
            .map(|c| if matches!(c, '(' | ')' | '`' | '{' | '}') { ';' } else { c })
            .collect();
        // What names neither a path nor a program that a rule is about is passed over anyway. Those programs first: what
        // stands before them may use all of the work.
        let parts = text.split([';', '&', '|', '\n']).filter(|part| !part.is_empty());
        let (commands, others): (Vec<&str>, Vec<&str>) =
            parts.partition(|part| part.split_whitespace().any(Self::is_dangerous));
        let paths = others.into_iter().filter(|part| part.contains(['/', '<', '>']));
        for part in commands.into_iter().chain(paths) {
            if !self.spend(20 + part.len()) {
                break;
            }
            let tree = read(part);
            self.list(&tree, &tree.list, &Input::default());
        }
        self.flat = false;
        self.budget = budget;
    }
}
