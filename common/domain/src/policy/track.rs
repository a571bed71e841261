//! What the walk knows on its way: the directory, variables, assignments.
//!
//! Owns: literal `cd` tracking and the known variables. Must never guess a value: what is not literal is unknown.

use std::rc::Rc;

use super::deny::{network, protected};
use super::function::PARAMETERS;
use super::path::{as_written, resolve, show};
use super::syntax::{Kind, read};
use super::walk::{Facts, Input, Walker};
use super::word::{Arg, Look, Value, decode, decode_text};

/// Code that is set to run later and kept in mind.
const MAX_TRAPS: usize = 4;
/// Texts of substitutions that are kept in mind for one command.
const MAX_PRINTED: usize = 4;
/// The longest directory that is followed.
const MAX_DIRECTORY: usize = 1024;

impl Walker<'_> {
    /// Follows an assignment: the substitutions in it, and whether it holds network output.
    pub(super) fn assign(&mut self, word: &str) {
        let Some((name, value)) = assignment(word) else { return };
        self.spend(24);
        let inner = value.strip_prefix('(').and_then(|value| value.strip_suffix(')'));
        let args = match inner {
            Some(list) => {
                let tree = read(list);
                let mut words = Vec::new();
                for stage in tree.list.iter().flat_map(|step| &step.stages) {
                    if let Kind::Simple(raw) = &stage.kind {
                        for word in raw {
                            words.extend(decode(word, self));
                        }
                    }
                }
                words
            }
            None => decode(value, self),
        };
        if name.contains('[') {
            decode_text(name, self);
        }
        if args.iter().any(Arg::is_from_network) {
            self.tainted.insert(name.trim_end_matches('+').to_owned());
        }
        if matches!(name, "BASH_ENV" | "ENV") && args.iter().any(Arg::is_from_network) {
            self.deny(network::PROGRAM, "Network output would become what a shell runs when it starts.");
        }
        if matches!(name, "PS4" | "PROMPT_COMMAND") {
            // The shell expands the first and runs the second.
            for arg in &args {
                decode_text(arg.text(), self);
                self.apart(arg.text(), &Input::default());
            }
        }
        for arg in args {
            protected::operand(self, &arg);
        }
    }

    /// Follows code that is set to run later: here, and at the end wherever the shell may be then.
    pub(super) fn trap(&mut self, args: &[Arg], input: &Input) -> Facts {
        let code = args.iter().find(|arg| !matches!(arg.text(), "--" | "-p" | "-l"));
        let Some(code) = code.filter(|_| args.len() > 1) else { return Facts::default() };
        if self.traps.len() < MAX_TRAPS {
            self.traps.push(code.text().to_owned());
        }
        let place = self.place();
        let facts = self.evaluate(code, input);
        // Where it leads may be at once (`DEBUG`) or at the end.
        let end = self.place();
        self.restore(place);
        self.fork(end);
        facts
    }

    /// Follows what changes the stack of directories by number, or without going anywhere; whether that was all.
    fn stack(&mut self, name: &str, operand: Option<&Arg>, only_stack: bool) -> bool {
        let number = |arg: &Arg| arg.text().strip_prefix('+').and_then(|digits| digits.parse::<usize>().ok());
        let count = operand.and_then(number);
        let entry = count.and_then(|count| self.pushed.len().checked_sub(count));
        let entry = entry.filter(|at| *at < self.pushed.len());
        match (name, operand, count) {
            ("popd", _, Some(0)) => return false,
            ("popd", _, Some(_)) => {
                if let Some(at) = entry {
                    self.pushed.remove(at);
                }
            }
            ("pushd", _, Some(_)) => {
                if let Some(place) = entry.and_then(|at| self.pushed.get(at)).cloned() {
                    self.pushed.push(std::mem::replace(&mut self.cwd, place));
                    self.visit();
                }
            }
            ("pushd", Some(arg), None) if only_stack => {
                let place = self.step(arg);
                self.pushed.push(place);
            }
            ("popd", None, None) if only_stack => drop(self.pushed.pop()),
            _ => return only_stack,
        }
        true
    }

    /// Changes the tracked directory (`cd`, `pushd`, `popd`).
    pub(super) fn change_directory(&mut self, name: &str, args: &[Arg]) {
        self.spend(36);
        let mut operands = args.iter().filter(|arg| {
            let text = arg.text();
            !(text.len() > 1
                && text.starts_with('-')
                && text.chars().skip(1).all(|c| c.is_ascii_alphabetic() || c == '-'))
        });
        let only_stack = matches!(name, "pushd" | "popd") && args.iter().any(|arg| arg.text() == "-n");
        if name != "cd" && self.stack(name, operands.clone().next(), only_stack) {
            return;
        }
        // With more than one operand the shell stays where it is.
        if operands.clone().count() > 1 && !args.iter().any(Arg::is_unknown) {
            return;
        }
        let target = match operands.next() {
            _ if name == "popd" => self.pushed.pop(),
            None if name == "pushd" => self.pushed.pop(),
            None => Some(Rc::from(self.home_word())),
            Some(arg) if arg.text() == "-" => self.old.clone(),
            Some(arg) if arg.is_unknown() => {
                self.lost = true;
                None
            }
            Some(arg) if args.iter().any(|arg| arg.text() == "-P") => {
                Some(Rc::from(show(&resolve(arg.units(), &self.cwd))))
            }
            Some(arg) => Some(self.step(arg)),
        };
        if target.as_deref().is_some_and(|target| target.starts_with("/var/")) {
            // Where the shell goes and where a link leads are not the same.
            protected::place(self, target.as_deref().unwrap_or_default());
        }
        // A longer path costs at every later step. Whoever really goes there comes back by as many steps more, so that
        // what is tracked lies above what is true: there more is denied, never less.
        let Some(target) = target.filter(|target| target.len() < MAX_DIRECTORY) else { return };
        if name == "pushd" {
            self.pushed.push(self.cwd.clone());
        }
        self.old = Some(std::mem::replace(&mut self.cwd, target));
        self.visit();
    }
}

