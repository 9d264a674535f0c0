//! The head row: read, take, keep, give back.

use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, PgPool, Row as _};

use super::outcome;
use crate::store::shape::signed;
use crate::store::{AcquireError, Head, Lease, StoreError};

const HEAD: &str = "
    SELECT epoch, size, leaf, holder,
           coalesce((extract(epoch FROM lease_until - clock_timestamp()) * 1000000)::bigint, 0),
           (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
      FROM head WHERE one = 1";

pub(super) fn micros(ttl: Duration) -> i64 {
    // A century and a bit is the most that a timestamp plus this can be sure to hold.
    i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX).min(4_000_000_000_000_000)
}

pub(super) fn decode(row: &PgRow) -> Result<Head, StoreError> {
    let field = |error| outcome::of_store(error);
    Ok(Head {
        epoch: outcome::unsigned(row.try_get(0).map_err(field)?)?,
        size: outcome::unsigned(row.try_get(1).map_err(field)?)?,
        leaf: row.try_get(2).map_err(field)?,
        holder: row.try_get(3).map_err(field)?,
        lease_left_micros: row.try_get(4).map_err(field)?,
        clock_micros: Some(row.try_get(5).map_err(field)?),
    })
}

pub(super) async fn head(on: impl PgExecutor<'_>) -> Result<Head, StoreError> {
    match sqlx::query(HEAD).fetch_optional(on).await.map_err(outcome::of_store)? {
        Some(row) => decode(&row),
        None => Err(StoreError::Corrupt("the head row is gone".into())),
    }
}

async fn held(pool: &PgPool) -> AcquireError {
    match head(pool).await {
        Ok(head) => AcquireError::Held {
            holder: head.holder.unwrap_or_else(|| "nobody".into()),
            epoch: head.epoch,
            left_millis: head.lease_left_micros / 1000,
        },
        Err(error) => error.into(),
    }
}

pub(super) async fn acquire(
    pool: &PgPool,
    holder: &str,
    ttl: Duration,
    floor: u64,
    force: bool,
) -> Result<Lease, AcquireError> {
    const ACQUIRE: &str = "
        UPDATE head
           SET epoch = greatest(epoch, $1) + 1, holder = $2,
               lease_until = clock_timestamp() + $3 * interval '1 microsecond'
         WHERE one = 1
           AND (holder IS NULL OR holder = $2 OR lease_until IS NULL
                OR lease_until <= clock_timestamp() OR $4)
        RETURNING epoch";
    let epoch: Option<i64> = sqlx::query_scalar(ACQUIRE)
        .bind(signed(floor))
        .bind(holder)
        .bind(micros(ttl))
        .bind(force)
        .fetch_optional(pool)
        .await
        .map_err(outcome::of_store)?;
    match epoch {
        Some(epoch) => {
            Ok(Lease { holder: holder.to_owned(), epoch: outcome::unsigned(epoch)?, ttl })
        }
        None => Err(held(pool).await),
    }
}

pub(super) async fn renew(pool: &PgPool, lease: &Lease) -> Result<(), AcquireError> {
    const RENEW: &str = "
        UPDATE head SET lease_until = clock_timestamp() + $3 * interval '1 microsecond'
         WHERE one = 1 AND holder = $1 AND epoch = $2";
    let done = sqlx::query(RENEW)
        .bind(&lease.holder)
        .bind(signed(lease.epoch))
        .bind(micros(lease.ttl))
        .execute(pool)
        .await
        .map_err(outcome::of_store)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(held(pool).await) }
}

pub(super) async fn release(pool: &PgPool, lease: &Lease) -> Result<(), StoreError> {
    const RELEASE: &str = "
        UPDATE head SET holder = NULL, lease_until = NULL
         WHERE one = 1 AND holder = $1 AND epoch = $2";
    sqlx::query(RELEASE)
        .bind(&lease.holder)
        .bind(signed(lease.epoch))
        .execute(pool)
        .await
        .map(|_| ())
        .map_err(outcome::of_store)
}
