//! The Unix user that commands run as, and how a command gets there. Owns the launch chain; never runs a command itself.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{getegid, geteuid};

/// The largest file a command may write, so that a slip does not fill the disk (SECURITY B2).
const FILE_SIZE: u64 = 10 * 1024 * 1024 * 1024;
/// Processes a command's user may have at once (SECURITY B2).
const PROCESSES: u32 = 512;
/// The programs of the launch chain: each becomes the next, and the last one the shell.
pub const LAUNCHERS: [&str; 2] = ["prlimit", "setpriv"];
/// Where the shell is; never looked up, so that nothing can stand before it.
pub const SHELL: &str = "/bin/bash";

/// The user that commands run as. Made once at start, shared by all sessions.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its user id.
    pub uid: u32,
    /// Its main group.
    pub gid: u32,
    /// Its home folder.
    pub home: PathBuf,
    /// Whether it is another user than the services': without that, the wall of SECURITY section 1 is missing.
    pub separated: bool,
}

/// An account that commands can't run as; says what to do.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There is no such user.
    #[error(
        "there is no user `{0}`: create it, or set METATRON_AGENT_USER to the user that commands shall run as"
    )]
    Missing(String),
    /// It would be root.
    #[error("METATRON_AGENT_USER is `{0}`, which is root: commands never run as root")]
    Root(String),
    /// A program of the launch chain does not work.
    #[error("`{program}` does not work here ({detail}): install Debian's package util-linux")]
    Launch {
        /// The program.
        program: &'static str,
        /// What it said.
        detail: String,
    },
}

impl Account {
    /// As root the user `agent_user`, otherwise the service's own.
    pub fn choose(agent_user: &str) -> Result<Self, AccountError> {
        if geteuid().is_root() { Self::named(agent_user) } else { Ok(Self::own()) }
    }

    /// The user called `name`, to which every command drops.
    pub fn named(name: &str) -> Result<Self, AccountError> {
        let missing = || AccountError::Missing(name.to_owned());
        let mut found = entry(|fields| fields[0] == name).ok_or_else(missing)?;
        if found.uid == 0 || found.gid == 0 {
            return Err(AccountError::Root(name.to_owned()));
        }
        found.separated = true;
        Ok(found)
    }

    /// Root, where this process is: whose commands the owner switched on, and allows one by one.
    pub fn root() -> Option<Self> {
        geteuid().is_root().then(|| Self {
            name: "root".to_owned(),
            uid: 0,
            gid: 0,
            home: PathBuf::from("/root"),
            separated: false,
        })
    }

    /// The service's own user: nothing is dropped.
    pub fn own() -> Self {
        let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
        let text = uid.to_string();
        entry(|fields| fields[2] == text).unwrap_or_else(|| Self {
            name: text.clone(),
            uid,
            gid,
            home: PathBuf::from("/"),
            separated: false,
        })
    }

    /// Whether this user may go through a folder with these rights. It is in no group but its main one.
    pub fn may_enter(&self, folder: &std::fs::Metadata) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        let bit = match () {
            () if folder.uid() == self.uid => 0o100,
            () if folder.gid() == self.gid => 0o010,
            () => 0o001,
        };
        self.uid == 0 || folder.mode() & bit != 0
    }

    /// Whether this user could change what is at `path`: by its owner and mode, and those of the folders above.
    pub fn may_change(&self, path: &Path) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        self.uid == 0
            || path.ancestors().filter(|part| !part.as_os_str().is_empty()).any(|part| {
                std::fs::symlink_metadata(part).map_or(true, |meta| {
                    let sticky = meta.is_dir() && meta.mode() & 0o1000 != 0 && part != path;
                    let by_mode =
                        meta.mode() & 0o002 != 0 || meta.gid() == self.gid && meta.mode() & 0o020 != 0;
                    meta.uid() == self.uid || by_mode && !sticky && !meta.is_symlink()
                })
            })
    }
}

fn entry(wanted: impl Fn(&[&str]) -> bool) -> Option<Account> {
    let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
    passwd.lines().map(|line| line.split(':').collect::<Vec<_>>()).find_map(|fields| {
        (fields.len() >= 7 && wanted(&fields)).then_some(())?;
        Some(Account {
            name: fields[0].to_owned(),
            uid: fields[2].parse().ok()?,
            gid: fields[3].parse().ok()?,
            home: PathBuf::from(fields[5]),
            separated: false,
        })
    })
}

/// Which groups a program is in beside its user's main one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Groups {
    /// None: a command of the AI.
    None,
    /// Those of its user: the owner shares the AI's workspace by one.
    Own,
}

/// The words in front of `bash`: limits, then the drop to the user. Proven once at start, then only copied.
#[derive(Debug, Clone)]
pub struct Chain(Vec<String>);

