//! The shell with real terminals and real processes, without Redis.

mod crash;
mod grant;
mod session;
mod support;
mod user;
