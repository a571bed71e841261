//! The journal of a run: model turns and tool calls, complete before they have effects.
//!
//! An attempt is written before the model is asked; a complete turn, its calls and its commands are one commit. A
//! worker that takes over reads the journal and goes on from there; an attempt it finds open is cut, and charged.

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::elevated::Power;
use metatron_domain::event::EventKind;
use metatron_domain::id::{ChatId, ExecId, MessageId, RunId, TerminalId};
use metatron_domain::terminal::Size;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, count, parse, to_json};
use crate::run::{Usage, signed};
use crate::{About, Store, Tx};

/// A tool call, as the model asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// Its place in the turn, from 0.
    pub index: u32,
    /// The model's own name for it.
    pub call_id: String,
    /// The tool.
    pub name: String,
    /// Its arguments, as JSON text.
    pub arguments: String,
    /// The command it became.
    pub exec: Option<ExecId>,
    /// The number under which it types, once it was minted: it may have been sent.
    pub sequence: Option<u64>,
    /// What the model is told; absent while it is open.
    pub result: Option<String>,
}

/// A command that a tool call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewExec {
    /// The exact text for the shell.
    pub command: String,
    /// The working folder; the workspace when absent.
    pub cwd: Option<String>,
    /// Seconds until it is ended by force.
    pub timeout_s: u32,
    /// Why the AI says it wants it.
    pub why: String,
    /// The shell host.
    pub host: String,
    /// Whether the AI means to type into it.
    pub interactive: bool,
    /// The size of its terminal.
    pub size: Size,
    /// With whose power it runs.
    pub power: Power,
}

/// What a tool call of a complete turn comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// A command.
    Exec(NewExec),
    /// Something answered without an effect; it is carried out after the commit.
    Open,
    /// It can't be carried out: the model is told why at once.
    Told(String),
}

/// A complete model turn.
#[derive(Debug, Clone)]
pub struct CompleteTurn {
    /// Which turn of the run, from 1.
    pub turn: u32,
    /// Which attempt at it, from 1.
    pub attempt: u32,
    /// What the model said.
    pub text: String,
    /// Why it stopped.
    pub finish_reason: String,
    /// Which model it was.
    pub model: String,
    /// What it used.
    pub usage: Usage,
    /// Its tool calls: the model's name, tool, arguments, and what each comes to.
    pub calls: Vec<(String, String, String, Intent)>,
}

/// A complete turn as the journal has it.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The run.
    pub run: RunId,
    /// Which turn.
    pub turn: u32,
    /// What the model said.
    pub text: String,
    /// Its tool calls, in order.
    pub calls: Vec<ToolCall>,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The last complete turn; 0 when there is none.
    pub complete: u32,
    /// Attempts made at the turn after it.
    pub attempts: u32,
}

impl Tx {
    /// Writes down that the model is about to be asked. Attempts left open by a dead worker are cut and charged as turns.
    pub async fn ask_turn(&mut self, run: RunId, turn: u32, model: &str, now: Instant) -> Result<u32, Error> {
        let (id, now_ms) = (run.to_string(), now.as_millis());
        let cut = sqlx::query!(
            "update turn set state = 'cut', ended_at = ?, error = 'the worker died' where run_id = ? and state = 'asked'",
            now_ms,
            id,
        )
        .execute(self.db())
        .await?
        .rows_affected();
        for _ in 0..cut {
            self.charge(run, &Usage::default(), model).await?;
        }
        let attempt = sqlx::query_scalar!(
            r#"insert into turn (run_id, turn, attempt, state, model, started_at)
               select ?1, ?2, coalesce((select max(attempt) from turn where run_id = ?1 and turn = ?2), 0) + 1, 'asked', ?3, ?4
               returning attempt as "attempt!: i64""#,
            id,
            turn,
            model,
            now_ms,
        )
        .fetch_one(self.db())
        .await?;
        count("attempt", attempt)
    }

