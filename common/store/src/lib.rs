//! `SQLite`, the truth of MetatronOS, and secrets at rest.
//!
//! Each process opens one [`Store`]: one connection writes, a few read. Every change is a unit of work ([`Tx`]) that
//! begins `immediate`, so that it never fails half-way for want of the lock, and commits with `synchronous = full`.
//! Facts and owed work recorded in a unit of work come back from its commit, for the caller to carry to Redis:
//! nothing is announced that is not durable.
//!
//! Never knows Redis, HTTP or a model.

pub mod approval;
pub mod auth;
pub mod chat;
mod error;
pub mod event;
pub mod exec;
pub mod job;
pub mod journal;
mod open;
pub mod provider;
pub mod pulse;
pub mod run;
pub mod secret;
pub mod setting;
mod unit;
pub mod vault;

use std::path::Path;

use sqlx::SqlitePool;

pub use error::Error;
pub use open::migrate;
pub use unit::{About, Committed, Tx};

/// How every unit of work begins: with the writer's lock.
const BEGIN: &str = "begin immediate";

/// A handle on the database of this instance. Cheap to clone; every clone shares the one writer.
#[derive(Debug, Clone)]
pub struct Store {
    read: SqlitePool,
    write: SqlitePool,
}

impl Store {
    /// Opens a database that [`migrate`] has prepared.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let write = open::writer(path).await?;
        let read = open::readers(path).await?;
        Ok(Self { read, write })
    }

    /// Begins a unit of work. It waits for the writer, and holds it until it is committed or dropped.
    pub async fn begin(&self) -> Result<Tx, Error> {
        let begun = match self.write.begin_with(BEGIN).await {
            // Where the disk fails a unit of work SQLite undoes it by itself, and the driver counts it as open for ever:
            // that connection is of no use any more.
            Err(sqlx::Error::InvalidSavePointStatement) => {
                // Whether its last words succeed does not matter.
                let _ = self.write.acquire().await?.close().await;
                self.write.begin_with(BEGIN).await
            }
            other => other,
        };
        Ok(Tx::new(begun?))
    }

    /// The pool for statements that only read.
    pub(crate) fn reader(&self) -> &SqlitePool {
        &self.read
    }

    /// Waits for the last unit of work and closes the files.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}
