//! A's grammar: which characters a plain command may have, and a second opinion on how it splits.
//!
//! Owns: the scan of the raw text. It does not trust the tree: both must agree.

use super::Why;

/// Characters that show as nothing, or as a blank that is none: format characters, bidi marks, fillers, spaces (I11).
fn invisible(c: char) -> bool {
    matches!(u32::from(c),
        0xa0 | 0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2 | 0x115f..=0x1160 | 0x1680
        | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x2000..=0x200f | 0x2028..=0x202f | 0x205f..=0x206f | 0x2800 | 0x3000 | 0x3164
        | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0x110bd | 0x110cd | 0x13430..=0x1343f | 0x1bca0..=0x1bca3
        | 0x1d159 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

fn grammar(what: &str) -> Why {
    (
        "ask.grammar",
        format!(
            "The command uses {what}: only plain and quoted words joined by && || ; | and newlines need no question."
        ),
    )
}

/// Refuses every character and construct outside the grammar.
pub(super) fn check(text: &str, user: &str) -> Result<(), Why> {
    if let Some(c) = text.chars().find(|c| invisible(*c)) {
        return Err((
            "ask.invisible",
            format!("The command holds a character that does not show (U+{:04X}).", u32::from(c)),
        ));
    }
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied();
    let mut i = 0;
    let mut start = true;
    while let Some(c) = at(i) {
        let begins = std::mem::replace(&mut start, false);
        match c {
            '\\' => {
                start = begins && at(i + 1) == Some('\n');
                i += 1;
            }
            '\'' => match chars[i + 1..].iter().position(|c| *c == '\'') {
                Some(end) => i += end + 1,
                None => return Err(grammar("an open quote")),
            },
            '"' => i = double(&chars, i + 1)?,
            '$' if expands(at(i + 1)) || matches!(at(i + 1), Some('\'' | '"')) => {
                return Err(grammar("a `$` expansion"));
            }
            '`' => return Err(grammar("a backtick")),
            '{' | '}' => return Err(grammar("braces")),
            '(' | ')' => return Err(grammar("brackets")),
            '#' if begins => return Err(grammar("a comment")),
            '~' if begins && !own(&chars[i + 1..], user) => {
                return Err(grammar("a `~` that stands for a place other than the own home"));
            }
            '!' if begins
                && at(i + 1)
                    .is_none_or(|c| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '<' | '>')) =>
            {
                return Err(grammar("`!`"));
            }
            '&' => {
                let follows = i > 0 && matches!(at(i - 1), Some('>' | '<'));
                if at(i + 1) == Some('&') {
                    i += 1;
                } else if !follows && at(i + 1) != Some('>') {
                    return Err(grammar("`&`"));
                }
                start = true;
            }
            '|' if at(i + 1) == Some('&') => return Err(grammar("`|&`")),
            ' ' | '\t' | '\n' | ';' | '|' | '<' | '>' => start = true,
            _ => {}
        }
        i += 1;
    }
    Ok(())
}

/// Whether what stands behind a `~` names the own home.
fn own(rest: &[char], user: &str) -> bool {
    let ends = |c: &char| matches!(c, '/' | ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>');
    let name: String = rest.iter().take_while(|c| !ends(c)).collect();
    name.is_empty() || name == user
}

fn expands(next: Option<char>) -> bool {
    next.is_some_and(|c| c.is_ascii_alphanumeric() || "_{([@*#?$!-".contains(c))
}

/// The position of the closing quote.
fn double(chars: &[char], mut i: usize) -> Result<usize, Why> {
    loop {
        match chars.get(i) {
            None => return Err(grammar("an open quote")),
            Some('"') => return Ok(i),
            Some('\\') => i += 1,
            Some('`') => return Err(grammar("a backtick")),
            Some('$') if expands(chars.get(i + 1).copied()) => return Err(grammar("a `$` expansion")),
            Some(_) => {}
        }
        i += 1;
    }
}

/// Open brackets that the independent parser is asked to read.
const MAX_BRACKETS: usize = 16;

/// The grammar's second opinion: an independent parser accepts the text and counts as many simple commands.
pub(super) fn agrees(text: &str, commands: usize) -> bool {
    use brush_parser::ast::Command;
    // A number in front of a redirection that does not fit is the one way plain text makes that parser stop short.
    let long_number = text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 9);
    if long_number && text.contains(['<', '>']) {
        return false;
    }
    // It tries every open bracket as the beginning of a pattern, again and again.
    if text.matches('[').count() > MAX_BRACKETS {
        return false;
    }
    let options = brush_parser::ParserOptions { enable_extended_globbing: false, ..Default::default() };
    let Ok(program) = brush_parser::Parser::new(text.as_bytes(), &options).parse_program() else {
        return false;
    };
    let items = program.complete_commands.iter().flat_map(|list| &list.0);
    let mut count = 0;
    for pipeline in items.flat_map(|item| item.0.iter().map(|(_, pipeline)| pipeline)) {
        if pipeline.bang
            || pipeline.timed.is_some()
            || !pipeline.seq.iter().all(|c| matches!(c, Command::Simple(_)))
        {
            return false;
        }
        count += pipeline.seq.len();
    }
    count == commands
}
