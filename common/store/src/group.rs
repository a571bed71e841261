//! Group commit: units of work that meet at the writer share one transaction, and so one wait for the disk.
//!
//! The first of a group begins `immediate`; each works behind a savepoint, so that dropping it undoes it alone. Whoever
//! finds nobody waiting behind it commits for all, and only then does any of them return. A single caller pays what a
//! plain transaction costs; sixteen at once pay for one. Each statement is a trip to SQLite's thread and back, so what
//! can be said together is.
//!
//! A commit waits for the disk, unless all that are in it can bear to lose it with the power ([`Wait::Nothing`]). The log
//! is written to the disk in its order: what a later commit promises includes everything before it.
//!
//! Must never let a unit return before the commit that holds it, nor leave a group open that nobody will commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::time::Instant;

use crate::error::{Error, is_busy};

/// Units in one commit, at most: the lock on the file is held no longer than this many need.
const MOST: usize = 64;
/// How long a unit of work waits for its turn.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the first of a group waits for another process to let go of the file.
const BUSY: Duration = Duration::from_secs(10);
/// The pause between two tries to get the file. `SQLite`'s own busy handler sleeps up to 100 ms, while groups of other
/// processes take about one: the file would stand idle most of the time.
const PAUSE: Duration = Duration::from_micros(500);

/// What a unit's commit waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The disk: what returned survives the loss of power.
    Disk,
    /// Nothing: all processes see it at once and it outlives every one of them, but the power may go before it is on the
    /// disk.
    Nothing,
}

/// The one writer of this process. `SQLite` runs its connection on a thread of its own.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    line: Arc<Mutex<Line>>,
    /// Who stands in line for the writer now.
    waiting: Arc<AtomicUsize>,
}

/// What passes from one unit of work to the next.
#[derive(Debug)]
struct Line {
    connection: SqliteConnection,
    options: SqliteConnectOptions,
    /// Units that are done and wait for the commit.
    done: Vec<oneshot::Sender<Result<(), Error>>>,
    state: State,
    /// What the open transaction's commit will wait for.
    wait: Wait,
    /// What the connection was told that commits wait for; nothing where that is not sure.
    told: Option<Wait>,
}

/// What is open on the connection that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing.
    Idle,
    /// A transaction, and in it a savepoint that holds nothing but what is done.
    Open,
    /// The same, and the unit at the writer has worked behind the savepoint and not ended. Its successor finds this
    /// where the unit was dropped.
    AtWork,
    /// As [`State::AtWork`], but the unit is one statement, which `SQLite` undoes by itself: the savepoint may hold what
    /// others have done.
    AtOne,
}

/// The writer, held by one unit of work. Dropping it undoes what the unit did.
#[derive(Debug)]
pub(crate) struct Turn {
    writer: Writer,
    line: OwnedMutexGuard<Line>,
    /// Whether somebody sees to the group after this turn.
    handed_on: bool,
}

/// One who stands in line.
struct Waiting {
    writer: Writer,
    arrived: bool,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.writer.waiting.fetch_sub(1, Ordering::AcqRel);
        if !self.arrived {
            // A group may have been left open because we stood in line.
            self.writer.conclude_later();
        }
    }
}

impl Writer {
    /// Opens the connection that writes.
    pub(crate) async fn open(options: SqliteConnectOptions) -> Result<Self, Error> {
        let connection = connect(&options).await?;
        let (state, wait) = (State::Idle, Wait::Disk);
        let line = Line { connection, options, done: Vec::new(), state, wait, told: None };
        Ok(Self { line: Arc::new(Mutex::new(line)), waiting: Arc::default() })
    }

    /// Waits for the writer and begins a unit of work, in a transaction of its own or in one that is open.
    pub(crate) async fn begin(&self) -> Result<Turn, Error> {
        let mut turn = self.turn().await?;
        turn.line.enter(State::AtWork, Wait::Disk).await?;
        Ok(turn)
    }

