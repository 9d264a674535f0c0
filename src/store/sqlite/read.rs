//! Reading entries.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqlitePool};

use super::outcome;
use super::sql::{fixed, pieces, placeholders, unsigned};
use crate::store::shape::signed;
use crate::store::{READ_ROWS_MAX, Row, StoreError};

/// Both parts by one statement and so of one moment; the join is a look-up by rowid.
macro_rules! entry_sql {
    ($rest:literal) => {
        concat!(
            "SELECT e.position, e.leaf, e.header, e.signature, e.facts, e.facts_salt,
                    e.stream, e.version, e.command_key, e.command_index, p.salt, p.bytes
               FROM entry e LEFT JOIN private p ON p.position = e.position ",
            $rest
        )
    };
}

pub(super) async fn read(pool: &SqlitePool, from: u64, max: u32) -> Result<Vec<Row>, StoreError> {
    const ENTRIES: &str = entry_sql!("WHERE e.position >= ?1 ORDER BY e.position LIMIT ?2");
    let found = sqlx::query(ENTRIES)
        .bind(signed(from))
        .bind(i64::from(max.min(READ_ROWS_MAX)))
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)?;
    found.iter().map(entry).collect()
}

pub(super) async fn read_at(pool: &SqlitePool, positions: &[u64]) -> Result<Vec<Row>, StoreError> {
    const ENTRIES: &str = entry_sql!("WHERE e.position IN ");
    let mut positions: Vec<i64> =
        positions.iter().filter_map(|position| i64::try_from(*position).ok()).collect();
    positions.sort_unstable();
    positions.dedup();
    let mut rows = Vec::with_capacity(positions.len());
    for piece in pieces(positions.len()) {
        let list = placeholders(1, piece.len());
        let text = format!("{ENTRIES}{list} ORDER BY e.position");
        let mut query = sqlx::query(AssertSqlSafe(text));
        for position in &positions[piece] {
            query = query.bind(*position);
        }
        for row in &query.fetch_all(pool).await.map_err(outcome::of_store)? {
            rows.push(entry(row)?);
        }
    }
    Ok(rows)
}

pub(super) async fn read_stream(
    pool: &SqlitePool,
    stream: &str,
    from_version: u64,
    max: u32,
) -> Result<Vec<Row>, StoreError> {
    const ENTRIES: &str =
        entry_sql!("WHERE e.stream = ?1 AND e.version >= ?2 ORDER BY e.version LIMIT ?3");
    let found = sqlx::query(ENTRIES)
        .bind(stream)
        .bind(signed(from_version))
        .bind(i64::from(max.min(READ_ROWS_MAX)))
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)?;
    found.iter().map(entry).collect()
}

pub(super) async fn read_commands(
    pool: &SqlitePool,
    keys: &[[u8; 16]],
) -> Result<Vec<Row>, StoreError> {
    const ENTRIES: &str = entry_sql!("WHERE e.command_key IN ");
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let mut rows = Vec::with_capacity(keys.len());
    for piece in pieces(keys.len()) {
        let list = placeholders(1, piece.len());
        let text = format!("{ENTRIES}{list} ORDER BY e.position");
        let mut query = sqlx::query(AssertSqlSafe(text));
        for key in &keys[piece] {
            query = query.bind(&key[..]);
        }
        for row in &query.fetch_all(pool).await.map_err(outcome::of_store)? {
            rows.push(entry(row)?);
        }
    }
    rows.sort_unstable_by_key(|row| row.position);
    Ok(rows)
}

fn entry(row: &SqliteRow) -> Result<Row, StoreError> {
    let field = |error| outcome::of_store(error);
    let key: Option<&[u8]> = row.try_get(8).map_err(field)?;
    let index: Option<i64> = row.try_get(9).map_err(field)?;
    let salt: Option<&[u8]> = row.try_get(10).map_err(field)?;
    Ok(Row {
        position: unsigned(row, 0)?,
        leaf: fixed(row, 1)?,
        header: row.try_get(2).map_err(field)?,
        signature: fixed(row, 3)?,
        facts: row.try_get(4).map_err(field)?,
        facts_salt: fixed(row, 5)?,
        private: match salt {
            Some(_) => Some((fixed(row, 10)?, row.try_get(11).map_err(field)?)),
            None => None,
        },
        stream: row.try_get(6).map_err(field)?,
        version: unsigned(row, 7)?,
        command_key: match key {
            Some(_) => Some(fixed(row, 8)?),
            None => None,
        },
        command_index: match index {
            Some(index) => Some(
                u32::try_from(index)
                    .map_err(|_| StoreError::Corrupt(format!("the index {index}")))?,
            ),
            None => None,
        },
    })
}
