//! A shell host: a machine with a shell-worker. One stands beside api and needs no row; the others are registered by the
//! owner, each with a link key and a Redis user of its own.

use serde::{Deserialize, Serialize};

use crate::Refused;
use crate::clock::Instant;
use crate::id::JournalId;

/// The name of the shell host beside api, unless its settings say otherwise. No other may have it.
pub const LOCAL: &str = "local";
/// Characters of a host's name, at most.
pub const LONGEST_NAME: usize = 63;

/// Where a registered host stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HostState {
    /// It has never been heard of.
    Waiting,
    /// It answers.
    Online,
    /// It does not answer: what runs there goes on, unseen.
    Unreachable,
    /// The owner took its keys back.
    Revoked,
}

impl HostState {
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Online => "online",
            Self::Unreachable => "unreachable",
            Self::Revoked => "revoked",
        }
    }

    /// Moves on to `next`. One that was revoked begins anew, with new keys.
    pub fn advance(self, next: Self) -> Result<Self, Refused> {
        let permitted = match self {
            Self::Waiting | Self::Unreachable => matches!(next, Self::Online | Self::Revoked),
            Self::Online => matches!(next, Self::Unreachable | Self::Revoked),
            Self::Revoked => matches!(next, Self::Waiting),
        };
        if permitted {
            Ok(next)
        } else {
            Err(Refused { what: "host", state: self.as_str().to_owned(), asked: next.as_str() })
        }
    }
}

impl std::str::FromStr for HostState {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Ok(match text {
            "waiting" => Self::Waiting,
            "online" => Self::Online,
            "unreachable" => Self::Unreachable,
            "revoked" => Self::Revoked,
            other => return Err(Refused { what: "host", state: other.to_owned(), asked: "read" }),
        })
    }
}

/// Reported by a shell-worker of itself, into the queue of its terminals, and read by api, who audits it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostReport {
    /// When.
    pub at: Instant,
    /// What happened.
    pub what: HostHappened,
}

/// What a [`HostReport`] tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HostHappened {
    /// Something that only api may say was forged or played again, and dropped. Keys and orders are told by their terminal.
    Forged {
        /// What it claimed to be.
        what: Claimed,
        /// How many since it was last told.
        count: u32,
    },
    /// The journal on its disk is older than what was last written, or nobody can tell: it has another name now, so that no
    /// answer counts that was given before.
    Rewound {
        /// Its name from now on.
        journal: JournalId,
    },
}

/// What somebody claimed that api had said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claimed {
    /// The wish for a terminal.
    Opening,
    /// A book of rules and modes.
    Book,
    /// A head of the audit.
    Head,
    /// An undo, or a snapshot.
    Undo,
}

/// Whether a host may be called so: 1 to [`LONGEST_NAME`] of a-z, 0-9 and -, not beginning with -. Its name stands in the
/// names of keys, between colons.
pub fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LONGEST_NAME).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_revoked_never_answers_again_with_its_old_keys() {
        for next in [HostState::Online, HostState::Unreachable, HostState::Revoked] {
            assert!(HostState::Revoked.advance(next).is_err());
        }
        assert_eq!(HostState::Revoked.advance(HostState::Waiting), Ok(HostState::Waiting));
        assert!(HostState::Waiting.advance(HostState::Unreachable).is_err(), "it was never there");
    }

    #[test]
    fn a_name_can_be_no_pattern_and_no_path() {
        for good in ["b", "build-2", "0"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "-b", "b:c", "b*", "b c", "../b", "B", "b.c", &"b".repeat(64)] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
