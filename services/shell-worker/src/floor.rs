//! The floor under what a run types: read as command lines, nothing that the policy denies is typed, whatever was handed
//! over. A seat belt: it can't know what the program in front makes of the keys.

use metatron_domain::policy::{Judgement, Setting, Verdict, judge};

use crate::guard::Premises;
use crate::session::Session;

/// Bytes of what was typed before that are read together with what comes.
const BEFORE: usize = 4 * 1024;

/// What a run has typed lately, as it would stand on the line: what was taken back is gone.
#[derive(Debug, Default)]
pub struct Floor {
    text: String,
}

impl Floor {
    /// The text, with `more` typed behind it.
    fn after(&self, more: &[u8]) -> String {
        self.read(more, true)
    }

    /// The text behind it, where Escape begins a key of several letters, or is a key of its own.
    fn read(&self, more: &[u8], keys: bool) -> String {
        let mut text = self.text.clone();
        let mut escape = false;
        for letter in String::from_utf8_lossy(more).chars() {
            if escape {
                // A key that moves or does something: which one ends at its letter.
                escape = !(letter.is_ascii_alphabetic() && letter != 'O' || letter == '~');
                continue;
            }
            match letter {
                '\u{1b}' => escape = keys,
                '\r' | '\n' => text.push('\n'),
                // The last letter is taken back, unless its line was sent.
                '\u{7f}' | '\u{8}' if !text.ends_with('\n') => _ = text.pop(),
                // Ctrl-C and Ctrl-U: the line is gone.
                '\u{3}' | '\u{15}' => text.truncate(text.rfind('\n').map_or(0, |end| end + 1)),
                '\t' => text.push('\t'),
                other if other.is_control() => {}
                other => text.push(other),
            }
        }
        text
    }

    /// It was typed.
    pub fn took(&mut self, more: &[u8]) {
        let text = self.after(more);
        let from = text.ceil_char_boundary(text.len().saturating_sub(BEFORE));
        text[from..].clone_into(&mut self.text);
    }

    /// What the policy has against `more`, read as lines of their own and behind what was typed before.
    pub fn objection(&self, more: &[u8], setting: &Setting<'_>) -> Option<Judgement> {
        let whole = self.after(more);
        let fresh = Self::default().after(more);
        let lines = whole.rsplit('\n').take(fresh.matches('\n').count() + 1);
        let denied = |text: &str| {
            let judged = judge(text.as_bytes(), setting);
            // What is malformed as a command may be well typed.
            let denies = judged.verdict == Verdict::Deny && !judged.rule.starts_with("deny.malformed");
            denies.then_some(judged)
        };
        // A line editor takes `Escape 1` as a count and types what follows.
        let literal = self.read(more, false);
        denied(&whole)
            .or_else(|| denied(&fresh))
            .or_else(|| lines.into_iter().find_map(denied))
            .or_else(|| counts(&literal).find_map(denied))
    }
}

/// The lines of a text, each also without the digits and signs of a count at its beginning.
fn counts(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| {
        let bare = line.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '-');
        [line, bare]
    })
}

impl Session {
    /// What the policy has against this being typed here by a run.
    pub fn objection(&self, premises: &Premises, more: &[u8]) -> Option<Judgement> {
        let (before, cwd) = {
            let state = self.desk.state();
            (Floor { text: state.floor.text.clone() }, state.look.cwd.clone())
        };
        let workspace = premises.workspace.to_string_lossy();
        let setting = Setting {
            cwd: cwd.as_deref().unwrap_or(&workspace),
            home: &self.home,
            user: &self.user,
            workspace: &workspace,
            protected: &premises.protected,
        };
        before.objection(more, &setting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(before: &str, more: &str) -> bool {
        let mut floor = Floor::default();
        floor.took(before.as_bytes());
        floor.objection(more.as_bytes(), &Setting::default()).is_some()
    }

    #[test]
    fn what_the_policy_denies_is_seen_however_it_is_typed() {
        assert!(objects("", "rm -rf /\r"));
        assert!(objects("rm -rf", " /\r"), "in two pieces");
        assert!(objects("rm -rf /x", "\u{7f}\r"), "by taking a letter back");
        assert!(objects("echo hi\r", "cd /tmp\rrm -rf ~\r"), "behind other lines");
        assert!(objects("rm -rf \\\r", "/\r"), "on a line that goes on");
        assert!(objects("\u{1b}[A\u{1b}OB", "rm -rf /\r"), "behind keys");
        assert!(objects("", "\u{1b}1rm -rf /\r"), "behind a count");
        assert!(objects("echo hi\r", "\u{1b}-1rm -rf /\r"), "behind a count on a line of its own");
    }

    #[test]
    fn what_it_only_would_ask_about_is_typed() {
        assert!(!objects("", "\r"));
        assert!(!objects("", "print('hello')\r"));
        assert!(!objects("", ":wq\r"));
        assert!(!objects("rm -rf /", "\u{15}ls\r"), "taken back");
        assert!(!objects("", "touch x\r"));
    }
}
