//! Static decoding of one raw word: quotes, escapes, `$'…'`, tilde, `$HOME $PWD $USER`, globs.
//!
//! Owns: raw word → [`Arg`]s. Must never run or guess an expansion: what is not known is a unit of its own, and every
//! nested piece of code is handed to the [`Look`] (I7).

pub(super) use super::arg::Arg;
use super::glob::{Set, Unit};
use super::nest;
use super::syntax::Word;

/// What a variable is known to be.
pub(super) enum Value {
    /// This text.
    Known(String),
    /// Not known.
    Unknown {
        /// Assigned from the network earlier in the same text.
        network: bool,
    },
}

/// What decoding asks of its surroundings.
pub(super) trait Look {
    /// A substitution holds this code; says whether its output comes from the network.
    fn code(&mut self, code: &str) -> bool;
    /// A process substitution holds this code.
    fn process(&mut self, code: &str, writes: bool) -> bool;
    /// The value of a variable.
    fn variable(&mut self, name: &str) -> Value;
    /// A variable takes what comes from the network (`${x:=…}`).
    fn taken(&mut self, name: &str);
    /// The home directory.
    fn home(&self) -> String;
    /// The user's name.
    fn user(&self) -> String;
    /// The current directory.
    fn cwd(&self) -> String;
    /// Where a piece of code ends is doubtful.
    fn doubt(&mut self);
    /// Accounts for work; false when none is left.
    fn spend(&mut self, cost: usize) -> bool;
}

/// Whether a byte of a raw word means nothing but itself.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'_' | b'.' | b'/' | b'=' | b':' | b'+' | b'@' | b'%')
}

/// Whether braces, commas and the like are all that is not plain in a word, and mean nothing but themselves in it.
fn is_inert(raw: &str) -> bool {
    let inert = |byte| is_plain(byte) || matches!(byte, b'{' | b'}' | b',' | b'!' | b'^' | b']' | b'#');
    raw.bytes().all(inert) && !(raw.contains('{') && (raw.contains(',') || raw.contains("..")))
}

/// The text of a word that is one pair of quotes around what means nothing but itself.
fn within_quotes(raw: &str) -> Option<&str> {
    let single = raw.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    if let Some(text) = single {
        return (!text.contains('\'')).then_some(text);
    }
    let text = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))?;
    (!text.contains(['"', '$', '`', '\\'])).then_some(text)
}

/// Decodes one raw word into the arguments it becomes.
pub(super) fn decode(raw: &str, look: &mut dyn Look) -> Vec<Arg> {
    let mut args = Vec::new();
    decode_as(&mut args, raw, || Arg::bare(raw), look);
    args
}

/// The same, behind other arguments; one that stands for itself shares the word.
pub(super) fn decode_onto(args: &mut Vec<Arg>, raw: &Word, look: &mut dyn Look) {
    decode_as(args, raw, || Arg::bare(Word::clone(raw)), look);
}

fn decode_as(args: &mut Vec<Arg>, raw: &str, bare: impl FnOnce() -> Arg, look: &mut dyn Look) {
    if !look.spend(raw.len() / 4 + 6) || raw.is_empty() {
        return;
    }
    if raw.bytes().all(is_plain) || is_inert(raw) {
        // Most words stand for themselves.
        return args.push(bare());
    }
    if let Some(text) = within_quotes(raw) {
        return args.push(Arg::plain(text));
    }
    if !look.spend(raw.len() + 16) {
        return;
    }
    let mut lexer = Lexer::new(raw, false, look);
    lexer.unquoted();
    let (out, mut quoted) = (lexer.out, lexer.quoted);
    // These are no word at all where they hold nothing.
    quoted &= !(raw == "\"$@\"" || raw.starts_with("\"${") && raw.ends_with("[@]}\"") && out.len() == 1);
    if out.iter().all(|mark| matches!(mark, Mark::Unit(_))) {
        let arg = Arg::new(out.into_iter().filter_map(Mark::into_unit).collect(), quoted);
        if quoted || !arg.units().is_empty() {
            args.push(arg);
        }
        return;
    }
    let places = out.contains(&Mark::Tilde).then(|| (look.home(), look.user(), look.cwd()));
    let (home, user, cwd) = places.unwrap_or_default();
    let named = out.iter().any(|mark| matches!(mark, Mark::Name(_)));
    for mut part in super::brace::expand(out) {
        if !look.spend(part.len() * 2 + 36) {
            break;
        }
        if named {
            part = super::expansion::name(part, look);
        }
        args.extend(super::brace::fields(part, quoted, &home, &user, &cwd));
    }
}

/// What one level of nesting inside a word costs: it bounds how deep decoding goes into itself.
pub(super) const NESTED: usize = 64;
const MAX_CLASS: usize = 128;

