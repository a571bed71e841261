//! What a command would do, as far as its words tell: for the approval card, never for the verdict.
//!
//! Owns: [`Effects`]. Must never claim to know what it does not: a program outside its tables makes effects unknown.

mod table;

use serde::{Deserialize, Serialize};

use super::deny::protected::below;
use super::path::show;
use super::program::{exchanges, fetches, is_interpreter, is_network};
use super::walk::Walker;
use super::word::Arg;
use table::{CHANGERS, FETCHERS, QUIET, READERS, runs_by_itself, values};

/// What the card says of an expansion among a command's words.
pub(super) const VALUES: &str = "values that are only known when it runs";

/// What the card says where there is more than its lists take.
const REST: &str = "more names than are listed here";
const MOST: usize = 64;
/// Commands whose effects are noted one by one: a card that names more is read by nobody.
const MOST_NOTED: usize = 500;

/// What a command would do. `None` and [`Effects::unknown`] mean: not known, and the card says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Effects {
    /// Programs that run, by name, wrappers included.
    pub programs: Vec<String>,
    /// Paths that are read.
    pub reads: Vec<String>,
    /// Paths that are written or created.
    pub writes: Vec<String>,
    /// Paths that are deleted.
    pub deletes: Vec<String>,
    /// Places that hold secrets, devices or processes, as far as its words name them.
    pub sensitive: Vec<String>,
    /// Secrets whose values it would get, by name: none by its words, which name no secret.
    pub secrets: Option<Vec<String>>,
    /// Whether it uses the network.
    pub network: Option<bool>,
    /// Whether it asks for more privilege.
    pub privilege: Option<bool>,
    /// Whether it installs or removes packages.
    pub packages: Option<bool>,
    /// Whether it starts, stops or changes services, schedules or whatever else runs by itself.
    pub services: Option<bool>,
    /// Whether it can be undone.
    pub reversible: Option<bool>,
    /// What could not be told, in words.
    pub unknown: Vec<String>,
}

/// Puts a text on a list; says whether the list has it then.
fn add(list: &mut Vec<String>, text: &str) -> bool {
    let known = list.iter().any(|known| known == text);
    if !known && list.len() < MOST {
        list.push(text.to_owned());
        return true;
    }
    known
}

impl Effects {
    pub(super) fn program(&mut self, name: &str) {
        let told = add(&mut self.programs, name);
        self.rest(told);
    }

    pub(super) fn read(&mut self, path: &str) {
        let told = add(&mut self.reads, path);
        self.rest(told);
    }

    pub(super) fn write(&mut self, path: &str) {
        let told = add(&mut self.writes, path);
        self.rest(told);
        self.starts(path);
    }

    pub(super) fn delete(&mut self, path: &str) {
        let told = add(&mut self.deletes, path);
        self.rest(told);
        self.starts(path);
    }

    pub(super) fn sensitive(&mut self, path: &str) {
        let told = add(&mut self.sensitive, path);
        self.rest(told);
    }

    pub(super) fn unknown(&mut self, what: &str) {
        // Of these, any says as much as all.
        let _ = add(&mut self.unknown, what);
    }

    /// Notes that something did not fit on its list.
    fn rest(&mut self, told: bool) {
        if !told {
            self.unknown(REST);
        }
    }

    /// Notes that what runs by itself would be another.
    fn starts(&mut self, path: &str) {
        if runs_by_itself(path) {
            self.services = Some(true);
        }
    }

    /// Fills in what the absence of unknowns proves.
    pub(super) fn settle(&mut self) {
        let known = self.unknown.iter().all(|what| what == REST);
        let settle = |flag: &mut Option<bool>| {
            if flag.is_none() && known {
                *flag = Some(false);
            }
        };
        settle(&mut self.network);
        settle(&mut self.privilege);
        settle(&mut self.packages);
        settle(&mut self.services);
        if known {
            self.secrets.get_or_insert_default();
        }
        if self.reversible.is_none() && known && self.services != Some(true) {
            self.reversible = Some(self.writes.is_empty() && self.deletes.is_empty());
        }
    }
}

