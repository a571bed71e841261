//! Sessions, claims, throttle and tokens on a database of their own.

use std::time::Duration;

use super::*;
use crate::migrate;

const NOW: Instant = Instant::from_millis(1_795_372_800_000);

async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metatron.db");
    migrate(&path, &folder.path().join("backup")).await.unwrap();
    let store = Store::open(&path).await.unwrap();
    (folder, store)
}

async fn attempt(store: &Store, key: &str, at: Instant) -> Option<Duration> {
    let mut tx = store.begin().await.unwrap();
    let left = tx.count_try(key, at).await.unwrap();
    let _ = tx.commit().await.unwrap();
    left
}

#[tokio::test]
async fn h8_of_two_claims_one_wins_and_no_code_is_made_afterwards() {
    let (_folder, store) = store().await;
    let mut tx = store.begin().await.unwrap();
    assert!(tx.put_claim_code("first", NOW).await.unwrap());
    assert!(tx.put_claim_code("code", NOW.after(Duration::from_hours(1))).await.unwrap());
    let _ = tx.commit().await.unwrap();

    let mut tx = store.begin().await.unwrap();
    assert!(matches!(tx.claim("first", "hash", NOW).await, Err(Error::Conflict(_))), "replaced by a new one");
    assert!(
        matches!(tx.claim("code", "hash", NOW.after(Duration::from_hours(1))).await, Err(Error::Conflict(_))),
        "expired"
    );
    tx.claim("code", "one", NOW).await.unwrap();
    let _ = tx.commit().await.unwrap();

    let mut tx = store.begin().await.unwrap();
    assert!(matches!(tx.claim("code", "two", NOW).await, Err(Error::Conflict(_))));
    assert!(!tx.put_claim_code("again", NOW.after(Duration::from_hours(1))).await.unwrap());
    assert!(matches!(tx.claim("again", "two", NOW).await, Err(Error::Conflict(_))));
    let _ = tx.commit().await.unwrap();
    assert_eq!(store.owner().await.unwrap().unwrap().password_hash, "one");
}

#[tokio::test]
async fn h1_a_session_ends_when_idle_and_never_outlives_thirty_days() {
    let (_folder, store) = store().await;
    let new = NewSession { cookie_hash: "cookie", user_agent: "", address: "" };
    let mut tx = store.begin().await.unwrap();
    let session = tx.open_session(&new, NOW).await.unwrap();
    let _ = tx.commit().await.unwrap();
    let open = async |at: Instant| store.session_by_cookie("cookie", at).await.unwrap().is_some();
    let second = Duration::from_secs(1);
    assert!(open(NOW.after(IDLE.checked_sub(second).unwrap())).await);
    assert!(!open(NOW.after(IDLE)).await);

    let mut at = NOW;
    while at < NOW.after(ABSOLUTE).after(IDLE) {
        let mut tx = store.begin().await.unwrap();
        tx.touch_session(session.id, at).await.unwrap();
        let _ = tx.commit().await.unwrap();
        at = at.after(Duration::from_hours(6));
        assert_eq!(open(at).await, at < NOW.after(ABSOLUTE));
    }
}

#[tokio::test]
async fn h6_a_guesser_is_blocked_but_only_under_its_own_key() {
    let (folder, store) = store().await;
    for _ in 0..5 {
        assert_eq!(attempt(&store, "203.0.113.9", NOW).await, None);
    }
    assert_eq!(attempt(&store, "203.0.113.9", NOW).await, Some(Duration::from_secs(30)));
    assert_eq!(attempt(&store, "198.51.100.1", NOW).await, None);
    assert_eq!(attempt(&store, "device:known", NOW).await, None);

    // It survives a restart.
    store.close().await;
    let store = Store::open(&folder.path().join("metatron.db")).await.unwrap();
    let later = NOW.after(Duration::from_secs(29));
    assert_eq!(attempt(&store, "203.0.113.9", later).await, Some(Duration::from_secs(1)));
    let later = NOW.after(Duration::from_secs(30));
    assert_eq!(attempt(&store, "203.0.113.9", later).await, None);
    assert_eq!(attempt(&store, "203.0.113.9", later).await, Some(Duration::from_mins(1)));
    // A day without a failure, and all is forgotten.
    let later = NOW.after(Duration::from_hours(30));
    assert_eq!(attempt(&store, "203.0.113.9", later).await, None);
    assert_eq!(attempt(&store, "203.0.113.9", later).await, None);
}

#[tokio::test]
async fn a_revoked_or_expired_token_is_not_valid() {
    let (_folder, store) = store().await;
    let mut tx = store.begin().await.unwrap();
    let day = NOW.after(Duration::from_hours(24));
    let token = tx.add_token("ci", "hash", &[Scope::Read, Scope::Run], day, NOW).await.unwrap();
    let _ = tx.commit().await.unwrap();
    let found = store.token_by_hash("hash").await.unwrap().unwrap();
    assert_eq!(found, token);
    assert!(found.is_valid(NOW) && !found.is_valid(day));
    let mut tx = store.begin().await.unwrap();
    tx.revoke_token(token.id, NOW).await.unwrap();
    assert!(matches!(tx.revoke_token(token.id, NOW).await, Err(Error::NotFound("token"))));
    let _ = tx.commit().await.unwrap();
    assert!(!store.token_by_hash("hash").await.unwrap().unwrap().is_valid(NOW));
    assert_eq!(store.tokens().await.unwrap(), []);
}
