//! What a stop does without waiting for anybody, and what it leaves to be ended at a shell host.

use metatron_domain::clock::Instant;
use metatron_domain::command::JobKind;
use metatron_domain::exec::ExecState;
use metatron_domain::id::{ExecId, RunId};
use metatron_domain::run::{RunEnd, RunState};

use crate::error::{Error, parse};
use crate::{Store, Tx};

impl Tx {
    /// Takes back what a run asks, and what of it has not started.
    pub(crate) async fn call_off(&mut self, run: RunId, now: Instant) -> Result<(), Error> {
        for exec in self.unended_execs(run).await? {
            if !matches!(exec.state, ExecState::Approved | ExecState::Running) {
                self.cancel_exec(exec.id, now).await?;
            }
        }
        self.withdraw_hand(run, now).await
    }

    /// Ends a run that was stopped, where no worker holds it and nothing of it is at work. Returns whether it did.
    pub(crate) async fn over_if_stopped(&mut self, run: RunId, now: Instant) -> Result<bool, Error> {
        let row = self.run(run).await?;
        let at_rest = row.state != RunState::Running && !row.state.is_terminal();
        if !row.stop_requested || !at_rest || !self.unended_execs(run).await?.is_empty() {
            return Ok(false);
        }
        self.settle(JobKind::Run, &run.to_string(), now).await?;
        self.end_run(run, RunEnd::Cancelled, None, now).await?;
        Ok(true)
    }
}

impl Store {
    /// The commands that a host may have at work and that were asked for at `until` or before, of one run or of all, with
    /// the names of their hosts; also those that their run left behind when it ended.
    pub async fn execs_at_work(
        &self,
        run: Option<RunId>,
        until: Instant,
    ) -> Result<Vec<(String, ExecId)>, Error> {
        let (run, until) = (run.map(|run| run.to_string()), until.as_millis());
        let rows = sqlx::query!(
            r#"select id as "id!: String", host from exec
               where state in ('approved', 'running') and (?1 is null or run_id = ?1) and created_at <= ?2 order by id"#,
            run,
            until,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(|row| Ok((row.host, parse("exec id", &row.id)?))).collect()
    }
}