/// The value of an option, as a resolved path.
fn value(walker: &Walker<'_>, args: &[Arg], short: &str, long: &str) -> Option<String> {
    args.iter().enumerate().find_map(|(at, arg)| {
        let text = arg.text();
        let found = if text == short || text == long {
            args.get(at + 1).cloned()
        } else if let Some(rest) = text.strip_prefix(long).filter(|rest| rest.starts_with('=')) {
            Some(Arg::plain(&rest[1..]))
        } else {
            text.strip_prefix(short).filter(|_| !text.starts_with("--")).map(Arg::plain)
        };
        found.filter(Arg::is_known).map(|arg| show(&walker.resolve(&arg)))
    })
}

/// Whether these words make a program do more than read and print: no list of options that only read has them.
fn does_more(walker: &Walker<'_>, name: &str, args: &[Arg]) -> bool {
    if args.len() > 4 * MOST {
        return true;
    }
    if name == "find" {
        // What it runs and deletes is told by itself.
        let writes =
            |arg: &Arg| ["-fprint", "-fls", "-files0-from"].iter().any(|it| arg.text().starts_with(it));
        return args.iter().any(writes);
    }
    let listed = READERS.contains(&name) || matches!(name, "date" | "hostname" | "printf" | "column");
    listed && super::allow::does_more(walker.setting, name, args)
}

/// The paths among a command's words, resolved: neither patterns nor counts nor what `find` is asked.
fn operands(walker: &mut Walker<'_>, name: &str, args: &[Arg]) -> Vec<String> {
    let known = READERS.contains(&name) || CHANGERS.contains(&name) || name.ends_with("awk");
    if !known {
        return Vec::new();
    }
    let patterns = super::pattern::is_pattern(name, args);
    let letters = values(name);
    // The word behind `-n` belongs to it, where a program's `-n` takes one.
    let belongs = |at: usize| {
        let option = at.checked_sub(1).and_then(|before| args[before].text().strip_prefix('-'));
        option.is_some_and(|option| {
            option.find(|c| letters.contains(c)).is_some_and(|found| found + 1 == option.len())
        })
    };
    let expression = args.iter().position(|arg| arg.text().starts_with(['-', '(', '!']));
    let starts = expression.filter(|_| name == "find").unwrap_or(args.len());
    args.iter()
        .zip(patterns)
        .enumerate()
        .take(starts.min(4 * MOST))
        .filter(|(at, (arg, pattern))| {
            let text = arg.text();
            let counts = *at > 0 && matches!(args[at - 1].text(), "--lines" | "--bytes");
            !pattern
                && !counts
                && !belongs(*at)
                && text != "{}"
                && !text.starts_with('-')
                && !text.is_empty()
                && arg.is_known()
        })
        .map(|(_, (arg, _))| below(walker, arg).unwrap_or_else(|| show(&walker.resolve(arg))))
        .collect()
}

/// Notes that what all operands but the last name goes to where the last one is, and whether it is gone from there.
fn carry(effects: &mut Effects, operands: &[String], moves: bool) {
    let Some((last, rest)) = operands.split_last() else { return };
    effects.write(last);
    for path in rest {
        effects.read(path);
        if moves {
            effects.delete(path);
        }
    }
}

