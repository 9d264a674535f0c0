//! 属性 — what a thing says of itself in a profile's words, so that rules can select by it.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::text::Word;

/// Most attributes of one thing.
pub const ATTRIBUTES_MAX: usize = 16;

/// Attribute and value, sorted; at most [`ATTRIBUTES_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Attributes(BTreeMap<Word, Word>);

impl Attributes {
    /// From pairs; `None` if there are too many.
    pub fn new(pairs: impl IntoIterator<Item = (Word, Word)>) -> Option<Attributes> {
        let all: BTreeMap<Word, Word> = pairs.into_iter().collect();
        (all.len() <= ATTRIBUTES_MAX).then_some(Attributes(all))
    }

    /// The value of one.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(word, _)| word.as_str() == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All pairs, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is none: then the member is left out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = BTreeMap::deserialize(deserializer)?;
        if all.len() > ATTRIBUTES_MAX {
            return Err(D::Error::custom("more than 16 attributes"));
        }
        Ok(Attributes(all))
    }
}
