//! The owner's terminals: a login shell each, opened once by a sealed wish, journalled before the fork and after the end.

use std::path::Path;
use std::sync::Arc;

use metatron_domain::clock::Instant;
use metatron_domain::host::Claimed;
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::TerminalState;
use metatron_domain::terminal::message::{Happened, Report, Status, TerminalAnswer};
use metatron_domain::terminal::order::{OPEN, Opening};
use metatron_domain::terminal::{Driver, TerminalEnd, TerminalKind};
use metatron_process::crash::{self, Point};

use crate::account::{Account, Chain};
use crate::environment::login_environment;
use crate::journal::{Leader, Opened};
use crate::launch::Launch;
use crate::measure::Folder;
use crate::session::{Ending, Purpose, Session, Stop};
use crate::shell::Shell;
use crate::terminal::refused;
use crate::view::last_screen;

/// Terminals of the owner at once, at most.
pub const MOST: usize = 128;

/// The owner on this host.
pub struct Login {
    /// The user.
    pub account: Account,
    /// How a login shell reaches that user.
    pub chain: Chain,
}

impl Shell {
    /// Opens a terminal of the owner, if it was never opened before. Blocks until that is decided and on the disk.
    ///
    /// Must be called inside a tokio runtime, on a thread that may block.
    pub fn open(self: &Arc<Self>, terminal: TerminalId, sealed: &str) -> TerminalAnswer {
        match self.try_open(terminal, sealed) {
            Ok(session) => TerminalAnswer::Status(Box::new(session.status())),
            Err((code, detail)) => {
                tracing::warn!(terminal.id = %terminal, code, "a terminal is not opened: {detail}");
                refused(code, detail)
            }
        }
    }

    fn try_open(
        self: &Arc<Self>,
        terminal: TerminalId,
        sealed: &str,
    ) -> Result<Arc<Session>, (&'static str, String)> {
        let told = |code, detail: &str| (code, detail.to_owned());
        let parts = self.parts();
        let opened = parts.link.open(OPEN, &terminal.to_string(), 0, sealed);
        let opening: Opening = opened
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .filter(|opening: &Opening| opening.terminal == terminal)
            .ok_or_else(|| {
                parts.alarms.forged(Claimed::Opening, parts.clock.now());
                told("seal_broken", "the seal does not hold")
            })?;
        let at = parts.clock.now();
        if at >= opening.expires_at {
            if parts.journal.knows_terminal(terminal) {
                // By now api would not ask once more.
                parts.alarms.forged(Claimed::Opening, at);
                return Err(told("replayed", "this terminal was opened before"));
            }
            return Err(told("expired", "the wish is too old: open another terminal"));
        }
        let Some(login) = &parts.login else {
            return Err(told(
                "no_owner",
                "there is no such user on this host: create it, or set METATRON_OWNER_USER to the owner's user",
            ));
        };
        let folder = folder(&login.account, opening.cwd.as_deref())?;
        // Under the lock, so that no more than the limit are opened at once, and none while this process goes down.
        let _order = self.opening();
        if self.is_leaving() {
            return Err(told("start_failed", "the shell worker is going down"));
        }
        if self.sessions().iter().filter(|it| it.purpose == Purpose::Owner).count() >= MOST {
            return Err(("too_many", format!("{MOST} terminals are open on this host: close one")));
        }
        let unwritable = |error| ("journal_unwritable", format!("the journal can't be written: {error}"));
        let user = login.account.name.clone();
        if !parts.journal.open_terminal(Opened { terminal, at, user }).map_err(unwritable)? {
            return Err(told("replayed", "this terminal was opened before"));
        }
        crash::point(Point::ShellTerminalOpening);
        let launch = Launch {
            terminal,
            purpose: Purpose::Owner,
            account: &login.account,
            argv: login.chain.login(),
            environment: login_environment(&login.account, &self.timezone(), terminal),
            cwd: &folder.held(),
            size: opening.size,
            timeout: None,
            command: None,
            at,
        };
        let launched = self.launch(launch, |shell, family| {
            crash::point(Point::ShellTerminalForked);
            let boot = shell.boot().to_owned();
            parts.journal.led(Leader { terminal, pid: family.leader, ticks: family.started, boot })
        });
        match launched {
            Ok((session, work)) => {
                tracing::info!(terminal.id = %terminal, user = session.user, "a terminal of the owner opens");
                // Before anything else can be reported of it.
                session.report(Happened::Opened);
                self.begin(&session);
                let (shell, ended) = (Arc::clone(self), Arc::clone(&session));
                self.task(async move {
                    let ending = work.run().await;
                    let _ = tokio::task::spawn_blocking(move || shell.close(&ended, ending)).await;
                });
                Ok(session)
            }
            Err(error) => {
                let detail = format!("{error:#}");
                let report = never(terminal, &login.account.name, at, opening.size);
                let kept = parts.journal.over(report).and_then(|()| parts.journal.told(terminal, at));
                kept.map_err(unwritable)?;
                Err(("start_failed", detail))
            }
        }
    }

