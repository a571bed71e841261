//! The newest book of the owner's rules, laid where its shell host finds it before it starts anything under one: a host that was
//! away hears of a revoked rule before it comes to what waited for it. Sealed; here nobody can read it or make one.

use std::time::Duration;

use crate::{Bus, Error, key};

impl Bus {
    /// Lays the book of `host`, for as long as it is worth anything.
    pub async fn lay_book(
        &self,
        host: &str,
        version: u64,
        sealed: &str,
        life: Duration,
    ) -> Result<(), Error> {
        let (name, life) = (key::book(host), u64::try_from(life.as_millis()).unwrap_or(u64::MAX));
        let mut pipe = redis::pipe();
        pipe.atomic();
        pipe.cmd("HSET").arg(&name).arg("version").arg(version).arg("sealed").arg(sealed).ignore();
        pipe.cmd("PEXPIRE").arg(&name).arg(life).ignore();
        self.run(&pipe).await
    }

    /// The book of `host`, its version first; nothing where none was laid since Redis was last empty.
    pub async fn book_of(&self, host: &str) -> Result<Option<(u64, String)>, Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("HMGET").arg(key::book(host)).arg("version").arg("sealed");
        let (found,): ((Option<u64>, Option<String>),) = self.run(&pipe).await?;
        Ok(found.0.zip(found.1))
    }

    /// Whether a book lies there for each of `hosts`.
    pub async fn has_books(&self, hosts: &[String]) -> Result<bool, Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("EXISTS").arg(hosts.iter().map(|host| key::book(host)).collect::<Vec<_>>());
        let (found,): (usize,) = self.run(&pipe).await?;
        Ok(found == hosts.len())
    }
}
