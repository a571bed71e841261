//! Questions put to the owner: asked once, answered once, expired by time.

use metatron_domain::actor::Actor;
use metatron_domain::approval::{Answer, ApprovalState, GRANT_VALID_S, Grant, waiting_time};
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::id::{ApprovalId, ChatId, ExecId, RuleId, RunId};
use metatron_domain::policy::Risk;
use metatron_domain::terminal::hand::HandAsk;
use metatron_domain::told;
use serde_json::json;
use sqlx::SqliteExecutor;
use std::time::Duration;

mod again;

use crate::error::{Error, json as read_json, parse, to_json};
use crate::exec::Exec;
use crate::exec::course::Answered;
use crate::{About, Store, Tx};

/// One question.
#[derive(Debug, Clone)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// The run that waits.
    pub run: RunId,
    /// The conversation the run works for.
    pub chat: ChatId,
    /// What that conversation is called.
    pub chat_title: String,
    /// The command it is about; absent where it is about a keyboard.
    pub exec: Option<ExecId>,
    /// The keyboard it is about.
    pub hand: Option<HandAsk>,
    /// Where it stands.
    pub state: ApprovalState,
    /// How much could go wrong.
    pub risk: Risk,
    /// What the answer must repeat: the digest of the measurement.
    pub digest: String,
    /// What the answer must repeat: a word made for this question.
    pub nonce: String,
    /// When it was asked.
    pub asked_at: Instant,
    /// When no answer means no.
    pub expires_at: Instant,
    /// When it was answered.
    pub decided_at: Option<Instant>,
    /// Who answered.
    pub decided_by: Option<Actor>,
    /// What the owner gave as a reason.
    pub reason: Option<String>,
    /// From where the answer came.
    pub decided_from: Option<Place>,
    /// The rule that was made with the answer.
    pub rule: Option<RuleId>,
}

/// From where an answer came.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// What the browser calls itself.
    pub device: String,
    /// Its address.
    pub address: String,
}

/// The owner's answer, as it arrives.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Yes or no.
    pub answer: Answer,
    /// The digest the owner saw.
    pub digest: String,
    /// The nonce of the card.
    pub nonce: String,
    /// Why, for the model to read.
    pub reason: Option<String>,
}

impl Approval {
    /// Where the question stands after this answer: the first one wins, and only what the owner saw is answered.
    pub(crate) fn decided(&self, decision: &Decision, now: Instant) -> Result<ApprovalState, Error> {
        let next = self.state.decide(decision.answer, now, self.expires_at)?;
        if decision.digest != self.digest || decision.nonce != self.nonce || self.digest.is_empty() {
            return Err(Error::Conflict(
                "the answer is about something else than what waits; look at it again".to_owned(),
            ));
        }
        Ok(next)
    }
}

struct Row {
    id: String,
    run_id: String,
    chat_id: String,
    chat_title: String,
    exec_id: Option<String>,
    hand: Option<String>,
    state: String,
    risk: String,
    digest: String,
    nonce: String,
    asked_at: i64,
    expires_at: i64,
    decided_at: Option<i64>,
    decided_by: Option<String>,
    reason: Option<String>,
    decided_from: Option<String>,
    rule_id: Option<String>,
}

impl TryFrom<Row> for Approval {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: parse("approval id", &row.id)?,
            run: parse("run id", &row.run_id)?,
            chat: parse("chat id", &row.chat_id)?,
            chat_title: row.chat_title,
            exec: row.exec_id.as_deref().map(|id| parse("exec id", id)).transpose()?,
            hand: row.hand.as_deref().map(|text| read_json("hand", text)).transpose()?,
            state: parse("approval state", &row.state)?,
            risk: read_json("risk", &row.risk)?,
            digest: row.digest,
            nonce: row.nonce,
            asked_at: Instant::from_millis(row.asked_at),
            expires_at: Instant::from_millis(row.expires_at),
            decided_at: row.decided_at.map(Instant::from_millis),
            decided_by: row.decided_by.as_deref().map(|text| read_json("actor", text)).transpose()?,
            reason: row.reason,
            decided_from: row.decided_from.as_deref().map(|text| read_json("place", text)).transpose()?,
            rule: row.rule_id.as_deref().map(|id| parse("rule id", id)).transpose()?,
        })
    }
}

