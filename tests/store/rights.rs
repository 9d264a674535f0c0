//! PostgreSQL: what the service's role may not do.

use annals::store::Store;
use annals::store::StoredCheckpoint;
use annals::store::postgres::PostgresStore;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{Fixture, batch, body, body_ref, take};

async fn filled() -> Fixture {
    let fixture = Fixture::postgres().await;
    let store = &*fixture.store;
    let (lease, head) = take(store, "a").await;
    store.put_uploads(&[body(1, b"one")]).await.expect("an upload");
    let mut batch = batch(0, 5, 1);
    batch.bodies = vec![body_ref(1, 1)];
    store.append(&lease, &head, &batch).await.expect("an append");
    let checkpoint = StoredCheckpoint { size: 5, note: "note".into() };
    store.put_checkpoint(&checkpoint).await.expect("kept");
    fixture
}

/// The SQLSTATE of a statement that must not succeed.
async fn refused(connection: &mut PgConnection, statement: String) -> String {
    let shown = statement.clone();
    let error = sqlx::query(AssertSqlSafe(statement)).execute(connection).await.expect_err(&shown);
    let code = error.as_database_error().and_then(|error| error.code());
    code.map(|code| code.into_owned()).unwrap_or_else(|| panic!("{shown}: {error}"))
}

#[tokio::test]
async fn the_service_cannot_change_evidence() {
    let fixture = filled().await;
    let mut service = PgConnection::connect(&fixture.urls().service).await.expect("connected");
    for (table, column) in [
        ("entry", "facts"),
        ("private", "bytes"),
        ("private_0000", "bytes"),
        ("private_default", "bytes"),
        ("body", "bytes"),
        ("checkpoint", "note"),
    ] {
        for statement in [
            format!("UPDATE {table} SET {column} = {column}"),
            format!("UPDATE {table} SET {column} = {column} WHERE false"),
            format!("DELETE FROM {table}"),
            format!("DELETE FROM {table} WHERE false"),
            format!("TRUNCATE {table}"),
            format!("TRUNCATE {table} CASCADE"),
        ] {
            assert_eq!(refused(&mut service, statement.clone()).await, "42501", "{statement}");
        }
        for statement in [
            format!("ALTER TABLE {table} ADD COLUMN extra integer"),
            format!("DROP TABLE {table}"),
            format!("CREATE TRIGGER t BEFORE INSERT ON {table} EXECUTE FUNCTION x()"),
            format!("CREATE RULE r AS ON INSERT TO {table} DO INSTEAD NOTHING"),
        ] {
            let code = refused(&mut service, statement.clone()).await;
            assert!(["42501", "42883"].contains(&code.as_str()), "{statement}: {code}");
        }
    }
    for statement in [
        "INSERT INTO head (one, epoch, size, leaf) VALUES (1, 0, 0, '')",
        "DELETE FROM head",
        "TRUNCATE head",
        "TRUNCATE upload",
        "UPDATE _sqlx_migrations SET success = false",
        "UPDATE token SET scope = 'write'",
        "UPDATE token SET expires_at = 0",
        "DELETE FROM token",
        "TRUNCATE token",
        "CREATE TABLE extra ()",
        "SET ROLE annals_owner",
    ] {
        assert_eq!(refused(&mut service, statement.into()).await, "42501", "{statement}");
    }
    assert_eq!(fixture.store.read(0, 9).await.expect("entries"), batch(0, 5, 1).rows);
}

#[tokio::test]
async fn excess_rights_are_named() {
    let fixture = Fixture::postgres().await;
    let urls = fixture.urls();
    assert_eq!(fixture.store.excess_rights().await.expect("an answer"), None);
    for (url, said) in [(&urls.owner, "owns"), (&urls.superuser, "superuser")] {
        let store = PostgresStore::connect(url).await.expect("connected");
        let why = store.excess_rights().await.expect("an answer").expect("excess");
        assert!(why.contains(said), "{why}");
        store.close().await;
    }
    let mut owner = PgConnection::connect(&urls.owner).await.expect("connected");
    for (grant, said) in [
        ("DELETE ON body", "DELETE the table body"),
        ("UPDATE (facts) ON entry", "UPDATE the table entry"),
        ("TRUNCATE ON private_0003", "TRUNCATE the table private_0003"),
        ("INSERT ON head", "INSERT the table head"),
    ] {
        let run = format!("GRANT {grant} TO annals_service");
        sqlx::query(AssertSqlSafe(run)).execute(&mut owner).await.expect("granted");
        let why = fixture.store.excess_rights().await.expect("an answer").expect("excess");
        assert!(why.contains(said), "{why}");
        let undo = format!("REVOKE {grant} FROM annals_service");
        sqlx::query(AssertSqlSafe(undo)).execute(&mut owner).await.expect("revoked");
    }
    assert_eq!(fixture.store.excess_rights().await.expect("an answer"), None);
}

/// The count at the end of the append is what notices a table that swallows lines.
#[tokio::test]
async fn swallowed_lines_undo_the_append() {
    let fixture = Fixture::postgres().await;
    let (lease, head) = take(&*fixture.store, "a").await;
    let mut owner = PgConnection::connect(&fixture.urls().owner).await.expect("connected");
    for statement in [
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RETURN NULL; END $$",
        "CREATE TRIGGER swallow BEFORE INSERT ON entry FOR EACH ROW
         WHEN (NEW.position = 1) EXECUTE FUNCTION swallow()",
    ] {
        sqlx::query(statement).execute(&mut owner).await.expect("made");
    }
    let outcome = fixture.store.append(&lease, &head, &batch(0, 3, 1)).await;
    let said = format!("{outcome:?}");
    assert!(said.contains("Rejected") && said.contains("swallowed"), "{said}");
    assert_eq!(fixture.store.read(0, 9).await.expect("none"), []);
    assert_eq!(fixture.store.head().await.expect("a head").size, 0);
}

#[tokio::test]
async fn entries_past_the_last_partition_have_a_place() {
    let fixture = Fixture::postgres().await;
    let far: u64 = 32 * 1_048_576 - 1;
    let mut owner = PgConnection::connect(&fixture.urls().owner).await.expect("connected");
    sqlx::query("UPDATE head SET size = $1")
        .bind(i64::try_from(far).expect("it fits"))
        .execute(&mut owner)
        .await
        .expect("moved");
    let (lease, head) = take(&*fixture.store, "a").await;
    let mut across = batch(far, 2, 1);
    across.rows[0].private = Some(([1; 32], vec![1]));
    across.rows[1].private = Some(([2; 32], vec![2]));
    fixture.store.append(&lease, &head, &across).await.expect("an append");
    assert_eq!(fixture.store.read(far, 9).await.expect("entries"), across.rows);
    let count = |table: &str| format!("SELECT count(*) FROM {table}");
    for table in ["private_0031", "private_default"] {
        let found: i64 = sqlx::query_scalar(AssertSqlSafe(count(table)))
            .fetch_one(&mut owner)
            .await
            .expect("a count");
        assert_eq!(found, 1, "{table}");
    }
}
