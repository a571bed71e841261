//! What follows a `$`: substitutions, arithmetic, variables and their defaults.
//!
//! Owns: which expansions are known. Must never drop the word inside an expansion: code hides there (I7).

use super::glob::Unit;
use super::nest;
use super::word::{Lexer, Look, Mark, NESTED, Value, decode_text};

/// Whether what stands in `$(…)` is arithmetic and nothing else: names, numbers, operators.
fn is_sum(code: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_ \t+-*/%<>=,?:".contains(c);
    let inner = code.strip_prefix('(').and_then(|code| code.strip_suffix(')'));
    inner.is_some_and(|code| code.chars().all(plain))
}

/// Characters without the double quotes that nothing escapes; what substitutions hold stays as it is.
fn unquoted(chars: &[char]) -> Vec<char> {
    let mut out = Vec::with_capacity(chars.len());
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        let end = match c {
            '"' => {
                at += 1;
                continue;
            }
            '\\' | '`' => nest::skip(chars, at),
            '$' if matches!(chars.get(at + 1), Some('(' | '{' | '[')) => nest::skip(chars, at),
            _ => at + 1,
        };
        out.extend_from_slice(&chars[at..end]);
        at = end;
    }
    out
}

/// Gives names the letters that braces have put behind them, and their values.
pub(super) fn name(marks: Vec<Mark>, look: &mut dyn Look) -> Vec<Mark> {
    let mut out = Vec::with_capacity(marks.len());
    let mut marks = marks.into_iter().peekable();
    while let Some(mark) = marks.next() {
        let Mark::Name(mut name) = mark else {
            out.push(mark);
            continue;
        };
        while let Some(Mark::Unit(Unit::Lit(c))) = marks.peek()
            && (*c == '_' || c.is_ascii_alphanumeric())
        {
            name.push(*c);
            marks.next();
        }
        if name.is_empty() || name == "IFS" {
            out.push(if name.is_empty() { Mark::Unit(Unit::Lit('$')) } else { Mark::Split });
            continue;
        }
        match look.variable(&name) {
            Value::Known(text) => {
                look.spend(20 + text.len() * 2);
                out.extend(text.chars().map(|c| Mark::Unit(Unit::Lit(c))));
            }
            Value::Unknown { network } => out.push(Mark::Unit(Unit::Unknown { network })),
        }
    }
    out
}

