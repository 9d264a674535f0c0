//! The append: one immediate transaction, its rows in few ways to SQLite's thread and back.
//!
//! Each such way costs more than what it carries for a batch of callers who wait, so statements
//! that need no decision between them go together: those of the swap with the first rows, then
//! the rest of the rows, then the commit.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection, SqlitePool};

use super::lease::{self, columns, now};
use super::sql::{Writing, placeholders};
use super::{bodies, outcome};
use crate::store::shape::{self, signed};
use crate::store::{AppendError, Batch, Head, Lease, Row, StoreError};

/// Most rows of one statement. Each number of rows has its own text, prepared when it first comes
/// up and found again.
const ROWS: usize = 64;

/// A private part that somebody put where none belongs would make the entry there a tampered one:
/// they are counted before any is written.
const OPENING: &str = concat!(
    "BEGIN IMMEDIATE; UPDATE head SET size = ?, leaf = ?, lease_until = ? + ",
    now!(),
    " WHERE one = 1 AND epoch = ? AND size = ? AND leaf = ? RETURNING ",
    columns!(),
    "; SELECT count(*) FROM private WHERE position >= ? AND position <= ?; "
);

pub(super) async fn append(
    pool: &SqlitePool,
    lease: &Lease,
    at: &Head,
    batch: &Batch,
) -> Result<Head, AppendError> {
    shape::check(lease, at, batch).map_err(AppendError::Rejected)?;
    let undone = |error: sqlx::Error| outcome::before_commit(&error);
    let mut writing = Writing::unbegun(pool).await.map_err(undone)?;
    let last = batch.rows.last().expect("the shape was checked: a batch has entries");
    let (first, rest) = batch.rows.split_at(batch.rows.len().min(ROWS));
    let opened = match open(writing.on(), lease, at, last, first).await {
        Ok(opened) => opened,
        Err(error) => return Err(failed(writing, at, last, &error).await),
    };
    let Some(head) = opened else { return Err(lost(writing, lease).await) };
    for rows in rest.chunks(ROWS) {
        insert(writing.on(), rows).await.map_err(undone)?;
    }
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

/// Begin, swap the head, write the first rows. `None`: the head was another's or elsewhere.
async fn open(
    on: &mut SqliteConnection,
    lease: &Lease,
    at: &Head,
    last: &Row,
    rows: &[Row],
) -> Result<Option<Head>, sqlx::Error> {
    let text = format!("{OPENING}{}", inserts(rows));
    let query = sqlx::query(AssertSqlSafe(text))
        .bind(signed(last.position + 1))
        .bind(&last.leaf[..])
        .bind(lease::micros(lease.ttl))
        .bind(signed(lease.epoch))
        .bind(signed(at.size))
        .bind(&at.leaf[..])
        .bind(signed(at.size))
        .bind(signed(last.position));
    let told = bound(query, rows).fetch_all(on).await?;
    // The head's row is there only if it was swapped; the counts always are.
    let Some((head, counts)) = told.split_first().filter(|(head, _)| head.len() > 1) else {
        return Ok(None);
    };
    let head = lease::decode(head).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let Some((parked, counts)) = counts.split_first() else { return Err(uncounted()) };
    if parked.try_get::<i64, _>(0)? > 0 {
        let text = "private parts lie beyond the last entry";
        return Err(sqlx::Error::Encode(text.into()));
    }
    counted(counts, rows)?;
    Ok(Some(head))
}

async fn insert(on: &mut SqliteConnection, rows: &[Row]) -> Result<(), sqlx::Error> {
    let query = sqlx::query(AssertSqlSafe(inserts(rows)));
    counted(&bound(query, rows).fetch_all(on).await?, rows)
}

fn parts(rows: &[Row]) -> impl Iterator<Item = (u64, &[u8; 32], &[u8])> {
    rows.iter().filter_map(|row| {
        let (salt, bytes) = row.private.as_ref()?;
        Some((row.position, salt, bytes.as_slice()))
    })
}

/// The statements that write rows, each followed by the number it wrote.
fn inserts(rows: &[Row]) -> String {
    let mut text = format!(
        "INSERT INTO entry (position, leaf, header, signature, facts, facts_salt,
                            stream, version, command_key, command_index) VALUES {};
         SELECT changes();",
        placeholders(rows.len(), 10)
    );
    let private = parts(rows).count();
    if private > 0 {
        text.push_str(" INSERT INTO private (position, salt, bytes) VALUES ");
        text.push_str(&placeholders(private, 3));
        text.push_str("; SELECT changes();");
    }
    text
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bound<'q>(mut query: Query<'q>, rows: &'q [Row]) -> Query<'q> {
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
    for (position, salt, bytes) in parts(rows) {
        query = query.bind(signed(position)).bind(&salt[..]).bind(bytes);
    }
    query
}

/// Every statement must have written all of its rows; one that did not is no error to SQLite.
fn counted(counts: &[SqliteRow], rows: &[Row]) -> Result<(), sqlx::Error> {
    let private = parts(rows).count();
    let wanted = [rows.len(), private];
    let wanted = &wanted[..1 + usize::from(private > 0)];
    let done =
        counts.iter().map(|count| count.try_get::<i64, _>(0)).collect::<Result<Vec<_>, _>>()?;
    let same = |(done, wanted): (&i64, &usize)| usize::try_from(*done) == Ok(*wanted);
    if done.len() == wanted.len() && done.iter().zip(wanted).all(same) {
        Ok(())
    } else {
        Err(uncounted())
    }
}

fn uncounted() -> sqlx::Error {
    sqlx::Error::Encode("lines were swallowed".into())
}

/// An error before the commit. Where the head had moved the rows could not but collide: then that
/// is the reason.
async fn failed(mut writing: Writing, at: &Head, last: &Row, error: &sqlx::Error) -> AppendError {
    let here = (at.epoch, at.size, at.leaf);
    let there = (at.epoch, last.position + 1, last.leaf);
    match lease::head(writing.on()).await {
        Ok(head) if head.epoch > at.epoch => AppendError::Fenced { epoch: head.epoch },
        Ok(head) if ![here, there].contains(&(head.epoch, head.size, head.leaf)) => {
            AppendError::HeadMoved { size: head.size }
        }
        _ => outcome::before_commit(error),
    }
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
