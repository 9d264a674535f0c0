//! What a batch must look like before any database is asked: the one thing both stores share.

use super::{Batch, Head, Lease};

/// A number as the databases keep it: both know signed 64-bit integers only. What lies above is
/// beyond any ledger, so a bound of a read saturates; a value to be written is refused by
/// [`check`] before it comes here.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Why this batch cannot follow this head, if it cannot.
pub(super) fn check(lease: &Lease, at: &Head, batch: &Batch) -> Result<(), String> {
    if lease.epoch != at.epoch {
        let (lease, at) = (lease.epoch, at.epoch);
        return Err(format!("a lease of epoch {lease} beside a head of epoch {at}"));
    }
    if batch.rows.is_empty() {
        return Err("a batch without entries".into());
    }
    for (place, row) in (at.size..).zip(&batch.rows) {
        if row.position != place {
            let found = row.position;
            return Err(format!("position {found} where {place} comes next"));
        }
        if row.command_key.is_some() != row.command_index.is_some() {
            return Err(format!("position {place} has half a command"));
        }
        let numbers = [place, row.version, u64::from(row.command_index.unwrap_or(0))];
        if numbers.iter().zip([i64::MAX as u64, i64::MAX as u64, i32::MAX as u64]).any(past) {
            return Err(format!("position {place} has a number beyond what a store can keep"));
        }
    }
    let mut ids: Vec<&[u8; 32]> = batch.bodies.iter().map(|body| &body.id).collect();
    ids.sort_unstable();
    match ids.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("body {} is named twice", hex(pair[0]))),
        None => Ok(()),
    }
}

fn past((value, most): (&u64, u64)) -> bool {
    *value > most
}

/// Lower-case hex, for messages.
pub(super) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// Names what is missing, without flooding a log.
pub(super) fn missing(ids: &[[u8; 32]]) -> String {
    let named: Vec<String> = ids.iter().take(10).map(|id| hex(id)).collect();
    let rest = match ids.len().saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("bodies not uploaded: {}{rest}", named.join(", "))
}
