//! Programs that run another for what they find or read: `find`, `xargs`.
//!
//! Owns: the words that the other one is given. Must never leave out a place that is handed on.

use super::deny::{network, remove};
use super::glob::{Unit, literal};
use super::pattern::takes_pattern;
use super::program::{self, Source, is_interpreter, is_shell};
use super::walk::{Facts, Input, Walker};
use super::word::Arg;
use super::wrapper::inner;

/// Whether words that are appended to these would be the command of a wrapper.
fn takes_command(argv: &[Arg]) -> bool {
    let Some((first, rest)) = argv.split_first() else { return false };
    let name = first.text().rsplit('/').next().unwrap_or_default();
    inner(name, rest).is_some_and(|found| {
        let mut candidates = found.argv.iter().take(4);
        candidates.any(|argv| argv.is_empty() || argv.len() <= rest.len() && takes_command(argv))
    })
}

/// A word in which what is not known stands for the marker.
fn put(text: &str, marker: &str, unknown: &Unit) -> Arg {
    let mut units = Vec::new();
    for (at, part) in text.split(marker).enumerate() {
        if at > 0 {
            units.push(unknown.clone());
        }
        units.extend(literal(part));
    }
    Arg::new(units, true)
}

impl Walker<'_> {
    /// What `xargs` makes of its input: literal input becomes operands, network input must not become a program.
    pub(super) fn appended(&mut self, argv: &mut Vec<Arg>, replaces: Option<&Arg>, input: &Input) {
        let name = argv.iter().map(|arg| arg.text().rsplit('/').next().unwrap_or_default().to_owned());
        let shell = name.clone().position(|name| is_interpreter(&name) || name == "eval");
        if let (true, Some(at)) = (input.network, shell) {
            let marker = replaces.map(Arg::text).unwrap_or_default();
            let interpreter = name.clone().nth(at).unwrap_or_default();
            let rest = &argv[at + 1..];
            let module = |arg: &Arg| arg.text().starts_with("-m") && !is_shell(&interpreter);
            let filled =
                |words: &[Arg]| !marker.is_empty() && words.iter().any(|it| it.text().contains(marker));
            // What stands behind a file or a module is data to it; code may well run its own words.
            let becomes = match program::source(&interpreter, rest) {
                Source::Code(code) => filled(&[code]),
                Source::File(file) => filled(&[file]),
                Source::Other if rest.first().is_some_and(module) => filled(&rest[..rest.len().min(2)]),
                Source::Other | Source::Stdin | Source::Appended => true,
            };
            if becomes {
                self.deny(
                    network::PROGRAM,
                    "Network output would become an interpreter's program through xargs.",
                );
            }
        }
        let filled_in =
            |arg: &Arg| replaces.is_some_and(|it| !it.text().is_empty() && arg.text().contains(it.text()));
        if input.network && (argv.first().is_some_and(filled_in) || takes_command(argv)) {
            self.deny(network::PROGRAM, "Network output would name the program that runs, through xargs.");
        }
        if input.text.is_none() {
            // Whatever it is, it stands there: `sh -c 'eval "$0"'` runs it, `rm -rf ~/{}` may be all of home.
            let unknown = Unit::Unknown { network: input.network };
            match replaces.map(Arg::text) {
                Some(marker) if !marker.is_empty() => {
                    for arg in argv.iter_mut().filter(|arg| arg.text().contains(marker)) {
                        *arg = put(arg.text(), marker, &unknown);
                    }
                }
                _ if input.network => argv.push(Arg::new(vec![unknown], true)),
                _ => {}
            }
        }
        if let Some(text) = &input.text {
            let words: Vec<Arg> = text.split_whitespace().take(256).map(Arg::plain).collect();
            match replaces.map(Arg::text) {
                Some(marker) if !marker.is_empty() => {
                    for arg in argv.iter_mut().filter(|arg| arg.text().contains(marker)) {
                        *arg = Arg::plain(arg.text().replace(marker, text.trim()));
                    }
                }
                _ => argv.extend(words),
            }
        }
    }

    /// Follows `find`: the commands it runs, and D1's rule for where it starts.
    pub(super) fn find(&mut self, args: &[Arg], input: &Input) -> Facts {
        let mut facts = Facts::default();
        let mut deletes = false;
        let mut at = 0;
        while at < args.len() {
            deletes |= args[at].text() == "-delete";
            if takes_pattern(args[at].text()) {
                at += 2;
                continue;
            }
            if matches!(args[at].text(), "-exec" | "-execdir" | "-ok" | "-okdir") {
                let rest = &args[at + 1..];
                let end = rest.iter().position(|arg| matches!(arg.text(), ";" | "+")).unwrap_or(rest.len());
                let place = self.place();
                self.wraps += 1;
                let mut seen = self.invoke(&rest[..end], input);
                if let Some(starts) = remove::handed_on(&args[..at]) {
                    for start in starts {
                        let place = |arg: &Arg| if arg.text() == "{}" { start.clone() } else { arg.clone() };
                        let words: Vec<Arg> = rest[..end].iter().map(place).collect();
                        seen.absorb(&self.invoke(&words, input));
                    }
                }
                self.wraps -= 1;
                self.restore(place);
                deletes |= seen.removes;
                facts.absorb(&seen);
                at += end + 1;
            }
            at += 1;
        }
        if deletes {
            remove::find(self, args);
        }
        facts
    }
}
