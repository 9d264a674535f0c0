//! Reading entries.
//!
//! The private parts are fetched by a second statement over the same positions rather than by a
//! join: a join with a partitioned table is planned over all its partitions. An append writes
//! both in one transaction, so whoever sees the entry sees its private part a moment later, too.

use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row as _};

use super::outcome;
use crate::store::shape::signed;
use crate::store::{READ_ROWS_MAX, Row, StoreError};

macro_rules! entry_sql {
    ($rest:literal) => {
        concat!(
            "SELECT position, leaf, header, signature, facts, facts_salt,
                    stream, version, command_key, command_index FROM entry ",
            $rest
        )
    };
}

pub(super) async fn read(pool: &PgPool, from: u64, max: u32) -> Result<Vec<Row>, StoreError> {
    const ENTRIES: &str = entry_sql!("WHERE position >= $1 ORDER BY position LIMIT $2");
    const PRIVATE: &str = "
        SELECT position, salt, bytes FROM private
         WHERE position >= $1 AND position <= $2 ORDER BY position";
    let found = sqlx::query(ENTRIES)
        .bind(signed(from))
        .bind(i64::from(max.min(READ_ROWS_MAX)))
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)?;
    let mut rows = decode(&found)?;
    if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
        let private = sqlx::query(PRIVATE)
            .bind(signed(first.position))
            .bind(signed(last.position))
            .fetch_all(pool)
            .await
            .map_err(outcome::of_store)?;
        join(&mut rows, &private)?;
    }
    Ok(rows)
}

pub(super) async fn read_at(pool: &PgPool, positions: &[u64]) -> Result<Vec<Row>, StoreError> {
    const ENTRIES: &str = entry_sql!("WHERE position = ANY($1) ORDER BY position");
    let positions: Vec<i64> = positions.iter().filter_map(|p| i64::try_from(*p).ok()).collect();
    let found =
        sqlx::query(ENTRIES).bind(positions).fetch_all(pool).await.map_err(outcome::of_store)?;
    with_private(pool, decode(&found)?).await
}

pub(super) async fn read_stream(
    pool: &PgPool,
    stream: &str,
    from_version: u64,
    max: u32,
) -> Result<Vec<Row>, StoreError> {
    const ENTRIES: &str =
        entry_sql!("WHERE stream = $1 AND version >= $2 ORDER BY version LIMIT $3");
    let found = sqlx::query(ENTRIES)
        .bind(stream)
        .bind(signed(from_version))
        .bind(i64::from(max.min(READ_ROWS_MAX)))
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)?;
    with_private(pool, decode(&found)?).await
}

pub(super) async fn read_commands(
    pool: &PgPool,
    keys: &[[u8; 16]],
) -> Result<Vec<Row>, StoreError> {
    const ENTRIES: &str = entry_sql!("WHERE command_key = ANY($1) ORDER BY position");
    let found = sqlx::query(ENTRIES).bind(keys).fetch_all(pool).await.map_err(outcome::of_store)?;
    with_private(pool, decode(&found)?).await
}

/// For entries that do not lie side by side.
async fn with_private(pool: &PgPool, mut rows: Vec<Row>) -> Result<Vec<Row>, StoreError> {
    const PRIVATE: &str = "
        SELECT position, salt, bytes FROM private WHERE position = ANY($1) ORDER BY position";
    if rows.is_empty() {
        return Ok(rows);
    }
    let positions: Vec<i64> = rows.iter().map(|row| signed(row.position)).collect();
    let private =
        sqlx::query(PRIVATE).bind(positions).fetch_all(pool).await.map_err(outcome::of_store)?;
    // Ascending in position also within a stream: its versions rise with the positions, or the
    // ledger is broken; then a part that finds no entry is left to the verifier to miss.
    join(&mut rows, &private)?;
    Ok(rows)
}

fn join(rows: &mut [Row], private: &[PgRow]) -> Result<(), StoreError> {
    let mut parts = private.iter().map(part).peekable();
    for row in rows {
        while let Some(part) = parts.next_if(|part| match part {
            Ok((position, ..)) => *position <= row.position,
            Err(_) => true,
        }) {
            let (position, salt, bytes) = part?;
            if position == row.position {
                row.private = Some((salt, bytes));
            }
        }
    }
    Ok(())
}

fn part(row: &PgRow) -> Result<(u64, [u8; 32], Vec<u8>), StoreError> {
    let field = |error| outcome::of_store(error);
    Ok((
        outcome::unsigned(row.try_get(0).map_err(field)?)?,
        row.try_get(1).map_err(field)?,
        row.try_get(2).map_err(field)?,
    ))
}

fn decode(found: &[PgRow]) -> Result<Vec<Row>, StoreError> {
    found.iter().map(entry).collect()
}

fn entry(row: &PgRow) -> Result<Row, StoreError> {
    let field = |error| outcome::of_store(error);
    let index: Option<i32> = row.try_get(9).map_err(field)?;
    Ok(Row {
        position: outcome::unsigned(row.try_get(0).map_err(field)?)?,
        leaf: row.try_get(1).map_err(field)?,
        header: row.try_get(2).map_err(field)?,
        signature: row.try_get(3).map_err(field)?,
        facts: row.try_get(4).map_err(field)?,
        facts_salt: row.try_get(5).map_err(field)?,
        private: None,
        stream: row.try_get(6).map_err(field)?,
        version: outcome::unsigned(row.try_get(7).map_err(field)?)?,
        command_key: row.try_get(8).map_err(field)?,
        command_index: match index {
            Some(index) => Some(
                u32::try_from(index)
                    .map_err(|_| StoreError::Corrupt(format!("the index {index}")))?,
            ),
            None => None,
        },
    })
}
