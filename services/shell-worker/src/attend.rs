//! What a session's task does while the session goes on: it carries what was typed, and looks at the foreground when
//! output and keys have come to rest. A terminal in which nothing happens costs nothing.

use std::sync::Arc;
use std::time::Duration;

use metatron_domain::terminal::message::Happened;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::desk::at_first;
use crate::look::{Around, Look, SETTLED, look};
use crate::reader::Progress;
use crate::session::{Purpose, Session};

/// The first look after something happened.
const FIRST: Duration = Duration::from_millis(50);
/// The looks after it, until all is quiet.
const NEXT: Duration = Duration::from_millis(250);
/// While it goes on writing.
const MOVING: Duration = Duration::from_millis(500);
/// The looks at a program that runs without a word.
const SILENT: Duration = Duration::from_secs(1);

/// Attends to a session. Never returns.
pub async fn attend(session: &Arc<Session>) {
    tokio::join!(session.lane.carry(), watch(session));
}

async fn watch(session: &Arc<Session>) {
    let mut progress = session.progress.clone();
    loop {
        let expires = session.expires();
        tokio::select! {
            () = moved(&mut progress) => {}
            () = session.desk.poked() => {}
            () = expired(expires) => {
                session.expire();
                continue;
            }
        }
        settle(session, &mut progress).await;
        session.catch_up();
    }
}

/// Looks until the foreground waits for somebody, or shows a prompt, and all is quiet.
async fn settle(session: &Arc<Session>, progress: &mut watch::Receiver<Progress>) {
    let mut seen = progress.borrow_and_update().end;
    let (mut quiet, mut pause) = (Duration::ZERO, FIRST);
    let mut looked: Option<Instant> = None;
    loop {
        let stirred = if quiet < SETTLED {
            sleep(pause).await;
            false
        } else {
            // Somebody may wait for the answer to a prompt that comes now.
            tokio::select! {
                () = sleep(pause) => false,
                () = moved(progress) => true,
                () = session.desk.poked() => true,
            }
        };
        let now = progress.borrow_and_update().end;
        if stirred || now != seen {
            (seen, quiet) = (now, Duration::ZERO);
        } else {
            quiet += pause;
        }
        session.expire();
        let moves = !stirred && quiet.is_zero() && session.desk.state().look.waits.is_none();
        if moves && looked.is_some_and(|at| at.elapsed() < SILENT) {
            // What goes on writing waits for nobody, and a look costs more than what it wrote.
            pause = MOVING;
            continue;
        }
        looked = Some(Instant::now());
        let look = session.glance(quiet);
        let rests = look.prompt || look.waits.is_some();
        session.absorb(&look);
        if quiet >= SETTLED {
            if rests {
                return;
            }
            // It computes without a word; whoever looks now need not wait for what it wrote before.
            session.catch_up();
        }
        pause = match () {
            () if stirred => FIRST,
            () if quiet < SETTLED => NEXT,
            () => SILENT,
        };
    }
}

/// Returns when there is more output; never after the last.
async fn moved(progress: &mut watch::Receiver<Progress>) {
    if progress.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn expired(after: Option<Duration>) {
    match after {
        Some(after) => sleep(after).await,
        None => std::future::pending().await,
    }
}

impl Session {
    /// A look at the foreground, after `quiet` without output and keys.
    pub fn glance(&self, quiet: Duration) -> Look {
        let before = self.desk.state().look.waits;
        let around = Around {
            leader: self.leader,
            interactive: self.purpose == Purpose::Owner,
            quiet,
            open_line: self.progress.borrow().open_line,
            before,
        };
        look(&self.master, around)
    }

    /// For how long a run still has the keyboard.
    fn expires(&self) -> Option<Duration> {
        let until = self.desk.state().hand.as_ref()?.until;
        Some(until.since(self.ties.clock.now()))
    }

    /// Takes the keyboard from a run whose time is over.
    fn expire(&self) {
        {
            let mut state = self.desk.state();
            let now = self.ties.clock.now();
            if state.hand.as_ref().is_none_or(|hand| now < hand.until) {
                return;
            }
            state.hand = None;
            state.driver = at_first(self.purpose);
        }
        self.report(Happened::Drive);
    }
}
