//! Every key MetatronOS has in Redis, in one table that all code takes its names from.
//!
//! Under `metatron:` values are readable text without a secret, a prompt or a command's output, for people who look at
//! Redis through a dashboard. Whatever holds such things lives under `metatron-live:` and is closed to them.

use std::fmt::Write as _;

use metatron_domain::command::{Priority, Queue};
use metatron_domain::host::LOCAL;
use metatron_domain::id::{ApprovalId, DeviceId, JobId, RunId, TerminalId};

use Life::{Emptied, Expires, Kept};

/// One row: a family of keys or channels.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The name, with `{…}` where a value stands.
    pub pattern: &'static str,
    /// The Redis type, or `channel` for pub/sub.
    pub kind: &'static str,
    /// How it ends.
    pub life: Life,
    /// Who writes it.
    pub owner: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// How a key ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It stays as long as Redis does.
    Kept,
    /// What is in it goes, as told here; the key itself never expires.
    Emptied(&'static str),
    /// It expires: every key of the family has a time to live.
    Expires(&'static str),
}

impl Life {
    const fn text(self) -> &'static str {
        match self {
            Self::Kept => "never",
            Self::Emptied(how) | Self::Expires(how) => how,
        }
    }
}

impl Key {
    /// Whether dashboards must not see it.
    pub fn is_private(&self) -> bool {
        self.pattern.starts_with("metatron-live:")
    }

    /// The name with `values` in place of the `{…}`, in order.
    pub(crate) fn fill(&self, values: &[&str]) -> String {
        let mut name = String::with_capacity(self.pattern.len() + 32);
        let mut rest = self.pattern;
        let mut values = values.iter();
        while let Some((before, after)) = rest.split_once('{') {
            name.push_str(before);
            name.push_str(values.next().copied().unwrap_or_default());
            rest = after.split_once('}').map_or("", |(_, tail)| tail);
        }
        name.push_str(rest);
        name
    }

