//! Annals (史册): an audit-grade ledger for government web platforms.

pub mod store;
