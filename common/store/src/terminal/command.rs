//! The terminal of a command of the AI: its row is written in the commits that start and end the command.

use metatron_domain::clock::Instant;
use metatron_domain::command::Outcome;
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::{Driver, TerminalState};

use super::Terminal;
use crate::Tx;
use crate::error::{Error, to_json};
use crate::exec::Exec;

impl Tx {
    /// Whether this terminal is one of a command, which may not have started yet.
    pub async fn is_command_terminal(&mut self, terminal: TerminalId) -> Result<bool, Error> {
        let id = terminal.to_string();
        let found = sqlx::query_scalar!(
            r#"select exists (select 1 from exec where terminal_id = ?) as "found!: bool""#,
            id
        );
        Ok(found.fetch_one(self.db()).await?)
    }

    /// The command runs, and so does its terminal.
    pub(crate) async fn command_terminal_runs(
        &mut self,
        exec: &Exec,
        at: Instant,
        now: Instant,
    ) -> Result<Terminal, Error> {
        if let Some(known) = self.find_terminal(exec.terminal).await? {
            return Ok(known);
        }
        let (id, exec_id, run) = (exec.terminal.to_string(), exec.id.to_string(), exec.run.to_string());
        let driver = to_json("driver", &Driver::Ai { run: exec.run, until: None, paused: false })?;
        let (columns, rows) = (exec.size.columns(), exec.size.rows());
        let at_ms = at.as_millis();
        sqlx::query!(
            "insert into terminal (id, kind, host, user, state, columns, rows, driver, exec_id, run_id, created_at, started_at)
             select ?, 'command', host, user, 'running', ?, ?, ?, ?, ?, created_at, ? from exec where id = ?",
            id,
            columns,
            rows,
            driver,
            exec_id,
            run,
            at_ms,
            exec_id,
        )
        .execute(self.db())
        .await?;
        let terminal = self.terminal(exec.terminal).await?;
        let asked = Terminal { state: TerminalState::Opening, ..terminal.clone() };
        self.tell_terminal(&asked, &terminal, now).await?;
        Ok(terminal)
    }

    /// The command is over, and so is its terminal.
    pub(crate) async fn command_terminal_ends(
        &mut self,
        exec: &Exec,
        outcome: &Outcome,
        now: Instant,
    ) -> Result<(), Error> {
        let before = self.command_terminal_runs(exec, outcome.started_at, now).await?;
        if before.state.is_terminal() {
            return Ok(());
        }
        let next = if outcome.exit.is_some() { TerminalState::Ended } else { TerminalState::Lost };
        let after = Terminal {
            state: before.state.advance(next)?,
            bytes: outcome.bytes,
            exit: outcome.exit.clone(),
            started_at: Some(outcome.started_at),
            ended_at: Some(outcome.ended_at),
            waits: None,
            ..before.clone()
        };
        self.write_terminal(&after).await?;
        self.tell_terminal(&before, &after, now).await?;
        Ok(())
    }
}