async fn read(db: impl SqliteExecutor<'_>, approval: ApprovalId) -> Result<Approval, Error> {
    let id = approval.to_string();
    sqlx::query_as!(
        Row,
        "select a.id, a.run_id, r.chat_id, c.title as chat_title, a.exec_id, a.hand, a.state, a.risk, a.digest, a.nonce, a.asked_at,
           a.expires_at, a.decided_at, a.decided_by, a.reason, a.decided_from, a.rule_id
         from approval a join run r on r.id = a.run_id join chat c on c.id = r.chat_id where a.id = ?",
        id,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("the approval"))?
    .try_into()
}

impl Tx {
    /// Puts a question to the owner, in the commit that parks the command.
    pub(crate) async fn ask(&mut self, exec: &Exec, risk: Risk, now: Instant) -> Result<(), Error> {
        let run = self.run(exec.run).await?;
        if let Some(again) = self.waiting_question(exec.id).await? {
            let expires = self.ask_again(again, exec, (risk, run.origin), now).await?;
            return self.tell_asked(exec, again, (risk, expires), now).await;
        }
        let id = ApprovalId::new();
        let (id_text, run_id, exec_id) = (id.to_string(), run.id.to_string(), exec.id.to_string());
        let (risk_text, digest) = (to_json("risk", &risk)?, exec.digest.clone().unwrap_or_default());
        let nonce = nonce()?;
        let expires = now.after(waiting_time(risk, run.origin));
        let (asked, expires_ms) = (now.as_millis(), expires.as_millis());
        sqlx::query!(
            "insert into approval (id, run_id, exec_id, state, risk, digest, nonce, asked_at, expires_at)
             values (?, ?, ?, 'waiting', ?, ?, ?, ?, ?)",
            id_text,
            run_id,
            exec_id,
            risk_text,
            digest,
            nonce,
            asked,
            expires_ms,
        )
        .execute(self.db())
        .await?;
        self.tell_asked(exec, id, (risk, expires), now).await
    }

    async fn tell_asked(
        &mut self,
        exec: &Exec,
        id: ApprovalId,
        (risk, expires): (Risk, Instant),
        now: Instant,
    ) -> Result<(), Error> {
        let run = self.run(exec.run).await?;
        let about = About { chat: Some(run.chat), run: Some(run.id), subject: Some(id.to_string()) };
        let data = json!({ "exec_id": exec.id, "risk": risk, "expires_at": expires, "digest": exec.digest });
        self.record(EventKind::ApprovalAsked, now, &Actor::Ai, about, data).await?;
        self.owe_pushes(id, expires, now).await
    }

    /// One question, as this unit of work sees it.
    pub async fn approval(&mut self, approval: ApprovalId) -> Result<Approval, Error> {
        read(self.db(), approval).await
    }

    /// The owner answers. The first answer wins, and only what the owner saw can be allowed (SECURITY I5, P4).
    ///
    /// `seal` turns the grant into what shell-worker alone can open; it is stored and owed in this commit.
    pub async fn decide<S>(
        &mut self,
        approval: ApprovalId,
        decision: &Decision,
        by: &Actor,
        now: Instant,
        seal: S,
    ) -> Result<Approval, Error>
    where
        S: FnOnce(&Grant) -> Result<String, Error>,
    {
        let question = self.approval(approval).await?;
        let next = question.decided(decision, now)?;
        let exec = question.exec.ok_or(Error::NotFound("the command"))?;
        let grant = match decision.answer {
            Answer::Deny => None,
            Answer::AllowOnce => Some(seal(&Grant {
                approval: question.id,
                exec,
                run: question.run,
                digest: question.digest.clone(),
                expires_at: now.after(Duration::from_secs(GRANT_VALID_S)),
            })?),
        };
        let (id, state, now_ms) = (question.id.to_string(), next.as_str(), now.as_millis());
        let by_text = to_json("actor", by)?;
        sqlx::query!(
            "update approval set state = ?, decided_at = ?, decided_by = ?, reason = ?, sealed_grant = ? where id = ?",
            state,
            now_ms,
            by_text,
            decision.reason,
            grant,
            id,
        )
        .execute(self.db())
        .await?;
        let about = About { chat: Some(question.chat), run: Some(question.run), subject: Some(id) };
        let data = json!({ "state": next, "exec_id": question.exec, "digest": question.digest });
        self.record(EventKind::ApprovalDecided, now, by, about, data).await?;
        self.withdraw_pushes(question.id, now).await?;
        let answer = match grant {
            Some(grant) => Answered::Allowed { approval: question.id, grant, by },
            None => Answered::Denied { reason: decision.reason.as_deref(), by },
        };
        self.answer_exec(exec, answer, now).await?;
        self.approval(question.id).await
    }

