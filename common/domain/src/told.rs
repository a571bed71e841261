//! What the model is told of a command that came to an end, one way or another. Plain sentences, then the output.

use crate::command::Outcome;
use crate::exec::Exit;

/// It ended, or was lost.
pub fn outcome(outcome: &Outcome) -> String {
    let head = match &outcome.exit {
        Some(Exit::Code { code }) => format!("[exit status {code}]"),
        Some(Exit::Signal { signal }) => format!("[ended by {signal}]"),
        Some(Exit::Timeout { after_s }) => format!("[ended by force after its timeout of {after_s} s]"),
        Some(Exit::Stopped) => "[stopped by the owner]".to_owned(),
        None => "[outcome unknown: the shell service died while the command ran. It was not run again. Find out what \
                 it did before you repeat it.]"
            .to_owned(),
    };
    if outcome.text.is_empty() { format!("{head}\n(no output)") } else { format!("{head}\n{}", outcome.text) }
}

/// The policy forbids it.
pub fn forbidden(rule: &str, reasons: &[String]) -> String {
    format!("[not run: forbidden by the policy ({rule})] {} Do not try to get around it.", reasons.join(" "))
}

/// The owner said no.
pub fn denied(reason: Option<&str>) -> String {
    match reason.map(str::trim).filter(|reason| !reason.is_empty()) {
        Some(reason) => format!("[not run: the owner said no] The owner's reason: {reason}"),
        None => "[not run: the owner said no, without a reason]".to_owned(),
    }
}

/// Nobody answered in time.
pub fn expired() -> String {
    "[not run: the owner did not answer in time, which means no]".to_owned()
}

/// Nobody could be asked.
pub fn unreachable() -> String {
    "[not run: the owner had to be asked, and no device of theirs could be reached]".to_owned()
}

/// shell-worker would not start it.
pub fn declined(code: &str, detail: &str) -> String {
    format!("[not run: {code}] {detail}")
}

/// The run was stopped before it started.
pub fn cancelled() -> String {
    "[not run: the owner stopped the run]".to_owned()
}
