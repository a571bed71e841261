//! Redis, and the one short cut past it: queues of owed work, streams of facts, live bytes, leases.
//!
//! Owns the technology Redis (with deadpool-redis and apalis) for the whole workspace. Must never be the only place
//! where anything is known: `SQLite` is the truth, Redis is motion, and it may be emptied at any moment.
//!
//! Map:
//! - [`Bus`]: the handle every process holds; lazy, cheap to clone, reconnecting
//! - [`key`]: every key there is, in one table
//! - [`queue`]: owed work, an apalis backend over a Streams consumer group
//! - [`lease`]: who is alive, told by a counter and a monotonic clock
//! - [`events`]: facts, in the order of their row numbers
//! - [`live`]: what flows while it is watched: terminal bytes, a model's words
//! - [`direct`]: the line past Redis to the shell-worker of the same machine
//! - [`call`]: a question to a shell-worker, answered at once or not at all
//! - [`book`]: what the owner allowed beforehand, laid for its shell host
//! - [`keys`]: what the owner types, on its way to a shell-worker
//! - [`access`]: what the Redis user of a shell host elsewhere may do, and that there is one
//! - [`seal`]: what only api and shell-worker may read or make
//! - [`generation`], [`service`], [`presence`]: whether Redis was emptied, which services beat, where the owner looks

pub mod access;
mod announce;
mod background;
pub mod book;
pub mod call;
pub mod direct;
mod error;
pub mod events;
pub mod generation;
pub mod key;
pub mod keys;
pub mod lease;
mod link;
pub mod live;
mod mend;
pub mod presence;
pub mod queue;
pub mod seal;
pub mod service;
mod view;

pub use error::Error;
pub use link::{Access, Bus};
