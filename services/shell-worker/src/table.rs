//! The process table, read from `/proc`. Only reads; who is ended is decided in [`crate::kill`].

use std::collections::HashMap;

/// One process, as `/proc/<pid>/stat` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub pid: i32,
    /// Its parent.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its session.
    pub session: i32,
    /// Clock ticks between boot and its start: with the pid an identity that is never used twice.
    pub started: u64,
    /// Whether it has ended and only waits to be reaped.
    pub zombie: bool,
    /// Whether it waits for something, and can be woken.
    pub asleep: bool,
}

/// All processes at about one moment; `/proc` gives no exact one.
pub fn read() -> HashMap<i32, Entry> {
    let Ok(folder) = std::fs::read_dir("/proc") else { return HashMap::new() };
    folder
        .filter_map(|item| item.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| entry(pid).map(|entry| (pid, entry)))
        .collect()
}

/// One process; `None` when there is none.
pub fn entry(pid: i32) -> Option<Entry> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    parse(pid, &String::from_utf8_lossy(&stat))
}

fn parse(pid: i32, stat: &str) -> Option<Entry> {
    // The name may hold anything, also `)`: the fields begin behind the last one.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse().ok();
    Some(Entry {
        pid,
        parent: number(1)?,
        group: number(2)?,
        session: number(3)?,
        started: fields.get(19)?.parse().ok()?,
        zombie: matches!(*fields.first()?, "Z" | "X"),
        asleep: *fields.first()? == "S",
    })
}

/// Whether the process was started with `name=value` in its environment; `None` when that can't be seen.
pub fn has_variable(pid: i32, name: &str, value: &str) -> Option<bool> {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let wanted = format!("{name}={value}");
    Some(environment.split(|&byte| byte == 0).any(|variable| variable == wanted.as_bytes()))
}

/// The effective user of a process.
pub fn user(pid: i32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Whether this is a container of ours: its first process is the supervisor.
pub fn in_own_container() -> bool {
    std::fs::read_to_string("/proc/1/comm").is_ok_and(|name| name.trim() == "s6-svscan")
}

/// Names this boot of the machine: pids and ticks of another boot mean nothing.
pub fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_bracket_does_not_shift_the_fields() {
        let stat = "7 (a) S) Z 1 7 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
        let found = parse(7, stat).unwrap();
        assert_eq!((found.parent, found.session, found.started, found.zombie), (1, 5, 4711, true));
    }

    #[test]
    fn this_process_is_in_the_table() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(!read()[&own].zombie);
    }
}
