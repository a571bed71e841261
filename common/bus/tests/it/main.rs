//! The bus against a real redis-server, one for each test.
//!
//! Nothing here waits for time to pass where it could wait for something to happen.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod call;
mod clock;
mod control;
mod delay;
mod direct;
mod facts;
mod live;
mod queue;
mod stranger;
mod takeover;
mod tls;

use std::future::Future;
use std::time::Duration;

use metatron_bus::{Bus, key};
use metatron_domain::command::{JobKind, Ticket};
use metatron_domain::id::JobId;
use metatron_testkit::redis::RedisServer;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long anything may take on a busy machine before it counts as never.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A server, and the tasks of a test. At the end every key on the server must be in the table.
pub(crate) struct Rig {
    pub(crate) server: RedisServer,
    tasks: JoinSet<()>,
    pub(crate) stop: CancellationToken,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(extra: &[&str]) -> Self {
        Self::on(RedisServer::with(extra).unwrap())
    }

    pub(crate) fn on(server: RedisServer) -> Self {
        Self { server, tasks: JoinSet::new(), stop: CancellationToken::new() }
    }

    pub(crate) fn bus(&self, instance: &str) -> Bus {
        Bus::connect(&self.server.url(), None, None, instance)
    }

    /// Runs beside the test, until the test ends or the handle is used.
    pub(crate) fn run(
        &mut self,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> tokio::task::AbortHandle {
        self.tasks.spawn(task)
    }

    /// Clients that wait in a blocking read.
    pub(crate) fn blocked(&self) -> u64 {
        let info = self.server.command(&["INFO", "clients"]).unwrap();
        let line = info.lines().find_map(|line| line.strip_prefix("blocked_clients:")).unwrap();
        line.parse().unwrap()
    }

    /// Clients that listen to a channel.
    pub(crate) fn listeners(&self, channel: &str) -> u64 {
        let reply = self.server.command(&["PUBSUB", "NUMSUB", channel]).unwrap();
        reply.lines().last().unwrap().trim_start_matches(':').parse().unwrap()
    }

    /// Asks everything to stop, and waits until it has.
    pub(crate) async fn finish(mut self) {
        self.stop.cancel();
        while let Some(ended) = within(self.tasks.join_next()).await {
            if let Err(error) = ended {
                assert!(error.is_cancelled(), "a task of the test failed: {error}");
            }
        }
        for name in self.server.strings(&["KEYS", "*"]).unwrap() {
            assert!(key::find(&name).is_some(), "{name} is not in the table of keys");
        }
    }
}

/// Fails the test where `what` never comes.
pub(crate) async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it never happened")
}

/// Looks again until it is so.
pub(crate) async fn until(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !look().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("never: {what}"));
}

pub(crate) fn ticket() -> Ticket {
    Ticket { v: 1, id: JobId::new(), kind: JobKind::Run, subject: "run_x".to_owned() }
}
