//! The vault: secrets at rest, AES-256-GCM in an envelope.
//!
//! A master key in a file wraps one data key per secret version; each data key encrypts once. What is sealed is bound
//! to its place (format, instance, table, row, name, version, key): moved anywhere else it does not open (SECURITY C3).
//! The master key is made once, for a database that never knew one (C8), and is never written anywhere but its file.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use hmac::{Hmac, Mac as _};
use metatron_domain::clock::Instant;
use sha2::{Digest as _, Sha256};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::{Error, Store, Tx};

/// Version of everything sealed here; part of the associated data.
const FORMAT: &str = "metatron-vault-1";
/// A key of AES-256.
const KEY_BYTES: usize = 32;
/// A nonce of GCM, random for each encryption (C2).
const NONCE_BYTES: usize = 12;
/// How often one master key may wrap (C2), far below the limit for random nonces of SP 800-38D.
const MOST_WRAPS: i64 = 1 << 20;
/// What the key check seals.
const CHECK: &[u8] = b"this key opens this instance";

/// The master key of this process, and the instance it belongs to. Owned by the process for its lifetime; the key is
/// wiped when it is dropped.
#[derive(ZeroizeOnDrop)]
pub struct Vault {
    key: [u8; KEY_BYTES],
    #[zeroize(skip)]
    key_id: String,
    #[zeroize(skip)]
    instance: String,
}

/// Where a secret belongs. What was sealed for one place opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The table of the row.
    pub table: &'a str,
    /// The id of the row.
    pub row: &'a str,
    /// The secret's name.
    pub name: &'a str,
    /// The secret's version.
    pub version: i64,
}

/// A secret as the database holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Which master key wraps the data key: a digest of it, in hex.
    pub key_id: String,
    /// The nonce of the wrapping.
    pub dek_nonce: Vec<u8>,
    /// The data key, wrapped.
    pub dek_wrapped: Vec<u8>,
    /// The nonce of the value.
    pub nonce: Vec<u8>,
    /// The value, encrypted.
    pub ciphertext: Vec<u8>,
}

impl Vault {
    /// Opens the vault of `store` with the key at `path`. The key is made here, once, when the database never knew
    /// one; over existing data a missing, short or wrong key is [`Error::Key`], which says what to do.
    pub async fn open(store: &Store, path: &Path, now: Instant) -> Result<Self, Error> {
        // The unit of work holds the writer, so that of two processes that start together one makes the key.
        let mut tx = store.begin().await?;
        let row =
            sqlx::query!("select uuid, key_check from instance where id = 1").fetch_optional(tx.db()).await?;
        let (instance, check) = match row {
            Some(row) => (row.uuid, row.key_check),
            None => (found_instance(&mut tx, now).await?, None),
        };
        let known = check.is_some();
        let key = match read_key(path)? {
            Some(key) => key,
            None if known => return Err(missing(path)),
            None => make_key(path)?,
        };
        let vault = Self::with_key(*key, instance);
        if let Some(check) = check {
            vault.verify(&check, path)?;
        } else {
            let check = vault.check()?;
            sqlx::query!("update instance set key_check = ? where id = 1", check).execute(tx.db()).await?;
            let _ = tx.commit().await?;
        }
        Ok(vault)
    }

    fn with_key(key: [u8; KEY_BYTES], instance: String) -> Self {
        let digest =
            Sha256::new().chain_update(FORMAT).chain_update(b"\0key id\0").chain_update(key).finalize();
        Self { key, key_id: hex::encode(&digest[..8]), instance }
    }

    /// The id of this instance, minted with its database.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// A tag that only the holders of the master key can make: HMAC-SHA-256 (RFC 2104) under a key derived for `purpose` and
    /// this instance.
    pub(crate) fn tag(&self, purpose: &str, text: &[u8]) -> [u8; 32] {
        let place = Place { table: "", row: "", name: purpose, version: 1 };
        let derived = Zeroizing::new(hmac(&self.key, &self.aad(&place, &self.key_id)));
        hmac(&derived, text)
    }

    /// Seals `value` for `place` under a fresh data key. The caller counts the wrapping: [`Tx::count_wrap`].
    pub(crate) fn seal(&self, place: &Place<'_>, value: &[u8]) -> Result<Sealed, Error> {
        let mut dek = Zeroizing::new([0_u8; KEY_BYTES]);
        fill(dek.as_mut_slice())?;
        let aad = self.aad(place, &self.key_id);
        let (dek_nonce, dek_wrapped) = encrypt(&self.key, &aad, dek.as_slice())?;
        let (nonce, ciphertext) = encrypt(&dek, &aad, value)?;
        Ok(Sealed { key_id: self.key_id.clone(), dek_nonce, dek_wrapped, nonce, ciphertext })
    }

    /// Opens what was sealed for exactly `place`.
    pub(crate) fn unseal(&self, place: &Place<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Error> {
        let aad = self.aad(place, &sealed.key_id);
        let dek = decrypt(&self.key, &aad, &sealed.dek_nonce, &sealed.dek_wrapped)?;
        let dek: Zeroizing<[u8; KEY_BYTES]> =
            Zeroizing::new(dek.as_slice().try_into().map_err(|_| damaged())?);
        decrypt(&dek, &aad, &sealed.nonce, &sealed.ciphertext)
    }

    /// Each part with its length in front, so that no two places share a text.
    fn aad(&self, place: &Place<'_>, key_id: &str) -> Vec<u8> {
        let version = place.version.to_string();
        let parts = [FORMAT, &self.instance, place.table, place.row, place.name, &version, key_id];
        let mut aad = Vec::with_capacity(160);
        for part in parts {
            aad.extend_from_slice(&(part.len() as u64).to_be_bytes());
            aad.extend_from_slice(part.as_bytes());
        }
        aad
    }

    fn check_place() -> Place<'static> {
        Place { table: "instance", row: "1", name: "key_check", version: 1 }
    }

