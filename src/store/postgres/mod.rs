//! PostgreSQL 15 or later: for production.
//!
//! Every write is one statement and so its own transaction: no lock ever waits for a client that
//! has gone away. One connection is kept for the head and the appends, so that readers and
//! uploads never stand in their way.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::PgPool;

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

/// After this a question is given up: a server that takes in and never answers would else stop the
/// writer until the system's own limit, a quarter of an hour. The append has its own.
const PATIENCE: Duration = Duration::from_secs(30);

async fn within<T, E: From<StoreError>>(
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => answer,
        Err(_) => {
            let detail = format!("the database did not answer within {} s", PATIENCE.as_secs());
            Err(StoreError::Unavailable(detail).into())
        }
    }
}

/// A ledger in a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore {
    /// One connection: head, lease, appends.
    writer: PgPool,
    /// Everything else.
    side: PgPool,
    place: String,
}

impl PostgresStore {
    /// Connect to a migrated database, as the role the service runs under.
    ///
    /// # Errors
    /// [`StoreError::Schema`] if the database is not migrated, or by another program.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let options = connect::options(url)?;
        let place = connect::place(&options);
        let side = connect::pool(options.clone(), connect::SIDE_CONNECTIONS).await?;
        connect::check_schema(&side).await?;
        let writer = connect::pool(options, 1).await?;
        Ok(Self { writer, side, place })
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
    connect::options(url).map(|_| ()).map_err(|error| error.to_string())
}

#[async_trait]
impl Store for PostgresStore {
    async fn head(&self) -> Result<Head, StoreError> {
        within(lease::head(&self.side)).await
    }

    async fn acquire(
        &self,
        holder: &str,
        ttl: Duration,
        floor: u64,
        force: bool,
    ) -> Result<Lease, AcquireError> {
        within(lease::acquire(&self.writer, holder, ttl, floor, force)).await
    }

    async fn renew(&self, lease: &Lease) -> Result<(), AcquireError> {
        within(lease::renew(&self.writer, lease)).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        within(lease::release(&self.writer, lease)).await
    }

    async fn append(&self, lease: &Lease, at: &Head, batch: &Batch) -> Result<Head, AppendError> {
        append::append(&self.writer, lease, at, batch).await
    }

    async fn read(&self, from: u64, max: u32) -> Result<Vec<Row>, StoreError> {
        within(read::read(&self.side, from, max)).await
    }

    async fn read_at(&self, positions: &[u64]) -> Result<Vec<Row>, StoreError> {
        within(read::read_at(&self.side, positions)).await
    }

    async fn read_stream(
        &self,
        stream: &str,
        from_version: u64,
        max: u32,
    ) -> Result<Vec<Row>, StoreError> {
        within(read::read_stream(&self.side, stream, from_version, max)).await
    }

    async fn read_commands(&self, keys: &[[u8; 16]]) -> Result<Vec<Row>, StoreError> {
        within(read::read_commands(&self.side, keys)).await
    }

    async fn put_uploads(&self, bodies: &[Body]) -> Result<(), StoreError> {
        within(bodies::put_uploads(&self.side, bodies)).await
    }

    async fn find_bodies(&self, ids: &[[u8; 32]]) -> Result<Vec<BodyPlace>, StoreError> {
        within(bodies::find(&self.side, ids)).await
    }

    async fn sweep_uploads(&self, age: Duration) -> Result<u64, StoreError> {
        within(bodies::sweep_uploads(&self.side, age)).await
    }

    async fn bodies(&self, ids: &[[u8; 32]]) -> Result<Vec<Body>, StoreError> {
        within(bodies::bodies(&self.side, ids)).await
    }

    async fn body_ids(
        &self,
        after: Option<[u8; 32]>,
        max: u32,
    ) -> Result<Vec<[u8; 32]>, StoreError> {
        within(bodies::body_ids(&self.side, after, max)).await
    }

    async fn body_digests(
        &self,
        site: [u8; 16],
        sha256: &[[u8; 32]],
    ) -> Result<Vec<BodyDigest>, StoreError> {
        within(bodies::body_digests(&self.side, site, sha256)).await
    }

    async fn all_body_digests(
        &self,
        after: Option<([u8; 16], [u8; 32])>,
        max: u32,
    ) -> Result<Vec<BodyDigest>, StoreError> {
        within(bodies::all_body_digests(&self.side, after, max)).await
    }

    async fn put_checkpoint(&self, checkpoint: &StoredCheckpoint) -> Result<(), StoreError> {
        within(derived::put_checkpoint(&self.side, checkpoint)).await
    }

    async fn newest_checkpoint(&self) -> Result<Option<StoredCheckpoint>, StoreError> {
        within(derived::newest_checkpoint(&self.side)).await
    }

    async fn checkpoints(&self, skip: u64, max: u32) -> Result<Vec<StoredCheckpoint>, StoreError> {
        within(derived::checkpoints(&self.side, skip, max)).await
    }

    async fn put_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        within(derived::put_snapshot(&self.side, snapshot)).await
    }

    async fn snapshot(
        &self,
        fold: &str,
        version: u32,
        size: u64,
    ) -> Result<Option<Snapshot>, StoreError> {
        within(derived::snapshot(&self.side, fold, version, size)).await
    }

    async fn indexed_to(&self) -> Result<u64, StoreError> {
        within(derived::indexed_to(&self.side)).await
    }

    async fn put_index(&self, from: u64, to: u64, rows: &[IndexRow]) -> Result<bool, StoreError> {
        within(derived::put_index(&self.side, from, to, rows)).await
    }

    async fn oddities(&self) -> Result<Vec<Oddity>, StoreError> {
        within(oddities::find(&self.side)).await
    }

    async fn clear_index(&self) -> Result<(), StoreError> {
        within(derived::clear_index(&self.side)).await
    }

    async fn find_index(
        &self,
        kind: i16,
        value: &str,
        from: u64,
        max: u32,
    ) -> Result<Vec<u64>, StoreError> {
        within(derived::find_index(&self.side, kind, value, from, max)).await
    }

    async fn index_rows(&self, from: u64, to: u64) -> Result<Vec<IndexRow>, StoreError> {
        within(derived::index_rows(&self.side, from, to)).await
    }

    async fn excess_rights(&self) -> Result<Option<String>, StoreError> {
        within(connect::excess_rights(&self.side)).await
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    async fn close(&self) {
        self.writer.close().await;
        self.side.close().await;
    }
}
