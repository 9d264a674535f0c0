//! The append: one statement, one round trip, one flush.

use std::time::Duration;

use sqlx::postgres::{PgArguments, PgBindIterExt, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, PgPool, Postgres};

use super::{bodies, lease, outcome};
use crate::store::shape::{self, signed};
use crate::store::{AppendError, Batch, BodyRef, Head, Lease, StoreError};

/// After this the statement is given up and its outcome unknown; the connection is closed, so
/// that no later answer can be taken for another's.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The swap comes first and everything else asks whether it happened: a concurrent swap makes the
/// server judge the condition again on the new row, and then nothing is inserted at all. The count
/// at the end can still undo the whole, since the statement is the transaction. A private part that
/// somebody put where none belongs would make the entry there one that was tampered with.
macro_rules! append_sql {
    ($($bodies:literal, $counted:literal)?) => {
        concat!(
            "WITH h AS (
                UPDATE head
                   SET size = $1, leaf = $2,
                       lease_until = clock_timestamp() + $3 * interval '1 microsecond'
                 WHERE one = 1 AND epoch = $4 AND size = $5 AND leaf = $6
                RETURNING epoch, size, leaf, holder, lease_until
            ), e AS (
                INSERT INTO entry (position, leaf, header, signature, facts, facts_salt,
                                   stream, version, command_key, command_index)
                SELECT * FROM unnest($7::bigint[], $8::bytea[], $9::bytea[], $10::bytea[],
                                     $11::bytea[], $12::bytea[], $13::text[], $14::bigint[],
                                     $15::bytea[], $16::integer[])
                 WHERE EXISTS (SELECT 1 FROM h)
                RETURNING 1
            ), p AS (
                INSERT INTO private (position, salt, bytes)
                SELECT * FROM unnest($17::bigint[], $18::bytea[], $19::bytea[])
                 WHERE EXISTS (SELECT 1 FROM h)
                RETURNING 1
            )",
            $($bodies,)?
            "SELECT h.epoch, h.size, h.leaf, h.holder,
                    coalesce((extract(epoch FROM h.lease_until - clock_timestamp())
                              * 1000000)::bigint, 0),
                    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
                    CASE WHEN (SELECT count(*) FROM e) <> cardinality($7)
                           OR (SELECT count(*) FROM p) <> cardinality($17)
                         THEN annals_refuse('annals: lines were swallowed')
                         WHEN EXISTS (SELECT 1 FROM private
                                       WHERE position >= $5 AND position < $1)
                         THEN annals_refuse('annals: private parts lie beyond the last entry')",
            $($counted,)?
            "            ELSE 0 END
               FROM h"
        )
    };
}

const APPEND: &str = append_sql!();
const APPEND_WITH_BODIES: &str = append_sql!(
    ", m AS (
        DELETE FROM upload u USING unnest($20::bytea[], $21::bytea[]) AS named (id, site)
         WHERE u.id = named.id AND EXISTS (SELECT 1 FROM h)
        RETURNING u.id, u.salt, u.bytes, u.sha256, named.site
    ), b AS (
        INSERT INTO body (id, salt, bytes) SELECT id, salt, bytes FROM m RETURNING 1
    ), d AS (
        INSERT INTO body_digest (site, sha256, body) SELECT site, sha256, id FROM m
        ON CONFLICT (site, sha256) DO NOTHING
    )",
    "                    WHEN (SELECT count(*) FROM b) <> cardinality($20)
                         THEN annals_refuse('annals: bodies are missing')"
);

pub(super) async fn append(
    pool: &PgPool,
    lease: &Lease,
    at: &Head,
    batch: &Batch,
) -> Result<Head, AppendError> {
    shape::check(lease, at, batch).map_err(AppendError::Rejected)?;
    let mut connection =
        pool.acquire().await.map_err(|error| AppendError::Retryable(error.to_string()))?;
    // All answers are awaited, not only the row: the commit comes after it.
    let answer = async {
        match statement(lease, at, batch).fetch_all(&mut *connection).await {
            Ok(rows) => match rows.first() {
                Some(row) => committed(row),
                None => Err(lost(&mut connection, lease, at).await),
            },
            Err(error) => Err(failed(&mut connection, &error, &batch.bodies).await),
        }
    };
    let outcome = tokio::time::timeout(TIMEOUT, answer).await;
    let outcome = outcome.unwrap_or_else(|_| Err(AppendError::Unknown("no answer in time".into())));
    if matches!(outcome, Err(AppendError::Unknown(_))) {
        connection.close_on_drop();
    }
    outcome
}

