//! The append: one immediate transaction, its rows in as few ways as possible to SQLite's thread
//! and back.
//!
//! Each such way costs more than what it carries for a batch of callers who wait, so what needs no
//! decision in between goes together: the transaction's begin with the first rows, the swap of the
//! head and the commit with the last.

use futures_util::StreamExt as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Either, Executor as _, SqliteConnection};

use super::lease::{self, columns, now};
use super::sql::placeholders;
use super::writer::{Writer, Writing};
use super::{bodies, outcome};
use crate::store::shape::{self, signed};
use crate::store::{AppendError, Batch, Head, Lease, Row};

/// Most rows of one statement. Each number of rows, private parts among them, has its own text,
/// prepared when it first comes up and found again while it is in the connection's cache.
const ROWS: usize = 64;

/// The head moves only from where the writer saw it, and only if every row is there and no other:
/// a table that swallows lines is no error to SQLite, and a private part that somebody put where
/// none belongs would make the entry there a tampered one. If it did not move, a second head row
/// is tried, which its table refuses, so that the commit behind is not reached.
const CLOSING: &str = concat!(
    " UPDATE head SET size = ?, leaf = ?, lease_until = ? + ",
    now!(),
    " WHERE one = 1 AND epoch = ? AND size = ? AND leaf = ?
         AND (SELECT count(*) FROM entry WHERE position BETWEEN ? AND ?) = ?
         AND (SELECT count(*) FROM private WHERE position BETWEEN ? AND ?) = ? RETURNING ",
    columns!(),
    "; INSERT OR ROLLBACK INTO head (one, epoch, size, leaf)
         SELECT 2, 0, 0, zeroblob(32) WHERE changes() <> 1; COMMIT"
);

pub(super) async fn append(
    writer: &Writer,
    lease: &Lease,
    at: &Head,
    batch: &Batch,
) -> Result<Head, AppendError> {
    shape::check(lease, at, batch).map_err(AppendError::Rejected)?;
    let undone = |error: sqlx::Error| outcome::before_commit(&error);
    let mut writing = Writing::unbegun(writer).await.map_err(undone)?;
    let mut begin = "BEGIN IMMEDIATE; ";
    if !batch.bodies.is_empty() {
        writing.begin_now().await.map_err(undone)?;
        begin = "";
        let failure = match bodies::move_uploads(writing.on(), &batch.bodies).await {
            Ok(missing) if missing.is_empty() => None,
            Ok(missing) => Some(AppendError::Rejected(shape::missing(&missing))),
            Err(error) => Some(undone(error)),
        };
        if let Some(failure) = failure {
            return Err(failed(writing, at, failure).await);
        }
    }
    let mut rows = &batch.rows[..];
    while rows.len() > ROWS {
        let (first, rest) = rows.split_at(ROWS);
        if let Err(error) = insert(writing.on(), begin, first).await {
            return Err(failed(writing, at, undone(error)).await);
        }
        (begin, rows) = ("", rest);
    }
    match close(writing.on(), begin, rows, (lease, at, batch)).await {
        Ok(head) => {
            writing.ended();
            Ok(head)
        }
        Err(Unclosed::AtCommit(error)) => Err(outcome::at_commit(&error)),
        Err(Unclosed::Before(error)) => {
            let why = if outcome::is_check(&error) { unmoved() } else { undone(error) };
            Err(failed(writing, at, why).await)
        }
    }
}

async fn insert(on: &mut SqliteConnection, begin: &str, rows: &[Row]) -> Result<(), sqlx::Error> {
    let text = format!("{begin}{}", inserts(rows));
    bound(sqlx::query(AssertSqlSafe(text)), rows).execute(on).await.map(|_| ())
}

enum Unclosed {
    Before(sqlx::Error),
    AtCommit(sqlx::Error),
}

/// The last rows, the swap of the head, the commit.
async fn close(
    on: &mut SqliteConnection,
    begin: &str,
    rows: &[Row],
    (lease, at, batch): (&Lease, &Head, &Batch),
) -> Result<Head, Unclosed> {
    let text = format!("{begin}{}{CLOSING}", inserts(rows));
    let [first, last] = [at.size, at.size + batch.rows.len() as u64 - 1].map(signed);
    let query = bound(sqlx::query(AssertSqlSafe(text)), rows)
        .bind(last + 1)
        .bind(batch.rows.last().map(|row| &row.leaf[..]))
        .bind(lease::micros(lease.ttl))
        .bind(signed(lease.epoch))
        .bind(first)
        .bind(&at.leaf[..])
        .bind(first)
        .bind(last)
        .bind(batch.rows.len() as i64)
        .bind(first)
        .bind(last)
        .bind(parts(&batch.rows).count() as i64);
    let mut answers = on.fetch_many(query);
    // The head's row is told when the swap is done; after it three statements end, the commit last.
    let (mut head, mut ended): (Option<SqliteRow>, u32) = (None, 0);
    while let Some(answer) = answers.next().await {
        match (answer, &head) {
            (Ok(Either::Right(row)), _) => head = Some(row),
            (Ok(Either::Left(_)), Some(_)) => ended += 1,
            (Ok(Either::Left(_)), None) => {}
            (Err(error), None) => return Err(Unclosed::Before(error)),
            (Err(error), Some(_)) => return Err(Unclosed::AtCommit(error)),
        }
    }
    let head = head.filter(|_| ended == 3);
    let head = head.ok_or_else(|| Unclosed::AtCommit(sqlx::Error::WorkerCrashed))?;
    lease::decode(&head).map_err(|error| Unclosed::AtCommit(sqlx::Error::Decode(error.into())))
}

fn parts(rows: &[Row]) -> impl Iterator<Item = (u64, &[u8; 32], &[u8])> {
    rows.iter().filter_map(|row| {
        let (salt, bytes) = row.private.as_ref()?;
        Some((row.position, salt, bytes.as_slice()))
    })
}

/// The statements that write rows. What they collide with ends the whole transaction: nobody goes
/// on with half of it.
fn inserts(rows: &[Row]) -> String {
    let mut text = format!(
        "INSERT OR ROLLBACK INTO entry (position, leaf, header, signature, facts, facts_salt,
                                        stream, version, command_key, command_index) VALUES {};",
        placeholders(rows.len(), 10)
    );
    let private = parts(rows).count();
    if private > 0 {
        text.push_str(" INSERT OR ROLLBACK INTO private (position, salt, bytes) VALUES ");
        text.push_str(&placeholders(private, 3));
        text.push(';');
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

fn unmoved() -> AppendError {
    let why = "the head did not move: it is gone, or lines were swallowed, or private parts lie \
               beyond the last entry";
    AppendError::Rejected(why.to_owned())
}

/// Nothing was committed. If the head is another's or elsewhere, that is the reason.
async fn failed(mut writing: Writing<'_>, at: &Head, otherwise: AppendError) -> AppendError {
    match lease::head(writing.on()).await {
        Ok(head) if head.epoch > at.epoch => AppendError::Fenced { epoch: head.epoch },
        Ok(head) if (head.epoch, head.size, head.leaf) != (at.epoch, at.size, at.leaf) => {
            AppendError::HeadMoved { size: head.size }
        }
        _ => otherwise,
    }
}
