//! The real binary over a real Redis: requests in, reports, live bytes and answers out.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod book;
mod command;
mod rig;
mod terminal;
