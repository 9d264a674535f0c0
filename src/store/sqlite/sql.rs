//! Small helpers for SQL of SQLite: lists of parameters, columns of fixed length.

use std::ops::Range;

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::outcome;
use crate::store::StoreError;

/// How many rows or values one statement carries. Few sizes, so that each text is prepared once
/// and found again; taken greedily, so that 1,000 rows need 16 + 2 + 2 statements.
const SIZES: [usize; 4] = [64, 16, 4, 1];

/// Splits `0..len` into ranges of these sizes.
pub(super) fn pieces(len: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= len - start)?;
        start += size;
        Some(start - size..start)
    })
}

/// `(?,?),(?,?)` for two rows of two columns.
pub(super) fn placeholders(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    vec![row; rows].join(",")
}

/// A column of a fixed number of bytes.
pub(super) fn fixed<const N: usize>(row: &SqliteRow, column: usize) -> Result<[u8; N], StoreError> {
    let bytes: &[u8] = row.try_get(column).map_err(outcome::of_store)?;
    bytes
        .try_into()
        .map_err(|_| StoreError::Corrupt(format!("{} bytes where {N} belong", bytes.len())))
}

/// A column of a number that is never negative.
pub(super) fn unsigned(row: &SqliteRow, column: usize) -> Result<u64, StoreError> {
    let value: i64 = row.try_get(column).map_err(outcome::of_store)?;
    u64::try_from(value).map_err(|_| StoreError::Corrupt(format!("the number {value}")))
}

#[cfg(test)]
mod tests {
    use super::{pieces, placeholders};

    #[test]
    fn pieces_cover_everything_once() {
        for len in 0..300 {
            let mut next = 0;
            for piece in pieces(len) {
                assert_eq!(piece.start, next);
                next = piece.end;
            }
            assert_eq!(next, len);
        }
    }

    #[test]
    fn placeholders_are_rows_of_columns() {
        assert_eq!(placeholders(2, 3), "(?,?,?),(?,?,?)");
    }
}
