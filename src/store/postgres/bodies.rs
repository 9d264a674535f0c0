//! Uploads, bodies, and the index of their digests.

use std::time::Duration;

use sqlx::postgres::{PgBindIterExt, PgRow};
use sqlx::{PgExecutor, PgPool, Row as _};

use super::{lease, outcome};
use crate::store::{Body, BodyDigest, BodyPlace, BodyRef, READ_ROWS_MAX, StoreError};

pub(super) async fn put_uploads(pool: &PgPool, bodies: &[Body]) -> Result<(), StoreError> {
    const UPLOAD: &str = "
        INSERT INTO upload (id, salt, bytes, sha256)
        SELECT id, salt, bytes, sha256(bytes)
          FROM unnest($1::bytea[], $2::bytea[], $3::bytea[]) AS given (id, salt, bytes)
         WHERE NOT EXISTS (SELECT 1 FROM body WHERE body.id = given.id)
        ON CONFLICT (id) DO NOTHING";
    if bodies.is_empty() {
        return Ok(());
    }
    sqlx::query(UPLOAD)
        .bind(bodies.iter().map(|body| &body.id[..]).bind_iter())
        .bind(bodies.iter().map(|body| &body.salt[..]).bind_iter())
        .bind(bodies.iter().map(|body| &body.bytes[..]).bind_iter())
        .execute(pool)
        .await
        .map(|_| ())
        .map_err(outcome::of_store)
}

pub(super) async fn find(pool: &PgPool, ids: &[[u8; 32]]) -> Result<Vec<BodyPlace>, StoreError> {
    const FIND: &str = "
        SELECT (SELECT octet_length(bytes) FROM body WHERE body.id = asked.id),
               (SELECT octet_length(bytes) FROM upload WHERE upload.id = asked.id)
          FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (id, place)
         ORDER BY place";
    let found: Vec<(Option<i32>, Option<i32>)> =
        sqlx::query_as(FIND).bind(ids).fetch_all(pool).await.map_err(outcome::of_store)?;
    let place = |lengths| match lengths {
        (Some(length), _) => BodyPlace::Kept(i32::unsigned_abs(length).into()),
        (None, Some(length)) => BodyPlace::Uploaded(i32::unsigned_abs(length).into()),
        (None, None) => BodyPlace::Missing,
    };
    Ok(found.into_iter().map(place).collect())
}

/// Which of these are no uploads, evidence or not.
pub(super) async fn not_uploaded(
    on: impl PgExecutor<'_>,
    named: &[BodyRef],
) -> Result<Vec<[u8; 32]>, StoreError> {
    const MISSING: &str = "
        SELECT id FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (id, place)
         WHERE NOT EXISTS (SELECT 1 FROM upload WHERE upload.id = asked.id)
         ORDER BY place";
    sqlx::query_scalar(MISSING)
        .bind(named.iter().map(|body| &body.id[..]).bind_iter())
        .fetch_all(on)
        .await
        .map_err(outcome::of_store)
}

pub(super) async fn sweep_uploads(pool: &PgPool, age: Duration) -> Result<u64, StoreError> {
    const SWEEP: &str = "
        DELETE FROM upload
         WHERE uploaded_at < clock_timestamp() - $1 * interval '1 microsecond'";
    sqlx::query(SWEEP)
        .bind(lease::micros(age))
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
        .map_err(outcome::of_store)
}

pub(super) async fn bodies(pool: &PgPool, ids: &[[u8; 32]]) -> Result<Vec<Body>, StoreError> {
    const BODIES: &str = "SELECT id, salt, bytes FROM body WHERE id = ANY($1) ORDER BY id";
    let rows = sqlx::query(BODIES).bind(ids).fetch_all(pool).await.map_err(outcome::of_store)?;
    let body = |row: &PgRow| {
        Ok(Body { id: row.try_get(0)?, salt: row.try_get(1)?, bytes: row.try_get(2)? })
    };
    rows.iter().map(body).collect::<Result<_, _>>().map_err(outcome::of_store)
}

pub(super) async fn body_ids(
    pool: &PgPool,
    after: Option<[u8; 32]>,
    max: u32,
) -> Result<Vec<[u8; 32]>, StoreError> {
    // Before the first is the empty string of bytes.
    const IDS: &str = "SELECT id FROM body WHERE id > $1 ORDER BY id LIMIT $2";
    sqlx::query_scalar(IDS)
        .bind(after.as_ref().map_or(&[][..], |id| &id[..]))
        .bind(i64::from(max.min(READ_ROWS_MAX)))
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)
}

pub(super) async fn body_digests(
    pool: &PgPool,
    site: [u8; 16],
    sha256: &[[u8; 32]],
) -> Result<Vec<BodyDigest>, StoreError> {
    const DIGESTS: &str = "
        SELECT site, sha256, body FROM body_digest
         WHERE site = $1 AND sha256 = ANY($2) ORDER BY site, sha256";
    let rows = sqlx::query(DIGESTS)
        .bind(&site[..])
        .bind(sha256)
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)?;
    digests(&rows)
}

pub(super) async fn all_body_digests(
    pool: &PgPool,
    after: Option<([u8; 16], [u8; 32])>,
    max: u32,
) -> Result<Vec<BodyDigest>, StoreError> {
    const DIGESTS: &str = "
        SELECT site, sha256, body FROM body_digest
         WHERE (site, sha256) > ($1, $2) ORDER BY site, sha256 LIMIT $3";
    let (site, sha256) = match &after {
        Some((site, sha256)) => (&site[..], &sha256[..]),
        None => (&[][..], &[][..]),
    };
    let rows = sqlx::query(DIGESTS)
        .bind(site)
        .bind(sha256)
        .bind(i64::from(max.min(READ_ROWS_MAX)))
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)?;
    digests(&rows)
}

fn digests(rows: &[PgRow]) -> Result<Vec<BodyDigest>, StoreError> {
    let line = |row: &PgRow| {
        Ok(BodyDigest { site: row.try_get(0)?, sha256: row.try_get(1)?, body: row.try_get(2)? })
    };
    rows.iter().map(line).collect::<Result<_, _>>().map_err(outcome::of_store)
}
