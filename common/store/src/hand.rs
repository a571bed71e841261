//! The question whether a run gets the keyboard of a terminal: asked in the commit that parks the run, answered once. A
//! yes is sealed by api for the terminal's host; here it only lets the run go on.

use metatron_domain::actor::Actor;
use metatron_domain::approval::{Answer, ApprovalState, waiting_time};
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::id::{ApprovalId, ChatId, RunId, TerminalId};
use metatron_domain::policy::Risk;
use metatron_domain::run::Waiting;
use metatron_domain::terminal::hand::HandAsk;
use metatron_domain::told;
use serde_json::json;

use crate::approval::{Approval, Decision, nonce};
use crate::error::{Error, parse, to_json};
use crate::terminal::Terminal;
use crate::{About, Store, Tx};

/// How much could go wrong with a keyboard: what is typed can't be judged as a command can.
const RISK: Risk = Risk::Medium;

impl Tx {
    /// Asks the owner for a keyboard, and parks the run until the answer.
    pub async fn ask_hand(&mut self, run: RunId, ask: &HandAsk, now: Instant) -> Result<(), Error> {
        if !self.hand_waits(run).await? {
            let run = self.run(run).await?;
            let id = ApprovalId::new();
            let (id_text, run_id) = (id.to_string(), run.id.to_string());
            let (hand, digest) = (to_json("hand", ask)?, ask.digest(id));
            let (risk, nonce) = (to_json("risk", &RISK)?, nonce()?);
            let expires_at = now.after(waiting_time(RISK, run.origin));
            let (asked, expires) = (now.as_millis(), expires_at.as_millis());
            sqlx::query!(
                "insert into approval (id, run_id, hand, state, risk, digest, nonce, asked_at, expires_at)
                 values (?, ?, ?, 'waiting', ?, ?, ?, ?, ?)",
                id_text,
                run_id,
                hand,
                risk,
                digest,
                nonce,
                asked,
                expires,
            )
            .execute(self.db())
            .await?;
            let about = About { chat: Some(run.chat), run: Some(run.id), subject: Some(id_text) };
            let data = json!({ "terminal_id": ask.terminal_id, "risk": RISK, "expires_at": expires_at });
            self.record(EventKind::ApprovalAsked, now, &Actor::Ai, about, data).await?;
            self.owe_pushes(id, expires_at, now).await?;
        }
        self.park_run(run, Waiting::Approval, now).await
    }

    /// Whether the run waits for the answer to such a question.
    pub(crate) async fn hand_waits(&mut self, run: RunId) -> Result<bool, Error> {
        Ok(self.waiting_hand(run).await?.is_some())
    }

    async fn waiting_hand(&mut self, run: RunId) -> Result<Option<ApprovalId>, Error> {
        let id = run.to_string();
        let found = sqlx::query_scalar!(
            r#"select id as "id!: String" from approval where run_id = ? and state = 'waiting' and hand is not null"#,
            id
        )
        .fetch_optional(self.db())
        .await?;
        found.as_deref().map(|id| parse("approval id", id)).transpose()
    }

    /// The owner answers. The first answer wins, and only what the owner saw can be allowed.
    pub async fn decide_hand(
        &mut self,
        approval: ApprovalId,
        decision: &Decision,
        by: &Actor,
        now: Instant,
    ) -> Result<Approval, Error> {
        let question = self.approval(approval).await?;
        let next = question.decided(decision, now)?;
        let (id, state, now_ms, by_text) =
            (question.id.to_string(), next.as_str(), now.as_millis(), to_json("actor", by)?);
        sqlx::query!(
            "update approval set state = ?, decided_at = ?, decided_by = ?, reason = ? where id = ?",
            state,
            now_ms,
            by_text,
            decision.reason,
            id,
        )
        .execute(self.db())
        .await?;
        let about = About { chat: Some(question.chat), run: Some(question.run), subject: Some(id) };
        let terminal = question.hand.as_ref().map(|hand| hand.terminal_id);
        let data = json!({ "state": next, "terminal_id": terminal });
        self.record(EventKind::ApprovalDecided, now, by, about, data).await?;
        self.withdraw_pushes(question.id, now).await?;
        let told = (decision.answer == Answer::Deny).then(|| told::hand_denied(decision.reason.as_deref()));
        self.answer_hand(&question, told.as_deref(), now).await?;
        self.approval(question.id).await
    }

    /// The owner has handed a keyboard over elsewhere: a run that waits for exactly that one is answered by it. Returns the
    /// question, where there was one; it may have been answered meanwhile.
    pub async fn handed_over(
        &mut self,
        terminal: TerminalId,
        run: RunId,
        by: &Actor,
        now: Instant,
    ) -> Result<Option<ApprovalId>, Error> {
        let Some(id) = self.waiting_hand(run).await? else { return Ok(None) };
        let question = self.approval(id).await?;
        if question.hand.as_ref().is_none_or(|hand| hand.terminal_id != terminal) {
            return Ok(None);
        }
        let decision = Decision {
            answer: Answer::AllowOnce,
            digest: question.digest.clone(),
            nonce: question.nonce.clone(),
            reason: None,
        };
        match self.decide_hand(id, &decision, by, now).await {
            Ok(_) => Ok(Some(id)),
            // Its time was over: that meant no.
            Err(Error::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the question was about goes on: with a `told`, its call is answered.
    pub(crate) async fn answer_hand(
        &mut self,
        question: &Approval,
        told: Option<&str>,
        now: Instant,
    ) -> Result<(), Error> {
        if let Some((told, hand)) = told.zip(question.hand.as_ref()) {
            self.answer_call(question.run, hand.turn, hand.index, told).await?;
        }
        self.carry_on(question.run, now).await?;
        Ok(())
    }

    /// Takes back the question of a run that was stopped.
    pub async fn withdraw_hand(&mut self, run: RunId, now: Instant) -> Result<(), Error> {
        let Some(id) = self.waiting_hand(run).await? else { return Ok(()) };
        let question = self.approval(id).await?;
        self.close(&question, ApprovalState::Withdrawn, EventKind::ApprovalWithdrawn, now).await?;
        let Some(hand) = question.hand else { return Ok(()) };
        self.answer_call(run, hand.turn, hand.index, &told::hand_withdrawn()).await
    }
}

impl Store {
    /// What a run of this conversation may look at: the terminals of its commands that run, and what was handed to it.
    pub async fn terminals_of_chat(&self, chat: ChatId) -> Result<Vec<Terminal>, Error> {
        let id = chat.to_string();
        let rows = sqlx::query_scalar!(
            r#"select t.id as "id!: String" from terminal t
               left join run r on r.id = t.run_id
               left join terminal_hand h on h.terminal_id = t.id
               left join run handed on handed.id = h.run_id
               where t.state = 'running' and (r.chat_id = ?1 or handed.chat_id = ?1) order by t.id limit 20"#,
            id,
        )
        .fetch_all(self.reader())
        .await?;
        let mut terminals = Vec::with_capacity(rows.len());
        for row in rows {
            terminals.push(self.terminal(parse("terminal id", &row)?).await?);
        }
        Ok(terminals)
    }

    /// The questions about keyboards that a run has asked, in order.
    pub async fn hands_of_run(&self, run: RunId) -> Result<Vec<Approval>, Error> {
        let id = run.to_string();
        let rows = sqlx::query_scalar!(
            r#"select id as "id!: String" from approval where run_id = ? and hand is not null order by id"#,
            id,
        )
        .fetch_all(self.reader())
        .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            found.push(self.approval(parse("approval id", &row)?).await?);
        }
        Ok(found)
    }
}
