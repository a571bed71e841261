//! What a row is, and what its hash covers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// The name of this way to hash, covered by every hash.
pub const FORMAT: &str = "metatron-audit-1";

/// A hash of the chain: SHA-256, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What stands before the first row.
    pub const NONE: Self = Self([0; 32]);
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hexadecimal digits")]
pub struct BadHash;

impl FromStr for Hash {
    type Err = BadHash;

    fn from_str(text: &str) -> Result<Self, BadHash> {
        let bytes = hex::decode(text).map_err(|_| BadHash)?;
        Ok(Self(bytes.try_into().map_err(|_| BadHash)?))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A row exactly as it is stored: its texts are hashed as they stand, so nothing has to be written the same way twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its place, from 1.
    pub seq: i64,
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
    /// What happened: an [`AuditKind`](super::AuditKind), as far as this version knows it.
    pub kind: String,
    /// Who did it, as JSON.
    pub actor: String,
    /// The conversation.
    pub chat: Option<String>,
    /// The run.
    pub run: Option<String>,
    /// The id of what it is about.
    pub subject: Option<String>,
    /// More about it, as JSON.
    pub data: String,
    /// The hash that is stored with it.
    pub hash: String,
}

impl Row {
    /// The hash that belongs here behind `previous`: over the format, the hash before, and each field with its length in
    /// front, so that no two rows share their bytes. What is absent differs from what is empty.
    pub fn hash_after(&self, previous: Hash) -> Hash {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        part(FORMAT.as_bytes());
        part(&previous.0);
        part(&self.seq.to_be_bytes());
        part(&self.at.to_be_bytes());
        part(self.kind.as_bytes());
        part(self.actor.as_bytes());
        for optional in [&self.chat, &self.run, &self.subject] {
            part(&[u8::from(optional.is_some())]);
            part(optional.as_deref().unwrap_or_default().as_bytes());
        }
        part(self.data.as_bytes());
        Hash(hash.finalize().into())
    }
}

/// The end of the chain: how many rows, and the hash of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Rows so far, which is the place of the last.
    pub count: i64,
    /// Its hash.
    pub hash: Hash,
}

impl Head {
    /// The head of an empty chain.
    pub const EMPTY: Self = Self { count: 0, hash: Hash::NONE };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            seq: 1,
            at: 1_800_000_000_000,
            kind: "exec.started".to_owned(),
            actor: r#"{"kind":"ai"}"#.to_owned(),
            chat: None,
            run: Some("run_1".to_owned()),
            subject: Some("exc_1".to_owned()),
            data: "{}".to_owned(),
            hash: String::new(),
        }
    }

    #[test]
    fn h10_what_a_hash_covers_never_changes() {
        // An exported audit is checked for as long as it is kept: this value is a promise.
        let hash = row().hash_after(Hash::NONE).to_string();
        assert_eq!(hash, "8e23be3385807e27ecb32dcfda3653288e06bd68eec310726fc2fae9f9ce5ce6");
    }

    #[test]
    fn h10_every_field_and_its_place_is_covered() {
        let whole = row().hash_after(Hash::NONE);
        let edits: [fn(&mut Row); 10] = [
            |row| row.seq = 2,
            |row| row.at += 1,
            |row| row.kind.push('x'),
            |row| row.actor.push(' '),
            |row| row.chat = Some(String::new()),
            |row| row.run = None,
            |row| row.subject = Some("exc_2".to_owned()),
            |row| row.data = "{ }".to_owned(),
            // The same texts, cut elsewhere.
            |row| (row.chat, row.run) = (row.run.take(), None),
            |row| (row.run, row.subject) = (Some("run_1e".to_owned()), Some("xc_1".to_owned())),
        ];
        for (index, change) in edits.iter().enumerate() {
            let mut changed = row();
            change(&mut changed);
            assert_ne!(changed.hash_after(Hash::NONE), whole, "edit {index}");
        }
        assert_ne!(row().hash_after(whole), whole, "what stands before");
    }
}
