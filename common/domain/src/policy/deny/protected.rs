//! D4: operands and redirections that are, or as a glob can be, a protected path.
//!
//! Owns: the rule and its two exceptions: what `echo` and `printf` print, and search patterns.

use crate::policy::glob::Unit;
use crate::policy::path::{Components, carried, other_process, resolve, show, within};
use crate::policy::pattern::is_pattern;
use crate::policy::walk::Walker;
use crate::policy::word::Arg;

/// The rule's id.
pub(in crate::policy) const RULE: &str = "deny.protected_path";

/// Judges the operands of one command.
pub(in crate::policy) fn command(walker: &mut Walker<'_>, name: &str, args: &[Arg]) {
    if matches!(name, "echo" | "printf") {
        for arg in args.iter().filter(|arg| arg.has_glob()) {
            operand(walker, arg);
        }
        return;
    }
    let patterns = is_pattern(name, args);
    for (arg, pattern) in args.iter().zip(patterns) {
        if !pattern {
            operand(walker, arg);
        }
    }
}

/// Judges one operand.
pub(in crate::policy) fn operand(walker: &mut Walker<'_>, arg: &Arg) {
    // A plain name in a directory that no protected path goes through is most of what there is to see.
    let plain =
        |unit: &Unit| matches!(unit, Unit::Lit(c) if c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if arg.units.iter().all(plain) && !walker.cwd.starts_with("/proc") {
        let near = walker
            .setting
            .protected
            .iter()
            .any(|place| walker.cwd.starts_with(place.as_str()) || place.starts_with(&walker.cwd));
        if !near {
            return;
        }
    }
    for units in carried(&arg.units) {
        if units.is_empty() {
            continue;
        }
        let path = resolve(&units, &walker.cwd);
        if is_protected(&walker.protected, &path) {
            walker.deny(RULE, format!("{} belongs to MetatronOS itself or to another process.", show(&path)));
        }
    }
}

/// Whether a path is, or can be, protected.
pub(in crate::policy) fn is_protected(protected: &[Components], path: &Components) -> bool {
    protected.iter().any(|place| within(path, place)) || other_process(path)
}
