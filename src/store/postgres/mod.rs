//! PostgreSQL 15 or later: for production.
//!
//! Every write is one statement and so its own transaction: no lock ever waits for a client that
//! has gone away. One connection is kept for the head and the appends, so that readers and
//! uploads never stand in their way.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{Connection, PgPool};

use super::{
    AcquireError, AppendError, Batch, Body, BodyDigest, BodyPlace, Head, IndexRow, Lease, Oddity,
    Row, Snapshot, Store, StoreError, StoredCheckpoint,
};

mod append;
mod bodies;
mod connect;
mod derived;
mod lease;
mod oddities;
mod outcome;
mod read;
mod tokens;

/// After this a question is given up: a server that takes in and never answers would else stop the
/// writer until the system's own limit, a quarter of an hour. The append has its own.
const PATIENCE: Duration = Duration::from_secs(30);

/// A ledger in a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore {
    /// One connection: head, lease, appends.
    writer: PgPool,
    /// Everything else.
    side: PgPool,
    patience: Duration,
}

impl PostgresStore {
    /// Connect to a migrated database, as the role the service runs under.
    ///
    /// # Errors
    /// [`StoreError::Schema`] if the database is not migrated, or by another program.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(url, PATIENCE).await
    }

    /// The same with another limit for a question, for tests of it.
    ///
    /// # Errors
    /// See [`PostgresStore::connect`].
    pub async fn connect_with(url: &str, patience: Duration) -> Result<Self, StoreError> {
        let options = connect::options(url).map_err(StoreError::Refused)?;
        // A pool tries again and again, and then says only that it timed out.
        let first = connect::first(&options).await?;
        // Whatever becomes of it, the pools have their own.
        let _ = first.close().await;
        let side = connect::pool(options.clone(), connect::SIDE_CONNECTIONS).await?;
        connect::check_schema(&side).await?;
        let writer = connect::pool(options, 1).await?;
        Ok(Self { writer, side, patience })
    }

    async fn within<T, E: From<StoreError>>(
        &self,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        match tokio::time::timeout(self.patience, answer).await {
            Ok(answer) => answer,
            Err(_) => {
                let within = self.patience.as_secs_f64();
                let detail = format!("the database did not answer within {within} s");
                Err(StoreError::Unavailable(detail).into())
            }
        }
    }

    /// Bring the schema up to this program's, as the role that owns the tables.
    ///
    /// # Errors
    /// [`StoreError::Schema`] if a migration fails or the database is ahead of this program.
    pub async fn migrate(url: &str) -> Result<(), StoreError> {
        connect::migrate(url).await
    }
}

/// See [`super::check_url`].
pub(super) fn check_url(url: &str) -> Result<(), String> {
    connect::options(url).map(|_| ())
}

#[async_trait]
impl Store for PostgresStore {
    async fn head(&self) -> Result<Head, StoreError> {
        self.within(lease::head(&self.side)).await
    }

    async fn acquire(
        &self,
        holder: &str,
        ttl: Duration,
        floor: u64,
        force: bool,
    ) -> Result<Lease, AcquireError> {
        self.within(lease::acquire(&self.writer, holder, ttl, floor, force)).await
    }

    async fn renew(&self, lease: &Lease) -> Result<(), AcquireError> {
        self.within(lease::renew(&self.writer, lease)).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.within(lease::release(&self.writer, lease)).await
    }

    async fn append(&self, lease: &Lease, at: &Head, batch: &Batch) -> Result<Head, AppendError> {
        append::append(&self.writer, lease, at, batch).await
    }

    async fn read(&self, from: u64, max: u32) -> Result<Vec<Row>, StoreError> {
        self.within(read::read(&self.side, from, max)).await
    }

    async fn read_at(&self, positions: &[u64]) -> Result<Vec<Row>, StoreError> {
        self.within(read::read_at(&self.side, positions)).await
    }

    async fn read_stream(
        &self,
        stream: &str,
        from_version: u64,
        max: u32,
    ) -> Result<Vec<Row>, StoreError> {
        self.within(read::read_stream(&self.side, stream, from_version, max)).await
    }

    async fn read_commands(&self, keys: &[[u8; 16]]) -> Result<Vec<Row>, StoreError> {
        self.within(read::read_commands(&self.side, keys)).await
    }

    async fn put_uploads(&self, bodies: &[Body]) -> Result<(), StoreError> {
        self.within(bodies::put_uploads(&self.side, bodies)).await
    }

    async fn find_bodies(&self, ids: &[[u8; 32]]) -> Result<Vec<BodyPlace>, StoreError> {
        self.within(bodies::find(&self.side, ids)).await
    }

    async fn sweep_uploads(&self, age: Duration) -> Result<u64, StoreError> {
        self.within(bodies::sweep_uploads(&self.side, age)).await
    }

    async fn bodies(&self, ids: &[[u8; 32]]) -> Result<Vec<Body>, StoreError> {
        self.within(bodies::bodies(&self.side, ids)).await
    }

    async fn body_ids(
        &self,
        after: Option<[u8; 32]>,
        max: u32,
    ) -> Result<Vec<[u8; 32]>, StoreError> {
        self.within(bodies::body_ids(&self.side, after, max)).await
    }

    async fn body_digests(
        &self,
        site: [u8; 16],
        sha256: &[[u8; 32]],
    ) -> Result<Vec<BodyDigest>, StoreError> {
        self.within(bodies::body_digests(&self.side, site, sha256)).await
    }

    async fn all_body_digests(
        &self,
        after: Option<([u8; 16], [u8; 32])>,
        max: u32,
    ) -> Result<Vec<BodyDigest>, StoreError> {
        self.within(bodies::all_body_digests(&self.side, after, max)).await
    }

    async fn put_checkpoint(&self, checkpoint: &StoredCheckpoint) -> Result<(), StoreError> {
        self.within(derived::put_checkpoint(&self.side, checkpoint)).await
    }

    async fn checkpoints(&self, skip: u64, max: u32) -> Result<Vec<StoredCheckpoint>, StoreError> {
        self.within(derived::checkpoints(&self.side, skip, max)).await
    }

    async fn put_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.within(derived::put_snapshot(&self.side, snapshot)).await
    }

    async fn snapshot(
        &self,
        fold: &str,
        version: u32,
        size: u64,
    ) -> Result<Option<Snapshot>, StoreError> {
        self.within(derived::snapshot(&self.side, fold, version, size)).await
    }

    async fn indexed_to(&self) -> Result<u64, StoreError> {
        self.within(derived::indexed_to(&self.side)).await
    }

    async fn put_index(&self, from: u64, to: u64, rows: &[IndexRow]) -> Result<bool, StoreError> {
        self.within(derived::put_index(&self.side, from, to, rows)).await
    }

    async fn oddities(&self) -> Result<Vec<Oddity>, StoreError> {
        self.within(oddities::find(&self.side)).await
    }

    async fn clear_index(&self) -> Result<(), StoreError> {
        self.within(derived::clear_index(&self.side)).await
    }

    async fn find_index(
        &self,
        kind: i16,
        value: &str,
        from: u64,
        max: u32,
    ) -> Result<Vec<u64>, StoreError> {
        self.within(derived::find_index(&self.side, kind, value, from, max)).await
    }

    async fn index_rows(&self, from: u64, to: u64) -> Result<Vec<IndexRow>, StoreError> {
        self.within(derived::index_rows(&self.side, from, to)).await
    }

    async fn excess_rights(&self) -> Result<Option<String>, StoreError> {
        self.within(connect::excess_rights(&self.side)).await
    }

    async fn close(&self) {
        self.writer.close().await;
        self.side.close().await;
    }
}
