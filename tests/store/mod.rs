//! One contract, two stores: every test of `contract`, `side`, `tokens` and `rivals` runs on both.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use annals::store::postgres::PostgresStore;
use annals::store::sqlite::SqliteStore;
use annals::store::{Batch, Body, BodyRef, Head, Lease, Row, Store};
use annals_harness::{DatabaseUrls, shared_cluster};

mod cluster;
mod contract;
mod errors;
mod lease;
mod rights;
mod rivals;
mod schema;
mod side;
mod sqlite;
mod tokens;

pub const TTL: Duration = Duration::from_secs(30);

/// A fresh database; PostgreSQL's is always used as the service's role.
pub enum Place {
    Sqlite(PathBuf, #[allow(dead_code)] tempfile::TempDir),
    Postgres(DatabaseUrls),
}

pub struct Fixture {
    pub place: Place,
    pub store: Arc<dyn Store>,
}

impl Fixture {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("annals.sqlite");
        SqliteStore::open(&path, true).await.expect("a new file").close().await;
        let place = Place::Sqlite(path, folder);
        Self { store: open(&place).await, place }
    }

    pub async fn postgres() -> Self {
        let urls = tokio::task::spawn_blocking(|| {
            let cluster = shared_cluster().expect("a cluster");
            cluster.fresh_database().expect("a database")
        });
        let urls = urls.await.expect("the blocking task ends");
        PostgresStore::migrate(&urls.owner).await.expect("a migration");
        let place = Place::Postgres(urls);
        Self { store: open(&place).await, place }
    }

    /// A second store on the same database, as another process would have it.
    pub async fn another(&self) -> Arc<dyn Store> {
        open(&self.place).await
    }

    pub fn path(&self) -> &PathBuf {
        match &self.place {
            Place::Sqlite(path, _) => path,
            Place::Postgres(_) => panic!("a SQLite fixture"),
        }
    }

    pub fn urls(&self) -> &DatabaseUrls {
        match &self.place {
            Place::Postgres(urls) => urls,
            Place::Sqlite(..) => panic!("a PostgreSQL fixture"),
        }
    }
}

async fn open(place: &Place) -> Arc<dyn Store> {
    match place {
        Place::Sqlite(path, _) => Arc::new(SqliteStore::open(path, false).await.expect("open")),
        Place::Postgres(urls) => {
            Arc::new(PostgresStore::connect(&urls.service).await.expect("connect"))
        }
    }
}

/// Makes of each `async fn name(&Fixture)` the tests `name::sqlite` and `name::postgres`.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            use crate::store::Fixture;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(&Fixture::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(&Fixture::postgres().await).await;
            }
        }
    )*};
}
pub(crate) use on_both;

/// An entry whose every byte follows from its position and `mark`.
pub fn row(position: u64, mark: u8) -> Row {
    let seed = [position.to_be_bytes(), u64::from(mark).to_be_bytes()].concat();
    let digest = |label: u8| -> [u8; 32] {
        use sha2::Digest;
        sha2::Sha256::digest([&seed[..], &[label]].concat()).into()
    };
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&digest(1));
    Row {
        position,
        leaf: digest(2),
        header: [b"header \x00\xff ", &seed[..]].concat(),
        signature,
        facts: [b"facts ", &seed[..]].concat(),
        facts_salt: digest(3),
        private: (position % 3 != 1).then(|| (digest(4), [b"private ", &seed[..]].concat())),
        stream: format!("article/{mark}-{}", position % 5),
        version: position / 5,
        command_key: (position % 4 != 3)
            .then(|| digest(5)[..16].try_into().expect("16 of 32 bytes")),
        command_index: (position % 4 != 3).then_some(0),
    }
}

pub fn batch(from: u64, count: u64, mark: u8) -> Batch {
    Batch { rows: (from..from + count).map(|p| row(p, mark)).collect(), bodies: vec![] }
}

pub fn body(seed: u8, bytes: &[u8]) -> Body {
    Body { id: [seed; 32], salt: [seed ^ 0xaa; 32], bytes: bytes.to_vec() }
}

pub fn body_ref(seed: u8, site: u8) -> BodyRef {
    BodyRef { id: [seed; 32], site: [site; 16] }
}

/// The lease and the head after taking it.
pub async fn take(store: &dyn Store, holder: &str) -> (Lease, Head) {
    let lease = store.acquire(holder, TTL, 0, false).await.expect("a free lease");
    let head = store.head().await.expect("a head");
    (lease, head)
}

/// What matters of a head: times aside.
pub fn end(head: &Head) -> (u64, u64, [u8; 32], Option<&str>) {
    (head.epoch, head.size, head.leaf, head.holder.as_deref())
}

/// The whole ledger, page by page.
pub async fn whole(store: &dyn Store) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let page = store.read(rows.len() as u64, 1000).await.expect("entries");
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}