/// Decodes text that expands but does not split: a here-document, an arithmetic text.
pub(super) fn decode_text(text: &str, look: &mut dyn Look) -> Arg {
    if !look.spend(text.len() / 8 + 20) {
        return Arg::default();
    }
    if !text.contains(['$', '`', '\\']) {
        return Arg::plain(text);
    }
    if !look.spend(text.len() + NESTED) {
        return Arg::default();
    }
    let mut lexer = Lexer::new(text, true, look);
    lexer.double(false);
    let units = lexer.out.into_iter().filter_map(Mark::into_unit).collect();
    Arg::new(units, true)
}

/// A unit, or a mark that only the later steps of decoding understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A finished unit.
    Unit(Unit),
    /// An unquoted `~`.
    Tilde,
    /// Unquoted brace syntax: `{`, `,` or `}`.
    Brace(char),
    /// A place where `$IFS` separates fields.
    Split,
    /// An unquoted `$` and the letters behind it, where braces go on: they may give the name more letters.
    Name(String),
}

impl Mark {
    /// The unit that remains when the mark has no effect.
    pub(super) fn into_unit(self) -> Option<Unit> {
        match self {
            Self::Unit(unit) => Some(unit),
            Self::Tilde => Some(Unit::Lit('~')),
            Self::Brace(c) => Some(Unit::Lit(c)),
            Self::Split => None,
            Self::Name(_) => Some(Unit::Unknown { network: false }),
        }
    }
}

