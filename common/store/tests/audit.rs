//! The audit on a database of its own, against somebody who can write that database: SECURITY H10.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::path::PathBuf;

use metatron_domain::actor::Actor;
use metatron_domain::audit::{Finding, Hash, Known, Row as AuditRow};
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_store::audit::{Filter, Unsealable};
use metatron_store::vault::Vault;
use metatron_store::{About, Error, Store};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tempfile::TempDir;

const T0: Instant = Instant::from_millis(1_800_000_000_000);
const TRIGGERS: &str = "drop trigger audit_is_never_changed; drop trigger audit_is_never_deleted; \
                        drop trigger audit_grows_at_its_end;";

struct House {
    folder: TempDir,
    store: Store,
    vault: Vault,
}

impl House {
    fn path(&self) -> PathBuf {
        self.folder.path().join("metatron.db")
    }

    /// An audit with so many rows, sealed.
    async fn with(rows: u32) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("metatron.db");
        metatron_store::migrate(&path, &folder.path().join("backup")).await.unwrap();
        let store = Store::open(&path).await.unwrap();
        let vault = Vault::open(&store, &folder.path().join("master.key"), T0).await.unwrap();
        let house = Self { folder, store, vault };
        for n in 0..rows {
            fail_login(&house.store, &n.to_string()).await.unwrap();
        }
        house.seal().await.unwrap();
        house
    }

    async fn seal(&self) -> Result<(), Unsealable> {
        let mut tx = self.store.begin().await.unwrap();
        let sealed = tx.seal_audit(&self.vault, T0).await.unwrap();
        let _ = tx.commit().await.unwrap();
        sealed.map(|_| ())
    }

    /// What somebody does who has the database's file.
    async fn tamper(&self, statements: &str) -> Result<(), sqlx::Error> {
        let options = SqliteConnectOptions::new().filename(self.path());
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let done = sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection).await;
        connection.close().await?;
        done.map(|_| ())
    }

    /// As [`House::tamper`], with the triggers out of the way.
    async fn force(&self, statements: &str) {
        self.tamper(&format!("{TRIGGERS} {statements}")).await.unwrap();
    }

    async fn findings(&self) -> Vec<Finding> {
        let (seal, holds) = self.store.audit_seal(&self.vault).await.unwrap().unwrap();
        assert!(holds);
        let known = vec![Known { from: "seal".to_owned(), head: seal.head }];
        self.store.verify_audit(known, T0).await.unwrap().findings.findings
    }

    /// Hashes all rows anew, as somebody would who knows how.
    async fn rehash(&self) {
        let (mut previous, mut statements) = (Hash::NONE, Vec::new());
        for row in self.store.audit_after(0, 1_000).await.unwrap() {
            previous = row.hash_after(previous);
            statements.push(format!("update audit set hash = '{previous}' where seq = {};", row.seq));
        }
        self.tamper(&statements.concat()).await.unwrap();
    }
}

async fn fail_login(store: &Store, address: &str) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    let data = json!({ "address": address });
    tx.record(EventKind::LoginFailed, T0, &Actor::Owner, About::default(), data).await?;
    tx.commit().await.map(drop)
}

#[tokio::test]
async fn h10_nobody_changes_deletes_or_squeezes_in_a_row_by_mistake() {
    let house = House::with(3).await;
    let row = "'{}', null, null, null, '{}', 'x'";
    for statement in [
        "update audit set data = '{}' where seq = 2".to_owned(),
        "delete from audit where seq = 3".to_owned(),
        format!("insert into audit values (2, 0, 'exec.started', {row})"),
        format!("insert into audit values (9, 0, 'exec.started', {row})"),
        format!("insert or replace into audit values (2, 0, 'exec.started', {row})"),
    ] {
        let refused = house.tamper(&statement).await.unwrap_err().to_string();
        assert!(refused.contains("the audit"), "{statement}: {refused}");
    }
    assert_eq!(house.findings().await, []);
}

#[tokio::test]
async fn h10_an_edit_is_found() {
    let house = House::with(9).await;
    house.force("update audit set data = '{\"address\":\"elsewhere\"}' where seq = 4;").await;
    assert_eq!(house.findings().await, [Finding::Changed { seq: 4 }]);
}

