//! The frame that every process of MetatronOS lives in: settings, logs, signals, readiness, supervised tasks, how
//! it waits.
//!
//! A `main` is one call of [`run`]. This crate never knows what a service does, opens neither the database nor
//! Redis, and holds no secret.

pub mod config;
pub mod crash;
pub mod pace;
pub mod ready;
pub mod task;
pub mod telemetry;
pub mod trial;

mod frame;
mod harden;

pub use config::Config;
pub use frame::{DRAIN, Fatal, Frame, run, runtime};
pub use ready::Ready;
pub use task::Tasks;
