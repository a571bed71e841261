//! The walk over the whole tree: every command that could run, however it is wrapped or nested.
//!
//! Owns: the order of visits, and what flows between commands. Must never skip a branch because an earlier one was fine
//! (I8), and must never decide *allow*.

use std::rc::Rc;

use super::deny::{network, power, protected};
pub(super) use super::facts::Facts;
pub(super) use super::stream::Input;
use super::syntax::{Command, Join, Kind, Redirect, Runs, Step, Tree, Word, read};
use super::track::assignment;
use super::walker::Place;
pub(super) use super::walker::Walker;
use super::word::{Look as _, decode, decode_onto, decode_text};

/// What any command costs, however short it is.
const COMMAND: usize = 22;
/// Nesting of code in code that is followed.
const MAX_DEPTH: u32 = 16;
/// Commands inside commands that are followed, over all code.
const MAX_LEVELS: u32 = 96;
/// Failed directory changes that are kept in mind in one and-or list.
const MAX_STAYED: usize = 3;
/// Functions that are kept in mind.
const MAX_FUNCTIONS: usize = 64;
/// Rounds of a loop that are followed while each leaves more behind for the next.
const MAX_ROUNDS: usize = 8;

/// Whether it is `exec` with nothing to run: its redirections are the shell's own.
fn is_bare_exec(words: &[Word]) -> bool {
    match words {
        [word] => &**word == "exec",
        [first, word] => &**first == "command" && &**word == "exec",
        _ => false,
    }
}

/// Whether nothing behind it runs (`cd x || exit`).
fn leaves(step: &Step) -> bool {
    let Some(Kind::Simple(words)) = step.stages.first().map(|stage| &stage.kind) else { return false };
    words.first().is_some_and(|word| matches!(&**word, "exit" | "return" | "break" | "continue"))
}

