//! Bringing an older database to the present shape: the copy before it, and what is left when it fails. DESIGN 11.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::path::{Path, PathBuf};

use metatron_store::{Error, Store};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Row as _, SqliteConnection};
use tempfile::TempDir;

/// A database as an older version left it: only the first migrations are applied.
struct Old {
    folder: TempDir,
    path: PathBuf,
    version: i64,
    newest: i64,
}

async fn open(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// The number of a migration. Some may be left out: branches take theirs beforehand.
fn version_of(file: &Path) -> i64 {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    name.split('_').next().unwrap().parse().unwrap()
}

impl Old {
    /// Lacks the last `missing` migrations and holds one chat.
    async fn lacking(missing: usize) -> Self {
        Self::of(|files| files.len() - missing).await
    }

    /// Lacks the migrations from this number on.
    async fn before(number: i64) -> Self {
        Self::of(|files| files.iter().filter(|file| version_of(file) < number).count()).await
    }

    async fn of(kept: impl FnOnce(&[PathBuf]) -> usize) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("metatron.db");
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
        let mut files: Vec<_> =
            std::fs::read_dir(sources).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let newest = version_of(files.last().unwrap());
        let first = folder.path().join("migrations");
        std::fs::create_dir(&first).unwrap();
        files.truncate(kept(&files));
        for file in &files {
            std::fs::copy(file, first.join(file.file_name().unwrap())).unwrap();
        }
        let mut database = open(&path).await;
        Migrator::new(first).await.unwrap().run(&mut database).await.unwrap();
        let old = "insert into chat (id, title, created_at, updated_at) values ('cht_old', 'kept', 1, 1)";
        sqlx::query(old).execute(&mut database).await.unwrap();
        database.close().await.unwrap();
        let version = version_of(files.last().unwrap());
        Self { folder, path, version, newest }
    }

    fn backup(&self) -> PathBuf {
        self.folder.path().join("backup")
    }

    async fn migrate(&self) -> Result<Option<PathBuf>, Error> {
        metatron_store::migrate(&self.path, &self.backup()).await
    }

    async fn change(&self, statement: &'static str) {
        let mut database = open(&self.path).await;
        sqlx::query(statement).execute(&mut database).await.unwrap();
        database.close().await.unwrap();
    }
}

/// The schema's version, the tables and the titles of the chats in a database.
async fn contents(path: &Path) -> (i64, Vec<String>, Vec<String>) {
    let mut database = open(path).await;
    let version = sqlx::query("select max(version) from _sqlx_migrations").fetch_one(&mut database).await;
    let tables = sqlx::query("select name from sqlite_master where type = 'table' order by name")
        .fetch_all(&mut database)
        .await
        .unwrap();
    let chats = sqlx::query("select title from chat order by id").fetch_all(&mut database).await.unwrap();
    database.close().await.unwrap();
    let first = |row: &sqlx::sqlite::SqliteRow| row.get::<String, _>(0);
    (version.unwrap().get(0), tables.iter().map(first).collect(), chats.iter().map(first).collect())
}

#[tokio::test]
async fn an_older_database_is_copied_before_its_shape_changes() {
    let old = Old::lacking(2).await;
    let before = contents(&old.path).await;
    assert_eq!(before.0, old.version);
    let copy = old.migrate().await.unwrap().unwrap();
    assert_eq!(copy.parent(), Some(old.backup().as_path()));
    assert_eq!(contents(&copy).await, before, "the copy opens and holds what was there");
    let (version, _, chats) = contents(&old.path).await;
    assert_eq!((version, chats), (old.newest, vec!["kept".to_owned()]));
    let store = Store::open(&old.path).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let now = metatron_domain::clock::Instant::from_millis(1);
    tx.create_chat("new", &metatron_domain::actor::Actor::Owner, now).await.unwrap();
    drop(tx.commit().await.unwrap());
    store.close().await;
    assert_eq!(contents(&copy).await, before, "and nobody writes into it afterwards");
    assert_eq!(old.migrate().await.unwrap(), None, "what has the present shape is not copied again");
}

#[tokio::test]
async fn a_new_database_needs_no_copy() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("metatron.db");
    assert_eq!(metatron_store::migrate(&path, &folder.path().join("backup")).await.unwrap(), None);
    assert!(!folder.path().join("backup").exists());
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_database_as_it_was_and_says_what_to_do() {
    // What the migration 6 makes is there already: the one before it succeeds, then this one fails.
    let old = Old::before(5).await;
    old.change("create table tick (mine text)").await;
    let before = contents(&old.path).await;
    let told = old.migrate().await.unwrap_err().to_string();
    assert_eq!(contents(&old.path).await, before, "not even the migration that succeeded has stayed");
    let copy = std::fs::read_dir(old.backup()).unwrap().next().unwrap().unwrap().path();
    assert_eq!(contents(&copy).await, before);
    for part in ["tick", "nothing in it was changed", copy.to_str().unwrap(), "Install the version you had"] {
        assert!(told.contains(part), "{part} in: {told}");
    }
    old.change("drop table tick").await;
    old.change("update chat set title = 'written since'").await;
    let before = contents(&old.path).await;
    assert_eq!(old.migrate().await.unwrap(), Some(copy.clone()), "once the cause is gone it goes on");
    assert_eq!(contents(&old.path).await.0, old.newest);
    assert_eq!(contents(&copy).await, before, "and the copy holds what was written since the first try");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_untouched() {
    let old = Old::lacking(0).await;
    old.change(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (9999, 'from the future', true, x'00', 0)",
    )
    .await;
    let before = contents(&old.path).await;
    let told = old.migrate().await.unwrap_err().to_string();
    assert!(told.contains("newer version (schema 9999") && told.contains("install that version"), "{told}");
    assert_eq!(contents(&old.path).await, before);
    assert!(!old.backup().exists());
}