    /// A nonce and the sealed check text.
    fn check(&self) -> Result<Vec<u8>, Error> {
        let (mut nonce, sealed) = encrypt(&self.key, &self.aad(&Self::check_place(), &self.key_id), CHECK)?;
        nonce.extend_from_slice(&sealed);
        Ok(nonce)
    }

    fn verify(&self, check: &[u8], path: &Path) -> Result<(), Error> {
        let aad = self.aad(&Self::check_place(), &self.key_id);
        let opened = check
            .split_at_checked(NONCE_BYTES)
            .and_then(|(nonce, sealed)| decrypt(&self.key, &aad, nonce, sealed).ok());
        if opened.is_some_and(|text| text.as_slice() == CHECK) {
            return Ok(());
        }
        Err(Error::Key(format!(
            "the master key in {} is not the one this database was sealed with; put the right key file back, or move \
             the data folder away to begin anew",
            path.display()
        )))
    }
}

impl Tx {
    /// Counts a wrapping by the master key, and refuses when it has done its share.
    pub(crate) async fn count_wrap(&mut self) -> Result<(), Error> {
        let wraps = sqlx::query_scalar!(
            r#"update instance set key_wraps = key_wraps + 1 where id = 1 returning key_wraps as "n!: i64""#
        )
        .fetch_one(self.db())
        .await?;
        if wraps > MOST_WRAPS {
            return Err(Error::Key(
                "the master key has wrapped 2^20 data keys and must be replaced".to_owned(),
            ));
        }
        Ok(())
    }
}

fn hmac(key: &[u8; KEY_BYTES], text: &[u8]) -> [u8; 32] {
    // A key shorter than a block is one that zeros follow: said here, since a block always fits.
    let mut block = Zeroizing::new([0_u8; 64]);
    block[..KEY_BYTES].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&(*block).into());
    mac.update(text);
    mac.finalize().into_bytes().into()
}

async fn found_instance(tx: &mut Tx, now: Instant) -> Result<String, Error> {
    let mut random = [0_u8; 16];
    fill(&mut random)?;
    let (instance, now) = (hex::encode(random), now.as_millis());
    sqlx::query!("insert into instance (id, uuid, created_at) values (1, ?, ?)", instance, now)
        .execute(tx.db())
        .await?;
    Ok(instance)
}

/// The key at `path`, if there is a file.
fn read_key(path: &Path) -> Result<Option<Zeroizing<[u8; KEY_BYTES]>>, Error> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, &error)),
    };
    // One byte more than a key, to see whether there is more.
    let mut buffer = Zeroizing::new([0_u8; KEY_BYTES + 1]);
    let mut read = 0;
    while read < buffer.len() {
        match file.read(&mut buffer[read..]) {
            Ok(0) => break,
            Ok(n) => read += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(path, &error)),
        }
    }
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    key.copy_from_slice(&buffer[..KEY_BYTES]);
    if read != KEY_BYTES || key.iter().all(|byte| *byte == 0) {
        return Err(Error::Key(format!(
            "the master key in {} is damaged: it must be {KEY_BYTES} random bytes; put the right key file back",
            path.display()
        )));
    }
    Ok(Some(key))
}

fn make_key(path: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>, Error> {
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    fill(key.as_mut_slice())?;
    let written = (|| {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o440).open(path)?;
        file.write_all(key.as_slice())?;
        file.sync_all()?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    })();
    written.map_err(|error: std::io::Error| {
        Error::Key(format!("the master key can't be written to {}: {error}", path.display()))
    })?;
    Ok(key)
}

fn missing(path: &Path) -> Error {
    Error::Key(format!(
        "the master key {} is missing, but this database holds secrets sealed with it; put the key file back, or move \
         the data folder away to begin anew",
        path.display()
    ))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::Key(format!("the master key {} can't be read: {error}", path.display()))
}

fn damaged() -> Error {
    Error::Corrupt { what: "secret", cause: "it does not open at this place under this key".to_owned() }
}

fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes).map_err(|error| Error::Key(format!("the system gives no random bytes: {error}")))
}

fn cipher(key: &[u8; KEY_BYTES]) -> Aes256Gcm {
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key))
}

fn encrypt(key: &[u8; KEY_BYTES], aad: &[u8], plain: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let mut nonce = [0_u8; NONCE_BYTES];
    fill(&mut nonce)?;
    let sealed =
        cipher(key).encrypt(&Nonce::from(nonce), Payload { msg: plain, aad }).map_err(|_| damaged())?;
    Ok((nonce.to_vec(), sealed))
}

fn decrypt(
    key: &[u8; KEY_BYTES],
    aad: &[u8],
    nonce: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| damaged())?;
    let opened =
        cipher(key).decrypt(&Nonce::from(nonce), Payload { msg: sealed, aad }).map_err(|_| damaged())?;
    Ok(Zeroizing::new(opened))
}

#[cfg(test)]
mod tests;
