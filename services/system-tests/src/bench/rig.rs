//! The Redis that both sides use in turn, and what it counts.

use std::path::PathBuf;

use anyhow::Result;
use metatron_testkit::redis::RedisServer;
use tempfile::TempDir;

use crate::role::{Outcome, Role, Side, Spec};
use crate::row::Cost;

/// A Redis of the benchmark's own: on a unix socket, without persistence.
pub(crate) struct Rig {
    redis: RedisServer,
}

/// What Redis has counted at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counters {
    /// Commands, those inside of scripts included.
    pub(crate) calls: f64,
    /// Processor seconds of the server.
    cpu: f64,
}

impl Rig {
    pub(crate) fn start() -> Result<Self> {
        Ok(Self { redis: RedisServer::start()? })
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.redis.socket()
    }

    /// Empties Redis: every measurement begins with nothing.
    pub(crate) fn clear(&self) -> Result<()> {
        self.redis.flushall()
    }

    /// A folder for a database, beside the socket.
    pub(crate) fn folder(&self) -> Result<TempDir> {
        Ok(TempDir::with_prefix_in("database-", self.redis.folder())?)
    }

    pub(crate) fn counters(&self) -> Result<Counters> {
        let (stats, cpu) =
            (self.redis.command(&["INFO", "commandstats"])?, self.redis.command(&["INFO", "cpu"])?);
        // cmdstat_xadd:calls=3,usec=12,…; our own questions don't count.
        let calls = stats.lines().filter(|line| !line.starts_with("cmdstat_info"));
        let calls = calls.filter_map(|line| line.strip_prefix("cmdstat_")?.split(['=', ',']).nth(1));
        let seconds = ["used_cpu_sys:", "used_cpu_user:"];
        let seconds = seconds.iter().filter_map(|name| cpu.lines().find_map(|line| line.strip_prefix(name)));
        Ok(Counters { calls: sum(calls), cpu: sum(seconds) })
    }

    /// What `jobs` jobs have cost since `before`.
    pub(crate) fn cost(&self, before: Counters, jobs: usize, process_cpu_us: f64) -> Result<Cost> {
        let after = self.counters()?;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let jobs = jobs as f64;
        Ok(Cost {
            redis_calls: (after.calls - before.calls) / jobs,
            redis_cpu_us: (after.cpu - before.cpu) * 1_000_000.0 / jobs,
            process_cpu_us,
        })
    }

    /// Plays one part from beginning to end.
    pub(crate) fn play(&self, side: Side, spec: &Spec) -> Result<(Outcome, Cost)> {
        let mut role = Role::start(side, spec)?;
        let before = self.counters()?;
        role.go()?;
        let outcome = role.outcome()?;
        let cost = self.cost(before, spec.jobs, outcome.cpu_us)?;
        role.end()?;
        Ok((outcome, cost))
    }
}

fn sum<'a>(numbers: impl Iterator<Item = &'a str>) -> f64 {
    numbers.filter_map(|number| number.parse::<f64>().ok()).sum()
}
