//! All tests of the service in one binary: one link instead of twelve.

mod events;
mod harness;
mod projections;
mod rules;
mod smoke;
mod store;
mod tidy;
