//! The tolerant reader of shell text: text → tree, in one pass, never failing.
//!
//! Owns: the tree that every stage reads, and what the text contains that a plain command may not ([`Marks`]).
//! Must never recurse without a bound, panic, or drop a part of the text: what it cannot place becomes a command of
//! its own, so that deny rules see it (I7, I8).

/// A list of commands.
pub(super) type List = Vec<Step>;

/// One pipeline and how it is left.
#[derive(Debug, Clone, Default)]
pub(super) struct Step {
    /// The stages, in order.
    pub(super) stages: Vec<Command>,
    /// Followed by `&`, alone or as the end of its and-or list.
    pub(super) background: bool,
    /// Reached only by `&&` from the pipeline before.
    pub(super) after_and: bool,
}

/// A command and its redirections.
#[derive(Debug, Clone)]
pub(super) struct Command {
    /// What it is.
    pub(super) kind: Kind,
    /// Its redirections, in order.
    pub(super) redirects: Vec<Redirect>,
}

/// The kinds of command.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Raw words, assignments included.
    Simple(Vec<String>),
    /// A group, subshell or control structure.
    Group {
        /// Runs in a process of its own.
        subshell: bool,
        /// Words outside commands: `for` values, `case` word and patterns.
        words: Vec<String>,
        /// What it runs.
        body: List,
    },
    /// A function definition.
    Function {
        /// Its name.
        name: String,
        /// Its body.
        body: Box<Command>,
    },
    /// `[[ … ]]`.
    Test(Vec<String>),
    /// `(( … ))`.
    Arithmetic(String),
}

/// One redirection.
#[derive(Debug, Clone)]
pub(super) struct Redirect {
    /// The descriptor before the operator, as written.
    pub(super) fd: String,
    /// The operator.
    pub(super) op: String,
    /// The raw target; for a here-document its delimiter.
    pub(super) target: String,
    /// The body of a here-document, by index into [`Tree::bodies`].
    pub(super) body: Option<usize>,
}

/// A here-document's body.
#[derive(Debug, Clone, Default)]
pub(super) struct Body {
    /// Its text.
    pub(super) text: String,
    /// Whether expansions happen in it.
    pub(super) expands: bool,
}

/// What the text has that plain commands joined by `&& || ; newline |` do not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Groups, control flow, functions, `!`, `time`, `coproc`, `&`, `|&`, comments, here-documents.
    pub(super) structure: bool,
    /// Nesting or length beyond what is read as a tree.
    pub(super) too_deep: bool,
    /// Something was left open or closed too often.
    pub(super) broken: bool,
}

/// The tree of a text.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    /// The commands.
    pub(super) list: List,
    /// Bodies of here-documents.
    pub(super) bodies: Vec<Body>,
    /// What was noticed on the way.
    pub(super) marks: Marks,
}

const MAX_DEPTH: u32 = 40;
const TRANSPARENT: &[&str] = &["then", "else", "elif", "do"];
const CLOSERS: &[&str] = &["fi", "done", "esac", "}"];

