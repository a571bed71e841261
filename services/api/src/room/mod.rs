//! The rooms: one file per feature, with its requests, its answers and its handlers. Rooms never import rooms.

pub(crate) mod approval;
pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod chat;
pub(crate) mod elevated;
pub(crate) mod event;
pub(crate) mod exec;
pub(crate) mod halt;
pub(crate) mod host;
mod keyboard;
pub(crate) mod mode;
pub(crate) mod price;
pub(crate) mod provider;
pub(crate) mod push;
pub(crate) mod queue;
pub(crate) mod rule;
pub(crate) mod run;
pub(crate) mod service;
pub(crate) mod setting;
pub(crate) mod setup;
pub(crate) mod snapshot;
pub(crate) mod task;
pub(crate) mod terminal;
pub(crate) mod token;
pub(crate) mod undo;
