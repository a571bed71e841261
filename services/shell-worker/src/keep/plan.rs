//! Which paths to keep before a command, by what the judge says of its words. Says honestly where the words don't tell.
//!
//! Links are followed here, as the command would: what comes out is a path without links that lies in one of the places.
//! If somebody swaps it afterwards the wrong thing is kept, never one outside.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use metatron_domain::policy::Effects;
use metatron_domain::undo::{Gap, Unkept};

use super::manifest::Root;

/// Names that one pattern may stand for, at most.
const MATCHES: usize = 10_000;
/// Names that are looked at, at most, before a start.
pub(super) const LOOKS: usize = 200_000;
/// Programs that change a folder they are given only by the names of what they bring into it.
const SHALLOW: &[&str] = &["mv", "cp", "install", "ln", "mkdir", "touch", "tee", "truncate", "sed", "mkfifo"];
/// Those of them that bring something.
const CARRIERS: &[&str] = &["mv", "cp", "install", "ln"];
/// Programs that change nothing by themselves.
const QUIET: &[&str] = &[
    "echo", "printf", "cat", "head", "tail", "true", "cd", "sort", "uniq", "cut", "tr", "grep", "ls", "date",
    "wc", "env", "nice", "nohup", "timeout", "command", "test", "[", "seq",
];

/// Where something can be kept, and where not.
#[derive(Debug, Clone)]
pub struct Places {
    /// The workspace, without links.
    pub workspace: PathBuf,
    /// The home of the commands' user.
    pub home: PathBuf,
    /// Folders that are never looked into, our own among them.
    pub shut: Vec<PathBuf>,
}

impl Places {
    /// Whether a path without links lies in the workspace or the home.
    pub fn hold(&self, path: &Path) -> bool {
        let inside = |place: &Path| place != Path::new("/") && path.starts_with(place);
        (inside(&self.workspace) || inside(&self.home))
            && !self.shut.iter().any(|shut| path.starts_with(shut))
    }

    /// The place a path lies in: what is above it is never made or changed.
    pub fn of(&self, path: &Path) -> &Path {
        if path.starts_with(&self.workspace) { &self.workspace } else { &self.home }
    }
}

/// What is to be kept.
#[derive(Debug, PartialEq, Eq)]
pub enum Plan {
    /// Nothing: the command only reads.
    Nothing,
    /// These paths.
    Keep(Vec<Root>, Vec<Gap>),
    /// Nothing, although it changes something.
    Not(Unkept),
}

/// What to keep before `command`, which would have these `effects` in the folder `cwd`. Looks at `looks` names at most.
pub(super) fn plan(
    command: &str,
    effects: &Effects,
    reads_only: bool,
    cwd: &Path,
    places: &Places,
    mut looks: usize,
) -> Plan {
    let touched = effects.writes.iter().chain(&effects.deletes);
    if reads_only && effects.writes.is_empty() && effects.deletes.is_empty() {
        return Plan::Nothing;
    }
    let (mut roots, mut gaps) = (Vec::new(), Vec::new());
    // Where a target is named by an option, the judge took another word for it.
    let turned = effects.programs.iter().any(|it| CARRIERS.contains(&it.as_str()))
        && (command.contains(" -t") || command.contains(" --t"));
    if !effects.unknown.is_empty() || turned {
        gaps.push(Gap::Unknown);
        if cwd.starts_with(&places.workspace) && places.hold(cwd) {
            roots.push(Root { path: cwd.to_owned(), deep: true });
        }
    }
    let all = |known: &[&str]| {
        effects.programs.iter().all(|it| known.contains(&it.as_str()) || QUIET.contains(&it.as_str()))
    };
    let shallow = all(SHALLOW);
    for shown in touched {
        let deleted = effects.deletes.contains(shown);
        let Some(paths) = expand(Path::new(shown), &mut looks) else { return Plan::Not(Unkept::TooMany) };
        for path in paths {
            let Some(settled) = settle(&path) else { continue };
            keep(&settled, deleted || !shallow, places, &mut roots, &mut gaps);
            if deleted {
                continue;
            }
            if let Ok(behind) = std::fs::canonicalize(&path)
                && behind != settled
            {
                keep(&behind, !shallow, places, &mut roots, &mut gaps);
            }
            if shallow && path.is_dir() {
                let Some(names) = brought(effects, &mut looks) else { return Plan::Not(Unkept::TooMany) };
                for name in names {
                    if !take(&mut looks, 1) {
                        return Plan::Not(Unkept::TooMany);
                    }
                    if let Some(inside) = settle(&path.join(name)) {
                        keep(&inside, true, places, &mut roots, &mut gaps);
                    }
                }
            }
        }
    }
    if roots.is_empty() {
        let named = effects.writes.len() + effects.deletes.len() > 0;
        return match gaps.first() {
            Some(Gap::Unknown) => Plan::Not(Unkept::Unknown),
            _ if named => Plan::Not(Unkept::Elsewhere),
            _ => Plan::Nothing,
        };
    }
    Plan::Keep(normal(roots), gaps)
}

