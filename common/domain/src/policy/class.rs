//! What a saved rule may be about (SECURITY P3): one simple command whose every word is surely known, of a program whose
//! words do nothing behind the owner's back.
//!
//! Owns: the classes of programs that no rule may name, each with its reason. Must never make a verdict laxer: rules
//! apply only where the judge asks.

mod table;

use super::glob::Unit;
use super::path::{Components, carried, components, resolve, within};
use super::program::{is_interpreter, is_network};
use super::word::Arg;
use super::wrapper::inner;
use super::{Setting, allow, malformed, syntax};
use table::{DESTROY, GIT, GIT_RUNS, NETWORK, OPEN, PACKAGE, PRIVILEGE, RUN, SERVICE, WRAP};

/// Why no rule may be about a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barred {
    /// It runs a program given to it in a language of its own.
    Interpreter,
    /// It runs the program named in its arguments.
    Wrapper,
    /// It speaks to the network.
    Network,
    /// It deletes or overwrites.
    Destructive,
    /// It gives more privilege.
    Privileged,
    /// It installs, and so runs what it fetched.
    Packages,
    /// It starts, stops or schedules.
    Services,
    /// It does many things, and the first argument says which.
    NeedsArgument,
    /// That part of it can run programs, reach the network or lose work.
    Part,
}

impl Barred {
    /// A sentence for the owner.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Interpreter => {
                "It runs whatever program it is given, so a rule for it would allow everything."
            }
            Self::Wrapper => {
                "It runs another program named in its words, so a rule for it would allow that one too."
            }
            Self::Network => {
                "It sends or fetches over the network, where nobody knows beforehand what comes back."
            }
            Self::Destructive => "It deletes or overwrites, which can't be undone: that is asked each time.",
            Self::Privileged => "It gives more privilege than the AI has: that is asked each time.",
            Self::Packages => "It installs packages, and so runs what it fetched: that is asked each time.",
            Self::Services => "It changes what runs by itself, now or later: that is asked each time.",
            Self::NeedsArgument => {
                "This program does many things: the rule must say which, by its first argument."
            }
            Self::Part => {
                "This part of the program can run other programs, reach the network or lose work: that is asked each time."
            }
        }
    }
}

/// The words of `command`, when it is one simple command and all of them are surely known.
pub fn single(command: &str) -> Option<Vec<String>> {
    let text = malformed::check(command.as_bytes()).ok()?;
    let args = allow::single(text, &syntax::read(text), &Setting::default())?;
    Some(args.iter().map(|arg| arg.text().to_owned()).collect())
}

/// Why no rule may be about these words, the program's name first.
pub fn barred(words: &[String]) -> Option<Barred> {
    let (first, rest) = words.split_first()?;
    let name = first.rsplit('/').next().unwrap_or_default();
    let args: Vec<Arg> = rest.iter().map(|word| Arg::plain(word.as_str())).collect();
    let named = |list: &[&str]| list.contains(&name);
    // `gcc-12`, `python3.11` and `vim.basic` are what they are without what stands behind.
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'));
    let plain = name.split('.').next().unwrap_or_default();
    let any =
        |list: &[&str]| named(list) || [stem, plain].iter().any(|it| !it.is_empty() && list.contains(it));
    Some(match () {
        () if is_interpreter(name) || is_interpreter(stem) || any(RUN) => Barred::Interpreter,
        () if any(PRIVILEGE) => Barred::Privileged,
        () if inner(name, &args).is_some() || any(WRAP) => Barred::Wrapper,
        () if any(PACKAGE) => Barred::Packages,
        () if is_network(name) || any(NETWORK) => Barred::Network,
        () if any(DESTROY) || name.starts_with("mkfs") => Barred::Destructive,
        () if any(SERVICE) => Barred::Services,
        () if name == "git" => return git(rest),
        () => return None,
    })
}

fn git(words: &[String]) -> Option<Barred> {
    let Some(part) = words.first() else { return Some(Barred::NeedsArgument) };
    let runs = words.iter().any(|word| GIT_RUNS.iter().any(|option| is_option(word, option)));
    (!GIT.contains(&part.as_str()) || runs).then_some(Barred::Part)
}

/// Whether a word is this option, an abbreviation of it, or has its value attached.
fn is_option(word: &str, option: &str) -> bool {
    if !option.starts_with("--") {
        return word == option;
    }
    let name = word.split('=').next().unwrap_or_default();
    name.len() > 3 && name.starts_with("--") && option.starts_with(name)
}

/// Whether a rule for this program may leave open which further words follow.
pub fn may_stay_open(words: &[String]) -> bool {
    let name = words.first().map(|word| word.rsplit('/').next().unwrap_or_default());
    name.is_some_and(|name| OPEN.contains(&name))
}

/// Whether a word, seen from `cwd`, names nothing outside `folder` and nothing hidden in it: what is hidden configures
/// programs (`.git`, `.envrc`).
pub fn stays_within(word: &str, cwd: &str, folder: &str) -> bool {
    let folder: Components = components(folder);
    carried(Arg::plain(word).units(), true).iter().all(|units| {
        let path = resolve(units, cwd);
        let hidden = path.iter().skip(folder.len()).any(|part| part.first() == Some(&Unit::Lit('.')));
        let is_path = units.contains(&Unit::Lit('/')) || super::glob::text(units) == "..";
        !hidden && (!is_path || within(&path, &folder))
    })
}

/// Whether `path` is `folder` or below it; both are absolute and without links.
pub fn lies_within(path: &str, folder: &str) -> bool {
    within(&components(path), &components(folder))
}
