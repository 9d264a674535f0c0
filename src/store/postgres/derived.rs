//! Checkpoints, snapshots, and the investigator's index.

use sqlx::postgres::{PgBindIterExt, PgRow};
use sqlx::{PgPool, Row as _};

use super::outcome;
use crate::store::shape::signed;
use crate::store::{IndexRow, READ_ROWS_MAX, Snapshot, StoreError, StoredCheckpoint};

pub(super) async fn put_checkpoint(
    pool: &PgPool,
    checkpoint: &StoredCheckpoint,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO checkpoint (size, note) VALUES ($1, $2)")
        .bind(signed(checkpoint.size))
        .bind(&checkpoint.note)
        .execute(pool)
        .await
        .map(|_| ())
        .map_err(outcome::of_store)
}

pub(super) async fn checkpoints(
    pool: &PgPool,
    skip: u64,
    max: u32,
) -> Result<Vec<StoredCheckpoint>, StoreError> {
    let rows = sqlx::query("SELECT size, note FROM checkpoint ORDER BY number OFFSET $1 LIMIT $2")
        .bind(signed(skip))
        .bind(i64::from(max.min(READ_ROWS_MAX)))
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)?;
    rows.iter().map(checkpoint).collect()
}

fn checkpoint(row: &PgRow) -> Result<StoredCheckpoint, StoreError> {
    let field = |error| outcome::of_store(error);
    Ok(StoredCheckpoint {
        size: outcome::unsigned(row.try_get(0).map_err(field)?)?,
        note: row.try_get(1).map_err(field)?,
    })
}

/// The one transaction of more than a statement: chunks are sent one at a time, so that a large
/// fold is never in memory twice. It locks nothing that an append wants.
pub(super) async fn put_snapshot(pool: &PgPool, snapshot: &Snapshot) -> Result<(), StoreError> {
    const CHUNK: &str = "
        INSERT INTO snapshot_chunk (fold, version, size, number, bytes)
        VALUES ($1, $2, $3, $4, $5)";
    const FORGET: &str = "
        DELETE FROM snapshot
         WHERE fold = $1 AND version = $2
           AND size NOT IN (SELECT size FROM snapshot WHERE fold = $1 AND version = $2
                             ORDER BY size DESC LIMIT 2)";
    let version = i64::from(snapshot.version);
    let size = signed(snapshot.size);
    let mut transaction = pool.begin().await.map_err(outcome::of_store)?;
    put_snapshot_line(&mut transaction, snapshot).await?;
    for (number, bytes) in (0_i32..).zip(&snapshot.chunks) {
        sqlx::query(CHUNK)
            .bind(&snapshot.fold)
            .bind(version)
            .bind(size)
            .bind(number)
            .bind(bytes)
            .execute(&mut *transaction)
            .await
            .map_err(outcome::of_store)?;
    }
    sqlx::query(FORGET)
        .bind(&snapshot.fold)
        .bind(version)
        .execute(&mut *transaction)
        .await
        .map_err(outcome::of_store)?;
    transaction.commit().await.map_err(outcome::of_store)
}

async fn put_snapshot_line(
    connection: &mut sqlx::PgConnection,
    snapshot: &Snapshot,
) -> Result<(), StoreError> {
    const DROP: &str = "DELETE FROM snapshot WHERE fold = $1 AND version = $2 AND size = $3";
    const LINE: &str = "
        INSERT INTO snapshot (fold, version, size, leaf, epoch, digest, signature, chunks)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let chunks = i32::try_from(snapshot.chunks.len())
        .map_err(|_| StoreError::Refused("a snapshot of too many chunks".into()))?;
    sqlx::query(DROP)
        .bind(&snapshot.fold)
        .bind(i64::from(snapshot.version))
        .bind(signed(snapshot.size))
        .execute(&mut *connection)
        .await
        .map_err(outcome::of_store)?;
    sqlx::query(LINE)
        .bind(&snapshot.fold)
        .bind(i64::from(snapshot.version))
        .bind(signed(snapshot.size))
        .bind(&snapshot.leaf[..])
        .bind(signed(snapshot.epoch))
        .bind(&snapshot.digest[..])
        .bind(&snapshot.signature[..])
        .bind(chunks)
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(outcome::of_store)
}

pub(super) async fn snapshot(
    pool: &PgPool,
    fold: &str,
    version: u32,
    size: u64,
) -> Result<Option<Snapshot>, StoreError> {
    // One statement, so that line and chunks are of one moment.
    const SNAPSHOT: &str = "
        WITH newest AS (
            SELECT * FROM snapshot WHERE fold = $1 AND version = $2 AND size <= $3
             ORDER BY size DESC LIMIT 1)
        SELECT n.size, n.leaf, n.epoch, n.digest, n.signature, n.chunks, c.bytes
          FROM newest n LEFT JOIN snapshot_chunk c
            ON c.fold = n.fold AND c.version = n.version AND c.size = n.size
         ORDER BY c.number";
    let rows = sqlx::query(SNAPSHOT)
        .bind(fold)
        .bind(i64::from(version))
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
    let promised: i32 = first.try_get(5).map_err(field)?;
    if usize::try_from(promised) != Ok(chunks.len()) {
        return Err(StoreError::Corrupt(format!("a snapshot of {fold} lacks chunks")));
    }
    Ok(Some(Snapshot {
        fold: fold.to_owned(),
        version,
        size: outcome::unsigned(first.try_get(0).map_err(field)?)?,
        leaf: first.try_get(1).map_err(field)?,
        epoch: outcome::unsigned(first.try_get(2).map_err(field)?)?,
        digest: first.try_get(3).map_err(field)?,
        signature: first.try_get(4).map_err(field)?,
        chunks,
    }))
}

