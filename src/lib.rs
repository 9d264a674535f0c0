//! Annals (史册): an audit-grade ledger for government web platforms.
//!
//! Every publish, review, account change and site action is an append-only, signed, hash-chained
//! entry; what follows from the entries is recomputed by projections, here and by any stranger.
//! The rooms, from the ground up:

pub mod clock;
pub mod config;
pub mod profiles;
pub mod store;

pub mod tokens;

pub mod error;

pub mod ledger;

pub mod commands;

pub mod app;

pub mod import;

pub mod http;

pub mod cli;
