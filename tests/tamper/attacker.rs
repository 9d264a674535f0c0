//! Whoever holds the database: changes what lies there behind the service's back.

use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use crate::harness::Place;

/// Tables an attack may change; each is kept aside and put back.
const TABLES: [&str; 7] =
    ["entry", "private", "body", "body_digest", "head", "checkpoint", "entry_index"];

/// A plain connection with all rights: to the SQLite file, without its triggers, or to
/// PostgreSQL as its superuser.
pub enum Attacker {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Attacker {
    pub async fn of(place: &Place) -> Attacker {
        let mut attacker = match &place.urls {
            None => {
                let options = SqliteConnectOptions::new().filename(place.home.database());
                let options = options.pragma("synchronous", "off");
                Attacker::Sqlite(options.connect().await.expect("a connection"))
            }
            Some(urls) => {
                let connected = PgConnection::connect(&urls.superuser).await;
                Attacker::Postgres(connected.expect("a connection"))
            }
        };
        if place.urls.is_none() {
            attacker.drop_triggers().await;
        }
        for table in TABLES {
            let keep = format!("CREATE TEMP TABLE kept_{table} AS SELECT * FROM {table}");
            attacker.run(&keep).await.expect("a copy aside");
        }
        attacker
    }

    async fn drop_triggers(&mut self) {
        let names = "SELECT group_concat(name) FROM sqlite_master WHERE type = 'trigger'";
        let names = self.text(names).await;
        assert!(names.contains("entry_kept_update"), "{names}");
        for name in names.split(',') {
            self.run(&format!("DROP TRIGGER {name}")).await.expect("dropped");
        }
    }

    /// Run statements.
    pub async fn run(&mut self, sql: &str) -> Result<u64, sqlx::Error> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        Ok(match self {
            Attacker::Sqlite(on) => sql.execute(on).await?.rows_affected(),
            Attacker::Postgres(on) => sql.execute(on).await?.rows_affected(),
        })
    }

    /// One value as text.
    pub async fn text(&mut self, sql: &str) -> String {
        let query = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).persistent(false);
        match self {
            Attacker::Sqlite(on) => query.fetch_one(on).await,
            Attacker::Postgres(on) => {
                let sql = AssertSqlSafe(sql.to_owned());
                sqlx::query_scalar(sql).persistent(false).fetch_one(on).await
            }
        }
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Put a table back as it was.
    pub async fn restore(&mut self, table: &str) {
        let sql = match (&self, table) {
            (Attacker::Sqlite(_), _) => format!(
                "BEGIN; DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}; \
                 COMMIT"
            ),
            // Emptying all partitions would take longer than the scan.
            (Attacker::Postgres(_), "private") => "TRUNCATE private_0000; \
                INSERT INTO private SELECT * FROM kept_private"
                .to_owned(),
            (Attacker::Postgres(_), _) => format!(
                "TRUNCATE {table}; INSERT INTO {table} OVERRIDING SYSTEM VALUE \
                 SELECT * FROM kept_{table}"
            ),
        };
        self.run(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    pub async fn restore_all(&mut self) {
        for table in TABLES {
            self.restore(table).await;
        }
    }

    /// Bytes in this dialect.
    pub fn blob(&self, bytes: &[u8]) -> String {
        let hex = annals_events::hash::hex(bytes);
        match self {
            Attacker::Sqlite(_) => format!("X'{hex}'"),
            Attacker::Postgres(_) => format!("'\\x{hex}'::bytea"),
        }
    }

    /// A text in either dialect.
    pub fn quoted(text: &str) -> String {
        format!("'{}'", text.replace('\'', "''"))
    }
}
