//! D4: operands and redirections that are, or as a glob can be, a protected path.
//!
//! Owns: the rule and its two exceptions: what `echo` and `printf` print, and search patterns.

use std::rc::Rc;

use crate::policy::Setting;
use crate::policy::glob::literal;
use crate::policy::path::{
    Components, as_written, carried, components, holds, other_process, possible, resolve, show, within,
};
use crate::policy::pattern::is_pattern;
use crate::policy::sensitive::{is_near, is_sensitive};
use crate::policy::walk::Walker;
use crate::policy::word::{Arg, Look as _};

/// The rule's id.
pub(in crate::policy) const RULE: &str = "deny.protected_path";

/// How the tracked directory lies to the protected paths, kept from word to word.
#[expect(clippy::struct_excessive_bools, reason = "independent observations, not a state")]
#[derive(Debug, Default)]
pub(in crate::policy) struct Nearness {
    /// The directory this is about.
    directory: Rc<str>,
    /// It may be in one.
    inside: bool,
    /// One may be below it.
    above: bool,
    /// A plain name in it may be, or lead to, a place of secrets.
    sensitive: bool,
    /// It lies in somebody's home and holds neither globs nor hidden names: no device, no link of the system's own.
    home: bool,
}

/// Judges the operands of one command.
pub(in crate::policy) fn command(walker: &mut Walker<'_>, name: &str, args: &[Arg]) {
    if matches!(name, "echo" | "printf") {
        return;
    }
    let patterns = is_pattern(name, args);
    for (arg, pattern) in args.iter().zip(patterns) {
        if !pattern {
            operand(walker, arg);
        }
    }
    if name == "curl" {
        // It reads brackets and braces in an address itself.
        for arg in args.iter().filter(|arg| arg.has('{') || arg.has('[')) {
            for arg in
                crate::policy::word::decode(&arg.text().replace(['$', '`', '\'', '"', '\\'], ""), walker)
            {
                operand(walker, &arg);
            }
        }
    }
    if matches!(name, "tar" | "gtar" | "bsdtar" | "git") {
        elsewhere(walker, name, args);
    }
}

/// Directories that one command names with `-C`, at most; nobody means more.
const MOST_MOVES: usize = 64;
/// Letters of tar that take a value.
const VALUED: &str = "fbTXCgKLNVFHI";

/// Words that `-C` in front of some names relative to: judges what is behind one as lying there.
fn elsewhere(walker: &mut Walker<'_>, name: &str, args: &[Arg]) {
    let home = walker.cwd.clone();
    // Letters without a dash take their values from the words behind them, in order.
    let letters = args.first().filter(|arg| name != "git" && !arg.text().starts_with('-'));
    let before = letters.and_then(|arg| arg.text().split_once('C')).map(|(before, _)| before);
    let at = before.map(|before| 1 + before.chars().filter(|c| VALUED.contains(*c)).count());
    if let Some(place) = at.and_then(|at| args.get(at)) {
        walker.cwd = Rc::from(show(&resolve(place.units(), &home)));
        for arg in args {
            operand(walker, arg);
        }
    }
    walker.cwd.clone_from(&home);
    let (mut next, mut moves) = (false, 0);
    for arg in args {
        let place = match option(arg.text()) {
            _ if std::mem::take(&mut next) => Some(arg.units().to_vec()),
            Some("") => {
                next = true;
                continue;
            }
            Some(place) => Some(literal(place)),
            None => None,
        };
        if let Some(place) = place {
            moves += 1;
            if moves > MOST_MOVES || !walker.spend(60 + (place.len() + walker.cwd.len()) * 4) {
                break;
            }
            let target = show(&resolve(&place, &walker.cwd));
            // Longer ones name nothing, and would cost at every later word.
            if target.len() < MAX_PATH {
                walker.cwd = Rc::from(target);
            }
        } else if moves > 0 {
            operand(walker, arg);
        }
    }
    walker.cwd = home;
}

/// The directory that a word gives as `-C` or `--directory`; empty where the next word is it.
fn option(text: &str) -> Option<&str> {
    if let Some(long) = text.strip_prefix("--") {
        let (long, value) = long.split_once('=').unwrap_or((long, ""));
        return (long.len() >= 2 && "directory".starts_with(long)).then_some(value);
    }
    text.strip_prefix('-')?.split_once('C').map(|(_, value)| value)
}

/// Judges one operand.
pub(in crate::policy) fn operand(walker: &mut Walker<'_>, arg: &Arg) {
    sensitive(walker, arg);
    if is_far(walker, arg) {
        return;
    }
    for units in carried(arg.units(), !walker.place.home) {
        if units.is_empty() || !walker.spend(60 + units.len() * 4) {
            continue;
        }
        let cwd = Rc::clone(&walker.cwd);
        if let Some(path) = possible(&units, &cwd).find(|path| is_protected(&walker.protected, path)) {
            walker.deny(RULE, format!("{} belongs to MetatronOS itself or to another process.", show(&path)));
        }
    }
}

/// Judges a directory that the shell goes to, as it is written.
pub(in crate::policy) fn place(walker: &mut Walker<'_>, directory: &str) {
    if is_protected(&walker.protected, &as_written(&literal(directory), "/")) {
        walker.deny(RULE, format!("{directory} belongs to MetatronOS itself or to another process."));
    }
}

