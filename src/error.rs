//! 失败 — how a command at the command line ends when it does not end well, and its exit code.

use crate::config::LockError;
use crate::store::{AcquireError, StoreError};

/// Exit codes of `annals`; the verifier's words mean the same there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Refused by the rules, or found unsound.
    Refused = 1,
    /// Not fully shown.
    Incomplete = 2,
    /// Usage or bad input.
    Input = 3,
    /// Intact but written against the rulebook.
    AgainstTheRulebook = 4,
    /// We failed.
    Fault = 5,
    /// Another writer holds the ledger.
    Held = 6,
}

/// A sentence and a code.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct Failure {
    /// The code.
    pub exit: Exit,
    /// The sentence.
    pub sentence: String,
}

impl Failure {
    /// The rules say no.
    pub fn refused(sentence: impl Into<String>) -> Failure {
        Failure { exit: Exit::Refused, sentence: sentence.into() }
    }

    /// The call or a file is wrong.
    pub fn input(sentence: impl Into<String>) -> Failure {
        Failure { exit: Exit::Input, sentence: sentence.into() }
    }

    /// We failed.
    pub fn fault(sentence: impl Into<String>) -> Failure {
        Failure { exit: Exit::Fault, sentence: sentence.into() }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        match error {
            StoreError::Schema(_) => Failure::input(error.to_string()),
            _ => Failure::fault(error.to_string()),
        }
    }
}

impl From<AcquireError> for Failure {
    fn from(error: AcquireError) -> Failure {
        match error {
            AcquireError::Held { .. } => Failure { exit: Exit::Held, sentence: error.to_string() },
            AcquireError::Store(error) => error.into(),
        }
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Failure {
        let exit = if matches!(error, LockError::Held(_)) { Exit::Held } else { Exit::Fault };
        Failure { exit, sentence: error.to_string() }
    }
}
