//! What a command would do, as far as its words tell: for the approval card, never for the verdict.
//!
//! Owns: [`Effects`]. Must never claim to know what it does not: a program outside its tables makes effects unknown.

use serde::{Deserialize, Serialize};

use super::path::show;
use super::program::{is_interpreter, is_network};
use super::walk::Walker;
use super::word::Arg;

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
    /// Whether it starts, stops or changes services or schedules.
    pub services: Option<bool>,
    /// Whether it can be undone.
    pub reversible: Option<bool>,
    /// What could not be told, in words.
    pub unknown: Vec<String>,
}

fn add(list: &mut Vec<String>, text: &str) {
    if list.len() < MOST && !list.iter().any(|known| known == text) {
        list.push(text.to_owned());
    }
}

impl Effects {
    pub(super) fn program(&mut self, name: &str) {
        add(&mut self.programs, name);
    }

    pub(super) fn read(&mut self, path: &str) {
        add(&mut self.reads, path);
    }

    pub(super) fn write(&mut self, path: &str) {
        add(&mut self.writes, path);
    }

    pub(super) fn sensitive(&mut self, path: &str) {
        add(&mut self.sensitive, path);
    }

    pub(super) fn unknown(&mut self, what: &str) {
        add(&mut self.unknown, what);
    }

    /// Fills in what the absence of unknowns proves.
    pub(super) fn settle(&mut self) {
        let known = self.unknown.is_empty();
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
        if self.reversible.is_none() && known {
            self.reversible = Some(self.writes.is_empty() && self.deletes.is_empty());
        }
    }
}

/// Programs that only read their operands.
const READERS: &[&str] = &[
    "ls",
    "cat",
    "head",
    "tail",
    "wc",
    "nl",
    "tac",
    "cut",
    "sort",
    "uniq",
    "xxd",
    "find",
    "rg",
    "grep",
    "tree",
    "file",
    "stat",
    "du",
    "realpath",
    "readlink",
    "md5sum",
    "sha256sum",
    "cmp",
    "diff",
    "comm",
    "paste",
    "join",
    "od",
    "strings",
    "jq",
    "base64",
    "sed",
    "less",
    "more",
];
/// Programs that change their operands.
const CHANGERS: &[&str] = &[
    "rm", "rmdir", "unlink", "shred", "mv", "cp", "install", "ln", "mkdir", "touch", "tee", "truncate",
    "mkfifo", "mknod", "chmod", "chown", "chgrp",
];
/// Programs without effects of their own.
const QUIET: &[&str] = &[
    "echo", "printf", "true", "false", "pwd", "cd", "date", "hostname", "ps", "uname", "whoami", "id",
    "nproc", "df", "free", "uptime", "seq", "basename", "dirname", "tr", "which", "type", "command", "test",
    "[", "sleep", ":", "exit", "export", "set", "read", "env", "nohup", "nice", "timeout", "time", "xargs",
    "exec", "stdbuf", "setsid", "pushd", "popd",
];

/// The paths among a command's words, resolved: neither patterns nor counts nor what `find` is asked.
fn operands(walker: &Walker<'_>, name: &str, args: &[Arg]) -> Vec<String> {
    let known = READERS.contains(&name) || CHANGERS.contains(&name) || name.ends_with("awk");
    if !known {
        return Vec::new();
    }
    let patterns = super::pattern::is_pattern(name, args);
    let expression = args.iter().position(|arg| arg.text().starts_with(['-', '(', '!']));
    let starts = expression.filter(|_| name == "find").unwrap_or(args.len());
    args.iter()
        .zip(patterns)
        .enumerate()
        .take(starts.min(4 * MOST))
        .filter(|(at, (arg, pattern))| {
            let text = arg.text();
            let counts = matches!(name, "head" | "tail")
                && *at > 0
                && matches!(args[at - 1].text().as_str(), "-n" | "-c" | "--lines" | "--bytes");
            !pattern && !counts && !text.starts_with('-') && !text.is_empty()
        })
        .map(|(_, (arg, _))| show(&walker.resolve(arg)))
        .collect()
}

/// Notes that what all operands but the last name goes to where the last one is, and whether it is gone from there.
fn carry(effects: &mut Effects, operands: &[String], moves: bool) {
    let Some((last, rest)) = operands.split_last() else { return };
    effects.write(last);
    for path in rest {
        effects.read(path);
        if moves {
            add(&mut effects.deletes, path);
        }
    }
}

/// Whether a version control system talks to another machine.
fn exchanges(name: &str, args: &[Arg]) -> bool {
    let parts: &[&str] = match name {
        "git" => &["clone", "fetch", "pull", "push", "ls-remote", "submodule", "send-email"],
        "hg" | "bzr" => &["clone", "pull", "push", "incoming", "outgoing"],
        "svn" | "cvs" => return true,
        _ => return false,
    };
    let words: Vec<String> = args.iter().map(Arg::text).collect();
    // `git -C folder pull`: the value of an option is not what git is asked.
    let is_value =
        |at: usize| at > 0 && matches!(words[at - 1].as_str(), "-C" | "-c" | "--git-dir" | "--work-tree");
    let part = words.iter().enumerate().find(|(at, word)| !word.starts_with('-') && !is_value(*at));
    part.is_some_and(|(_, word)| parts.contains(&word.as_str()))
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
        walker.effects.unknown("values that are only known when it runs");
    }
    // `dd`'s two ends.
    let is_end =
        |arg: &&Arg| name == "dd" && (arg.text().starts_with("if=") || arg.text().starts_with("of="));
    let ends: Vec<(String, String)> =
        args.iter().filter(is_end).map(|arg| (arg.text(), show(&walker.resolve(&arg.tail(3))))).collect();
    let effects = &mut walker.effects;
    match name {
        "sed"
            if args
                .iter()
                .any(|arg| arg.text().starts_with("-i") || arg.text().starts_with("--in-place")) =>
        {
            for path in &operands {
                effects.write(path);
            }
            effects.reversible = Some(false);
        }
        "rm" | "rmdir" | "unlink" | "shred" => {
            for path in &operands {
                add(&mut effects.deletes, path);
            }
            effects.reversible = Some(false);
        }
        "mv" | "cp" | "install" | "ln" => carry(effects, &operands, name == "mv"),
        "mkdir" | "touch" | "tee" | "truncate" | "mkfifo" | "mknod" => {
            for path in &operands {
                effects.write(path);
            }
        }
        "chmod" | "chown" | "chgrp" => {
            for path in operands.iter().skip(1) {
                effects.write(path);
            }
        }
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
        "find" => {
            if args.iter().any(|arg| arg.text() == "-delete") {
                for path in &operands {
                    add(&mut effects.deletes, path);
                }
                effects.reversible = Some(false);
            }
            for path in &operands {
                effects.read(path);
            }
        }
        name if is_network(name) || exchanges(name, args) => {
            effects.network = Some(true);
            effects.unknown("what is sent and received");
        }
        name if READERS.contains(&name) => operands.iter().for_each(|path| effects.read(path)),
        name if QUIET.contains(&name) => {}
        name if is_interpreter(name) => effects.unknown(&format!("what the program given to {name} does")),
        name => effects.unknown(&format!("what {name} does")),
    }
}