/// Programs that print of themselves and never read their standard input.
const DEAF: &[&str] = &[
    "date", "which", "pwd", "whoami", "id", "hostname", "uname", "basename", "dirname", "mktemp", "ls",
    "echo", "printf", "nproc", "type", "realpath", "readlink", "seq", "git", "stat", "uptime",
];

impl Walker<'_> {
    /// What a substitution reads where nothing else is said: what its command reads.
    fn inherited(&self, code: &str) -> Input {
        let first = code.split_whitespace().next().unwrap_or_default();
        let deaf = (DEAF.contains(&first) || code.starts_with("command -v "))
            && !code.contains(['|', ';', '&', '\n', '(', '`']);
        Input { network: self.piped && !deaf, text: None }
    }

    /// Keeps in mind what a substitution prints: it may be code.
    fn prints(&mut self, text: Option<Rc<str>>) {
        if self.printed.len() < MAX_PRINTED {
            self.printed.extend(text.filter(|text| !text.is_empty()));
        }
    }

    /// Where this word leads from the tracked directory.
    fn step(&self, arg: &Arg) -> Rc<str> {
        let (cwd, name) = (&*self.cwd, arg.text());
        // One name more, where no link of the system's own is: most of all steps, and the only ones a text can repeat.
        let plain = arg.literal().is_some_and(|text| !text.contains(['/', '.']));
        if plain && !name.is_empty() && cwd.starts_with("/home/") && !cwd.contains("/.") {
            return Rc::from(format!("{cwd}/{name}"));
        }
        if let Some((parent, _)) = cwd.rsplit_once('/').filter(|_| name == ".." && arg.literal().is_some())
            && parent.starts_with("/home/")
            && !cwd.contains("/.")
            && !cwd.contains("//")
            && !cwd.ends_with('/')
        {
            return Rc::from(parent);
        }
        Rc::from(show(&as_written(arg.units(), cwd)))
    }
}

/// Splits an assignment word into name and raw value.
pub(super) fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let name = name.strip_suffix('+').unwrap_or(name);
    let bare = name.split('[').next().unwrap_or_default();
    let mut chars = bare.chars();
    let first = chars.next()?;
    let valid =
        (first == '_' || first.is_ascii_alphabetic()) && chars.all(|c| c == '_' || c.is_ascii_alphanumeric());
    (valid && (bare.len() == name.len() || name.ends_with(']'))).then_some((name, value))
}

impl Look for Walker<'_> {
    fn code(&mut self, code: &str) -> bool {
        let trimmed = code.trim_start();
        if let Some(file) = trimmed.strip_prefix('<').filter(|rest| !rest.starts_with(['<', '(', '&'])) {
            // `$(<file)` reads the file.
            for arg in decode(file.trim(), self) {
                protected::operand(self, &arg);
            }
        }
        let input = self.inherited(code);
        let facts = self.apart(code, &input);
        self.prints(facts.output);
        facts.network
    }

    fn process(&mut self, code: &str, writes: bool) -> bool {
        if writes {
            self.sinks.push(code.to_owned());
        }
        let input = if writes { Input::default() } else { self.inherited(code) };
        let facts = self.apart(code, &input);
        self.prints(facts.output.clone());
        let network = facts.network;
        self.beside.absorb(&Facts { network: facts.network && !writes, ..facts });
        network
    }

    fn variable(&mut self, name: &str) -> Value {
        match name {
            "HOME" => Value::Known(self.home_word().to_owned()),
            "PWD" => Value::Known(self.given("PWD").unwrap_or(&self.cwd).to_owned()),
            "USER" => Value::Known(self.setting.user.to_owned()),
            "SHELL" | "BASH" => Value::Known("/bin/bash".to_owned()),
            "OLDPWD" if self.old.is_some() => {
                Value::Known(self.old.as_deref().unwrap_or_default().to_owned())
            }
            name if name.chars().all(|c| c.is_ascii_digit() || c == '@' || c == '*') => {
                Value::Unknown { network: self.tainted.contains(PARAMETERS) }
            }
            name => Value::Unknown { network: self.tainted.contains(name) },
        }
    }

    fn taken(&mut self, name: &str) {
        self.taint(name.to_owned());
    }

    fn home(&self) -> String {
        self.home_word().to_owned()
    }

    fn user(&self) -> String {
        self.setting.user.to_owned()
    }

    fn cwd(&self) -> String {
        self.cwd.to_string()
    }

    fn doubt(&mut self) {
        self.partial = true;
    }

    fn spend(&mut self, cost: usize) -> bool {
        if self.budget < cost {
            self.budget = 0;
            self.give_up();
            return false;
        }
        self.budget -= cost;
        true
    }
}
