//! 涉及 — every entry about a subject, and whose account is whose, found through the index and
//! believed only when checked: an index line that was lost would hide an entry, an altered row
//! would forge one.

use annals_events::id::Subject;
use annals_events::{Event, Hash, Header, entry};
use annals_projections::boards::names::Names;
use annals_projections::keys::KeyRing;
use annals_verify::prepare;
use rayon::prelude::*;

use super::build::raw_entry;
use super::follower::{FollowError, Follower};
use super::index;
use crate::store::index::Kind;
use crate::store::{Row, SharedStore};

/// Rows read at once.
const PAGE: usize = 1_000;

/// An entry that holds.
pub struct Checked {
    /// Its header.
    pub header: Header,
    /// Its event.
    pub event: Event,
    /// Its private part.
    pub private: Option<Vec<u8>>,
    /// Its leaf.
    pub leaf: Hash,
}

/// All entries about a subject among the first `size`, in order: bytes, digests and signatures
/// checked, and the subject's numbers 0, 1, 2, ... without a hole, and as many up to the follower's
/// head as it has folded: a line missing at the end of the index would else shorten every answer.
pub async fn entries_about(
    store: &SharedStore,
    follower: &Follower,
    subject: Subject,
    size: u64,
) -> Result<Vec<Checked>, FollowError> {
    let (ring, head, count) = {
        let serving = follower.serving().await;
        let chain = &serving.chain;
        (serving.ring.clone(), chain.size(), chain.next_number(subject))
    };
    let positions = index::find(store, Kind::Subject, &subject.to_string(), head).await?;
    let mut all: Vec<Checked> = Vec::with_capacity(positions.len());
    for page in positions.chunks(PAGE) {
        all.extend(check_rows(store.read_at(page).await?, &ring)?);
    }
    for (expected, entry) in (0u64..).zip(&all) {
        let about = entry.header.about().iter().find(|about| about.subject == subject);
        if about.is_none_or(|about| about.number.0 != expected) {
            let detail = format!("number {expected} about {subject} is not where it belongs");
            return Err(bad(entry.header.position.0, "index", detail));
        }
    }
    let found = all.len() as u64;
    if found != count {
        let detail = format!("{found} entries about {subject} are found, {count} were written");
        return Err(bad(head.saturating_sub(1), "index", detail));
    }
    all.retain(|entry| entry.header.position.0 < size);
    Ok(all)
}

/// Everybody's account by name. Whoever can write the database could exchange two names, or hide
/// an account: every opening is checked, and as many are found as the follower has folded.
pub async fn names(store: &SharedStore, follower: &Follower) -> Result<Names, FollowError> {
    let (ring, size, count) = {
        let serving = follower.serving().await;
        (serving.ring.clone(), serving.chain.size(), serving.state.accounts.count())
    };
    let positions = index::find(store, Kind::Type, "account.opened", size).await?;
    let (mut names, mut found) = (Names::default(), 0);
    for page in positions.chunks(PAGE) {
        for entry in check_rows(store.read_at(page).await?, &ring)? {
            found += usize::from(entry.header.kind == "account.opened");
            names.apply(&entry.header, &entry.event, entry.private.as_deref());
        }
    }
    if found != count {
        let detail = format!("{found} openings of accounts are found, {count} were written");
        return Err(bad(size.saturating_sub(1), "index", detail));
    }
    Ok(names)
}

/// Rows as entries, in order: bytes, digests and signatures checked, each at its position.
pub fn check_rows(rows: Vec<Row>, ring: &KeyRing) -> Result<Vec<Checked>, FollowError> {
    tokio::task::block_in_place(|| rows.into_par_iter().map(|row| check(row, ring)).collect())
}

fn bad(position: u64, what: &'static str, detail: String) -> FollowError {
    FollowError::Bad { position, what, detail }
}

fn check(row: Row, ring: &KeyRing) -> Result<Checked, FollowError> {
    let position = row.position;
    let prepared = prepare(raw_entry(row), None, None, None);
    if let Some(breach) = prepared.breach {
        return Err(bad(position, breach.what, breach.detail));
    }
    let (Some(header), Some(event)) = (prepared.header, prepared.event) else {
        return Err(bad(position, "facts", "its type is not known here".to_owned()));
    };
    let key = ring.entry_key(header.epoch.0);
    let signed = key.is_some_and(|(key, _)| {
        entry::verify(key, ring.origin(), &prepared.leaf, &prepared.raw.signature).is_ok()
    });
    if !signed || header.position.0 != position {
        return Err(bad(position, "signature", "the entry signature does not verify".to_owned()));
    }
    let private = prepared.raw.private.map(|part| part.bytes);
    Ok(Checked { header, event, private, leaf: prepared.leaf })
}
