//! Text that could not be followed as a tree, read without its brackets and quotes.
//!
//! Owns: the last resort of deny. Must never be the only look at a text, and never allow.

use super::syntax::read;
use super::walk::{Input, Walker};

impl Walker<'_> {
    /// The last resort for code too deep to read as a tree: brackets and quotes become separators.
    pub(super) fn flat(&mut self, code: &str) {
        self.flat = true;
        let budget = std::mem::replace(&mut self.budget, code.len() * 32 + 8192);
        // The text of a here-document and the operands of a test become commands like the rest.
        let text: String = code
            .replace("<<", ";")
            .replace("[[", ";")
            .chars()
            .filter(|c| !matches!(c, '"' | '\'' | '\\' | '$'))
            .map(|c| if matches!(c, '(' | ')' | '`' | '{' | '}') { ';' } else { c })
            .collect();
        // What names neither a path nor a program that a rule is about is passed over anyway.
        let matters =
            |part: &&str| part.contains(['/', '<', '>']) || part.split_whitespace().any(Self::is_dangerous);
        let parts: Vec<&str> = text.split([';', '&', '|', '\n']).filter(matters).collect();
        let tree = read(&parts.join("\n"));
        self.list(&tree, &tree.list, &Input::default());
        self.flat = false;
        self.budget = budget;
    }
}
