//! Drafts of rules: what a rule may be about, said before it is saved; and the narrowest one that a command suggests.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Asked, Rule, Scope, is_harmless, program_of};
use crate::approval::Measure;
use crate::clock::Instant;
use crate::id::{ChatId, RuleId};
use crate::policy::{Judgement, barred, may_stay_open, single};

/// How long a rule lasts unless the owner chooses otherwise (SECURITY P3).
pub const USUAL: Duration = Duration::from_hours(30 * 24);
/// The longest a rule with open words may last.
pub const LONGEST: Duration = Duration::from_hours(366 * 24);
/// Words of a rule, at most.
const MOST_WORDS: usize = 64;
/// Bytes of one word, at most.
const LONGEST_WORD: usize = 4_096;
/// How often a command must have been allowed until a rule is suggested for it.
const OFTEN: usize = 3;

/// What is wrong with a draft: the field, as a JSON pointer, and a sentence.
pub type Fault = (&'static str, String);

/// Says why `rule` can't be saved at `now`.
pub fn check(rule: &Rule, now: Instant) -> Result<(), Fault> {
    if !is_plain_path(&rule.program) || rule.program == "/" {
        return Err(("/program", "must be the absolute path of a program, without `.` and `..`".to_owned()));
    }
    if !is_plain_path(&rule.folder) {
        return Err(("/folder", "must be the absolute path of a folder, without `.` and `..`".to_owned()));
    }
    let too_long = |word: &String| word.len() > LONGEST_WORD || word.contains('\0');
    if rule.words.len() > MOST_WORDS || rule.words.iter().any(too_long) {
        return Err((
            "/words",
            format!("must be at most {MOST_WORDS} words of at most {LONGEST_WORD} bytes"),
        ));
    }
    let whole: Vec<String> = std::iter::once(&rule.program).chain(&rule.words).cloned().collect();
    if let Some(barred) = barred(&whole) {
        let name = rule.program.rsplit('/').next().unwrap_or_default();
        return Err(("/program", format!("`{name}` can't have a rule. {}", barred.reason())));
    }
    if rule.open && !may_stay_open(&whole) {
        let reason = "Only an exact command can have a rule here: what further words would do is not known.";
        return Err(("/open", reason.to_owned()));
    }
    match rule.until {
        None if rule.open => {
            Err(("/until", "Only a rule for an exact command may last until it is revoked.".to_owned()))
        }
        Some(until) if until <= now => Err(("/until", "must lie ahead".to_owned())),
        Some(until) if until > now.after(LONGEST) => Err(("/until", "must be within a year".to_owned())),
        _ if rule.times == Some(0) => Err(("/times", "must be 1 at least".to_owned())),
        _ => Ok(()),
    }
}

fn is_plain_path(path: &str) -> bool {
    let plain = |part: &str| !matches!(part, "" | "." | "..");
    path == "/"
        || path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(plain)) && !path.contains('\0')
}

/// The narrowest rule that would have allowed this command, or why there is none.
pub fn narrowest(asked: &Asked<'_>, scope: Scope, now: Instant) -> Result<Rule, String> {
    let Some(words) = single(asked.command) else {
        return Err(
            "A rule needs one plain command: no pipes, lists, variables, patterns or files in or out."
                .to_owned(),
        );
    };
    if let Some(barred) = barred(&words) {
        return Err(barred.reason().to_owned());
    }
    if !is_harmless(asked.judgement) {
        return Err(
            "It can't be undone, names a place of secrets or reaches outside: that is asked each time."
                .to_owned(),
        );
    }
    let Some(program) = program_of(&words[0], asked.measure) else {
        return Err(
            "The program is built into the shell, was not found, or can be changed by the AI itself."
                .to_owned(),
        );
    };
    let by_program: Vec<String> = std::iter::once(program).chain(&words[1..]).cloned().collect();
    if let Some(barred) = barred(&by_program) {
        return Err(barred.reason().to_owned());
    }
    Ok(Rule {
        id: RuleId::new(),
        version: 1,
        program: program.clone(),
        words: words[1..].to_vec(),
        open: false,
        folder: asked.measure.cwd.clone(),
        scope,
        until: Some(now.after(USUAL)),
        times: None,
    })
}

/// A command of the past that the owner allowed.
#[derive(Debug, Clone)]
pub struct Past {
    /// The exact text.
    pub command: String,
    /// Its conversation.
    pub chat: ChatId,
    /// What was measured.
    pub measure: Measure,
    /// What the judge said.
    pub judgement: Judgement,
}

impl Past {
    /// It, as it is compared with rules.
    pub fn asked(&self) -> Asked<'_> {
        Asked {
            command: &self.command,
            chat: Some(self.chat),
            measure: &self.measure,
            judgement: &self.judgement,
            tainted: false,
        }
    }
}

/// A rule that would have saved questions.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// The rule.
    pub rule: Rule,
    /// How often the owner allowed what it allows.
    pub seen: usize,
}

/// Rules for what the owner allowed again and again and no rule of `known` allows, the most asked first.
pub fn suggest(past: &[Past], known: &[Rule], now: Instant) -> Vec<Suggestion> {
    let mut seen: BTreeMap<(String, Vec<String>, String), (Rule, usize)> = BTreeMap::new();
    for one in past {
        let asked = one.asked();
        if known.iter().any(|rule| rule.is_current(now) && rule.matches(&asked)) {
            continue;
        }
        if let Ok(rule) = narrowest(&asked, Scope::Everywhere, now) {
            let key = (rule.program.clone(), rule.words.clone(), rule.folder.clone());
            seen.entry(key).or_insert((rule, 0)).1 += 1;
        }
    }
    let often = seen.into_values().filter(|(_, count)| *count >= OFTEN);
    let mut found: Vec<Suggestion> = often.map(|(rule, seen)| Suggestion { rule, seen }).collect();
    found.sort_by_key(|it| std::cmp::Reverse(it.seen));
    found
}
