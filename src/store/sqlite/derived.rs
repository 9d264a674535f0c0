//! Checkpoints, snapshots, and the investigator's index.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection, SqlitePool};

use super::outcome;
use super::sql::{fixed, pieces, placeholders, unsigned};
use super::writer::{Writer, Writing};
use crate::store::shape::signed;
use crate::store::{IndexRow, READ_ROWS_MAX, Snapshot, StoreError, StoredCheckpoint};

pub(super) async fn put_checkpoint(
    writer: &Writer,
    checkpoint: &StoredCheckpoint,
) -> Result<(), StoreError> {
    let mut writing = Writing::begin(writer).await.map_err(outcome::of_store)?;
    sqlx::query("INSERT INTO checkpoint (size, note) VALUES (?1, ?2)")
        .bind(signed(checkpoint.size))
        .bind(&checkpoint.note)
        .execute(writing.on())
        .await
        .map_err(outcome::of_store)?;
    writing.commit().await.map_err(outcome::of_store)
}

pub(super) async fn checkpoints(
    pool: &SqlitePool,
    skip: u64,
    max: u32,
) -> Result<Vec<StoredCheckpoint>, StoreError> {
    let rows = sqlx::query("SELECT size, note FROM checkpoint ORDER BY number LIMIT ?2 OFFSET ?1")
        .bind(signed(skip))
        .bind(i64::from(max.min(READ_ROWS_MAX)))
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)?;
    rows.iter().map(checkpoint).collect()
}

fn checkpoint(row: &SqliteRow) -> Result<StoredCheckpoint, StoreError> {
    let field = |error| outcome::of_store(error);
    Ok(StoredCheckpoint { size: unsigned(row, 0)?, note: row.try_get(1).map_err(field)? })
}

/// Each chunk in a transaction of its own, so that a large fold does not hold up the appends. The
/// line comes last: chunks without it are no snapshot, and are forgotten by the next one.
pub(super) async fn put_snapshot(writer: &Writer, snapshot: &Snapshot) -> Result<(), StoreError> {
    const CHUNK: &str = "
        INSERT OR REPLACE INTO snapshot_chunk (fold, version, size, number, bytes)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    drop_snapshot(writer, snapshot).await?;
    for (number, bytes) in (0_i64..).zip(&snapshot.chunks) {
        let mut writing = Writing::begin(writer).await.map_err(outcome::of_store)?;
        sqlx::query(CHUNK)
            .bind(&snapshot.fold)
            .bind(snapshot.version)
            .bind(signed(snapshot.size))
            .bind(number)
            .bind(&bytes[..])
            .execute(writing.on())
            .await
            .map_err(outcome::of_store)?;
        writing.commit().await.map_err(outcome::of_store)?;
    }
    let mut writing = Writing::begin(writer).await.map_err(outcome::of_store)?;
    put_snapshot_line(writing.on(), snapshot).await?;
    forget_snapshots(writing.on(), snapshot).await?;
    writing.commit().await.map_err(outcome::of_store)
}

/// The same snapshot written again replaces the first: line before chunks, lest it lack some.
async fn drop_snapshot(writer: &Writer, snapshot: &Snapshot) -> Result<(), StoreError> {
    let mut writing = Writing::begin(writer).await.map_err(outcome::of_store)?;
    for text in [
        "DELETE FROM snapshot WHERE fold = ?1 AND version = ?2 AND size = ?3",
        "DELETE FROM snapshot_chunk WHERE fold = ?1 AND version = ?2 AND size = ?3",
    ] {
        sqlx::query(text)
            .bind(&snapshot.fold)
            .bind(snapshot.version)
            .bind(signed(snapshot.size))
            .execute(writing.on())
            .await
            .map_err(outcome::of_store)?;
    }
    writing.commit().await.map_err(outcome::of_store)
}

async fn put_snapshot_line(
    on: &mut SqliteConnection,
    snapshot: &Snapshot,
) -> Result<(), StoreError> {
    // Only if exactly its chunks are there: another run may have written or forgotten some.
    const LINE: &str = "
        INSERT INTO snapshot (fold, version, size, leaf, epoch, digest, signature, chunks)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
         WHERE ?8 = (SELECT count(*) FROM snapshot_chunk
                      WHERE fold = ?1 AND version = ?2 AND size = ?3)";
    let done = sqlx::query(LINE)
        .bind(&snapshot.fold)
        .bind(snapshot.version)
        .bind(signed(snapshot.size))
        .bind(&snapshot.leaf[..])
        .bind(signed(snapshot.epoch))
        .bind(&snapshot.digest[..])
        .bind(&snapshot.signature[..])
        .bind(signed(snapshot.chunks.len() as u64))
        .execute(on)
        .await
        .map_err(outcome::of_store)?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(StoreError::Refused("another run wrote the same snapshot".into()))
    }
}

async fn forget_snapshots(
    on: &mut SqliteConnection,
    snapshot: &Snapshot,
) -> Result<(), StoreError> {
    for text in [
        "DELETE FROM snapshot
          WHERE fold = ?1 AND version = ?2
            AND size NOT IN (SELECT size FROM snapshot WHERE fold = ?1 AND version = ?2
                              ORDER BY size DESC LIMIT 2)",
        "DELETE FROM snapshot_chunk
          WHERE fold = ?1 AND version = ?2
            AND size NOT IN (SELECT size FROM snapshot WHERE fold = ?1 AND version = ?2)",
    ] {
        sqlx::query(text)
            .bind(&snapshot.fold)
            .bind(snapshot.version)
            .execute(&mut *on)
            .await
            .map_err(outcome::of_store)?;
    }
    Ok(())
}

