//! Here-documents: their bodies, which begin behind the line that owes them.
//!
//! Owns: which text belongs to which redirection. Must never take a line of a body for a command.

use super::reader::Reader;

impl Reader {
    pub(super) fn newline(&mut self) {
        self.pos += 1;
        self.newline_bodies();
    }

    /// Reads the bodies of here-documents whose line has ended.
    pub(super) fn newline_bodies(&mut self) {
        for (index, delimiter, tabs) in std::mem::take(&mut self.owed) {
            let mut text = String::new();
            let mut closed = false;
            while self.pos < self.chars.len() {
                let end = self.chars[self.pos..].iter().position(|c| *c == '\n');
                let stop = end.map_or(self.chars.len(), |end| self.pos + end);
                let line: String = self.chars[self.pos..stop].iter().collect();
                self.pos = (stop + 1).min(self.chars.len());
                let line = if tabs { line.trim_start_matches('\t').to_owned() } else { line };
                if line == delimiter {
                    closed = true;
                    break;
                }
                text.push_str(&line);
                text.push('\n');
            }
            self.tree.marks.broken |= !closed;
            if let Some(body) = self.tree.bodies.get_mut(index) {
                body.text = text;
            }
        }
    }
}
