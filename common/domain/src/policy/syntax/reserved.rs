//! Reserved words.
//!
//! Owns: which there are, and what a look ahead says of a word. Must never know where one counts.

/// No reserved word is longer, continued lines included.
const LONGEST_RESERVED: usize = 32;
/// What a glance says of a word that is not reserved.
pub(super) const OTHER: &str = "…";
/// The words a glance knows.
const RESERVED: &[&str] = &[
    "{", "}", "[[", "!", "if", "fi", "in", "do", "-p", "--", "for", "case", "esac", "then", "else", "elif",
    "done", "time", "while", "until", "select", "coproc", "function",
];

/// What a glance says of this word.
pub(super) fn reserved(word: &[char]) -> &'static str {
    if word.len() > LONGEST_RESERVED {
        return OTHER;
    }
    let known = |word: &[char]| {
        let is = |name: &&&str| name.len() == word.len() && name.chars().zip(word).all(|(a, b)| a == *b);
        RESERVED.iter().find(is).copied().unwrap_or(if word.is_empty() { "" } else { OTHER })
    };
    if !word.contains(&'\\') {
        return known(word);
    }
    // The shell joins continued lines before it knows a word.
    let joined: Vec<char> = word.iter().collect::<String>().replace("\\\n", "").chars().collect();
    known(&joined)
}
