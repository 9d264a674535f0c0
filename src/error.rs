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

/// What to do about a store that is not as it was written.
pub const UNSOUND: &str = ": run `annals verify`, it names the first bad entry";

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

    /// The store is not as it was written: whoever met it first cannot say where it begins.
    pub fn unsound(sentence: impl std::fmt::Display) -> Failure {
        Failure::refused(format!("{sentence}{UNSOUND}"))
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
            StoreError::Corrupt(_) => Failure::unsound(error),
            StoreError::Unavailable(_) | StoreError::Refused(_) => {
                Failure::fault(error.to_string())
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_unsound_is_not_our_fault() {
        for (error, exit) in [
            (StoreError::Corrupt("the head row is gone".into()), Exit::Refused),
            (StoreError::Schema("not migrated yet".into()), Exit::Input),
            (StoreError::Unavailable("no answer".into()), Exit::Fault),
            (StoreError::Refused("the disk is full".into()), Exit::Fault),
        ] {
            let failure = Failure::from(error);
            assert_eq!(failure.exit, exit, "{failure}");
            assert_eq!(failure.sentence.contains("annals verify"), exit == Exit::Refused);
        }
    }
}