    /// As [`Writer::begin`], for a unit that is one statement: it needs no savepoint of its own.
    pub(crate) async fn begin_single(&self, wait: Wait) -> Result<Turn, Error> {
        let mut turn = self.turn().await?;
        turn.line.enter(State::AtOne, wait).await?;
        Ok(turn)
    }

    async fn turn(&self) -> Result<Turn, Error> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let mut waiting = Waiting { writer: self.clone(), arrived: false };
        let line = tokio::time::timeout(PATIENCE, self.line.clone().lock_owned()).await;
        let line = line.map_err(|_| Error::Busy(sqlx::Error::PoolTimedOut))?;
        waiting.arrived = true;
        drop(waiting);
        let mut turn = Turn { writer: self.clone(), line, handed_on: false };
        turn.line.clean().await;
        Ok(turn)
    }

    /// Brings the file into a good shape for who opens it next.
    pub(crate) async fn close(&self) {
        let mut line = self.line.lock().await;
        line.clean().await;
        line.commit().await;
        for statement in ["pragma optimize", "pragma wal_checkpoint(truncate)"] {
            if let Err(error) = line.run(statement).await {
                tracing::debug!(%error, statement, "left to the next start");
            }
        }
    }

    /// Cleans up after a dropped unit and commits its group, unless somebody in line will.
    fn conclude_later(&self) {
        // Without a runtime the process ends, and an open transaction ends with it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let writer = self.clone();
        runtime.spawn(async move {
            let mut line = writer.line.lock().await;
            line.clean().await;
            if writer.waiting.load(Ordering::Acquire) == 0 {
                line.commit().await;
            }
        });
    }
}

impl Line {
    /// Opens what the next unit needs. The state is set first: should this future be dropped in the middle, what it did
    /// is undone.
    async fn enter(&mut self, next: State, wait: Wait) -> Result<(), Error> {
        if self.state == State::Open && (self.wait, wait) == (Wait::Nothing, Wait::Disk) {
            // What is open would not wait for the disk. It holds nothing: see `Turn::finish`.
            self.abandon().await;
        }
        let before = std::mem::replace(&mut self.state, next);
        let entered = match (before, next) {
            (State::Idle, _) => self.begin(wait).await,
            (_, State::AtOne) => Ok(()),
            _ => self.run("release unit; savepoint unit").await,
        };
        if let Err(error) = &entered {
            self.lose(error).await;
        }
        entered.map_err(Error::from)
    }

    async fn begin(&mut self, wait: Wait) -> Result<(), sqlx::Error> {
        self.wait = wait;
        let since = Instant::now();
        loop {
            match self.begin_now(wait).await {
                Err(error) if is_busy(&error) && since.elapsed() < BUSY => tokio::time::sleep(PAUSE).await,
                begun => return begun,
            }
        }
    }

    async fn begin_now(&mut self, wait: Wait) -> Result<(), sqlx::Error> {
        if self.told == Some(wait) {
            return self.run("begin immediate; savepoint unit").await;
        }
        self.told = None;
        // sqlite: the pragma works when it is prepared, so these must not be kept prepared.
        let statements = match wait {
            Wait::Disk => "pragma synchronous = full; begin immediate; savepoint unit",
            Wait::Nothing => "pragma synchronous = normal; begin immediate; savepoint unit",
        };
        sqlx::raw_sql(statements).execute(&mut self.connection).await?;
        self.told = Some(wait);
        Ok(())
    }

    /// Undoes what a dropped unit left.
    async fn clean(&mut self) {
        match self.state {
            State::Idle | State::Open => {}
            State::AtOne => self.still("release unit; savepoint unit").await,
            State::AtWork => self.still("rollback to unit").await,
        }
    }

    /// Goes on in the open transaction, if it is still there: `SQLite` itself undoes all of it when the disk fails.
    async fn still(&mut self, statement: &'static str) {
        match self.run(statement).await {
            Ok(()) => self.state = State::Open,
            Err(error) => self.lose(&error).await,
        }
    }

    /// Commits for everybody who is done, and tells each.
    async fn commit(&mut self) {
        if self.done.is_empty() {
            if self.state != State::Idle {
                self.abandon().await;
            }
            return;
        }
        // Ends the savepoint as well.
        match self.run("commit").await {
            Ok(()) => {
                self.state = State::Idle;
                self.tell(Ok(()));
            }
            Err(error) => self.lose(&error).await,
        }
    }

