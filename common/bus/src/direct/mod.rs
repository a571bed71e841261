//! The direct line between api and the shell-worker of the same machine: a unix socket, past Redis. Between a key and its
//! echo Redis costs two wake-ups each way, which is more than all the work in between.
//!
//! It is a short cut of publish and subscribe and nothing else: the same messages on the same channels, as sealed as there,
//! and gone with the connection, as there. Who listens says so; what was missed is in the recording. While there is no line,
//! and for every other host, the way is Redis.
//!
//! Rooms: `frame` is what is said, `line` a connection, `server` shell-worker's end with an `outlet` for each terminal, and
//! `client` api's end.

mod client;
mod frame;
mod line;
mod outlet;
mod server;

pub(crate) use client::Client;
pub use outlet::Outlet;
pub use server::{Door, Server};
