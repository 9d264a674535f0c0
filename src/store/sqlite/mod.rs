//! SQLite: the embedded default, one file and its log beside it.
//!
//! One connection writes, always from `BEGIN IMMEDIATE`; four read beside it and see whole
//! transactions only. A lock between processes is not this module's: see the data folder's.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqlitePool;

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
mod sql;
mod tokens;
mod writer;

/// A ledger in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    /// One connection: everything that writes.
    writer: writer::Writer,
    readers: SqlitePool,
}

impl SqliteStore {
    /// Open a migrated file. With `create`, a file that is not there is made and migrated; one
    /// that is there is never migrated by this.
    ///
    /// # Errors
    /// [`StoreError::Schema`] if there is no file, or it is not migrated, or by another program.
    pub async fn open(path: &Path, create: bool) -> Result<Self, StoreError> {
        if !path.exists() {
            if !create {
                let place = path.display();
                return Err(StoreError::Schema(format!("there is no database at {place}")));
            }
            Self::migrate(path).await?;
        }
        let writer = connect::writer(path).await?;
        let readers = connect::readers(path).await?;
        connect::check_schema(&readers).await?;
        Ok(Self { writer, readers })
    }

    /// Bring the schema up to this program's, making the file if it is not there.
    ///
    /// # Errors
    /// [`StoreError::Schema`] if a migration fails or the file is ahead of this program.
    pub async fn migrate(path: &Path) -> Result<(), StoreError> {
        connect::migrate(path).await
    }

    /// Let the file grow to this many pages and no further, as if the disk were full there. Never
    /// below what it has; forgotten when the store is closed.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn limit_pages(&self, most: u32) -> Result<(), StoreError> {
        connect::limit_pages(&self.writer, most).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn head(&self) -> Result<Head, StoreError> {
        lease::head(&self.readers).await
    }

    async fn acquire(
        &self,
        holder: &str,
        ttl: Duration,
        floor: u64,
        force: bool,
    ) -> Result<Lease, AcquireError> {
        lease::acquire(&self.writer, holder, ttl, floor, force).await
    }

    async fn renew(&self, lease: &Lease) -> Result<(), AcquireError> {
        lease::renew(&self.writer, lease).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        lease::release(&self.writer, lease).await
    }

    async fn append(&self, lease: &Lease, at: &Head, batch: &Batch) -> Result<Head, AppendError> {
        append::append(&self.writer, lease, at, batch).await
    }

    async fn read(&self, from: u64, max: u32) -> Result<Vec<Row>, StoreError> {
        read::read(&self.readers, from, max).await
    }

    async fn read_at(&self, positions: &[u64]) -> Result<Vec<Row>, StoreError> {
        read::read_at(&self.readers, positions).await
    }

    async fn read_stream(
        &self,
        stream: &str,
        from_version: u64,
        max: u32,
    ) -> Result<Vec<Row>, StoreError> {
        read::read_stream(&self.readers, stream, from_version, max).await
    }

    async fn read_commands(&self, keys: &[[u8; 16]]) -> Result<Vec<Row>, StoreError> {
        read::read_commands(&self.readers, keys).await
    }

    async fn put_uploads(&self, bodies: &[Body]) -> Result<(), StoreError> {
        bodies::put_uploads(&self.writer, bodies).await
    }

    async fn find_bodies(&self, ids: &[[u8; 32]]) -> Result<Vec<BodyPlace>, StoreError> {
        bodies::find(&self.readers, ids).await
    }

    async fn sweep_uploads(&self, age: Duration) -> Result<u64, StoreError> {
        bodies::sweep_uploads(&self.writer, age).await
    }

    async fn bodies(&self, ids: &[[u8; 32]]) -> Result<Vec<Body>, StoreError> {
        bodies::bodies(&self.readers, ids).await
    }

    async fn body_ids(
        &self,
        after: Option<[u8; 32]>,
        max: u32,
    ) -> Result<Vec<[u8; 32]>, StoreError> {
        bodies::body_ids(&self.readers, after, max).await
    }

    async fn body_digests(
        &self,
        site: [u8; 16],
        sha256: &[[u8; 32]],
    ) -> Result<Vec<BodyDigest>, StoreError> {
        bodies::body_digests(&self.readers, site, sha256).await
    }

    async fn all_body_digests(
        &self,
        after: Option<([u8; 16], [u8; 32])>,
        max: u32,
    ) -> Result<Vec<BodyDigest>, StoreError> {
        bodies::all_body_digests(&self.readers, after, max).await
    }

    async fn put_checkpoint(&self, checkpoint: &StoredCheckpoint) -> Result<(), StoreError> {
        derived::put_checkpoint(&self.writer, checkpoint).await
    }

    async fn checkpoints(&self, skip: u64, max: u32) -> Result<Vec<StoredCheckpoint>, StoreError> {
        derived::checkpoints(&self.readers, skip, max).await
    }

    async fn put_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        derived::put_snapshot(&self.writer, snapshot).await
    }

    async fn snapshot(
        &self,
        fold: &str,
        version: u32,
        size: u64,
    ) -> Result<Option<Snapshot>, StoreError> {
        derived::snapshot(&self.readers, fold, version, size).await
    }

    async fn indexed_to(&self) -> Result<u64, StoreError> {
        derived::indexed_to(&self.readers).await
    }

    async fn put_index(&self, from: u64, to: u64, rows: &[IndexRow]) -> Result<bool, StoreError> {
        derived::put_index(&self.writer, from, to, rows).await
    }

    async fn oddities(&self) -> Result<Vec<Oddity>, StoreError> {
        oddities::find(&self.readers).await
    }

    async fn clear_index(&self) -> Result<(), StoreError> {
        derived::clear_index(&self.writer).await
    }

    async fn find_index(
        &self,
        kind: i16,
        value: &str,
        from: u64,
        max: u32,
    ) -> Result<Vec<u64>, StoreError> {
        derived::find_index(&self.readers, kind, value, from, max).await
    }

    async fn index_rows(&self, from: u64, to: u64) -> Result<Vec<IndexRow>, StoreError> {
        derived::index_rows(&self.readers, from, to).await
    }

    async fn excess_rights(&self) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    async fn close(&self) {
        // The writer last: whoever closes last moves the log into the file.
        self.readers.close().await;
        self.writer.close().await;
    }
}
