//! The words every process of MetatronOS agrees on: ids, states, messages, policy.
//!
//! Pure: no I/O, no async runtime, no wall clock of its own. Whoever needs the time takes a [`clock::Clock`].
//!
//! Rooms:
//! - [`id`]: TypeIDs, `run_01j…`
//! - [`clock`]: instants in milliseconds, and who may tell them
//! - [`actor`]: who did it
//! - [`address`]: which addresses lie outside
//! - [`event`]: facts that happened, replayable
//! - [`audit`]: what is written down for ever, as a chain, and how it is checked
//! - [`command`]: work asked of a worker, as it travels through a queue
//! - [`retry`]: when failed work is tried again
//! - [`run`], [`exec`], [`approval`], [`terminal`], [`host`]: states whose transitions may refuse
//! - [`told`]: what the model is told of a command
//! - [`undo`]: what is kept before a command changes files, and what an undo would do
//! - [`budget`], [`cap`]: hard stops of a run, and of all work that nobody watches
//! - [`task`]: what the owner planned for later
//! - [`policy`]: the judge of shell commands
//! - [`mode`], [`rule`]: what the owner allowed beforehand, and the sealed book of it
//! - [`elevated`], [`package`]: what runs as root, and the helper that installs packages
//! - [`git`]: the helper that reads repositories
//! - [`taint`]: the mark of what came from outside

pub mod actor;
pub mod address;
pub mod approval;
pub mod audit;
pub mod budget;
pub mod cap;
pub mod clock;
pub mod command;
pub mod elevated;
pub mod event;
pub mod exec;
pub mod git;
pub mod host;
pub mod id;
pub mod mode;
pub mod package;
pub mod policy;
pub mod retry;
pub mod rule;
pub mod run;
pub mod taint;
pub mod task;
pub mod terminal;
pub mod told;
pub mod undo;

/// A transition that the present state does not permit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {state} and can't be {asked}")]
pub struct Refused {
    /// The kind of thing that was asked to change, such as `run`.
    pub what: &'static str,
    /// The state it is in.
    pub state: String,
    /// The transition that was asked for, as a past participle.
    pub asked: &'static str,
}