    /// Ends at most 100 questions that nobody answered in time: that means no, and the run is told.
    pub async fn expire_approvals(&mut self, now: Instant) -> Result<u32, Error> {
        let now_ms = now.as_millis();
        let due = sqlx::query!(
            r#"select id as "id!: String" from approval where state = 'waiting' and expires_at <= ? limit 100"#,
            now_ms,
        )
        .fetch_all(self.db())
        .await?;
        let mut ended = 0;
        for row in due {
            let question = self.approval(parse("approval id", &row.id)?).await?;
            self.close(&question, ApprovalState::Expired, EventKind::ApprovalExpired, now).await?;
            match question.exec {
                Some(exec) => self.answer_exec(exec, Answered::Expired, now).await?,
                None => self.answer_hand(&question, Some(&told::hand_expired()), now).await?,
            }
            ended += 1;
        }
        Ok(ended)
    }

    /// Takes back a question whose run was stopped.
    pub(crate) async fn withdraw(&mut self, exec: ExecId, now: Instant) -> Result<(), Error> {
        let Some(id) = self.waiting_question(exec).await? else { return Ok(()) };
        let question = self.approval(id).await?;
        self.close(&question, ApprovalState::Withdrawn, EventKind::ApprovalWithdrawn, now).await
    }

    pub(crate) async fn close(
        &mut self,
        question: &Approval,
        state: ApprovalState,
        fact: EventKind,
        now: Instant,
    ) -> Result<(), Error> {
        let (id, state_text, now_ms) = (question.id.to_string(), state.as_str(), now.as_millis());
        sqlx::query!("update approval set state = ?, decided_at = ? where id = ?", state_text, now_ms, id)
            .execute(self.db())
            .await?;
        let about = About { chat: Some(question.chat), run: Some(question.run), subject: Some(id) };
        self.record(fact, now, &Actor::Schedule, about, json!({ "exec_id": question.exec })).await?;
        self.withdraw_pushes(question.id, now).await
    }
}

pub(crate) fn nonce() -> Result<String, Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|cause| Error::Key(format!("the system gives no randomness: {cause}")))?;
    Ok(hex::encode(bytes))
}

impl Store {
    /// One question.
    pub async fn approval(&self, approval: ApprovalId) -> Result<Approval, Error> {
        read(self.reader(), approval).await
    }

    /// At most `limit` questions: those that wait, the most urgent first; or the others, the newest first; from behind
    /// the question `after`.
    pub async fn approvals(
        &self,
        waiting: bool,
        limit: u32,
        after: Option<ApprovalId>,
    ) -> Result<Vec<Approval>, Error> {
        let after = after.map(|id| id.to_string());
        let rows = sqlx::query_as!(
            Row,
            "select a.id, a.run_id, r.chat_id, c.title as chat_title, a.exec_id, a.hand, a.state, a.risk, a.digest, a.nonce,
               a.asked_at, a.expires_at, a.decided_at, a.decided_by, a.reason, a.decided_from, a.rule_id
             from approval a join run r on r.id = a.run_id join chat c on c.id = r.chat_id
             left join approval last on last.id = ?2
             where (a.state = 'waiting') = ?1 and (?2 is null
               or (?1 and a.expires_at > last.expires_at)
               or (a.id < ?2 and (not ?1 or a.expires_at = last.expires_at)))
             order by case when ?1 then a.expires_at else 0 end, a.id desc limit ?3",
            waiting,
            after,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(Approval::try_from).collect()
    }

    /// The question about a command.
    pub async fn approval_of(&self, exec: ExecId) -> Result<Option<ApprovalId>, Error> {
        let id = exec.to_string();
        let row = sqlx::query_scalar!(r#"select id as "id!: String" from approval where exec_id = ?"#, id)
            .fetch_optional(self.reader())
            .await?;
        row.as_deref().map(|id| parse("approval id", id)).transpose()
    }

    /// When the next waiting question expires.
    pub async fn next_expiry(&self) -> Result<Option<Instant>, Error> {
        let at = sqlx::query_scalar!(
            r#"select min(expires_at) as "at: i64" from approval where state = 'waiting'"#
        )
        .fetch_one(self.reader())
        .await?;
        Ok(at.map(Instant::from_millis))
    }

    pub(crate) async fn sealed_grant(&self, exec: ExecId) -> Result<Option<String>, Error> {
        let id = exec.to_string();
        Ok(sqlx::query_scalar!(
            r#"select coalesce((select sealed_grant from approval where exec_id = ?1), warrant) as "sealed: String"
               from exec where id = ?1"#,
            id
        )
        .fetch_optional(self.reader())
        .await?
        .flatten())
    }
}
