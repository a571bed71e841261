//! Where a measured command goes: it runs, it is asked about, or it never may; and what the owner's answer makes of it.

use metatron_domain::actor::Actor;
use metatron_domain::approval::Measure;
use metatron_domain::audit::AuditKind;
use metatron_domain::clock::Instant;
use metatron_domain::command::JobKind;
use metatron_domain::event::EventKind;
use metatron_domain::exec::ExecState;
use metatron_domain::id::{ApprovalId, ExecId};
use metatron_domain::mode::{Course, course};
use metatron_domain::policy::Judgement;
use metatron_domain::rule::Under;
use metatron_domain::rule::book::VALID;
use metatron_domain::rule::warrant::Warrant;
use metatron_domain::taint::{Source, brings};
use metatron_domain::told;
use metatron_domain::undo::Forecast;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Exec;
use crate::Tx;
use crate::error::{Error, to_json};
use crate::warrant::Beforehand;

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

impl Tx {
    /// Writes down what shell-worker measured and how it judged; nothing when that was done before, or is about words that
    /// were changed since.
    async fn exec_measured(
        &mut self,
        exec: ExecId,
        measure: &Measure,
        judgement: &Judgement,
        now: Instant,
    ) -> Result<Option<Exec>, Error> {
        let mut exec = self.exec(exec).await?;
        // A question that waits meanwhile tells that the words were changed, also where they were changed back.
        let changed = exec.edited_from.is_some() || self.waiting_question(exec.id).await?.is_some();
        let stale = changed && measure.command_sha256 != sha256(&exec.command);
        if exec.state != ExecState::Preparing || stale || measure.host != exec.host {
            return Ok(None);
        }
        self.settle(JobKind::Prepare, &exec.id.to_string(), now).await?;
        let digest = measure.digest(exec.id);
        let (id, measure_text) = (exec.id.to_string(), to_json("measurement", measure)?);
        let judgement_text = to_json("judgement", judgement)?;
        sqlx::query!(
            "update exec set measure = ?, judgement = ?, digest = ?, user = ? where id = ?",
            measure_text,
            judgement_text,
            digest,
            measure.user,
            id,
        )
        .execute(self.db())
        .await?;
        exec.digest = Some(digest);
        exec.judgement = Some(judgement.clone());
        exec.measure = Some(measure.clone());
        let verdict = json!({
            "verdict": judgement.verdict,
            "rule": judgement.rule,
            "risk": judgement.risk,
            "host": exec.host,
            "user": measure.user,
            "digest": exec.digest,
            "policy_version": measure.policy_version,
        });
        let about = self.about_exec(&exec).await?;
        self.audit(AuditKind::ExecJudged, now, &Actor::Schedule, about, verdict);
        Ok(Some(exec))
    }

    /// shell-worker measured and judged. The verdict, and what the owner allowed beforehand, decide what comes next;
    /// `under` is what the host says it could run under, and who seals the warrant for that. A report that came twice changes nothing.
    pub async fn exec_prepared(
        &mut self,
        exec: ExecId,
        measure: &Measure,
        judgement: &Judgement,
        under: Beforehand<'_>,
        now: Instant,
    ) -> Result<(), Error> {
        self.prepared((exec, measure, judgement), under, true, now).await
    }

    /// The same of a command whose question could reach nobody: where it would have to be asked, its run ends and says so.
    pub async fn exec_prepared_unanswerable(
        &mut self,
        exec: ExecId,
        measure: &Measure,
        judgement: &Judgement,
        under: Beforehand<'_>,
        now: Instant,
    ) -> Result<(), Error> {
        self.prepared((exec, measure, judgement), under, false, now).await
    }

    /// What the card says about undoing a command, where this is what was measured of it last.
    pub async fn exec_foreseen(
        &mut self,
        exec: ExecId,
        measure: &Measure,
        forecast: &Forecast,
    ) -> Result<(), Error> {
        let (id, digest, text) = (exec.to_string(), measure.digest(exec), to_json("forecast", forecast)?);
        sqlx::query!("update exec set forecast = ? where id = ? and digest = ?", text, id, digest)
            .execute(self.db())
            .await?;
        Ok(())
    }

