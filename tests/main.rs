//! All tests of the service in one binary: one link instead of twelve.

mod cli;
mod harness;
mod import;
mod smoke;
mod store;
mod tidy;
