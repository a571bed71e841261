//! Owed work: the rows that Redis carries. `queued → claimed → done | dead`, and back to `queued` when its worker died.
//!
//! The row's epoch is the only fence: every claim raises it, and whoever finishes must name the epoch it claimed.

use metatron_domain::clock::Instant;
use metatron_domain::command::{JobKind, Owed, Priority, Queue, Ticket};
use metatron_domain::id::JobId;
use metatron_domain::run::{RunEnd, RunError};

pub use crate::claim::Claim;
use crate::claim::fence;
use crate::error::{Error, parse};
use crate::{Store, Tx};

/// An owed row as the reconciler sees it.
#[derive(Debug, Clone)]
pub struct OwedRow {
    /// What to carry.
    pub owed: Owed,
    /// The entry that carries it, as far as is known.
    pub entry: Option<String>,
    /// Who claimed it; absent while it is queued.
    pub holder: Option<String>,
    /// The row's epoch.
    pub epoch: i64,
    /// Not before this instant.
    pub due_at: Instant,
}

struct Row {
    id: String,
    queue: String,
    priority: String,
    kind: String,
    subject: String,
    epoch: i64,
    holder: Option<String>,
    due_at: i64,
    entry: Option<String>,
}

impl Row {
    fn owed(&self) -> Result<Owed, Error> {
        let queue = Queue::parse(&self.queue).ok_or_else(|| Error::corrupt("queue")(self.queue.clone()))?;
        let kind = JobKind::parse(&self.kind).ok_or_else(|| Error::corrupt("job kind")(self.kind.clone()))?;
        let priority = if self.priority == "high" { Priority::High } else { Priority::Low };
        let ticket = Ticket { v: 1, id: parse("job id", &self.id)?, kind, subject: self.subject.clone() };
        Ok(Owed { queue, priority, ticket, body: None })
    }
}

impl TryFrom<Row> for OwedRow {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let owed = row.owed()?;
        let due_at = Instant::from_millis(row.due_at);
        Ok(Self { owed, entry: row.entry, holder: row.holder, epoch: row.epoch, due_at })
    }
}

impl Tx {
    /// Owes a job; does nothing when the same is already owed. `body` travels beside the ticket on a private queue.
    pub async fn enqueue(
        &mut self,
        queue: Queue,
        priority: Priority,
        kind: JobKind,
        subject: &str,
        body: Option<serde_json::Value>,
        now: Instant,
    ) -> Result<(), Error> {
        let id = JobId::new();
        let (id_text, queue_text, now_ms) = (id.to_string(), queue.name(), now.as_millis());
        let (priority_text, kind_text) = (priority.as_str(), kind.as_str());
        let done = sqlx::query!(
            "insert into job (id, queue, priority, kind, subject, state, due_at, created_at)
             values (?, ?, ?, ?, ?, 'queued', ?, ?)
             on conflict (kind, subject) where state in ('queued', 'claimed') do nothing",
            id_text,
            queue_text,
            priority_text,
            kind_text,
            subject,
            now_ms,
            now_ms,
        )
        .execute(self.db())
        .await?;
        if done.rows_affected() == 1 {
            let ticket = Ticket { v: 1, id, kind, subject: subject.to_owned() };
            self.owe(Owed { queue, priority, ticket, body });
        }
        Ok(())
    }

    /// Finishes a claimed job. Fails with [`Error::Conflict`] when the claim is no longer the newest: the caller is a
    /// zombie, and its whole unit of work must be dropped.
    pub async fn finish(&mut self, claim: &Claim, now: Instant) -> Result<(), Error> {
        let (id, now_ms) = (claim.job.to_string(), now.as_millis());
        let done = sqlx::query!(
            "update job set state = 'done', ended_at = ? where id = ? and state = 'claimed' and epoch = ?",
            now_ms,
            id,
            claim.epoch,
        )
        .execute(self.db())
        .await?;
        fence(done.rows_affected() == 1)
    }

    /// Fails with [`Error::Conflict`] unless the claim is still the newest.
    pub async fn hold(&mut self, claim: &Claim) -> Result<(), Error> {
        let id = claim.job.to_string();
        let held = sqlx::query_scalar!(
            r#"select count(*) as "n!: i64" from job where id = ? and state = 'claimed' and epoch = ?"#,
            id,
            claim.epoch,
        )
        .fetch_one(self.db())
        .await?;
        fence(held == 1)
    }

