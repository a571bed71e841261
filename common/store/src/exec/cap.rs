//! What work that nobody watches has done lately, against what it may do at most (SECURITY P6).

use std::time::Duration;

use metatron_domain::cap::{COMMANDS_PER_HOUR, Cap, QUESTIONS};
use metatron_domain::clock::Instant;
use metatron_domain::mode::Course;

use super::Exec;
use crate::error::{Error, count};
use crate::run::Run;
use crate::{Store, Tx};

const HOUR: Duration = Duration::from_hours(1);

impl Tx {
    /// The limit that forbids this course, if one does. What the owner answered for is never refused here, and neither is
    /// a run in which the owner has spoken.
    pub(super) async fn capped(
        &mut self,
        exec: &Exec,
        run: &Run,
        way: Course,
        now: Instant,
    ) -> Result<Option<Cap>, Error> {
        let cap = match way {
            Course::Ask => Cap::Questions,
            Course::Run | Course::Under(_) if run.origin.is_by_clock() => Cap::Commands,
            _ => return Ok(None),
        };
        // A question that waits already only got other words, and they are the owner's.
        if !run.origin.is_unattended()
            || self.waiting_question(exec.id).await?.is_some()
            || self.is_spoken_to(run).await?
        {
            return Ok(None);
        }
        let is_reached = match cap {
            Cap::Questions => self.questions_full(run).await?,
            Cap::Commands => self.commands_by_clock(now).await? >= COMMANDS_PER_HOUR,
        };
        Ok(is_reached.then_some(cap))
    }

    /// Whether as many questions wait as may, of what the clock began or of what programs did, as this run is one of them.
    pub async fn questions_full(&mut self, run: &Run) -> Result<bool, Error> {
        if !run.origin.is_unattended() {
            return Ok(false);
        }
        let by_clock = run.origin.is_by_clock();
        let waiting = sqlx::query_scalar!(
            r#"select count(*) as "count!: i64" from approval a join run r on r.id = a.run_id
               where a.state = 'waiting' and r.origin in ('api', 'pulse', 'schedule') and (r.origin <> 'api') = ?"#,
            by_clock,
        )
        .fetch_one(self.db())
        .await?;
        Ok(count::<u32>("questions", waiting)? >= QUESTIONS)
    }

    /// Commands of runs begun by the clock that were asked for within the hour before `now`, and started or are about to,
    /// without an answer of the owner's. By this machine's clock alone: a shell host may have another.
    async fn commands_by_clock(&mut self, now: Instant) -> Result<u32, Error> {
        let hour = i64::try_from(HOUR.as_millis()).unwrap_or(i64::MAX);
        let (since, until) = (now.as_millis().saturating_sub(hour), now.as_millis());
        let started = sqlx::query_scalar!(
            r#"select count(*) as "count!: i64" from exec e join run r on r.id = e.run_id
               where e.created_at > ? and e.created_at <= ? and e.state in ('approved', 'running', 'ended', 'unknown')
                 and r.origin in ('pulse', 'schedule')
                 and not exists (select 1 from approval a where a.exec_id = e.id and a.state = 'allowed')"#,
            since,
            until,
        )
        .fetch_one(self.db())
        .await?;
        count("commands", started)
    }

    async fn is_spoken_to(&mut self, run: &Run) -> Result<bool, Error> {
        spoken_to(self.db(), run).await
    }
}

/// Whether the owner has said something that this run reads: then somebody is there.
async fn spoken_to(db: impl sqlx::SqliteExecutor<'_>, run: &Run) -> Result<bool, Error> {
    let id = run.id.to_string();
    Ok(sqlx::query_scalar!(
        r#"select exists (select 1 from message where run_id = ? and role = 'owner'
             and json_extract(actor, '$.kind') = 'owner') as "found!: bool""#,
        id,
    )
    .fetch_one(db)
    .await?)
}

impl Store {
    /// Whether the owner has said something that this run reads: then somebody is there.
    pub async fn is_spoken_to(&self, run: &Run) -> Result<bool, Error> {
        spoken_to(self.reader(), run).await
    }

    /// What the model turns of runs begun by the clock cost since `since`, in millionths of a US dollar.
    pub async fn spent_by_clock(&self, since: Instant) -> Result<u64, Error> {
        let since = since.as_millis();
        let spent = sqlx::query_scalar!(
            r#"select coalesce(sum(t.cost_micros), 0) as "cost!: i64" from turn t join run r on r.id = t.run_id
               where t.started_at >= ? and r.origin in ('pulse', 'schedule')"#,
            since,
        )
        .fetch_one(self.reader())
        .await?;
        count("cost", spent)
    }
}
