//! The shell with real terminals and real processes, without Redis.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod crash;
mod driver;
mod elevated;
mod forecast;
mod gigabyte;
mod git;
mod grant;
mod owner;
mod program;
mod quota;
mod rewound;
mod rule;
mod session;
mod sitting;
mod support;
mod taint;
mod undo;
mod user;
mod view;
