//! Characters → lists, pipelines, simple commands, redirections.
//!
//! Owns: the position in the text. Must never leave a character unread.

use std::rc::Rc;

use super::reserved::{OTHER, reserved};
use super::{Body, Command, Join, Kind, List, Redirect, Step, Tree, Word};
use crate::policy::nest;
use crate::policy::track::assignment;

const MAX_DEPTH: u32 = 40;
/// The most commands of one text that are read as a tree.
const MAX_COMMANDS: usize = 10_000;
/// The longest subscript of an assigned element that is read as one.
const MAX_SUBSCRIPT: usize = 128;
const TRANSPARENT: &[&str] = &["then", "else", "elif", "do"];
const CLOSERS: &[&str] = &["fi", "done", "esac", "}"];

/// Reads a text.
pub(in crate::policy) fn read(text: &str) -> Tree {
    let ascii = text.is_ascii().then(|| Rc::from(text));
    let mut reader = Reader { chars: nest::letters(text), ascii, ..Reader::default() };
    let mut list = List::new();
    while reader.pos < reader.chars.len() {
        let start = reader.pos;
        list.append(&mut reader.list(""));
        if reader.pos == start {
            reader.pos += 1;
        }
        if reader.pos < reader.chars.len() {
            reader.tree.marks.broken = true;
        }
    }
    reader.newline_bodies();
    reader.tree.list = list;
    reader.tree
}

