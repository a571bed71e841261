//! D3: power commands, `kill` of 1 or -1, fork bombs.

use crate::policy::path::show;
use crate::policy::syntax::{Command, Kind, Step};
use crate::policy::track::assignment;
use crate::policy::walk::Walker;
use crate::policy::word::Arg;

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
        | "zzz" => true,
        "init" | "telinit" => texts().any(|text| matches!(text, "0" | "1" | "6" | "s" | "S")),
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
                let units = if arg.text().starts_with("of=") { arg.tail(3) } else { arg.clone() };
                sysrq(walker, &units);
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

fn kill(walker: &mut Walker<'_>, texts: &[&str]) {
    let mut at = 0;
    let mut options = true;
    let mut signalled = false;
    while let Some(text) = texts.get(at).copied() {
        at += 1;
        let number = text.parse::<i64>().ok();
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
        }
    }
}

/// Judges a write to the kernel's emergency switch.
pub(in crate::policy) fn sysrq(walker: &mut Walker<'_>, target: &Arg) {
    let path = show(&walker.resolve(target));
    if path == "/proc/sysrq-trigger" || path.starts_with("/sys/power/") {
        walker.deny(POWER, format!("Writing to {path} would stop or restart the machine."));
    }
}

/// Judges a function definition: does it call itself in a background pipeline?
pub(in crate::policy) fn fork_bomb(walker: &mut Walker<'_>, name: &str, body: &Command) {
    let calls = |command: &Command| calls(command, name, 0);
    if background(body, &calls, 0) {
        walker.deny(BOMB, format!("The function `{name}` calls itself in the background: a fork bomb."));
    }
}

fn background(command: &Command, calls: &dyn Fn(&Command) -> bool, depth: u32) -> bool {
    let steps: &[Step] = match &command.kind {
        Kind::Group { body, .. } => body,
        Kind::Function { body, .. } if depth < 64 => return background(body, calls, depth + 1),
        _ => return false,
    };
    depth < 64
        && steps.iter().any(|step| {
            (step.background && step.stages.iter().any(calls))
                || step.stages.iter().any(|stage| background(stage, calls, depth + 1))
        })
}

/// A raw word without its quotes.
fn bare(word: &str) -> String {
    word.replace("$'", "'").chars().filter(|c| !matches!(c, '\\' | '\'' | '"')).collect()
}

fn calls(command: &Command, name: &str, depth: u32) -> bool {
    match &command.kind {
        Kind::Simple(words) => {
            let mut words = words.iter().skip_while(|word| assignment(word).is_some());
            let Some(first) = words.next() else { return false };
            let program = bare(first);
            let within = |word: &String| bare(word).split([' ', '(', ')', '`', ';']).any(|part| part == name);
            let substitutes =
                |word: &&String| word.contains("$(") || word.contains('`') || word.contains("<(");
            program == name
                || program == "eval" && words.clone().any(within)
                || substitutes(&first) && within(first)
                || words.filter(substitutes).any(within)
        }
        Kind::Group { body, .. } if depth < 64 => {
            body.iter().flat_map(|step| &step.stages).any(|stage| calls(stage, name, depth + 1))
        }
        _ => false,
    }
}
