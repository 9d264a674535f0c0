//! SQLite alone: accidents, a full disk, and locks.

use std::time::Duration;

use annals::store::sqlite::SqliteStore;
use annals::store::{AppendError, Store, StoredCheckpoint};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::{Fixture, TTL, batch, body, body_ref, end, take};

#[tokio::test]
async fn accidents_are_stopped() {
    let fixture = Fixture::sqlite().await;
    let store = &*fixture.store;
    let (lease, head) = take(store, "a").await;
    store.put_uploads(&[body(1, b"one")]).await.expect("an upload");
    let mut first = batch(0, 2, 1);
    first.bodies = vec![body_ref(1, 1)];
    store.append(&lease, &head, &first).await.expect("an append");
    let checkpoint = StoredCheckpoint { size: 2, note: "note".into() };
    store.put_checkpoint(&checkpoint).await.expect("kept");
    let url = format!("sqlite://{}", fixture.path().display());
    let mut raw = SqliteConnection::connect(&url).await.expect("connected");
    for (table, column) in
        [("entry", "facts"), ("private", "bytes"), ("body", "bytes"), ("checkpoint", "note")]
    {
        for statement in
            [format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")]
        {
            let shown = statement.clone();
            let error =
                sqlx::query(AssertSqlSafe(statement)).execute(&mut raw).await.expect_err(&shown);
            assert!(error.to_string().contains("only ever added"), "{shown}: {error}");
        }
    }
    assert_eq!(store.read(0, 9).await.expect("entries"), first.rows);
}

/// Whoever can write the file can lay traps in it; nothing is committed half or without the head.
#[tokio::test]
async fn no_batch_is_committed_unless_the_head_moves_over_all_of_it() {
    for trap in [
        "CREATE TRIGGER trap BEFORE INSERT ON entry WHEN NEW.position = 1
         BEGIN SELECT RAISE(IGNORE); END",
        "CREATE TRIGGER trap BEFORE INSERT ON private WHEN NEW.position = 70
         BEGIN SELECT RAISE(IGNORE); END",
        "CREATE TRIGGER trap BEFORE UPDATE ON head BEGIN SELECT RAISE(IGNORE); END",
        "DROP TRIGGER head_kept_delete; DELETE FROM head",
        "INSERT INTO private (position, salt, bytes) VALUES (69, zeroblob(32), x'00')",
    ] {
        let fixture = Fixture::sqlite().await;
        let store = &*fixture.store;
        let (lease, head) = take(store, "a").await;
        let url = format!("sqlite://{}", fixture.path().display());
        let mut raw = SqliteConnection::connect(&url).await.expect("connected");
        sqlx::raw_sql(trap).execute(&mut raw).await.expect("laid");
        let mut rows = batch(0, 71, 1);
        for (row, position) in rows.rows.iter_mut().zip(0..) {
            row.private = (position != 69).then_some(([1; 32], vec![7; 9]));
        }
        let outcome = store.append(&lease, &head, &rows).await;
        let said = format!("{outcome:?}");
        assert!(said.contains("Rejected") && said.contains("did not move"), "{trap}: {said}");
        assert_eq!(store.read(0, 99).await.expect("none"), [], "{trap}");
        if let Ok(head) = store.head().await {
            assert_eq!(head.size, 0, "{trap}");
        }
    }
}

#[tokio::test]
async fn a_full_disk_rejects_and_leaves_the_store_usable() {
    let fixture = Fixture::sqlite().await;
    let store = SqliteStore::open(fixture.path(), false).await.expect("opened");
    let (lease, mut head) = take(&store, "a").await;
    head = store.append(&lease, &head, &batch(0, 3, 1)).await.expect("an append");
    store.limit_pages(1).await.expect("limited to what there is");
    let mut large = batch(3, 70, 1);
    large.rows[69].private = Some(([1; 32], vec![7; 5_000_000]));
    let outcome = store.append(&lease, &head, &large).await;
    assert!(matches!(outcome, Err(AppendError::Rejected(_))), "{outcome:?}");
    assert_eq!(end(&store.head().await.expect("a head")), end(&head));
    assert_eq!(store.read(0, 99).await.expect("entries"), batch(0, 3, 1).rows);
    // The failed connection is gone, and its limit with it.
    store.append(&lease, &head, &large).await.expect("there is room again");
    assert_eq!(store.read(0, 99).await.expect("entries").len(), 73);
}

#[tokio::test]
async fn a_lock_held_too_long_is_retryable() {
    let fixture = Fixture::sqlite().await;
    let store = &*fixture.store;
    let (lease, head) = take(store, "a").await;
    let url = format!("sqlite://{}", fixture.path().display());
    let mut raw = SqliteConnection::connect(&url).await.expect("connected");
    sqlx::query("BEGIN IMMEDIATE").execute(&mut raw).await.expect("locked");
    let outcome = store.append(&lease, &head, &batch(0, 1, 1)).await;
    assert!(matches!(outcome, Err(AppendError::Retryable(_))), "{outcome:?}");
    sqlx::query("ROLLBACK").execute(&mut raw).await.expect("unlocked");
    store.append(&lease, &head, &batch(0, 1, 1)).await.expect("the same batch");
}

/// A caller that stops waiting must not leave the one writing connection inside a transaction.
#[tokio::test]
async fn an_append_given_up_leaves_no_transaction() {
    let fixture = Fixture::sqlite().await;
    let store = &*fixture.store;
    let (lease, head) = take(store, "a").await;
    let next = batch(0, 3000, 1);
    for micros in [0, 50, 100, 200, 400, 800, 1600, 3200] {
        let limit = Duration::from_micros(micros);
        if let Ok(done) = tokio::time::timeout(limit, store.append(&lease, &head, &next)).await {
            done.expect("an append");
            break;
        }
    }
    let found = store.head().await.expect("a head");
    assert!([0, 3000].contains(&found.size), "{}", found.size);
    let lease = store.acquire("a", TTL, 0, false).await.expect("mine");
    let head = store.head().await.expect("a head");
    let rest = batch(head.size, 1, 2);
    let after = store.append(&lease, &head, &rest).await.expect("an append");
    assert_eq!(after.size, found.size + 1);
}
