//! What the model is told of a command that came to an end, one way or another. Plain sentences, then the output.

use crate::cap::Cap;
use crate::command::{Outcome, Rest};
use crate::exec::Exit;
use crate::id::TerminalId;
use crate::terminal::Waits;

/// It ended, or was lost.
pub fn outcome(outcome: &Outcome) -> String {
    let head = match &outcome.exit {
        Some(Exit::Code { code }) => format!("[exit status {code}]"),
        Some(Exit::Signal { signal }) => format!("[ended by {signal}]"),
        Some(Exit::Timeout { after_s }) => format!("[ended by force after its timeout of {after_s} s]"),
        Some(Exit::Stopped) => "[stopped by the owner, or closed]".to_owned(),
        None => "[outcome unknown: the shell service died while the command ran. It was not run again. Find out what \
                 it did before you repeat it.]"
            .to_owned(),
    };
    if outcome.text.is_empty() { format!("{head}\n(no output)") } else { format!("{head}\n{}", outcome.text) }
}

/// It runs on and has come to rest: what can be seen, and what can be done now.
pub fn rests(terminal: TerminalId, rest: &Rest) -> String {
    let program = rest.program.as_deref().unwrap_or("the program");
    let waits = match rest.waits {
        Some(Waits::Input) => format!("{program} waits for input"),
        Some(Waits::Password) => {
            format!("{program} asks for a password, which only the owner may answer: the owner was told")
        }
        None => format!("{program} runs and is quiet"),
    };
    let screen = if rest.screen.is_empty() { "(the screen is empty)" } else { &rest.screen };
    format!(
        "[it runs on in terminal {terminal}: {waits}. terminal_read looks, terminal_wait waits, terminal_type types (the owner \
         is asked first), terminal_close ends it]\n{screen}"
    )
}

/// The owner would not hand the keyboard over.
pub fn hand_denied(reason: Option<&str>) -> String {
    match reason.map(str::trim).filter(|reason| !reason.is_empty()) {
        Some(reason) => {
            format!("[not typed: the owner does not hand the keyboard over] The owner's reason: {reason}")
        }
        None => "[not typed: the owner does not hand the keyboard over, and gives no reason]".to_owned(),
    }
}

/// Nobody answered in time whether the keyboard is handed over.
pub fn hand_expired() -> String {
    "[not typed: the owner did not answer in time, which means no]".to_owned()
}

/// The run was stopped before anything was typed.
pub fn hand_withdrawn() -> String {
    "[not typed: the owner stopped the run]".to_owned()
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

/// Its host can't be asked about it any more.
pub fn stranded(may_have_run: bool, why: &str) -> String {
    if may_have_run {
        format!("[outcome unknown: {why}] It was not run again. Find out what it did before you repeat it.")
    } else {
        format!("[not run: {why}] Use another host.")
    }
}

/// The run was stopped before it started.
pub fn cancelled() -> String {
    "[not run: the owner stopped the run]".to_owned()
}

/// The conversation only plans.
pub fn planned() -> String {
    "[not run: this conversation is in plan mode, where only what reads runs] Say what you would run and why, and let the \
     owner decide."
        .to_owned()
}

/// Work that nobody watches has done as much as it may.
pub fn capped(cap: Cap) -> String {
    format!("[not run: {}] Say what is left to do, and end.", cap.sentence())
}

/// With what counted instead, where the owner changed the words.
pub fn edited(command: &str, told: &str) -> String {
    let (head, rest) = told.split_once('\n').unwrap_or((told, ""));
    format!(
        "{head}\n[the owner changed the command; in place of yours, this counted]\n{command}\n[end of the command]\n{rest}"
    )
}