    /// Keeps the last screen and journals the end; whoever waits for it is told after that.
    fn close(&self, session: &Session, ending: Ending) {
        let Ending { exit, total, stopped, .. } = ending;
        let lost = stopped == Stop::Service;
        let (state, exit) =
            if lost { (TerminalState::Lost, None) } else { (TerminalState::Ended, Some(exit)) };
        let terminal = session.terminal;
        tracing::info!(terminal.id = %terminal, ?exit, bytes = total.bytes, "a terminal of the owner ended");
        let recordings = &self.parts().recordings;
        match session.screen(recordings) {
            Ok(Some(shot)) => {
                if let Err(error) = recordings.keep_screen(terminal, &shot) {
                    tracing::warn!(%error, "the last screen of a terminal is not kept");
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the last screen of a terminal can't be made"),
        }
        crash::point(Point::ShellTerminalExited);
        let report = session.last_report(state, exit.clone(), total.bytes);
        if let Err(error) = self.parts().journal.over(report.clone()) {
            tracing::error!(%error, terminal.id = %terminal, "an end could not be journalled");
        }
        crash::point(Point::ShellTerminalOver);
        self.forget(terminal);
        let _ = session.ties.reports.send(report);
        session.finish(TerminalEnd { bytes: total.bytes, exit });
    }

    /// Settles the terminals of a predecessor that died: what they started is ended, and they are lost.
    pub(crate) async fn recover_terminals(&self) -> Result<(), crate::journal::JournalError> {
        let parts = self.parts();
        for (opened, leader) in parts.journal.open_terminals() {
            let terminal = opened.terminal;
            tracing::warn!(terminal.id = %terminal, "a terminal of the owner was open when the shell worker died");
            let same_boot = leader.filter(|leader| leader.boot == self.boot());
            let uid = parts.login.as_ref().map(|login| login.account.uid);
            let place = same_boot.map_or((0, 0), |leader| (leader.pid, leader.ticks));
            self.end_orphans(place, terminal, uid).await;
            if let Err(error) = parts.recordings.mark(terminal, MARK) {
                tracing::debug!(%error, "there is no recording to mark");
            }
            let shot = last_screen(&parts.recordings, terminal).ok().flatten();
            let bytes = shot.as_ref().map_or(0, |shot| shot.offset);
            let size = shot.as_ref().map_or(metatron_domain::terminal::Size::COMMAND, |shot| shot.size);
            if let Some(Err(error)) = shot.map(|shot| parts.recordings.keep_screen(terminal, &shot)) {
                tracing::debug!(%error, "the last screen of a terminal is not kept");
            }
            let at = parts.clock.now().max(opened.at);
            let mut report = never(terminal, &opened.user, at, size);
            report.what = Happened::Lost;
            report.status.state = TerminalState::Lost;
            report.status.bytes = bytes;
            crash::point(Point::ShellTerminalCleaned);
            parts.journal.over(report)?;
        }
        for report in parts.journal.untold()? {
            let _ = parts.reports.send(report);
        }
        Ok(())
    }
}

/// What stands at the end of a recording whose shell-worker died.
const MARK: &str = "\r\n[the shell worker died here, and this terminal with it]\r\n";
/// The number of a report by a process that does not know what its predecessor counted: above all of those.
pub(crate) const AFTER_ALL: u64 = 1 << 40;

/// The report on a terminal that no process of ours has.
fn never(terminal: TerminalId, user: &str, at: Instant, size: metatron_domain::terminal::Size) -> Report {
    let status = Status {
        terminal,
        kind: TerminalKind::Owner,
        state: TerminalState::Refused,
        user: user.to_owned(),
        size,
        driver: Driver::Owner,
        waits: None,
        program: None,
        cwd: None,
        bytes: 0,
        keys: 0,
        orders: 0,
        typed: 0,
        exit: None,
        reports: AFTER_ALL,
    };
    Report { terminal, number: AFTER_ALL, at, what: Happened::Ended, status: Box::new(status) }
}

/// The folder a login shell begins in: the one that is wanted, else the user's home, else `/`.
fn folder(account: &Account, wanted: Option<&str>) -> Result<Folder, (&'static str, String)> {
    if let Some(wanted) = wanted {
        return Folder::open(&account.home, Some(wanted), None)
            .map_err(|error| ("cwd_missing", format!("the folder {wanted} can't be opened: {error}")));
    }
    Folder::open(&account.home, None, None)
        .or_else(|_| Folder::open(Path::new("/"), None, None))
        .map_err(|error| ("cwd_missing", format!("no folder can be opened: {error}")))
}
