//! The walk over the whole tree: every command that could run, however it is wrapped or nested.
//!
//! Owns: the order of visits, and what flows between commands. Must never skip a branch because an earlier one was fine
//! (I8), and must never decide *allow*.

use std::rc::Rc;

use super::deny::{network, power, protected};
pub(super) use super::facts::Facts;
pub(super) use super::stream::Input;
use super::syntax::{Command, Join, Kind, Step, Tree, Word, read};
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

impl Walker<'_> {
    /// Walks the whole text; what could not be followed as a tree is read as flat text.
    pub(super) fn whole(&mut self, text: &str, tree: &Tree) {
        self.spend(text.len() / 2);
        self.tree(tree, &Input::default());
        if self.partial && self.findings.is_empty() {
            self.flat(text);
        }
        if self.exhausted && self.findings.is_empty() {
            network::anywhere(self, text);
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
        let facts = self.code(code, input);
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
        // Directories a step may still be in, because a `cd` earlier in its and-or list failed.
        let mut stayed: Vec<Place> = Vec::new();
        for step in list {
            if !self.spend(6 + self.pushed.len()) {
                break;
            }
            if step.join == Join::Fresh {
                stayed.clear();
            }
            let before = self.place();
            if step.join == Join::Or {
                for place in stayed.iter().filter(|place| place.0 != before.0) {
                    self.restore(place.clone());
                    facts.absorb(&self.pipeline(tree, &step.stages, input));
                }
                self.restore(before.clone());
            }
            let seen = self.pipeline(tree, &step.stages, input);
            if step.background || step.stages.len() > 1 {
                self.restore(before);
            } else if self.cwd != before.0 && stayed.len() < MAX_STAYED {
                stayed.push(before);
            }
            outputs = match (outputs, &seen.output) {
                (Some(text), Some(more)) => Some(text + &**more),
                _ => None,
            };
            facts.absorb(&seen);
        }
        facts.output = outputs.filter(|_| !list.is_empty()).map(Rc::from);
        facts
    }

    /// Walks the body of a loop: again, where a round leaves another directory or another tainted name behind.
    fn rounds(&mut self, tree: &Tree, body: &[Step], input: &Input) -> Facts {
        let mut facts = Facts::default();
        for _ in 0..MAX_ROUNDS {
            let before = (self.cwd.clone(), self.tainted.len());
            let seen = self.list(tree, body, input);
            facts.absorb(&seen);
            facts.output = seen.output;
            if before == (self.cwd.clone(), self.tainted.len()) || !self.findings.is_empty() {
                break;
            }
        }
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
        if matches!(&command.kind, Kind::Simple(words) if matches!(words.as_slice(), [word] if &**word == "exec"))
        {
            // The shell itself reads from there on; where it reads elsewhere later may be another process.
            self.standing.network |= input.network;
            self.standing.text = input.text.clone();
            self.opened.append(&mut self.sinks.clone());
        }
        let mut facts = match &command.kind {
            Kind::Simple(words) => self.simple(words, &input),
            Kind::Group { subshell, words, body, again } => {
                self.words(words);
                let saved = subshell.then(|| self.place());
                let facts =
                    if *again { self.rounds(tree, body, &input) } else { self.list(tree, body, &input) };
                if let Some(saved) = saved {
                    self.restore(saved);
                }
                // A coprocess, as far as the tree tells: what it prints is read through this variable.
                if *subshell && facts.network && body.iter().all(|step| step.background) {
                    self.taint("COPROC".to_owned());
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
                let saved = self.place();
                let facts = self.command(tree, body, &input);
                self.restore(saved);
                self.within = within;
                facts
            }
            Kind::Test(words) => {
                self.words(words);
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
        let mut sinks = std::mem::replace(&mut self.sinks, outer_sinks);
        if facts.network && matches!(command.kind, Kind::Simple(_)) {
            sinks.extend(self.opened.iter().cloned());
        }
        self.piped = outer_pipe;
        if facts.network || input.network {
            for code in sinks {
                self.apart(&code, &Input { network: true, text: None });
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
