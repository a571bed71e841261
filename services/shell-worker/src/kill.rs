//! The end of everything a command started: by session, by descent, by the marker in its environment, and, for what
//! hides from all three, by having been adopted by this process (SECURITY R7).

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid,
};
use tokio::time::{Instant, sleep};

use crate::environment::MARKER;
use crate::table::{self, Entry};

/// How long what was asked to end may take before it is ended.
pub const GRACE: Duration = Duration::from_secs(2);
/// After this long, something can't be ended (a process in an uninterruptible wait) and is left to the next sweep.
const GIVE_UP: Duration = Duration::from_secs(10);

/// Whose processes are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// The session's leader, which is also the session's id; 0 when the leader is not known.
    pub leader: i32,
    /// The leader's start, so that a later process with the same id is nobody's.
    pub started: u64,
    /// The value of the marker.
    pub marker: String,
    /// The user its processes run as, where that is another than ours.
    pub user: Option<u32>,
}

/// The sessions of this process, by leader. The lock is held over each fork, so that no sweep sees a child that is
/// not yet in here.
#[derive(Default)]
pub struct Families {
    live: Mutex<HashMap<i32, Family>>,
    /// Whether orphans of sessions become children of this process.
    adopts: bool,
}

impl Families {
    /// For a process that is a subreaper and starts nothing but sessions: each of its other children is an orphan.
    pub fn adopting() -> std::io::Result<Self> {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        Ok(Self { live: Mutex::default(), adopts: true })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i32, Family>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a session by `fork`, which gives the leader's pid and whatever else it made.
    pub fn admit<T, E>(
        &self,
        marker: &str,
        user: Option<u32>,
        fork: impl FnOnce() -> Result<(i32, T), E>,
    ) -> Result<(Family, T), E> {
        let mut live = self.lock();
        let (leader, made) = fork()?;
        // The leader is our child and not reaped: its entry is there, also when it has already ended.
        let started = table::entry(leader).map_or(0, |entry| entry.started);
        let family = Family { leader, started, marker: marker.to_owned(), user };
        live.insert(leader, family.clone());
        Ok((family, made))
    }

    /// Reaps the leader, whose end has been seen, and forgets the session. `None` when it is still there.
    pub fn dismiss(&self, family: &Family) -> Option<rustix::process::WaitIdStatus> {
        let mut live = self.lock();
        let status = reap(family.leader);
        live.remove(&family.leader);
        status
    }

    /// Reaps adopted orphans that have ended; they would count against the user's limit.
    pub fn reap_orphans(&self) {
        if self.adopts {
            let live = self.lock();
            for entry in table::read().values().filter(|entry| entry.zombie && entry.parent == own_pid()) {
                if !live.contains_key(&entry.pid) {
                    reap(entry.pid);
                }
            }
        }
    }

    /// The living processes of `family`, and those that belong to no session. The leader only `with_leader`.
    fn members(&self, family: &Family, with_leader: bool) -> Vec<Entry> {
        let live = self.lock();
        let table = table::read();
        // Another process has the leader's number by now: nobody of the session is left, or it would be taken.
        let renumbered = table.get(&family.leader).is_some_and(|leader| leader.started != family.started);
        let own = Family { leader: if renumbered { 0 } else { family.leader }, ..family.clone() };
        let mut found = descent(&table, |entry| belongs(entry, &own));
        if self.adopts {
            let of_others =
                descent(&table, |entry| live.values().any(|other| other != family && belongs(entry, other)));
            let alone = live.keys().all(|leader| *leader == family.leader);
            let strays = descent(&table, |entry| {
                let orphan = entry.parent == own_pid() && !live.contains_key(&entry.pid);
                // Whose environment can't be read (a container without CAP_SYS_PTRACE) may be of another session.
                let nobodys = || alone || table::has_variable(entry.pid, MARKER, "").is_some();
                // What hides from a terminal of the owner must not end with a command of the AI.
                let same_user = || family.user.is_none_or(|user| table::user(entry.pid) == Some(user));
                orphan && !of_others.contains(&entry.pid) && nobodys() && same_user()
            });
            found.extend(strays.difference(&of_others));
        }
        if !with_leader {
            found.remove(&family.leader);
        }
        let alive = found.iter().filter_map(|pid| table.get(pid)).filter(|entry| !entry.zombie);
        parents_first(alive.filter(|entry| entry.pid != own_pid() && entry.pid > 1).copied().collect())
    }

    /// Ends all of `family`: first asked, then forced. Returns when none is left alive, or after a bounded time.
    pub async fn end(&self, family: &Family, with_leader: bool, grace: Duration) {
        let asked = Instant::now();
        let mut told = HashSet::new();
        let mut empty = false;
        loop {
            let members = self.members(family, with_leader);
            if members.is_empty() {
                // `/proc` is no snapshot: a child born while it was read shows in the second reading.
                if empty {
                    break;
                }
                empty = true;
                continue;
            }
            empty = false;
            let force = asked.elapsed() >= grace;
            for member in &members {
                if force {
                    send(member, &[Signal::KILL]);
                } else if told.insert((member.pid, member.started)) {
                    // CONT, because a stopped process does not read its mail.
                    send(member, &[Signal::HUP, Signal::TERM, Signal::CONT]);
                }
            }
            if asked.elapsed() > grace + GIVE_UP {
                tracing::error!(left = members.len(), marker = family.marker, "processes can't be ended");
                break;
            }
            sleep(Duration::from_millis(if force { 2 } else { 10 })).await;
        }
        self.reap_orphans();
    }
}

/// Ends every process of the user `uid`. Only for a user that is there for commands alone, while none runs.
pub async fn end_user(uid: u32) {
    let begun = Instant::now();
    loop {
        let left: Vec<Entry> = table::read()
            .into_values()
            .filter(|entry| !entry.zombie && entry.pid > 1 && table::user(entry.pid) == Some(uid))
            .collect();
        if left.is_empty() || begun.elapsed() > GIVE_UP {
            break;
        }
        for entry in &parents_first(left) {
            send(entry, &[Signal::KILL]);
        }
        sleep(Duration::from_millis(2)).await;
    }
}

/// Whether a process is of a family by itself; its descendants then are too.
fn belongs(entry: &Entry, family: &Family) -> bool {
    if entry.started < family.started {
        return false;
    }
    let by_session = family.leader != 0 && (entry.session == family.leader || entry.group == family.leader);
    by_session || table::has_variable(entry.pid, MARKER, &family.marker) == Some(true)
}

/// Those for whom `root` holds, and all their descendants.
fn descent(table: &HashMap<i32, Entry>, root: impl Fn(&Entry) -> bool) -> HashSet<i32> {
    let mut found: HashSet<i32> = table.values().filter(|entry| root(entry)).map(|entry| entry.pid).collect();
    loop {
        let more: Vec<i32> = table
            .values()
            .filter(|entry| !found.contains(&entry.pid) && found.contains(&entry.parent))
            .map(|entry| entry.pid)
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// The same processes, each behind the one that started it: a shell whose child ends before it has its own signal goes on
/// with its next command.
fn parents_first(mut members: Vec<Entry>) -> Vec<Entry> {
    let parents: HashMap<i32, i32> = members.iter().map(|entry| (entry.pid, entry.parent)).collect();
    // No chain of parents is longer than all of them.
    let depth = |pid: i32| {
        std::iter::successors(parents.get(&pid), |parent| parents.get(parent)).take(parents.len()).count()
    };
    members.sort_by_cached_key(|entry| (depth(entry.pid), entry.pid));
    members
}

fn send(target: &Entry, signals: &[Signal]) {
    let Some(pid) = Pid::from_raw(target.pid) else { return };
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    // With the handle held the pid can't be given to another; before, it could have been.
    if table::entry(target.pid).is_some_and(|now| now.started == target.started) {
        for signal in signals {
            let _ = pidfd_send_signal(&handle, *signal);
        }
    }
}

fn reap(pid: i32) -> Option<rustix::process::WaitIdStatus> {
    let pid = Pid::from_raw(pid)?;
    waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG).ok().flatten()
}

fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

/// The name of a signal, as `kill -l` spells it.
pub fn signal_name(number: i32) -> String {
    const NAMES: [&str; 31] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
        "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
        "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];
    usize::try_from(number - 1)
        .ok()
        .and_then(|index| NAMES.get(index))
        .map_or_else(|| format!("SIG{number}"), |name| format!("SIG{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32, session: i32) -> (i32, Entry) {
        (pid, Entry { pid, parent, group: session, session, started: 10, zombie: false, asleep: true })
    }

    #[test]
    fn descendants_belong_also_when_they_left_the_session() {
        let table = HashMap::from([process(5, 1, 5), process(6, 5, 5), process(7, 6, 7), process(8, 1, 8)]);
        assert_eq!(descent(&table, |entry| entry.session == 5), HashSet::from([5, 6, 7]));
    }

    #[test]
    fn who_started_another_stands_before_it() {
        let family =
            [process(9, 12, 9), process(5, 9, 9), process(12, 1, 9), process(7, 5, 9), process(3, 1, 9)];
        let order: Vec<i32> =
            parents_first(family.map(|(_, entry)| entry).to_vec()).iter().map(|entry| entry.pid).collect();
        assert_eq!(order, [3, 12, 9, 5, 7]);
    }

    #[test]
    fn a_process_older_than_the_session_is_a_stranger_with_a_used_number() {
        let family = Family { leader: 5, started: 11, marker: "trm".into(), user: None };
        assert!(!belongs(&process(6, 5, 5).1, &family));
    }

    #[test]
    fn signals_have_their_names() {
        assert_eq!([signal_name(9), signal_name(15), signal_name(64)], ["SIGKILL", "SIGTERM", "SIG64"]);
    }
}