fn committed(row: &PgRow) -> Result<Head, AppendError> {
    lease::decode(row).map_err(|error| AppendError::Unknown(error.to_string()))
}

fn statement<'q>(
    lease: &'q Lease,
    at: &'q Head,
    batch: &'q Batch,
) -> Query<'q, Postgres, PgArguments> {
    let rows = &batch.rows;
    let last = rows.last().expect("the shape was checked: a batch has entries");
    let private = || rows.iter().filter_map(|row| Some((row.position, row.private.as_ref()?)));
    let sql = if batch.bodies.is_empty() { APPEND } else { APPEND_WITH_BODIES };
    let query = sqlx::query(sql)
        .bind(signed(last.position + 1))
        .bind(&last.leaf[..])
        .bind(lease::micros(lease.ttl))
        .bind(signed(lease.epoch))
        .bind(signed(at.size))
        .bind(&at.leaf[..])
        .bind(rows.iter().map(|row| signed(row.position)).bind_iter())
        .bind(rows.iter().map(|row| &row.leaf[..]).bind_iter())
        .bind(rows.iter().map(|row| &row.header[..]).bind_iter())
        .bind(rows.iter().map(|row| &row.signature[..]).bind_iter())
        .bind(rows.iter().map(|row| &row.facts[..]).bind_iter())
        .bind(rows.iter().map(|row| &row.facts_salt[..]).bind_iter())
        .bind(rows.iter().map(|row| &row.stream[..]).bind_iter())
        .bind(rows.iter().map(|row| signed(row.version)).bind_iter())
        .bind(rows.iter().map(|row| row.command_key.as_ref().map(|key| &key[..])).bind_iter())
        .bind(rows.iter().map(|row| row.command_index.map(index)).bind_iter())
        .bind(private().map(|(position, _)| signed(position)).bind_iter())
        .bind(private().map(|(_, (salt, _))| &salt[..]).bind_iter())
        .bind(private().map(|(_, (_, bytes))| &bytes[..]).bind_iter());
    if batch.bodies.is_empty() {
        return query;
    }
    query
        .bind(batch.bodies.iter().map(|body| &body.id[..]).bind_iter())
        .bind(batch.bodies.iter().map(|body| &body.site[..]).bind_iter())
}

fn index(value: u32) -> i32 {
    i32::try_from(value).expect("the shape was checked: it fits")
}

/// Nothing was written, since the head was another's or elsewhere.
async fn lost(connection: &mut PgConnection, lease: &Lease, at: &Head) -> AppendError {
    match lease::head(connection).await {
        Ok(head) if head.epoch > lease.epoch => AppendError::Fenced { epoch: head.epoch },
        Ok(head) if (head.epoch, head.size, head.leaf) == (at.epoch, at.size, at.leaf) => {
            AppendError::Retryable("the head was back when it was looked at again".into())
        }
        Ok(head) => AppendError::HeadMoved { size: head.size },
        Err(error) => AppendError::Retryable(format!("the head has moved; then {error}")),
    }
}

async fn failed(
    connection: &mut PgConnection,
    error: &sqlx::Error,
    named: &[BodyRef],
) -> AppendError {
    if outcome::state(error) == Some(outcome::REFUSED) && !named.is_empty() {
        return match bodies::not_uploaded(connection, named).await {
            Ok(ids) if !ids.is_empty() => AppendError::Rejected(shape::missing(&ids)),
            // Refused for another reason, unless it said so: then they came in between.
            Ok(_) if !outcome::is_missing_bodies(error) => outcome::of_append(error),
            Ok(_) => AppendError::Retryable("a body was missing and is there now".into()),
            Err(StoreError::Unavailable(text)) => AppendError::Retryable(text),
            Err(other) => AppendError::Rejected(format!("{error}; then {other}")),
        };
    }
    outcome::of_append(error)
}