/// Takes so many looks, if there are as many left.
const fn take(looks: &mut usize, many: usize) -> bool {
    match looks.checked_sub(many) {
        Some(left) => {
            *looks = left;
            true
        }
        None => false,
    }
}

/// The names in a folder; none where it can't be read, `None` where there are more than may be looked at.
fn listed(folder: &Path, looks: &mut usize) -> Option<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if !take(looks, 1) {
            return None;
        }
        names.push(entry.file_name());
    }
    Some(names)
}

fn keep(path: &Path, deep: bool, places: &Places, roots: &mut Vec<Root>, gaps: &mut Vec<Gap>) {
    if places.hold(path) {
        roots.push(Root { path: path.to_owned(), deep });
    } else if !gaps.contains(&Gap::Elsewhere) && !path.starts_with("/dev") {
        gaps.push(Gap::Elsewhere);
    }
}

/// The paths in order, without those that lie in one of the others.
pub(super) fn normal(mut roots: Vec<Root>) -> Vec<Root> {
    roots.sort_by(|a, b| a.path.cmp(&b.path).then(b.deep.cmp(&a.deep)));
    let mut kept: Vec<Root> = Vec::new();
    let mut deep: Option<PathBuf> = None;
    for root in roots {
        let within = deep.as_ref().is_some_and(|deep| root.path.starts_with(deep));
        if within || kept.last().is_some_and(|last| last.path == root.path) {
            continue;
        }
        if root.deep {
            deep = Some(root.path.clone());
        }
        kept.push(root);
    }
    kept
}

/// The names that `mv` and its like would give to what they bring: of what they are given, and of what is in it, since
/// folders are merged. `None` where there are too many.
fn brought(effects: &Effects, looks: &mut usize) -> Option<Vec<OsString>> {
    let mut names = Vec::new();
    for shown in effects.reads.iter().chain(&effects.deletes) {
        for path in expand(Path::new(shown), looks)? {
            names.extend(path.file_name().map(OsStr::to_owned));
            names.extend(listed(&path, looks)?);
            if names.len() > MATCHES {
                return None;
            }
        }
    }
    names.sort();
    names.dedup();
    Some(names)
}

/// The path without links on the way to it; the last name is left as it is. `None` for what has no name.
fn settle(path: &Path) -> Option<PathBuf> {
    let (name, mut above) = (path.file_name()?, path.parent()?);
    let mut missing = Vec::new();
    loop {
        if let Ok(found) = std::fs::canonicalize(above) {
            let folder = missing.iter().rev().fold(found, |folder, name| folder.join(name));
            return Some(folder.join(name));
        }
        missing.push(above.file_name()?);
        above = above.parent()?;
    }
}

/// The paths that a path with patterns stands for: those that match, and itself where it is a name. `None` where there are
/// too many.
fn expand(shown: &Path, looks: &mut usize) -> Option<Vec<PathBuf>> {
    let mut found = vec![PathBuf::new()];
    for part in shown.components() {
        let part = part.as_os_str();
        let text = part.to_string_lossy();
        let mut next = Vec::new();
        for path in found {
            if text.contains(['*', '?', '[']) {
                let names = listed(&path, looks)?.into_iter();
                next.extend(
                    names.filter(|name| matches(&text, &name.to_string_lossy())).map(|name| path.join(name)),
                );
            }
            if !text.contains('…') {
                next.push(path.join(part));
            }
            if next.len() > MATCHES {
                return None;
            }
        }
        found = next;
    }
    take(looks, found.len()).then_some(found)
}

