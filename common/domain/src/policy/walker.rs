//! What the walk knows, from one command to the next.
//!
//! Owns: [`Walker`], and how it gives up and comes back. Must never visit anything itself.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::Setting;
use super::deny::{Finding, protected};
use super::effect::Effects;
use super::facts::Facts;
use super::path::{Components, components, resolve};
use super::reassign::Given;
use super::stream::Input;
use super::syntax::Command;
use super::word::Arg;

/// Work units for one judgement: these, and [`PER_BYTE`] for each byte of the text. A unit is what a machine of 2020 does
/// in ten nanoseconds at most, so that a text of 64 KiB gets seven milliseconds. What people and agents write uses up to 10
/// a byte; only thousands of commands of a few letters each use more.
const BUDGET: usize = 30_000;
const PER_BYTE: usize = 10;
/// Other directories that are followed beside the tracked one.
const MAX_OTHERS: usize = 2;
/// Directories where what is set to run later is looked at.
const MAX_BEEN: usize = 6;

/// The directory, the one before it, and the stack of `pushd`.
pub(super) type Place = (Rc<str>, Option<Rc<str>>, Vec<Rc<str>>);

/// The state of one walk.
#[expect(clippy::struct_excessive_bools, reason = "independent observations, not a state")]
pub(super) struct Walker<'a> {
    /// The surroundings.
    pub(super) setting: &'a Setting<'a>,
    /// Protected places, resolved once.
    pub(super) protected: Vec<Components>,
    /// What was found.
    pub(super) findings: Vec<Finding>,
    /// What the commands would do.
    pub(super) effects: Effects,
    /// Some part was not looked at, or where it ends is doubtful.
    pub(super) partial: bool,
    /// Some part was not looked at: too deep, or too much work.
    pub(super) exhausted: bool,
    /// How the tracked directory lies to the protected places.
    pub(super) place: protected::Nearness,
    /// How the one before it does: whoever goes somewhere comes back.
    pub(super) last_place: protected::Nearness,
    /// Commands whose effects were noted.
    pub(super) noted: usize,
    /// Words that were looked at for secrets.
    pub(super) looked: usize,
    /// What the text makes of `$HOME` or `$PWD`, where that is looked at. What the rules protect stays the true home.
    pub(super) given: Option<Given>,
    /// Other directories it may be in, because what led to the tracked one may not have run.
    pub(super) others: Vec<Place>,
    /// A `cd` led nobody knows where.
    pub(super) lost: bool,
    /// What was set to run later (`trap`), and the directories where that may be.
    pub(super) traps: Vec<String>,
    pub(super) been: Vec<Place>,
    /// The literal text that substitutions of the current command print.
    pub(super) printed: Vec<Rc<str>>,
    /// The next command is no function.
    pub(super) direct: bool,
    /// A coprocess reads what is printed to it as its program.
    pub(super) coprocess: bool,
    /// The tracked directory.
    pub(super) cwd: Rc<str>,
    pub(super) old: Option<Rc<str>>,
    pub(super) pushed: Vec<Rc<str>>,
    pub(super) tainted: BTreeSet<String>,
    pub(super) budget: usize,
    pub(super) depth: u32,
    /// Reading text that is too deep: every word that names a dangerous program begins a command.
    pub(super) flat: bool,
    pub(super) levels: u32,
    /// What is walked was looked through for functions that call themselves.
    pub(super) within: bool,
    /// Functions that the text defines.
    pub(super) functions: BTreeMap<String, Rc<Command>>,
    /// Aliases that it defines.
    pub(super) aliases: BTreeMap<String, String>,
    /// Calls of them that are being followed.
    pub(super) calls: u32,
    /// What the present command reads comes from the network.
    pub(super) piped: bool,
    /// What the shell itself reads, from a redirection of `exec` alone.
    pub(super) standing: Input,
    /// The literal text behind a descriptor: of a here-document or here-string.
    pub(super) texts: BTreeMap<String, Rc<str>>,
    /// Code in `>(…)` that `exec` alone has opened: every later command may print there.
    pub(super) opened: Vec<String>,
    /// Wrappers around the present command.
    pub(super) wraps: u32,
    /// What process substitutions of the current command held.
    pub(super) beside: Facts,
    /// Code in `>(…)` of the current command: it reads what the command prints.
    pub(super) sinks: Vec<String>,
}

