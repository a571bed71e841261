//! The running system as its owner sees it: real binaries, HTTP and WebSocket only.

mod audit;
mod boot;
mod chat;
mod dashboard;
mod elevated;
mod git;
mod halt;
mod hands;
mod host;
mod keyspace;
mod limit;
mod model;
mod push;
mod queue;
mod restored;
mod rule;
mod spine;
mod stop;
mod taint;
mod task;
mod terminal;
mod unasked;
mod undo;