/// Whether a pattern could stand for a name. A bracket expression, of which the judge shows no more than that, could be any
/// character.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.replace("[…]", "?").chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    n = from + 1;
                    star = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use metatron_domain::policy::{Setting, Verdict, judge};

    use super::*;

    fn planned(work: &Path, command: &str) -> Plan {
        let (place, home) = (work.to_str().unwrap(), work.parent().unwrap());
        let setting =
            Setting { cwd: place, home: home.to_str().unwrap(), user: "u", workspace: place, protected: &[] };
        let judged = judge(command.as_bytes(), &setting);
        let places =
            Places { workspace: work.to_owned(), home: home.to_owned(), shut: vec![home.join("kept")] };
        plan(command, &judged.effects, judged.verdict == Verdict::Allow, work, &places, LOOKS)
    }

    fn kept(work: &Path, command: &str) -> Vec<(String, bool)> {
        match planned(work, command) {
            Plan::Keep(roots, _) => {
                let shown =
                    |root: &Root| root.path.strip_prefix(work).unwrap().to_string_lossy().into_owned();
                let mut all: Vec<_> = roots.iter().map(|root| (shown(root), root.deep)).collect();
                all.sort();
                all
            }
            other => panic!("{command}: {other:?}"),
        }
    }

    #[test]
    fn i14_what_a_command_s_words_would_touch_is_what_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().canonicalize().unwrap().join("work");
        for name in ["a/b", "c", "dst/a"] {
            std::fs::create_dir_all(work.join(name)).unwrap();
        }
        for name in ["x1.txt", "x2.txt", "y", "a/in"] {
            std::fs::write(work.join(name), name).unwrap();
        }
        let deep = |name: &str| (name.to_owned(), true);
        let flat = |name: &str| (name.to_owned(), false);
        assert_eq!(kept(&work, "rm -r a"), [deep("a")]);
        assert_eq!(kept(&work, "rm x*.txt"), [deep("x*.txt"), deep("x1.txt"), deep("x2.txt")]);
        assert_eq!(kept(&work, "rm -r a a/b"), [deep("a")]);
        assert_eq!(kept(&work, "echo hi > y"), [flat("y")]);
        assert_eq!(kept(&work, "mkdir new"), [flat("new")]);
        assert_eq!(kept(&work, "mv y c"), [flat("c"), deep("c/y"), deep("y")]);
        // `cp` merges: what is in `a` may go into `dst` as well as into `dst/a`.
        let merged = kept(&work, "cp -r a dst");
        assert!(merged.contains(&deep("dst/a")) && merged.contains(&deep("dst/in")), "{merged:?}");
        assert_eq!(kept(&work, "chmod -R 700 a"), [deep("a")]);
        assert_eq!(kept(&work, "python3 x.py"), [deep("")], "nobody knows: its folder");
    }

    #[test]
    fn i14_what_lies_elsewhere_or_is_our_own_is_never_kept_and_a_link_leads_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().canonicalize().unwrap().join("work");
        std::fs::create_dir_all(&work).unwrap();
        std::fs::create_dir_all(work.join("../kept")).unwrap();
        std::os::unix::fs::symlink("/etc", work.join("out")).unwrap();
        assert_eq!(planned(&work, "ls"), Plan::Nothing);
        assert_eq!(planned(&work, "rm /tmp/x"), Plan::Not(Unkept::Elsewhere));
        assert_eq!(planned(&work, "rm out/passwd"), Plan::Not(Unkept::Elsewhere));
        assert_eq!(planned(&work, "rm ../kept/x"), Plan::Not(Unkept::Elsewhere));
        // The link itself is kept, and where it leads is said not to be.
        let Plan::Keep(roots, gaps) = planned(&work, "touch out") else { panic!("the link is kept") };
        assert_eq!((roots.len(), gaps), (1, vec![Gap::Elsewhere]));
    }

    #[test]
    fn a_pattern_stands_for_what_the_shell_would_take_it_for() {
        for (pattern, name, is) in [
            ("*", "a", true),
            ("a*c", "abc", true),
            ("a*c", "abd", false),
            ("?", "ab", false),
            ("x[…]", "x1", true),
        ] {
            assert_eq!(matches(pattern, name), is, "{pattern} {name}");
        }
    }
}