#[tokio::test]
async fn h10_a_removal_is_found_whether_or_not_the_rest_is_numbered_anew() {
    let house = House::with(9).await;
    house.force("delete from audit where seq in (4, 5);").await;
    assert_eq!(house.findings().await, [Finding::Missing { from: 4, to: 5 }]);
    house.tamper("update audit set seq = seq - 2 where seq > 5;").await.unwrap();
    let truncated = Finding::Truncated { count: 9, left: 7, by: "seal".to_owned() };
    let findings = house.findings().await;
    assert!(findings.contains(&Finding::Changed { seq: 4 }) && findings.contains(&truncated), "{findings:?}");
    house.rehash().await;
    assert_eq!(house.findings().await, [truncated]);
}

#[tokio::test]
async fn h10_two_rows_that_change_places_are_found() {
    let house = House::with(9).await;
    house
        .force(
            "update audit set seq = -1 where seq = 4; update audit set seq = 4 where seq = 5; \
             update audit set seq = 5 where seq = -1;",
        )
        .await;
    let findings = house.findings().await;
    assert!(findings.contains(&Finding::Changed { seq: 4 }), "{findings:?}");
}

#[tokio::test]
async fn h10_a_row_that_was_put_in_is_found() {
    let house = House::with(9).await;
    house
        .force(
            "update audit set seq = -seq - 1 where seq > 4; update audit set seq = -seq where seq < 0; \
             insert into audit select 5, at, kind, actor, chat_id, run_id, subject, data, hash from audit where seq = 4;",
        )
        .await;
    let findings = house.findings().await;
    assert!(findings.contains(&Finding::Changed { seq: 5 }), "{findings:?}");
    house.rehash().await;
    let rewritten = Finding::Rewritten { seq: 9, by: "seal".to_owned() };
    assert_eq!(house.findings().await, [rewritten], "the seal knows the ninth row");
}

#[tokio::test]
async fn h10_a_cut_at_the_end_is_found_by_the_seal_even_when_new_rows_follow() {
    let house = House::with(9).await;
    house.force("delete from audit where seq > 6;").await;
    assert_eq!(house.findings().await, [Finding::Truncated { count: 9, left: 6, by: "seal".to_owned() }]);
    for _ in 0..4 {
        fail_login(&house.store, "later").await.unwrap();
    }
    assert_eq!(house.findings().await, [Finding::Rewritten { seq: 9, by: "seal".to_owned() }]);
    assert_eq!(house.seal().await, Err(Unsealable::Rewritten), "a new seal would hide it");
}

#[tokio::test]
async fn h10_a_history_that_was_written_anew_is_found_and_not_sealed() {
    let house = House::with(9).await;
    house.force("update audit set data = '{\"address\":\"elsewhere\"}' where seq = 4;").await;
    house.rehash().await;
    fail_login(&house.store, "later").await.unwrap();
    assert_eq!(house.findings().await, [Finding::Rewritten { seq: 9, by: "seal".to_owned() }]);
    assert_eq!(house.seal().await, Err(Unsealable::Rewritten));
}

#[tokio::test]
async fn h10_a_seal_is_made_by_nobody_without_the_key() {
    let house = House::with(9).await;
    house.force("delete from audit where seq > 6;").await;
    let rows = house.store.audit_after(5, 1).await.unwrap();
    let forged = format!("update audit_seal set count = 6, hash = '{}';", rows[0].hash);
    house.tamper(&forged).await.unwrap();
    let (_, holds) = house.store.audit_seal(&house.vault).await.unwrap().unwrap();
    assert!(!holds);
    assert_eq!(house.seal().await, Err(Unsealable::Broken));
    // Another instance's key is another key.
    let other = House::with(9).await;
    let (seal, _) = other.store.audit_seal(&other.vault).await.unwrap().unwrap();
    assert_ne!(seal.tag(&other.vault), seal.tag(&house.vault));
}

