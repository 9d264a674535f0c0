//! Where entries are kept: one contract in words, two plain stores under it.
//!
//! The stores share no SQL, and no code but the check of a batch's shape, so that each stays an
//! honest dialect; one suite in `tests/store` holds both to this page. Bytes go in and come out
//! exactly as they were hashed: nothing here parses an entry.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

mod error;
pub mod index;
pub mod postgres;
mod shape;
pub mod sqlite;
mod token;

pub use error::{AcquireError, AppendError, StoreError};
pub use token::{Token, Tokens};

/// The most rows one read answers, whatever was asked for.
pub const READ_ROWS_MAX: u32 = 10_000;

/// One committed entry as it lies in the store, with the columns derived from it.
///
/// `stream`, `version`, `command_key`, `command_index` and `leaf` repeat what the header says;
/// a reader that verifies MUST recompute them and compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// 0-based place in the ledger.
    pub position: u64,
    /// SHA-256(0x00 || header), as stored.
    pub leaf: [u8; 32],
    /// The exact bytes that were hashed.
    pub header: Vec<u8>,
    /// Ed25519 over the leaf, by the entry key of the header's epoch.
    pub signature: [u8; 64],
    /// Canonical facts, exactly as hashed.
    pub facts: Vec<u8>,
    /// Salt of `facts_digest`.
    pub facts_salt: [u8; 32],
    /// Salt and canonical bytes of the private part; `None` where none is stored.
    pub private: Option<([u8; 32], Vec<u8>)>,
    /// `<thing>/<uuid>`.
    pub stream: String,
    /// 0-based place in the stream.
    pub version: u64,
    /// Idempotency key of the command, where there is one.
    pub command_key: Option<[u8; 16]>,
    /// 0-based place among the command's entries.
    pub command_index: Option<u32>,
}

/// A body: page text, image, attachment, with the salt its id was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// SHA-256("annals/body/v1\n" || salt || bytes).
    pub id: [u8; 32],
    /// 32 random bytes; lives and dies with the body.
    pub salt: [u8; 32],
    /// The bytes themselves.
    pub bytes: Vec<u8>,
}

/// Where a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyPlace {
    /// Nowhere.
    Missing,
    /// Uploaded, named by no entry yet; its length in bytes.
    Uploaded(u64),
    /// Evidence; its length in bytes.
    Kept(u64),
}

/// A body that an append moves from the uploads into the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyRef {
    /// The upload's id.
    pub id: [u8; 32],
    /// The site it first belongs to (16 bytes of its UUID): key of the digest index.
    pub site: [u8; 16],
}

/// The one head row: where the ledger ends and who may extend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Epoch of the newest lease; 0 before the first.
    pub epoch: u64,
    /// Number of entries.
    pub size: u64,
    /// Leaf of the last entry; 32 zero bytes while empty.
    pub leaf: [u8; 32],
    /// Who holds the lease; `None` when released or never taken.
    pub holder: Option<String>,
    /// Microseconds until the lease runs out by the store's clock; 0 or less when it has.
    pub lease_left_micros: i64,
    /// The store's clock, Unix microseconds, where it has one of its own (PostgreSQL).
    pub clock_micros: Option<i64>,
}

/// The right to append, until the next taker raises the epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Random name of this run.
    pub holder: String,
    /// Rises with every taking; may skip.
    pub epoch: u64,
    /// How long each append renews it for.
    pub ttl: Duration,
}

/// What one durable transaction writes: consecutive entries and what goes with them.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Dense, starting at the head's size. Never empty.
    pub rows: Vec<Row>,
    /// Uploads that entries of this batch name for the first time.
    pub bodies: Vec<BodyRef>,
}

/// A signed checkpoint as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// Tree size.
    pub size: u64,
    /// The whole signed note.
    pub note: String,
}

/// A cached fold: content in chunks, signed by the entry key of the epoch that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Name of the fold.
    pub fold: String,
    /// Version of the fold's meaning.
    pub version: u32,
    /// Size of the ledger it stands for.
    pub size: u64,
    /// Leaf of entry `size - 1`.
    pub leaf: [u8; 32],
    /// Epoch whose entry key signed.
    pub epoch: u64,
    /// SHA-256 of the content.
    pub digest: [u8; 32],
    /// Signature over all of the above.
    pub signature: [u8; 64],
    /// The content, split where the writer liked (each chunk at most 8 MiB).
    pub chunks: Vec<Vec<u8>>,
}

