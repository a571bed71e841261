//! Rules: what the owner allowed beforehand. A typed grant of one program, an exact beginning of its words, a folder, a
//! scope, a time and a number of uses (SECURITY P3).
//!
//! Owns: whether a rule matches what was measured. Matches nothing that is not surely understood, and never decides
//! alone: the judge has asked first, and its floor stays.

pub mod book;
pub mod draft;
pub mod warrant;

use serde::{Deserialize, Serialize};

use crate::approval::Measure;
use crate::clock::Instant;
use crate::id::{ChatId, RuleId};
use crate::mode::is_floor;
use crate::policy::{Judgement, Verdict, barred, lies_within, may_stay_open, single, stays_within};

/// Where a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = RuleScope))]
#[serde(rename_all = "snake_case", tag = "where")]
pub enum Scope {
    /// In every conversation that works in mode `auto` or `full`.
    Everywhere,
    /// In one of them.
    Chat {
        /// Which.
        chat: ChatId,
    },
}

/// What a rule allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = RuleTerms))]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// Raised by each change: what was allowed under an older one is refused.
    pub version: u32,
    /// The program's path, without links.
    pub program: String,
    /// The words behind the program's name that must stand there exactly.
    pub words: Vec<String>,
    /// Whether further words may follow; they name nothing outside `folder`.
    pub open: bool,
    /// The folder the command must start in, or below.
    pub folder: String,
    /// Where it counts.
    pub scope: Scope,
    /// From this instant it is void; absent: until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// How often it may be used; absent: any number of times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// What a command may run under without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "under", rename_all = "snake_case")]
pub enum Under {
    /// A rule.
    Rule {
        /// Which.
        rule: RuleId,
        /// Which version of it.
        version: u32,
    },
    /// The mode `full`.
    Full,
}

/// A command, as it is compared with rules.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The exact text.
    pub command: &'a str,
    /// The conversation it comes from.
    pub chat: Option<ChatId>,
    /// What was measured.
    pub measure: &'a Measure,
    /// What the judge said.
    pub judgement: &'a Judgement,
    /// Whether untrusted content has entered its run.
    pub tainted: bool,
}

impl Rule {
    /// Whether it is in force at `now`.
    pub fn is_current(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Whether it allows this command. Says nothing about time and uses.
    pub fn matches(&self, asked: &Asked<'_>) -> bool {
        let in_scope = match self.scope {
            Scope::Everywhere => true,
            Scope::Chat { chat } => asked.chat == Some(chat),
        };
        in_scope && is_harmless(asked.judgement) && self.fits(asked)
    }

    fn fits(&self, asked: &Asked<'_>) -> bool {
        let Some(words) = single(asked.command) else { return false };
        let Some((name, rest)) = words.split_first() else { return false };
        // By the name that was typed, and by that of the program it leads to.
        let by_program: Vec<String> = std::iter::once(&self.program).chain(rest).cloned().collect();
        let no_rule = barred(&words).or_else(|| barred(&by_program)).is_some();
        if no_rule || !lies_within(&asked.measure.cwd, &self.folder) {
            return false;
        }
        let Some(further) = rest.strip_prefix(self.words.as_slice()) else { return false };
        let within = |word: &String| {
            // What a link hides is judged by where it leads (P3, P5).
            let mut links = asked.measure.links.iter().filter(|link| link.word == *word);
            stays_within(word, &asked.measure.cwd, &self.folder)
                && links.all(|link| stays_within(&link.path, &asked.measure.cwd, &self.folder))
        };
        let goes_on = self.open && may_stay_open(&words) && further.iter().all(within);
        (further.is_empty() || goes_on) && program_of(name, asked.measure) == Some(&self.program)
    }
}

/// Whether what the judge saw is of a kind that rules are for.
fn is_harmless(judgement: &Judgement) -> bool {
    let effects = &judgement.effects;
    judgement.verdict == Verdict::Ask
        && !is_floor(judgement)
        && effects.deletes.is_empty()
        && effects.network != Some(true)
        && effects.packages != Some(true)
        && effects.services != Some(true)
}

/// The program that `name` was measured as, where the AI can't change it and it is all that runs.
fn program_of<'a>(name: &str, measure: &'a Measure) -> Option<&'a String> {
    let found = measure.programs.iter().find(|file| file.word == name)?;
    let whole = found.bound && !found.path.is_empty() && !found.sha256.is_empty();
    // A program named by its path is measured as a script too.
    let alone = measure.scripts.iter().all(|script| script.path == found.path && script.bound);
    (whole && alone).then_some(&found.path)
}

#[cfg(test)]
mod tests;
