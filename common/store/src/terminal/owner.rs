//! What the owner does with a terminal: asks for it, names it, hands its keyboard over.

use metatron_domain::actor::Actor;
use metatron_domain::audit::AuditKind;
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::id::{RunId, SecretId, TerminalId};
use metatron_domain::terminal::{Driver, Size, TerminalState};
use serde_json::json;
use zeroize::Zeroizing;

use super::about;
use crate::error::{Error, parse, to_json};
use crate::vault::Vault;
use crate::{About, Store, Tx};

/// A terminal that the owner asks for.
#[derive(Debug, Clone)]
pub struct NewTerminal {
    /// The shell host.
    pub host: String,
    /// What the owner calls it.
    pub name: String,
    /// Its size.
    pub size: Size,
}

/// The keyboard of a terminal in the hands of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hand {
    /// The run.
    pub run: RunId,
    /// Until when it may type.
    pub until: Instant,
    /// The key under which it seals what it types.
    pub key: Zeroizing<String>,
    /// What the owner said about it.
    pub note: String,
}

/// What the owner said when the keyboard of a terminal was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandNote {
    /// To which run.
    pub run: RunId,
    /// Until when it might type: with the run, this tells which hand-over it was.
    pub until: Instant,
    /// The words.
    pub note: String,
}

impl Tx {
    /// The owner asks for a terminal.
    pub async fn create_terminal(&mut self, new: &NewTerminal, now: Instant) -> Result<TerminalId, Error> {
        let id = TerminalId::new();
        let (text, now_ms, driver) = (id.to_string(), now.as_millis(), to_json("driver", &Driver::Owner)?);
        let (columns, rows) = (new.size.columns(), new.size.rows());
        sqlx::query!(
            "insert into terminal (id, kind, host, name, state, columns, rows, driver, created_at)
             values (?, 'owner', ?, ?, 'opening', ?, ?, ?, ?)",
            text,
            new.host,
            new.name,
            columns,
            rows,
            driver,
            now_ms,
        )
        .execute(self.db())
        .await?;
        let about = About { subject: Some(text), ..About::default() };
        let data = json!({ "state": TerminalState::Opening, "host": new.host });
        self.record(EventKind::TerminalCreated, now, &Actor::Owner, about, data).await?;
        Ok(id)
    }

    /// The owner gives it another name.
    pub async fn rename_terminal(
        &mut self,
        terminal: TerminalId,
        name: &str,
        now: Instant,
    ) -> Result<(), Error> {
        let terminal = self.terminal(terminal).await?;
        if terminal.name == name {
            return Ok(());
        }
        let id = terminal.id.to_string();
        sqlx::query!("update terminal set name = ? where id = ?", name, id).execute(self.db()).await?;
        let data = json!({ "state": terminal.state });
        self.record(EventKind::TerminalUpdated, now, &Actor::Owner, about(&terminal), data).await?;
        Ok(())
    }

    /// The owner hands the keyboard to a run. That the host was told comes as its report.
    pub async fn hand_terminal(
        &mut self,
        vault: &Vault,
        terminal: TerminalId,
        hand: &Hand,
        now: Instant,
    ) -> Result<(), Error> {
        self.take_terminal(terminal, now).await?;
        let id = terminal.to_string();
        let secret = self.add_secret(vault, &name(terminal), hand.key.as_bytes(), now).await?.to_string();
        let (run, until) = (hand.run.to_string(), hand.until.as_millis());
        sqlx::query!(
            "insert into terminal_hand (terminal_id, run_id, until, secret_id, note) values (?, ?, ?, ?, ?)",
            id,
            run,
            until,
            secret,
            hand.note,
        )
        .execute(self.db())
        .await?;
        let about = About { run: Some(hand.run), subject: Some(id), ..About::default() };
        self.audit(AuditKind::TerminalHanded, now, &Actor::Owner, about, json!({ "until": hand.until }));
        Ok(())
    }