/// Something that no store of this program writes, and that reading entry after entry would not
/// show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// A word of the verifier's list.
    pub what: &'static str,
    /// Where; the ledger's size for what is of no one entry.
    pub position: u64,
    /// The sentence.
    pub detail: String,
}

impl Oddity {
    /// As a store's query tells it: of a row, or of an index.
    fn told(what: &str, position: u64, detail: String) -> Oddity {
        Oddity { what: if what == "row" { "row" } else { "index" }, position, detail }
    }
}

/// One line of the investigator's index: entry `position` has `value` under `kind`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexRow {
    /// What is indexed; see [`index::Kind`].
    pub kind: i16,
    /// The exact value as the header writes it.
    pub value: String,
    /// The entry.
    pub position: u64,
}

/// One line of the removable index from plain digest to body id, per site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BodyDigest {
    /// 16 bytes of the site's UUID.
    pub site: [u8; 16],
    /// SHA-256 of the plain bytes.
    pub sha256: [u8; 32],
    /// The body.
    pub body: [u8; 32],
}

/// What a ledger needs from a database. Every method may be called from any task.
///
/// MUST hold for each store, and is tested by one suite on both:
///
/// 1. **Durable**: when `append` answers `Ok`, the batch survives the loss of power.
/// 2. **All or nothing**: no reader ever sees part of a batch, nor a batch without its head.
/// 3. **Dense and ordered**: positions run 0, 1, 2, ... in commit order. A hole is corruption.
/// 4. **Compare and swap**: `append` succeeds only while the head row equals (`lease.epoch`,
///    `at.size`, `at.leaf`), compared in the transaction that inserts. No clock is asked.
/// 5. **Unique**: (stream, version) and (command key, command index), for ever.
/// 6. **Exact**: bytes come back as they went in.
/// 7. **Append only**: nothing here changes or deletes an entry, its parts, a body or a checkpoint.
#[async_trait]
pub trait Store: Tokens + Send + Sync + 'static {
    /// The head row. An empty ledger (after migration) has size 0 and a zero leaf.
    async fn head(&self) -> Result<Head, StoreError>;

    /// Take the lease if it is free, expired by the store's clock, or already this holder's;
    /// the epoch MUST rise by at least one and be above `floor`. `force` takes it in any case:
    /// its holder is known to be gone, and the fence holds if it is not.
    async fn acquire(
        &self,
        holder: &str,
        ttl: Duration,
        floor: u64,
        force: bool,
    ) -> Result<Lease, AcquireError>;

    /// Extend the lease while this holder and epoch still own it; else `AcquireError::Held`.
    async fn renew(&self, lease: &Lease) -> Result<(), AcquireError>;

    /// Give the lease back, if it is still this one's. Never an error when it is not.
    async fn release(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Write the batch, move its bodies out of the uploads (all of them must be there), swap the
    /// head and renew the lease, in one durable transaction. Answers the new head.
    async fn append(&self, lease: &Lease, at: &Head, batch: &Batch) -> Result<Head, AppendError>;

    /// Entries from `from` in order, at most `max` (and [`READ_ROWS_MAX`]).
    async fn read(&self, from: u64, max: u32) -> Result<Vec<Row>, StoreError>;

    /// Entries at exactly these positions, in ascending order; absent ones are left out.
    async fn read_at(&self, positions: &[u64]) -> Result<Vec<Row>, StoreError>;

    /// Entries of one stream from `from_version`, in order.
    async fn read_stream(
        &self,
        stream: &str,
        from_version: u64,
        max: u32,
    ) -> Result<Vec<Row>, StoreError>;

    /// Every entry written for each of these command keys, ordered by position.
    async fn read_commands(&self, keys: &[[u8; 16]]) -> Result<Vec<Row>, StoreError>;

    /// Put bodies among the uploads, durably; an id already there (or already evidence) is left.
    async fn put_uploads(&self, bodies: &[Body]) -> Result<(), StoreError>;

    /// Where each of these bodies is, in the order asked.
    async fn find_bodies(&self, ids: &[[u8; 32]]) -> Result<Vec<BodyPlace>, StoreError>;

    /// Delete uploads older than `age` by the store's clock; answers how many.
    async fn sweep_uploads(&self, age: Duration) -> Result<u64, StoreError>;

    /// Bodies that are evidence, at exactly these ids; absent ones are left out.
    async fn bodies(&self, ids: &[[u8; 32]]) -> Result<Vec<Body>, StoreError>;

    /// Ids of all bodies that are evidence, in order, from `after` (exclusive).
    async fn body_ids(
        &self,
        after: Option<[u8; 32]>,
        max: u32,
    ) -> Result<Vec<[u8; 32]>, StoreError>;

    /// The digest index of one site for these plain digests: one line for each that is known, with
    /// the first body that had it.
    async fn body_digests(
        &self,
        site: [u8; 16],
        sha256: &[[u8; 32]],
    ) -> Result<Vec<BodyDigest>, StoreError>;

    /// The whole digest index in order of (site, sha256), from `after` (exclusive).
    async fn all_body_digests(
        &self,
        after: Option<([u8; 16], [u8; 32])>,
        max: u32,
    ) -> Result<Vec<BodyDigest>, StoreError>;

    /// Keep a signed checkpoint. Repeating a size keeps both.
    async fn put_checkpoint(&self, checkpoint: &StoredCheckpoint) -> Result<(), StoreError>;

    /// Checkpoints in the order they were kept, skipping the first `skip`.
    async fn checkpoints(&self, skip: u64, max: u32) -> Result<Vec<StoredCheckpoint>, StoreError>;

    /// Keep a snapshot, then forget all but the two newest sizes of this (fold, version).
    async fn put_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError>;

    /// The newest snapshot of this fold and version at or below `size`.
    async fn snapshot(
        &self,
        fold: &str,
        version: u32,
        size: u64,
    ) -> Result<Option<Snapshot>, StoreError>;

    /// Up to which size the investigator's index has been fed.
    async fn indexed_to(&self) -> Result<u64, StoreError>;

    /// Make these the index lines of entries `from..to` (whatever stood there goes) and move the
    /// mark from `from` to `to`, in one transaction; `Ok(false)` and nothing written if the mark
    /// was not at `from`. A line given twice is one line; a line outside `from..to` is refused.
    async fn put_index(&self, from: u64, to: u64, rows: &[IndexRow]) -> Result<bool, StoreError>;

    /// Private parts of no entry, index lines of none or beyond the mark, an index without its
    /// mark, a lost unique index, damaged pages as far as the database can tell.
    async fn oddities(&self) -> Result<Vec<Oddity>, StoreError>;

    /// Forget every line of the investigator's index and set its mark to 0.
    async fn clear_index(&self) -> Result<(), StoreError>;

    /// Positions with this value under this kind, in order, from `from`, below `indexed_to`.
    async fn find_index(
        &self,
        kind: i16,
        value: &str,
        from: u64,
        max: u32,
    ) -> Result<Vec<u64>, StoreError>;

    /// All index lines of entries `from..to`, ordered by (position, kind, value).
    async fn index_rows(&self, from: u64, to: u64) -> Result<Vec<IndexRow>, StoreError>;

    /// `None` if this connection may only do what the service may; else why not, in a sentence
    /// (table owner, superuser). SQLite has no roles and answers `None`.
    async fn excess_rights(&self) -> Result<Option<String>, StoreError>;

    /// Close connections after what is running has ended.
    async fn close(&self);
}

