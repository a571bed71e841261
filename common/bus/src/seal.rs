//! What api seals and shell-worker opens: AES-256-GCM under a link key that only these two hold.
//!
//! Whoever holds Redis alone can neither read nor make it, nor use it for another purpose, subject or position. Must
//! never show a key: it has no `Debug`, and is wiped when dropped.

use std::path::Path;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The format: first byte of what is sealed, and part of what is authenticated.
const FORMAT: u8 = 1;
const NONCE: usize = 12;
const KEY: usize = 32;

/// Why something can't be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The key's file is not there or can't be read.
    #[error("the link key {path} can't be read: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key's file holds something else.
    #[error("the link key {path} is not 64 hexadecimal digits")]
    Malformed {
        /// The file.
        path: String,
    },
    /// The system gives no randomness.
    #[error("the system gives no randomness: {0}")]
    NoRandomness(String),
    /// Not sealed by us, not for this, changed on the way, or of another format.
    #[error("the seal does not hold")]
    Broken,
}

/// The key between api and the shell-worker of one host. Sharers: nobody; lifetime: the process.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct LinkKey([u8; KEY]);

impl LinkKey {
    /// Reads the key from its file: 64 hexadecimal digits, blanks around them ignored.
    pub fn load(path: &Path) -> Result<Self, SealError> {
        let text = std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|source| SealError::Unreadable { path: path.display().to_string(), source })?;
        Self::parse(&text).ok_or_else(|| SealError::Malformed { path: path.display().to_string() })
    }

    /// Reads a key from its text: 64 hexadecimal digits, blanks around them ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let mut key = [0_u8; KEY];
        hex::decode_to_slice(text.trim(), &mut key).ok()?;
        Some(Self(key))
    }

    /// A new key, as the text of its file. Writing that file, with its owner and mode, is the caller's.
    pub fn generate() -> Result<Zeroizing<String>, SealError> {
        let mut key = Zeroizing::new([0_u8; KEY]);
        getrandom::fill(key.as_mut()).map_err(|error| SealError::NoRandomness(error.to_string()))?;
        Ok(Zeroizing::new(hex::encode(key.as_ref())))
    }

    /// Seals `plaintext` for one `purpose`, one `subject` (a session, an exec) and one position in its `sequence`.
    pub fn seal(
        &self,
        purpose: &str,
        subject: &str,
        sequence: u64,
        plaintext: &[u8],
    ) -> Result<String, SealError> {
        let mut nonce = [0_u8; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| SealError::NoRandomness(error.to_string()))?;
        let aad = associated(purpose, subject, sequence);
        let sealed = self
            .cipher()?
            .encrypt(&Nonce::from(nonce), Payload { msg: plaintext, aad: &aad })
            .map_err(|_| SealError::Broken)?;
        let mut bytes = Vec::with_capacity(1 + NONCE + sealed.len());
        bytes.push(FORMAT);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(STANDARD.encode(bytes))
    }

    /// Opens what [`LinkKey::seal`] made for exactly this purpose, subject and position.
    pub fn open(
        &self,
        purpose: &str,
        subject: &str,
        sequence: u64,
        sealed: &str,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let bytes = STANDARD.decode(sealed).map_err(|_| SealError::Broken)?;
        let (&format, rest) = bytes.split_first().ok_or(SealError::Broken)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE>().ok_or(SealError::Broken)?;
        if format != FORMAT {
            return Err(SealError::Broken);
        }
        let aad = associated(purpose, subject, sequence);
        self.cipher()?
            .decrypt(&Nonce::from(*nonce), Payload { msg: text, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| SealError::Broken)
    }

    fn cipher(&self) -> Result<Aes256Gcm, SealError> {
        Aes256Gcm::new_from_slice(&self.0).map_err(|_| SealError::Broken)
    }
}

/// Format, purpose, subject and sequence; with lengths, so that no two differ in what they mean but not in bytes.
fn associated(purpose: &str, subject: &str, sequence: u64) -> Vec<u8> {
    let mut aad = vec![FORMAT];
    for part in [purpose, subject] {
        aad.extend_from_slice(&(part.len() as u64).to_be_bytes());
        aad.extend_from_slice(part.as_bytes());
    }
    aad.extend_from_slice(&sequence.to_be_bytes());
    aad
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> LinkKey {
        LinkKey([7; KEY])
    }

    #[test]
    fn what_is_sealed_opens_for_the_same_purpose_subject_and_position_only() {
        let sealed = key().seal("grant", "exc_1", 3, b"yes").unwrap();
        assert_eq!(key().open("grant", "exc_1", 3, &sealed).unwrap().as_slice(), b"yes");
        assert!(key().open("input", "exc_1", 3, &sealed).is_err());
        assert!(key().open("grant", "exc_2", 3, &sealed).is_err());
        assert!(key().open("grant", "exc_1", 4, &sealed).is_err());
        // The border between purpose and subject is part of the seal.
        assert!(key().open("grante", "xc_1", 3, &sealed).is_err());
        assert!(LinkKey([8; KEY]).open("grant", "exc_1", 3, &sealed).is_err());
    }

    #[test]
    fn every_flipped_byte_breaks_the_seal() {
        let sealed = STANDARD.decode(key().seal("grant", "exc_1", 0, b"yes").unwrap()).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key().open("grant", "exc_1", 0, &STANDARD.encode(changed)).is_err(), "byte {at}");
        }
        assert!(key().open("grant", "exc_1", 0, &STANDARD.encode(&sealed[..12])).is_err());
        assert!(key().open("grant", "exc_1", 0, "").is_err());
    }

    #[test]
    fn the_same_text_never_looks_the_same() {
        assert_ne!(key().seal("a", "b", 0, b"c").unwrap(), key().seal("a", "b", 0, b"c").unwrap());
    }

    #[test]
    fn a_generated_key_is_read_back_and_a_short_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("link.key");
        std::fs::write(&path, format!("{}\n", LinkKey::generate().unwrap().as_str())).unwrap();
        let sealed = LinkKey::load(&path).unwrap().seal("a", "b", 0, b"c").unwrap();
        assert!(LinkKey::load(&path).unwrap().open("a", "b", 0, &sealed).is_ok());
        std::fs::write(&path, "abcd").unwrap();
        assert!(matches!(LinkKey::load(&path), Err(SealError::Malformed { .. })));
        assert!(matches!(LinkKey::load(&folder.path().join("no")), Err(SealError::Unreadable { .. })));
    }
}
