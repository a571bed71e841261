//! Who works on a job: claims of its row, their end, and the entry that carries it. What many ask at once is one
//! statement for all of them.

use std::time::Duration;

use metatron_domain::clock::Instant;
use metatron_domain::id::JobId;
use sqlx::SqliteConnection;

use crate::Store;
use crate::error::{Error, parse, to_json};
use crate::gather::{Ask, Gather};
use crate::group::Wait;

/// A claim on a job: the right to finish it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The job.
    pub job: JobId,
    /// The epoch this claim made.
    pub epoch: i64,
    /// How often it was retried before.
    pub attempt: i64,
}

/// What is asked of the rows of jobs. Sharers: every clone of a store.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asks {
    claims: Gather<ToClaim>,
    ends: Gather<ToFinish>,
    entries: Gather<ToNote>,
}

#[derive(Debug)]
struct ToClaim {
    job: JobId,
    holder: String,
    dead: Option<String>,
}

#[derive(Debug)]
struct ToFinish {
    claim: Claim,
    now: Instant,
}

#[derive(Debug)]
struct ToNote {
    job: JobId,
    entry: String,
}

impl Ask for ToClaim {
    type Answer = Option<Claim>;

    /// A claim is a fence among the living: when the power goes, whoever held one is gone too.
    const WAIT: Wait = Wait::Nothing;

    fn row(&self) -> JobId {
        self.job
    }

    async fn answer(db: &mut SqliteConnection, asks: &[Self]) -> Result<Vec<Option<Claim>>, Error> {
        let rows: Vec<_> = asks.iter().map(|ask| (ask.job.to_string(), &ask.holder, &ask.dead)).collect();
        let rows = to_json("claims", &rows)?;
        let claimed = sqlx::query!(
            r#"update job set state = 'claimed', holder = ask.value ->> 1, epoch = epoch + 1
               from json_each(?) as ask
               where job.id = ask.value ->> 0
                 and (state = 'queued' or (state = 'claimed' and holder = ask.value ->> 2))
               returning job.id as "id!: String", epoch as "epoch!: i64", attempt as "attempt!: i64""#,
            rows,
        )
        .fetch_all(db)
        .await?;
        let mut claims = Vec::with_capacity(claimed.len());
        for row in claimed {
            claims.push(Claim { job: parse("job id", &row.id)?, epoch: row.epoch, attempt: row.attempt });
        }
        Ok(asks.iter().map(|ask| claims.iter().find(|claim| claim.job == ask.job).copied()).collect())
    }
}

impl Ask for ToFinish {
    /// Whether the claim was still the newest.
    type Answer = bool;

    const WAIT: Wait = Wait::Disk;

    fn row(&self) -> JobId {
        self.claim.job
    }

    async fn answer(db: &mut SqliteConnection, asks: &[Self]) -> Result<Vec<bool>, Error> {
        let row = |ask: &Self| (ask.claim.job.to_string(), ask.claim.epoch, ask.now.as_millis());
        let rows: Vec<_> = asks.iter().map(row).collect();
        let rows = to_json("claims", &rows)?;
        let ended = sqlx::query!(
            r#"update job set state = 'done', ended_at = ask.value ->> 2 from json_each(?) as ask
               where job.id = ask.value ->> 0 and state = 'claimed' and epoch = ask.value ->> 1
               returning job.id as "id!: String""#,
            rows,
        )
        .fetch_all(db)
        .await?;
        let mut jobs = Vec::with_capacity(ended.len());
        for row in ended {
            jobs.push(parse::<JobId>("job id", &row.id)?);
        }
        Ok(asks.iter().map(|ask| jobs.contains(&ask.claim.job)).collect())
    }
}

impl Ask for ToNote {
    type Answer = ();

    /// Without its entry a row looks lost, is looked for in its queue and found.
    const WAIT: Wait = Wait::Nothing;

    /// Nobody waits for it, and a job that ends meanwhile needs no note.
    const COMPANY: Duration = Duration::from_millis(10);

    fn row(&self) -> JobId {
        self.job
    }

    async fn answer(db: &mut SqliteConnection, asks: &[Self]) -> Result<Vec<()>, Error> {
        note(db, asks.iter().map(|ask| (ask.job, ask.entry.as_str()))).await?;
        Ok(vec![(); asks.len()])
    }
}

async fn note(
    db: &mut SqliteConnection,
    entries: impl Iterator<Item = (JobId, &str)> + Send,
) -> Result<(), Error> {
    let rows: Vec<_> = entries.map(|(job, entry)| (job.to_string(), entry)).collect();
    let rows = to_json("entries", &rows)?;
    // sqlite: `update … from` with a table-valued function, one statement for any number of rows.
    sqlx::query!(
        "update job set entry = note.value ->> 1 from json_each(?) as note
         where job.id = note.value ->> 0 and job.state in ('queued', 'claimed')",
        rows,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) fn fence(held: bool) -> Result<(), Error> {
    if held { Ok(()) } else { Err(Error::Conflict("the job was taken over by another worker".to_owned())) }
}

impl Store {
    /// Claims a job for `holder`. `dead` is the former holder, when its death was observed. Nothing is returned when
    /// the job is done, or held by somebody alive: the delivery is to be dropped.
    pub async fn claim(&self, job: JobId, holder: &str, dead: Option<&str>) -> Result<Option<Claim>, Error> {
        let ask = ToClaim { job, holder: holder.to_owned(), dead: dead.map(str::to_owned) };
        self.asks.claims.ask(&self.write, ask).await
    }

    /// Finishes a claimed job where nothing else changes with it: as [`Tx::finish`](crate::Tx::finish), in a unit of its
    /// own.
    pub async fn finish(&self, claim: &Claim, now: Instant) -> Result<(), Error> {
        fence(self.asks.ends.ask(&self.write, ToFinish { claim: *claim, now }).await?)
    }

    /// Remembers, soon, which entries carry which jobs. Nobody waits for it: what is lost of it costs the reconciler a
    /// look into the queue.
    pub fn note_entries(&self, entries: Vec<(JobId, String)>) {
        let notes = entries.into_iter().map(|(job, entry)| ToNote { job, entry });
        self.asks.entries.say(&self.write, notes);
    }

    /// As [`Store::note_entries`], at once: all processes know it when this returns.
    pub async fn mark_entries(&self, entries: &[(JobId, String)]) -> Result<(), Error> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut turn = self.write.begin_single(ToNote::WAIT).await?;
        note(turn.db(), entries.iter().map(|(job, entry)| (*job, entry.as_str()))).await?;
        turn.commit().await
    }

    /// Writes down what is still to be noted.
    pub(crate) async fn note_the_rest(&self) {
        self.asks.entries.lead_now(&self.write).await;
    }
}
