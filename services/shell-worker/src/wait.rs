//! Waiting for a terminal: until it is quiet, shows something, asks for something, or ends.

use std::sync::Arc;
use std::time::Duration;

use metatron_domain::terminal::message::{Status, TerminalAnswer, Until};
use metatron_domain::terminal::{TerminalState, Waits};
use regex::{Regex, RegexBuilder};
use tokio::time::{Instant, sleep, timeout_at};

use crate::recording::Recordings;
use crate::session::Session;
use crate::shell::Shell;
use crate::terminal::{refused, status};

/// The longest wait, in milliseconds.
const LONGEST: u32 = 30_000;
/// Output that follows other output within this time is looked at together with it.
const GATHER: Duration = Duration::from_millis(50);
/// Between two looks at the foreground.
const LOOK: Duration = Duration::from_millis(150);
/// So long nothing must have happened before a prompt counts: what was just typed may not have been read yet.
const AT_REST: Duration = Duration::from_millis(300);
/// Bytes that a compiled expression may take.
const EXPRESSION: usize = 256 * 1024;

/// Waits, and says how the terminal stands then.
pub async fn wait(shell: &Shell, session: &Arc<Session>, until: Until, within_ms: u32) -> TerminalAnswer {
    let until = match Wanted::read(until) {
        Ok(until) => until,
        Err(error) => return refused("bad_pattern", error.to_string()),
    };
    let end = Instant::now() + Duration::from_millis(u64::from(within_ms.min(LONGEST)));
    let recordings = &shell.parts().recordings;
    let met = tokio::select! {
        end = session.over() => {
            let exit = end.and_then(|end| end.exit);
            let status = Status { state: TerminalState::Ended, exit, waits: None, ..session.status() };
            return TerminalAnswer::Waited { met: true, status: Box::new(status) };
        }
        met = timeout_at(end, until.comes(session, recordings)) => met.is_ok(),
    };
    match status(shell, session.terminal) {
        TerminalAnswer::Status(status) => TerminalAnswer::Waited { met, status },
        // A command that ended is in no list any more; this is how it stood last.
        _ => TerminalAnswer::Waited { met, status: Box::new(session.status()) },
    }
}

enum Wanted {
    Quiet(Duration),
    Pattern(Regex),
    Input,
    Answered,
    Exit,
}

impl Wanted {
    fn read(until: Until) -> Result<Self, regex::Error> {
        Ok(match until {
            Until::Quiet { ms } => Self::Quiet(Duration::from_millis(u64::from(ms))),
            Until::Pattern { regex } => {
                let regex = RegexBuilder::new(&regex).size_limit(EXPRESSION).build()?;
                Self::Pattern(regex)
            }
            Until::Input => Self::Input,
            Until::Answered => Self::Answered,
            Until::Exit => Self::Exit,
        })
    }

    async fn comes(self, session: &Arc<Session>, recordings: &Recordings) {
        match self {
            Self::Quiet(length) => quiet(session, length).await,
            Self::Pattern(regex) => shows(session, recordings, &regex).await,
            Self::Input => asks(session).await,
            Self::Answered => answered(session).await,
            Self::Exit => std::future::pending().await,
        }
    }
}

async fn quiet(session: &Session, length: Duration) {
    let mut progress = session.progress.clone();
    progress.mark_unchanged();
    while tokio::time::timeout(length, progress.changed()).await.is_ok_and(|moved| moved.is_ok()) {
        progress.mark_unchanged();
    }
}

async fn shows(session: &Arc<Session>, recordings: &Recordings, regex: &Regex) {
    let mut progress = session.progress.clone();
    loop {
        progress.mark_unchanged();
        let text = session.text_of_screen(recordings).await;
        if text.lines().any(|line| regex.is_match(line)) {
            return;
        }
        if progress.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        sleep(GATHER).await;
    }
}

async fn answered(session: &Session) {
    let mut changes = session.desk.changes();
    loop {
        changes.mark_unchanged();
        if session.desk.state().look.waits != Some(Waits::Password) {
            return;
        }
        if changes.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

async fn asks(session: &Session) {
    let keys = || {
        let state = session.desk.state();
        (session.progress.borrow().end, state.keys, state.typed)
    };
    let (mut seen, mut still) = (keys(), Duration::ZERO);
    loop {
        sleep(LOOK).await;
        let now = keys();
        if now == seen {
            still += LOOK;
        } else {
            (seen, still) = (now, Duration::ZERO);
        }
        if still >= AT_REST {
            let look = session.glance(still);
            let waits = look.prompt || look.waits.is_some();
            session.absorb(&look);
            if waits {
                return;
            }
        }
    }
}
