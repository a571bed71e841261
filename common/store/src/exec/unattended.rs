//! A run that nobody watches needs the owner's word, and no device of the owner can be reached: it ends at once and says
//! so, rather than wait for hours for an answer that can't come (SECURITY P6).

use metatron_domain::actor::Actor;
use metatron_domain::approval::ApprovalState;
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::exec::ExecState;
use metatron_domain::id::{ApprovalId, RunId};
use metatron_domain::run::{RunEnd, RunError};
use metatron_domain::terminal::hand::HandAsk;
use metatron_domain::told;
use sqlx::SqliteConnection;

use crate::error::{Error, parse};
use crate::exec::Exec;
use crate::{Store, Tx};

/// Questions that are ended in one commit, so that no writer waits long.
const BATCH: u32 = 100;

impl Store {
    /// Whether a question of a run that nobody watches waits, although none of its notifications arrived anywhere and none
    /// is under way.
    pub async fn is_unheard(&self) -> Result<bool, Error> {
        Ok(!unheard(&mut *self.reader().acquire().await?, 1).await?.is_empty())
    }
}

impl Tx {
    /// Ends the runs whose questions no device took: push services refused them, do not know the devices any more, or were
    /// not reached until they were given up. Whether a page of the owner is open is for the caller to know. Returns how many.
    pub async fn end_unheard(&mut self, now: Instant) -> Result<u32, Error> {
        let mut ended = 0;
        for id in unheard(self.db(), BATCH).await? {
            let question = self.approval(id).await?;
            // A run that was stopped meanwhile, or ended with another of its questions, has taken it back.
            if question.state != ApprovalState::Waiting {
                continue;
            }
            self.close(&question, ApprovalState::Expired, EventKind::ApprovalExpired, now).await?;
            match (question.exec, &question.hand) {
                (Some(exec), _) => {
                    let exec = self.exec(exec).await?;
                    self.end_unanswerable(exec, now).await?;
                }
                (None, Some(ask)) => self.end_unanswerable_hand(question.run, ask, now).await?,
                (None, None) => continue,
            }
            ended += 1;
        }
        Ok(ended)
    }

    /// Somebody has to be asked about a measured command, and nobody can be.
    pub(super) async fn end_unanswerable(&mut self, mut exec: Exec, now: Instant) -> Result<(), Error> {
        self.note_error(exec.id, "owner_unreachable", "").await?;
        self.advance(&mut exec, ExecState::Denied, EventKind::ExecEnded, &Actor::Schedule, now).await?;
        self.tell(&exec, &told::unreachable()).await?;
        for other in self.open_execs(exec.run).await? {
            self.cancel_exec(other.id, now).await?;
        }
        let error = unreachable("A command needed your word, and no device of yours could be reached.");
        self.end_run(exec.run, RunEnd::Expired, Some(error), now).await
    }

    /// The same where a keyboard has to be asked for.
    pub async fn end_unanswerable_hand(
        &mut self,
        run: RunId,
        ask: &HandAsk,
        now: Instant,
    ) -> Result<(), Error> {
        self.answer_call(run, ask.turn, ask.index, &told::unreachable()).await?;
        for other in self.open_execs(run).await? {
            self.cancel_exec(other.id, now).await?;
        }
        let error = unreachable("The AI asked for a keyboard, and no device of yours could be reached.");
        self.end_run(run, RunEnd::Expired, Some(error), now).await
    }
}

async fn unheard(db: &mut SqliteConnection, limit: u32) -> Result<Vec<ApprovalId>, Error> {
    let found = sqlx::query_scalar!(
        r#"select a.id as "id!: String" from approval a join run r on r.id = a.run_id
           where a.state = 'waiting' and r.origin in ('api', 'pulse', 'schedule')
             and exists (select 1 from push p where p.approval_id = a.id and p.kind = 'approval')
             and not exists (select 1 from push p
               where p.approval_id = a.id and p.kind = 'approval' and p.state in ('owed', 'sent'))
           limit ?"#,
        limit,
    )
    .fetch_all(db)
    .await?;
    found.iter().map(|id| parse("approval id", id)).collect()
}

fn unreachable(detail: &str) -> RunError {
    RunError {
        code: "owner_unreachable".to_owned(),
        detail: detail.to_owned(),
        next_step:
            "Turn on notifications in Settings on one device, or keep a page open, then start it again."
                .to_owned(),
    }
}