/// Characters that are looked at for secrets, at most; a command with more of them counts as one that names some.
const MOST_LOOKED: usize = 4 * 1024;
/// Longer names name nothing: the kernel refuses them.
const MAX_PATH: usize = 4096;

/// Notes a word that names a place of secrets: nobody but the owner allows that, one by one.
fn sensitive(walker: &mut Walker<'_>, arg: &Arg) {
    settle(walker);
    if !walker.place.sensitive && is_plain_name(arg) {
        return;
    }
    walker.looked += 8 + arg.size() + walker.cwd.len() / 8;
    if walker.looked > MOST_LOOKED {
        walker.effects.sensitive("more words than were looked at");
        return;
    }
    for units in carried(arg.units(), !walker.place.home) {
        if (1..=MAX_PATH).contains(&units.len())
            && let Some(path) = possible(&units, &walker.cwd).find(is_sensitive)
        {
            walker.effects.sensitive(&show(&path));
        }
    }
}

/// True of most words: no list of secrets has a name like it, and it leads nowhere else.
fn is_plain_name(arg: &Arg) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b' ');
    arg.literal().is_some_and(|text| text.bytes().all(plain) && !text.contains("gcloud"))
}

/// A cheap look, true of most words in a home of plain names: they name neither secrets nor anything protected.
pub(in crate::policy) fn is_harmless(setting: &Setting<'_>, cwd: &str, arg: &Arg) -> bool {
    let here = arg.literal() == Some(".");
    let home = cwd.starts_with("/home/") && is_plain(cwd) && !is_named(setting, cwd);
    (here || is_plain_name(arg)) && home && !setting.protected.iter().any(|place| place.starts_with(cwd))
}

/// Looks at the tracked directory, once for all words in it.
fn settle(walker: &mut Walker<'_>) {
    if walker.place.directory == walker.cwd {
        return;
    }
    std::mem::swap(&mut walker.place, &mut walker.last_place);
    if walker.place.directory == walker.cwd {
        return;
    }
    let setting = walker.setting;
    // Where it really is: the shell keeps the links by which it went there.
    let linked = ["/var/", "/dev/", "/proc/"].iter().any(|place| walker.cwd.starts_with(place));
    let here = if linked { Rc::from(show(&resolve(&[], &walker.cwd))) } else { walker.cwd.clone() };
    let above = setting.protected.iter().any(|place| place.starts_with(&*here));
    let hidden = here.contains("/.") || here.contains(['*', '?', '[']);
    let home = !hidden && here.starts_with("/home/");
    walker.place = Nearness {
        directory: walker.cwd.clone(),
        inside: is_named(setting, &here),
        above,
        sensitive: hidden || !(home && is_plain(&here)) && is_near(&beginning(&here)),
        home,
    };
}

/// Whether a word plainly names something below a directory in somebody's home; most words do.
pub(in crate::policy) fn is_below(walker: &mut Walker<'_>, arg: &Arg) -> bool {
    settle(walker);
    walker.place.home
        && arg.literal().is_some_and(|text| {
            let dotted = text.starts_with('.') || holds(text, *b"/.");
            !text.is_empty()
                && !dotted
                && !text.starts_with('/')
                && !text.ends_with('/')
                && !holds(text, *b"//")
        })
}

/// The path of such a word.
pub(in crate::policy) fn below(walker: &mut Walker<'_>, arg: &Arg) -> Option<String> {
    is_below(walker, arg).then(|| format!("{}/{}", walker.cwd, arg.text()))
}

/// The part of a directory that decides whether it is one of secrets: all of it, unless its names are the plainest.
fn beginning(directory: &str) -> Components {
    if !is_plain(directory) {
        return components(directory);
    }
    // No fixed place is deeper than this.
    let end = directory.match_indices('/').nth(6).map_or(directory.len(), |(at, _)| at);
    components(&directory[..end])
}

/// Whether the names of a directory are the plainest, which no list of secrets has.
fn is_plain(directory: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-');
    directory.bytes().all(plain) && !directory.contains("gcloud")
}

/// Whether a text holds a name of a protected path.
fn is_named(setting: &Setting<'_>, text: &str) -> bool {
    text.contains("proc")
        || text.contains("dev/fd")
        || setting.protected.iter().any(|place| text.contains(place.rsplit('/').next().unwrap_or_default()))
}

/// A cheap look, true of most words: no protected path can come of it.
fn is_far(walker: &mut Walker<'_>, arg: &Arg) -> bool {
    settle(walker);
    let setting = walker.setting;
    if walker.place.inside {
        return false;
    }
    // One name more below a directory that no protected path goes through.
    if !arg.has('/') {
        return !walker.place.above;
    }
    // No glob leads out of a home that no protected path is in.
    if walker.place.home && !walker.place.above && arg.descends() {
        return true;
    }
    if arg.has_glob() {
        return false;
    }
    let text = arg.text();
    !text.contains('%') && !is_named(setting, text) && (text.starts_with('/') || !walker.place.above)
}

/// Whether a path is, or can be, protected.
pub(in crate::policy) fn is_protected(protected: &[Components], path: &Components) -> bool {
    protected.iter().any(|place| within(path, place)) || other_process(path)
}
