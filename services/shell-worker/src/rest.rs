//! When a running command has come to rest: its program waits for somebody, or, where somebody means to type into it, it
//! has nothing more to say for now.

use std::sync::Arc;
use std::time::Duration;

use metatron_domain::command::Rest;
use metatron_domain::terminal::Waits;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::recording::Recordings;
use crate::session::Session;

/// A password prompt that is gone within this time was none.
const SETTLED: Duration = Duration::from_secs(1);
/// Silence after which a program that is typed into is told about, whatever it does.
const QUIET: Duration = Duration::from_secs(3);
/// After this one that never falls silent is told about as well.
const LONGEST: Duration = Duration::from_secs(10);

/// Returns when the command has come to rest. One that nobody means to type into rests only where it waits for
/// somebody, so this may never return: the end of the session is for the caller to watch.
pub async fn rests(session: &Arc<Session>, recordings: &Recordings, interactive: bool) -> Rest {
    // A program may wait from its first moment on, without a word.
    session.desk.poke();
    tokio::select! {
        () = waits(session) => {}
        () = speaks_no_more(session), if interactive => {}
    }
    let screen = session.text_of_screen(recordings).await;
    let look = session.desk.state().look.clone();
    Rest { started_at: session.at, waits: look.waits, program: look.program, screen }
}

async fn waits(session: &Session) {
    let mut changes = session.desk.changes();
    loop {
        changes.mark_unchanged();
        let seen = session.desk.state().look.waits;
        match seen {
            Some(Waits::Input) => return,
            Some(Waits::Password) => {
                sleep(SETTLED).await;
                if session.desk.state().look.waits == Some(Waits::Password) {
                    return;
                }
            }
            None => changed(&mut changes).await,
        }
    }
}

async fn speaks_no_more(session: &Session) {
    let (mut progress, last) = (session.progress.clone(), Instant::now() + LONGEST);
    while Instant::now() < last {
        progress.mark_unchanged();
        let left = QUIET.min(last.saturating_duration_since(Instant::now()));
        if timeout(left, changed(&mut progress)).await.is_err() {
            return;
        }
    }
}

async fn changed<T>(watched: &mut watch::Receiver<T>) {
    if watched.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
