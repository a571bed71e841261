//! Where interpreters get their programs: code strings, files, standard input, substitutions.
//!
//! Owns: following what a shell would run, and D5's question of whether it comes from the network. Must never take
//! data for a program: what an interpreter with a program of its own reads is none of its business.

use std::rc::Rc;

use super::deny::network;
use super::program::{self, Source, is_shell};
use super::walk::{Facts, Input, Walker};
use super::word::Arg;

impl Walker<'_> {
    /// Follows a code string.
    pub(super) fn evaluate(&mut self, code: &Arg, input: &Input) -> Facts {
        let text = code.text();
        if code.is_from_network() || (input.network && !code.is_known()) {
            self.deny(network::PROGRAM, "Network output would become a shell's program by substitution.");
        }
        if !code.is_known() {
            self.printed_code();
        }
        self.code(text, input)
    }

    /// What substitutions of this command print is, or is in, what it runs: `eval "$(cat <<E …)"`.
    fn printed_code(&mut self) {
        for text in std::mem::take(&mut self.printed) {
            self.apart(&text, &Input::default());
        }
    }

    pub(super) fn interpreter(&mut self, name: &str, args: &[Arg], input: &Input) -> Facts {
        if is_shell(name) {
            for (at, arg) in args.iter().enumerate() {
                match arg.text() {
                    "--rcfile" | "--init-file" => self.file_program(args.get(at + 1), input),
                    _ if is_shell_startup(arg) && arg.is_from_network() => {
                        self.file_program(Some(arg), input);
                    }
                    _ => {}
                }
            }
        }
        if !is_shell(name) {
            let loads = |text: &str| matches!(text, "-r" | "-l" | "--require" | "--import" | "--loader");
            let loaded = |at: usize, arg: &Arg| {
                at > 0 && loads(args[at - 1].text())
                    || arg.text().split_once('=').is_some_and(|(option, _)| loads(option))
            };
            for (_, arg) in args.iter().enumerate().filter(|(at, arg)| loaded(*at, arg)) {
                self.file_program(Some(arg), input);
            }
        }
        if input.network && program::is_interactive(name, args) {
            self.deny(network::PROGRAM, network::BY_PIPE);
        }
        match program::source(name, args) {
            Source::Code(code) if is_shell(name) => {
                let saved = self.cwd.clone();
                let facts = self.with_parameters(args, |walker| walker.evaluate(&code, input));
                self.cwd = saved;
                facts
            }
            Source::Code(code) => {
                if code.is_from_network() || (input.network && !code.is_known()) {
                    self.deny(
                        network::PROGRAM,
                        "Network output would become an interpreter's program by substitution.",
                    );
                }
                Facts::default()
            }
            Source::File(file) => {
                self.file_program(Some(&file), input);
                Facts::default()
            }
            Source::Stdin => {
                let mut facts = Facts::default();
                if input.network {
                    self.deny(network::PROGRAM, network::BY_PIPE);
                }
                if is_shell(name) {
                    self.input_program(input, &mut facts);
                }
                facts
            }
            Source::Appended | Source::Other => Facts::default(),
        }
    }

    /// A shell reads its program from standard input.
    pub(super) fn input_program(&mut self, input: &Input, facts: &mut Facts) {
        if input.network {
            self.deny(network::PROGRAM, network::BY_PIPE);
        }
        if let Some(text) = &input.text {
            facts.absorb(&self.apart(&Rc::clone(text), &Input::default()));
        }
    }

    pub(super) fn file_program(&mut self, file: Option<&Arg>, input: &Input) {
        if let Some(text) = self.program_text(file, input) {
            self.apart(&text, &Input::default());
        }
    }

    /// The same where the shell itself runs it (`source`), and stays where that leads.
    pub(super) fn sourced(&mut self, file: Option<&Arg>, input: &Input) -> Facts {
        let text = self.program_text(file, input);
        text.map_or_else(Facts::default, |text| self.code(&text, &Input::default()))
    }

    /// The literal text of a program that stands in this file, where it is known.
    fn program_text(&mut self, file: Option<&Arg>, input: &Input) -> Option<Rc<str>> {
        let file = file?;
        if !file.is_known() {
            self.printed_code();
        }
        let stdin = file.text() == "-" || super::stream::is_stdin(file.text());
        let held = ["/dev/fd/", "/proc/self/fd/"]
            .iter()
            .any(|folder| file.text().strip_prefix(folder).is_some_and(|fd| self.tainted.contains(fd)));
        if file.is_from_network() || held || (stdin && input.network) {
            self.deny(
                network::PROGRAM,
                "Network output would become an interpreter's program by substitution.",
            );
        }
        if stdin { input.text.clone() } else { self.held(file) }
    }
}

/// `--rcfile=…` and `--init-file=…`.
fn is_shell_startup(arg: &Arg) -> bool {
    let text = arg.text();
    text.starts_with("--rcfile=") || text.starts_with("--init-file=")
}
