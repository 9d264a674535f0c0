//! What was measured: several values for each name, of which the median is told.

use std::collections::HashMap;
use std::time::Duration;

/// Of what a figure speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Where {
    /// Of the machine, whatever the store.
    Machine,
    /// Of the SQLite store.
    Sqlite,
    /// Of the PostgreSQL store.
    Postgres,
}

/// See the module.
#[derive(Default)]
pub struct Figures(HashMap<(Where, &'static str), Vec<f64>>);

impl Figures {
    /// One more value.
    pub fn add(&mut self, place: Where, name: &'static str, value: f64) {
        self.0.entry((place, name)).or_default().push(value);
    }

    /// The median of all values, where there is one.
    pub fn median(&self, place: Where, name: &'static str) -> Option<f64> {
        let mut values = self.0.get(&(place, name))?.clone();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    }

    /// The quotient of two medians; each may be of another place.
    pub fn ratio(
        &self,
        (over, name): (Where, &'static str),
        (under, of): (Where, &'static str),
    ) -> Option<f64> {
        Some(self.median(over, name)? / self.median(under, of)?)
    }
}

/// The value below which the fraction `at` of all lies.
pub fn quantile(times: &mut [Duration], at: f64) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    times.get((last as f64 * at).round() as usize).copied().unwrap_or_default()
}
