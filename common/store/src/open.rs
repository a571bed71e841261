//! Opens the database: one writer, several readers, a copy before every migration.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
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

/// Brings the database at `path` to the present shape; creates it when absent.
///
/// Before a migration changes existing data a copy is made in `backup`, and its path is returned.
pub async fn migrate(path: &Path, backup: &Path) -> Result<Option<PathBuf>, Error> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options(path).create_if_missing(true))
        .await?;
    let applied = applied_version(&pool).await?;
    let wanted = MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0);
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
        std::fs::create_dir_all(backup)
            .map_err(|cause| Error::Migrate(format!("no copy could be made: {cause}")))?;
        let target = backup.join(format!("before-{wanted:04}-from-{applied:04}.db"));
        if !target.exists() {
            let text = target.to_string_lossy().into_owned();
            // sqlite: `vacuum into` writes a consistent copy, WAL included.
            sqlx::query("vacuum into ?").bind(text).execute(&pool).await?;
        }
        copy = Some(target);
    }
    MIGRATOR.run(&pool).await.map_err(|cause| Error::Migrate(cause.to_string()))?;
    pool.close().await;
    Ok(copy)
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
