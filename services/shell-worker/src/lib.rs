//! `shell-worker`: the only process that spawns commands. It measures, judges, starts, watches and ends them.
//!
//! It must never open the database, hold a secret longer than one spawn, or start what its journal says was started.
//!
//! The core ([`shell`], and what it stands on) knows no transport: [`serve`], [`live`] and [`calls`] carry its answers
//! over Redis or the direct line to api, and could be replaced.

pub mod account;
pub mod alarm;
pub mod attend;
pub mod book;
pub mod calls;
pub mod cast;
pub mod desk;
pub mod drive;
pub mod emulator;
pub mod environment;
pub mod events;
pub mod floor;
pub mod guard;
pub mod journal;
pub mod keep;
pub mod kill;
pub mod lane;
pub mod launch;
pub mod live;
pub mod look;
pub mod measure;
pub mod owner;
pub mod package;
pub mod pty;
pub mod reader;
pub mod recording;
pub mod recover;
pub mod report;
pub mod rest;
pub mod screen;
pub mod serve;
pub mod session;
pub mod shell;
mod start;
pub mod table;
pub mod terminal;
pub mod undo;
pub mod view;
pub mod wait;

mod wire;

pub use wire::run;