    /// Keeps the note of a hand-over for the terminal's history: the words are the owner's own.
    pub async fn note_hand(&mut self, terminal: TerminalId, hand: &Hand) -> Result<(), Error> {
        let (id, run, until) = (terminal.to_string(), hand.run.to_string(), hand.until.as_millis());
        sqlx::query!(
            "insert or replace into hand_note (terminal_id, run_id, until, note) values (?, ?, ?, ?)",
            id,
            run,
            until,
            hand.note,
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// The owner takes the keyboard back before the time is over: the key is gone, and the run is told when it wants to
    /// type.
    pub async fn revoke_terminal(&mut self, terminal: TerminalId, now: Instant) -> Result<(), Error> {
        let id = terminal.to_string();
        let handed = sqlx::query_scalar!(
            "update terminal_hand set until = 0 where terminal_id = ? returning secret_id",
            id
        )
        .fetch_optional(self.db())
        .await?;
        let Some(secret) = handed else { return Ok(()) };
        self.drop_secret(parse("secret id", &secret)?, now).await
    }

    /// Nobody but the owner has the keyboard: the key that a run was handed is gone.
    pub async fn take_terminal(&mut self, terminal: TerminalId, now: Instant) -> Result<(), Error> {
        let id = terminal.to_string();
        let handed = sqlx::query_scalar!("select secret_id from terminal_hand where terminal_id = ?", id)
            .fetch_optional(self.db())
            .await?;
        let Some(secret) = handed else { return Ok(()) };
        sqlx::query!("delete from terminal_hand where terminal_id = ?", id).execute(self.db()).await?;
        self.drop_secret(parse("secret id", &secret)?, now).await
    }
}

impl Tx {
    /// The run is over: what was handed to it is the owner's again.
    pub(crate) async fn take_from_run(&mut self, run: RunId, now: Instant) -> Result<(), Error> {
        let id = run.to_string();
        let handed = sqlx::query_scalar!(
            r#"select terminal_id as "id!: String" from terminal_hand where run_id = ?"#,
            id
        )
        .fetch_all(self.db())
        .await?;
        for terminal in handed {
            self.take_terminal(parse("terminal id", &terminal)?, now).await?;
        }
        Ok(())
    }
}

/// What the secret of a handed keyboard is called.
fn name(terminal: TerminalId) -> String {
    format!("terminal {terminal}")
}

struct HandRow {
    run_id: String,
    until: i64,
    note: String,
}

impl Store {
    /// Whether the owner took the keyboard back from this run, which does not know yet.
    pub async fn is_hand_revoked(&self, terminal: TerminalId, run: RunId) -> Result<bool, Error> {
        let (id, run) = (terminal.to_string(), run.to_string());
        let found = sqlx::query_scalar!(
            r#"select exists (select 1 from terminal_hand where terminal_id = ? and run_id = ? and until = 0)
               as "found!: bool""#,
            id,
            run,
        );
        Ok(found.fetch_one(self.reader()).await?)
    }

    /// What was said with the last `limit` hand-overs of a terminal, in order.
    pub async fn hand_notes(&self, terminal: TerminalId, limit: u32) -> Result<Vec<HandNote>, Error> {
        let id = terminal.to_string();
        let mut rows = sqlx::query_as!(
            HandRow,
            "select run_id, until, note from hand_note where terminal_id = ? order by until desc limit ?",
            id,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        rows.reverse();
        let read = |row: HandRow| {
            Ok(HandNote {
                run: parse("run id", &row.run_id)?,
                until: Instant::from_millis(row.until),
                note: row.note,
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// The keyboard of a terminal, as it was handed to a run that may still use it.
    pub async fn hand_of_terminal(
        &self,
        vault: &Vault,
        terminal: TerminalId,
        now: Instant,
    ) -> Result<Option<Hand>, Error> {
        let (id, now_ms) = (terminal.to_string(), now.as_millis());
        let row = sqlx::query!(
            "select run_id, until, secret_id, note from terminal_hand where terminal_id = ? and until > ?",
            id,
            now_ms,
        )
        .fetch_optional(self.reader())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let secret: SecretId = parse("secret id", &row.secret_id)?;
        let key = self.reveal(vault, secret).await?;
        let key = std::str::from_utf8(&key).map_err(|cause| Error::corrupt("key")(cause.to_string()))?;
        Ok(Some(Hand {
            run: parse("run id", &row.run_id)?,
            until: Instant::from_millis(row.until),
            key: Zeroizing::new(key.to_owned()),
            note: row.note,
        }))
    }
}
