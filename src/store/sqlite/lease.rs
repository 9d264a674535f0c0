//! The head row: read, take, keep, give back.

use std::time::Duration;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteExecutor};

use super::outcome;
use super::sql::{fixed, unsigned};
use super::writer::{Writer, Writing};
use crate::store::shape::signed;
use crate::store::{AcquireError, Head, Lease, StoreError};

/// Unix microseconds by this host's clock, of which there is only one: the file is local.
macro_rules! now {
    () => {
        "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
    };
}
pub(super) use now;

/// What [`decode`] reads.
macro_rules! columns {
    () => {
        concat!("epoch, size, leaf, holder, coalesce(lease_until - ", now!(), ", 0)")
    };
}
pub(super) use columns;

const HEAD: &str = concat!("SELECT ", columns!(), " FROM head WHERE one = 1");

pub(super) fn micros(ttl: Duration) -> i64 {
    // A century and a bit, so that a sum with the clock cannot overflow.
    i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX).min(4_000_000_000_000_000)
}

pub(super) fn decode(row: &SqliteRow) -> Result<Head, StoreError> {
    Ok(Head {
        epoch: unsigned(row, 0)?,
        size: unsigned(row, 1)?,
        leaf: fixed(row, 2)?,
        holder: row.try_get(3).map_err(outcome::of_store)?,
        lease_left_micros: row.try_get(4).map_err(outcome::of_store)?,
        clock_micros: None,
    })
}

pub(super) async fn head(on: impl SqliteExecutor<'_>) -> Result<Head, StoreError> {
    match sqlx::query(HEAD).fetch_optional(on).await.map_err(outcome::of_store)? {
        Some(row) => decode(&row),
        None => Err(StoreError::Corrupt("the head row is gone".into())),
    }
}

/// Nothing changed: say who holds it, and leave the transaction.
async fn held(mut writing: Writing<'_>) -> AcquireError {
    let found = head(writing.on()).await;
    // A transaction that wrote nothing has nothing to undo; if this fails it is closed instead.
    let _ = writing.rollback().await;
    match found {
        Ok(head) => AcquireError::Held {
            holder: head.holder.unwrap_or_else(|| "nobody".into()),
            epoch: head.epoch,
            left_millis: head.lease_left_micros / 1000,
        },
        Err(error) => error.into(),
    }
}

pub(super) async fn acquire(
    writer: &Writer,
    holder: &str,
    ttl: Duration,
    floor: u64,
    force: bool,
) -> Result<Lease, AcquireError> {
    const ACQUIRE: &str = concat!(
        "UPDATE head SET epoch = max(epoch, ?1) + 1, holder = ?2, lease_until = ?3 + ",
        now!(),
        " WHERE one = 1 AND (holder IS NULL OR holder = ?2 OR lease_until IS NULL
             OR lease_until <= ",
        now!(),
        " OR ?4) RETURNING epoch"
    );
    let mut writing = Writing::begin(writer).await.map_err(outcome::of_store)?;
    let taken = sqlx::query(ACQUIRE)
        .bind(signed(floor))
        .bind(holder)
        .bind(micros(ttl))
        .bind(force)
        .fetch_all(writing.on())
        .await
        .map_err(outcome::of_store)?;
    match taken.first() {
        Some(row) => {
            let epoch = unsigned(row, 0)?;
            writing.commit().await.map_err(outcome::of_store)?;
            Ok(Lease { holder: holder.to_owned(), epoch, ttl })
        }
        None => Err(held(writing).await),
    }
}

pub(super) async fn renew(writer: &Writer, lease: &Lease) -> Result<(), AcquireError> {
    const RENEW: &str = concat!(
        "UPDATE head SET lease_until = ?3 + ",
        now!(),
        " WHERE one = 1 AND holder = ?1 AND epoch = ?2"
    );
    let mut writing = Writing::begin(writer).await.map_err(outcome::of_store)?;
    let done = sqlx::query(RENEW)
        .bind(&lease.holder)
        .bind(signed(lease.epoch))
        .bind(micros(lease.ttl))
        .execute(writing.on())
        .await
        .map_err(outcome::of_store)?;
    if done.rows_affected() != 1 {
        return Err(held(writing).await);
    }
    Ok(writing.commit().await.map_err(outcome::of_store)?)
}

pub(super) async fn release(writer: &Writer, lease: &Lease) -> Result<(), StoreError> {
    const RELEASE: &str = "
        UPDATE head SET holder = NULL, lease_until = NULL
         WHERE one = 1 AND holder = ?1 AND epoch = ?2";
    let mut writing = Writing::begin(writer).await.map_err(outcome::of_store)?;
    sqlx::query(RELEASE)
        .bind(&lease.holder)
        .bind(signed(lease.epoch))
        .execute(writing.on())
        .await
        .map_err(outcome::of_store)?;
    writing.commit().await.map_err(outcome::of_store)
}