/// Notes what programs do to the files among their words; says whether this is one of them.
fn change(
    effects: &mut Effects,
    name: &str,
    args: &[Arg],
    operands: &[String],
    target: Option<&String>,
) -> bool {
    match name {
        "sed"
            if args
                .iter()
                .any(|arg| arg.text().starts_with("-i") || arg.text().starts_with("--in-place")) =>
        {
            for path in operands {
                effects.write(path);
            }
            effects.reversible = Some(false);
        }
        "rm" | "rmdir" | "unlink" | "shred" => {
            for path in operands {
                effects.delete(path);
            }
            effects.reversible = Some(false);
        }
        "mv" | "cp" | "install" | "ln" => {
            let operands: Vec<String> = operands.iter().chain(target).cloned().collect();
            carry(effects, &operands, name == "mv");
        }
        "sort" | "uniq" | "xxd" => {
            let output = if name == "sort" { target } else { operands.get(1) };
            for path in operands.iter().filter(|path| Some(*path) != output) {
                effects.read(path);
            }
            if let Some(path) = output {
                effects.write(path);
            }
        }
        "mkdir" | "touch" | "tee" | "truncate" | "mkfifo" | "mknod" => {
            for path in operands {
                effects.write(path);
            }
        }
        "chmod" | "chown" | "chgrp" => {
            for path in operands.iter().skip(1) {
                effects.write(path);
            }
        }
        "find" => {
            if args.iter().any(|arg| arg.text() == "-delete") {
                for path in operands {
                    effects.delete(path);
                }
                effects.reversible = Some(false);
            }
            for path in operands {
                effects.read(path);
            }
        }
        _ => return false,
    }
    true
}

/// Notes what one command does.
pub(super) fn note(walker: &mut Walker<'_>, name: &str, args: &[Arg]) {
    walker.noted += 1;
    if walker.noted > MOST_NOTED {
        walker.effects.unknown("what the commands behind the first 500 do");
        return;
    }
    let operands = operands(walker, name, args);
    if args.iter().any(|arg| !arg.is_known()) {
        walker.effects.unknown(VALUES);
    }
    // `dd`'s two ends.
    let is_end =
        |arg: &&Arg| name == "dd" && (arg.text().starts_with("if=") || arg.text().starts_with("of="));
    let ends: Vec<(String, String)> = args
        .iter()
        .filter(is_end)
        .map(|arg| (arg.text().to_owned(), show(&walker.resolve(&arg.tail(3)))))
        .collect();
    let target = match name {
        "cp" | "mv" | "install" | "ln" => value(walker, args, "-t", "--target-directory"),
        "sort" | "curl" => value(walker, args, "-o", "--output"),
        "wget" => value(walker, args, "-O", "--output-document"),
        _ => None,
    };
    let more = does_more(walker, name, args);
    let added = walker.wraps > 0 && CHANGERS.contains(&name) && operands.is_empty();
    let effects = &mut walker.effects;
    if added {
        effects.unknown(&format!("which files {name} is given"));
    }
    if more {
        effects.unknown(&format!("what {name} does with these options"));
    }
    if change(effects, name, args, &operands, target.as_ref()) {
        return;
    }
    match name {
        "dd" => {
            for (text, path) in &ends {
                if text.starts_with("of=") {
                    effects.write(path);
                } else {
                    effects.read(path);
                }
            }
            effects.reversible = Some(false);
        }
        "awk" | "gawk" | "mawk" | "nawk" => {
            for path in &operands {
                effects.read(path);
            }
            effects.unknown(&format!("what the program given to {name} does"));
        }
        "sudo" | "su" | "doas" | "pkexec" => effects.privilege = Some(true),
        "apt" | "apt-get" | "dpkg" | "pip" | "pip3" | "pipx" | "npm" | "yarn" | "pnpm" | "cargo" | "gem"
        | "go" | "dnf" | "yum" | "apk" | "pacman" | "snap" | "flatpak" | "brew" => {
            effects.packages = Some(true);
            effects.network = Some(true);
            effects.unknown("what the package tool runs and writes");
        }
        "systemctl" | "service" | "crontab" | "at" | "batch" | "s6-svc" | "s6-rc" | "loginctl" => {
            effects.services = Some(true);
        }
        name if is_network(name)
            || fetches(name, args)
            || exchanges(name, args)
            || FETCHERS.contains(&name) =>
        {
            effects.network = Some(true);
            effects.unknown("what is sent and received");
            if let Some(path) = target {
                effects.write(&path);
            }
        }
        name if READERS.contains(&name) => operands.iter().for_each(|path| effects.read(path)),
        name if QUIET.contains(&name) => {}
        name if is_interpreter(name) => effects.unknown(&format!("what the program given to {name} does")),
        name => effects.unknown(&format!("what {name} does")),
    }
}
