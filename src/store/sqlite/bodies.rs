//! Uploads, bodies, and the index of their digests.

use std::collections::HashMap;
use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection, SqlitePool};

use super::lease::{self, now};
use super::outcome;
use super::sql::{fixed, pieces, placeholders};
use super::writer::{Writer, Writing};
use crate::store::{Body, BodyDigest, BodyPlace, BodyRef, READ_ROWS_MAX, StoreError};

pub(super) async fn put_uploads(writer: &Writer, bodies: &[Body]) -> Result<(), StoreError> {
    const UPLOAD: &str = "
        INSERT INTO upload (id, salt, bytes, sha256)
        SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM body WHERE id = ?1)
        ON CONFLICT (id) DO NOTHING";
    if bodies.is_empty() {
        return Ok(());
    }
    let digests: Vec<[u8; 32]> =
        bodies.iter().map(|body| Sha256::digest(&body.bytes).into()).collect();
    let mut writing = Writing::begin(writer).await.map_err(outcome::of_store)?;
    for (body, digest) in bodies.iter().zip(&digests) {
        sqlx::query(UPLOAD)
            .bind(&body.id[..])
            .bind(&body.salt[..])
            .bind(&body.bytes[..])
            .bind(&digest[..])
            .execute(writing.on())
            .await
            .map_err(outcome::of_store)?;
    }
    writing.commit().await.map_err(outcome::of_store)
}

/// Moves uploads into the evidence; answers which of them were not there.
pub(super) async fn move_uploads(
    on: &mut SqliteConnection,
    named: &[BodyRef],
) -> Result<Vec<[u8; 32]>, sqlx::Error> {
    const KEEP: &str =
        "INSERT INTO body (id, salt, bytes) SELECT id, salt, bytes FROM upload WHERE id = ?1";
    const INDEX: &str = "
        INSERT INTO body_digest (site, sha256, body)
        SELECT ?2, sha256, id FROM upload WHERE id = ?1
        ON CONFLICT (site, sha256) DO NOTHING";
    let mut missing = Vec::new();
    for BodyRef { id, site } in named {
        let id = &id[..];
        if sqlx::query(KEEP).bind(id).execute(&mut *on).await?.rows_affected() != 1 {
            missing.extend(<[u8; 32]>::try_from(id));
            continue;
        }
        sqlx::query(INDEX).bind(id).bind(&site[..]).execute(&mut *on).await?;
        sqlx::query("DELETE FROM upload WHERE id = ?1").bind(id).execute(&mut *on).await?;
    }
    Ok(missing)
}

pub(super) async fn find(
    pool: &SqlitePool,
    ids: &[[u8; 32]],
) -> Result<Vec<BodyPlace>, StoreError> {
    let mut found: HashMap<[u8; 32], BodyPlace> = HashMap::with_capacity(ids.len());
    for piece in pieces(ids.len()) {
        // One statement for both tables, so that a body cannot be moved between two looks.
        let text = format!(
            "WITH asked (id) AS (VALUES {})
             SELECT id, (SELECT length(bytes) FROM body WHERE body.id = asked.id),
                    (SELECT length(bytes) FROM upload WHERE upload.id = asked.id)
               FROM asked ORDER BY id",
            placeholders(piece.len(), 1)
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for id in &ids[piece] {
            query = query.bind(&id[..]);
        }
        for row in &query.fetch_all(pool).await.map_err(outcome::of_store)? {
            let kept: Option<i64> = row.try_get(1).map_err(outcome::of_store)?;
            let uploaded: Option<i64> = row.try_get(2).map_err(outcome::of_store)?;
            let place = match (kept, uploaded) {
                (Some(length), _) => BodyPlace::Kept(length.unsigned_abs()),
                (None, Some(length)) => BodyPlace::Uploaded(length.unsigned_abs()),
                (None, None) => BodyPlace::Missing,
            };
            found.insert(fixed(row, 0)?, place);
        }
    }
    let place = |id| found.get(id).copied().unwrap_or(BodyPlace::Missing);
    Ok(ids.iter().map(place).collect())
}

pub(super) async fn sweep_uploads(writer: &Writer, age: Duration) -> Result<u64, StoreError> {
    const SWEEP: &str = concat!("DELETE FROM upload WHERE uploaded_at < ", now!(), " - ?1");
    let mut writing = Writing::begin(writer).await.map_err(outcome::of_store)?;
    let done = sqlx::query(SWEEP)
        .bind(lease::micros(age))
        .execute(writing.on())
        .await
        .map_err(outcome::of_store)?;
    writing.commit().await.map_err(outcome::of_store)?;
    Ok(done.rows_affected())
}

pub(super) async fn bodies(pool: &SqlitePool, ids: &[[u8; 32]]) -> Result<Vec<Body>, StoreError> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut bodies = Vec::with_capacity(ids.len());
    for piece in pieces(ids.len()) {
        let list = placeholders(1, piece.len());
        let text = format!("SELECT id, salt, bytes FROM body WHERE id IN {list} ORDER BY id");
        let mut query = sqlx::query(AssertSqlSafe(text));
        for id in &ids[piece] {
            query = query.bind(&id[..]);
        }
        for row in &query.fetch_all(pool).await.map_err(outcome::of_store)? {
            bodies.push(Body {
                id: fixed(row, 0)?,
                salt: fixed(row, 1)?,
                bytes: row.try_get(2).map_err(outcome::of_store)?,
            });
        }
    }
    Ok(bodies)
}

pub(super) async fn body_ids(
    pool: &SqlitePool,
    after: Option<[u8; 32]>,
    max: u32,
) -> Result<Vec<[u8; 32]>, StoreError> {
    // Before the first is the empty blob.
    let rows = sqlx::query("SELECT id FROM body WHERE id > ?1 ORDER BY id LIMIT ?2")
        .bind(after.as_ref().map_or(&[][..], |id| &id[..]))
        .bind(i64::from(max.min(READ_ROWS_MAX)))
        .fetch_all(pool)
        .await
        .map_err(outcome::of_store)?;
    rows.iter().map(|row| fixed(row, 0)).collect()
}

pub(super) async fn body_digests(
    pool: &SqlitePool,
    site: [u8; 16],
    sha256: &[[u8; 32]],
) -> Result<Vec<BodyDigest>, StoreError> {
    let mut sha256 = sha256.to_vec();
    sha256.sort_unstable();
    sha256.dedup();
    let mut lines = Vec::with_capacity(sha256.len());
    for piece in pieces(sha256.len()) {
        let text = format!(
            "SELECT site, sha256, body FROM body_digest
              WHERE site = ? AND sha256 IN {} ORDER BY sha256",
            placeholders(1, piece.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(text)).bind(&site[..]);
        for digest in &sha256[piece] {
            query = query.bind(&digest[..]);
        }
        for row in &query.fetch_all(pool).await.map_err(outcome::of_store)? {
            lines.push(line(row)?);
        }
    }
    Ok(lines)
}

pub(super) async fn all_body_digests(
    pool: &SqlitePool,
    after: Option<([u8; 16], [u8; 32])>,
    max: u32,
) -> Result<Vec<BodyDigest>, StoreError> {
    const DIGESTS: &str = "
        SELECT site, sha256, body FROM body_digest
         WHERE (site, sha256) > (?1, ?2) ORDER BY site, sha256 LIMIT ?3";
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
    rows.iter().map(line).collect()
}

fn line(row: &SqliteRow) -> Result<BodyDigest, StoreError> {
    Ok(BodyDigest { site: fixed(row, 0)?, sha256: fixed(row, 1)?, body: fixed(row, 2)? })
}
