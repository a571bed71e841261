//! Asks of one kind that meet at the writer: one statement answers all of them.
//!
//! Whoever asks first stands in line for the writer on behalf of all who ask before its turn comes. A trip to SQLite's
//! thread costs more than what is done there, so sixteen asks in one statement cost little more than one.

use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metatron_domain::id::JobId;
use sqlx::SqliteConnection;
use tokio::sync::oneshot;

use crate::error::Error;
use crate::group::{Wait, Writer};

/// Something that is asked of a row, and that is asked of many rows in one statement.
pub(crate) trait Ask: Send + Sync + Sized + 'static {
    /// What is said to each.
    type Answer: Send + 'static;

    /// What the commit of an answer waits for.
    const WAIT: Wait;
    /// How long the first waits for others before it stands in line.
    const COMPANY: Duration = Duration::ZERO;

    /// The row it is about. What is asked of one row is answered one after the other.
    fn row(&self) -> JobId;

    /// Carries all out in one statement, and answers them in their order.
    fn answer(
        db: &mut SqliteConnection,
        asks: &[Self],
    ) -> impl Future<Output = Result<Vec<Self::Answer>, Error>> + Send;
}

/// Those who ask, until the writer is theirs. Sharers: every clone of a store.
pub(crate) struct Gather<A: Ask>(Arc<Mutex<Vec<Asked<A>>>>);

struct Asked<A: Ask> {
    ask: A,
    /// Absent where nobody waits for the answer.
    tell: Option<Tell<A>>,
}

type Tell<A> = oneshot::Sender<Result<<A as Ask>::Answer, Error>>;

impl<A: Ask> fmt::Debug for Gather<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather").field("asked", &self.lock().len()).finish()
    }
}

impl<A: Ask> Clone for Gather<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Ask> Default for Gather<A> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<A: Ask> Gather<A> {
    fn lock(&self) -> MutexGuard<'_, Vec<Asked<A>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks, and waits for the commit that holds the answer.
    pub(crate) async fn ask(&self, writer: &Writer, ask: A) -> Result<A::Answer, Error> {
        let (tell, told) = oneshot::channel();
        self.add(writer, std::iter::once(Asked { ask, tell: Some(tell) }));
        told.await.unwrap_or_else(|_| Err(Error::Busy(sqlx::Error::PoolClosed)))
    }

    /// Asks without waiting.
    pub(crate) fn say(&self, writer: &Writer, asks: impl Iterator<Item = A>) {
        self.add(writer, asks.map(|ask| Asked { ask, tell: None }));
    }

    fn add(&self, writer: &Writer, asks: impl Iterator<Item = Asked<A>>) {
        let mut asked = self.lock();
        let nobody = asked.is_empty();
        asked.extend(asks);
        if nobody && !asked.is_empty() {
            self.stand_in_line(writer);
        }
    }

    #[expect(clippy::disallowed_methods, reason = "what many wait for must not end with one caller's future")]
    fn stand_in_line(&self, writer: &Writer) {
        let (gather, writer) = (self.clone(), writer.clone());
        tokio::spawn(async move {
            if A::COMPANY > Duration::ZERO {
                tokio::time::sleep(A::COMPANY).await;
            }
            gather.lead_now(&writer).await;
        });
    }

    /// Waits for the writer and answers whoever has asked by then.
    pub(crate) async fn lead_now(&self, writer: &Writer) {
        if self.lock().is_empty() {
            return;
        }
        let turn = writer.begin_single(A::WAIT).await;
        let (asks, tells): (Vec<_>, Vec<_>) =
            self.take(writer).into_iter().map(|asked| (asked.ask, asked.tell)).unzip();
        let answered = match turn {
            Ok(_) if asks.is_empty() => return,
            Ok(mut turn) => match A::answer(turn.db(), &asks).await {
                Ok(answers) => turn.commit().await.map(|()| answers),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        match answered {
            Ok(answers) => tells.into_iter().zip(answers).for_each(|(tell, answer)| say(tell, Ok(answer))),
            Err(error) => {
                tracing::warn!(%error, count = asks.len(), "what was asked of the database together failed together");
                for tell in tells {
                    say(tell, Err(error.repeated()));
                }
            }
        }
    }

    /// All who ask, but one for each row; the others' turn comes next.
    fn take(&self, writer: &Writer) -> Vec<Asked<A>> {
        let mut asked = self.lock();
        let mut rows = HashSet::with_capacity(asked.len());
        let (now, later) = asked.drain(..).partition(|asked: &Asked<A>| rows.insert(asked.ask.row()));
        *asked = later;
        if !asked.is_empty() {
            self.stand_in_line(writer);
        }
        now
    }
}

fn say<T>(tell: Option<oneshot::Sender<T>>, answer: T) {
    if let Some(tell) = tell {
        // Who has gone away meanwhile will look at the rows.
        drop(tell.send(answer));
    }
}
