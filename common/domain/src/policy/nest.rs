//! Where quotes and substitutions end.
//!
//! Owns: finding the end of a nested construct, with a stack on the heap, so that hostile nesting costs memory in
//! proportion to the text and never the process's stack. Must never read past the end or go backwards.

/// The characters of a text, which nearly always has as many as bytes.
pub(super) fn letters(text: &str) -> Vec<char> {
    let mut letters = Vec::with_capacity(text.len());
    letters.extend(text.chars());
    letters
}

#[derive(Clone, Copy)]
enum Frame {
    Paren { cases: u32 },
    Brace { quoted: bool },
    Bracket,
    Double,
    Tick,
}

/// The position after the unit that starts at `pos`: a character, an escape, a quoted string or a substitution.
pub(super) fn skip(chars: &[char], pos: usize) -> usize {
    match chars.get(pos) {
        Some('\\') => (pos + 2).min(chars.len()),
        Some('\'') => single(chars, pos + 1),
        Some('"' | '`') => run(chars, pos, None, true),
        Some('$') => match chars.get(pos + 1) {
            Some('\'') => ansi(chars, pos + 2),
            Some('"') => run(chars, pos + 1, None, true),
            Some('(') => close(chars, pos + 1, ')'),
            Some('{') => close(chars, pos + 1, '}'),
            Some('[') => close(chars, pos + 1, ']'),
            _ => pos + 1,
        },
        Some(_) => pos + 1,
        None => chars.len(),
    }
}

/// The position after the closer of the construct whose opening bracket is at `pos`.
pub(super) fn close(chars: &[char], pos: usize, closer: char) -> usize {
    let frame = match closer {
        ')' => Frame::Paren { cases: 0 },
        ']' => Frame::Bracket,
        _ => Frame::Brace { quoted: false },
    };
    run(chars, pos, Some(frame), true)
}

/// The position after the closing quote of a single-quoted text whose content starts at `pos`.
pub(super) fn single(chars: &[char], pos: usize) -> usize {
    chars[pos.min(chars.len())..].iter().position(|c| *c == '\'').map_or(chars.len(), |at| pos + at + 1)
}

/// The same for `$'…'`, where a backslash escapes.
pub(super) fn ansi(chars: &[char], mut pos: usize) -> usize {
    while let Some(c) = chars.get(pos) {
        match c {
            '\\' => pos += 2,
            '\'' => return pos + 1,
            _ => pos += 1,
        }
    }
    chars.len()
}

/// How far a `case` inside a substitution is followed; beyond, its brackets are counted like any others.
const MAX_CASE: usize = 512;

fn word_at(chars: &[char], pos: usize, word: &str) -> bool {
    let starts = pos == 0 || matches!(chars[pos - 1], ' ' | '\t' | '\n' | ';' | '(' | ')' | '|' | '&');
    let end = pos + word.len();
    starts
        && word.chars().enumerate().all(|(i, c)| chars.get(pos + i) == Some(&c))
        && chars.get(end).is_none_or(|c| matches!(c, ' ' | '\t' | '\n' | ';' | ')'))
}

/// Whether an `esac` begins before this position: without one, a `case` is not followed to its end.
fn has_end(chars: &[char], from: usize, to: usize) -> bool {
    const ESAC: [char; 4] = ['e', 's', 'a', 'c'];
    chars[from..chars.len().min(to + ESAC.len())].windows(ESAC.len()).any(|window| window == ESAC)
}

/// Whether a word follows another one that is no reserved word: then it is an operand, and none itself.
fn is_operand(chars: &[char], pos: usize) -> bool {
    let Some(last) = chars[..pos].iter().rposition(|c| !matches!(c, ' ' | '\t')) else { return false };
    let first =
        chars[..=last].iter().rposition(|c| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')'));
    let word: String = chars[first.map_or(0, |at| at + 1)..=last].iter().collect();
    !matches!(word.as_str(), "" | "in" | "fi" | "done" | "esac" | "}")
}

/// Whether code holds the word `case`: its closing brackets make the end of a substitution doubtful.
pub(super) fn is_doubtful(code: &str) -> bool {
    let code = code.replace("\\\n", "");
    code.match_indices("case").any(|(at, word)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        !before.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
            && after.is_none_or(|c| c.is_whitespace() || matches!(c, '$' | '"' | '\'' | '`' | '\\'))
    })
}

/// Whether `<<` begins a here-document here.
fn starts_body(chars: &[char], at: usize) -> bool {
    chars.get(at + 1) == Some(&'<') && chars.get(at + 2) != Some(&'<') && chars[at - 1] != '<'
}

