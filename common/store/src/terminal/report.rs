//! What a shell host tells of a terminal. It always tells all of it, so a report that is skipped or comes late loses
//! nothing: what changed between the row and what is told now is what becomes a fact.

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::message::Status;
use metatron_domain::terminal::{Driver, TerminalKind, TerminalState};
use serde_json::json;

use super::{Terminal, about, waits_word};
use crate::Tx;
use crate::error::{Error, to_json};
use crate::run::signed;

/// Why a terminal is over although it did not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over<'a> {
    /// Its host would not open it.
    Refused(&'a str),
    /// Its host could not keep it.
    Lost(&'a str),
}

impl Tx {
    /// The host tells how a terminal stands, in its report number `number` (0: outside of its reports). What is older
    /// than what was told before changes nothing. Returns whether anything changed.
    pub async fn terminal_stands(
        &mut self,
        number: u64,
        status: &Status,
        at: Instant,
        now: Instant,
    ) -> Result<bool, Error> {
        let before = self.terminal(status.terminal).await?;
        if (number != 0 && number <= before.report) || (number == 0 && before.report > 0) {
            return Ok(false);
        }
        let mut after = before.clone();
        after.report = number.max(before.report);
        if before.state.is_terminal() {
            // The end came another way. The number is kept, so that this is not looked at again.
            self.write_terminal(&after).await?;
            return Ok(false);
        }
        if after.state != status.state {
            after.state = after.state.advance(status.state)?;
        }
        after.user = Some(status.user.clone());
        (after.size, after.driver, after.waits) = (status.size, status.driver.clone(), status.waits);
        after.bytes = status.bytes.max(before.bytes);
        if after.state == TerminalState::Running || after.state == TerminalState::Ended {
            after.started_at = before.started_at.or(Some(at));
        }
        if after.state.is_terminal() {
            (after.ended_at, after.exit, after.waits) = (Some(at), status.exit.clone(), None);
            if after.state == TerminalState::Lost {
                after.detail = Some(LOST.to_owned());
            }
        }
        self.write_terminal(&after).await?;
        self.tell_terminal(&before, &after, now).await
    }

    /// A terminal is over without its host's report of an end.
    pub async fn terminal_over(
        &mut self,
        terminal: TerminalId,
        over: Over<'_>,
        now: Instant,
    ) -> Result<bool, Error> {
        let before = self.terminal(terminal).await?;
        let (next, detail) = match over {
            Over::Refused(detail) => (TerminalState::Refused, detail),
            Over::Lost(detail) => (TerminalState::Lost, detail),
        };
        let Ok(state) = before.state.advance(next) else { return Ok(false) };
        let detail = Some(detail.to_owned());
        let after = Terminal { state, detail, ended_at: Some(now), waits: None, ..before.clone() };
        self.write_terminal(&after).await?;
        self.tell_terminal(&before, &after, now).await
    }

    /// Writes down as facts what changed. Returns whether anything did.
    pub(super) async fn tell_terminal(
        &mut self,
        before: &Terminal,
        after: &Terminal,
        now: Instant,
    ) -> Result<bool, Error> {
        let (kind, actor) = match after.kind {
            TerminalKind::Owner => (after.kind, Actor::Owner),
            TerminalKind::Command => (after.kind, Actor::Ai),
        };
        let mut facts = Vec::new();
        if before.state != after.state {
            if after.state.is_terminal() {
                facts.push((EventKind::TerminalEnded, Actor::Schedule));
            } else {
                facts.push((EventKind::TerminalOpened, actor));
            }
        }
        if before.size != after.size {
            facts.push((EventKind::TerminalUpdated, Actor::Owner));
        }
        if before.driver != after.driver {
            let by_owner = matches!(after.driver, Driver::Owner | Driver::Ai { paused: false, .. });
            facts.push((EventKind::TerminalDrive, if by_owner { Actor::Owner } else { Actor::Schedule }));
        }
        if before.waits != after.waits && !after.state.is_terminal() {
            facts.push((EventKind::TerminalWaits, Actor::Schedule));
        }
        let changed = !facts.is_empty();
        let data =
            json!({ "kind": kind, "state": after.state, "driver": after.driver, "waits": after.waits });
        for (fact, actor) in facts {
            self.record(fact, now, &actor, about(after), data.clone()).await?;
        }
        if after.state.is_terminal() && before.state != after.state {
            self.take_terminal(after.id, now).await?;
        }
        Ok(changed)
    }

    pub(super) async fn write_terminal(&mut self, terminal: &Terminal) -> Result<(), Error> {
        let (id, state) = (terminal.id.to_string(), terminal.state.as_str());
        let (columns, rows) = (terminal.size.columns(), terminal.size.rows());
        let (driver, waits) = (to_json("driver", &terminal.driver)?, terminal.waits.map(waits_word));
        let (report, bytes) = (signed(terminal.report), signed(terminal.bytes));
        let exit = terminal.exit.as_ref().map(|exit| to_json("exit", exit)).transpose()?;
        let started = terminal.started_at.map(Instant::as_millis);
        let ended = terminal.ended_at.map(Instant::as_millis);
        sqlx::query!(
            "update terminal set user = ?, state = ?, columns = ?, rows = ?, driver = ?, waits = ?, report = ?, bytes = ?,
               exit = ?, detail = ?, started_at = ?, ended_at = ? where id = ?",
            terminal.user,
            state,
            columns,
            rows,
            driver,
            waits,
            report,
            bytes,
            exit,
            terminal.detail,
            started,
            ended,
            id,
        )
        .execute(self.db())
        .await?;
        Ok(())
    }
}

/// What the owner reads of a terminal that its host could not keep.
const LOST: &str = "The shell service went down while it ran. Its screen and recording are kept.";
