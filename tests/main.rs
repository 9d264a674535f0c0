//! All tests of the service in one binary: one link instead of twelve.

mod cli;
mod demo;
mod events;
mod harness;
mod http;
mod import;
mod ledger;
mod projections;
mod readme;
mod rulebook;
mod rules;
mod smoke;
mod store;
mod tamper;
mod tidy;
