//! How commands end that somebody wants ended, and how this process goes down.

use std::sync::Arc;
use std::time::Duration;

use metatron_domain::id::ExecId;

use super::Shell;
use crate::journal::JournalError;
use crate::session::{Purpose, Stop};

impl Shell {
    /// Ends a command and all that it started. Returns when it has ended; false when it does not run. One that never
    /// started never will: that is journalled before anybody is told that it was stopped.
    pub async fn stop(self: &Arc<Self>, exec: ExecId, why: Stop) -> Result<bool, JournalError> {
        let running = self.live().get(&exec).cloned();
        let Some(running) = running else {
            let shell = Arc::clone(self);
            // The journal waits for the disk, and nobody's keys for the journal.
            let noted = tokio::task::spawn_blocking(move || shell.stopped_before(exec)).await;
            noted.map_err(std::io::Error::from)??;
            return Ok(false);
        };
        running.session.stop(why);
        running.ended().await;
        Ok(true)
    }

    fn stopped_before(&self, exec: ExecId) -> Result<(), JournalError> {
        if self.parts.journal.known(exec, "")?.is_none() {
            let detail = "The owner stopped the run before the command started.";
            self.parts.journal.failed(exec, self.parts.clock.now(), "stopped", detail)?;
        }
        Ok(())
    }

    /// Ends the owner's terminals, which can't be kept, waits up to `patience` for commands, then ends the rest. Each
    /// gets a visible mark.
    pub async fn drain(&self, patience: Duration) {
        {
            // Under the locks, so that a start is either among those below or does not happen.
            let (_live, _opening) = (self.live(), self.opening());
            self.tasks.close();
        }
        let stop = |owners_only: bool| {
            for session in self.sessions() {
                if !owners_only || session.purpose == Purpose::Owner {
                    session.stop(Stop::Service);
                }
            }
        };
        stop(true);
        if tokio::time::timeout(patience, self.tasks.wait()).await.is_err() {
            stop(false);
            self.tasks.wait().await;
        }
    }
}
