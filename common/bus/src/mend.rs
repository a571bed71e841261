//! A key that holds another type than it should: somebody wrote to Redis by hand, or another program shares it.
//!
//! Redis is never the only place where anything is known, so the stranger is moved out of the way, where it can be looked
//! at, and what belongs there comes back by itself: groups are made again, owed work is carried again.

use std::time::Duration;

use redis::{Arg, Cmd, Pipeline};

use crate::{Bus, Error, key};

/// How long a stranger is kept.
const KEPT: Duration = Duration::from_hours(24);

impl Bus {
    /// Moves aside every key of the commands in `pipe` that holds a type other than the table of keys says.
    pub(crate) async fn mend(&self, pipe: &Pipeline) {
        for command in pipe.cmd_iter() {
            self.mend_command(command).await;
        }
    }

    /// As [`Bus::mend`], for one command.
    pub(crate) async fn mend_command(&self, command: &Cmd) {
        for arg in command.args_iter().skip(1) {
            let Arg::Simple(bytes) = arg else { continue };
            let Ok(name) = std::str::from_utf8(bytes) else { continue };
            let Some(row) = key::find(name) else { continue };
            if let Err(error) = self.check(name, row.kind).await {
                tracing::debug!(%error, key = name, "a key can't be checked");
            }
        }
    }

    async fn check(&self, name: &str, wanted: &str) -> Result<(), Error> {
        let mut connection = self.pooled().await?;
        // Watched: of two who find it, the second must not move aside what has come in its place since.
        let mut look = redis::pipe();
        look.cmd("WATCH").arg(name).ignore();
        look.cmd("TYPE").arg(name);
        let (found,): (String,) = look.query_async(&mut connection).await?;
        if found == wanted || found == "none" || ["any", "channel"].contains(&wanted) {
            return Ok(redis::cmd("UNWATCH").query_async(&mut connection).await?);
        }
        let aside = key::stray(name);
        let mut pipe = redis::pipe();
        pipe.atomic();
        pipe.cmd("RENAME").arg(name).arg(&aside).ignore();
        pipe.cmd("PEXPIRE").arg(&aside).arg(u64::try_from(KEPT.as_millis()).unwrap_or(u64::MAX)).ignore();
        // Nil when somebody else was faster.
        if pipe.query_async::<Option<()>>(&mut connection).await?.is_some() {
            tracing::error!(
                key = name,
                found,
                wanted,
                aside,
                "a key held something else; it was moved aside"
            );
        }
        Ok(())
    }
}