#[derive(Default)]
pub(super) struct Reader {
    pub(super) chars: Vec<char>,
    /// The text itself, where its bytes are its characters: words are then parts of it.
    ascii: Option<Rc<str>>,
    pub(super) pos: usize,
    pub(super) depth: u32,
    pub(super) tree: Tree,
    pub(super) owed: Vec<(usize, String, bool)>,
    /// Where the word that was read last begins and ends.
    last: (usize, usize),
    /// A `[[` was found not to close: none behind it does.
    pub(super) unclosed: bool,
    /// What the last glance said, and where.
    glanced: Option<(usize, &'static str)>,
    /// Characters that were read for the end of a `((`.
    pub(super) scanned: usize,
    /// Commands that were begun.
    commands: usize,
}

impl Reader {
    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.pos).copied()
    }

    pub(super) fn at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.pos + ahead).copied()
    }

    pub(super) fn starts(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.at(i) == Some(c))
    }

    /// Skips blanks, line continuations and comments.
    pub(super) fn blanks(&mut self) {
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' => self.pos += 1,
                '\\' if self.at(1) == Some('\n') => self.pos += 2,
                '#' => {
                    self.tree.marks.structure = true;
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.pos += 1;
                    }
                }
                _ => break,
            }
        }
    }

    /// Skips blanks and newlines.
    pub(super) fn gap(&mut self) {
        loop {
            self.blanks();
            if self.peek() == Some('\n') {
                self.newline();
            } else {
                break;
            }
        }
    }

    /// The raw word that begins here as far as it can be a reserved one, not consumed; empty when an operator does.
    pub(super) fn glance(&mut self) -> &'static str {
        let start = self.pos;
        if self.glanced.is_none_or(|(at, _)| at != start) {
            self.skip_word();
            let end = std::mem::replace(&mut self.pos, start);
            self.glanced = Some((start, reserved(&self.chars[start..end])));
        }
        self.glanced.map_or(OTHER, |(_, word)| word)
    }

    /// Reads until the closer: a word such as `fi`, `)`, or `;;` for a case branch.
    pub(super) fn list(&mut self, closer: &str) -> List {
        let mut list = List::new();
        let mut chain = 0;
        let mut join = Join::Fresh;
        loop {
            self.gap();
            let Some(c) = self.peek() else {
                self.tree.marks.broken |= !closer.is_empty();
                return list;
            };
            if c == ')' {
                if closer == ")" {
                    self.pos += 1;
                    return list;
                }
                self.tree.marks.broken = true;
                self.pos += 1;
                continue;
            }
            if c == ';' {
                if closer == ";;" && self.at(1).is_some_and(|c| c == ';' || c == '&') {
                    return list;
                }
                self.pos += 1;
                continue;
            }
            if c == '&' || c == '|' {
                self.pos += 1;
                self.tree.marks.broken = true;
                continue;
            }
            let word = self.glance();
            if TRANSPARENT.contains(&word) {
                if matches!(word, "else" | "elif") {
                    join = Join::Branch;
                }
                self.skip_word();
                self.tree.marks.structure = true;
                continue;
            }
            if CLOSERS.contains(&word) {
                if closer == ";;" && word == "esac" {
                    return list;
                }
                self.skip_word();
                if word == closer {
                    return list;
                }
                self.tree.marks.broken = true;
                continue;
            }
            let start = self.pos;
            let step = Step { join, stages: self.pipeline(), background: false };
            if self.pos == start {
                self.pos += 1;
                self.tree.marks.broken = true;
                continue;
            }
            list.push(step);
            self.blanks();
            if self.starts("&&") || self.starts("||") {
                join = if self.peek() == Some('|') { Join::Or } else { Join::And };
                self.pos += 2;
            } else {
                join = Join::Fresh;
                if self.peek() == Some('&') {
                    self.pos += 1;
                    self.tree.marks.structure = true;
                    for step in &mut list[chain..] {
                        step.background = true;
                    }
                }
                chain = list.len();
            }
        }
    }

    pub(super) fn pipeline(&mut self) -> Vec<Command> {
        // Most pipelines are one command, and most commands redirect once at most: a text can have very many.
        let mut stages = Vec::with_capacity(1);
        loop {
            self.gap();
            while matches!(self.glance(), "!" | "time") {
                let timed = &*self.word() == "time";
                self.tree.marks.structure = true;
                self.blanks();
                while timed && matches!(self.glance(), "-p" | "--") {
                    self.skip_word();
                    self.blanks();
                }
            }
            if let Some(command) = self.command() {
                stages.push(command);
            }
            self.blanks();
            if self.peek() == Some('|') && self.at(1) != Some('|') {
                self.pos += 1;
                if self.peek() == Some('&') {
                    self.tree.marks.structure = true;
                    self.pos += 1;
                }
                if self.peek().is_none() {
                    self.tree.marks.broken = true;
                    return stages;
                }
            } else {
                return stages;
            }
        }
    }

    pub(super) fn command(&mut self) -> Option<Command> {
        self.commands += 1;
        if self.commands > MAX_COMMANDS {
            self.tree.marks.too_deep = true;
            self.pos = self.chars.len();
            return None;
        }
        if self.depth >= MAX_DEPTH {
            self.tree.marks.too_deep = true;
            if self.peek() == Some('(') {
                self.pos += 1;
                return None;
            }
            return Some(self.simple());
        }
        self.depth += 1;
        let kind = self.compound();
        self.depth -= 1;
        let Some(kind) = kind else { return Some(self.simple()) };
        self.tree.marks.structure = true;
        let mut redirects = Vec::new();
        loop {
            self.blanks();
            let Some(redirect) = self.redirect() else { break };
            redirects.push(redirect);
        }
        Some(Command { kind, redirects })
    }

    pub(super) fn simple(&mut self) -> Command {
        let (mut words, mut redirects) = (Vec::new(), Vec::new());
        let mut prefix = true;
        loop {
            self.blanks();
            if let Some(redirect) = self.redirect() {
                if redirects.is_empty() {
                    redirects.reserve_exact(1);
                }
                redirects.push(redirect);
                continue;
            }
            let element = if prefix { self.element() } else { String::new() };
            let mut word = self.word();
            if !element.is_empty() {
                word = Word::from(element + &word);
            }
            if word.is_empty() {
                if self.peek() == Some('(') {
                    // Not shell grammar: keep reading, so that what follows is still seen.
                    self.tree.marks.broken = true;
                }
                return Command { kind: Kind::Simple(words), redirects };
            }
            prefix = prefix && assignment(&word).is_some();
            words.push(word);
        }
    }

    pub(super) fn redirect(&mut self) -> Option<Redirect> {
        let start = self.pos;
        if !self.peek().is_some_and(|c| c.is_ascii_digit() || matches!(c, '<' | '>' | '&' | '{')) {
            return None;
        }
        if self.peek() == Some('{') {
            while self.peek().is_some_and(|c| c == '{' || c == '}' || c == '_' || c.is_ascii_alphanumeric()) {
                self.pos += 1;
            }
        }
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.pos += 1;
        }
        let fd: String = self.chars[start..self.pos].iter().collect();
        let operators = ["&>>", "&>", "<<<", "<<-", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">"];
        let process = matches!(self.peek(), Some('<' | '>')) && self.at(1) == Some('(');
        let op = operators.into_iter().find(|op| self.starts(op) && (fd.is_empty() || !op.starts_with('&')));
        let Some(op) = op.filter(|_| !process) else {
            self.pos = start;
            return None;
        };
        self.pos += op.len();
        self.blanks();
        let target = self.word();
        let mut body = None;
        if op == "<<" || op == "<<-" {
            self.tree.marks.structure = true;
            let index = self.tree.bodies.len();
            let bare = target.replace("$'", "'").replace("$\"", "\"");
            let plain: String = bare.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
            self.tree.bodies.push(Body { text: String::new(), expands: plain == *target });
            self.owed.push((index, plain, op == "<<-"));
            body = Some(index);
        }
        self.tree.marks.broken |= target.is_empty();
        Some(Redirect { fd, op, target, body })
    }

    /// Consumes `name[subscript]` before a `=`: blanks in such a subscript separate nothing.
    fn element(&mut self) -> String {
        let start = self.pos;
        let mut at = start;
        while self.chars.get(at).is_some_and(|c| *c == '_' || c.is_ascii_alphanumeric()) {
            at += 1;
        }
        if at == start || self.chars.get(at) != Some(&'[') {
            return String::new();
        }
        let window = &self.chars[..self.chars.len().min(at + MAX_SUBSCRIPT)];
        let end = nest::close(window, at, ']');
        if end == window.len() && end < self.chars.len() {
            self.tree.marks.too_deep = true;
        }
        let assigns = matches!(self.chars.get(end..end + 1), Some(['=']))
            || matches!(self.chars.get(end..end + 2), Some(['+', '=']));
        if !assigns {
            return String::new();
        }
        self.pos = end;
        self.chars[start..end].iter().collect()
    }

    /// Consumes one raw word; empty when an operator or the end is here.
    pub(super) fn word(&mut self) -> Word {
        let start = self.pos;
        self.skip_word();
        let word = self.ascii.as_ref().and_then(|text| Word::within(text, start..self.pos));
        word.unwrap_or_else(|| Word::from(self.chars[start..self.pos].iter().collect::<String>()))
    }

    /// Passes over one raw word.
    pub(super) fn skip_word(&mut self) {
        let start = self.pos;
        if self.last.0 == start && self.last.1 > start {
            self.pos = self.last.1;
            return;
        }
        while let Some(c) = self.peek() {
            match c {
                '<' | '>' if self.at(1) == Some('(') => {
                    self.pos = nest::close(&self.chars, self.pos + 1, ')');
                }
                ' ' | '\t' | '\n' | ';' | '&' | '|' | ')' | '<' | '>' => break,
                '(' => {
                    let array = self.pos > start + 1 && self.chars[self.pos - 1] == '=';
                    if !array {
                        break;
                    }
                    self.pos = nest::close(&self.chars, self.pos, ')');
                }
                _ => self.pos = nest::skip(&self.chars, self.pos),
            }
        }
        self.last = (start, self.pos);
    }
}
