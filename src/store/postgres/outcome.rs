//! What an error of the database means, judged by its code and never by its text.

use sqlx::Error;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::store::{AppendError, StoreError};

/// Our own `annals_refuse`.
pub(super) const REFUSED: &str = "P0001";

/// Whether it refused for the bodies; its reasons have one code between them.
pub(super) fn is_missing_bodies(error: &Error) -> bool {
    database(error).is_some_and(|answer| answer.message() == "annals: bodies are missing")
}

/// Codes after which the same request may succeed although nothing about it changes: conflicts,
/// locks, cancels, a server that starts, stops, is full of connections or short of memory, or a
/// standby that is about to be promoted. A full disk (53100) is not among them.
fn passes(code: &str) -> bool {
    match code {
        "53100" => false,
        "57014" | "25006" | "26000" | "0A000" => true,
        _ => ["08", "40", "53", "55", "57"].iter().any(|class| code.starts_with(class)),
    }
}

fn code(error: &PgDatabaseError) -> &str {
    error.code()
}

fn database(error: &Error) -> Option<&PgDatabaseError> {
    error.as_database_error().map(|error| error.downcast_ref::<PgDatabaseError>())
}

/// The SQLSTATE of an error that the server answered.
pub(super) fn state(error: &Error) -> Option<&str> {
    database(error).map(code)
}

/// The outcome of an append whose statement was sent.
///
/// An answer of severity ERROR says that the statement, and so the transaction, was undone. A
/// FATAL one (the server stops, a wait for the standby was cut) may come after the commit, as may
/// a connection that breaks: only these are unknown, together with what cannot be read at all.
pub(super) fn of_append(error: &Error) -> AppendError {
    let text = error.to_string();
    let Some(answer) = database(error) else {
        return match error {
            Error::Encode(_) | Error::InvalidArgument(_) | Error::Configuration(_) => {
                AppendError::Rejected(text)
            }
            Error::PoolTimedOut | Error::PoolClosed => AppendError::Retryable(text),
            _ => AppendError::Unknown(text),
        };
    };
    let code = code(answer);
    let text = format!("{text} ({code})");
    let ended = matches!(answer.severity(), PgSeverity::Fatal | PgSeverity::Panic);
    if ended || code.starts_with("08") || code.starts_with("57P") || code == "40003" {
        AppendError::Unknown(text)
    } else if passes(code) {
        AppendError::Retryable(text)
    } else {
        AppendError::Rejected(text)
    }
}

/// The meaning of an error for a read or a side write.
pub(super) fn of_store(error: Error) -> StoreError {
    let text = error.to_string();
    if let Some(code) = state(&error) {
        let text = format!("{text} ({code})");
        return match code {
            "42P01" | "42703" | "42883" | "3F000" => StoreError::Schema(text),
            "XX001" | "XX002" => StoreError::Corrupt(text),
            code if passes(code) => StoreError::Unavailable(text),
            _ => StoreError::Refused(text),
        };
    }
    match error {
        Error::Decode(_) | Error::ColumnDecode { .. } => StoreError::Corrupt(text),
        Error::Io(_)
        | Error::Tls(_)
        | Error::Protocol(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed => StoreError::Unavailable(text),
        _ => StoreError::Refused(text),
    }
}

/// A stored number that no store of this program writes.
pub(super) fn unsigned(value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::Corrupt(format!("the number {value}")))
}
