//! D3: power commands, `kill` of 1 or -1, fork bombs.

use super::protected;
use crate::policy::path::{Components, show};
use crate::policy::syntax::{Command, Kind, Step, Word, read};
use crate::policy::track::assignment;
use crate::policy::walk::Walker;
use crate::policy::word::{Arg, Look as _};

/// Rule id for power commands.
pub(in crate::policy) const POWER: &str = "deny.power";
/// Rule id for signals to everything.
pub(in crate::policy) const KILL: &str = "deny.kill_all";
/// Rule id for fork bombs.
pub(in crate::policy) const BOMB: &str = "deny.fork_bomb";

/// Units of systemd that stop or restart the machine when they are started or isolated.
const POWER_UNITS: &[&str] = &[
    "poweroff.target",
    "reboot.target",
    "halt.target",
    "kexec.target",
    "shutdown.target",
    "runlevel0.target",
    "runlevel6.target",
    "systemd-poweroff.service",
    "systemd-reboot.service",
    "systemd-halt.service",
    "ctrl-alt-del.target",
];

/// Judges one command.
pub(in crate::policy) fn check(walker: &mut Walker<'_>, name: &str, args: &[Arg]) {
    let texts = || args.iter().map(Arg::text);
    let power = match name {
        "shutdown"
        | "reboot"
        | "halt"
        | "poweroff"
        | "kexec"
        | "pm-suspend"
        | "pm-hibernate"
        | "s6-linux-init-hpr"
        | "s6-linux-init-shutdown"
        | "openrc-shutdown"
        | "zzz" => true,
        "rtcwake" => !texts().any(|text| {
            matches!(
                text,
                "no" | "show"
                    | "on"
                    | "disable"
                    | "-n"
                    | "--dry-run"
                    | "--list-modes"
                    | "-V"
                    | "-h"
                    | "--help"
            )
        }),
        "busctl" | "dbus-send" | "gdbus" | "qdbus" => texts().any(|text| {
            ["PowerOff", "Reboot", "Halt", "Suspend", "Hibernate"].iter().any(|word| text.contains(word))
        }),
        "init" | "telinit" => texts().any(|text| matches!(text, "0" | "1" | "6" | "s" | "S")),
        "systemctl" if only_shows(args) => false,
        "systemctl" | "loginctl" => texts().any(|text| {
            matches!(
                text,
                "reboot"
                    | "poweroff"
                    | "halt"
                    | "kexec"
                    | "soft-reboot"
                    | "suspend"
                    | "hibernate"
                    | "hybrid-sleep"
                    | "suspend-then-hibernate"
                    | "exit"
            ) || POWER_UNITS.contains(&text)
        }),
        "tee" | "cp" | "dd" | "install" => {
            for arg in args {
                let target = if arg.text().starts_with("of=") { arg.tail(3) } else { arg.clone() };
                if !protected::is_below(walker, &target) {
                    let path = walker.resolve(&target);
                    sysrq(walker, &path);
                }
            }
            false
        }
        _ => false,
    };
    if power {
        walker.deny(POWER, format!("`{name}` would stop or restart the machine."));
    }
    if name == "kill" {
        kill(walker, &texts().collect::<Vec<_>>());
    }
}

/// Whether systemd is plainly asked for what it knows of a unit, or not to start it.
fn only_shows(args: &[Arg]) -> bool {
    let harmless = |text: &&str| {
        matches!(*text, "--no-pager" | "-l" | "--full" | "-a" | "--all" | "-q" | "--quiet" | "--plain")
    };
    let asked = args.iter().map(Arg::text).find(|text| !harmless(text));
    asked.is_some_and(|text| {
        matches!(
            text,
            "status"
                | "show"
                | "cat"
                | "help"
                | "list-dependencies"
                | "is-active"
                | "is-enabled"
                | "is-failed"
                | "list-units"
                | "list-unit-files"
                | "mask"
                | "disable"
        )
    })
}

fn kill(walker: &mut Walker<'_>, texts: &[&str]) {
    let mut at = 0;
    let mut options = true;
    let mut signalled = false;
    while let Some(text) = texts.get(at).copied() {
        at += 1;
        // Blanks around a number mean nothing to the shell.
        let number = text.trim().parse::<i64>().ok();
        if options && text == "--" {
            options = false;
        } else if options && matches!(text, "-l" | "-L" | "--list" | "--table") {
            return;
        } else if options && matches!(text, "-s" | "-n" | "--signal" | "-q" | "--queue") {
            at += 1;
            signalled = true;
        } else if options && !signalled && text.starts_with('-') && !(number == Some(-1) && texts.len() == 1)
        {
            // The first `-N` is a signal; a later one is a process group.
            signalled = true;
        } else if matches!(number, Some(1 | -1)) {
            walker.deny(KILL, format!("`kill` would signal {text}: the first process, or every process."));
        } else {
            // Behind the first process no word is a signal.
            options = false;
        }
    }
}

