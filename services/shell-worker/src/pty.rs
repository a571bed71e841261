//! The pseudo terminal: portable-pty behind one call, and our end of it. Never judges what passes through.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use filedescriptor::FileDescriptor;
use metatron_domain::terminal::Size;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, Winsize, tcgetattr, tcgetpgrp, tcsetattr, tcsetwinsize,
};

use crate::account::Account;

/// What a command's umask is: what it makes is for its user alone.
const UMASK: u32 = 0o077;

/// A program that was started in its own terminal.
pub struct Pty {
    /// The first process: session leader, and group leader of the foreground.
    pub pid: i32,
    /// The terminal.
    pub master: Master,
}

/// Our end of a terminal. Owned by its session; closing the last handle on it hangs the terminal up. Reading and writing
/// never wait.
#[derive(Debug)]
pub struct Master(File);

/// How a terminal treats what is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modes {
    /// What is typed is shown.
    pub echo: bool,
    /// Lines are edited by the terminal; a program gets them whole.
    pub canonical: bool,
}

impl Modes {
    /// Whether a password is asked: a line editor turns echo off as well, but edits its lines itself.
    pub const fn hide(self) -> bool {
        self.canonical && !self.echo
    }
}

impl Master {
    /// The descriptor, to read, write and wait.
    pub const fn file(&self) -> &File {
        &self.0
    }

    /// Another handle on the same.
    pub fn handle(&self) -> std::io::Result<File> {
        self.0.try_clone()
    }

    /// Gives it another size; the foreground is told by a signal.
    pub fn resize(&self, size: Size) -> std::io::Result<()> {
        let cells = Winsize { ws_row: size.rows(), ws_col: size.columns(), ws_xpixel: 0, ws_ypixel: 0 };
        Ok(tcsetwinsize(&self.0, cells)?)
    }

    /// How it treats what is typed; `None` when that can't be seen.
    pub fn modes(&self) -> Option<Modes> {
        let modes = tcgetattr(&self.0).ok()?.local_modes;
        Some(Modes { echo: modes.contains(LocalModes::ECHO), canonical: modes.contains(LocalModes::ICANON) })
    }

    /// The process group that has the keyboard.
    pub fn foreground(&self) -> Option<i32> {
        tcgetpgrp(&self.0).ok().map(|group| group.as_raw_nonzero().get())
    }
}

/// Opens a terminal of this size and starts `argv` in it, with exactly `environment`.
///
/// `cwd` may be a path under `/proc/self/fd`, so that the folder is the very one that was measured.
pub fn start(
    account: &Account,
    argv: &[String],
    environment: &BTreeMap<&'static str, String>,
    cwd: &Path,
    size: Size,
) -> anyhow::Result<Pty> {
    let size = PtySize { rows: size.rows(), cols: size.columns(), pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size)?;
    if let Some(tty) = pair.master.tty_name() {
        prepare(&tty, account)?;
    }
    // A handle of our own: what portable-pty gives to write with types two bytes when it is dropped.
    let raw = pair.master.as_raw_fd().context("the terminal has no descriptor")?;
    let file = FileDescriptor::dup(&raw)?.as_file()?;
    fcntl_setfl(&file, fcntl_getfl(&file)? | OFlags::NONBLOCK)?;
    let mut builder = CommandBuilder::from_argv(argv.iter().map(Into::into).collect());
    builder.env_clear();
    for (name, value) in environment {
        builder.env(name, value);
    }
    builder.cwd(cwd);
    builder.umask(Some(UMASK));
    let child = pair.slave.spawn_command(builder)?;
    let pid = child.process_id().and_then(|pid| i32::try_from(pid).ok());
    let pid = pid.context("the command has no process id")?;
    Ok(Pty { pid, master: Master(file) })
}

fn prepare(tty: &Path, account: &Account) -> anyhow::Result<()> {
    // NOCTTY: this process must not get the terminal as its own.
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(tty, flags, Mode::empty())?;
    let mut modes = tcgetattr(&terminal)?;
    modes.input_modes |= InputModes::IUTF8;
    tcsetattr(&terminal, OptionalActions::Now, &modes)?;
    if account.separated {
        // So that `/dev/stderr` and `/dev/tty` can be opened by name.
        let owner = rustix::fs::Uid::from_raw(account.uid);
        rustix::fs::fchown(&terminal, Some(owner), None)?;
        rustix::fs::fchmod(&terminal, Mode::RUSR | Mode::WUSR)?;
    }
    Ok(())
}
