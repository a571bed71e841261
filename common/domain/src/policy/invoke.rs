//! One command at a time: unwrapping it, following the code it runs, asking every deny rule.
//!
//! Owns: the meeting of an argument vector with the rules. Must never stop at a wrapper (I10).

use std::rc::Rc;
use std::sync::LazyLock;

use super::deny::{device, network, power, protected, remote, remove};
use super::effect::VALUES;
use super::function::PARAMETERS;
use super::glob::{Unit, literal, meets};
use super::program::{self, fetches, is_interpreter, is_network, is_raw_network};
use super::walk::{Facts, Input, Walker};
use super::word::{Arg, Look, decode_text};
use super::wrapper::{Inner, inner, join};

/// Wrappers around wrappers that are followed one by one.
const MAX_WRAPS: u32 = 48;
/// Words from each end that are tried as commands in text that is too deep.
const MAX_SCANNED: usize = 64;

/// What the card says of an expansion in the place of a command.
const PROGRAM: &str = "which program an expansion names";

/// Names a glob in command position is tried as, besides [`DANGEROUS`].
const SUSPECTS: &[&str] = &[
    "sh", "bash", "dash", "env", "sudo", "xargs", "cat", "tee", "cp", "curl", "wget", "ssh", "python3",
    "perl", "node",
];
/// Names that a rule is about.
const DANGEROUS: &[&str] = &[
    "rm", "chmod", "chown", "chgrp", "find", "dd", "shred", "kill", "reboot", "shutdown", "poweroff", "halt",
    "mkfs", "wipefs", "nc", "ncat", "socat",
];

/// All of them, as a glob is held against them.
static NAMES: LazyLock<Vec<(&str, Vec<Unit>)>> =
    LazyLock::new(|| DANGEROUS.iter().chain(SUSPECTS).map(|name| (*name, literal(name))).collect());