impl Walker<'_> {
    /// Walks the whole text; what could not be followed as a tree is read as flat text.
    pub(super) fn whole(&mut self, text: &str, tree: &Tree) {
        self.through(text, tree);
        if self.partial && self.findings.is_empty() {
            self.flat(text);
        }
        if self.exhausted && self.findings.is_empty() {
            network::anywhere(self, text);
        }
    }

    /// Walks the tree of the whole text, and what it sets to run later.
    pub(super) fn through(&mut self, text: &str, tree: &Tree) {
        self.spend(text.len() / 2);
        self.tree(tree, &Input::default());
        self.later();
    }

    /// Walks what was set to run later, in every directory where that may be.
    fn later(&mut self) {
        self.visit();
        for code in std::mem::take(&mut self.traps) {
            for place in self.been.clone() {
                self.restore(place);
                self.apart(&code, &Input::default());
            }
        }
    }

    /// Walks a text of code with this input.
    pub(super) fn code(&mut self, code: &str, input: &Input) -> Facts {
        if self.flat {
            return Facts::default();
        }
        if self.depth >= MAX_DEPTH || !self.spend(code.len() + 40) {
            self.give_up();
            return Facts::default();
        }
        self.depth += 1;
        let within = std::mem::take(&mut self.within);
        let tree = read(code);
        let facts = self.tree(&tree, input);
        self.within = within;
        self.depth -= 1;
        facts
    }

    /// Walks code in a process of its own: directory changes do not come back.
    pub(super) fn apart(&mut self, code: &str, input: &Input) -> Facts {
        let saved = self.place();
        let beside = std::mem::take(&mut self.beside);
        let others = std::mem::take(&mut self.others);
        let facts = self.code(code, input);
        self.others = others;
        self.beside = beside;
        self.restore(saved);
        facts
    }

    /// Walks a tree that was already read.
    pub(super) fn tree(&mut self, tree: &Tree, input: &Input) -> Facts {
        if tree.marks.too_deep {
            self.give_up();
        }
        let facts = self.list(tree, &tree.list, input);
        for body in tree.bodies.iter().filter(|body| body.expands) {
            decode_text(&body.text, self);
        }
        facts
    }

    pub(super) fn list(&mut self, tree: &Tree, list: &[Step], input: &Input) -> Facts {
        let mut facts = Facts::default();
        let mut outputs = Some(String::new());
        // Directories a step may still be in, because a `cd` earlier in its and-or list failed or did not run.
        let (mut stayed, mut skipped): (Vec<Place>, Vec<Place>) = (Vec::new(), Vec::new());
        let (entry, mut ends) = (self.place(), Vec::new());
        for step in list {
            if !self.spend(6 + self.pushed.len()) {
                break;
            }
            if matches!(step.join, Join::Fresh | Join::Branch) {
                stayed.clear();
                for place in skipped.drain(..) {
                    self.fork(place);
                }
            }
            if step.join == Join::Branch {
                ends.push(self.place());
                self.restore(entry.clone());
            }
            let before = self.place();
            if step.join == Join::Or {
                for place in stayed.iter().filter(|place| place.0 != before.0) {
                    self.restore(place.clone());
                    facts.absorb(&self.pipeline(tree, &step.stages, input));
                }
                self.restore(before.clone());
                if !leaves(step) {
                    skipped.extend(stayed.iter().cloned());
                }
            }
            let others = std::mem::take(&mut self.others);
            let moves = !step.background && step.stages.len() == 1;
            let mut elsewhere = Vec::new();
            for place in others.iter().filter(|place| place.0 != before.0) {
                self.restore(place.clone());
                facts.absorb(&self.pipeline(tree, &step.stages, input));
                elsewhere.push(self.place());
                elsewhere.append(&mut self.others);
            }
            self.restore(before.clone());
            let seen = self.pipeline(tree, &step.stages, input);
            if moves {
                for place in elsewhere {
                    self.fork(place);
                }
                if self.cwd != before.0 && stayed.len() < MAX_STAYED {
                    if matches!(step.join, Join::And | Join::Or) {
                        skipped.push(before.clone());
                    }
                    stayed.push(before);
                }
            } else {
                self.restore(before);
                self.others = others;
            }
            outputs = match (outputs, &seen.output) {
                (Some(text), Some(more)) => Some(text + &**more),
                _ => None,
            };
            facts.absorb(&seen);
        }
        for place in skipped.into_iter().chain(ends) {
            self.fork(place);
        }
        facts.output = outputs.filter(|_| !list.is_empty()).map(Rc::from);
        facts
    }

    /// Walks a group, a branch or a loop.
    fn group(&mut self, tree: &Tree, body: &[Step], subshell: bool, runs: Runs, input: &Input) -> Facts {
        let saved = self.place();
        let facts = match runs {
            Runs::Often => self.rounds(tree, body, input),
            Runs::Once | Runs::Beside | Runs::Partly => self.list(tree, body, input),
        };
        if subshell {
            self.others.clear();
            self.restore(saved);
        } else if matches!(runs, Runs::Partly | Runs::Often) {
            self.fork(saved);
        }
        facts
    }

    /// Walks the body of a loop: again, where a round leaves another directory or another tainted name behind.
    fn rounds(&mut self, tree: &Tree, body: &[Step], input: &Input) -> Facts {
        let mut facts = Facts::default();
        let lost = std::mem::take(&mut self.lost);
        for _ in 0..MAX_ROUNDS {
            let before = (self.cwd.clone(), self.tainted.len());
            let seen = self.list(tree, body, input);
            facts.absorb(&seen);
            facts.output = seen.output;
            // After a step to nobody knows where, `cd ..` may well lead back.
            if before == (self.cwd.clone(), self.tainted.len()) || self.lost || !self.findings.is_empty() {
                break;
            }
        }
        self.lost |= lost;
        facts
    }

    fn pipeline(&mut self, tree: &Tree, stages: &[Command], input: &Input) -> Facts {
        let mut all = Facts::default();
        let mut flow = input.clone();
        let (mut raw, mut interpreters) = (Vec::new(), Vec::new());
        let place = (stages.len() > 1).then(|| self.place());
        for (at, stage) in stages.iter().enumerate() {
            if let Some(place) = &place {
                self.restore(place.clone());
            }
            let facts = self.command(tree, stage, &flow);
            flow = Input { network: flow.network || facts.network, text: facts.output.clone() };
            if facts.raw {
                raw.push(at);
            }
            if facts.interpreter {
                interpreters.push(at);
            }
            all.absorb(&facts);
            all.output = facts.output;
        }
        if raw.iter().any(|client| interpreters.iter().any(|at| at != client)) {
            self.deny(
                network::SOCKET,
                "An interpreter and a raw network client meet in one pipeline: that is a shell over a socket.",
            );
        }
        all
    }

    pub(super) fn command(&mut self, tree: &Tree, command: &Command, input: &Input) -> Facts {
        if !self.spend(COMMAND + self.deep()) || self.levels >= MAX_LEVELS {
            self.give_up();
            return Facts::default();
        }
        self.levels += 1;
        let facts = self.entered(tree, command, input);
        self.levels -= 1;
        facts
    }

    fn entered(&mut self, tree: &Tree, command: &Command, input: &Input) -> Facts {
        let outer = std::mem::take(&mut self.beside);
        let outer_sinks = std::mem::take(&mut self.sinks);
        let outer_printed = std::mem::take(&mut self.printed);
        let outer_pipe = std::mem::replace(&mut self.piped, input.network);
        let mut input = input.clone();
        input.network |= self.standing.network;
        if input.text.is_none() {
            input.text.clone_from(&self.standing.text);
        }
        let mut printed = true;
        for redirect in &command.redirects {
            self.redirect(tree, redirect, &mut input, &mut printed);
        }
        if matches!(&command.kind, Kind::Simple(words) if is_bare_exec(words)) {
            // The shell itself reads from there on; where it reads elsewhere later may be another process.
            self.standing.network |= input.network;
            self.standing.text = input.text.clone();
            self.opened.append(&mut self.sinks.clone());
        }
        let mut facts = match &command.kind {
            Kind::Simple(words) => self.simple(words, &input),
            Kind::Group { subshell, words, body, runs } => {
                self.words(words);
                let facts = self.group(tree, body, *subshell, *runs, &input);
                // What it prints is read through a variable, and so is it written to.
                if *runs == Runs::Beside {
                    self.coprocess |= facts.interpreter;
                    let names = words.iter().map(|word| (**word).to_owned()).chain(["COPROC".to_owned()]);
                    for name in names.filter(|_| facts.network) {
                        self.taint(name);
                    }
                }
                facts
            }
            Kind::Function { name, body } => {
                let within = std::mem::replace(&mut self.within, true);
                if !within {
                    power::fork_bomb(self, name, body);
                }
                if self.functions.len() < MAX_FUNCTIONS {
                    self.functions.insert(name.clone(), Rc::clone(body));
                }
                let (saved, others) = (self.place(), std::mem::take(&mut self.others));
                let facts = self.command(tree, body, &input);
                self.others = others;
                self.restore(saved);
                self.within = within;
                facts
            }
            Kind::Test(words) => {
                // What stands behind these is a pattern.
                let is_pattern = |at: usize| at > 0 && matches!(&*words[at - 1], "=~" | "==" | "=" | "!=");
                for (at, word) in words.iter().enumerate() {
                    if is_pattern(at) {
                        decode(word, self);
                    } else {
                        self.words(std::slice::from_ref(word));
                    }
                }
                // An arithmetic comparison expands the subscripts of its operands, quoted or not.
                for word in words.iter().filter(|word| word.contains('[') && word.contains('\'')) {
                    for arg in decode(word, self) {
                        decode_text(arg.text(), self);
                    }
                }
                Facts::default()
            }
            Kind::Arithmetic(text) => {
                decode_text(text, self);
                Facts::default()
            }
        };
        if (self.beside.raw && facts.interpreter) || (self.beside.interpreter && facts.raw) {
            self.deny(
                network::SOCKET,
                "An interpreter and a raw network client are joined by a process substitution.",
            );
        }
        let printed_there = |redirect: &Redirect| redirect.op == ">&" && redirect.target.contains('$');
        if self.coprocess && facts.network && command.redirects.iter().any(printed_there) {
            self.deny(network::PROGRAM, network::BY_PIPE);
        }
        let mut sinks = std::mem::replace(&mut self.sinks, outer_sinks);
        if facts.network && matches!(command.kind, Kind::Simple(_)) {
            sinks.extend(self.opened.iter().cloned());
        }
        self.piped = outer_pipe;
        self.printed = outer_printed;
        let network = facts.network || input.network;
        if network || facts.output.is_some() {
            for code in sinks {
                self.apart(&code, &Input { network, text: facts.output.clone() });
            }
        }
        facts.output = facts.output.filter(|_| printed);
        let beside = std::mem::replace(&mut self.beside, outer);
        facts.network |= beside.network || input.network;
        facts.removes |= beside.removes;
        facts.raw |= beside.raw;
        facts
    }

    /// Words outside simple commands: values of `for`, operands of `[[`.
    fn words(&mut self, words: &[Word]) {
        for word in words {
            if assignment(word).is_some() {
                self.assign(word);
                continue;
            }
            for arg in decode(word, self) {
                protected::operand(self, &arg);
            }
        }
    }

    fn simple(&mut self, words: &[Word], input: &Input) -> Facts {
        if self.flat && !words.iter().any(|word| word.contains('/') || Self::is_dangerous(word)) {
            return Facts::default();
        }
        let assigned = words.iter().take_while(|word| assignment(word).is_some()).count();
        for word in &words[..assigned] {
            self.assign(word);
        }
        let mut args = Vec::with_capacity(words.len() - assigned);
        for word in &words[assigned..] {
            decode_onto(&mut args, word, self);
        }
        self.invoke(&args, input)
    }
}
