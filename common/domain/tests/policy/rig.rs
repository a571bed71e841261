//! What every table test of the policy stands on: tables of command lines, read and judged in one way.
//!
//! Owns: the form of `table/*.txt`. A `#` line opens a section and cites what demands its verdicts, with `→ rule` where
//! one rule must decide all of it; every other line is a verdict and a command. `⏎` stands for a newline, `<U+1B>` for
//! a character by its number.

use metatron_domain::policy::{Judgement, Setting, Verdict, judge};

/// One line of a table.
pub(crate) struct Case {
    /// The requirements the verdict follows from.
    pub(crate) section: &'static str,
    /// The rule that must decide, where the section names one.
    pub(crate) rule: Option<&'static str>,
    /// The verdict that the text demands.
    pub(crate) verdict: Verdict,
    /// The command.
    pub(crate) command: String,
}

/// Every table.
pub(crate) const TABLES: &[&str] = &[
    include_str!("table/read.txt"),
    include_str!("table/listed.txt"),
    include_str!("table/search.txt"),
    include_str!("table/grammar.txt"),
    include_str!("table/program.txt"),
    include_str!("table/sensitive.txt"),
    include_str!("table/delete.txt"),
    include_str!("table/danger.txt"),
    include_str!("table/protected.txt"),
    include_str!("table/network.txt"),
    include_str!("table/inside.txt"),
    include_str!("table/malformed.txt"),
    include_str!("table/agent.txt"),
    include_str!("table/attack.txt"),
    include_str!("table/examiner.txt"),
    include_str!("table/neighbour.txt"),
    include_str!("table/outsider.txt"),
    include_str!("table/stranger.txt"),
    include_str!("table/visitor.txt"),
];

/// Judges a command where the policy's text assumes it runs.
pub(crate) fn judged(command: &str) -> Judgement {
    judge(command.as_bytes(), &Setting::default())
}

/// Its verdict alone.
pub(crate) fn verdict(command: &str) -> Verdict {
    judged(command).verdict
}

/// Every case of every table.
pub(crate) fn cases() -> Vec<Case> {
    TABLES.iter().flat_map(|table| read(table)).collect()
}

/// The cases of one table.
pub(crate) fn read(table: &'static str) -> Vec<Case> {
    let (mut section, mut rule) = ("", None);
    let mut cases = Vec::new();
    for line in table.lines().filter(|line| !line.is_empty()) {
        if let Some(head) = line.strip_prefix("# ") {
            (section, rule) = head.split_once(" → ").map_or((head, None), |(text, id)| (text, Some(id)));
            continue;
        }
        let (word, command) = line.split_once(' ').expect("a verdict and a command");
        let verdict = match word {
            "allow" => Verdict::Allow,
            "ask" => Verdict::Ask,
            "deny" => Verdict::Deny,
            other => panic!("{other} is no verdict"),
        };
        cases.push(Case { section, rule, verdict, command: characters(command) });
    }
    cases
}

/// Judges a table and shows every case that came out otherwise, not only the first.
pub(crate) fn hold(table: &'static str) {
    let wrong: Vec<String> = read(table)
        .into_iter()
        .filter_map(|case| {
            let found = judged(&case.command);
            let fits = found.verdict == case.verdict && case.rule.is_none_or(|rule| found.rule == rule);
            let Case { section, verdict, command, .. } = case;
            (!fits).then(|| {
                format!(
                    "{command:?} is {:?} by {} ({}); {section} says {verdict:?}",
                    found.verdict,
                    found.rule,
                    found.reasons.join(" ")
                )
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{} disagree:\n{}", wrong.len(), wrong.join("\n"));
}

fn characters(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<U+") {
        let (number, after) = after.split_once('>').expect("a character's number and its bracket");
        out.push_str(before);
        out.push(u32::from_str_radix(number, 16).ok().and_then(char::from_u32).expect("a character"));
        rest = after;
    }
    (out + rest).replace('⏎', "\n")
}
