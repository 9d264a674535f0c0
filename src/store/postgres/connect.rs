//! Connections, the schema's check, and what this role may do.

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool, Row as _};

use super::outcome;
use crate::store::StoreError;

/// Readers, uploads, derived tables.
pub(super) const SIDE_CONNECTIONS: u32 = 8;

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection idle for longer is asked whether it still lives before it is used; a busy one is
/// not, for that would be a second round trip for each append.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// What a URL may say behind its question mark.
const PARAMETERS: [&str; 11] = [
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "options",
];

static MIGRATOR: Migrator = sqlx::migrate!("migrations/postgres");

/// Plans are made once: planning an append anew would copy all its bytes into the plan, and
/// just-in-time compilation never pays for statements this short. The isolation is what the
/// compare-and-swap is written for. A commit that is not on disk when it answers would break the
/// store's first promise, so `off` is the one setting of durability that is not left as found.
const SESSION: &str = "
    SET plan_cache_mode = force_generic_plan;
    SET jit = off;
    SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;
    SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') = 'off'";

pub(super) fn options(url: &str) -> Result<PgConnectOptions, String> {
    // The library repeats what it does not understand, and that may be a password in a wrong place.
    let wrong = |what: &str| {
        let form = "postgres://USER:PASSWORD@HOST:PORT/DATABASE?host=FOLDER&sslmode=MODE";
        format!("{what}; the form is {form}")
    };
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mut names = query.split('&').filter_map(|pair| pair.split('=').next());
    if names.any(|name| !name.is_empty() && !PARAMETERS.contains(&name)) {
        return Err(wrong("the URL has a parameter that is not known"));
    }
    PgConnectOptions::from_str(url)
        .map(|options| options.application_name("annals"))
        .map_err(|_| wrong("the URL is not understood"))
}

/// One connection, or why there is none.
pub(super) async fn first(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    match tokio::time::timeout(ACQUIRE_TIMEOUT, PgConnection::connect_with(options)).await {
        Ok(connected) => connected.map_err(outcome::of_store),
        Err(_) => {
            let within = ACQUIRE_TIMEOUT.as_secs();
            Err(StoreError::Unavailable(format!("no connection within {within} s")))
        }
    }
}

pub(super) async fn pool(options: PgConnectOptions, most: u32) -> Result<PgPool, StoreError> {
    PgPoolOptions::new()
        .max_connections(most)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .max_lifetime(None)
        .test_before_acquire(false)
        .before_acquire(|connection, found| {
            Box::pin(
                async move { Ok(found.idle_for < TRUSTED_IDLE || connection.ping().await.is_ok()) },
            )
        })
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(SESSION).await.map(|_| ()) })
        })
        .connect_with(options)
        .await
        .map_err(outcome::of_store)
}

pub(super) async fn migrate(url: &str) -> Result<(), StoreError> {
    let mut connection = first(&options(url).map_err(StoreError::Refused)?).await?;
    let done = MIGRATOR.run_direct(None, &mut connection, false).await;
    // The answer is in; how the connection ends changes nothing.
    let _ = connection.close().await;
    done.map_err(|error| match error {
        MigrateError::Execute(error) if outcome::state(&error).is_none() => {
            outcome::of_store(error)
        }
        error => StoreError::Schema(error.to_string()),
    })
}

/// Exactly this program's migrations, each finished.
pub(super) async fn check_schema(pool: &PgPool) -> Result<(), StoreError> {
    let rows = sqlx::query("SELECT version, checksum, success FROM _sqlx_migrations ORDER BY 1")
        .fetch_all(pool)
        .await
        .map_err(|error| match outcome::state(&error) {
            Some("42P01") => StoreError::Schema("not migrated yet: run `annals migrate`".into()),
            Some("42501") => StoreError::Schema("this role was not granted its tables".into()),
            _ => outcome::of_store(error),
        })?;
    let mut known = MIGRATOR.iter();
    for row in &rows {
        let version: i64 = row.try_get(0).map_err(outcome::of_store)?;
        let checksum: Vec<u8> = row.try_get(1).map_err(outcome::of_store)?;
        let success: bool = row.try_get(2).map_err(outcome::of_store)?;
        let same =
            known.next().is_some_and(|own| own.version == version && *own.checksum == checksum[..]);
        if !same || !success {
            return Err(StoreError::Schema(format!("migration {version} is not this program's")));
        }
    }
    match known.next() {
        Some(next) => {
            let version = next.version;
            Err(StoreError::Schema(format!("migration {version} is missing: run `annals migrate`")))
        }
        None => Ok(()),
    }
}

/// One line for each thing this role may do beyond what the service needs, gravest first.
///
/// Membership counts as having, for a member can SET ROLE; CREATEROLE counts as everything, for
/// in PostgreSQL 15 it can grant itself any role that is no superuser.
const EXCESS: &str = "
    SELECT why FROM (
        SELECT 1 AS grave, format('the role %s is a superuser', rolname) AS why
          FROM pg_roles WHERE rolname = current_user AND rolsuper
        UNION ALL
        SELECT 2, format('the role %s may create roles and so become the owner', rolname)
          FROM pg_roles WHERE rolname = current_user AND rolcreaterole
        UNION ALL
        SELECT 3, format('the role %s owns the table %s or may act as its owner',
                         current_user, c.relname)
          FROM pg_class c
         WHERE (c.oid IN ('entry'::regclass, 'private'::regclass, 'body'::regclass,
                          'checkpoint'::regclass, 'head'::regclass)
                OR c.oid IN (SELECT inhrelid FROM pg_inherits
                              WHERE inhparent = 'private'::regclass))
           AND pg_has_role(current_user, c.relowner, 'MEMBER')
        UNION ALL
        SELECT 4, format('the role %s may %s the table %s', current_user, verb, c.relname)
          FROM pg_class c, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS verb
         WHERE (c.oid IN ('entry'::regclass, 'private'::regclass, 'body'::regclass,
                          'checkpoint'::regclass)
                OR c.oid IN (SELECT inhrelid FROM pg_inherits
                              WHERE inhparent = 'private'::regclass))
           AND (has_table_privilege(current_user, c.oid, verb)
                OR verb = 'UPDATE' AND has_any_column_privilege(current_user, c.oid, verb))
        UNION ALL
        SELECT 5, format('the role %s may %s the table head', current_user, verb)
          FROM unnest(ARRAY['INSERT', 'DELETE', 'TRUNCATE']) AS verb
         WHERE has_table_privilege(current_user, 'head', verb)
    ) AS found
    ORDER BY grave, why LIMIT 1";

pub(super) async fn excess_rights(pool: &PgPool) -> Result<Option<String>, StoreError> {
    sqlx::query_scalar(EXCESS).fetch_optional(pool).await.map_err(outcome::of_store)
}
