//! All tests of the service in one binary: one link instead of twelve.

mod store;
mod tidy;
