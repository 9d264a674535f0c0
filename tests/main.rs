//! All tests of the service in one binary: one link instead of twelve.

mod demo;
mod harness;
mod readme;
mod smoke;
mod store;
mod tamper;
mod tidy;
