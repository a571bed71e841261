//! The service as a stranger meets it: over its router and its port, on a database, keys and a Redis of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod attack;
mod audit;
mod auth;
mod door;
mod hand;
mod host;
mod lie;
mod limit;
mod matrix;
mod page;
mod room;
mod rule;
mod setup;
mod shell;
mod signout;
mod socket;
mod terminal;
mod typing;
mod watch;
mod world;
