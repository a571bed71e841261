//! What a command would touch when it starts: measured for the card, measured again at the start (SECURITY P4, P5).
//!
//! Reads and hashes; never runs, never judges. What the scan of the words overlooks is not bound by a grant, and the
//! judge does not rely on it.

mod digest;
mod link;
mod word;

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use metatron_domain::approval::{Measure, MeasuredFile};
use metatron_domain::command::CommandSpec;
use metatron_domain::policy::{Judgement, VERSION};
use rustix::fs::{Mode, OFlags};
use sha2::{Digest as _, Sha256};

use crate::account::{Account, SHELL};
use crate::environment;
pub use digest::Digests;

/// At most so many files are measured for one command; a longer one is not bound further.
const FILES: usize = 64;

/// A working folder, held open: the very folder that was measured, whatever its name means later.
#[derive(Debug)]
pub struct Folder {
    /// Its path, without links.
    pub path: PathBuf,
    handle: File,
}

impl Folder {
    /// Opens `path`, as seen from `workspace`.
    pub fn open(workspace: &Path, path: Option<&str>) -> std::io::Result<Self> {
        let wanted = path.map_or_else(|| workspace.to_owned(), |path| workspace.join(path));
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = File::from(rustix::fs::open(&wanted, flags, Mode::empty())?);
        // The name of what is open, rather than of what the path may mean by now.
        let path = std::fs::read_link(format!("/proc/self/fd/{}", handle.as_raw_fd()))?;
        Ok(Self { path, handle })
    }

    /// A path to it for as long as it is held, in this process and in a child before its `exec`.
    pub fn held(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.handle.as_raw_fd()))
    }
}

/// What of the shell host goes into a measurement.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The user commands run as.
    pub account: Account,
    /// The name of this shell host.
    pub host: String,
    /// The time zone commands see.
    pub timezone: String,
}

/// Measures `spec`, which `judgement` was given on, in `folder`, and which runs as `runs_as`. Whether a file could change
/// meanwhile depends on the commands' own user: root is not who would do that behind the owner's back.
pub fn measure(
    spec: &CommandSpec,
    judgement: &Judgement,
    folder: &Folder,
    (around, runs_as): (&Surroundings, &Account),
    digests: &Digests,
) -> std::io::Result<Measure> {
    let account = &around.account;
    let meta = folder.handle.metadata()?;
    let environment = environment::environment(runs_as, &around.timezone, spec.terminal);
    let scanned = word::scan(&spec.command, &folder.path);
    let mut programs: Vec<MeasuredFile> = Vec::new();
    let named = scanned.programs.iter().map(|it| (it.word.as_str(), it.cwd.as_path()));
    let judged = judgement.effects.programs.iter().map(|word| (word.as_str(), folder.path.as_path()));
    for (word, cwd) in named.chain(judged).take(FILES) {
        if word::is_builtin(word) || programs.iter().any(|known| known.word == word) {
            continue;
        }
        let path = environment::resolve(word, cwd);
        programs.push(file(word, path, account, digests));
    }
    let scripts = scanned
        .operands
        .iter()
        .filter_map(|it| Some((it.word.as_str(), std::fs::canonicalize(it.cwd.join(&it.word)).ok()?)))
        .filter(|(_, path)| path.is_file())
        .take(FILES)
        .map(|(word, path)| file(word, Some(path), account, digests))
        .collect();
    Ok(Measure {
        command_sha256: hex::encode(Sha256::digest(&spec.command)),
        shell: file(SHELL, Some(PathBuf::from(SHELL)), account, digests),
        cwd: folder.path.to_string_lossy().into_owned(),
        cwd_device: meta.dev(),
        cwd_inode: meta.ino(),
        env_sha256: environment::digest(&environment),
        user: runs_as.name.clone(),
        host: around.host.clone(),
        timeout_s: spec.timeout_s,
        programs,
        scripts,
        policy_version: VERSION,
        links: link::links(&spec.command, &folder.path),
        packages: None,
    })
}

fn file(word: &str, path: Option<PathBuf>, account: &Account, digests: &Digests) -> MeasuredFile {
    let path = path.and_then(|path| std::fs::canonicalize(path).ok());
    MeasuredFile {
        word: word.to_owned(),
        path: path.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default(),
        sha256: path.as_ref().and_then(|path| digests.of(path)).unwrap_or_default(),
        bound: path.as_ref().is_some_and(|path| !account.may_change(path)),
    }
}

/// What differs between two measurements, in words the owner and the model understand.
pub fn difference(before: &Measure, now: &Measure) -> String {
    let mut changed = Vec::new();
    let mut note = |differs: bool, what: &str| {
        if differs {
            changed.push(what.to_owned());
        }
    };
    note(before.command_sha256 != now.command_sha256, "the command's text");
    note(before.shell != now.shell, "the shell");
    note(
        (&before.cwd, before.cwd_device, before.cwd_inode) != (&now.cwd, now.cwd_device, now.cwd_inode),
        "the working folder",
    );
    note(before.env_sha256 != now.env_sha256, "the environment");
    note(before.user != now.user, "the user it runs as");
    note(before.host != now.host, "the host");
    note(before.timeout_s != now.timeout_s, "the timeout");
    note(before.policy_version != now.policy_version, "the policy");
    note(before.links != now.links, "where a link leads");
    note(before.packages != now.packages, "what apt would install");
    for (kind, old, new) in
        [("the program", &before.programs, &now.programs), ("the script", &before.scripts, &now.scripts)]
    {
        for file in new.iter().filter(|file| !old.contains(file)) {
            note(true, &format!("{kind} {}", file.word));
        }
        for file in old.iter().filter(|file| new.iter().all(|other| other.word != file.word)) {
            note(true, &format!("{kind} {}", file.word));
        }
    }
    changed.join(", ")
}

#[cfg(test)]
mod tests;
