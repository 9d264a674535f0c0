//! Migrations: explicit, checked, and never done by opening.

use annals::store::postgres::PostgresStore;
use annals::store::sqlite::SqliteStore;
use annals::store::{Store, StoreError};
use annals_harness::{Cluster, Durability, shared_cluster};
use sqlx::{Connection, PgConnection, SqliteConnection};

use super::Fixture;

fn schema<T>(outcome: Result<T, StoreError>) -> String {
    match outcome {
        Err(StoreError::Schema(why)) => why,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("opened"),
    }
}

#[tokio::test]
async fn sqlite_opens_only_its_own_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("annals.sqlite");
    assert!(schema(SqliteStore::open(&path, false).await).contains("no database"));
    assert!(!path.exists(), "looking has made a file");
    std::fs::write(&path, b"").expect("an empty file");
    assert!(schema(SqliteStore::open(&path, false).await).contains("annals migrate"));
    assert!(schema(SqliteStore::open(&path, true).await).contains("annals migrate"));
    SqliteStore::migrate(&path).await.expect("migrated");
    SqliteStore::migrate(&path).await.expect("nothing left to do");
    SqliteStore::open(&path, false).await.expect("opened").close().await;
    let url = format!("sqlite://{}", path.display());
    for (change, said) in [
        ("UPDATE _sqlx_migrations SET success = false", "not this program's"),
        ("UPDATE _sqlx_migrations SET success = true, checksum = x'00'", "not this program's"),
        ("UPDATE _sqlx_migrations SET version = version + 7", "not this program's"),
        ("DELETE FROM _sqlx_migrations", "missing"),
    ] {
        let mut raw = SqliteConnection::connect(&url).await.expect("connected");
        sqlx::query(change).execute(&mut raw).await.expect("changed");
        raw.close().await.expect("closed");
        assert!(schema(SqliteStore::open(&path, false).await).contains(said), "{change}");
    }
}

#[tokio::test]
async fn postgres_opens_only_its_own_schema() {
    let urls = shared_cluster().expect("a cluster").fresh_database().expect("a database");
    assert!(schema(PostgresStore::connect(&urls.service).await).contains("annals migrate"));
    PostgresStore::migrate(&urls.owner).await.expect("migrated");
    PostgresStore::migrate(&urls.owner).await.expect("nothing left to do");
    PostgresStore::connect(&urls.service).await.expect("connected").close().await;
    let mut owner = PgConnection::connect(&urls.owner).await.expect("connected");
    for (change, said) in [
        ("UPDATE _sqlx_migrations SET success = false", "not this program's"),
        ("UPDATE _sqlx_migrations SET success = true, checksum = ''", "not this program's"),
        ("UPDATE _sqlx_migrations SET version = version + 7", "not this program's"),
        ("DELETE FROM _sqlx_migrations", "missing"),
    ] {
        sqlx::query(change).execute(&mut owner).await.expect("changed");
        assert!(schema(PostgresStore::connect(&urls.service).await).contains(said), "{change}");
    }
}

#[tokio::test]
async fn a_missing_role_is_told_with_its_statement() {
    let cluster = Cluster::start(Durability::Off).expect("a cluster of its own");
    let urls = cluster.create_database("bare").expect("a database");
    cluster.sql("postgres", "DROP ROLE annals_service").expect("dropped");
    let why = schema(PostgresStore::migrate(&urls.owner).await);
    assert!(why.contains("CREATE ROLE annals_service LOGIN PASSWORD"), "{why}");
}

#[tokio::test]
async fn no_secret_is_told() {
    let fixture = Fixture::postgres().await;
    let PostgresSecret { url, secret } = PostgresSecret::of(&fixture.urls().service);
    let store = PostgresStore::connect(&url).await.expect("trust asks for no password");
    let told = format!("{store:?}");
    assert!(!told.contains(secret), "{told}");
    for bad in [
        format!("postgresql://u:{secret}@localhost:1/none"),
        format!("postgresql://u:{secret}@localhost:many/none"),
        format!("postgresql://u:{secret}@[::1/none"),
        url.replace("annals_service", "nobody_here"),
        url.replace("/fresh_", "/absent_"),
    ] {
        let error = PostgresStore::connect(&bad).await.expect_err("no such place");
        assert!(!format!("{error:?} {error}").contains(secret), "{error:?}");
    }
}

struct PostgresSecret {
    url: String,
    secret: &'static str,
}

impl PostgresSecret {
    fn of(url: &str) -> Self {
        let secret = "hunter-two";
        Self { url: url.replace("@localhost", &format!(":{secret}@localhost")), secret }
    }
}
