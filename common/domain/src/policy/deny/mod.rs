//! The deny list (D1–D6): one module per rule.
//!
//! Owns: what is never run, whatever the owner or a saved rule says. Must never allow anything: a rule either finds
//! something or stays silent.

pub(super) mod device;
pub(super) mod network;
pub(super) mod power;
pub(super) mod protected;
pub(super) mod remote;
pub(super) mod remove;

use super::effect::VALUES;
use super::path::show;
use super::walk::Walker;
use super::word::Arg;

/// A denial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// The stable rule id.
    pub(super) rule: &'static str,
    /// A sentence for owner and model.
    pub(super) reason: String,
}

/// Judges the target of a redirection (D2, D4, D6).
pub(super) fn redirect(walker: &mut Walker<'_>, target: &Arg, reads: bool, writes: bool) {
    if target.text() == "/dev/null" {
        if reads {
            walker.effects.read("/dev/null");
        }
        return;
    }
    protected::operand(walker, target);
    network::socket_path(walker, target);
    let path = protected::below(walker, target).unwrap_or_else(|| {
        let path = walker.resolve(target);
        if writes {
            device::check(walker, &path, "redirect to");
            power::sysrq(walker, &path);
        }
        show(&path)
    });
    if writes {
        if !target.is_known() {
            walker.effects.unknown(VALUES);
        } else if !target.text().chars().all(|c| c.is_ascii_digit() || c == '-') {
            walker.effects.write(&path);
        }
    }
    if reads && !target.text().is_empty() && target.is_known() {
        walker.effects.read(&path);
    }
}
