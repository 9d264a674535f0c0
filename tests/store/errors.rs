//! PostgreSQL: what becomes of an error, by its code, and of a question that is not answered.

use std::time::{Duration, Instant};

use annals::store::postgres::PostgresStore;
use annals::store::{AppendError, Store, StoreError};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{Fixture, batch, take};

async fn owner(fixture: &Fixture) -> PgConnection {
    PgConnection::connect(&fixture.urls().owner).await.expect("connected")
}

async fn run(owner: &mut PgConnection, statement: String) {
    let shown = statement.clone();
    sqlx::query(AssertSqlSafe(statement)).execute(owner).await.expect(&shown);
}

/// From now on whoever inserts into this table gets this error.
async fn fail_with(owner: &mut PgConnection, code: &str) {
    let raise = format!(
        "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'made to fail' USING ERRCODE = '{code}'; END $$"
    );
    run(owner, raise).await;
}

#[tokio::test]
async fn what_becomes_of_an_append_follows_from_the_errors_code() {
    let fixture = Fixture::postgres().await;
    let (lease, head) = take(&*fixture.store, "a").await;
    let mut owner = owner(&fixture).await;
    fail_with(&mut owner, "P0001").await;
    let trigger = "CREATE TRIGGER fail BEFORE INSERT ON entry EXECUTE FUNCTION fail()";
    run(&mut owner, trigger.to_owned()).await;
    for (codes, becomes) in [
        // A full disk, a check, a right that is missing, bad data, our own refusal.
        (&["53100", "23514", "23505", "42501", "22023", "XX000", "P0001"][..], "Rejected"),
        // A conflict, a deadlock, a lock, a cancel, memory, connections, a standby.
        (&["40001", "40P01", "55P03", "57014", "53200", "53300", "25006"], "Retryable"),
        // It may have been committed: the server stops, or the connection broke.
        (&["40003", "57P01", "57P02", "08006", "08003"], "Unknown"),
    ] {
        for code in codes {
            fail_with(&mut owner, code).await;
            let outcome = fixture.store.append(&lease, &head, &batch(0, 3, 1)).await;
            let error = outcome.expect_err(code);
            let is_so = match becomes {
                "Rejected" => matches!(error, AppendError::Rejected(_)),
                "Retryable" => matches!(error, AppendError::Retryable(_)),
                _ => matches!(error, AppendError::Unknown(_)),
            };
            assert!(is_so, "{code} is not {becomes}: {error:?}");
            assert!(error.to_string().contains("made to fail"), "{code}: {error}");
            assert_eq!(fixture.store.head().await.expect("a head").size, 0, "{code}");
        }
    }
    run(&mut owner, "DROP TRIGGER fail ON entry".to_owned()).await;
    fixture.store.append(&lease, &head, &batch(0, 3, 1)).await.expect("an append");
}

#[tokio::test]
async fn what_becomes_of_a_side_write_follows_from_the_errors_code() {
    let fixture = Fixture::postgres().await;
    let mut owner = owner(&fixture).await;
    fail_with(&mut owner, "P0001").await;
    let trigger = "CREATE TRIGGER fail BEFORE INSERT ON upload EXECUTE FUNCTION fail()";
    run(&mut owner, trigger.to_owned()).await;
    let put = async || fixture.store.put_uploads(&[super::body(1, b"one")]).await;
    for (code, becomes) in [
        ("53100", "Refused"),
        ("42501", "Refused"),
        ("23514", "Refused"),
        ("40001", "Unavailable"),
        ("57014", "Unavailable"),
        ("57P01", "Unavailable"),
        ("08006", "Unavailable"),
        ("42P01", "Schema"),
        ("42883", "Schema"),
        ("XX001", "Corrupt"),
    ] {
        fail_with(&mut owner, code).await;
        let error = put().await.expect_err(code);
        assert!(format!("{error:?}").starts_with(becomes), "{code} is not {becomes}: {error:?}");
        assert!(error.to_string().contains(code), "{code}: {error}");
    }
    run(&mut owner, "DROP TRIGGER fail ON upload".to_owned()).await;
    put().await.expect("an upload");
}

/// A server that takes in and never answers must not stop whoever asks.
#[tokio::test]
async fn a_question_that_is_blocked_is_given_up() {
    const PATIENCE: Duration = Duration::from_millis(300);
    let fixture = Fixture::postgres().await;
    let url = &fixture.urls().service;
    let store = PostgresStore::connect_with(url, PATIENCE).await.expect("connected");
    let lease = store.acquire("a", super::TTL, 0, false).await.expect("a free lease");
    let mut owner = owner(&fixture).await;
    let mut blocking = owner.begin().await.expect("begun");
    let lock = "LOCK TABLE head IN ACCESS EXCLUSIVE MODE";
    sqlx::query(lock).execute(&mut *blocking).await.expect("locked");
    let begun = Instant::now();
    let said = [
        store.head().await.expect_err("blocked").to_string(),
        store.renew(&lease).await.expect_err("blocked").to_string(),
        store.head().await.expect_err("blocked").to_string(),
    ];
    assert!(begun.elapsed() < 20 * PATIENCE, "it waited for {:?}", begun.elapsed());
    for said in said {
        assert_eq!(said, "the store did not answer: the database did not answer within 0.3 s");
    }
    // Other tables answer meanwhile.
    assert_eq!(store.read(0, 9).await.expect("entries"), []);
    blocking.rollback().await.expect("let go");
    let begun = Instant::now();
    while let Err(error) = store.renew(&lease).await {
        assert!(matches!(error, annals::store::AcquireError::Store(StoreError::Unavailable(_))));
        assert!(begun.elapsed() < Duration::from_secs(20), "{error}");
    }
    assert_eq!(store.head().await.expect("a head").size, 0);
    store.close().await;
}
