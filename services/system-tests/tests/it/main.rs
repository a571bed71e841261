//! The running system as its owner sees it: real binaries, HTTP and WebSocket only.

mod audit;
mod chat;
mod dashboard;
mod hands;
mod host;
mod keyspace;
mod model;
mod push;
mod queue;
mod rule;
mod spine;
mod stop;
mod terminal;
mod undo;
