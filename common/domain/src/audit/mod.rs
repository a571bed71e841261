//! The audit: who did what that matters, as rows that hang together. Owns what a row's hash covers, which facts are audited,
//! and how the chain is checked; rows are written by the store, in the unit of work of what they tell.
//!
//! A row tells ids, states and digests. It never holds a command's text, a prompt, an output or a secret: it is kept for
//! ever and is meant to leave the machine (SECURITY H10, H11).

mod chain;
mod kind;
mod verify;
mod witness;

pub use chain::{FORMAT, Hash, Head, Row};
pub use kind::AuditKind;
pub use verify::{Finding, Findings, Known, Verifier};
pub use witness::{Audited, Begun, COMPARED, Doubt, GRACE, HEAD, KeptHead, Told, compare};
