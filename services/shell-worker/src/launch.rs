//! The start of a program in a terminal of its own: the same for a command of the AI and a login shell of the owner.
//! Whether it may start is decided elsewhere.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use metatron_domain::clock::Instant;
use metatron_domain::command::CommandSpec;
use metatron_domain::elevated::Power;
use metatron_domain::git::{GitTask, SCRIPT};
use metatron_domain::id::TerminalId;
use metatron_domain::package::APT;
use metatron_domain::terminal::Size;

use crate::account::{Account, SHELL};
use crate::desk::Desk;
use crate::events::Beginning;
use crate::guard::Root;
use crate::journal::JournalError;
use crate::kill::Family;
use crate::pty;
use crate::reader::Reader;
use crate::recording::{CAP, Full};
use crate::session::{self, Purpose, Session, Start, Ties, Work};
use crate::shell::{Parts, Shell};

/// What is started, and how.
pub(crate) struct Launch<'a> {
    pub(crate) terminal: TerminalId,
    pub(crate) purpose: Purpose,
    pub(crate) account: &'a Account,
    pub(crate) argv: Vec<String>,
    pub(crate) environment: BTreeMap<&'static str, String>,
    pub(crate) cwd: &'a Path,
    pub(crate) size: Size,
    pub(crate) timeout: Option<Duration>,
    pub(crate) command: Option<String>,
    pub(crate) at: Instant,
}

/// As whom a command runs, and by which words.
pub(crate) fn runs_as<'a>(
    parts: &'a Parts,
    spec: &CommandSpec,
) -> anyhow::Result<(&'a Account, Vec<String>)> {
    let premises = parts.guard.premises();
    let root = || premises.root.as_ref().context("nothing can run as root here");
    Ok(match &spec.power {
        Power::Agent => (&premises.around.account, parts.chain.argv(&spec.command)),
        Power::Git { task } => (&premises.around.account, parts.chain.program(SHELL, helped(task))),
        Power::Root => (&root()?.account, root()?.chain.argv(&spec.command)),
        Power::Packages { task } => {
            let Root { account, chain, apt } = root()?;
            (account, chain.program(APT, task.words(apt)))
        }
    })
}

/// The words of the shell that lays git's own directory out of the way, and git's own.
fn helped(task: &GitTask) -> Vec<String> {
    let shell = ["--noprofile", "--norc", "-c", SCRIPT, "git"].map(str::to_owned);
    shell.into_iter().chain(task.words()).collect()
}

impl Shell {
    /// Starts a program in a terminal of its own; `journal` notes which process it became.
    pub(crate) fn launch(
        &self,
        launch: Launch<'_>,
        journal: impl FnOnce(&Self, &Family) -> Result<(), JournalError>,
    ) -> anyhow::Result<(Arc<Session>, Work)> {
        let Parts { recordings, families, direct, .. } = self.parts();
        let Launch { terminal, purpose, account, size, at, .. } = launch;
        let (text, full) = match purpose {
            Purpose::Command { .. } => (true, Full::Stop),
            Purpose::Owner => (false, Full::Forget),
        };
        let recording = recordings.begin(terminal, CAP, full).map_err(|error| {
            let why = match error.kind() {
                // A second witness beside the journal: what has a recording has run.
                std::io::ErrorKind::AlreadyExists => "it has a recording, so it ran before: have it proposed again",
                _ => "its recording can't be begun: free space on the disk of the data folder or make it writable, and try again",
            };
            anyhow::Error::new(error).context(why)
        })?;
        let reader = Reader::ready(recording, text, direct.outlet(self.host(), terminal))?;
        let (user, home) = (account.name.clone(), account.home.to_string_lossy().into_owned());
        let beginning = Beginning { at, size, user: user.clone(), command: launch.command };
        let events = recordings.begin_events(terminal, &beginning)?;
        let user_id = account.separated.then_some(account.uid);
        let (family, pty) = families.admit(&terminal.to_string(), user_id, || {
            pty::start(account, &launch.argv, &launch.environment, launch.cwd, size).map(|pty| (pty.pid, pty))
        })?;
        if let Err(error) = journal(self, &family) {
            // The marker in its environment finds it as well.
            tracing::warn!(%error, "the process of a terminal could not be journalled");
        }
        let (desk, master, timeout) = (Desk::new(purpose, size), pty.master, launch.timeout);
        let start = Start { terminal, purpose, user, home, at, desk, events, master, family, timeout };
        let Parts { clock, reports, link, .. } = self.parts();
        let ties = Ties {
            clock: Arc::clone(clock),
            reports: reports.clone(),
            link: Arc::clone(link),
            recordings: recordings.clone(),
        };
        Ok(session::begin(start, Arc::clone(families), reader, ties))
    }
}
