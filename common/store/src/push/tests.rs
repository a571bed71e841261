//! Devices and the signing key on a database of their own; what a question owes stands in `tests/push.rs`.

use std::path::Path;

use super::device::NewDevice;
use super::*;
use crate::migrate;

const NOW: Instant = Instant::from_millis(1_795_372_800_000);

async fn store(folder: &Path) -> Store {
    let path = folder.join("metatron.db");
    migrate(&path, &folder.join("backup")).await.unwrap();
    Store::open(&path).await.unwrap()
}

fn new(endpoint: &str) -> NewDevice<'_> {
    NewDevice { name: "phone", endpoint, p256dh: "key", auth: "secret" }
}

#[tokio::test]
async fn of_two_workers_that_start_together_one_makes_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    let vault = Vault::open(&store, &folder.path().join("master.key"), NOW).await.unwrap();
    for (name, stored) in [("first", true), ("second", false)] {
        let mut tx = store.begin().await.unwrap();
        let make = || Ok::<_, Error>((name.to_owned(), Zeroizing::new(name.as_bytes().to_vec())));
        assert_eq!(tx.put_push_key(&vault, NOW, make).await.unwrap(), stored);
        let _ = tx.commit().await.unwrap();
    }
    assert_eq!(store.push_key().await.unwrap().as_deref(), Some("first"));
    assert_eq!(store.push_private_key(&vault).await.unwrap().as_slice(), b"first");
}

#[tokio::test]
async fn a_browser_that_comes_again_is_one_device_and_the_twenty_first_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    let mut tx = store.begin().await.unwrap();
    let first = tx.add_device_for_push(&new("https://push.example/0"), NOW).await.unwrap();
    for n in 1..MOST_DEVICES {
        let endpoint = format!("https://push.example/{n}");
        tx.add_device_for_push(&new(&endpoint), NOW).await.unwrap();
    }
    assert_eq!(tx.add_device_for_push(&new("https://push.example/0"), NOW).await.unwrap(), first);
    let _ = tx.commit().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let refused = tx.add_device_for_push(&new("https://push.example/more"), NOW).await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
    drop(tx);
    assert_eq!(store.devices().await.unwrap().len(), MOST_DEVICES);
    let mut tx = store.begin().await.unwrap();
    tx.remove_device(first, &Actor::Owner, NOW).await.unwrap();
    assert!(matches!(tx.remove_device(first, &Actor::Owner, NOW).await, Err(Error::NotFound(_))));
    tx.remove_devices(NOW).await.unwrap();
    let _ = tx.commit().await.unwrap();
    assert!(store.devices().await.unwrap().is_empty());
}