    async fn prepared(
        &mut self,
        (exec, measure, judgement): (ExecId, &Measure, &Judgement),
        under: Beforehand<'_>,
        answerable: bool,
        now: Instant,
    ) -> Result<(), Error> {
        let Some(mut exec) = self.exec_measured(exec, measure, judgement, now).await? else { return Ok(()) };
        let way = self.way(&exec, judgement, under.map(|(under, _)| under), now).await?;
        if way == Course::Ask && !answerable {
            return self.end_unanswerable(exec, now).await;
        }
        if let (Course::Under(under), Some((_, seal))) = (way, under) {
            let warrant = self.warrant(&exec, under, now).await?;
            self.note_under(exec.id, under, &seal(&warrant)?).await?;
            exec.under = Some(under);
        }
        self.take_course(&mut exec, judgement, way, now).await?;
        self.carry_on(exec.run, now).await?;
        Ok(())
    }

    /// Where it goes under the mode of its run and the rules. A rule that is used counts from here on.
    async fn way(
        &mut self,
        exec: &Exec,
        judgement: &Judgement,
        under: Option<Under>,
        now: Instant,
    ) -> Result<Course, Error> {
        let run = self.run(exec.run).await?;
        let mode = self.mode_of_run(&run, now).await?;
        let way = course(mode, judgement, under, run.taint.is_some());
        if let Some(cap) = self.capped(exec, &run, way, now).await? {
            return Ok(Course::Capped(cap));
        }
        if let Course::Under(Under::Rule { rule, version }) = way
            && !self.use_rule(rule, version, exec.id, now).await?
        {
            // The host named the first that matches; what is used up must not hide another.
            let other = self.use_another_rule(exec, run.chat, now).await?;
            let way = other.map_or(Course::Ask, Course::Under);
            return Ok(match self.capped(exec, &run, way, now).await? {
                Some(cap) => Course::Capped(cap),
                None => way,
            });
        }
        Ok(way)
    }

    /// What says to its host that it may start under `under`.
    async fn warrant(&mut self, exec: &Exec, under: Under, now: Instant) -> Result<Warrant, Error> {
        let run = self.run(exec.run).await?;
        Ok(Warrant {
            exec: exec.id,
            run: exec.run,
            origin: exec.origin(&run),
            digest: exec.digest.clone().unwrap_or_default(),
            under,
            expires_at: now.after(VALID),
        })
    }

    async fn sealed_warrant(&mut self, exec: ExecId) -> Result<Option<String>, Error> {
        let id = exec.to_string();
        Ok(sqlx::query_scalar!("select warrant from exec where id = ?", id).fetch_one(self.db()).await?)
    }

    async fn take_course(
        &mut self,
        exec: &mut Exec,
        judgement: &Judgement,
        way: Course,
        now: Instant,
    ) -> Result<(), Error> {
        if way == Course::Ask {
            return self.ask_owner(exec, judgement, now).await;
        }
        // Where the owner had changed the words, a question waits that nobody needs to answer any more.
        let runs = matches!(way, Course::Run | Course::Under(_));
        self.question_over(exec.id, runs, now).await?;
        if runs {
            let allowed = match way {
                Course::Under(under) => json!(under),
                _ => json!({ "under": "policy", "rule": judgement.rule }),
            };
            self.approve(exec, &Actor::Schedule, allowed, now).await?;
            let warrant = self.sealed_warrant(exec.id).await?;
            self.taint_by(exec, now).await?;
            return self.owe_shell(exec, JobKind::Start, warrant, now).await;
        }
        let told = match way {
            Course::Plan => {
                self.note_error(exec.id, "plan_mode", "").await?;
                told::planned()
            }
            Course::Capped(cap) => {
                self.note_error(exec.id, cap.as_str(), &cap.sentence()).await?;
                told::capped(cap)
            }
            _ => told::forbidden(&judgement.rule, &judgement.reasons),
        };
        self.advance(exec, ExecState::Denied, EventKind::ExecEnded, &Actor::Schedule, now).await?;
        self.tell(exec, &told).await
    }

