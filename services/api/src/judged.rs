//! What this process's own judge says of a command. The verdict that counts is shell-worker's, at the start.

use metatron_domain::policy::{Risk, Setting, Verdict, judge};
use metatron_store::exec::Exec;

use crate::error::{Answer, ApiError};

/// SECURITY section 4: longer commands are malformed.
const LONGEST_COMMAND: usize = 64 * 1_024;

/// How much could go wrong, by this process's own judge: what a shell host said came by way of Redis, and must not make a
/// question look more harmless than it is.
pub(crate) fn own_risk(exec: &Exec) -> Risk {
    if exec.power.is_root() {
        return Risk::High;
    }
    let Some(measure) = &exec.measure else { return Risk::Low };
    let setting = Setting { cwd: &measure.cwd, user: &measure.user, ..Setting::default() };
    judge(exec.command.as_bytes(), &setting).risk
}

/// The words that the owner puts in the place of the AI's. What the policy denies is said here already; shell-worker
/// judges it again.
pub(crate) fn edited(command: Option<String>, exec: &Exec) -> Answer<String> {
    if exec.power.is_helped() {
        let detail = "must be `allow_once` or `deny` here: a helper makes the command line, and it is not made of words";
        return Err(ApiError::field("/decision", detail));
    }
    let command = command.filter(|text| !text.trim().is_empty() && text.len() <= LONGEST_COMMAND);
    let command = command.ok_or_else(|| {
        ApiError::field("/command", format!("must have 1 to {LONGEST_COMMAND} bytes that are not blank"))
    })?;
    let cwd = exec.measure.as_ref().map(|measure| measure.cwd.as_str());
    let setting = Setting { cwd: cwd.unwrap_or(Setting::default().cwd), ..Setting::default() };
    let judgement = judge(command.as_bytes(), &setting);
    if judgement.verdict == Verdict::Deny {
        let reasons = judgement.reasons.join(" ");
        return Err(ApiError::field("/command", format!("is forbidden by the policy: {reasons}")));
    }
    Ok(command)
}
