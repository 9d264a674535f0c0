//! What may follow what: structure and state machine, one file per thing. Limits, routes and
//! deadlines are not here: they are lines of a rulebook.

pub mod account;
pub mod column;
pub mod content;
pub mod import;
pub mod incident;
pub mod ledger;
pub mod message;
pub mod platform;
pub mod provenance;
pub mod site;

/// Genesis, the organisation and two accounts come before anybody can command anything.
pub const FIRST_POSITIONS: u64 = 4;