impl<'a> Walker<'a> {
    /// A walk that has seen nothing, for a text of this length.
    pub(super) fn new(setting: &'a Setting<'a>, length: usize) -> Self {
        Self {
            setting,
            protected: setting.protected.iter().map(|path| components(path)).collect(),
            findings: Vec::new(),
            effects: Effects::default(),
            partial: false,
            exhausted: false,
            place: protected::Nearness::default(),
            last_place: protected::Nearness::default(),
            noted: 0,
            looked: 0,
            given: None,
            others: Vec::new(),
            lost: false,
            traps: Vec::new(),
            been: Vec::new(),
            printed: Vec::new(),
            direct: false,
            coprocess: false,
            cwd: Rc::from(setting.cwd),
            old: None,
            pushed: Vec::new(),
            tainted: BTreeSet::new(),
            budget: BUDGET + PER_BYTE * length,
            depth: 0,
            flat: false,
            levels: 0,
            within: false,
            functions: BTreeMap::new(),
            aliases: BTreeMap::new(),
            calls: 0,
            piped: false,
            standing: Input::default(),
            texts: BTreeMap::new(),
            opened: Vec::new(),
            wraps: 0,
            beside: Facts::default(),
            sinks: Vec::new(),
        }
    }

    /// Goes on with the work that another walk over the same text left.
    pub(super) fn continues(&mut self, other: &Self) {
        self.budget = other.budget + BUDGET;
    }

    /// Notes a denial.
    pub(super) fn deny(&mut self, rule: &'static str, reason: impl Into<String>) {
        if !self.findings.iter().any(|finding| finding.rule == rule) {
            self.findings.push(Finding { rule, reason: reason.into() });
        }
        // Nothing more can change the verdict: what is still looked at only says more about it.
        self.budget = self.budget.min(BUDGET);
    }

    /// Notes that a part was not looked at.
    pub(super) fn give_up(&mut self) {
        self.partial = true;
        self.exhausted = true;
    }

    pub(super) fn place(&self) -> Place {
        (self.cwd.clone(), self.old.clone(), self.pushed.clone())
    }

    /// Whether relative names may mean something dangerous in a directory: near the root, or the workspace itself.
    fn is_near(&self, directory: &str) -> bool {
        directory.matches('/').count() <= 2 || directory == self.setting.workspace
    }

    /// Keeps in mind that it may still be there.
    pub(super) fn fork(&mut self, place: Place) {
        let known = self.others.iter().any(|other| other.0 == place.0);
        if place.0 != self.cwd && !known && self.others.len() < MAX_OTHERS && self.is_near(&place.0) {
            self.others.push(place);
        }
    }

    /// Keeps in mind that it was here: what is set to run later may run here.
    pub(super) fn visit(&mut self) {
        let known = self.been.iter().any(|place| place.0 == self.cwd);
        if !known && self.been.len() < MAX_BEEN && self.is_near(&self.cwd) {
            self.been.push(self.place());
        }
    }

    pub(super) fn restore(&mut self, (cwd, old, pushed): Place) {
        (self.cwd, self.old, self.pushed) = (cwd, old, pushed);
    }

    /// What a long directory costs at each look at a path in it.
    pub(super) fn deep(&self) -> usize {
        self.cwd.len().saturating_sub(64)
    }

    /// What a name that the text has given another value expands to.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.given.as_ref().filter(|(given, _)| *given == name).map(|(_, value)| value.as_str())
    }

    /// The home that `~`, `$HOME` and `cd` alone mean.
    pub(super) fn home_word(&self) -> &str {
        self.given("HOME").unwrap_or(self.setting.home)
    }

    /// Resolves an argument against the tracked directory.
    pub(super) fn resolve(&self, arg: &Arg) -> Components {
        resolve(arg.units(), &self.cwd)
    }

    /// Marks a variable as holding network output.
    pub(super) fn taint(&mut self, name: String) {
        self.tainted.insert(name);
    }
}
