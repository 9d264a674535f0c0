//! What an error of SQLite means, judged by its result code and never by its text.

use sqlx::Error;

use crate::store::{AppendError, StoreError};

const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const NO_MEMORY: i32 = 7;
const INTERRUPT: i32 = 9;
const IO_ERROR: i32 = 10;
const CORRUPT: i32 = 11;
const CANNOT_OPEN: i32 = 14;
const PROTOCOL: i32 = 15;
const NOT_A_DATABASE: i32 = 26;

/// The primary code: the low byte of the extended one.
fn code(error: &Error) -> Option<i32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<i32>().ok().map(|code| code & 0xff)
}

/// Whether a CHECK refused a row: of those that an append writes, only the second head row that it
/// tries when the head did not move.
pub(super) fn is_check(error: &Error) -> bool {
    const CHECK: &str = "275";
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == CHECK)
}

fn passes(code: i32) -> bool {
    matches!(code, BUSY | LOCKED | NO_MEMORY | INTERRUPT | IO_ERROR | CANNOT_OPEN | PROTOCOL)
}

/// The outcome of an append that failed before its commit: nothing was written in any case.
pub(super) fn before_commit(error: &Error) -> AppendError {
    let text = error.to_string();
    match (code(error), error) {
        (Some(code), _) if passes(code) => AppendError::Retryable(text),
        (Some(_), _) | (None, Error::Encode(_)) => AppendError::Rejected(text),
        (None, _) => AppendError::Retryable(text),
    }
}

/// The outcome of an append whose commit failed. A flush that fails may have left the whole
/// transaction in the log, where recovery would find it; a worker that died has told nothing. A
/// full disk (13) or a lock stops a commit before its last frame.
pub(super) fn at_commit(error: &Error) -> AppendError {
    match code(error) {
        Some(code) if code != IO_ERROR => before_commit(error),
        _ => AppendError::Unknown(error.to_string()),
    }
}

/// The meaning of an error for a read or a side write.
pub(super) fn of_store(error: Error) -> StoreError {
    let text = error.to_string();
    match (code(&error), &error) {
        (Some(CORRUPT | NOT_A_DATABASE), _) => StoreError::Corrupt(text),
        (Some(code), _) if passes(code) => StoreError::Unavailable(text),
        (None, Error::Decode(_) | Error::ColumnDecode { .. }) => StoreError::Corrupt(text),
        (None, Error::Io(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed) => {
            StoreError::Unavailable(text)
        }
        _ => StoreError::Refused(text),
    }
}
