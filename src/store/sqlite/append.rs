//! The append: one immediate transaction, its rows in few prepared statements.

use std::sync::OnceLock;

use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};

use super::lease::{self, columns, now};
use super::sql::{Writing, placeholders};
use super::{bodies, outcome};
use crate::store::shape::{self, signed};
use crate::store::{AppendError, Batch, Head, Lease, Row, StoreError};

/// Most rows of one statement.
const ROWS: usize = 64;

/// An INSERT of any number of rows up to [`ROWS`]. A batch of callers who wait has some dozens of
/// rows, and every statement is a way to SQLite's thread and back: each length has its own text,
/// prepared when it first comes up.
struct Insert {
    begin: &'static str,
    columns: usize,
    texts: [OnceLock<String>; ROWS],
}

impl Insert {
    const fn new(begin: &'static str, columns: usize) -> Insert {
        Insert { begin, columns, texts: [const { OnceLock::new() }; ROWS] }
    }

    fn text(&'static self, rows: usize) -> &'static str {
        let make = || format!("{} VALUES {}", self.begin, placeholders(rows, self.columns));
        self.texts[rows - 1].get_or_init(make)
    }
}

static ENTRIES: Insert = Insert::new(
    "INSERT INTO entry (position, leaf, header, signature, facts, facts_salt,
                        stream, version, command_key, command_index)",
    10,
);

static PRIVATE: Insert = Insert::new("INSERT INTO private (position, salt, bytes)", 3);

pub(super) async fn append(
    pool: &SqlitePool,
    lease: &Lease,
    at: &Head,
    batch: &Batch,
) -> Result<Head, AppendError> {
    shape::check(lease, at, batch).map_err(AppendError::Rejected)?;
    let undone = |error: sqlx::Error| outcome::before_commit(&error);
    let mut writing = Writing::begin(pool).await.map_err(undone)?;
    let Some(head) = swap(writing.on(), lease, at, batch).await.map_err(undone)? else {
        return Err(lost(writing, lease).await);
    };
    let head = lease::decode(&head).map_err(|error| unread(&error))?;
    entries(writing.on(), &batch.rows).await.map_err(undone)?;
    private(writing.on(), &batch.rows).await.map_err(undone)?;
    if !batch.bodies.is_empty() {
        let missing = bodies::move_uploads(writing.on(), &batch.bodies).await.map_err(undone)?;
        if !missing.is_empty() {
            return Err(AppendError::Rejected(shape::missing(&missing)));
        }
    }
    writing.commit().await.map_err(|error| outcome::at_commit(&error))?;
    Ok(head)
}

fn unread(error: &StoreError) -> AppendError {
    AppendError::Retryable(error.to_string())
}

async fn swap(
    on: &mut SqliteConnection,
    lease: &Lease,
    at: &Head,
    batch: &Batch,
) -> Result<Option<SqliteRow>, sqlx::Error> {
    const SWAP: &str = concat!(
        "UPDATE head SET size = ?1, leaf = ?2, lease_until = ?3 + ",
        now!(),
        " WHERE one = 1 AND epoch = ?4 AND size = ?5 AND leaf = ?6 RETURNING ",
        columns!()
    );
    let last = batch.rows.last().expect("the shape was checked: a batch has entries");
    // All answers are awaited, not only the row, so that the statement has ended.
    let swapped = sqlx::query(SWAP)
        .bind(signed(last.position + 1))
        .bind(&last.leaf[..])
        .bind(lease::micros(lease.ttl))
        .bind(signed(lease.epoch))
        .bind(signed(at.size))
        .bind(&at.leaf[..])
        .fetch_all(on)
        .await?;
    Ok(swapped.into_iter().next())
}

/// Nothing was written, since the head was another's or elsewhere.
async fn lost(mut writing: Writing, lease: &Lease) -> AppendError {
    let found = lease::head(writing.on()).await;
    // A transaction that wrote nothing has nothing to undo; if this fails it is closed instead.
    let _ = writing.rollback().await;
    match found {
        Ok(head) if head.epoch > lease.epoch => AppendError::Fenced { epoch: head.epoch },
        Ok(head) => AppendError::HeadMoved { size: head.size },
        Err(error) => unread(&error),
    }
}

/// Every statement must have written all of its rows; one that did not is no error to SQLite.
fn counted(done: u64, wanted: usize) -> Result<(), sqlx::Error> {
    if usize::try_from(done) == Ok(wanted) {
        Ok(())
    } else {
        Err(sqlx::Error::Encode(format!("{done} lines written of {wanted}").into()))
    }
}

async fn entries(on: &mut SqliteConnection, rows: &[Row]) -> Result<(), sqlx::Error> {
    for rows in rows.chunks(ROWS) {
        let mut query = sqlx::query(ENTRIES.text(rows.len()));
        for row in rows {
            query = query
                .bind(signed(row.position))
                .bind(&row.leaf[..])
                .bind(&row.header[..])
                .bind(&row.signature[..])
                .bind(&row.facts[..])
                .bind(&row.facts_salt[..])
                .bind(&row.stream[..])
                .bind(signed(row.version))
                .bind(row.command_key.as_ref().map(|key| &key[..]))
                .bind(row.command_index);
        }
        counted(query.execute(&mut *on).await?.rows_affected(), rows.len())?;
    }
    Ok(())
}

async fn private(on: &mut SqliteConnection, rows: &[Row]) -> Result<(), sqlx::Error> {
    let parts: Vec<_> =
        rows.iter().filter_map(|row| Some((row.position, row.private.as_ref()?))).collect();
    // One that somebody put where none belongs would make the entry there a tampered one.
    const PARKED: &str = "SELECT count(*) FROM private WHERE position >= ?1 AND position <= ?2";
    let ends = rows.first().zip(rows.last());
    let (first, last) = ends.map_or((0, 0), |(first, last)| (first.position, last.position));
    let parked: i64 = sqlx::query_scalar(PARKED)
        .bind(signed(first))
        .bind(signed(last))
        .fetch_one(&mut *on)
        .await?;
    if parked > 0 {
        let text = "private parts lie beyond the last entry";
        return Err(sqlx::Error::Encode(text.into()));
    }
    for parts in parts.chunks(ROWS) {
        let mut query = sqlx::query(PRIVATE.text(parts.len()));
        for (position, (salt, bytes)) in parts {
            query = query.bind(signed(*position)).bind(&salt[..]).bind(&bytes[..]);
        }
        counted(query.execute(&mut *on).await?.rows_affected(), parts.len())?;
    }
    Ok(())
}