    /// The transaction is lost, for everybody who was part of it.
    async fn lose(&mut self, cause: &sqlx::Error) {
        self.abandon().await;
        self.tell(Err(cause));
    }

    fn tell(&mut self, outcome: Result<(), &sqlx::Error>) {
        for one in self.done.drain(..) {
            // Who has gone away meanwhile will look at the rows.
            let _ = one.send(outcome.map_err(Error::shared));
        }
    }

    /// Ends the transaction that may be open. A connection that can't even do that is replaced.
    async fn abandon(&mut self) {
        self.state = State::Idle;
        // Where none is open this fails, and all is well.
        let _ = self.run("rollback").await;
        if self.connection.ping().await.is_err()
            && let Ok(fresh) = connect(&self.options).await
        {
            (self.connection, self.told) = (fresh, None);
        }
    }

    async fn run(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(statement).execute(&mut self.connection).await.map(|_| ())
    }
}

/// Opens a connection that says at once that the file is busy: [`Line::begin`] waits better.
async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = SqliteConnection::connect_with(options).await?;
    sqlx::query("pragma busy_timeout = 0").execute(&mut connection).await?;
    Ok(connection)
}

impl Turn {
    /// The connection to work on.
    pub(crate) fn db(&mut self) -> &mut SqliteConnection {
        &mut self.line.connection
    }

    /// Ends the unit: it is durable when this returns. Whoever stands in line joins the group first.
    #[expect(
        clippy::disallowed_methods,
        reason = "a commit others wait for must not end with one caller's future"
    )]
    pub(crate) async fn commit(self) -> Result<(), Error> {
        let (tell, told) = oneshot::channel();
        tokio::spawn(self.finish(tell));
        told.await.unwrap_or_else(|_| Err(Error::Busy(sqlx::Error::PoolClosed)))
    }

    async fn finish(mut self, tell: oneshot::Sender<Result<(), Error>>) {
        self.line.state = State::Open;
        self.line.done.push(tell);
        let nobody_waits = self.writer.waiting.load(Ordering::Acquire) == 0;
        // Where nothing is waited for there is nothing to share.
        if nobody_waits || self.line.wait == Wait::Nothing || self.line.done.len() >= MOST {
            self.line.commit().await;
        }
        self.handed_on = true;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.handed_on && self.line.state != State::Idle {
            self.writer.conclude_later();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn synchronous(turn: &mut Turn) -> i64 {
        sqlx::query_scalar("pragma synchronous").persistent(false).fetch_one(turn.db()).await.unwrap()
    }

    #[tokio::test]
    async fn a_commit_waits_for_the_disk_whatever_did_not_wait_before_it() {
        let folder = tempfile::TempDir::new().unwrap();
        let options = SqliteConnectOptions::new().filename(folder.path().join("db")).create_if_missing(true);
        let writer = Writer::open(options).await.unwrap();
        for _ in 0..2 {
            let mut claim = writer.begin_single(Wait::Nothing).await.unwrap();
            assert_eq!(synchronous(&mut claim).await, 1, "normal");
            claim.commit().await.unwrap();
            let mut finish = writer.begin_single(Wait::Disk).await.unwrap();
            assert_eq!(synchronous(&mut finish).await, 2, "full");
            let second = writer.begin();
            tokio::pin!(second);
            assert!(futures::poll!(&mut second).is_pending(), "stands in line");
            // They are one group: neither is done before both are.
            let second = async { second.await.unwrap().commit().await };
            let (first, second) = tokio::join!(finish.commit(), second);
            first.and(second).unwrap();
            // A claim that was dropped leaves an open transaction behind, which nobody who needs the disk may use.
            drop(writer.begin_single(Wait::Nothing).await.unwrap());
            let mut unit = writer.begin().await.unwrap();
            assert_eq!(synchronous(&mut unit).await, 2, "full");
            unit.commit().await.unwrap();
        }
    }
}
