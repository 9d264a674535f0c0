//! What a store can answer instead of yes; each variant says who must act.

/// A read or a side write failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be reached or broke off; trying again may help.
    #[error("the store did not answer: {0}")]
    Unavailable(String),
    /// The database answered with an error that trying again will not cure.
    #[error("the store refused: {0}")]
    Refused(String),
    /// A stored value has a shape that nothing here writes.
    #[error("the store holds what was never written: {0}")]
    Corrupt(String),
    /// The schema is missing or older than this program.
    #[error("the store's schema is not this program's: {0}")]
    Schema(String),
}

/// The lease was not taken or not renewed.
#[derive(Debug, thiserror::Error)]
pub enum AcquireError {
    /// Another run holds it.
    #[error("another writer ({holder}) holds the ledger in epoch {epoch}")]
    Held {
        /// Who.
        holder: String,
        /// Its epoch.
        epoch: u64,
        /// Milliseconds until its lease runs out.
        left_millis: i64,
    },
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An append did not answer with success.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The head row has a higher epoch: somebody took over. Nothing was written.
    #[error("another writer took over in epoch {epoch}")]
    Fenced {
        /// The epoch found.
        epoch: u64,
    },
    /// Same epoch, other head: this writer is behind its own store. Nothing was written.
    #[error("the head moved to size {size}")]
    HeadMoved {
        /// The size found.
        size: u64,
    },
    /// The answer was lost: the batch may be in or not. Renew the lease, then read the head, before
    /// anything else: the renewal waits for a statement that the database may still be running,
    /// which a mere read would not.
    #[error("unknown outcome: {0}")]
    Unknown(String),
    /// Nothing was written and the same batch may succeed later (no connection, busy).
    #[error("not written, may be tried again: {0}")]
    Retryable(String),
    /// Nothing was written and never will be: unique key, check, missing body, full disk.
    #[error("not written: {0}")]
    Rejected(String),
}
