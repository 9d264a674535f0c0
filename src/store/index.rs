//! What the investigator's index holds: kinds and their values, all recomputable from headers.

/// What an index line is about. Numbers are stored: append, never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i16)]
pub enum Kind {
    /// The entry's type, e.g. `content.published`.
    Type = 1,
    /// The acting account, e.g. `account/<uuid>`.
    Actor = 2,
    /// A subject the entry is about: `site/<uuid>`, `organisation/<uuid>`, `account/<uuid>`.
    Subject = 3,
    /// A clause cited.
    Clause = 4,
    /// The UTC day it was effective, e.g. `2026-11-24`.
    Day = 5,
    /// Who said it: commanded, reported, imported, internal.
    Provenance = 6,
}
