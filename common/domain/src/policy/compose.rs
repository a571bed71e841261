//! Command lines that programs make of their own words: `env -S`, `parallel`, and what options of others hold.
//!
//! Owns: those lines, as a shell would read them. Must never leave a word of them out.

use super::word::Arg;
use super::wrapper::{assignment, join};

/// The command line that `env -S` makes, where it is more than its text: split into words, and all that follows.
pub(super) fn split_string(args: &[Arg]) -> Option<Arg> {
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        let text = arg.text();
        at += 1;
        let attached = match text.strip_prefix("--") {
            Some(long) => {
                let (name, value) = long.split_once('=').map_or((long, false), |(name, _)| (name, true));
                if name.is_empty() || !"split-string".starts_with(name) {
                    at += usize::from(!value && matches!(name, "unset" | "chdir"));
                    continue;
                }
                value.then(|| arg.tail(name.len() + 3))
            }
            None if text.len() > 1 && text.starts_with('-') => {
                let Some(found) = text.find(['S', 'u', 'C']) else { continue };
                let value = (found + 1 < text.len()).then(|| arg.tail(found + 1));
                if !text[found..].starts_with('S') {
                    at += usize::from(value.is_none());
                    continue;
                }
                value
            }
            None if assignment(arg) || text == "-" => continue,
            None => return None,
        };
        let rest = args.get(at + usize::from(attached.is_none())..).unwrap_or_default();
        let line = attached.or_else(|| args.get(at).cloned())?;
        let known = line.literal().is_some_and(|line| !line.contains('\\') && !line.starts_with('-'));
        if known && rest.is_empty() {
            return None;
        }
        // Its own options stand in the text as well, and these are blanks in it.
        let blank =
            |line: &str| ["\\_", "\\t", "\\n"].iter().fold(line.to_owned(), |line, it| line.replace(it, " "));
        // `\c` ends it.
        let whole = |line: &str| line.split("\\c").next().unwrap_or_default().to_owned();
        let line = line.literal().map_or_else(|| line.clone(), |line| Arg::plain(blank(&whole(line))));
        let words: Vec<Arg> = [Arg::plain("env"), line].into_iter().chain(rest.iter().map(quoted)).collect();
        return Some(join(&words));
    }
    None
}

/// The same word as a shell reads it back.
fn quoted(arg: &Arg) -> Arg {
    arg.literal().map_or_else(|| arg.clone(), |text| Arg::plain(format!("'{}'", text.replace('\'', "'\\''"))))
}

/// The most arguments of `parallel` that are looked at one by one.
const MOST_COMPOSED: usize = 64;

/// The command lines that `parallel` hands to a shell.
pub(super) fn composed(operands: &[Arg]) -> Vec<Arg> {
    let is_mark = |arg: &Arg| arg.text().starts_with(":::");
    let end = operands.iter().position(is_mark).unwrap_or(operands.len());
    let (command, values) = operands.split_at(end);
    if command.is_empty() {
        return values.iter().filter(|arg| !is_mark(arg)).take(MOST_COMPOSED).cloned().collect();
    }
    let line = join(command);
    let filled = |value: &Arg| {
        let (line, value) = (line.text(), value.text());
        Arg::plain(if line.contains("{}") { line.replace("{}", value) } else { format!("{line} {value}") })
    };
    let each = values.iter().filter(|arg| !is_mark(arg)).take(MOST_COMPOSED).map(filled);
    each.chain(std::iter::once(line.clone())).collect()
}

/// Command lines that options of other programs hold: tar's actions, ssh's and rsync's way to the other side.
pub(super) fn embedded(name: &str, args: &[Arg]) -> Vec<String> {
    let marks: &[&str] = match name {
        "tar" | "gtar" | "bsdtar" => {
            &["--to-command=", "--checkpoint-action=exec=", "--use-compress-program="]
        }
        "ssh" | "scp" | "sftp" | "autossh" | "ssh-copy-id" => {
            &["proxycommand=", "localcommand=", "knownhostscommand="]
        }
        "rsync" => &["--rsh="],
        _ => return Vec::new(),
    };
    let attached = args.iter().filter_map(|arg| {
        let lower = arg.text().to_ascii_lowercase();
        let mark = marks.iter().find(|mark| lower.contains(**mark))?;
        let at = lower.find(mark)? + mark.len();
        arg.text().get(at..).map(str::to_owned)
    });
    let apart = args.windows(2).filter(|two| match name {
        "rsync" => matches!(two[0].text(), "-e" | "--rsh"),
        "ssh" | "scp" | "sftp" | "autossh" => false,
        _ => matches!(two[0].text(), "--to-command" | "-I" | "--use-compress-program"),
    });
    attached.chain(apart.map(|two| two[1].text().to_owned())).collect()
}