/// Judges a write to the kernel's emergency switch.
pub(in crate::policy) fn sysrq(walker: &mut Walker<'_>, path: &Components) {
    let path = show(path);
    if path == "/proc/sysrq-trigger" || path.starts_with("/sys/power/") {
        walker.deny(POWER, format!("Writing to {path} would stop or restart the machine."));
    }
}

/// Judges a function definition and those in it: does one call itself in a background pipeline?
pub(in crate::policy) fn fork_bomb(walker: &mut Walker<'_>, name: &str, body: &Command) {
    let mut search = Search { names: vec![name], looked: 0 };
    let found = search.background(body, 0).map(str::to_owned);
    let looked = search.looked;
    if let Some(name) = found {
        walker.deny(BOMB, format!("The function `{name}` calls itself in the background: a fork bomb."));
    }
    walker.spend(looked * 8);
}

/// A look through a function's body, for its own name and those of the functions around.
struct Search<'a> {
    names: Vec<&'a str>,
    /// Commands that were looked at.
    looked: usize,
}

impl<'a> Search<'a> {
    /// The function that is called in the background.
    fn background(&mut self, command: &'a Command, depth: u32) -> Option<&'a str> {
        self.looked += 1;
        let steps: &[Step] = match &command.kind {
            _ if depth >= 64 => return None,
            Kind::Group { body, .. } => body,
            Kind::Function { name, body } => {
                self.names.push(name);
                let found = self.background(body, depth + 1);
                self.names.pop();
                return found;
            }
            Kind::Simple(words) => return self.within(words),
            _ => return None,
        };
        steps.iter().find_map(|step| {
            let called = step.stages.iter().filter(|_| step.background).find_map(|stage| self.called(stage));
            called.or_else(|| step.stages.iter().find_map(|stage| self.background(stage, depth + 1)))
        })
    }

    /// The same in the code that words hold: of `eval` and `trap`, in substitutions.
    fn within(&mut self, words: &[Word]) -> Option<&'a str> {
        let runs = words.first().is_some_and(|first| matches!(&*bare(first), "eval" | "trap"));
        let codes = words.iter().filter(|word| word.contains('&') && (runs || substitutes(word)));
        codes.map(|word| read(&opened(&bare(word)))).find_map(|tree| {
            let stages = tree.list.iter().filter(|step| step.background).flat_map(|step| &step.stages);
            stages.into_iter().find_map(|stage| self.called(stage))
        })
    }

    fn called(&mut self, command: &Command) -> Option<&'a str> {
        let Self { names, looked } = self;
        names.iter().copied().find(|name| calls(command, name, 0, looked))
    }
}

/// A raw word without its quotes.
fn bare(word: &str) -> String {
    word.replace("$'", "'").chars().filter(|c| !matches!(c, '\\' | '\'' | '"')).collect()
}

/// The same with what stands in its substitutions on lines of its own.
fn opened(word: &str) -> String {
    ["$(", "<(", ">(", ")", "`"].iter().fold(word.to_owned(), |word, mark| word.replace(mark, "\n"))
}

/// Whether a raw word holds code of its own.
fn substitutes(word: &str) -> bool {
    ["$(", "`", "<(", ">("].iter().any(|mark| word.contains(mark))
}

fn calls(command: &Command, name: &str, depth: u32, looked: &mut usize) -> bool {
    *looked += 8;
    match &command.kind {
        Kind::Simple(words) => {
            let mut words = words.iter().skip_while(|word| assignment(word).is_some());
            let Some(first) = words.next() else { return false };
            let program = bare(first);
            let within = |word: &Word| bare(word).split([' ', '(', ')', '`', ';']).any(|part| part == name);
            program == name
                || program == "eval" && words.clone().any(within)
                || substitutes(first) && within(first)
                || words.filter(|word| substitutes(word)).any(within)
        }
        Kind::Group { body, .. } if depth < 64 => {
            body.iter().flat_map(|step| &step.stages).any(|stage| calls(stage, name, depth + 1, looked))
        }
        _ => false,
    }
}
