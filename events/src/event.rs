//! How events are declared, read from facts and written to facts.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::canonical;
use crate::hash::Hash;

/// Why a payload part is not what its type says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Not the JSON of this type.
    #[error("not {kind} of {event}: {detail}")]
    Form {
        /// The event's type.
        event: String,
        /// `facts` or `private`.
        kind: &'static str,
        /// What serde says.
        detail: String,
    },
    /// Does not re-encode to itself, or has an integer beyond 2^53 - 1.
    #[error("the {kind} of {event} are not in canonical form")]
    NotCanonical {
        /// The event's type.
        event: String,
        /// `facts` or `private`.
        kind: &'static str,
    },
    /// This type or version of it is not known here.
    #[error("type {event} version {schema} is not known here")]
    Unknown {
        /// The event's type.
        event: String,
        /// The schema's version.
        schema: u32,
    },
}

/// A private part of nothing but the command it came from; absent on internal and imported
/// entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandText {
    /// The command, as text.
    pub command: String,
    /// Nonce of the command's digest.
    pub nonce: Hash,
}

/// For types that have no private part: keys, rulebooks, removals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoPrivate {}

/// Parse a part and demand that it is canonical: the same bytes when encoded again, and no
/// integer beyond 2^53 - 1, which a type would hold but other readers would round.
pub fn read_exact<T: Serialize + DeserializeOwned>(
    event: &str,
    kind: &'static str,
    bytes: &[u8],
) -> Result<T, PayloadError> {
    let value: T = serde_json::from_slice(bytes).map_err(|error| PayloadError::Form {
        event: event.to_owned(),
        kind,
        detail: error.to_string(),
    })?;
    if canonical::to_bytes(&value) == bytes && canonical::check_object(bytes).is_ok() {
        Ok(value)
    } else {
        Err(PayloadError::NotCanonical { event: event.to_owned(), kind })
    }
}

/// Declare the events of one thing: variant, facts, private part, word on the wire.
macro_rules! thing_events {
    (
        $(#[$doc:meta])* $thing:literal {
            $($(#[$vdoc:meta])* $variant:ident($facts:ty, $private:ty) = $word:literal,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Event { $($(#[$vdoc])* $variant($facts),)* }

        impl Event {
            /// The types of this thing, in order of declaration.
            pub const TYPES: &'static [&'static str] = &[$(concat!($thing, ".", $word)),*];

            /// The type on the wire.
            pub fn kind(&self) -> &'static str {
                match self { $(Event::$variant(_) => concat!($thing, ".", $word),)* }
            }

            /// Canonical facts.
            pub fn facts(&self) -> Vec<u8> {
                match self { $(Event::$variant(facts) => $crate::canonical::to_bytes(facts),)* }
            }

            /// Read the facts of a type of this thing; `None` if the word is none of its.
            pub fn read(
                kind: &str,
                facts: &[u8],
            ) -> Option<Result<Event, $crate::event::PayloadError>> {
                match kind {
                    $(concat!($thing, ".", $word) => Some(
                        $crate::event::read_exact(kind, "facts", facts).map(Event::$variant),
                    ),)*
                    _ => None,
                }
            }

            /// Check a private part's form; `None` if the word is none of this thing's.
            pub fn check_private(
                kind: &str,
                private: &[u8],
            ) -> Option<Result<(), $crate::event::PayloadError>> {
                match kind {
                    $(concat!($thing, ".", $word) => Some(
                        $crate::event::read_exact::<$private>(kind, "private", private)
                            .map(|_| ()),
                    ),)*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use thing_events;