    /// The attempt came to nothing; what it used is charged all the same.
    pub async fn cut_turn(
        &mut self,
        run: RunId,
        (turn, attempt): (u32, u32),
        cause: &str,
        usage: &Usage,
        now: Instant,
    ) -> Result<(), Error> {
        let (id, now_ms) = (run.to_string(), now.as_millis());
        let (tokens_in, tokens_out, cost) =
            (signed(usage.tokens_in), signed(usage.tokens_out), signed(usage.cost_micros));
        let model = sqlx::query_scalar!(
            r#"update turn set state = 'cut', error = ?, ended_at = ?, tokens_in = ?, tokens_out = ?, cost_micros = ?
               where run_id = ? and turn = ? and attempt = ? and state = 'asked'
               returning coalesce(model, '') as "model!: String""#,
            cause,
            now_ms,
            tokens_in,
            tokens_out,
            cost,
            id,
            turn,
            attempt,
        )
        .fetch_optional(self.db())
        .await?;
        match model {
            Some(model) => self.charge(run, usage, &model).await,
            None => Ok(()),
        }
    }

    /// Journals a complete turn: its message, its calls, its commands and their facts, all or nothing.
    pub async fn complete_turn(
        &mut self,
        run: RunId,
        chat: ChatId,
        done: &CompleteTurn,
        now: Instant,
    ) -> Result<MessageId, Error> {
        let (id, now_ms) = (run.to_string(), now.as_millis());
        let usage = &done.usage;
        let (tokens_in, tokens_out, cost) =
            (signed(usage.tokens_in), signed(usage.tokens_out), signed(usage.cost_micros));
        let rows = sqlx::query!(
            "update turn set state = 'complete', text = ?, finish_reason = ?, model = ?, tokens_in = ?, tokens_out = ?,
               cost_micros = ?, ended_at = ? where run_id = ? and turn = ? and attempt = ? and state = 'asked'",
            done.text,
            done.finish_reason,
            done.model,
            tokens_in,
            tokens_out,
            cost,
            now_ms,
            id,
            done.turn,
            done.attempt,
        )
        .execute(self.db())
        .await?
        .rows_affected();
        if rows != 1 {
            return Err(Error::Conflict("this attempt at the turn was given up".to_owned()));
        }
        self.charge(run, usage, &done.model).await?;
        let message =
            self.add_message(chat, Some(run), Some(done.turn), "ai", &Actor::Ai, &done.text, now).await?;
        for (index, (call_id, name, arguments, intent)) in done.calls.iter().enumerate() {
            let index = i64::try_from(index).unwrap_or(i64::MAX);
            let (exec, result) = match intent {
                Intent::Exec(new) => {
                    (Some(self.propose(run, chat, done.turn, index, new, now).await?.to_string()), None)
                }
                Intent::Open => (None, None),
                Intent::Told(text) => (None, Some(text.as_str())),
            };
            sqlx::query!(
                "insert into tool_call (run_id, turn, idx, call_id, name, arguments, exec_id, result)
                 values (?, ?, ?, ?, ?, ?, ?, ?)",
                id,
                done.turn,
                index,
                call_id,
                name,
                arguments,
                exec,
                result,
            )
            .execute(self.db())
            .await?;
        }
        Ok(message)
    }

