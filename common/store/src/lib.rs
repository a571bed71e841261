//! `SQLite`, the truth of MetatronOS, and secrets at rest.
//!
//! Each process opens one [`Store`]: one connection writes, a few read. Every change is a unit of work ([`Tx`]) that
//! begins `immediate`, so that it never fails half-way for want of the lock, and commits with `synchronous = full`.
//! Facts and owed work recorded in a unit of work come back from its commit, for the caller to carry to Redis:
//! nothing is announced that is not durable.
//!
//! Never knows Redis, HTTP or a model.

pub mod approval;
pub mod audit;
pub mod auth;
pub mod chat;
mod claim;
pub mod elevated;
mod error;
pub mod event;
pub mod exec;
mod gather;
mod group;
pub mod halt;
pub mod hand;
pub mod host;
pub mod job;
pub mod journal;
pub mod mode;
mod open;
pub mod provider;
pub mod pulse;
pub mod push;
pub mod queue;
pub mod rule;
pub mod run;
pub mod secret;
pub mod setting;
mod taint;
pub mod task;
pub mod terminal;
pub mod undo;
mod unit;
pub mod vault;
pub mod warrant;

use std::path::Path;

use sqlx::SqlitePool;

use crate::claim::Asks;
use crate::group::{Wait, Writer};

pub use error::Error;
pub use open::{migrate, schema};
pub use unit::{About, Committed, Tx};

/// A handle on the database of this instance. Cheap to clone; every clone shares the one writer.
#[derive(Debug, Clone)]
pub struct Store {
    read: SqlitePool,
    write: Writer,
    asks: Asks,
}

impl Store {
    /// Opens a database that [`migrate`] has prepared.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let write = open::writer(path).await?;
        let read = open::readers(path).await?;
        Ok(Self { read, write, asks: Asks::default() })
    }

    /// Begins a unit of work. It waits for the writer, and holds it until it is committed or dropped: nothing slow may
    /// happen in between.
    pub async fn begin(&self) -> Result<Tx, Error> {
        Ok(Tx::new(self.write.begin().await?))
    }

    /// Begins a unit of work of exactly one statement that changes something.
    pub(crate) async fn begin_single(&self) -> Result<Tx, Error> {
        Ok(Tx::new(self.write.begin_single(Wait::Disk).await?))
    }

    /// The pool for statements that only read.
    pub(crate) fn reader(&self) -> &SqlitePool {
        &self.read
    }

    /// Waits for the last unit of work and closes the files.
    pub async fn close(&self) {
        self.note_the_rest().await;
        self.read.close().await;
        self.write.close().await;
    }
}
