//! What a fold is: how it grows, how it becomes rows, how rows become a digest.

use annals_events::entry::{About, Actor, CommandInfo, Provenance};
use annals_events::id::Stream;
use annals_events::{Event, Hash, Header, Time};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// What a fold and a rule see of an entry besides its event: the header, or, while a command is
/// being decided, what the header will say.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Place in the ledger.
    pub position: u64,
    /// Stream it belongs to.
    pub stream: Stream,
    /// How it came to be known.
    pub provenance: Provenance,
    /// Who acted.
    pub actor: Option<&'a Actor>,
    /// The command it comes from.
    pub command: Option<&'a CommandInfo>,
    /// The entry that led to it.
    pub cause: Option<u64>,
    /// When it was decided.
    pub recorded_at: Time,
    /// When it happened, if that is another time.
    pub occurred_at: Option<Time>,
    /// What it says it is about; `None` while it is being decided.
    pub about: Option<&'a [About]>,
    /// By which rulebook it says it was judged; `None` while it is being decided.
    pub cited: Option<Cited<'a>>,
}

/// What an entry says of its rulebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cited<'a> {
    /// Position of the adoption.
    pub rulebook: Option<u64>,
    /// The clauses it cites.
    pub clauses: &'a [String],
}

impl<'a> Frame<'a> {
    /// Of a committed entry.
    pub fn of(header: &'a Header) -> Frame<'a> {
        Frame {
            position: header.position.0,
            stream: header.stream,
            provenance: header.provenance,
            actor: header.actor.as_ref(),
            command: header.command.as_ref(),
            cause: header.cause.map(|cause| cause.0),
            recorded_at: header.recorded_at,
            occurred_at: header.occurred_at,
            about: Some(header.about()),
            cited: Some(Cited {
                rulebook: header.rulebook.map(|rulebook| rulebook.0),
                clauses: header.clauses.as_deref().unwrap_or_default(),
            }),
        }
    }

    /// When it counts as having happened.
    pub fn effective_at(&self) -> Time {
        self.occurred_at.unwrap_or(self.recorded_at)
    }

    /// Whether this is the last entry of its command.
    pub fn ends_command(&self) -> bool {
        self.command.is_none_or(|command| command.index + 1 == command.of)
    }
}

/// The state of one thing, from headers and facts.
pub trait Fold: Sized {
    /// Its name in seals and snapshots.
    const NAME: &'static str;
    /// Raised whenever the same entries may give other rows.
    const VERSION: u32;

    /// Take one more entry; cannot fail.
    fn apply(&mut self, frame: &Frame<'_>, event: &Event);

    /// All it holds, each row postcard-encoded, in an order that depends on nothing else.
    fn rows(&self) -> Vec<Vec<u8>>;

    /// Back from rows; `None` if one does not decode.
    fn from_rows(rows: Vec<Vec<u8>>) -> Option<Self>;
}

/// SHA-256 over the rows, each as u32be(length) || bytes.
pub fn digest(rows: &[Vec<u8>]) -> Hash {
    let mut sha = Sha256::new();
    for row in rows {
        sha.update(u32::try_from(row.len()).expect("a row is below 4 GiB").to_be_bytes());
        sha.update(row);
    }
    Hash(sha.finalize().into())
}

/// Encode one row.
pub fn row<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("rows hold no type that postcard refuses")
}

/// Rows of a map, sorted by key.
pub fn map_rows<'a, K, V>(map: impl IntoIterator<Item = (&'a K, &'a V)>) -> Vec<Vec<u8>>
where
    K: Ord + Serialize + 'a,
    V: Serialize + 'a,
{
    let mut pairs: Vec<(&K, &V)> = map.into_iter().collect();
    pairs.sort_unstable_by(|a, b| a.0.cmp(b.0));
    pairs.iter().map(row).collect()
}

/// A map back from its rows.
pub fn from_map_rows<K, V, M>(rows: Vec<Vec<u8>>) -> Option<M>
where
    K: DeserializeOwned,
    V: DeserializeOwned,
    M: FromIterator<(K, V)>,
{
    rows.iter().map(|row| exact::<(K, V)>(row)).collect()
}

/// Decode a row that is nothing but `T`.
pub fn exact<T: DeserializeOwned>(row: &[u8]) -> Option<T> {
    match postcard::take_from_bytes(row) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}

/// A fold that is one map and nothing else.
macro_rules! map_fold {
    ($ty:ident, $field:ident, $name:literal, $version:literal) => {
        const NAME: &'static str = $name;
        const VERSION: u32 = $version;

        fn rows(&self) -> Vec<Vec<u8>> {
            $crate::fold::map_rows(&self.$field)
        }

        fn from_rows(rows: Vec<Vec<u8>>) -> Option<Self> {
            Some($ty { $field: $crate::fold::from_map_rows(rows)? })
        }
    };
}
pub(crate) use map_fold;