#[tokio::test]
async fn h10_units_of_work_of_two_processes_that_meet_make_one_chain() {
    let house = House::with(0).await;
    let second = Store::open(&house.path()).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..16_u32 {
        let store = if task % 2 == 0 { house.store.clone() } else { second.clone() };
        tasks.spawn(async move {
            for n in 0..25_u32 {
                if n % 5 == 4 {
                    // One that is dropped leaves nothing behind.
                    let mut tx = store.begin().await.unwrap();
                    let about = About { subject: Some("never".to_owned()), ..About::default() };
                    tx.record(EventKind::SessionClosed, T0, &Actor::Owner, about, json!({})).await.unwrap();
                } else {
                    fail_login(&store, &format!("{task} {n}")).await.unwrap();
                }
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(house.findings().await, []);
    assert_eq!(house.store.audit_head().await.unwrap().count, 16 * 20);
    let filter = Filter { text: Some("never".to_owned()), ..Filter::default() };
    assert!(house.store.audit_page(&filter, 10, None).await.unwrap().rows.is_empty());
}

#[tokio::test]
async fn what_can_not_be_audited_does_not_happen() {
    let house = House::with(1).await;
    let stop = "create trigger stop before insert on audit begin select raise(abort, 'no'); end;";
    house.tamper(stop).await.unwrap();
    let before = house.store.event_range().await.unwrap();
    assert!(fail_login(&house.store, "unheard").await.is_err());
    assert_eq!(house.store.event_range().await.unwrap(), before);
    house.tamper("drop trigger stop;").await.unwrap();
    fail_login(&house.store, "heard").await.unwrap();
    assert_eq!(house.findings().await, []);
}

#[tokio::test]
async fn rows_are_searched_by_kind_actor_time_and_text_in_pages_that_end() {
    let house = House::with(30).await;
    let mut tx = house.store.begin().await.unwrap();
    let later = T0.after(std::time::Duration::from_mins(1));
    let about = About { subject: Some("ses_x".to_owned()), ..About::default() };
    tx.record(EventKind::SessionClosed, later, &Actor::Schedule, about, json!({})).await.unwrap();
    let _ = tx.commit().await.unwrap();
    let page = async |filter: Filter, limit, before| {
        let page = house.store.audit_page(&filter, limit, before).await.unwrap();
        let seqs: Vec<_> = page.rows.iter().map(|shown| shown.row.seq).collect();
        (seqs, page.before)
    };
    assert_eq!(page(Filter::default(), 2, None).await, (vec![31, 30], Some(30)));
    assert_eq!(page(Filter::default(), 2, Some(30)).await, (vec![29, 28], Some(28)));
    assert_eq!(page(Filter::default(), 5, Some(4)).await, (vec![3, 2, 1], None));
    let kinds = |kind: &str| Filter { kinds: vec![kind.to_owned()], ..Filter::default() };
    assert_eq!(page(kinds("session"), 5, None).await.0, [31]);
    assert_eq!(page(kinds("session.closed"), 5, None).await.0, [31]);
    assert_eq!(page(kinds("sess"), 5, None).await.0, [0_i64; 0], "a room, not a prefix");
    let actor = Filter { actor: Some("schedule".to_owned()), ..Filter::default() };
    assert_eq!(page(actor, 5, None).await.0, [31]);
    let text = |text: &str| Filter { text: Some(text.to_owned()), ..Filter::default() };
    assert_eq!(page(text("SES_x"), 5, None).await.0, [31]);
    assert_eq!(page(text("\"17\""), 5, None).await.0, [18]);
    let since = Filter { since: Some(later.as_millis()), ..Filter::default() };
    assert_eq!(page(since, 5, None).await.0, [31]);
    let until = Filter { until: Some(later.as_millis()), ..Filter::default() };
    assert_eq!(page(until, 1, None).await.0, [30]);
}

#[tokio::test]
async fn h11_a_secret_is_audited_by_its_name_alone() {
    let house = House::with(0).await;
    let mut tx = house.store.begin().await.unwrap();
    let id = tx.add_secret(&house.vault, "provider/x", b"sk-planted-secret", T0).await.unwrap();
    tx.replace_secret(&house.vault, id, b"sk-planted-secret-2", T0).await.unwrap();
    tx.drop_secret(id, T0).await.unwrap();
    tx.drop_secret(id, T0).await.unwrap();
    let _ = tx.commit().await.unwrap();
    let rows = house.store.audit_after(0, 10).await.unwrap();
    let told: Vec<_> = rows.iter().map(|row| (row.kind.as_str(), row.data.as_str())).collect();
    let expected = [
        ("secret.stored", r#"{"name":"provider/x","version":1}"#),
        ("secret.stored", r#"{"name":"provider/x","version":2}"#),
        ("secret.forgotten", "{}"),
    ];
    assert_eq!(told, expected);
    assert!(rows.iter().all(|row: &AuditRow| !format!("{row:?}").contains("planted")));
    assert_eq!(house.findings().await, []);
}
