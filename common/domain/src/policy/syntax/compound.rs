//! Groups, control flow, functions, `[[ ]]` and `(( ))`.
//!
//! Owns: what opens and closes a compound command. Must never fail: a missing closer ends at the end of the text.

use std::rc::Rc;

use super::reader::Reader;
use super::{Command, Join, Kind, List, Runs, Step, Word};
use crate::policy::nest;

/// How often a text is read to its end for a `((` that does not close as one, until its brackets are read as groups.
const MOST_SCANNED: usize = 3;

impl Reader {
    pub(super) fn compound(&mut self) -> Option<Kind> {
        if self.starts("((")
            && let Some(text) = self.arithmetic()
        {
            return Some(Kind::Arithmetic(text));
        }
        if self.peek() == Some('(') {
            self.pos += 1;
            let body = self.list(")");
            return Some(Kind::Group { subshell: true, words: Vec::new(), body, runs: Runs::Once });
        }
        let word = self.glance();
        let group = |body, runs| Kind::Group { subshell: false, words: Vec::new(), body, runs };
        match word {
            "{" => {
                self.skip_word();
                Some(group(self.list("}"), Runs::Once))
            }
            "if" => {
                self.skip_word();
                Some(group(self.list("fi"), Runs::Partly))
            }
            "while" | "until" => {
                self.skip_word();
                Some(group(self.list("done"), Runs::Often))
            }
            "for" | "select" => Some(self.each()),
            "case" => Some(self.case()),
            "coproc" => Some(self.coprocess()),
            "[[" => Some(self.test()),
            "function" => {
                self.skip_word();
                self.blanks();
                let name = self.word().to_string();
                self.blanks();
                if self.starts("()") {
                    self.pos += 2;
                }
                self.function(name)
            }
            "" => None,
            _ => {
                let start = self.pos;
                self.skip_word();
                let end = self.pos;
                self.blanks();
                if self.peek() == Some('(') {
                    self.pos += 1;
                    self.blanks();
                    if self.peek() == Some(')') {
                        self.pos += 1;
                        let name = self.chars[start..end].iter().collect();
                        return self.function(name);
                    }
                }
                self.pos = start;
                None
            }
        }
    }

    /// The text of `((…))` that begins here, if it closes as one.
    pub(super) fn arithmetic(&mut self) -> Option<String> {
        if self.scanned > MOST_SCANNED * self.chars.len() {
            self.tree.marks.too_deep = true;
            return None;
        }
        let end = nest::close(&self.chars, self.pos + 1, ')');
        self.scanned += end - self.pos;
        if self.chars.get(end) != Some(&')') {
            return None;
        }
        let text = self.chars.get(self.pos + 2..end - 1).map(|text| text.iter().collect());
        self.pos = end + 1;
        text
    }

    pub(super) fn function(&mut self, name: String) -> Option<Kind> {
        self.gap();
        if self.peek() == Some('{') && self.at(1).is_some_and(|c| !c.is_whitespace()) {
            // `:(){:|:&};:` is no bash, but it is clear what it wants to be.
            self.tree.marks.broken = true;
            self.pos += 1;
            let body =
                Kind::Group { subshell: false, words: Vec::new(), body: self.list("}"), runs: Runs::Once };
            return Some(Kind::Function {
                name,
                body: Rc::new(Command { kind: body, redirects: Vec::new() }),
            });
        }
        let body = Rc::new(self.command()?);
        Some(Kind::Function { name, body })
    }

    pub(super) fn each(&mut self) -> Kind {
        self.skip_word();
        self.blanks();
        let mut words = Vec::new();
        if self.starts("((") {
            if let Some(text) = self.arithmetic() {
                words.push(Word::from(format!("\"$(({text}))\"")));
            }
        } else {
            let name = self.word();
            self.gap();
            if self.glance() == "in" {
                self.skip_word();
                loop {
                    self.blanks();
                    let word = self.word();
                    if word.is_empty() {
                        break;
                    }
                    // Each value is an assignment: what comes from the network stays known as such.
                    words.push(Word::from(format!("{}={}", &*name, &*word)));
                }
            }
        }
        self.gap();
        if self.peek() == Some(';') {
            self.pos += 1;
            self.gap();
        }
        let closer = if self.glance() == "{" { "}" } else { "done" };
        if closer == "}" {
            self.skip_word();
        }
        Kind::Group { subshell: false, words, body: self.list(closer), runs: Runs::Often }
    }

    pub(super) fn case(&mut self) -> Kind {
        self.skip_word();
        self.blanks();
        let mut words = vec![self.word()];
        let (mut body, mut apart) = (List::new(), true);
        self.gap();
        if self.glance() == "in" {
            self.skip_word();
        }
        loop {
            self.gap();
            if self.peek().is_none() {
                self.tree.marks.broken = true;
                break;
            }
            if self.glance() == "esac" {
                self.skip_word();
                break;
            }
            let start = self.pos;
            while let Some(c) = self.peek() {
                self.blanks();
                match c {
                    ')' => {
                        self.pos += 1;
                        break;
                    }
                    '(' | '|' => self.pos += 1,
                    _ => {
                        let word = self.word();
                        if word.is_empty() && !matches!(self.peek(), Some(')' | '(' | '|')) {
                            break;
                        }
                        words.push(word);
                    }
                }
            }
            let mut branch = self.list(";;");
            if let Some(first) = branch.first_mut().filter(|_| apart) {
                first.join = Join::Branch;
            }
            body.append(&mut branch);
            // `;&` goes on with the next branch.
            apart = !self.starts(";&");
            while matches!(self.peek(), Some(';' | '&')) {
                self.pos += 1;
            }
            if self.pos == start {
                self.tree.marks.broken = true;
                self.pos += 1;
            }
        }
        Kind::Group { subshell: false, words, body, runs: Runs::Partly }
    }

    pub(super) fn coprocess(&mut self) -> Kind {
        self.skip_word();
        self.blanks();
        let start = self.pos;
        let name = self.word();
        self.blanks();
        let named = !name.is_empty() && (self.peek() == Some('(') || self.glance() == "{");
        if !named {
            self.pos = start;
        }
        let stages = self.command().into_iter().collect();
        let body = vec![Step { stages, background: true, ..Step::default() }];
        let words = if named { vec![name] } else { Vec::new() };
        Kind::Group { subshell: true, words, body, runs: Runs::Beside }
    }

    pub(super) fn test(&mut self) -> Kind {
        self.skip_word();
        let start = self.pos;
        let mut words = Vec::new();
        if self.unclosed {
            self.tree.marks.broken = true;
            return Kind::Test(words);
        }
        loop {
            self.gap();
            let word = self.word();
            if &*word == "]]" {
                break;
            }
            if word.is_empty() && self.peek().is_none() {
                // It never closes: what follows is read as commands, so that deny rules see it.
                self.tree.marks.broken = true;
                self.unclosed = true;
                self.pos = start;
                return Kind::Test(Vec::new());
            }
            if word.is_empty() {
                self.pos += 1;
            } else {
                words.push(word);
            }
        }
        Kind::Test(words)
    }
}
