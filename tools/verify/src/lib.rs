//! Audit: re-derive everything a ledger says of itself, from its bytes and one pinned value.
//!
//! Shares no code with the service but the vocabulary (`events`) and what follows from it
//! (`projections`). No network, no clock, no database; memory is bounded by live state.

mod auditor;
mod check;
mod export;
mod report;

pub use auditor::{Auditor, End, Item, Options, Policy, RawBody, Source};
pub use check::{Prepared, named_body, prepare};
pub use export::audit_export;
pub use report::{Bad, Report, Verdict};
