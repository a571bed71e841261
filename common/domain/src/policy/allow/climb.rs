//! `..` where the system has links of its own.
//!
//! Owns: whether a path goes up from what may be a link, so that nobody can tell from its words where it leads. Must never
//! take a directory for real that an administrator may have made a link.

use crate::policy::glob::{Unit, text};

/// Where the system has links of its own: what `..` leads to there is not what is written.
const LINKED: &[&str] =
    &["/proc/", "/sys/", "/dev/", "/usr/", "/lib", "/bin/", "/sbin/", "/var/", "/run/", "/etc/"];

/// Directories of every Debian that are none, besides those right below the root.
const REAL: &[&str] = &[
    "/dev/shm",
    "/etc/apt",
    "/etc/cron.d",
    "/etc/default",
    "/etc/init.d",
    "/etc/metatron",
    "/etc/ssh",
    "/etc/ssl",
    "/etc/systemd",
    "/run/metatron",
    "/usr/bin",
    "/usr/include",
    "/usr/lib",
    "/usr/local",
    "/usr/sbin",
    "/usr/share",
    "/usr/share/doc",
    "/usr/src",
    "/var/backups",
    "/var/cache",
    "/var/lib",
    "/var/lib/dpkg",
    "/var/lib/metatron",
    "/var/lib/redis",
    "/var/log",
    "/var/mail",
    "/var/spool",
    "/var/tmp",
];

/// Whether a path goes up from a place where the system has links.
pub(super) fn climbs(units: &[Unit], cwd: &str) -> bool {
    let word = text(units);
    if !word.contains("..") {
        return false;
    }
    let whole = if word.starts_with('/') { word } else { format!("{cwd}/{word}") };
    if !LINKED.iter().any(|place| whole.starts_with(place)) {
        return false;
    }
    let mut here: Vec<&str> = Vec::new();
    for name in whole.split('/').filter(|name| !matches!(*name, "" | ".")) {
        if name != ".." {
            here.push(name);
            continue;
        }
        let root =
            matches!(here.as_slice(), [only] if !matches!(*only, "bin" | "sbin") && !only.starts_with("lib"));
        let real = here.is_empty() || root || REAL.contains(&format!("/{}", here.join("/")).as_str());
        if !real || here.iter().any(|name| name.contains(['*', '?', '['])) {
            return true;
        }
        here.pop();
    }
    false
}
