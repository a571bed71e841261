//! After a crash: what the journal says was started and never ended belongs to a shell-worker that died. Its processes
//! are ended, its recording is marked, and its outcome is `unknown` for ever (SECURITY decision 4, R3, R7).

use metatron_domain::command::{Outcome, ShellReport};
use metatron_domain::id::TerminalId;
use metatron_process::crash::{self, Point};

use crate::journal::{JournalError, Started};
use crate::kill::{Family, GRACE, end_user};
use crate::recording::{Recordings, first};
use crate::screen::{Fold, Lines, Screen};
use crate::shell::Shell;
use crate::table;

/// What stands at the end of a recording whose shell-worker died.
const MARK: &str = "\r\n[the shell worker died here: how the command ended is not known]\r\n";

impl Shell {
    /// Settles everything a predecessor left open. Must be awaited before the first request is taken.
    pub async fn recover(&self) -> Result<Vec<(TerminalId, ShellReport)>, JournalError> {
        let mut reports = Vec::new();
        for (started, spawned) in self.parts().journal.open_ends() {
            tracing::warn!(exec.id = %started.exec, "a command was running when the shell worker died");
            let same_boot = spawned.filter(|spawned| spawned.boot == self.boot());
            let place = same_boot.map_or((0, 0), |spawned| (spawned.pid, spawned.ticks));
            let account = &self.parts().guard.premises().around.account;
            self.end_orphans(place, started.terminal, Some(account.uid)).await;
            if let Err(error) = self.parts().recordings.mark(started.terminal, MARK) {
                tracing::debug!(%error, "there is no recording to mark");
            }
            let report = self.unknown(&started);
            crash::point(Point::ShellCleaned);
            if let ShellReport::Unknown { exec, outcome } = &report {
                self.parts().journal.lost(*exec, outcome.clone())?;
            }
            crash::point(Point::ShellLost);
            reports.push((started.terminal, report));
        }
        self.recover_terminals().await?;
        self.recover_undos()?;
        let account = &self.parts().guard.premises().around.account;
        if account.separated && table::in_own_container() {
            // What hid from session and marker before the crash belongs to nobody now. Elsewhere the user may be
            // somebody's.
            end_user(account.uid).await;
        }
        Ok(reports)
    }

    /// Ends the processes of a dead shell-worker's session: by the session's first process and its start, where they mean
    /// something in this boot of the machine, by the marker always.
    pub(crate) async fn end_orphans(
        &self,
        (leader, started): (i32, u64),
        terminal: TerminalId,
        user: Option<u32>,
    ) {
        let family = Family { leader, started, marker: terminal.to_string(), user };
        self.parts().families.end(&family, true, GRACE).await;
    }

    /// The report on a command that nobody watches any more.
    pub(crate) fn unknown(&self, started: &Started) -> ShellReport {
        let (text, truncated, bytes) = tell(&self.parts().recordings, started.terminal);
        let outcome = Outcome {
            started_at: started.at,
            ended_at: self.parts().clock.now().max(started.at),
            exit: None,
            text,
            truncated,
            bytes,
            sha256: String::new(),
            kept: self.parts().keeper.after(started.exec),
        };
        ShellReport::Unknown { exec: started.exec, outcome }
    }
}

fn tell(recordings: &Recordings, terminal: TerminalId) -> (String, bool, u64) {
    let Ok(Some(mut file)) = recordings.reader(terminal) else { return (String::new(), false, 0) };
    let mut screen = Screen::new(Fold::default());
    let bytes = feed(&mut file, &mut screen);
    let (text, cut) = screen.finish().text();
    (text, cut, bytes)
}

/// Lines of a recording as text, and how many there are in all; `None` when there is no such recording.
pub fn lines(
    recordings: &Recordings,
    terminal: TerminalId,
    from: u64,
    count: u64,
    room: usize,
) -> std::io::Result<Option<(String, u64)>> {
    let Some(mut file) = recordings.reader(terminal)? else { return Ok(None) };
    let mut screen = Screen::new(Lines::new(from, count, room));
    feed(&mut file, &mut screen);
    Ok(Some(screen.finish().text()))
}

/// Shows all of a file; gives back how much it was.
pub(crate) fn feed<S: crate::screen::Sink>(file: &mut std::fs::File, screen: &mut Screen<S>) -> u64 {
    use std::io::{Read as _, Seek as _};
    let first = first(file);
    let _ = file.seek(std::io::SeekFrom::Start(first));
    let (mut buffer, mut bytes) = (vec![0; 64 * 1024], first);
    while let Ok(length @ 1..) = file.read(&mut buffer) {
        screen.feed(&buffer[..length]);
        bytes += length as u64;
    }
    bytes
}
