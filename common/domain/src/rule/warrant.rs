//! Who asks that a command starts under a rule or a mode: sealed by whoever wrote it down, so that whoever holds Redis
//! alone can start nothing under what the owner allowed to others (SECURITY B5).
//!
//! The key travels inside the sealed book, a different one for each shell host.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Under;
use crate::clock::Instant;
use crate::command::SpecOrigin;
use crate::id::{ExecId, RunId};

/// What a [`Warrant`] is sealed for; its subject is the command, its position 0.
pub const WARRANT: &str = "start.under";
/// Bytes of the key that those of all hosts are made from.
const ROOT: usize = 32;

/// A command that may start under what the owner allowed beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warrant {
    /// The command.
    pub exec: ExecId,
    /// Its run.
    pub run: RunId,
    /// For whom.
    pub origin: SpecOrigin,
    /// [`crate::approval::Measure::digest`] of what was measured.
    pub digest: String,
    /// What it starts under.
    pub under: Under,
    /// From this instant it is void.
    pub expires_at: Instant,
}

/// The key under which warrants for one shell host are sealed: 64 hexadecimal digits; empty in a book that was made
/// without one, under which nothing starts.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WarrantKey(String);

impl fmt::Debug for WarrantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WarrantKey")
    }
}

impl WarrantKey {
    /// That of `host`, out of the `root` that only api and pulse-worker can open: 32 bytes. `None` for another length.
    pub fn of(root: &[u8], host: &str) -> Option<Self> {
        if root.len() != ROOT {
            return None;
        }
        // Both parts have a fixed length, so that no key can be drawn out into that of another host.
        let mut hash = Sha256::new();
        hash.update(root);
        hash.update(Sha256::digest(host));
        Some(Self(hex::encode(hash.finalize())))
    }

    /// It, as text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b5_each_host_has_a_key_of_its_own_and_none_is_shown() {
        let root = [7; ROOT];
        let local = WarrantKey::of(&root, "local").unwrap();
        assert_eq!(local.text().len(), 64);
        assert_ne!(local, WarrantKey::of(&root, "build").unwrap());
        assert_ne!(local, WarrantKey::of(&[8; ROOT], "local").unwrap());
        assert_eq!(WarrantKey::of(&root[1..], "local"), None);
        assert_eq!(format!("{local:?}"), "WarrantKey");
    }
}
