//! The allow list (A): commands that only read, from tables, in the plainest of grammars.
//!
//! Owns: the decision that nobody needs to be asked. Must never see a construct it does not list: everything else asks.

mod climb;
mod filter;
mod plain;
mod process;
mod special;
mod table;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::Setting;
use super::glob::{Unit, literal};
use super::path::{Components, as_written, carried, components, possible, resolve, show};
use super::pattern::is_pattern;
use super::sensitive::{is_sensitive, reaches};
use super::syntax::{Join, Kind, Redirect, Tree, Word};
use super::word::{Arg, Look, Value, decode};

/// Why a command is not allowed: a rule id and a sentence.
pub(super) type Why = (&'static str, String);

const MAX_BYTES: usize = 8 * 1024;
const MAX_COMMANDS: usize = 32;
/// Directories that are told apart: each `cd` may have failed.
const MAX_DIRECTORIES: usize = 64;

/// Judges a whole text; `Ok` means every command in it is on the list.
pub(super) fn check(text: &str, tree: &Tree, setting: &Setting<'_>) -> Result<(), Why> {
    if text.len() > MAX_BYTES {
        return Err(("ask.length", "The command is longer than 8 KiB.".to_owned()));
    }
    plain::check(text, setting.user)?;
    let stages: Vec<_> = tree.list.iter().flat_map(|step| &step.stages).collect();
    if stages.len() > MAX_COMMANDS {
        return Err(("ask.length", "The command has more than 32 simple commands.".to_owned()));
    }
    let plainest = || {
        let reason = "The command uses more of the shell than plain words joined by && || ; | and newlines.";
        ("ask.grammar", reason.to_owned())
    };
    if tree.marks != super::syntax::Marks::default() || stages.is_empty() {
        return Err(plainest());
    }
    let count = stages.len();
    let mut allower = Allower::new(setting);
    for step in &tree.list {
        if step.join != Join::And {
            allower.left();
        }
        for stage in &step.stages {
            let Kind::Simple(words) = &stage.kind else {
                return Err(("ask.grammar", "The command uses groups or control flow.".to_owned()));
            };
            for redirect in &stage.redirects {
                allower.redirect(redirect)?;
            }
            allower.simple(words)?;
            if step.stages.len() > 1 {
                // In a pipeline it moves nobody.
                allower.left();
            }
        }
    }
    // Last, because it costs the most.
    if plain::agrees(text, count) { Ok(()) } else { Err(plainest()) }
}

/// Whether a tool of the table has options here that are not on its list.
pub(super) fn does_more(setting: &Setting<'_>, name: &str, args: &[Arg]) -> bool {
    let mut allower = Allower::new(setting);
    let judged = if table::ANY.contains(&name) {
        special::any(&mut allower, name, args)
    } else {
        special::listed(&mut allower, name, args)
    };
    matches!(judged, Err(("ask.option", _)))
}

/// The words of a text that is one simple command, all of them known and none a glob; it redirects to nothing but
/// `/dev/null`.
pub(super) fn single(text: &str, tree: &Tree, setting: &Setting<'_>) -> Option<Vec<Arg>> {
    if text.len() > MAX_BYTES || tree.marks != super::syntax::Marks::default() || !tree.bodies.is_empty() {
        return None;
    }
    plain::check(text, setting.user).ok()?;
    let [step] = tree.list.as_slice() else { return None };
    let [stage] = step.stages.as_slice() else { return None };
    let Kind::Simple(words) = &stage.kind else { return None };
    let first = words.first()?;
    if step.background || super::track::assignment(first).is_some() {
        return None;
    }
    // Whose home it is depends on who runs it.
    if words.iter().any(|word| word.starts_with('~')) {
        return None;
    }
    let mut allower = Allower::new(setting);
    for redirect in &stage.redirects {
        if redirect.op.starts_with('<') {
            return None;
        }
        allower.redirect(redirect).ok()?;
    }
    let mut args = Vec::new();
    for word in words {
        args.extend(allower.decode(word).ok()?);
    }
    let plain = !args.is_empty() && !args.iter().any(Arg::has_glob);
    (plain && plain::agrees(text, 1)).then_some(args)
}

/// Whether whatever lies below a directory holds no fixed place of secrets, as far as no name on the way is hidden.
fn is_clear(setting: &Setting<'_>, cwd: &str) -> bool {
    let below = |path: &str, place: &str| path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'));
    let home = below(cwd, setting.home) && below(cwd, "/home") && !cwd.contains("/.");
    home && !setting.protected.iter().any(|place| below(place, cwd))
}

/// Whether a glob stands in an option's name: behind the `=` of a long one it is only its value.
fn is_any_option(arg: &Arg) -> bool {
    let long = arg.text().starts_with("--");
    let name = arg.units().iter().take_while(|unit| !(long && **unit == Unit::Lit('=')));
    arg.has_glob() && arg.text().starts_with(['-', '+']) && name.into_iter().any(Unit::is_glob)
}

/// Whether a file pattern has a piece of a secret's name: `*env`, `*.k*`.
fn means(pattern: &str) -> bool {
    const ENDINGS: &[&str] = &[".env", ".pem", ".key"];
    let last = pattern.rsplit('/').next().unwrap_or_default();
    let mut pieces = last.split('*').skip(1).peekable();
    while let Some(piece) = pieces.next() {
        let ends = pieces.peek().is_none();
        let known = |ending: &&str| if ends { ending.ends_with(piece) } else { ending.starts_with(piece) };
        if piece.len() > 1 && ENDINGS.iter().any(known) {
            return true;
        }
    }
    false
}

/// The state of one judgement by A.
pub(super) struct Allower<'a> {
    pub(super) setting: &'a Setting<'a>,
    /// Protected places, resolved when they are first asked for.
    protected: OnceCell<Vec<Components>>,
    /// Every directory the commands may run in.
    cwds: BTreeSet<String>,
    /// Directories that were left by a `cd` in this and-or list: behind `&&` it did not fail, elsewhere it may have.
    stayed: BTreeSet<String>,
    strange: bool,
}