    /// A command may start: what it says enters its run, whenever that is told.
    async fn taint_by(&mut self, exec: &Exec, now: Instant) -> Result<(), Error> {
        if exec.judgement.as_ref().is_some_and(brings) {
            self.taint_run(exec.run, &Source::Command { exec: exec.id }, now).await?;
        }
        Ok(())
    }

    /// A command may start. What allowed it stands in the fact, and so in the audit: nobody can put another reason there
    /// later.
    async fn approve(
        &mut self,
        exec: &mut Exec,
        by: &Actor,
        allowed: Value,
        now: Instant,
    ) -> Result<(), Error> {
        let allowed = json!({ "allowed": allowed });
        self.advance_with(exec, ExecState::Approved, EventKind::ExecApproved, by, allowed, now).await
    }

    async fn ask_owner(&mut self, exec: &mut Exec, judgement: &Judgement, now: Instant) -> Result<(), Error> {
        exec.state = exec.state.advance(ExecState::WaitingApproval)?;
        let id = exec.id.to_string();
        sqlx::query!("update exec set state = 'waiting_approval' where id = ?", id)
            .execute(self.db())
            .await?;
        self.ask(exec, judgement.risk, now).await
    }

    /// Puts the owner's words in the place of the AI's: they are measured and judged anew, and asked again.
    pub(crate) async fn edit_exec(&mut self, exec: ExecId, command: &str, now: Instant) -> Result<(), Error> {
        let mut exec = self.exec(exec).await?;
        exec.state = exec.state.advance(ExecState::Preparing)?;
        let original = exec.edited_from.take().unwrap_or_else(|| exec.command.clone());
        exec.edited_from = Some(original).filter(|original| original != command);
        command.clone_into(&mut exec.command);
        let id = exec.id.to_string();
        sqlx::query!(
            "update exec set state = 'preparing', command = ?, edited_from = ?, measure = null, judgement = null,
               digest = null, forecast = null where id = ?",
            command,
            exec.edited_from,
            id,
        )
        .execute(self.db())
        .await?;
        self.owe_shell(&exec, JobKind::Prepare, None, now).await?;
        self.carry_on(exec.run, now).await?;
        Ok(())
    }

    /// The owner, or time, answered the question about a command.
    pub(crate) async fn answer_exec(
        &mut self,
        exec: ExecId,
        answer: Answered<'_>,
        now: Instant,
    ) -> Result<(), Error> {
        let mut exec = self.exec(exec).await?;
        match answer {
            Answered::Allowed { approval, grant, by } => {
                let allowed = json!({ "under": "answer", "approval": approval });
                self.approve(&mut exec, by, allowed, now).await?;
                self.taint_by(&exec, now).await?;
                self.owe_shell(&exec, JobKind::Start, Some(grant), now).await?;
            }
            Answered::Denied { reason, by } => {
                self.advance(&mut exec, ExecState::Denied, EventKind::ExecEnded, by, now).await?;
                self.tell(&exec, &told::denied(reason)).await?;
            }
            Answered::Expired => {
                self.note_error(exec.id, "approval_expired", "").await?;
                self.advance(&mut exec, ExecState::Denied, EventKind::ExecEnded, &Actor::Schedule, now)
                    .await?;
                self.tell(&exec, &told::expired()).await?;
            }
        }
        self.carry_on(exec.run, now).await?;
        Ok(())
    }
}

/// The answer to the question about a command.
pub(crate) enum Answered<'a> {
    /// Yes, with the sealed grant.
    Allowed {
        /// The question.
        approval: ApprovalId,
        /// Sealed under the link key.
        grant: String,
        /// Who answered.
        by: &'a Actor,
    },
    /// No.
    Denied {
        /// Why.
        reason: Option<&'a str>,
        /// Who answered.
        by: &'a Actor,
    },
    /// Nobody answered in time.
    Expired,
}
