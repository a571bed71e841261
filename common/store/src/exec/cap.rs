//! What work that nobody watches has done lately, against what it may do at most (SECURITY P6).

use std::time::Duration;

use metatron_domain::cap::{COMMANDS_PER_HOUR, Cap, QUESTIONS};
use metatron_domain::clock::Instant;
use metatron_domain::mode::Course;
use sqlx::SqliteExecutor;

use super::Exec;
use crate::error::{Error, count};
use crate::run::Run;
use crate::{Store, Tx};

const HOUR: Duration = Duration::from_hours(1);

async fn questions(db: impl SqliteExecutor<'_>) -> Result<u32, Error> {
    let waiting = sqlx::query_scalar!(
        r#"select count(*) as "count!: i64" from approval a join run r on r.id = a.run_id
           where a.state = 'waiting' and r.origin in ('api', 'pulse', 'schedule')"#
    )
    .fetch_one(db)
    .await?;
    count("questions", waiting)
}

impl Tx {
    /// The limit that forbids this course, if one does. What the owner allowed by an answer of its own is never refused here.
    pub(super) async fn capped(
        &mut self,
        exec: &Exec,
        run: &Run,
        way: Course,
        now: Instant,
    ) -> Result<Option<Cap>, Error> {
        match way {
            // A question that waits already only gets other words.
            Course::Ask if run.origin.is_unattended() && self.waiting_question(exec.id).await?.is_none() => {
                Ok((questions(self.db()).await? >= QUESTIONS).then_some(Cap::Questions))
            }
            Course::Run | Course::Under(_) if run.origin.is_by_clock() => {
                Ok((self.commands_by_clock(now).await? >= COMMANDS_PER_HOUR).then_some(Cap::Commands))
            }
            _ => Ok(None),
        }
    }

    /// Commands of runs begun by the clock that started within the hour before `now`, or are about to.
    async fn commands_by_clock(&mut self, now: Instant) -> Result<u32, Error> {
        let since = now.as_millis().saturating_sub(i64::try_from(HOUR.as_millis()).unwrap_or(i64::MAX));
        let started = sqlx::query_scalar!(
            r#"select (select count(*) from exec e join run r on r.id = e.run_id
                 where e.started_at > ? and r.origin in ('pulse', 'schedule'))
               + (select count(*) from exec e join run r on r.id = e.run_id
                 where e.state = 'approved' and r.origin in ('pulse', 'schedule')) as "count!: i64""#,
            since,
        )
        .fetch_one(self.db())
        .await?;
        count("commands", started)
    }
}

impl Store {
    /// Whether as many questions of unattended runs wait as may.
    pub async fn questions_full(&self) -> Result<bool, Error> {
        Ok(questions(self.reader()).await? >= QUESTIONS)
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
