//! Which services beat. Absence is the message: a hash that nobody renews is gone after 30 s.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::{Bus, Error, key};

/// How often a service beats.
pub const BEAT: Duration = Duration::from_secs(14);
/// How long a beat counts, in seconds.
const TTL_S: u64 = 30;

/// What a service said of itself when it last beat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name, such as `pulse-worker`.
    pub name: String,
    /// Whether it beat within the last 30 s.
    pub up: bool,
    /// What it does: `up`, `draining`; empty when down.
    pub state: String,
    /// Its version; empty when down.
    pub version: String,
    /// Its process id; 0 when down.
    pub pid: u32,
    /// When it started, RFC 3339; empty when down.
    pub since: String,
    /// When it last beat, RFC 3339; empty when down.
    pub beat: String,
}

impl Bus {
    /// One beat of a service.
    pub async fn beat(&self, service: &str, state: &str, version: &str, pid: u32) -> Result<(), Error> {
        self.beat_with(service, state, version, pid, true).await
    }

    /// What never changes is said again only when `is_full`: an idle system should be almost silent.
    async fn beat_with(
        &self,
        service: &str,
        state: &str,
        version: &str,
        pid: u32,
        is_full: bool,
    ) -> Result<(), Error> {
        let name = key::SERVICE.fill(&[service]);
        let now = self.now_text();
        let mut pipe = redis::pipe();
        pipe.cmd("HSET").arg(&name).arg("state").arg(state).arg("version").arg(version).arg("pid").arg(pid);
        pipe.arg("instance").arg(self.instance()).arg("beat").arg(&now).ignore();
        pipe.cmd("EXPIRE").arg(&name).arg(TTL_S).ignore();
        if is_full {
            pipe.cmd("HSETNX").arg(&name).arg("since").arg(&now).ignore();
            pipe.cmd("SADD").arg(key::SERVICES.pattern).arg(service).ignore();
        }
        self.run(&pipe).await
    }

    /// Beats every 10 s until `shutdown`, then takes itself off the list of those that are up.
    pub async fn beat_forever(&self, service: &str, version: &str, pid: u32, shutdown: CancellationToken) {
        let mut beats = 0_u64;
        loop {
            match self.beat_with(service, "up", version, pid, beats.is_multiple_of(6)).await {
                Ok(()) => beats += 1,
                Err(error) => {
                    tracing::debug!(%error, service, "no beat");
                    beats = 0;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(BEAT) => {}
                () = shutdown.cancelled() => break,
            }
        }
        let mut pipe = redis::pipe();
        pipe.cmd("DEL").arg(key::SERVICE.fill(&[service])).ignore();
        if let Err(error) = self.run::<()>(&pipe).await {
            tracing::debug!(%error, service, "could not say that this service goes down");
        }
    }

    /// Every service that ever beat, by name, and whether it is up.
    pub async fn services(&self) -> Result<Vec<Service>, Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("SMEMBERS").arg(key::SERVICES.pattern);
        let (mut names,): (Vec<String>,) = self.run(&pipe).await?;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        names.sort();
        let mut pipe = redis::pipe();
        for name in &names {
            pipe.cmd("HGETALL").arg(key::SERVICE.fill(&[name]));
        }
        let found: Vec<std::collections::HashMap<String, String>> = self.run(&pipe).await?;
        Ok(names
            .into_iter()
            .zip(found)
            .map(|(name, mut fields)| {
                let mut take = |field: &str| fields.remove(field).unwrap_or_default();
                let beat = take("beat");
                Service {
                    name,
                    up: !beat.is_empty(),
                    state: take("state"),
                    version: take("version"),
                    pid: take("pid").parse().unwrap_or(0),
                    since: take("since"),
                    beat,
                }
            })
            .collect())
    }
}