pub(super) async fn indexed_to(pool: &PgPool) -> Result<u64, StoreError> {
    let mark: Option<i64> = sqlx::query_scalar("SELECT indexed_to FROM cursor WHERE one = 1")
        .fetch_optional(pool)
        .await
        .map_err(outcome::of_store)?;
    let mark = mark.ok_or_else(|| StoreError::Corrupt("the index has no mark".to_owned()))?;
    outcome::unsigned(mark)
}

pub(super) async fn clear_index(pool: &PgPool) -> Result<(), StoreError> {
    // The mark first: whoever feeds meanwhile waits for it, and then finds it elsewhere.
    const CLEAR: &str = "
        WITH mark AS (
            INSERT INTO cursor (one, indexed_to) VALUES (1, 0)
            ON CONFLICT (one) DO UPDATE SET indexed_to = 0 RETURNING 1
        )
        DELETE FROM entry_index WHERE EXISTS (SELECT 1 FROM mark)";
    sqlx::query(CLEAR).execute(pool).await.map_err(outcome::of_store)?;
    Ok(())
}

pub(super) async fn put_index(
    pool: &PgPool,
    from: u64,
    to: u64,
    rows: &[IndexRow],
) -> Result<bool, StoreError> {
    // Whatever stands beyond the mark, nobody here put there; a line that is to stay is left.
    const PUT: &str = "
        WITH moved AS (
            UPDATE cursor SET indexed_to = $2 WHERE one = 1 AND indexed_to = $1 RETURNING 1
        ), line AS (
            SELECT * FROM unnest($3::smallint[], $4::text[], $5::bigint[])
                AS line (kind, value, position)
             WHERE EXISTS (SELECT 1 FROM moved)
        ), cleared AS (
            DELETE FROM entry_index
             WHERE EXISTS (SELECT 1 FROM moved) AND position >= $1 AND position < $2
               AND (kind, value, position) NOT IN (SELECT kind, value, position FROM line)
        ), added AS (
            INSERT INTO entry_index (kind, value, position)
            SELECT kind, value, position FROM line
            ON CONFLICT DO NOTHING
        )
        SELECT count(*) FROM moved";
    if to < from || rows.iter().any(|row| row.position < from || row.position >= to) {
        return Err(StoreError::Refused(format!("index lines outside {from}..{to}")));
    }
    let moved: i64 = sqlx::query_scalar(PUT)
        .bind(signed(from))
        .bind(signed(to))
        .bind(rows.iter().map(|row| row.kind).bind_iter())
        .bind(rows.iter().map(|row| &row.value[..]).bind_iter())
        .bind(rows.iter().map(|row| signed(row.position)).bind_iter())
        .fetch_one(pool)
        .await
        .map_err(outcome::of_store)?;
    Ok(moved == 1)
}

pub(super) async fn find_index(
    pool: &PgPool,
    kind: i16,
    value: &str,
    from: u64,
    max: u32,
) -> Result<Vec<u64>, StoreError> {
    const FIND: &str = "
        SELECT position FROM entry_index
         WHERE kind = $1 AND value = $2 AND position >= $3
           AND position < (SELECT indexed_to FROM cursor WHERE one = 1)
         ORDER BY position LIMIT $4";
    let found: Vec<i64> = sqlx::query_scalar(FIND)
        .bind(kind)
        .bind(value)
        .bind(signed(from))
        .bind(i64::from(max.min(READ_ROWS_MAX)))
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)?;
    found.into_iter().map(outcome::unsigned).collect()
}

pub(super) async fn index_rows(
    pool: &PgPool,
    from: u64,
    to: u64,
) -> Result<Vec<IndexRow>, StoreError> {
    const ROWS: &str = "
        SELECT kind, value, position FROM entry_index
         WHERE position >= $1 AND position < $2 ORDER BY position, kind, value";
    let rows = sqlx::query(ROWS)
        .bind(signed(from))
        .bind(signed(to))
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)?;
    let line = |row: &PgRow| {
        let field = |error| outcome::of_store(error);
        Ok(IndexRow {
            kind: row.try_get(0).map_err(field)?,
            value: row.try_get(1).map_err(field)?,
            position: outcome::unsigned(row.try_get(2).map_err(field)?)?,
        })
    };
    rows.iter().map(line).collect()
}
