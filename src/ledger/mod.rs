//! 账本 — the one writer, the follower that every instance is, and what binds them to a host.
//!
//! Generic over the decider that `app` passes in: nothing here knows a rule or a command.

pub mod anchor;
pub mod build;
pub mod decider;
pub mod follower;
pub mod found;
pub mod index;
pub mod keys;
pub mod seal;
pub mod sequencer;
pub mod snapshot;

mod batch;
mod lead;

pub use decider::{Decided, Decider, Draft, Refusal, World};
pub use follower::{FollowError, Follower, Serving};
pub use lead::Parts;
pub use sequencer::{Ledger, Receipt, Request, WriteError};
