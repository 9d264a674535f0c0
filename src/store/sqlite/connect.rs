//! Connections and the schema's check.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row as _, SqlitePool};

use super::outcome;
use super::writer::{ACQUIRE_TIMEOUT, Writer, Writing};
use crate::store::StoreError;

const READERS: u32 = 4;

/// Of a new file. An entry with its private part has some 2 KB: in pages of 4 a fifth would stay
/// empty, and the log would take twice as many writes a batch.
const PAGE: u32 = 8_192;

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
static MIGRATOR: Migrator = sqlx::migrate!("migrations/sqlite");

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .page_size(PAGE)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL would lose answered commits with the power.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        // Rows cross from SQLite's thread in lots; one at a time halves the speed of a scan.
        .row_buffer_size(1000)
}

pub(super) async fn writer(path: &Path) -> Result<Writer, StoreError> {
    let options = options(path)
        // The appends' texts of most lengths, and all others.
        .statement_cache_capacity(512)
        // The log is moved into the file every 80 MB instead of every 8: inner pages of the
        // indexes, which every batch touches anew, are then written once for many batches (a
        // bulk import gains half again). It costs the 80 MB on the disk and their reading after
        // a crash; in memory only the log's index grows, by some 12 bytes a page, 120 KB.
        .pragma("wal_autocheckpoint", "10000")
        // A statement that may have to be taken back half-way keeps old pages: not in a file.
        .pragma("temp_store", "memory")
        // 32 MB of pages, so that the unique indexes are searched in memory.
        .pragma("cache_size", "-32768");
    Writer::open(options).await.map_err(outcome::of_store)
}

pub(super) async fn readers(path: &Path) -> Result<SqlitePool, StoreError> {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options(path).pragma("query_only", "on"))
        .await
        .map_err(outcome::of_store)
}

/// An empty file for its owner only, where there is none: SQLite gives the mode it finds to the
/// log and the index beside it.
fn create_private(path: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(StoreError::Unavailable(format!("{}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

pub(super) async fn migrate(path: &Path) -> Result<(), StoreError> {
    create_private(path)?;
    let mut connection = options(path).connect().await.map_err(outcome::of_store)?;
    let done = MIGRATOR.run_direct(None, &mut connection, false).await;
    // The answer is in; how the connection ends changes nothing.
    let _ = connection.close().await;
    done.map_err(|error| match error {
        MigrateError::Execute(error) => outcome::of_store(error),
        error => StoreError::Schema(error.to_string()),
    })
}

/// Exactly this program's migrations, each finished.
pub(super) async fn check_schema(pool: &SqlitePool) -> Result<(), StoreError> {
    let tables: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'",
    )
    .fetch_one(pool)
    .await
    .map_err(outcome::of_store)?;
    if tables == 0 {
        return Err(StoreError::Schema("not migrated yet: run `annals migrate`".into()));
    }
    let rows = sqlx::query("SELECT version, checksum, success FROM _sqlx_migrations ORDER BY 1")
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)?;
    let mut known = MIGRATOR.iter();
    for row in &rows {
        let version: i64 = row.try_get(0).map_err(outcome::of_store)?;
        let checksum: &[u8] = row.try_get(1).map_err(outcome::of_store)?;
        let success: bool = row.try_get(2).map_err(outcome::of_store)?;
        let same =
            known.next().is_some_and(|own| own.version == version && *own.checksum == *checksum);
        if !same || !success {
            return Err(StoreError::Schema(format!("migration {version} is not this program's")));
        }
    }
    match known.next() {
        Some(next) => {
            let version = next.version;
            Err(StoreError::Schema(format!("migration {version} is missing: run `annals migrate`")))
        }
        None => Ok(()),
    }
}

pub(super) async fn limit_pages(writer: &Writer, most: u32) -> Result<(), StoreError> {
    let limit = format!("PRAGMA max_page_count = {most}");
    let mut writing = Writing::unbegun(writer).await.map_err(outcome::of_store)?;
    let limit = sqlx::query(sqlx::AssertSqlSafe(limit)).persistent(false);
    limit.fetch_all(writing.on()).await.map_err(outcome::of_store)?;
    writing.ended();
    Ok(())
}
