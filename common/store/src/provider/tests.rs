//! Where a provider's key goes, and where it never goes.

use super::*;
use crate::migrate;

const NOW: Instant = Instant::from_millis(1_795_372_800_000);
const FIELDS: ProviderFields<'static> =
    ProviderFields { name: "Local", base_url: "http://127.0.0.1:8080/v1", model: "small" };

async fn open() -> (tempfile::TempDir, Store, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metatron.db");
    migrate(&path, &folder.path().join("backup")).await.unwrap();
    let store = Store::open(&path).await.unwrap();
    let vault = Vault::open(&store, &folder.path().join("master.key"), NOW).await.unwrap();
    (folder, store, vault)
}

#[tokio::test]
async fn a_key_stays_with_the_server_it_was_given_for() {
    let (_folder, store, vault) = open().await;
    let mut tx = store.begin().await.unwrap();
    let id = tx.add_provider(&vault, &FIELDS, Some("sk-one"), NOW).await.unwrap();
    let _ = tx.commit().await.unwrap();
    let provider = store.provider(id).await.unwrap();
    let secret = provider.secret.unwrap();

    let mut tx = store.begin().await.unwrap();
    let renamed = ProviderFields { name: "Other", ..FIELDS };
    tx.change_provider(&vault, &provider, &renamed, None, NOW).await.unwrap();
    let _ = tx.commit().await.unwrap();
    assert_eq!(store.reveal(&vault, secret).await.unwrap().as_slice(), b"sk-one");

    let mut tx = store.begin().await.unwrap();
    let moved = ProviderFields { base_url: "https://elsewhere.example/v1", ..FIELDS };
    tx.change_provider(&vault, &provider, &moved, None, NOW).await.unwrap();
    let _ = tx.commit().await.unwrap();
    assert_eq!(store.provider(id).await.unwrap().secret, None);
    assert!(matches!(store.reveal(&vault, secret).await, Err(Error::NotFound("secret"))));
}

#[tokio::test]
async fn the_demonstration_takes_over_from_a_removed_default() {
    let (_folder, store, vault) = open().await;
    let mut tx = store.begin().await.unwrap();
    let demo = tx.add_demo_provider(NOW).await.unwrap();
    let id = tx.add_provider(&vault, &FIELDS, Some("sk-one"), NOW).await.unwrap();
    tx.make_default(id).await.unwrap();
    let _ = tx.commit().await.unwrap();
    assert_eq!(store.default_provider().await.unwrap().unwrap().id, id);
    let mut tx = store.begin().await.unwrap();
    let provider = store.provider(id).await.unwrap();
    tx.remove_provider(&provider, NOW).await.unwrap();
    let _ = tx.commit().await.unwrap();
    assert_eq!(store.default_provider().await.unwrap().unwrap().id, demo);
}

#[tokio::test]
async fn the_key_of_an_unstored_provider_is_forgotten_after_its_test_call() {
    let (_folder, store, vault) = open().await;
    let mut tx = store.begin().await.unwrap();
    let id = tx.probe_fields(&vault, &FIELDS, Some("sk-try"), NOW).await.unwrap();
    let committed = tx.commit().await.unwrap();
    assert_eq!(committed.owed.len(), 1);
    let probe = store.probe(id).await.unwrap();
    let secret = probe.secret.unwrap();
    assert_eq!(store.reveal(&vault, secret).await.unwrap().as_slice(), b"sk-try");

    let mut tx = store.begin().await.unwrap();
    tx.start_probe(id).await.unwrap();
    tx.end_probe(id, Ok("Hello."), NOW).await.unwrap();
    assert!(matches!(tx.end_probe(id, Ok("Again."), NOW).await, Err(Error::Conflict(_))));
    let _ = tx.commit().await.unwrap();
    assert_eq!(store.probe(id).await.unwrap().state, ProbeState::Ok { reply: "Hello.".to_owned() });
    assert!(matches!(store.reveal(&vault, secret).await, Err(Error::NotFound("secret"))));
}