    /// Whether `name` is of this family.
    pub fn matches(&self, name: &str) -> bool {
        fits(self.pattern, name)
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('{') else { return pattern == name };
    let Some(rest) = name.strip_prefix(before) else { return false };
    let tail = after.split_once('}').map_or("", |(_, tail)| tail);
    // A value is never empty, and may hold colons (`shell:local`).
    (1..=rest.len()).any(|end| rest.is_char_boundary(end) && fits(tail, &rest[end..]))
}

macro_rules! table {
    ($($(#[$doc:meta])* $name:ident: $pattern:literal, $kind:literal, $life:expr, $owner:literal, $meaning:literal;)*) => {
        $($(#[$doc])* pub(crate) const $name: Key = Key {
            pattern: $pattern, kind: $kind, life: $life, owner: $owner, meaning: $meaning,
        };)*

        /// Every key and channel there is.
        pub const TABLE: &[Key] = &[$($name),*];
    };
}

table! {
    META: "metatron:meta", "hash", Kept, "scheduler",
        "`generation`: missing means that Redis was emptied, and all owed work is queued again; `version`, `schema` of the \
         database, `started_at` of the scheduler, `docs`";
    EVENTS: "metatron:stream:events", "stream", Emptied("about 100,000 entries"), "whoever commits the fact",
        "every fact; `type` begins with the room, `id` is the row number in SQLite";
    DEAD: "metatron:stream:dead", "stream", Emptied("about 10,000 entries"), "queue workers",
        "jobs given up: queue, job, cause, deliveries, consumer";
    DEAD_OF: "metatron:stream:dead:{host}", "stream", Emptied("about 10,000 entries"), "shell-worker",
        "the same of a shell host elsewhere; only what it was itself asked counts";
    QUEUE_DUE: "metatron:queue:{name}:due", "zset", Emptied("a member is removed when it is due"), "workers",
        "delayed work; the score is the due time in milliseconds";
    QUEUE_META: "metatron:queue:{name}:meta", "hash", Kept, "api, scheduler, workers",
        "`paused`, and counts of what was `done`, `retried`, `dead` since Redis was last empty; also a channel";
    QUEUE: "metatron:queue:{name}:{priority}", "stream", Emptied("an entry is deleted when it is done"), "api, scheduler, workers",
        "owed work: `job` names a row of SQLite; `high` is read before `low`";
    JOB: "metatron:job:{id}", "hash", Expires("1 h after the last word"), "workers",
        "how far a job has come: `done` of `total`; gone with the next loss of Redis";
    RUN_VIEW: "metatron:run:{id}", "hash", Expires("7 days after its last fact"), "whoever commits the fact",
        "for the eye: `state`, `chat_id`, the last `step`, when it was queued and ended, the `code` of its failure";
    APPROVAL_VIEW: "metatron:approval:{id}", "hash", Expires("24 h after its answer, or after its time was over"),
        "whoever commits the fact", "for the eye: `state`, `risk`, `run_id`, `exec_id`, when it was asked, ended and is over";
    APPROVALS_WAITING: "metatron:approvals:waiting", "zset", Emptied("a question goes when it is answered or over"),
        "whoever commits the fact", "for the eye: questions to the owner; the score is the end of their time in milliseconds";
    STRAY: "metatron:stray:{key}", "any", Expires("24 h"), "whoever found it",
        "what stood in the place of a key of ours with another type";
    LIVE_STRAY: "metatron-live:stray:{key}", "any", Expires("24 h"), "whoever found it",
        "the same, of a private key";
    LIVE_QUEUE_DUE: "metatron-live:queue:{name}:due", "zset", Emptied("a member is removed when it is due"), "workers",
        "delayed work with a body";
    LIVE_QUEUE: "metatron-live:queue:{name}:{priority}", "stream", Emptied("an entry is deleted when it is done"),
        "pulse-worker, shell-worker", "owed work with a body: requests to a shell host, and its reports";
    LEASE: "metatron:lease:{instance}", "hash", Expires("6 leases"), "each worker process",
        "`holder` and a `counter` that moves while the process lives";
    SERVICE: "metatron:service:{name}", "hash", Expires("30 s"), "each service",
        "`state`, `version`, `pid`, `instance`, `beat`; absence means down";
    SERVICES: "metatron:services", "set", Kept, "each service", "the name of every service that ever beat";
    WATCHING: "metatron:watching", "string", Expires("60 s"), "api",
        "a page of the owner is open; the value says since when that is known";
    VISIBLE: "metatron:visible:{device}", "string", Expires("60 s"), "api",
        "the conversation that a device shows now: it is not notified of that one's questions";
    HOST_TERMINAL: "metatron-live:terminal:{host}:{id}", "stream", Expires("about 256 entries; 1 h after its end, 24 h at most"),
        "shell-worker", "the same as the next, of a shell host that is not called `local`";
    TERMINAL: "metatron-live:terminal:{id}", "stream", Expires("about 256 entries; 1 h after its end, 24 h at most"),
        "shell-worker", "output bytes of a terminal; the entry id ends in their end offset; also a channel. Only its end where api is beside: see `bus::direct`";
    RUN: "metatron-live:run:{id}", "stream", Expires("about 20,000 entries; 1 h after its end, 24 h at most"), "pulse-worker",
        "the model's words of the turn that streams now; also a channel";
    BOOK: "metatron-live:book:{host}", "hash", Expires("1 h after it was laid"), "api",
        "the newest book of the owner's rules, sealed for its shell host: `version`, `sealed`";
    KEYS: "metatron-live:shell:{host}:keys", "channel", Kept, "api",
        "keys the owner pressed, sealed for the shell host";
    CALL: "metatron-live:shell:{host}:call", "channel", Kept, "api, pulse-worker",
        "questions to a shell host, answered at once or not at all";
    REPLY: "metatron-live:shell:{host}:reply:{instance}", "channel", Kept, "shell-worker",
        "the answers of a shell host to one asker";
}

/// The stream of a queue's priority.
pub fn stream(queue: &Queue, priority: Priority) -> String {
    let row = if queue.is_private() { &LIVE_QUEUE } else { &QUEUE };
    row.fill(&[&queue.name(), priority.as_str()])
}

/// The delayed work of a queue.
pub fn due(queue: &Queue) -> String {
    let row = if queue.is_private() { &LIVE_QUEUE_DUE } else { &QUEUE_DUE };
    row.fill(&[&queue.name()])
}

/// What is said to the workers of a queue, and counted of it; the name of the key and of the channel. It holds nothing
/// private, whatever the queue carries.
pub fn queue_meta(queue: &Queue) -> String {
    QUEUE_META.fill(&[&queue.name()])
}

/// How far a job has come.
pub(crate) fn job(id: JobId) -> String {
    JOB.fill(&[&id.to_string()])
}

/// Where what stands in the place of `name` is moved.
pub(crate) fn stray(name: &str) -> String {
    let row = if name.starts_with("metatron-live:") { &LIVE_STRAY } else { &STRAY };
    row.fill(&[name])
}

/// The lease of a process.
pub fn lease(instance: &str) -> String {
    LEASE.fill(&[instance])
}

/// The live stream, and channel, of a terminal of `host`: each host has its own, where no other can write.
pub(crate) fn terminal(host: &str, id: TerminalId) -> String {
    let id = id.to_string();
    if host == LOCAL { TERMINAL.fill(&[&id]) } else { HOST_TERMINAL.fill(&[host, &id]) }
}

/// The dead letters of a queue.
pub(crate) fn dead(queue: &Queue) -> String {
    match queue {
        Queue::Shell(host) if host != LOCAL => DEAD_OF.fill(&[host]),
        _ => DEAD.pattern.to_owned(),
    }
}

/// Where the book of a shell host lies.
pub(crate) fn book(host: &str) -> String {
    BOOK.fill(&[host])
}

/// The live stream, and channel, of a run.
pub fn run(id: RunId) -> String {
    RUN.fill(&[&id.to_string()])
}

/// What is shown of a run.
pub(crate) fn run_view(id: RunId) -> String {
    RUN_VIEW.fill(&[&id.to_string()])
}

/// What is shown of a question.
pub(crate) fn approval_view(id: ApprovalId) -> String {
    APPROVAL_VIEW.fill(&[&id.to_string()])
}

/// What a device shows.
pub(crate) fn visible(device: DeviceId) -> String {
    VISIBLE.fill(&[&device.to_string()])
}

/// The row that `name` belongs to.
pub fn find(name: &str) -> Option<&'static Key> {
    TABLE.iter().find(|row| row.matches(name))
}

/// The table as Markdown, for people who use Redis dashboards.
pub fn document() -> String {
    let mut text = String::from(
        "# Keys in Redis\n\n\
         Generated from `common/bus/src/key.rs`. Redis is never the only place where anything is known: it may be \
         emptied at any moment, and all owed work moves again by itself. Keys under `metatron-live:` are private; the \
         read-only user for dashboards can't read them.\n\n\
         | Key | Type | Ends | Written by | Meaning |\n|---|---|---|---|---|\n",
    );
    for row in TABLE {
        // Writing to a String can't fail.
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            row.pattern,
            row.kind,
            row.life.text(),
            row.owner,
            row.meaning
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_belongs_to_exactly_one_row_of_its_own_pattern() {
        for queue in [Queue::Run, Queue::Shell("build:er".to_owned()), Queue::Report] {
            for name in [stream(&queue, Priority::High), stream(&queue, Priority::Low), due(&queue)] {
                let row = find(&name).unwrap();
                assert_eq!(row.is_private(), queue.is_private(), "{name}");
            }
        }
        assert_eq!(find("metatron:queue:run:due").unwrap().kind, "zset");
        assert_eq!(find(&queue_meta(&Queue::Shell("a:b".to_owned()))).unwrap().kind, "hash");
        assert_eq!(find(&stray("metatron-live:queue:report:high")).unwrap().kind, "any");
        assert!(find("metatron:unknown").is_none());
        assert!(find("metatron:lease:").is_none());
    }

    #[test]
    fn the_page_beside_this_crate_shows_every_key() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("KEYSPACE.md");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, document()).unwrap();
            return;
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), document(), "UPDATE=1 writes it anew");
    }
}