    /// Ends a job that its queue gave up, and what it was for, so that nobody waits for ever. A job that ended otherwise
    /// meanwhile stays as it is, and so does one that is not of the queue `of`, where somebody says so who may speak for
    /// that one alone.
    pub async fn bury(
        &mut self,
        ticket: &Ticket,
        of: Option<&Queue>,
        cause: &str,
        now: Instant,
    ) -> Result<(), Error> {
        let of = of.map(Queue::name);
        let (id, now_ms) = (ticket.id.to_string(), now.as_millis());
        let buried = sqlx::query!(
            "update job set state = 'dead', cause = ?, ended_at = ?
             where id = ? and state in ('queued', 'claimed') and (? is null or queue = ?)",
            cause,
            now_ms,
            id,
            of,
            of,
        )
        .execute(self.db())
        .await?
        .rows_affected();
        if buried == 0 {
            return Ok(());
        }
        match ticket.kind {
            JobKind::Run => {
                let error = RunError {
                    code: "run_given_up".to_owned(),
                    detail: "The run failed again and again and was given up.".to_owned(),
                    next_step: "Look at the services' log, then write again.".to_owned(),
                };
                self.end_run(parse("run id", &ticket.subject)?, RunEnd::Failed, Some(error), now).await
            }
            JobKind::Prepare | JobKind::Start => {
                let exec = parse("exec id", &ticket.subject)?;
                self.exec_declined(exec, "given_up", "The shell host failed at it again and again.", now)
                    .await
            }
            JobKind::Push => self.give_up_push(parse("push id", &ticket.subject)?, cause, now).await,
            JobKind::Probe | JobKind::Tick | JobKind::Report | JobKind::Terminal | JobKind::Host => Ok(()),
        }
    }

    /// Ends every open job of this kind about `subject`, whoever holds it. Used where an outcome makes it pointless.
    pub async fn settle(&mut self, kind: JobKind, subject: &str, now: Instant) -> Result<(), Error> {
        let (kind_text, now_ms) = (kind.as_str(), now.as_millis());
        sqlx::query!(
            "update job set state = 'done', ended_at = ? where kind = ? and subject = ? and state in ('queued', 'claimed')",
            now_ms,
            kind_text,
            subject,
        )
        .execute(self.db())
        .await?;
        Ok(())
    }
}

impl Store {
    /// Puts a claimed job back, to be tried again not before `due`.
    pub async fn put_back(&self, claim: &Claim, due: Instant, cause: &str) -> Result<(), Error> {
        let (id, due_ms) = (claim.job.to_string(), due.as_millis());
        let mut tx = self.begin_single().await?;
        sqlx::query!(
            "update job set state = 'queued', holder = null, attempt = attempt + 1, due_at = ?, cause = ?
             where id = ? and state = 'claimed' and epoch = ?",
            due_ms,
            cause,
            id,
            claim.epoch,
        )
        .execute(tx.db())
        .await?;
        let _ = tx.commit().await?;
        Ok(())
    }

    /// At most `limit` queued rows after the id `after`, in order of their age; their bodies are left out.
    pub async fn owed(&self, after: Option<JobId>, limit: u32) -> Result<Vec<OwedRow>, Error> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows = sqlx::query_as!(
            Row,
            "select id, queue, priority, kind, subject, epoch, holder, due_at, entry from job
             where state = 'queued' and id > ? order by id limit ?",
            after,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(OwedRow::try_from).collect()
    }

    /// As [`Store::owed`], the rows that somebody has claimed. The state is written out in both: `SQLite` uses the index
    /// of open rows only where it can see that they are.
    pub async fn held(&self, after: Option<JobId>, limit: u32) -> Result<Vec<OwedRow>, Error> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows = sqlx::query_as!(
            Row,
            "select id, queue, priority, kind, subject, epoch, holder, due_at, entry from job
             where state = 'claimed' and id > ? order by id limit ?",
            after,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(OwedRow::try_from).collect()
    }

    /// Gives those that carry a body theirs.
    pub async fn with_bodies(&self, mut owed: Vec<Owed>) -> Result<Vec<Owed>, Error> {
        for one in &mut owed {
            if matches!(one.ticket.kind, JobKind::Prepare | JobKind::Start) {
                let exec = parse("exec id", &one.ticket.subject)?;
                one.body = self.shell_request(exec, one.ticket.kind).await?;
            }
        }
        Ok(owed)
    }

    /// Takes jobs away from holders that were observed dead, in one commit. Returns those that were still theirs.
    pub async fn release(&self, rows: Vec<OwedRow>) -> Result<Vec<Owed>, Error> {
        let mut released = Vec::new();
        let mut tx = self.begin().await?;
        for row in rows {
            let id = row.owed.ticket.id.to_string();
            let done = sqlx::query!(
                "update job set state = 'queued', holder = null where id = ? and state = 'claimed' and holder = ? and epoch = ?",
                id,
                row.holder,
                row.epoch,
            )
            .execute(tx.db())
            .await?;
            if done.rows_affected() == 1 {
                released.push(row.owed);
            }
        }
        let _ = tx.commit().await?;
        Ok(released)
    }

    /// Forgets ended jobs older than `before`, at most `limit` of them. Returns how many.
    pub async fn prune_jobs(&self, before: Instant, limit: u32) -> Result<u64, Error> {
        let before = before.as_millis();
        let mut tx = self.begin().await?;
        let done = sqlx::query!(
            "delete from job where id in
             (select id from job where state in ('done', 'dead') and ended_at < ? limit ?)",
            before,
            limit,
        )
        .execute(tx.db())
        .await?;
        let _ = tx.commit().await?;
        Ok(done.rows_affected())
    }
}
