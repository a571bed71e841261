//! What the Redis user of a shell host elsewhere may do: read its own requests, report in its own queues, show its own
//! terminals. No key or channel of another host, and none that a dashboard reads, but its own beat.
//!
//! Redis forgets these users when it restarts; whoever registers hosts makes them again. Emptying it takes none away.

use metatron_domain::command::{Priority, Queue};
use metatron_domain::host::LOCAL;

use crate::error::says;
use crate::link::Via;
use crate::{Bus, Error, key};

/// What every user of this kind is called, before the name of its host.
const PREFIX: &str = "host-";
/// Random characters at the end of a process's name. Counted exactly, so that no host's name can be the beginning of
/// another's.
const LIFE: &str = "????????????";

/// The Redis user of `host`.
pub fn user(host: &str) -> String {
    format!("{PREFIX}{host}")
}

/// The name under which the shell-worker of `host` beats.
pub fn service(host: &str) -> String {
    if host == LOCAL { "shell-worker".to_owned() } else { format!("shell-worker@{host}") }
}

/// The rules of the user of `host`, as `ACL SETUSER` takes them, without its password.
pub fn rules(host: &str) -> Vec<String> {
    let commands = "-@all +@connection +@transaction +@stream +@hash +@sortedset +subscribe +unsubscribe +publish +del \
        +exists +expire +pexpire +ttl +pttl +type -@admin -@dangerous -@scripting +client|unblock";
    let keys = [
        format!("~metatron:lease:shell-worker-{host}-{LIFE}"),
        format!("~metatron:service:{}", service(host)),
        format!("~metatron:stream:dead:{host}"),
        format!("~metatron:queue:shell:{host}:meta"),
        format!("~metatron-live:queue:shell:{host}:*"),
        format!("~metatron-live:queue:report:{host}:*"),
        format!("~metatron-live:queue:terminal:{host}:*"),
        format!("~metatron-live:terminal:{host}:*"),
        // Nobody but api lays it.
        format!("%R~metatron-live:book:{host}"),
        format!("&metatron:queue:shell:{host}:meta"),
        format!("&metatron-live:terminal:{host}:*"),
        format!("&metatron-live:shell:{host}:*"),
        // So that it is on the list of services; it takes none off.
        "(+sadd ~metatron:services)".to_owned(),
    ];
    commands.split_whitespace().map(str::to_owned).chain(keys).collect()
}

impl Bus {
    /// Lets the shell-worker of `host` in, with the password whose SHA-256 is `digest` (hexadecimal). Said again it
    /// changes nothing. [`Error::Wire`] when our own user may make no others.
    pub async fn admit(&self, host: &str, digest: &str) -> Result<(), Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("ACL").arg("SETUSER").arg(user(host)).arg("reset").arg("on").arg(format!("#{digest}"));
        pipe.arg(rules(host)).ignore();
        self.rule(&pipe).await
    }

    /// Shuts the shell-worker of `host` out; what it has open is closed.
    pub async fn expel(&self, host: &str) -> Result<(), Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("ACL").arg("DELUSER").arg(user(host)).ignore();
        self.rule(&pipe).await
    }

    /// Forgets what `host` was asked and has not taken, and that it ever beat: for one that has just been registered, or
    /// is shut out.
    pub async fn clear_host(&self, host: &str) -> Result<(), Error> {
        let queue = Queue::Shell(host.to_owned());
        let mut pipe = redis::pipe();
        pipe.cmd("DEL")
            .arg(key::due(&queue))
            .arg(key::queue_meta(&queue))
            .arg(key::book(host))
            .arg(key::SERVICE.fill(&[&service(host)]));
        pipe.arg(key::stream(&queue, Priority::High)).arg(key::stream(&queue, Priority::Low)).ignore();
        pipe.cmd("SREM").arg(key::SERVICES.pattern).arg(service(host)).ignore();
        self.run(&pipe).await
    }

    /// The hosts that have a user.
    pub async fn admitted(&self) -> Result<Vec<String>, Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("ACL").arg("USERS");
        let (users,): (Vec<String>,) = self.rule(&pipe).await?;
        Ok(users.into_iter().filter_map(|user| user.strip_prefix(PREFIX).map(str::to_owned)).collect())
    }

    /// As [`Bus::run`]; not to be allowed is no reason to try again.
    async fn rule<T: redis::FromRedisValue>(&self, pipe: &redis::Pipeline) -> Result<T, Error> {
        match self.raw(Via::Command, pipe).await? {
            Err(error) if says(&error, &["NOPERM"]) => Err(Error::Wire(error.to_string())),
            other => Ok(other?),
        }
    }
}