/// Reads a text.
pub(super) fn read(text: &str) -> Tree {
    let mut reader = Reader { chars: text.chars().collect(), ..Reader::default() };
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
struct Reader {
    chars: Vec<char>,
    pos: usize,
    depth: u32,
    tree: Tree,
    owed: Vec<(usize, String, bool)>,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.pos).copied()
    }

    fn at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.pos + ahead).copied()
    }

    fn starts(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.at(i) == Some(c))
    }

    /// Skips blanks, line continuations and comments.
    fn blanks(&mut self) {
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

    fn newline(&mut self) {
        self.pos += 1;
        self.newline_bodies();
    }

    /// Reads the bodies of here-documents whose line has ended.
    fn newline_bodies(&mut self) {
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

    /// Skips blanks and newlines.
    fn gap(&mut self) {
        loop {
            self.blanks();
            if self.peek() == Some('\n') {
                self.newline();
            } else {
                break;
            }
        }
    }

    /// The raw word that begins here, not consumed; empty when an operator does.
    fn glance(&mut self) -> String {
        let (start, marks) = (self.pos, self.tree.marks);
        let word = self.word();
        self.pos = start;
        self.tree.marks = marks;
        word
    }

    /// Reads until the closer: a word such as `fi`, `)`, or `;;` for a case branch.
    fn list(&mut self, closer: &str) -> List {
        let mut list = List::new();
        let mut chain = 0;
        let mut after_and = false;
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
            if TRANSPARENT.contains(&word.as_str()) {
                self.word();
                self.tree.marks.structure = true;
                continue;
            }
            if CLOSERS.contains(&word.as_str()) {
                if closer == ";;" && word == "esac" {
                    return list;
                }
                self.word();
                if word == closer {
                    return list;
                }
                self.tree.marks.broken = true;
                continue;
            }
            let start = self.pos;
            let step = Step { stages: self.pipeline(), background: false, after_and };
            if self.pos == start {
                self.pos += 1;
                self.tree.marks.broken = true;
                continue;
            }
            list.push(step);
            self.blanks();
            after_and = false;
            if self.starts("&&") {
                after_and = true;
                self.pos += 2;
            } else if self.starts("||") {
                self.pos += 2;
            } else {
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

    fn pipeline(&mut self) -> Vec<Command> {
        let mut stages = Vec::new();
        loop {
            self.gap();
            while matches!(self.glance().as_str(), "!" | "time") {
                let timed = self.word() == "time";
                self.tree.marks.structure = true;
                self.blanks();
                while timed && matches!(self.glance().as_str(), "-p" | "--") {
                    self.word();
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

    fn command(&mut self) -> Option<Command> {
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

    fn compound(&mut self) -> Option<Kind> {
        if self.starts("((") {
            if let Some(text) = self.arithmetic() {
                return Some(Kind::Arithmetic(text));
            }
        }
        if self.peek() == Some('(') {
            self.pos += 1;
            let body = self.list(")");
            return Some(Kind::Group { subshell: true, words: Vec::new(), body });
        }
        let word = self.glance();
        let group = |body| Kind::Group { subshell: false, words: Vec::new(), body };
        match word.as_str() {
            "{" => {
                self.word();
                Some(group(self.list("}")))
            }
            "if" => {
                self.word();
                Some(group(self.list("fi")))
            }
            "while" | "until" => {
                self.word();
                Some(group(self.list("done")))
            }
            "for" | "select" => Some(self.each()),
            "case" => Some(self.case()),
            "coproc" => Some(self.coprocess()),
            "[[" => Some(self.test()),
            "function" => {
                self.word();
                self.blanks();
                let name = self.word();
                self.blanks();
                if self.starts("()") {
                    self.pos += 2;
                }
                self.function(name)
            }
            "" => None,
            _ => {
                let start = self.pos;
                self.word();
                self.blanks();
                if self.peek() == Some('(') {
                    self.pos += 1;
                    self.blanks();
                    if self.peek() == Some(')') {
                        self.pos += 1;
                        return self.function(word);
                    }
                }
                self.pos = start;
                None
            }
        }
    }

    /// The text of `((…))` that begins here, if it closes as one.
    fn arithmetic(&mut self) -> Option<String> {
        let end = super::nest::close(&self.chars, self.pos + 1, ')');
        if self.chars.get(end) != Some(&')') {
            return None;
        }
        let text = self.chars.get(self.pos + 2..end - 1).map(|text| text.iter().collect());
        self.pos = end + 1;
        text
    }

    fn function(&mut self, name: String) -> Option<Kind> {
        self.gap();
        let body = Box::new(self.command()?);
        Some(Kind::Function { name, body })
    }

    fn each(&mut self) -> Kind {
        self.word();
        self.blanks();
        let mut words = Vec::new();
        if self.starts("((") {
            if let Some(text) = self.arithmetic() {
                words.push(format!("\"$(({text}))\""));
            }
        } else {
            self.word();
            self.gap();
            if self.glance() == "in" {
                self.word();
                loop {
                    self.blanks();
                    let word = self.word();
                    if word.is_empty() {
                        break;
                    }
                    words.push(word);
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
            self.word();
        }
        Kind::Group { subshell: false, words, body: self.list(closer) }
    }

    fn case(&mut self) -> Kind {
        self.word();
        self.blanks();
        let mut words = vec![self.word()];
        let mut body = List::new();
        self.gap();
        if self.glance() == "in" {
            self.word();
        }
        loop {
            self.gap();
            if self.peek().is_none() {
                self.tree.marks.broken = true;
                break;
            }
            if self.glance() == "esac" {
                self.word();
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
            body.append(&mut self.list(";;"));
            while matches!(self.peek(), Some(';' | '&')) {
                self.pos += 1;
            }
            if self.pos == start {
                self.tree.marks.broken = true;
                self.pos += 1;
            }
        }
        Kind::Group { subshell: false, words, body }
    }

    fn coprocess(&mut self) -> Kind {
        self.word();
        self.blanks();
        let start = self.pos;
        let name = self.word();
        self.blanks();
        if name.is_empty() || !(self.peek() == Some('(') || self.glance() == "{") {
            self.pos = start;
        }
        let stages = self.command().into_iter().collect();
        let body = vec![Step { stages, background: true, after_and: false }];
        Kind::Group { subshell: true, words: Vec::new(), body }
    }

    fn test(&mut self) -> Kind {
        self.word();
        let mut words = Vec::new();
        loop {
            self.gap();
            let word = self.word();
            if word == "]]" || (word.is_empty() && self.peek().is_none()) {
                break;
            }
            if word.is_empty() {
                self.pos += 1;
            } else {
                words.push(word);
            }
        }
        Kind::Test(words)
    }

    fn simple(&mut self) -> Command {
        let (mut words, mut redirects) = (Vec::new(), Vec::new());
        loop {
            self.blanks();
            if let Some(redirect) = self.redirect() {
                redirects.push(redirect);
                continue;
            }
            let word = self.word();
            if word.is_empty() {
                if self.peek() == Some('(') {
                    // Not shell grammar: keep reading, so that what follows is still seen.
                    self.tree.marks.broken = true;
                }
                return Command { kind: Kind::Simple(words), redirects };
            }
            words.push(word);
        }
    }

    fn redirect(&mut self) -> Option<Redirect> {
        let start = self.pos;
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
            let plain: String = target.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
            self.tree.bodies.push(Body { text: String::new(), expands: plain == target });
            self.owed.push((index, plain, op == "<<-"));
            body = Some(index);
        }
        self.tree.marks.broken |= target.is_empty();
        Some(Redirect { fd, op: op.to_owned(), target, body })
    }

    /// Consumes one raw word; empty when an operator or the end is here.
    fn word(&mut self) -> String {
        let start = self.pos;
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | ')' => break,
                '<' | '>' if self.at(1) == Some('(') => {
                    self.pos = super::nest::close(&self.chars, self.pos + 1, ')');
                }
                '<' | '>' => break,
                '(' => {
                    let array = self.pos > start + 1 && self.chars[self.pos - 1] == '=';
                    if !array {
                        break;
                    }
                    self.pos = super::nest::close(&self.chars, self.pos, ')');
                }
                _ => self.pos = super::nest::skip(&self.chars, self.pos),
            }
        }
        self.chars[start..self.pos].iter().collect()
    }
}