    async fn propose(
        &mut self,
        run: RunId,
        chat: ChatId,
        turn: u32,
        index: i64,
        new: &NewExec,
        now: Instant,
    ) -> Result<ExecId, Error> {
        let exec = ExecId::new();
        let (id, run_id, terminal, now_ms) =
            (exec.to_string(), run.to_string(), TerminalId::new().to_string(), now.as_millis());
        let (columns, rows) = (new.size.columns(), new.size.rows());
        let power = (!new.power.is_agent()).then(|| to_json("power", &new.power)).transpose()?;
        sqlx::query!(
            "insert into exec (id, run_id, turn, idx, terminal_id, command, cwd, host, why, timeout_s, interactive, columns,
               rows, power, state, created_at)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'proposed', ?)",
            id,
            run_id,
            turn,
            index,
            terminal,
            new.command,
            new.cwd,
            new.host,
            new.why,
            new.timeout_s,
            new.interactive,
            columns,
            rows,
            power,
            now_ms,
        )
        .execute(self.db())
        .await?;
        let about = About { chat: Some(chat), run: Some(run), subject: Some(id) };
        self.record(
            EventKind::ExecProposed,
            now,
            &Actor::Ai,
            about,
            json!({
                "turn": turn,
                "terminal_id": terminal,
                "host": new.host,
                "power": new.power,
                "command_sha256": hex::encode(Sha256::digest(new.command.as_bytes())),
            }),
        )
        .await?;
        Ok(exec)
    }

    /// Writes down what the model is told of a call that had no command.
    pub async fn answer_call(
        &mut self,
        run: RunId,
        turn: u32,
        index: u32,
        result: &str,
    ) -> Result<(), Error> {
        let id = run.to_string();
        sqlx::query!(
            "update tool_call set result = ? where run_id = ? and turn = ? and idx = ? and result is null",
            result,
            id,
            turn,
            index,
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Writes down the number under which a call types, before it is sent: whoever comes later knows that it may have
    /// been.
    pub async fn mint_sequence(
        &mut self,
        run: RunId,
        turn: u32,
        index: u32,
        sequence: u64,
    ) -> Result<(), Error> {
        let (id, sequence) = (run.to_string(), signed(sequence));
        sqlx::query!(
            "update tool_call set sequence = ? where run_id = ? and turn = ? and idx = ? and result is null",
            sequence,
            id,
            turn,
            index,
        )
        .execute(self.db())
        .await?;
        Ok(())
    }
}

impl Store {
    /// How far the run has come.
    pub async fn position(&self, run: RunId) -> Result<Position, Error> {
        let id = run.to_string();
        let row = sqlx::query!(
            r#"select coalesce(max(case when state = 'complete' then turn end), 0) as "complete!: i64",
                 (select count(*) from turn t where t.run_id = ?1 and t.turn >
                    coalesce((select max(turn) from turn where run_id = ?1 and state = 'complete'), 0)) as "attempts!: i64"
               from turn where run_id = ?1"#,
            id,
        )
        .fetch_one(self.reader())
        .await?;
        Ok(Position { complete: count("turn", row.complete)?, attempts: count("attempt", row.attempts)? })
    }

    /// Every complete turn of every run of a conversation, with its calls.
    pub async fn turns_of_chat(&self, chat: ChatId) -> Result<Vec<Turn>, Error> {
        let id = chat.to_string();
        let mut turns = Vec::new();
        let rows = sqlx::query!(
            r#"select t.run_id, t.turn, t.text from turn t join run r on r.id = t.run_id
               where r.chat_id = ? and t.state = 'complete' order by t.run_id, t.turn"#,
            id,
        )
        .fetch_all(self.reader())
        .await?;
        for row in rows {
            let run: RunId = parse("run id", &row.run_id)?;
            let turn = count("turn", row.turn)?;
            turns.push(Turn { run, turn, text: row.text, calls: self.calls(run, turn).await? });
        }
        Ok(turns)
    }

    /// The tool calls of one turn, in order.
    pub async fn calls(&self, run: RunId, turn: u32) -> Result<Vec<ToolCall>, Error> {
        let id = run.to_string();
        let rows = sqlx::query!(
            "select idx, call_id, name, arguments, exec_id, sequence, result from tool_call where run_id = ? and turn = ? order by idx",
            id,
            turn,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(ToolCall {
                    index: count("call", row.idx)?,
                    call_id: row.call_id,
                    name: row.name,
                    arguments: row.arguments,
                    exec: row.exec_id.as_deref().map(|id| parse("exec id", id)).transpose()?,
                    sequence: row.sequence.map(|number| count("sequence", number)).transpose()?,
                    result: row.result,
                })
            })
            .collect()
    }
}
