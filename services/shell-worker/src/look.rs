//! What can be seen of a terminal's foreground from outside: its program, its folder, whether it waits for a key. Reads
//! `/proc`; never touches a process.

use std::time::Duration;

use metatron_domain::terminal::Waits;

use crate::account::LAUNCHERS;
use crate::pty::Master;
use crate::table;

/// Silence after which a program that could be waiting is taken to wait.
pub const SETTLED: Duration = Duration::from_secs(1);
/// Processes of a terminal that are looked at, at most.
const MOST: usize = 256;
/// The system calls `read` of the machines we know.
#[cfg(target_arch = "x86_64")]
const READ: &str = "0";
#[cfg(not(target_arch = "x86_64"))]
const READ: &str = "63";

/// The foreground of a terminal at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// The name of its program.
    pub program: Option<String>,
    /// Its folder.
    pub cwd: Option<String>,
    /// Whether it is the login shell itself that edits a line: its prompt.
    pub prompt: bool,
    /// What it waits for.
    pub waits: Option<Waits>,
}

/// What is known beside the foreground itself.
#[derive(Debug, Clone, Copy)]
pub struct Around {
    /// The first process of the session.
    pub leader: i32,
    /// Whether that one is a shell that shows prompts.
    pub interactive: bool,
    /// How long there was neither output nor a key.
    pub quiet: Duration,
    /// Whether the last line of the output is not ended: that is how a question looks.
    pub open_line: bool,
    /// What it waited for when it was last looked at.
    pub before: Option<Waits>,
}

/// Looks at the foreground of `master`.
pub fn look(master: &Master, around: Around) -> Look {
    let Some(group) = master.foreground() else { return Look::default() };
    let members = members(around.leader, group);
    let first = if members.contains(&group) { Some(group) } else { members.first().copied() };
    let name = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).ok();
    let folder = |pid: i32| std::fs::read_link(format!("/proc/{pid}/cwd")).ok();
    let mut look = Look {
        // What a program is started through is none that anybody started.
        program: first
            .and_then(name)
            .map(|name| name.trim_end().to_owned())
            .filter(|name| !LAUNCHERS.contains(&name.as_str())),
        cwd: first.and_then(folder).map(|path| path.to_string_lossy().into_owned()),
        ..Look::default()
    };
    let Some(modes) = master.modes() else { return look };
    look.prompt = around.interactive && group == around.leader && !modes.canonical;
    look.waits = if modes.hide() {
        Some(Waits::Password)
    } else if look.prompt || around.quiet < SETTLED && around.before != Some(Waits::Input) {
        None
    } else if modes.canonical {
        waits_for_line(&members, around.open_line).then_some(Waits::Input)
    } else {
        // Whoever reads key by key does nothing else while it sleeps without a word.
        members.iter().all(|pid| asleep(*pid)).then_some(Waits::Input)
    };
    look
}

/// The processes of the foreground, as far as they descend from the session's first one.
fn members(leader: i32, group: i32) -> Vec<i32> {
    let (mut found, mut next) = (Vec::new(), vec![leader]);
    let mut seen = 0;
    while let Some(pid) = next.pop() {
        seen += 1;
        if seen > MOST {
            break;
        }
        if table::entry(pid).is_some_and(|entry| entry.group == group && !entry.zombie) {
            found.push(pid);
        }
        if let Ok(children) = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")) {
            next.extend(children.split_ascii_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
        }
    }
    if found.is_empty() && table::entry(group).is_some() {
        found.push(group);
    }
    found
}

/// Whether one of them reads a line from its terminal. Where that can't be seen (a container without
/// `CAP_SYS_PTRACE`), all of them sleep behind a line that looks like a question.
fn waits_for_line(members: &[i32], open_line: bool) -> bool {
    let seen: Vec<Option<bool>> = members.iter().map(|pid| reads_terminal(*pid)).collect();
    seen.contains(&Some(true))
        || open_line && seen.iter().any(Option::is_none) && members.iter().all(|pid| asleep(*pid))
}

/// Whether a process is inside a `read` of a terminal; `None` when that can't be seen.
fn reads_terminal(pid: i32) -> Option<bool> {
    let call = std::fs::read_to_string(format!("/proc/{pid}/syscall")).ok()?;
    let mut words = call.split_ascii_whitespace();
    if words.next() != Some(READ) {
        return Some(false);
    }
    let descriptor =
        words.next().and_then(|word| u32::from_str_radix(word.trim_start_matches("0x"), 16).ok())?;
    let target = std::fs::read_link(format!("/proc/{pid}/fd/{descriptor}")).ok()?;
    Some(target.starts_with("/dev/pts") || target.starts_with("/dev/tty"))
}

fn asleep(pid: i32) -> bool {
    table::entry(pid).is_some_and(|entry| entry.asleep)
}
