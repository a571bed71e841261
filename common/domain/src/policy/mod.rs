//! The command policy: what a command line of the AI may do without a question, with one, or never.
//!
//! Owns: the verdict on exact bytes, as a pure function. Must never run, expand, or look at a disk or a clock: the
//! same bytes in the same setting always get the same judgement. It is a seat belt; Unix users are the wall.
//!
//! Order: malformed → deny → allow → ask. The tree is read tolerantly ([`syntax`]), so that deny sees everything that
//! could run, also in what no shell would accept (I8); allow trusts neither that reader nor itself alone: a scan of the
//! raw text and an independent parser must agree.

mod allow;
mod arg;
mod brace;
mod class;
mod compose;
mod deny;
mod effect;
mod expansion;
mod facts;
mod flat;
mod function;
mod glob;
mod interpret;
mod invoke;
mod malformed;
mod nest;
mod option;
mod path;
mod pattern;
mod print;
mod program;
mod reassign;
mod runner;
mod secret;
mod sensitive;
mod spread;
mod stream;
mod syntax;
mod track;
mod walk;
mod walker;
mod word;
mod wrapper;

use serde::{Deserialize, Serialize};

pub use class::{Barred, barred, lies_within, may_stay_open, single, stays_within};
pub use effect::Effects;
pub use secret::patterns as secret_patterns;

/// The version of the rules; part of what an approval binds (P4). Raised whenever a verdict changes, so that a yes given
/// under other rules is asked for again.
pub const VERSION: u32 = 9;

/// The paths that belong to MetatronOS itself.
pub const PROTECTED: &[&str] = &["/var/lib/metatron", "/run/metatron", "/etc/metatron", "/var/lib/redis"];

/// Where a command would run.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The directory it starts in.
    pub cwd: &'a str,
    /// `$HOME`.
    pub home: &'a str,
    /// `$USER`.
    pub user: &'a str,
    /// The root of the workspace.
    pub workspace: &'a str,
    /// Paths nobody may name (D4), besides other processes in `/proc`.
    pub protected: &'a [String],
}

impl Default for Setting<'_> {
    fn default() -> Self {
        static PATHS: std::sync::LazyLock<Vec<String>> =
            std::sync::LazyLock::new(|| PROTECTED.iter().map(ToString::to_string).collect());
        Self {
            cwd: "/home/agent/work",
            home: "/home/agent",
            user: "agent",
            workspace: "/home/agent/work",
            protected: &PATHS,
        }
    }
}

/// The answer, in order of strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Runs without a question.
    Allow,
    /// Runs only with the owner's approval.
    Ask,
    /// Never runs.
    Deny,
}

/// How much could go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Reads only.
    Low,
    /// Changes things, or cannot be told.
    Medium,
    /// Hard to undo, or with more privilege.
    High,
}

/// A judgement of exact bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Judgement {
    /// The answer.
    pub verdict: Verdict,
    /// The stable id of the rule that decided, such as `deny.recursive_delete`.
    pub rule: String,
    /// Sentences for the owner and the model.
    pub reasons: Vec<String>,
    /// How much could go wrong.
    pub risk: Risk,
    /// What it would do, as far as its words tell.
    pub effects: Effects,
}

/// Judges a command line.
pub fn judge(command: &[u8], setting: &Setting<'_>) -> Judgement {
    let text = match malformed::check(command) {
        Ok(text) => text,
        Err((rule, reason)) => {
            let reasons = vec![reason.to_owned(), "Send the command again without it.".to_owned()];
            let effects =
                Effects { unknown: vec!["the command was not read".to_owned()], ..Effects::default() };
            return Judgement {
                verdict: Verdict::Deny,
                rule: rule.to_owned(),
                reasons,
                risk: Risk::High,
                effects,
            };
        }
    };
    let tree = syntax::read(text);
    let mut walker = walk::Walker::new(setting, text.len());
    walker.whole(text, &tree);
    if continues_within(text) && walker.findings.is_empty() {
        // The shell joins continued lines before it reads operators and reserved words.
        let joined = text.replace("\\\n", "");
        let mut second = walk::Walker::new(setting, text.len());
        second.continues(&walker);
        second.whole(&joined, &syntax::read(&joined));
        walker.findings = second.findings;
        walker.partial |= second.partial;
    }
    for given in reassign::given(text) {
        if !walker.findings.is_empty() {
            break;
        }
        let mut second = walk::Walker::new(setting, text.len());
        // With what is left of the work: it only adds denials.
        second.budget = walker.budget;
        second.given = Some(given);
        second.through(text, &tree);
        walker.findings = second.findings;
        walker.budget = second.budget;
    }
    let partial = walker.partial;
    let mut effects = std::mem::take(&mut walker.effects);
    if partial {
        effects.unknown("parts that are nested too deeply or too long to be read");
    }
    effects.settle();
    if let Some(first) = walker.findings.first() {
        let rule = first.rule.to_owned();
        let reasons = walker.findings.iter().map(|finding| finding.reason.clone()).collect();
        return Judgement { verdict: Verdict::Deny, rule, reasons, risk: Risk::High, effects };
    }
    let (verdict, rule, reason) = match allow::check(text, &tree, setting) {
        _ if partial => (
            Verdict::Ask,
            "ask.too_complex",
            "The command is too deeply nested or too long to be read in full.".to_owned(),
        ),
        Ok(()) => (
            Verdict::Allow,
            "allow.reads_only",
            "It only reads, with options that are on the list.".to_owned(),
        ),
        Err((rule, reason)) => (Verdict::Ask, rule, reason),
    };
    let risk = risk(verdict, &effects);
    Judgement { verdict, rule: rule.to_owned(), reasons: vec![reason], risk, effects }
}

/// Whether a line is continued in the middle of a word or an operator; behind a blank it is only more blank.
fn continues_within(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.match_indices("\\\n").any(|(at, _)| at == 0 || !matches!(bytes[at - 1], b' ' | b'\t'))
}

/// The risk shown on the card.
fn risk(verdict: Verdict, effects: &Effects) -> Risk {
    let high = effects.privilege == Some(true)
        || effects.services == Some(true)
        || effects.reversible == Some(false);
    let plain = effects.unknown.is_empty() && effects.writes.is_empty() && effects.network == Some(false);
    match verdict {
        Verdict::Allow => Risk::Low,
        Verdict::Deny => Risk::High,
        Verdict::Ask if high && !effects.deletes.is_empty() || effects.privilege == Some(true) => Risk::High,
        Verdict::Ask if plain => Risk::Low,
        Verdict::Ask => Risk::Medium,
    }
}
