//! The environment of a command: an allowlist, the same each time, without a secret (SECURITY B2, I13).
//!
//! Nothing of the service's own environment ever passes through here.

use std::collections::BTreeMap;
use std::path::Path;

use metatron_domain::id::TerminalId;
use sha2::{Digest as _, Sha256};

use crate::account::{Account, SHELL};

/// The variable that marks everything a session started, so that it can be found and ended.
pub const MARKER: &str = "METATRON_SESSION";

/// Where programs are looked for, pinned.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Every variable a command gets. The pagers are off: there is nobody who would press a key.
pub fn environment(
    account: &Account,
    timezone: &str,
    terminal: TerminalId,
) -> BTreeMap<&'static str, String> {
    let mut all = common(account, timezone, terminal);
    all.extend([
        ("DEBIAN_FRONTEND", "noninteractive".to_owned()),
        ("PAGER", "cat".to_owned()),
        ("GIT_PAGER", "cat".to_owned()),
        ("SYSTEMD_PAGER", String::new()),
    ]);
    all
}

/// Every variable the owner's login shell begins with.
pub fn login_environment(
    account: &Account,
    timezone: &str,
    terminal: TerminalId,
) -> BTreeMap<&'static str, String> {
    let mut all = common(account, timezone, terminal);
    all.insert("COLORTERM", "truecolor".to_owned());
    all
}

fn common(account: &Account, timezone: &str, terminal: TerminalId) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("HOME", account.home.to_string_lossy().into_owned()),
        ("PATH", PATH.to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("TERM", "xterm-256color".to_owned()),
        ("USER", account.name.clone()),
        ("LOGNAME", account.name.clone()),
        ("SHELL", SHELL.to_owned()),
        ("TZ", timezone.to_owned()),
        (MARKER, terminal.to_string()),
    ])
}

/// SHA-256 of it, in hex.
pub fn digest(environment: &BTreeMap<&'static str, String>) -> String {
    let mut hash = Sha256::new();
    for (name, value) in environment {
        // NUL can be in neither, so that no two environments give the same bytes.
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(value.as_bytes());
        hash.update([0]);
    }
    hex::encode(hash.finalize())
}

/// The program that `word` means, as the shell would find it from `cwd`.
pub fn resolve(word: &str, cwd: &Path) -> Option<std::path::PathBuf> {
    let executable = |path: std::path::PathBuf| {
        use std::os::unix::fs::PermissionsExt as _;
        let meta = std::fs::metadata(&path).ok()?;
        (meta.is_file() && meta.permissions().mode() & 0o111 != 0).then_some(path)
    };
    if word.contains('/') {
        return executable(cwd.join(word));
    }
    PATH.split(':').find_map(|folder| executable(Path::new(folder).join(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_the_allowlist_and_the_marker() {
        let terminal = TerminalId::new();
        let account = Account::own();
        let env = environment(&account, "UTC", terminal);
        assert_eq!(env[MARKER], terminal.to_string());
        assert_eq!(env.len(), 13);
        assert_ne!(digest(&env), digest(&environment(&account, "Asia/Jerusalem", terminal)));
    }

    #[test]
    fn a_name_beside_the_command_never_hides_a_program() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ls"), "#!/bin/sh\n").unwrap();
        assert_ne!(resolve("ls", folder.path()).unwrap(), folder.path().join("ls"));
        assert_eq!(resolve("./ls", folder.path()), None, "it is not executable");
    }
}
