//! Opens the database: one writer, several readers, a copy before every migration.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::error::Error;
use crate::group::Writer;

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .optimize_on_close(true, None)
}

/// The connection that writes.
pub(crate) async fn writer(path: &Path) -> Result<Writer, Error> {
    Writer::open(options(path)).await
}

/// The pool of connections that read. Idle ones are closed, for their memory.
pub(crate) async fn readers(path: &Path) -> Result<SqlitePool, Error> {
    Ok(SqlitePoolOptions::new()
        .max_connections(4)
        .min_connections(0)
        .idle_timeout(Duration::from_secs(30))
        .acquire_timeout(Duration::from_secs(20))
        .connect_with(options(path).read_only(true))
        .await?)
}

/// The version of the present shape.
pub fn schema() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Brings the database at `path` to the present shape; creates it when absent.
///
/// Before a migration changes existing data a copy is made in `backup`, and its path is returned. All that is missing is
/// applied in one transaction: what fails half-way leaves the database as it was.
pub async fn migrate(path: &Path, backup: &Path) -> Result<Option<PathBuf>, Error> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options(path).create_if_missing(true))
        .await?;
    let applied = applied_version(&pool).await?;
    let wanted = schema();
    if let Some(applied) = applied
        && applied > wanted
    {
        return Err(Error::Migrate(format!(
            "it was written by a newer version (schema {applied}, this program knows {wanted}); install that version again"
        )));
    }
    let mut copy = None;
    if let Some(applied) = applied
        && applied < wanted
    {
        let target = backup.join(format!("before-{wanted:04}-from-{applied:04}.db"));
        copy_into(&pool, &target).await?;
        copy = Some(target);
    }
    let mut tx = pool.begin_with("begin immediate").await?;
    // Inside a transaction sqlx gives each migration a savepoint instead of a transaction of its own.
    MIGRATOR.run(&mut *tx).await.map_err(|cause| failed(&cause, copy.as_deref()))?;
    tx.commit().await?;
    pool.close().await;
    Ok(copy)
}

/// Copies the database as it is now. Under its name stands a whole copy or none, and of several tries the last.
async fn copy_into(pool: &SqlitePool, target: &Path) -> Result<(), Error> {
    let no_copy = |cause: std::io::Error| Error::Migrate(format!("no copy could be made: {cause}"));
    let partial = target.with_extension("partial");
    std::fs::create_dir_all(target.parent().unwrap_or(target)).map_err(no_copy)?;
    if partial.exists() {
        std::fs::remove_file(&partial).map_err(no_copy)?;
    }
    let text = partial.to_string_lossy().into_owned();
    // sqlite: `vacuum into` writes a consistent copy, WAL included.
    sqlx::query("vacuum into ?").bind(text).execute(pool).await?;
    std::fs::File::open(&partial).and_then(|file| file.sync_all()).map_err(no_copy)?;
    std::fs::rename(&partial, target).map_err(no_copy)
}

fn failed(cause: &MigrateError, copy: Option<&Path>) -> Error {
    let copy = copy.map(|copy| format!(", and a copy of it lies at {}", copy.display())).unwrap_or_default();
    Error::Migrate(format!(
        "{cause}; nothing in it was changed{copy}. Install the version you had before: it can go on with this database"
    ))
}

async fn applied_version(pool: &SqlitePool) -> Result<Option<i64>, Error> {
    let known: i64 = sqlx::query_scalar(
        "select count(*) from sqlite_master where type = 'table' and name = '_sqlx_migrations'",
    )
    .fetch_one(pool)
    .await?;
    if known == 0 {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("select max(version) from _sqlx_migrations").fetch_one(pool).await?)
}
