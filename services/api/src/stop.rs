//! Ends commands at their shell hosts for an owner who waits for it: all at once, without a queue and without a worker.

use std::time::Duration;

use futures::future::join_all;
use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::id::ExecId;

use crate::App;

/// How long a host may take: a second's grace for what runs, and a moment.
const PATIENCE: Duration = Duration::from_secs(3);

impl App {
    /// Asks each host to end its command, or never to start it. Returns how many did not say that it is so.
    pub(crate) async fn end_at_once(&self, execs: &[(String, ExecId)]) -> usize {
        let stopped = join_all(execs.iter().map(|(host, exec)| async move {
            let call = ShellCall::Stop { exec: *exec, by_run: false };
            let answer = self.bus.call(host, &call, PATIENCE).await;
            if !matches!(answer, Ok(ShellAnswer::Stopped)) {
                tracing::warn!(exec.id = %exec, host, ?answer, "a shell host did not end a command");
            }
            matches!(answer, Ok(ShellAnswer::Stopped))
        }))
        .await;
        stopped.iter().filter(|stopped| !**stopped).count()
    }
}