impl<'a> Allower<'a> {
    fn new(setting: &'a Setting<'a>) -> Self {
        Self {
            setting,
            protected: OnceCell::new(),
            cwds: BTreeSet::from([setting.cwd.to_owned()]),
            stayed: BTreeSet::new(),
            strange: false,
        }
    }

    fn protected(&self) -> &[Components] {
        let resolve = || self.setting.protected.iter().map(|path| components(path)).collect();
        self.protected.get_or_init(resolve)
    }

    fn decode(&mut self, raw: &str) -> Result<Vec<Arg>, Why> {
        let args = decode(raw, self);
        if self.strange || args.iter().any(|arg| !arg.is_known()) {
            return Err((
                "ask.expansion",
                "The command has an expansion whose value is only known when it runs.".to_owned(),
            ));
        }
        Ok(args)
    }

    fn redirect(&mut self, redirect: &Redirect) -> Result<(), Why> {
        let args = self.decode(&redirect.target)?;
        let refused = || {
            ("ask.redirect", format!("It redirects with `{}` to or from {}.", redirect.op, &*redirect.target))
        };
        let [arg] = args.as_slice() else { return Err(refused()) };
        let text = arg.text();
        let ok = match (redirect.op, redirect.fd.as_str()) {
            (">" | ">>" | ">|", "" | "1" | "2") | ("&>" | "&>>", _) => text == "/dev/null",
            (">&", "2") => text == "1",
            (">&", "" | "1") => text == "2" || (redirect.fd.is_empty() && text == "/dev/null"),
            ("<", "" | "0") => !arg.has_glob() && self.readable(arg),
            _ => false,
        };
        if ok { Ok(()) } else { Err(refused()) }
    }

    fn simple(&mut self, words: &[Word]) -> Result<(), Why> {
        if words.first().is_some_and(|word| super::track::assignment(word).is_some()) {
            return Err(("ask.assignment", "It assigns a variable.".to_owned()));
        }
        let mut args = Vec::new();
        for word in words {
            args.extend(self.decode(word)?);
        }
        let Some((first, rest)) = args.split_first() else {
            return Err(("ask.grammar", "A redirection without a command.".to_owned()));
        };
        let text = first.text();
        let name = text.strip_prefix("/usr/bin/").or_else(|| text.strip_prefix("/bin/")).unwrap_or(text);
        if first.has_glob() || name.contains('/') {
            return Err(("ask.program", format!("`{text}` is not a plain name from the table.")));
        }
        // A file may be named like an option, and a glob may match it.
        if let Some(arg) = rest.iter().find(|arg| is_any_option(arg)) {
            return Err((
                "ask.glob",
                format!("`{}` may be any option that a file is named like.", arg.text()),
            ));
        }
        let any = table::ANY.contains(&name);
        let builtin_path = text.contains('/') && matches!(name, "cd" | "type" | "command");
        if builtin_path {
            return Err(("ask.program", format!("`{text}` is not a plain name from the table.")));
        }
        if any {
            special::any(self, name, rest)?;
        } else {
            special::listed(self, name, rest)?;
        }
        self.operands(name, rest)
    }

    /// No operand is sensitive or protected.
    fn operands(&mut self, name: &str, args: &[Arg]) -> Result<(), Why> {
        let prints = matches!(name, "echo" | "printf");
        let patterns = is_pattern(name, args);
        for (arg, pattern) in args.iter().zip(patterns) {
            // Behind a test of `find` more words than one are no paths: it refuses them.
            let skipped = (pattern || prints) && !arg.has_glob() || pattern && name == "find";
            if !skipped && !self.readable(arg) {
                return Err((
                    "ask.sensitive",
                    format!("`{}` is, or can be, a place that holds secrets or devices.", arg.text()),
                ));
            }
        }
        Ok(())
    }

