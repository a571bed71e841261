//! The pseudo terminal: portable-pty behind two calls. Owns nothing after the start; never reads or judges.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use metatron_domain::terminal::{COLUMNS, ROWS};
use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::fs::{Mode, OFlags};
use rustix::termios::{InputModes, OptionalActions, tcgetattr, tcsetattr};

use crate::account::Account;

/// What a command's umask is: what it makes is for its user alone.
const UMASK: u32 = 0o077;

/// A command that was started in its own terminal. Owned by its session; closing the master hangs the terminal up.
pub struct Pty {
    /// The first process: session leader, and group leader of the foreground.
    pub pid: i32,
    /// Where its output is read, by one thread.
    pub reader: Box<dyn Read + Send>,
    /// Keeps the terminal open. Its writer is never taken: dropping that one would type.
    pub master: Box<dyn MasterPty + Send>,
}

/// Opens a terminal and starts `argv` in it, with exactly `environment`.
///
/// `cwd` may be a path under `/proc/self/fd`, so that the folder is the very one that was measured.
pub fn start(
    account: &Account,
    argv: &[String],
    environment: &BTreeMap<&'static str, String>,
    cwd: &Path,
) -> anyhow::Result<Pty> {
    let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size)?;
    if let Some(tty) = pair.master.tty_name() {
        prepare(&tty, account)?;
    }
    let mut builder = CommandBuilder::from_argv(argv.iter().map(Into::into).collect());
    builder.env_clear();
    for (name, value) in environment {
        builder.env(name, value);
    }
    builder.cwd(cwd);
    builder.umask(Some(UMASK));
    let reader = pair.master.try_clone_reader()?;
    let child = pair.slave.spawn_command(builder)?;
    let pid = child.process_id().and_then(|pid| i32::try_from(pid).ok());
    let pid = pid.ok_or_else(|| anyhow::anyhow!("the command has no process id"))?;
    Ok(Pty { pid, reader, master: pair.master })
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
