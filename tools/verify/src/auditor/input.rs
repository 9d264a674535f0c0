//! What an audit is given: what the user pins, and the items in order.

use annals_events::keys::PublicKey;
use annals_events::ledger::FoldDigest;
use annals_events::{Hash, RawEntry};
use annals_projections::chain::Breach;

/// What the user pins and trusts, from elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Leaf of the genesis entry.
    pub genesis: Option<Hash>,
    /// Signed notes the user kept.
    pub checkpoints: Vec<String>,
    /// Public keys of actors.
    pub actor_keys: Vec<PublicKey>,
}

/// How to audit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Check entry signatures in batches.
    pub batch: bool,
    /// Neither fold nor judge.
    pub no_fold: bool,
}

/// What the input is, for the sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An export file.
    Export,
    /// A live store.
    Store,
}

/// A body with the salt its id was made with.
#[derive(Clone, Debug)]
pub struct RawBody {
    /// Claimed id.
    pub id: Hash,
    /// Salt.
    pub salt: [u8; 32],
    /// Bytes.
    pub bytes: Vec<u8>,
}

/// What the input consists of, in order.
#[derive(Debug)]
pub enum Item {
    /// An entry.
    Entry {
        /// Its bytes.
        raw: RawEntry,
        /// Line in an export.
        line: Option<u64>,
        /// Fingerprint the export claims for the entry key.
        key: Option<Hash>,
        /// Something the reader found wrong with the row around it.
        extra: Option<Breach>,
    },
    /// A body, after the first entry that names it.
    Body {
        /// The body.
        body: RawBody,
        /// Line in an export.
        line: Option<u64>,
    },
    /// A line that cannot be read.
    Broken {
        /// Line in an export.
        line: u64,
        /// Why.
        detail: String,
    },
}

/// What an export's last line or a store's tables say of the end.
#[derive(Clone, Debug)]
pub struct End {
    /// Number of entries.
    pub size: u64,
    /// Leaf of the last.
    pub head: Hash,
    /// Signed note of that size.
    pub checkpoint: Option<String>,
    /// Fold digests, where stated.
    pub state: Vec<FoldDigest>,
    /// Line in an export.
    pub line: Option<u64>,
}
