//! A list that is a set: sorted, each once, not longer than it says. One spelling for one set.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// At most `MOST` items in rising order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Sorted<T, const MOST: usize>(Vec<T>);

impl<T, const MOST: usize> Default for Sorted<T, MOST> {
    fn default() -> Self {
        Sorted(Vec::new())
    }
}

impl<T: Ord, const MOST: usize> Sorted<T, MOST> {
    /// Of any items; `None` if there are too many.
    pub fn new(items: impl IntoIterator<Item = T>) -> Option<Self> {
        let mut items: Vec<T> = items.into_iter().collect();
        items.sort_unstable();
        items.dedup();
        (items.len() <= MOST).then_some(Sorted(items))
    }
}

impl<T, const MOST: usize> Sorted<T, MOST> {
    /// The items.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// Whether there is none: then the member is left out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de, T: Deserialize<'de> + Ord, const MOST: usize> Deserialize<'de> for Sorted<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = Vec::<T>::deserialize(deserializer)?;
        if items.len() > MOST || !items.is_sorted_by(|a, b| a < b) {
            return Err(D::Error::custom(format!("a list of at most {MOST}, sorted, each once")));
        }
        Ok(Sorted(items))
    }
}
