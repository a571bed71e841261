//! Why a command does not start. Words only: who refuses decides elsewhere.

use metatron_domain::clock::Instant;

use crate::account::SHELL;

/// Why a command does not start. The code is stable, the sentence is for the owner and the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The policy asks, and no answer came with the request.
    #[error("the command needs the owner's approval, and the request carries none")]
    GrantMissing,
    /// The seal does not open, or the answer was given to something else.
    #[error("the approval that came with the request is not for this command: {0}")]
    GrantInvalid(&'static str),
    /// The answer is too old.
    #[error("the approval expired at {0}: ask the owner again")]
    GrantExpired(Instant),
    /// The answer was used by another command.
    #[error("the approval was already used, and each is good for one start: ask the owner again")]
    GrantUsed,
    /// What the owner allowed beforehand does not allow this, or not any more.
    #[error("what the owner had allowed beforehand does not count for it (any more): {0}")]
    Void(&'static str),
    /// The rule has no use left.
    #[error("the rule was used as often as the owner allowed")]
    RuleUsed,
    /// The conversation only plans.
    #[error("the conversation is in plan mode, where only what reads runs")]
    Planning,
    /// The owner has not switched on what needs root.
    #[error("{0} as root are switched off here: only the owner turns them on, in Settings")]
    ElevatedOff(&'static str),
    /// Nothing can run as root here.
    #[error("nothing can run as root on this machine: its shell service does not run as root itself")]
    NoRoot,
    /// apt, or the helper's own look at the request, says no.
    #[error("the packages can't be installed: {0}")]
    Packages(String),
    /// The helper's own look at the request says no.
    #[error("git can't be asked so: {0}")]
    Git(String),
    /// Not what was measured for the card.
    #[error("something changed since the command was prepared ({0}): prepare it again")]
    Changed(String),
    /// The policy forbids it.
    #[error("the policy forbids it: {0}")]
    Denied(String),
    /// There is no such folder.
    #[error("the working folder {path} can't be opened: {cause}")]
    CwdMissing {
        /// The folder asked for.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// An answer could not be bound to all that it would run.
    #[error("the command names more programs and scripts than an approval can be bound to: split it")]
    TooManyFiles,
    /// A start can't be recorded, so there is none.
    #[error(
        "the journal can't be written, so nothing is started ({0}): free space on the disk of the data folder or make it writable, and try again"
    )]
    JournalUnwritable(String),
    /// There is no shell.
    #[error("{SHELL} is missing on this host")]
    NoProgram,
    /// The fork, the terminal or the recording failed.
    #[error("the command could not be started: {0}")]
    StartFailed(String),
}

impl Refusal {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::GrantMissing => "grant_missing",
            Self::GrantInvalid(_) => "grant_invalid",
            Self::GrantExpired(_) => "grant_expired",
            Self::GrantUsed => "grant_used",
            Self::Void(_) => "rule_void",
            Self::RuleUsed => "rule_used",
            Self::Planning => "plan_mode",
            Self::ElevatedOff(_) => "elevated_off",
            Self::NoRoot => "no_root",
            Self::Packages(_) => "packages_refused",
            Self::Git(_) => "git_refused",
            Self::Changed(_) => "changed_since_prepared",
            Self::Denied(_) => "denied_by_policy",
            Self::CwdMissing { .. } => "cwd_missing",
            Self::TooManyFiles => "too_many_files",
            Self::JournalUnwritable(_) => "journal_unwritable",
            Self::NoProgram => "no_program",
            Self::StartFailed(_) => "start_failed",
        }
    }
}
