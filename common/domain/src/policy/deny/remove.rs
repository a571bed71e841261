//! D1: recursive `rm chmod chown chgrp`, and `find` that deletes, on places that hold everything (I14).

use crate::policy::glob::Unit;
use crate::policy::option::{Options, read};
use crate::policy::path::{Components, above, components, same, show};
use crate::policy::walk::Walker;
use crate::policy::word::{Arg, Look as _};

/// The rule's id.
pub(in crate::policy) const RULE: &str = "deny.recursive_delete";

const RM: Options = Options {
    short: "fiIrRdv",
    long: "force interactive? one-file-system no-preserve-root preserve-root? recursive dir verbose help \
         version",
    denied: "",
    abbreviates: true,
    stops: false,
};
const CHANGE: Options = Options {
    short: "cfvhHLPR",
    long: "changes silent quiet verbose dereference no-dereference from= no-preserve-root preserve-root \
         reference= recursive help version",
    denied: "",
    abbreviates: true,
    stops: false,
};

/// Judges one command.
pub(in crate::policy) fn check(walker: &mut Walker<'_>, name: &str, args: &[Arg]) {
    let targets = match name {
        "rm" => {
            let parsed = read(&RM, args);
            if !parsed.has(&["r", "R", "recursive"]) {
                return;
            }
            parsed.operands
        }
        "chmod" | "chown" | "chgrp" => {
            let parsed = read(&CHANGE, args);
            if !parsed.has(&["R", "recursive"]) {
                return;
            }
            // `chmod -R -w dir`: the mode looks like an option, and then every operand is a target.
            let own = usize::from(!parsed.has(&["reference"]) && parsed.unknown.is_empty());
            parsed.operands.get(own..).unwrap_or_default().to_vec()
        }
        _ => return,
    };
    let home = components(walker.setting.home);
    let workspace = components(walker.setting.workspace);
    let cwd = components(&walker.cwd);
    for target in targets {
        if !walker.spend(target.size() / 4 + 10) {
            return;
        }
        if target.text().is_empty() || is_deep(walker, &target) {
            continue;
        }
        walker.spend(120 + target.size() * 6);
        let path = walker.resolve(&target);
        if let Some(what) = everything(&path, &home, &workspace, &cwd) {
            walker.deny(RULE, format!("`{name}` would work recursively on {what} ({}).", show(&path)));
        }
    }
}

/// A cheap look, true of most targets: a way down from a directory below home that the workspace is not below.
fn is_deep(walker: &Walker<'_>, target: &Arg) -> bool {
    let below = |path: &str, place: &str| path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'));
    let (cwd, setting) = (&*walker.cwd, walker.setting);
    target.descends() && below(cwd, setting.home) && !below(setting.workspace, cwd)
}

/// Why a path is too much to change recursively.
fn everything(
    path: &Components,
    home: &Components,
    workspace: &Components,
    cwd: &Components,
) -> Option<&'static str> {
    let glob = |at: usize| path.get(at).is_some_and(|part| part.iter().any(Unit::is_glob));
    if path.is_empty() {
        return Some("the root of the file system");
    }
    if path.len() == 1 {
        return Some("a top-level directory");
    }
    if same(path, home) {
        return Some("the home directory");
    }
    if same(path, workspace) {
        return Some("the workspace root");
    }
    if path.len() < cwd.len() && above(path, cwd) {
        return Some("a directory above the current one");
    }
    if glob(0) || glob(1) || (path.len() > home.len() && glob(home.len()) && above(home, path)) {
        return Some("everything a glob matches directly below the root, home or a top-level directory");
    }
    None
}

/// Where a `find` starts that hands these places on to what it runs: none of its tests leaves them out.
pub(in crate::policy) fn handed_on(before: &[Arg]) -> Option<Vec<Arg>> {
    let (starts, mut at) = starts(before);
    while let Some(text) = before.get(at).map(Arg::text) {
        at += match text {
            "-maxdepth" => 2,
            "-type" if before.get(at + 1).is_some_and(|kind| kind.text().contains('d')) => 2,
            "-depth" | "-xdev" | "-mount" | "-print" | "-print0" | "-ls" | "-true" | "-a" | "-and" => 1,
            _ => return None,
        };
    }
    Some(starts)
}

/// Judges a `find` that deletes: where it starts.
pub(in crate::policy) fn find(walker: &mut Walker<'_>, args: &[Arg]) {
    for start in starts(args).0 {
        let path = walker.resolve(&start);
        if path.len() <= 1 {
            walker.deny(RULE, format!("`find` would delete from {} down.", show(&path)));
        }
    }
}

/// The places where a `find` starts, and where its expression does.
fn starts(args: &[Arg]) -> (Vec<Arg>, usize) {
    let mut starts: Vec<Arg> = Vec::new();
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        let text = arg.text();
        match text {
            "-H" | "-L" | "-P" | "--" => at += 1,
            "-D" => at += 2,
            text if text.starts_with("-O") => at += 1,
            text if text.starts_with('-') || matches!(text, "(" | ")" | "!" | ",") => break,
            _ => {
                starts.push(arg.clone());
                at += 1;
            }
        }
    }
    if starts.is_empty() {
        starts.push(Arg::plain("."));
    }
    (starts, at)
}
