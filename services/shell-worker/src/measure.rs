//! What a command would touch when it starts: measured for the card, measured again at the start (SECURITY P4, P5).
//!
//! Reads and hashes; never runs, never judges. What the scan of the words overlooks is not bound by a grant, and the
//! judge does not rely on it.

mod digest;
mod link;
mod word;

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use metatron_domain::approval::{Asker, Measure, MeasuredFile};
use metatron_domain::command::CommandSpec;
use metatron_domain::policy::{Judgement, VERSION, Verdict};
use rustix::fs::{Mode, OFlags};
use sha2::{Digest as _, Sha256};

use crate::account::{Account, SHELL};
use crate::environment;
pub use digest::Digests;

/// At most so many files are measured for one command. One that names more does not start: what it would run could change.
const FILES: usize = 128;
/// Folders above a working folder, at most: more than the longest path has.
const DEEPEST: usize = 4_096;

/// A working folder, held open: the very folder that was measured, whatever its name means later.
#[derive(Debug)]
pub struct Folder {
    /// Its path, without links.
    pub path: PathBuf,
    handle: File,
}

impl Folder {
    /// Opens `path`, as seen from `workspace`; where `account` is given, only one that this user can come to.
    pub fn open(workspace: &Path, path: Option<&str>, account: Option<&Account>) -> std::io::Result<Self> {
        let wanted = path.map_or_else(|| workspace.to_owned(), |path| workspace.join(path));
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = File::from(rustix::fs::open(&wanted, flags, Mode::empty())?);
        if let Some(account) = account.filter(|account| account.separated) {
            enterable(&handle, account)?;
        }
        // The name of what is open, rather than of what the path may mean by now.
        let path = std::fs::read_link(format!("/proc/self/fd/{}", handle.as_raw_fd()))?;
        Ok(Self { path, handle })
    }

    /// A path to it for as long as it is held, in this process and in a child before its `exec`.
    pub fn held(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.handle.as_raw_fd()))
    }
}

/// Refuses a folder that its user could not come to by name. Whoever opens it is root, and a program that begins in it
/// would stand behind a door that is closed to it.
fn enterable(folder: &File, account: &Account) -> std::io::Result<()> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut here = folder.try_clone()?;
    for _ in 0..DEEPEST {
        let meta = here.metadata()?;
        if !account.may_enter(&meta) {
            return Err(std::io::ErrorKind::PermissionDenied.into());
        }
        let above = File::from(rustix::fs::openat(&here, "..", flags, Mode::empty())?);
        let next = above.metadata()?;
        if (next.dev(), next.ino()) == (meta.dev(), meta.ino()) {
            return Ok(());
        }
        here = above;
    }
    Err(std::io::ErrorKind::PermissionDenied.into())
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

/// Why a command can't be measured.
#[derive(Debug)]
pub enum Unmeasured {
    /// Its folder can't be looked at.
    Folder(std::io::Error),
    /// It names more files that it would run than are measured.
    TooMany,
}

/// Measures `spec`, which `judgement` was given on, in `folder`, and which runs as `runs_as`. Whether a file could change
/// meanwhile depends on the commands' own user: root is not who would do that behind the owner's back.
pub fn measure(
    spec: &CommandSpec,
    judgement: &Judgement,
    folder: &Folder,
    (around, runs_as): (&Surroundings, &Account),
    digests: &Digests,
) -> Result<Measure, Unmeasured> {
    let account = &around.account;
    let meta = folder.handle.metadata().map_err(Unmeasured::Folder)?;
    let environment = environment::environment(runs_as, &around.timezone, spec.terminal);
    let scanned = word::scan(&spec.command, &folder.path, &runs_as.home);
    let mut programs = Files { digests, account, found: Vec::new() };
    let named = scanned.programs.iter().map(|it| (it.word.as_str(), it.cwd.as_path()));
    let judged = judgement.effects.programs.iter().map(|word| (word.as_str(), folder.path.as_path()));
    for (word, cwd) in named.chain(judged) {
        if !word::is_builtin(word) && !programs.knows(word) {
            programs.add(word, environment::resolve(word, cwd));
        }
    }
    // A program may be handed another one to run: what can be run is bound, whoever runs it.
    for (word, path) in existing(&scanned.others).filter(|(_, path)| is_program(path)) {
        programs.add(word, Some(path));
    }
    let mut scripts = Files { digests, account, found: Vec::new() };
    for (word, path) in existing(&scanned.operands) {
        scripts.add(word, Some(path));
    }
    // What only reads needs no answer that could be about something else.
    if judgement.verdict == Verdict::Ask && programs.found.len().max(scripts.found.len()) > FILES {
        return Err(Unmeasured::TooMany);
    }
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
        programs: programs.found,
        scripts: scripts.found,
        policy_version: VERSION,
        links: link::links(&spec.command, &folder.path),
        packages: None,
        journal: None,
        power: spec.power.clone(),
        asker: spec.origin.as_ref().map(|it| Asker { chat: it.chat, actor: it.actor.clone() }),
    })
}

/// Those of the words that name a file, or a pipe that a program could be read from.
fn existing(named: &[word::Named]) -> impl Iterator<Item = (&str, PathBuf)> {
    named.iter().filter_map(|it| {
        let path = std::fs::canonicalize(it.cwd.join(&it.word)).ok()?;
        let kind = std::fs::metadata(&path).ok()?.file_type();
        (kind.is_file() || kind.is_fifo()).then_some((it.word.as_str(), path))
    })
}

/// Whether a file can be run: by its mode, or because it begins like a script.
fn is_program(path: &Path) -> bool {
    // Whoever opens a pipe to look at it lets its writer go on.
    let Ok(meta) = std::fs::metadata(path) else { return false };
    if !meta.is_file() || meta.mode() & 0o111 != 0 {
        return meta.is_file();
    }
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = File::options().read(true).custom_flags(flags).open(path);
    let mut head = [0; 2];
    file.is_ok_and(|file| file.read_exact_at(&mut head, 0).is_ok()) && &head == b"#!"
}

/// Files as they are found: each word once, and one more than are measured at most.
struct Files<'a> {
    digests: &'a Digests,
    account: &'a Account,
    found: Vec<MeasuredFile>,
}

impl Files<'_> {
    fn knows(&self, word: &str) -> bool {
        self.found.iter().any(|known| known.word == word)
    }

    fn add(&mut self, word: &str, path: Option<PathBuf>) {
        if self.found.len() > FILES {
            return;
        }
        let again = |known: &MeasuredFile| {
            known.word == word && path.as_ref().is_none_or(|path| known.path == path.to_string_lossy())
        };
        if !self.found.iter().any(again) {
            self.found.push(file(word, path, self.account, self.digests));
        }
    }
}

fn file(word: &str, path: Option<PathBuf>, account: &Account, digests: &Digests) -> MeasuredFile {
    let path = path.and_then(|path| std::fs::canonicalize(path).ok());
    let bound = path.as_ref().is_some_and(|path| !account.may_change(path));
    MeasuredFile {
        word: word.to_owned(),
        path: path.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default(),
        sha256: path
            .filter(|path| path.is_file())
            .and_then(|path| digests.of(&path, bound))
            .unwrap_or_default(),
        bound,
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
    note(before.journal != now.journal, "the host's journal");
    note(before.packages != now.packages, "what apt would install");
    note(before.power != now.power, "with whose power it runs");
    note(before.asker != now.asker, "who asks for it");
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
