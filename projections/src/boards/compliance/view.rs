//! The moment asked for.

use annals_events::Time;

/// As of when, as far as which entries tell, and from when on what the calendar brings is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// When it was true.
    pub at: Time,
    /// How many entries were known.
    pub known: u64,
    /// Periods that ended before are not listed.
    pub from: Time,
}

impl Asked {
    /// Whether something of this position and time is seen.
    pub fn sees(&self, position: u64, at: Time) -> bool {
        position < self.known && at <= self.at
    }
}