/// A store as the rest of the service holds it.
pub type SharedStore = Arc<dyn Store>;

/// Open the store that `database` names: a `postgres://` or `postgresql://` URL, else the path of
/// a SQLite file. It must be there and migrated.
///
/// # Errors
/// [`StoreError::Schema`] if it is not.
pub async fn open(database: &str) -> Result<SharedStore, StoreError> {
    if is_postgres(database) {
        Ok(Arc::new(postgres::PostgresStore::connect(database).await?))
    } else {
        Ok(Arc::new(sqlite::SqliteStore::open(Path::new(database), false).await?))
    }
}

/// Bring the schema of the store that `database` names up to this program's; a SQLite file that
/// is not there is made.
///
/// # Errors
/// [`StoreError::Schema`] if a migration fails.
pub async fn migrate(database: &str) -> Result<(), StoreError> {
    if is_postgres(database) {
        postgres::PostgresStore::migrate(database).await
    } else {
        sqlite::SqliteStore::migrate(Path::new(database)).await
    }
}

/// Whether a `postgres://` URL can be read at all; the sentence repeats nothing of it.
///
/// # Errors
/// What is wrong with it.
pub fn check_url(url: &str) -> Result<(), String> {
    postgres::check_url(url)
}

fn is_postgres(database: &str) -> bool {
    database.starts_with("postgres://") || database.starts_with("postgresql://")
}