impl Walker<'_> {
    /// Judges one argument vector.
    pub(super) fn invoke(&mut self, args: &[Arg], input: &Input) -> Facts {
        // Wrappers around wrappers read the same words again and again.
        let cost = args.iter().map(|arg| arg.size() / 4 + 7).sum::<usize>() * (1 + self.wraps as usize);
        if !self.spend(cost) {
            return Facts::default();
        }
        if args.first().is_some_and(Arg::is_from_network) {
            self.deny(network::PROGRAM, "Network output would become the command itself.");
        }
        if !args.iter().any(Arg::vanishes) {
            return self.invoke_words(args, cost, input);
        }
        // Unknown words may be there, or not: both are looked at, and the card shows what the rest would do.
        let present: Vec<Arg> = args.iter().map(Arg::present).collect();
        let kept: Vec<Arg> = args.iter().filter(|arg| !arg.vanishes()).cloned().collect();
        let place = self.cwd.clone();
        let effects = std::mem::take(&mut self.effects);
        let mut facts = self.invoke_words(&present, cost, input);
        self.effects = effects;
        self.cwd = place;
        let unknown = if args.first().is_some_and(Arg::vanishes) { PROGRAM } else { VALUES };
        self.effects.unknown(unknown);
        // `kill -1 $pid` signals with 1, or says how it is used.
        let usage =
            matches!(kept.as_slice(), [.., name, signal] if name.text() == "kill" && signal.text() == "-1");
        if usage && args.last().is_some_and(Arg::vanishes) {
            return facts;
        }
        let seen = self.invoke_words(&kept, cost, input);
        facts.absorb(&seen);
        facts.output = seen.output;
        facts
    }

    /// Judges words that are all there.
    fn invoke_words(&mut self, args: &[Arg], cost: usize, input: &Input) -> Facts {
        let Some((first, rest)) = args.split_first() else { return Facts::default() };
        let text = first.text();
        let base = text.rsplit('/').next().unwrap_or_default();
        if first.has_glob() {
            let cut = first.units().iter().rposition(|unit| *unit == Unit::Lit('/')).map_or(0, |at| at + 1);
            let mut facts = Facts::default();
            self.spend(300);
            for (suspect, _) in NAMES.iter().filter(|(_, name)| meets(&first.units()[cut..], name)) {
                if self.spend(cost + 120) {
                    facts.absorb(&self.named(suspect, rest, input));
                }
            }
            protected::command(self, text, rest);
            self.effects.unknown("which program a glob in the place of a command names");
            return facts;
        }
        protected::operand(self, first);
        if self.flat || self.wraps >= MAX_WRAPS {
            self.give_up();
            self.scan(args);
            return Facts::default();
        }
        self.named(base, rest, input)
    }

    /// Whether a rule is about programs of this name.
    pub(super) fn is_dangerous(name: &str) -> bool {
        DANGEROUS.contains(&name) || name.starts_with("mkfs")
    }

    /// Asks the rules about every word that names a dangerous program, as if a command began there.
    fn scan(&mut self, args: &[Arg]) {
        let count = args.len();
        let near = |at: usize| at < MAX_SCANNED || at + MAX_SCANNED >= count;
        for (at, arg) in args.iter().enumerate().rev().filter(|(at, _)| near(*at)) {
            let text = arg.text();
            let base = text.rsplit('/').next().unwrap_or_default();
            if Self::is_dangerous(base) && self.spend((count - at) * 16) {
                self.rules(base, &args[at + 1..]);
            }
        }
    }

    /// Asks the rules that hold for every command.
    fn common_rules(&mut self, name: &str, args: &[Arg]) {
        // The cheap ones first: what is left of the work then goes to the words.
        power::check(self, name, args);
        remove::check(self, name, args);
        protected::command(self, name, args);
        device::command(self, name, args);
        network::check(self, name, args);
    }

    fn rules(&mut self, name: &str, args: &[Arg]) {
        self.common_rules(name, args);
        if name == "find" && args.iter().any(|arg| matches!(arg.text(), "-delete" | "rm")) {
            remove::find(self, args);
        }
    }

    fn named(&mut self, name: &str, args: &[Arg], input: &Input) -> Facts {
        let mut facts = Facts {
            network: is_network(name) && !program::stays_here(name, args)
                || fetches(name, args)
                || args.iter().any(Arg::is_from_network),
            raw: is_raw_network(name) || (name == "openssl" && fetches(name, args)),
            interpreter: is_interpreter(name),
            removes: matches!(name, "rm" | "unlink" | "shred" | "rmdir"),
            output: None,
        };
        // Behind `builtin` and `command` no function is meant.
        let own = !std::mem::take(&mut self.direct) && self.functions.contains_key(name);
        if own {
            facts.absorb(&self.call(name, args, input));
        }
        facts.absorb(&self.alias(name, args, input));
        self.effects.program(name);
        if matches!(
            name,
            "test"
                | "["
                | "printf"
                | "let"
                | "unset"
                | "read"
                | "declare"
                | "typeset"
                | "local"
                | "readonly"
                | "export"
                | "wait"
        ) {
            self.subscripts(name, args);
        }
        if let Some(found) = inner(name, args) {
            facts.absorb(&self.wrapped(name, args, &found, input));
            return facts;
        }
        self.common_rules(name, args);
        if input.network && remote::runs_input(name, args) {
            self.deny(network::PROGRAM, network::BY_PIPE);
        }
        for code in super::compose::embedded(name, args) {
            facts.absorb(&self.apart(&code, &Input::default()));
        }
        super::effect::note(self, name, args);
        match name {
            "cd" | "pushd" | "popd" | "chdir" if own => {}
            "cd" | "pushd" | "popd" | "chdir" => self.change_directory(name, args),
            "echo" => facts.output = Some(Rc::from(super::print::echo(args))),
            "printf" => facts.output = Some(Rc::from(super::print::printf(args))),
            // What it writes elsewhere besides changes nothing.
            "tee" => facts.output.clone_from(&input.text),
            "cat" | "head" | "tail"
                if args
                    .iter()
                    .all(|arg| arg.text().starts_with('-') || super::stream::is_stdin(arg.text())) =>
            {
                facts.output.clone_from(&input.text);
            }
            "eval" => {
                let own = usize::from(args.first().is_some_and(|arg| arg.text() == "--"));
                facts.absorb(&self.evaluate(&join(&args[own..]), input));
            }
            "trap" => facts.absorb(&self.trap(args, input)),
            "source" | "." => facts.absorb(&self.sourced(args.first(), input)),
            "find" => facts.absorb(&self.find(args, input)),
            "read" | "mapfile" | "readarray" => {
                if name != "read" {
                    // `-C` is code that runs for every few lines.
                    let at = args.iter().position(|arg| arg.text() == "-C");
                    if let Some(code) = at.and_then(|at| args.get(at + 1)) {
                        facts.absorb(&self.evaluate(code, &Input::default()));
                    }
                }
                for arg in args.iter().filter(|_| input.network) {
                    self.taint(arg.text().to_owned());
                }
            }
            "set" if args.iter().any(Arg::is_from_network) => self.taint(PARAMETERS.to_owned()),
            "alias" => facts.absorb(&self.define(args)),
            "export" | "declare" | "typeset" | "local" | "readonly" => {
                for arg in args.iter().filter(|arg| arg.is_from_network()) {
                    self.taint(arg.text().split('=').next().unwrap_or_default().to_owned());
                }
            }
            "at" | "batch" => self.input_program(input, &mut facts),
            "crontab" if args.iter().any(|arg| arg.text() == "-") => self.input_program(input, &mut facts),
            "awk" | "gawk" | "mawk" | "nawk" | "sed" | "make" | "gmake"
                if network::is_program(name, args, input.network) =>
            {
                self.deny(network::PROGRAM, network::BY_PIPE);
            }
            name if is_interpreter(name) => facts.absorb(&self.interpreter(name, args, input)),
            _ => {}
        }
        facts
    }

    /// Builtins that take `name[subscript]` expand the subscript, quoted or not.
    fn subscripts(&mut self, name: &str, args: &[Arg]) {
        for arg in args.iter().filter(|arg| arg.has('[')) {
            let text = arg.text();
            if text.contains("$(") || text.contains('`') {
                decode_text(text, self);
            }
        }
        if name == "printf" && args.first().is_some_and(|arg| arg.text().starts_with("-v")) {
            let variable = args.get(1).map(Arg::text).unwrap_or_default();
            if args.iter().any(Arg::is_from_network) {
                self.taint(variable.to_owned());
            }
        }
    }

    fn wrapped(&mut self, name: &str, args: &[Arg], found: &Inner, input: &Input) -> Facts {
        let mut facts = Facts::default();
        self.spend(40 + args.len() * 20);
        if matches!(name, "sudo" | "su" | "doas" | "pkexec" | "runuser") {
            self.effects.privilege = Some(true);
        }
        let own = &args[..args.len() - found.argv.first().map_or(0, |argv| argv.len().min(args.len()))];
        protected::command(self, name, own);
        let saved = self.cwd.clone();
        if let Some(directory) = &found.directory {
            self.change_directory("cd", std::slice::from_ref(directory));
        }
        if found.login {
            self.change_directory("cd", &[]);
        }
        // `xargs -a <(…)` reads its words there.
        let appends = matches!(name, "xargs" | "parallel");
        let given = Input { network: true, text: None };
        let nothing = Input::default();
        // With a file of words its own input is the program's.
        let from_file =
            appends && own.iter().any(|arg| arg.text().starts_with("-a") || arg.text().starts_with("--arg"));
        let words = match from_file {
            _ if appends && own.iter().any(Arg::is_from_network) => &given,
            true => &nothing,
            false => input,
        };
        for code in &found.code {
            facts.absorb(&self.evaluate(code, if appends { &nothing } else { input }));
        }
        // `parallel` without a command runs the lines it reads.
        if found.shell || (name == "parallel" && found.argv.iter().all(Vec::is_empty)) {
            facts.interpreter = true;
            self.input_program(input, &mut facts);
        }
        for (at, argv) in found.argv.iter().enumerate() {
            let mut argument = argv.clone();
            let mut inner_input = input.clone();
            if appends {
                self.appended(&mut argument, found.replaces.as_ref(), words);
                inner_input = if from_file { input.clone() } else { Input::default() };
            }
            self.wraps += 1;
            self.direct = matches!(name, "builtin" | "command");
            let seen = self.invoke(&argument, &inner_input);
            self.direct = false;
            self.wraps -= 1;
            facts.absorb(&seen);
            if at == 0 {
                facts.output = seen.output;
            }
        }
        // These run a builtin where they stand.
        if !matches!(name, "command" | "builtin") {
            self.cwd = saved;
        }
        facts
    }
}