impl Lexer<'_> {
    pub(super) fn dollar(&mut self, quoted: bool) {
        // The shell joins continued lines before it looks at what a `$` begins.
        while self.chars.get(self.pos..self.pos + 2) == Some(&['\\', '\n']) {
            self.pos += 2;
        }
        let here = self.pos;
        match self.chars.get(here).copied() {
            Some('(') => {
                let end = nest::close(&self.chars, here, ')');
                let closed = end - usize::from(self.chars.get(end - 1) == Some(&')'));
                self.pos = end;
                let code = self.slice(here + 1, closed);
                if nest::is_doubtful(&code) {
                    self.look.doubt();
                    self.look.spend(code.len() * 4);
                }
                if let Some(text) = code.strip_prefix('(').and_then(|code| code.strip_suffix(')')) {
                    let text = decode_text(text, self.look);
                    self.unknown(text.is_from_network());
                }
                if is_sum(&code) {
                    return;
                }
                let network = self.look.code(&code);
                self.unknown(network);
            }
            Some('[') => {
                let end = nest::close(&self.chars, here, ']');
                self.pos = end;
                let text = self.slice(here + 1, end.saturating_sub(1));
                let text = decode_text(&text, self.look);
                self.unknown(text.is_from_network());
            }
            Some('{') => {
                let end = nest::close(&self.chars, here, '}');
                self.pos = end;
                let inner = self.slice(here + 1, end.saturating_sub(1));
                self.parameter(&inner, quoted);
            }
            Some(c) if c == '_' || c.is_ascii_alphabetic() => {
                let mut end = here;
                while self.chars.get(end).is_some_and(|c| *c == '_' || c.is_ascii_alphanumeric()) {
                    end += 1;
                }
                let name = self.slice(here, end);
                self.pos = end;
                self.named(name, quoted);
            }
            Some(c) if c.is_ascii_digit() || "@*#?$!-".contains(c) => {
                self.pos += 1;
                let network = matches!(self.look.variable(&c.to_string()), Value::Unknown { network: true });
                self.unknown(network);
            }
            Some(',' | '}') if !quoted => self.named(String::new(), quoted),
            _ => self.lit('$'),
        }
    }

    /// What a name stands for, unless braces have a say in it.
    fn named(&mut self, name: String, quoted: bool) {
        if !quoted && matches!(self.chars.get(self.pos), Some('{' | ',' | '}')) {
            self.out.push(Mark::Name(name));
        } else {
            self.value(&name, quoted);
        }
    }

    fn value(&mut self, name: &str, quoted: bool) {
        if name == "IFS" && !quoted {
            self.out.push(Mark::Split);
            return;
        }
        match self.look.variable(name) {
            Value::Known(text) => {
                self.look.spend(20 + text.len() * 2);
                self.out.extend(text.chars().map(|c| Mark::Unit(Unit::Lit(c))));
            }
            Value::Unknown { network } => self.unknown(network),
        }
    }

    fn parameter(&mut self, inner: &str, quoted: bool) {
        let parameters = inner.starts_with(['@', '*']);
        let name: String = if parameters {
            inner.chars().take(1).collect()
        } else {
            inner.chars().take_while(|c| *c == '_' || c.is_ascii_alphanumeric()).collect()
        };
        let rest = &inner[name.len()..];
        // The first of a list that has only one.
        if matches!(rest, "" | "[0]" | "[@]" | "[*]") && !name.is_empty() {
            return self.value(&name, quoted);
        }
        let known = match self.look.variable(&name) {
            Value::Known(text) if !name.is_empty() => Some(text),
            Value::Unknown { network: true } => {
                if rest == "@P" {
                    // The value is read as a prompt is, with its substitutions: as good as `eval`.
                    self.look.code(&format!("eval \"${{{name}}}\""));
                }
                self.unknown(true);
                None
            }
            _ => None,
        };
        let operator =
            ["::", ":-", ":=", ":?", ":+", "-", "=", "?", "+"].into_iter().find(|op| rest.starts_with(op));
        let word = rest[operator.map_or(0, str::len)..].to_owned();
        let mut inside = match known {
            Some(text) if operator.is_some_and(|op| !op.ends_with('+')) => {
                self.out.extend(text.chars().map(|c| Mark::Unit(Unit::Lit(c))));
                self.nested(&word, quoted);
                return;
            }
            Some(text) if operator.is_none() => {
                if let Some(part) = super::brace::substring(&text, rest) {
                    self.out.extend(part.chars().map(|c| Mark::Unit(Unit::Lit(c))));
                    return;
                }
                self.nested(&word, quoted)
            }
            _ => self.nested(&word, quoted),
        };
        if name == "IFS" && !quoted {
            self.out.push(Mark::Split);
        }
        let network = inside.iter().any(|mark| matches!(mark, Mark::Unit(Unit::Unknown { network: true })));
        self.unknown(network);
        if network && operator.is_some_and(|op| op.ends_with('=')) {
            self.look.taken(&name);
        }
        let defaults = operator.is_some_and(|op| op.ends_with('-') || op.ends_with('='));
        let alternative =
            operator.is_some_and(|op| op.ends_with('+')) && matches!(name.as_str(), "HOME" | "PWD" | "USER");
        if defaults || alternative {
            let alone = matches!(inside.get(1), None | Some(Mark::Unit(Unit::Lit('/'))));
            if !quoted && alone && inside.first() == Some(&Mark::Tilde) {
                let home = self.look.home();
                inside.splice(..1, home.chars().map(|c| Mark::Unit(Unit::Lit(c))));
            }
            self.out.extend(inside);
        }
    }

    /// Decodes the word inside a parameter expansion, so that its substitutions are seen.
    fn nested(&mut self, word: &str, quoted: bool) -> Vec<Mark> {
        if !self.look.spend(word.len() * 2 + NESTED) {
            return Vec::new();
        }
        let mut lexer = Lexer::new(word, false, self.look);
        if quoted {
            // Quotes within a quoted expansion open and close, and are no part of it.
            lexer.chars = unquoted(&lexer.chars);
            lexer.double(false);
        } else {
            lexer.unquoted();
        }
        lexer.out
    }
}
