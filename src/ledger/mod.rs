//! 账本 — the one writer, the follower that every instance is, and what binds them to a host.
//!
//! Generic over the decider that `app` passes in: nothing here knows a rule or a command.

pub mod about;
pub mod anchor;
pub mod build;
pub mod decider;
pub mod export;
pub mod follower;
pub mod found;
pub mod index;
pub mod keys;
pub mod lookup;
pub mod random;
pub mod request;
pub mod scan;
pub mod seal;
pub mod sequencer;
pub mod snapshot;

mod batch;
mod commit;
mod lead;
mod pipeline;
mod signer;

pub use decider::{Citation, Decided, Decider, Draft, Refusal, World};
pub use follower::{FollowError, Follower, Serving};
pub use lead::{Parts, look};
pub use request::{Answer, Enqueued, Receipt, ReceiptEntry, Request, WriteError};
pub use sequencer::Ledger;

use crate::error::{Exit, Failure};

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Failure {
        let exit = match &error {
            WriteError::Refused(_) | WriteError::TooLarge(_) | WriteError::KeyReused => {
                Exit::Refused
            }
            WriteError::NotLeader { .. } => Exit::Held,
            WriteError::Clock(_) | WriteError::Stopped(_) => Exit::Refused,
            WriteError::Retryable(_) | WriteError::Fault(_) => Exit::Fault,
        };
        Failure { exit, sentence: error.to_string() }
    }
}

impl From<FollowError> for Failure {
    fn from(error: FollowError) -> Failure {
        match error {
            FollowError::Store(error) => error.into(),
            bad @ FollowError::Bad { .. } => Failure::unsound(bad),
        }
    }
}

impl From<seal::SealError> for Failure {
    fn from(error: seal::SealError) -> Failure {
        match error {
            seal::SealError::Follow(error) => error.into(),
            seal::SealError::Store(error) => error.into(),
            seal::SealError::Lost(_) => Failure::refused(error.to_string()),
            seal::SealError::Note(_) => Failure::fault(error.to_string()),
        }
    }
}
