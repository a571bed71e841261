//! What opens, what never opens, and when the master key is made.

use metatron_domain::clock::Instant;

use super::*;
use crate::migrate;

const NOW: Instant = Instant::from_millis(1_795_372_800_000);
const PLACE: Place<'static> = Place { table: "secret_version", row: "sec_1", name: "key", version: 1 };

async fn database(folder: &Path) -> Store {
    let path = folder.join("metatron.db");
    migrate(&path, &folder.join("backup")).await.unwrap();
    Store::open(&path).await.unwrap()
}

fn vault(byte: u8, instance: &str) -> Vault {
    Vault::with_key([byte; KEY_BYTES], instance.to_owned())
}

#[test]
fn c3_a_secret_opens_only_at_its_own_place() {
    let here = vault(7, "one");
    let sealed = here.seal(&PLACE, b"sk-value").unwrap();
    assert_eq!(here.unseal(&PLACE, &sealed).unwrap().as_slice(), b"sk-value");
    for moved in [
        Place { table: "probe", ..PLACE },
        Place { row: "sec_2", ..PLACE },
        Place { name: "ke", ..PLACE },
        Place { version: 2, ..PLACE },
        // The same bytes in a row, split elsewhere.
        Place { row: "sec_1k", name: "ey", ..PLACE },
    ] {
        assert!(here.unseal(&moved, &sealed).is_err(), "{moved:?}");
    }
    assert!(vault(7, "two").unseal(&PLACE, &sealed).is_err(), "another instance");
    assert!(vault(8, "one").unseal(&PLACE, &sealed).is_err(), "another key");
    let renamed = Sealed { key_id: "0000".to_owned(), ..sealed.clone() };
    assert!(here.unseal(&PLACE, &renamed).is_err(), "another key id");
}

#[test]
fn c3_swapping_the_parts_of_two_secrets_opens_neither() {
    let here = vault(7, "one");
    let other_place = Place { row: "sec_2", ..PLACE };
    let (a, b) = (here.seal(&PLACE, b"a").unwrap(), here.seal(&other_place, b"b").unwrap());
    assert!(here.unseal(&PLACE, &b).is_err());
    assert!(here.unseal(&other_place, &a).is_err());
    let mixed = Sealed { dek_nonce: b.dek_nonce.clone(), dek_wrapped: b.dek_wrapped.clone(), ..a.clone() };
    assert!(here.unseal(&PLACE, &mixed).is_err());
}

#[test]
fn c2_every_encryption_has_a_nonce_and_a_data_key_of_its_own() {
    let here = vault(7, "one");
    let (a, b) = (here.seal(&PLACE, b"same").unwrap(), here.seal(&PLACE, b"same").unwrap());
    assert_ne!(a.nonce, b.nonce);
    assert_ne!(a.dek_nonce, b.dek_nonce);
    assert_ne!(a.dek_wrapped, b.dek_wrapped);
    assert_ne!(a.ciphertext, b.ciphertext);
}

#[test]
fn c7_aes_256_gcm_gives_the_published_answer() {
    // Test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation" (the GCM specification).
    let key: [u8; 32] = hex::decode("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
        .unwrap()
        .try_into()
        .unwrap();
    let nonce = hex::decode("cafebabefacedbaddecaf888").unwrap();
    let aad = hex::decode("feedfacedeadbeeffeedfacedeadbeefabaddad2").unwrap();
    let plain = hex::decode(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    )
    .unwrap();
    let sealed = hex::decode(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
    )
    .unwrap();
    assert_eq!(decrypt(&key, &aad, &nonce, &sealed).unwrap().as_slice(), plain);
    for flipped in [0, sealed.len() - 1] {
        let mut bad = sealed.clone();
        bad[flipped] ^= 1;
        assert!(decrypt(&key, &aad, &nonce, &bad).is_err());
    }
    assert!(decrypt(&key, &aad[1..], &nonce, &sealed).is_err());
    assert!(decrypt(&key, &aad, &nonce[1..], &sealed).is_err());
}

#[tokio::test]
async fn c8_the_key_is_made_once_and_only_for_a_database_that_never_knew_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let store = database(folder.path()).await;
    let path = folder.path().join("keys/master.key");
    let first = Vault::open(&store, &path, NOW).await.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o440);
    let again = Vault::open(&store, &path, NOW).await.unwrap();
    assert_eq!((again.key, again.instance()), (first.key, first.instance()));

    let kept = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let refused = Vault::open(&store, &path, NOW).await.err().unwrap().to_string();
    assert!(refused.contains("is missing") && refused.contains("put the key file back"), "{refused}");
    assert!(!path.exists(), "never a new key over existing data");

    std::fs::write(&path, &kept[..31]).unwrap();
    assert!(matches!(Vault::open(&store, &path, NOW).await, Err(Error::Key(_))), "a short key");
    std::fs::write(&path, [&kept[..], b"\n"].concat()).unwrap();
    assert!(matches!(Vault::open(&store, &path, NOW).await, Err(Error::Key(_))), "a long key");
    std::fs::write(&path, [9; KEY_BYTES]).unwrap();
    let refused = Vault::open(&store, &path, NOW).await.err().unwrap().to_string();
    assert!(refused.contains("is not the one"), "{refused}");
    std::fs::write(&path, &kept).unwrap();
    assert!(Vault::open(&store, &path, NOW).await.is_ok());
}

#[tokio::test]
async fn two_processes_that_start_together_agree_on_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (database(folder.path()).await, database(folder.path()).await);
    let path = folder.path().join("master.key");
    let (a, b) = tokio::join!(Vault::open(&one, &path, NOW), Vault::open(&two, &path, NOW));
    assert_eq!(a.unwrap().key, b.unwrap().key);
}

#[tokio::test]
async fn a_replaced_secret_shows_only_its_newest_value_and_a_dropped_one_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = database(folder.path()).await;
    let vault = Vault::open(&store, &folder.path().join("master.key"), NOW).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let id = tx.add_secret(&vault, "provider", b"old", NOW).await.unwrap();
    let other = tx.add_secret(&vault, "other", b"other", NOW).await.unwrap();
    tx.replace_secret(&vault, id, b"new", NOW).await.unwrap();
    let _ = tx.commit().await.unwrap();
    assert_eq!(store.reveal(&vault, id).await.unwrap().as_slice(), b"new");

    // C3 in the database itself: two rows swapped open neither.
    let mut tx = store.begin().await.unwrap();
    let (a, b) = (id.to_string(), other.to_string());
    for (from, to) in [(a.as_str(), "x"), (b.as_str(), a.as_str()), ("x", b.as_str())] {
        sqlx::query("pragma defer_foreign_keys = on").execute(tx.db()).await.unwrap();
        sqlx::query("update secret_version set secret_id = ?, version = 1 where secret_id = ?")
            .bind(to)
            .bind(from)
            .execute(tx.db())
            .await
            .unwrap();
    }
    let _ = tx.commit().await.unwrap();
    assert!(matches!(store.reveal(&vault, id).await, Err(Error::Corrupt { .. })));
    assert!(matches!(store.reveal(&vault, other).await, Err(Error::Corrupt { .. })));

    let mut tx = store.begin().await.unwrap();
    tx.drop_secret(id, NOW).await.unwrap();
    let _ = tx.commit().await.unwrap();
    assert!(matches!(store.reveal(&vault, id).await, Err(Error::NotFound("secret"))));
}