pub(super) async fn snapshot(
    pool: &SqlitePool,
    fold: &str,
    version: u32,
    size: u64,
) -> Result<Option<Snapshot>, StoreError> {
    // One statement, so that line and chunks are of one moment.
    const SNAPSHOT: &str = "
        WITH newest AS (
            SELECT * FROM snapshot WHERE fold = ?1 AND version = ?2 AND size <= ?3
             ORDER BY size DESC LIMIT 1)
        SELECT n.size, n.leaf, n.epoch, n.digest, n.signature, n.chunks, c.bytes
          FROM newest n LEFT JOIN snapshot_chunk c
            ON c.fold = n.fold AND c.version = n.version AND c.size = n.size
         ORDER BY c.number";
    let rows = sqlx::query(SNAPSHOT)
        .bind(fold)
        .bind(version)
        .bind(signed(size))
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let field = |error| outcome::of_store(error);
    let mut chunks: Vec<Vec<u8>> = Vec::with_capacity(rows.len());
    for row in &rows {
        chunks.extend(row.try_get::<Option<Vec<u8>>, _>(6).map_err(field)?);
    }
    let promised: i64 = first.try_get(5).map_err(field)?;
    if usize::try_from(promised) != Ok(chunks.len()) {
        return Err(StoreError::Corrupt(format!("a snapshot of {fold} lacks chunks")));
    }
    Ok(Some(Snapshot {
        fold: fold.to_owned(),
        version,
        size: unsigned(first, 0)?,
        leaf: fixed(first, 1)?,
        epoch: unsigned(first, 2)?,
        digest: fixed(first, 3)?,
        signature: fixed(first, 4)?,
        chunks,
    }))
}

pub(super) async fn indexed_to(pool: &SqlitePool) -> Result<u64, StoreError> {
    let row = sqlx::query("SELECT indexed_to FROM cursor WHERE one = 1")
        .fetch_optional(pool)
        .await
        .map_err(outcome::of_store)?;
    let row = row.ok_or_else(|| StoreError::Corrupt("the index has no mark".to_owned()))?;
    unsigned(&row, 0)
}

pub(super) async fn clear_index(writer: &Writer) -> Result<(), StoreError> {
    let mut writing = Writing::begin(writer).await.map_err(outcome::of_store)?;
    for text in [
        "DELETE FROM entry_index",
        "INSERT INTO cursor (one, indexed_to) VALUES (1, 0)
         ON CONFLICT (one) DO UPDATE SET indexed_to = 0",
    ] {
        sqlx::query(text).execute(writing.on()).await.map_err(outcome::of_store)?;
    }
    writing.commit().await.map_err(outcome::of_store)
}

pub(super) async fn put_index(
    writer: &Writer,
    from: u64,
    to: u64,
    rows: &[IndexRow],
) -> Result<bool, StoreError> {
    if to < from || rows.iter().any(|row| row.position < from || row.position >= to) {
        return Err(StoreError::Refused(format!("index lines outside {from}..{to}")));
    }
    let mut writing = Writing::begin(writer).await.map_err(outcome::of_store)?;
    let moved = sqlx::query("UPDATE cursor SET indexed_to = ?2 WHERE one = 1 AND indexed_to = ?1")
        .bind(signed(from))
        .bind(signed(to))
        .execute(writing.on())
        .await
        .map_err(outcome::of_store)?;
    if moved.rows_affected() != 1 {
        writing.rollback().await.map_err(outcome::of_store)?;
        return Ok(false);
    }
    // Whatever stands beyond the mark, nobody here put there.
    sqlx::query("DELETE FROM entry_index WHERE position >= ?1 AND position < ?2")
        .bind(signed(from))
        .bind(signed(to))
        .execute(writing.on())
        .await
        .map_err(outcome::of_store)?;
    for piece in pieces(rows.len()) {
        let list = placeholders(piece.len(), 3);
        // A line given twice is one line.
        let text = format!(
            "INSERT INTO entry_index (kind, value, position) VALUES {list}
             ON CONFLICT DO NOTHING"
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for row in &rows[piece] {
            query = query.bind(row.kind).bind(&row.value[..]).bind(signed(row.position));
        }
        query.execute(writing.on()).await.map_err(outcome::of_store)?;
    }
    writing.commit().await.map_err(outcome::of_store)?;
    Ok(true)
}

pub(super) async fn find_index(
    pool: &SqlitePool,
    kind: i16,
    value: &str,
    from: u64,
    max: u32,
) -> Result<Vec<u64>, StoreError> {
    const FIND: &str = "
        SELECT position FROM entry_index
         WHERE kind = ?1 AND value = ?2 AND position >= ?3
           AND position < (SELECT indexed_to FROM cursor WHERE one = 1)
         ORDER BY position LIMIT ?4";
    let found = sqlx::query(FIND)
        .bind(kind)
        .bind(value)
        .bind(signed(from))
        .bind(i64::from(max.min(READ_ROWS_MAX)))
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)?;
    found.iter().map(|row| unsigned(row, 0)).collect()
}

pub(super) async fn index_rows(
    pool: &SqlitePool,
    from: u64,
    to: u64,
) -> Result<Vec<IndexRow>, StoreError> {
    const ROWS: &str = "
        SELECT kind, value, position FROM entry_index
         WHERE position >= ?1 AND position < ?2 ORDER BY position, kind, value";
    let rows = sqlx::query(ROWS)
        .bind(signed(from))
        .bind(signed(to))
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)?;
    let line = |row: &SqliteRow| {
        let field = |error| outcome::of_store(error);
        Ok(IndexRow {
            kind: row.try_get(0).map_err(field)?,
            value: row.try_get(1).map_err(field)?,
            position: unsigned(row, 2)?,
        })
    };
    rows.iter().map(line).collect()
}