pub(super) struct Lexer<'a> {
    pub(super) chars: Vec<char>,
    pub(super) pos: usize,
    pub(super) out: Vec<Mark>,
    pub(super) quoted: bool,
    /// A bracket expression was found not to close.
    pub(super) open: bool,
    pub(super) look: &'a mut dyn Look,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &str, quoted: bool, look: &'a mut dyn Look) -> Self {
        let chars = nest::letters(text);
        Self { pos: 0, out: Vec::with_capacity(chars.len()), chars, quoted, open: false, look }
    }

    pub(super) fn lit(&mut self, c: char) {
        self.out.push(Mark::Unit(Unit::Lit(c)));
    }

    pub(super) fn slice(&self, from: usize, to: usize) -> String {
        self.chars.get(from..to.max(from)).unwrap_or_default().iter().collect()
    }

    pub(super) fn unquoted(&mut self) {
        while let Some(c) = self.chars.get(self.pos).copied() {
            self.pos += 1;
            match c {
                '\\' => match self.chars.get(self.pos).copied() {
                    Some('\n') => self.pos += 1,
                    Some(next) => {
                        self.quoted = true;
                        self.lit(next);
                        self.pos += 1;
                    }
                    None => self.lit('\\'),
                },
                '\'' => {
                    let end = nest::single(&self.chars, self.pos);
                    self.single(end);
                }
                '"' => {
                    self.quoted = true;
                    self.double(true);
                }
                '$' if self.chars.get(self.pos) == Some(&'\'') => {
                    self.pos += 1;
                    let end = nest::ansi(&self.chars, self.pos);
                    let text = self.slice(self.pos, end.saturating_sub(1));
                    self.quoted = true;
                    for c in super::brace::ansi(&text) {
                        self.lit(c);
                    }
                    self.pos = end;
                }
                '$' if self.chars.get(self.pos) == Some(&'"') => {}
                '$' => self.dollar(false),
                '`' => self.backtick(false),
                '<' | '>' if self.chars.get(self.pos) == Some(&'(') => self.process(c == '>'),
                '*' => self.out.push(Mark::Unit(Unit::Star)),
                '?' => self.out.push(Mark::Unit(Unit::One)),
                '[' => self.class(),
                '~' => self.out.push(Mark::Tilde),
                '{' | ',' | '}' => self.out.push(Mark::Brace(c)),
                _ => self.lit(c),
            }
        }
    }

    pub(super) fn single(&mut self, end: usize) {
        self.quoted = true;
        let closed = self.chars.get(end - 1) == Some(&'\'') && end > self.pos;
        let text = self.slice(self.pos, if closed { end - 1 } else { end });
        for c in text.chars() {
            self.lit(c);
        }
        self.pos = end;
    }

    /// Text in double quotes; to the end when not `closing`.
    pub(super) fn double(&mut self, closing: bool) {
        while let Some(c) = self.chars.get(self.pos).copied() {
            self.pos += 1;
            match c {
                '"' if closing => return,
                '\\' => match self.chars.get(self.pos).copied() {
                    Some('\n') => self.pos += 1,
                    Some(next @ ('$' | '`' | '\\')) => {
                        self.lit(next);
                        self.pos += 1;
                    }
                    Some('"') if closing => {
                        self.lit('"');
                        self.pos += 1;
                    }
                    _ => self.lit('\\'),
                },
                '$' => self.dollar(true),
                '`' => self.backtick(true),
                _ => self.lit(c),
            }
        }
    }

    pub(super) fn unknown(&mut self, network: bool) {
        self.out.push(Mark::Unit(Unit::Unknown { network }));
    }

    pub(super) fn backtick(&mut self, quoted: bool) {
        let mut code = String::new();
        while let Some(c) = self.chars.get(self.pos).copied() {
            self.pos += 1;
            match c {
                '`' => break,
                '\\' => match self.chars.get(self.pos).copied() {
                    Some(next) if matches!(next, '`' | '\\' | '$') || (quoted && next == '"') => {
                        code.push(next);
                        self.pos += 1;
                    }
                    _ => code.push('\\'),
                },
                _ => code.push(c),
            }
        }
        let network = self.look.code(&code);
        self.unknown(network);
    }

    pub(super) fn process(&mut self, writes: bool) {
        let end = nest::close(&self.chars, self.pos, ')');
        let code = self.slice(self.pos + 1, end.saturating_sub(1));
        self.pos = end;
        if nest::is_doubtful(&code) {
            self.look.doubt();
            self.look.spend(code.len() * 4);
        }
        let network = self.look.process(&code, writes);
        self.quoted = true;
        self.unknown(network && !writes);
    }

    /// Looks at an expansion in a bracket expression; whether a slash in it means that it is none.
    fn class_code(&mut self, text: &str) -> bool {
        let mut lexer = Lexer::new(text, false, self.look);
        lexer.unquoted();
        lexer.out.contains(&Mark::Unit(Unit::Lit('/')))
    }

    pub(super) fn class(&mut self) {
        if self.open {
            return self.lit('[');
        }
        let start = self.pos;
        let mut set = Set { negated: false, ranges: Vec::new(), open: false };
        let mut at = start;
        if matches!(self.chars.get(at), Some('!' | '^')) {
            set.negated = true;
            at += 1;
        }
        let first = at;
        loop {
            if at > start + MAX_CLASS {
                // Too long to keep: it may match anything, if it closes at all.
                let Some(end) = self.chars[at..].iter().position(|c| *c == ']') else {
                    self.open = true;
                    return self.lit('[');
                };
                (set.open, at) = (true, at + end);
                break;
            }
            match self.chars.get(at).copied() {
                Some(']') if at > first => break,
                None | Some('/') => return self.lit('['),
                Some('$' | '`') => {
                    // What it expands to is in it, and may be anything; what it runs is seen here.
                    let end = nest::skip(&self.chars, at);
                    let text = self.slice(at, end);
                    if end == at + 1 || self.class_code(&text) {
                        return self.lit('[');
                    }
                    (set.open, at) = (true, end);
                }
                Some(quote @ ('\'' | '"')) => {
                    // What is quoted in it means itself, and may begin or end a range.
                    let rest = &self.chars[at + 1..];
                    let Some(length) = rest.iter().position(|c| *c == quote) else { return self.lit('[') };
                    let members = &rest[..length];
                    if members.contains(&'/') {
                        return self.lit('[');
                    }
                    set.open |= members.iter().any(|c| matches!(c, '$' | '`'));
                    set.ranges.extend(members.iter().map(|c| (*c, *c)));
                    set.open |=
                        members.is_empty() || members.contains(&'\\') || rest.get(length + 1) == Some(&'-');
                    at += length + 2;
                }
                Some('[') if matches!(self.chars.get(at + 1), Some(':' | '.' | '=')) => {
                    // Without its own end it is a bracket like any other character.
                    let kind = [self.chars[at + 1], ']'];
                    let end = self.chars[at + 2..].windows(2).position(|two| two == kind);
                    let name: String = self.chars[at + 2..at + 2 + end.unwrap_or(0)].iter().collect();
                    match super::glob::named(&name).filter(|_| kind[0] == ':') {
                        Some(ranges) => set.ranges.extend(ranges),
                        None => set.open = true,
                    }
                    at += end.map_or(1, |end| end + 4);
                }
                Some(c) => {
                    let low = if c == '\\' { self.chars.get(at + 1).copied().unwrap_or(c) } else { c };
                    at += 1 + usize::from(c == '\\');
                    let ranged = self.chars.get(at) == Some(&'-');
                    match self.chars.get(at + 1).copied().filter(|high| ranged && *high != ']') {
                        Some('\'' | '"' | '[' | '\\') => {
                            set.open = true;
                            at += 1;
                        }
                        Some(high) => {
                            set.ranges.push((low, high));
                            at += 2;
                        }
                        None => set.ranges.push((low, low)),
                    }
                }
            }
        }
        self.pos = at + 1;
        self.out.push(Mark::Unit(Unit::Class(Box::new(set))));
    }
}