/// Where the delimiter of a here-document ends that begins here, and what it is.
fn delimiter(chars: &[char], mut at: usize) -> (usize, String) {
    if chars.get(at) == Some(&'-') {
        at += 1;
    }
    while matches!(chars.get(at), Some(' ' | '\t')) {
        at += 1;
    }
    let ends =
        |c: &char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')' | '<' | '>' | '$' | '`');
    let word = chars[at.min(chars.len())..].iter().take_while(|c| !ends(c));
    let (raw, word): (Vec<char>, String) =
        (word.clone().copied().collect(), word.filter(|c| !matches!(c, '\'' | '"' | '\\')).collect());
    (at + raw.len(), word)
}

/// The newline that ends the here-document whose first line follows the newline at `at`; `at` where none ends it.
fn body(chars: &[char], at: usize, delimiter: &str, endless: &mut bool) -> usize {
    let mut start = at + 1;
    while !*endless && !delimiter.is_empty() && start < chars.len() {
        let line = chars[start..].split(|c| *c == '\n').next().unwrap_or_default();
        let text = line.iter().skip_while(|c| **c == '\t');
        if text.copied().eq(delimiter.chars()) {
            return start + line.len();
        }
        start += line.len() + 1;
    }
    *endless = true;
    at
}

fn run(chars: &[char], pos: usize, first: Option<Frame>, cases_count: bool) -> usize {
    let mut stack: Vec<Frame> = Vec::new();
    let mut at = pos;
    let mut saw_case = false;
    let (mut owed, mut endless) = (Vec::new(), false);
    match (first, chars.get(pos)) {
        (Some(frame), _) => stack.push(frame),
        (None, Some('"')) => stack.push(Frame::Double),
        _ => stack.push(Frame::Tick),
    }
    at += 1;
    while let (Some(frame), Some(c)) = (stack.last().copied(), chars.get(at).copied()) {
        if saw_case && cases_count && at > pos + MAX_CASE {
            break;
        }
        if c == '\\' {
            at += 2;
            continue;
        }
        match (frame, c) {
            (Frame::Tick, '`')
            | (Frame::Double, '"')
            | (Frame::Brace { .. }, '}')
            | (Frame::Bracket, ']')
            | (Frame::Paren { cases: 0 }, ')') => {
                stack.pop();
            }
            (Frame::Tick, _) => {}
            (_, '`') => stack.push(Frame::Tick),
            (_, '$') => match chars.get(at + 1) {
                Some('(') => {
                    stack.push(Frame::Paren { cases: 0 });
                    at += 1;
                }
                Some('{') => {
                    let quoted = matches!(frame, Frame::Double | Frame::Brace { quoted: true });
                    stack.push(Frame::Brace { quoted });
                    at += 1;
                }
                Some('\'') if matches!(frame, Frame::Paren { .. } | Frame::Brace { quoted: false }) => {
                    at = ansi(chars, at + 2) - 1;
                }
                _ => {}
            },
            (Frame::Double | Frame::Brace { quoted: true }, _) if c != '"' => {}
            (Frame::Bracket, '[') => stack.push(Frame::Bracket),
            (_, '"') => stack.push(Frame::Double),
            (_, '\'') => at = single(chars, at + 1) - 1,
            (Frame::Paren { .. }, '<') if starts_body(chars, at) => {
                let (end, delimiter) = delimiter(chars, at + 2);
                owed.push(delimiter);
                at = end - 1;
            }
            // The lines of here-documents hold neither quotes nor brackets.
            (Frame::Paren { .. }, '\n') if !owed.is_empty() => {
                for delimiter in std::mem::take(&mut owed) {
                    at = body(chars, at, &delimiter, &mut endless);
                }
            }
            (Frame::Paren { .. }, '(') => stack.push(Frame::Paren { cases: 0 }),
            (Frame::Paren { .. }, '#') if matches!(chars[at - 1], ' ' | '\t' | '\n' | ';') => {
                while chars.get(at + 1).is_some_and(|c| *c != '\n') {
                    at += 1;
                }
            }
            (Frame::Paren { cases }, 'c') if cases_count && word_at(chars, at, "case") => {
                if !has_end(chars, at, pos + MAX_CASE) {
                    return run(chars, pos, first, false);
                }
                saw_case = true;
                stack.pop();
                stack.push(Frame::Paren { cases: cases + 1 });
            }
            (Frame::Paren { cases }, 'e')
                if cases > 0 && word_at(chars, at, "esac") && !is_operand(chars, at) =>
            {
                stack.pop();
                stack.push(Frame::Paren { cases: cases - 1 });
            }
            _ => {}
        }
        at += 1;
    }
    if !stack.is_empty() && saw_case && cases_count {
        return run(chars, pos, first, false);
    }
    at.min(chars.len())
}
