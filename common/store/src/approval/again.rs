//! A question that is asked again because the owner changed its command, and what is noted beside an answer.

use metatron_domain::actor::Actor;
use metatron_domain::approval::{Answer, ApprovalState, waiting_time};
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::id::{ApprovalId, ExecId, RuleId, SessionId};
use metatron_domain::policy::Risk;
use metatron_domain::run::Origin;
use serde_json::json;

use super::{Approval, nonce};
use crate::error::{Error, parse, to_json};
use crate::exec::Exec;
use crate::{About, Tx};

impl Tx {
    /// The owner changes the words of a waiting command. What was measured of the old ones is void, and no answer counts
    /// until the new ones were measured and asked (SECURITY P4).
    pub async fn edit_command(
        &mut self,
        approval: ApprovalId,
        (digest, shown): (&str, &str),
        command: &str,
        by: &Actor,
        now: Instant,
    ) -> Result<Approval, Error> {
        let question = self.approval(approval).await?;
        question.state.decide(Answer::AllowOnce, now, question.expires_at)?;
        if digest != question.digest || shown != question.nonce || digest.is_empty() {
            return Err(Error::Conflict(
                "the change is about something else than what waits; look at it again".to_owned(),
            ));
        }
        let (id, fresh) = (approval.to_string(), nonce()?);
        sqlx::query!("update approval set digest = '', nonce = ? where id = ?", fresh, id)
            .execute(self.db())
            .await?;
        let about = About { chat: Some(question.chat), run: Some(question.run), subject: Some(id) };
        self.record(EventKind::ApprovalEdited, now, by, about, json!({ "exec_id": question.exec })).await?;
        let exec = question.exec.ok_or(Error::NotFound("the command"))?;
        self.edit_exec(exec, command, now).await?;
        self.approval(approval).await
    }

    /// The waiting question about a command, if there is one.
    pub(crate) async fn waiting_question(&mut self, exec: ExecId) -> Result<Option<ApprovalId>, Error> {
        let exec_id = exec.to_string();
        let waiting = sqlx::query_scalar!(
            r#"select id as "id!: String" from approval where exec_id = ? and state = 'waiting'"#,
            exec_id
        )
        .fetch_optional(self.db())
        .await?;
        waiting.as_deref().map(|id| parse("approval id", id)).transpose()
    }

    /// Asks the same question about what was measured anew; the time for an answer begins again.
    pub(super) async fn ask_again(
        &mut self,
        question: ApprovalId,
        exec: &Exec,
        (risk, origin): (Risk, Origin),
        now: Instant,
    ) -> Result<Instant, Error> {
        let (id, digest) = (question.to_string(), exec.digest.clone().unwrap_or_default());
        let (risk_text, expires) = (to_json("risk", &risk)?, now.after(waiting_time(risk, origin)));
        let (now_ms, expires_ms) = (now.as_millis(), expires.as_millis());
        sqlx::query!(
            "update approval set digest = ?, risk = ?, asked_at = ?, expires_at = ? where id = ?",
            digest,
            risk_text,
            now_ms,
            expires_ms,
            id,
        )
        .execute(self.db())
        .await?;
        Ok(expires)
    }

    /// Nobody has to answer any more: what the owner made of the command runs by itself, or never may.
    pub(crate) async fn question_over(
        &mut self,
        exec: ExecId,
        runs: bool,
        now: Instant,
    ) -> Result<(), Error> {
        let Some(id) = self.waiting_question(exec).await? else { return Ok(()) };
        let question = self.approval(id).await?;
        let (state, fact) = if runs {
            (ApprovalState::Allowed, EventKind::ApprovalDecided)
        } else {
            (ApprovalState::Withdrawn, EventKind::ApprovalWithdrawn)
        };
        self.close(&question, state, fact, now).await
    }

    /// Notes from where an answer came.
    pub async fn answered_from(&mut self, approval: ApprovalId, session: SessionId) -> Result<(), Error> {
        let (id, session) = (approval.to_string(), session.to_string());
        sqlx::query!(
            "update approval set decided_from =
               (select json_object('device', user_agent, 'address', address) from session where id = ?)
             where id = ?",
            session,
            id,
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Notes the rule that was made with an answer.
    pub async fn answered_with(&mut self, approval: ApprovalId, rule: RuleId) -> Result<(), Error> {
        let (id, rule) = (approval.to_string(), rule.to_string());
        sqlx::query!("update approval set rule_id = ? where id = ?", rule, id).execute(self.db()).await?;
        Ok(())
    }
}