impl Chain {
    /// Finds out what works on this machine; what B2 demands and can't be had is an error.
    pub fn probe(account: &Account, groups: Groups) -> Result<Self, AccountError> {
        let mut words = Self::limits(account.separated)?;
        words.extend(drop_stage(account, groups)?);
        Ok(Self(words))
    }

    /// As root: with the same limits and no way to more rights than this process has, and nothing dropped.
    pub fn rooted() -> Result<Self, AccountError> {
        let mut words = Self::limits(false)?;
        let stay = stage(&["/usr/bin/setpriv", "--no-new-privs", "--clear-groups", "--"]);
        tried(&stay).map_err(|detail| AccountError::Launch { program: "setpriv", detail })?;
        words.extend(stay);
        Ok(Self(words))
    }

    fn limits(separated: bool) -> Result<Vec<String>, AccountError> {
        let mut words = Vec::new();
        let oom = stage(&["/usr/bin/choom", "-n", "500", "--"]);
        match tried(&oom) {
            Ok(()) => words.extend(oom),
            Err(detail) => {
                tracing::warn!(detail, "commands are not marked as first to go when memory runs out");
            }
        }
        let (processes, size) = (format!("--nproc={PROCESSES}"), format!("--fsize={FILE_SIZE}"));
        let mut limits = vec!["/usr/bin/prlimit", "--core=0", &size];
        if separated {
            // The kernel counts this limit per user: without a user of its own it would hit the owner's programs.
            limits.push(&processes);
        }
        limits.push("--");
        let limits = stage(&limits);
        tried(&limits).map_err(|detail| AccountError::Launch { program: "prlimit", detail })?;
        words.extend(limits);
        Ok(words)
    }

    /// The command line of a login shell.
    pub fn login(&self) -> Vec<String> {
        self.0.iter().cloned().chain([SHELL, "-l"].map(str::to_owned)).collect()
    }

    /// The whole command line for a program with these words, without a shell.
    pub fn program(&self, program: &str, words: Vec<String>) -> Vec<String> {
        self.0.iter().cloned().chain(std::iter::once(program.to_owned())).chain(words).collect()
    }

    /// The whole command line for the exact text `command`.
    pub fn argv(&self, command: &str) -> Vec<String> {
        let shell = [SHELL, "--noprofile", "--norc", "-c", command];
        self.0.iter().cloned().chain(shell.map(str::to_owned)).collect()
    }
}

fn drop_stage(account: &Account, groups: Groups) -> Result<Vec<String>, AccountError> {
    let (uid, gid) = (format!("--reuid={}", account.uid), format!("--regid={}", account.gid));
    let mut base = vec!["/usr/bin/setpriv", "--no-new-privs", "--inh-caps=-all"];
    if account.separated {
        let groups = match groups {
            Groups::None => "--clear-groups",
            Groups::Own => "--init-groups",
        };
        base.extend([uid.as_str(), gid.as_str(), groups]);
    }
    let full = stage(&[&base[..], &["--bounding-set=-all", "--"]].concat());
    let detail = match tried(&full) {
        Ok(()) => return Ok(full),
        Err(detail) => detail,
    };
    // A container without CAP_SETPCAP: with no_new_privs and no capability left, the bounding set gives nothing back.
    tracing::debug!(detail, "the bounding set stays as it is");
    let plain = stage(&[&base[..], &["--"]].concat());
    tried(&plain).map_err(|detail| AccountError::Launch { program: "setpriv", detail })?;
    Ok(plain)
}

fn stage(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn tried(words: &[String]) -> Result<(), String> {
    let done = Command::new(&words[0])
        .args(&words[1..])
        .arg("/bin/true")
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).trim().to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_never_the_commands_user() {
        assert!(matches!(Account::named("root"), Err(AccountError::Root(_))));
        assert!(matches!(Account::named("nobody-at-all"), Err(AccountError::Missing(_))));
    }

    #[test]
    fn a_system_program_can_t_be_changed_by_nobody_but_a_file_in_an_open_folder_can() {
        let nobody = Account::named("nobody").unwrap();
        assert!(!nobody.may_change(&std::fs::canonicalize("/bin/bash").unwrap()));
        assert!(nobody.may_change(Path::new("/tmp/does-not-exist")));
    }

    #[test]
    fn the_text_of_the_command_is_one_argument() {
        let chain = Chain::probe(&Account::own(), Groups::None).unwrap();
        let argv = chain.argv("echo 'a  b'\n# ü");
        assert_eq!(&argv[argv.len() - 5..], [SHELL, "--noprofile", "--norc", "-c", "echo 'a  b'\n# ü"]);
    }
}