    /// No file pattern of a search selects sensitive names (`grep --include`, `rg -g`).
    pub(super) fn selects(&self, values: &[&Arg]) -> Result<(), Why> {
        for value in values {
            let text = value.text().to_lowercase();
            let pattern = text.rsplit_once(':').map_or(text.as_str(), |(_, pattern)| pattern);
            if pattern.starts_with('!') {
                continue;
            }
            let open = pattern.contains(['\\', '$', '`', '\'', '"']);
            // Read as a shell word, a file pattern means the same. What would be read without it may be selected; only what
            // names secrets itself is meant.
            let mut look = Allower::new(self.setting);
            let named = |arg: &Arg| {
                let filled = |fill: &str| {
                    let stars = arg
                        .units()
                        .iter()
                        .map(|unit| if *unit == Unit::Star { None } else { Some(unit.clone()) });
                    let units = stars
                        .flat_map(|unit| unit.map_or_else(|| literal(fill), |unit| vec![unit]))
                        .collect();
                    Arg::new(units, true)
                };
                let hidden = arg.text().rsplit('/').next().is_some_and(|name| name.starts_with('.'));
                hidden && !self.readable(arg) || ["", "x"].iter().any(|fill| !self.readable(&filled(fill)))
            };
            if open || means(pattern) || decode(pattern, &mut look).iter().any(named) {
                return Err((
                    "ask.sensitive",
                    format!("It selects files by `{text}`, which can be places that hold secrets."),
                ));
            }
        }
        Ok(())
    }

    /// Whether a word names nothing sensitive, wherever the command runs.
    pub(super) fn readable(&self, arg: &Arg) -> bool {
        if self.cwds.iter().all(|cwd| super::deny::protected::is_harmless(self.setting, cwd, arg)) {
            return true;
        }
        let home = |cwd: &String| cwd.starts_with("/home/");
        let carried = carried(arg.units(), !self.cwds.iter().all(home));
        self.cwds.iter().all(|cwd| {
            carried.iter().filter(|units| !units.is_empty()).all(|units| {
                let clear = |path: Components| {
                    !is_sensitive(&path) && !super::deny::protected::is_protected(self.protected(), &path)
                };
                !climb::climbs(units, cwd) && clear(as_written(units, cwd)) && possible(units, cwd).all(clear)
            })
        })
    }

    /// Whether recursive reading from here stays clear of fixed sensitive places.
    pub(super) fn recursive(&self, starts: &[Arg]) -> Result<(), Why> {
        let here = [Arg::plain(".")];
        let starts = if starts.is_empty() { &here } else { starts };
        for start in starts {
            for cwd in self.cwds.iter().filter(|cwd| !(is_clear(self.setting, cwd) && start.descends())) {
                let far = |path: &Components| reaches(self.setting, self.protected(), path);
                if let Some(path) = possible(start.units(), cwd).find(far) {
                    return Err((
                        "ask.recursive",
                        format!("It reads everything below {}, where secrets are.", show(&path)),
                    ));
                }
            }
        }
        Ok(())
    }

    /// A command that also runs where an earlier one failed.
    fn left(&mut self) {
        self.cwds.append(&mut self.stayed);
    }

    /// Follows `cd`: what follows behind `&&` runs where it leads to, what follows otherwise also where it began.
    pub(super) fn change_directory(&mut self, target: &Arg) -> Result<(), Why> {
        // The shell's own `cd` follows no link backwards; `-P` does.
        let both = |cwd: &String| [as_written(target.units(), cwd), resolve(target.units(), cwd)];
        let next = self.cwds.iter().flat_map(both).map(|path| show(&path)).collect();
        self.stayed.append(&mut std::mem::replace(&mut self.cwds, next));
        if self.cwds.len() + self.stayed.len() > MAX_DIRECTORIES {
            return Err(("ask.directories", "It changes the directory too often to follow.".to_owned()));
        }
        Ok(())
    }
}

impl Look for Allower<'_> {
    fn code(&mut self, _: &str) -> bool {
        self.strange = true;
        false
    }

    fn process(&mut self, _: &str, _: bool) -> bool {
        self.strange = true;
        false
    }

    fn variable(&mut self, _: &str) -> Value {
        self.strange = true;
        Value::Unknown { network: false }
    }

    fn taken(&mut self, _: &str) {
        self.strange = true;
    }

    fn home(&self) -> String {
        self.setting.home.to_owned()
    }

    fn user(&self) -> String {
        self.setting.user.to_owned()
    }

    fn cwd(&self) -> String {
        self.setting.cwd.to_owned()
    }

    fn doubt(&mut self) {
        self.strange = true;
    }

    fn spend(&mut self, _: usize) -> bool {
        true
    }
}
