//! All tests of the service in one binary: one link instead of twelve.

mod harness;
mod ledger;
mod smoke;
mod store;
mod tidy;
