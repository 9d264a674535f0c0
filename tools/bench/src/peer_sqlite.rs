//! What SQLite does with the same bytes when nothing is hashed, chained, signed or anchored.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _, SqliteConnection};

use crate::Failed;
use crate::figures::{Figures, Where};
use crate::sample::{BULK_ROWS, Sample};

/// Rows of one statement; ten of them are one transaction of a bulk.
const STATEMENT_ROWS: usize = 100;

const SCHEMA: &str = "
    CREATE TABLE plain (
        position INTEGER PRIMARY KEY, leaf BLOB NOT NULL, header BLOB NOT NULL,
        signature BLOB NOT NULL, facts BLOB NOT NULL, facts_salt BLOB NOT NULL,
        stream TEXT NOT NULL, version INTEGER NOT NULL, command_key BLOB, command_index INTEGER,
        salt BLOB NOT NULL, bytes BLOB NOT NULL, UNIQUE (stream, version)
    ) STRICT;
    CREATE UNIQUE INDEX plain_command ON plain (command_key, command_index);";

/// See the module.
pub struct Plain<'a> {
    folder: &'a Path,
    sample: Sample,
    span: Duration,
}

impl<'a> Plain<'a> {
    /// In this folder.
    pub fn new(folder: &'a Path, sample: Sample, span: Duration) -> Plain<'a> {
        Plain { folder, sample, span }
    }

    /// One round of each, in a file of its own.
    pub async fn round(&self, figures: &mut Figures) -> Result<(), Failed> {
        for (name, rows) in [("unsigned_bulk", BULK_ROWS), ("one_each", 1)] {
            let file = tempfile::tempdir_in(self.folder)?;
            let mut connection = open(&file.path().join("plain.db")).await?;
            sqlx::raw_sql(SCHEMA).execute(&mut connection).await?;
            let rate = self.write(&mut connection, rows).await?;
            connection.close().await?;
            figures.add(Where::Sqlite, name, rate);
        }
        Ok(())
    }

    async fn write(&self, on: &mut SqliteConnection, rows: u64) -> Result<f64, Failed> {
        let piece = STATEMENT_ROWS.min(rows as usize);
        let places = vec!["(?,?,?,?,?,?,?,?,?,?,?,?)"; piece].join(",");
        let text = format!("INSERT INTO plain VALUES {places}");
        let (mut count, begun) = (0_u64, Instant::now());
        while begun.elapsed() < self.span {
            let batch = self.sample.rows(count, rows);
            sqlx::query("BEGIN IMMEDIATE").execute(&mut *on).await?;
            for piece in batch.chunks(piece) {
                let mut query = sqlx::query(AssertSqlSafe(text.as_str()));
                for row in piece {
                    query = query
                        .bind(row.position as i64)
                        .bind(&row.leaf[..])
                        .bind(&row.header[..])
                        .bind(&row.signature[..])
                        .bind(&row.facts[..])
                        .bind(&row.facts_salt[..])
                        .bind(&row.stream[..])
                        .bind(0_i64)
                        .bind(row.command_key.as_ref().map(|key| &key[..]))
                        .bind(0_i64)
                        .bind(&self.sample.private.0[..])
                        .bind(&self.sample.private.1[..]);
                }
                query.execute(&mut *on).await?;
            }
            sqlx::query("COMMIT").execute(&mut *on).await?;
            count += rows;
        }
        Ok(count as f64 / begun.elapsed().as_secs_f64())
    }
}

/// As the store opens its file.
async fn open(path: &Path) -> Result<SqliteConnection, Failed> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(8_192)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "10000")
        .pragma("temp_store", "memory")
        .pragma("cache_size", "-32768");
    Ok(options.connect().await?)
}

/// Bytes on disk of both tables with their indexes.
pub async fn bytes_on_disk(path: &Path) -> Result<f64, Failed> {
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await?;
    let row = sqlx::query(
        "SELECT sum(pgsize) FROM dbstat WHERE name IN
            (SELECT name FROM sqlite_master WHERE tbl_name IN ('entry', 'private'))",
    )
    .fetch_one(&mut connection)
    .await?;
    let bytes: i64 = row.try_get(0)?;
    connection.close().await?;
    Ok(bytes as f64)
}
