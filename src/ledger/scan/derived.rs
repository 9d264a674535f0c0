//! What repeats or follows from the entries: columns, indexes, bodies, checkpoints.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use annals_events::note::{Checkpoint, Note};
use annals_events::{Hash, Header};
use annals_projections::chain::Breach;
use annals_verify::Auditor;

use super::super::index;
use super::PAGE;
use crate::store::{
    Body, BodyDigest, IndexRow, Oddity, Row, SharedStore, StoreError, StoredCheckpoint,
};

/// Something derived that is not what follows from the entries.
pub(super) struct Derived {
    pub(super) position: u64,
    pub(super) what: &'static str,
    pub(super) detail: String,
}

impl Derived {
    pub(super) fn new(position: u64, what: &'static str, detail: impl Into<String>) -> Derived {
        Derived { position, what, detail: detail.into() }
    }
}

impl From<Oddity> for Derived {
    fn from(odd: Oddity) -> Derived {
        Derived::new(odd.position, odd.what, odd.detail)
    }
}

/// What of the database was as nothing here writes it is a finding; that it did not answer is not.
pub(super) fn shaped<T>(
    read: Result<T, StoreError>,
    position: u64,
    what: &'static str,
) -> Result<Result<T, Derived>, StoreError> {
    match read {
        Ok(value) => Ok(Ok(value)),
        Err(StoreError::Corrupt(detail)) => Ok(Err(Derived::new(position, what, detail))),
        Err(error) => Err(error),
    }
}

#[derive(Default)]
pub(super) struct Seen {
    pub(super) bodies: HashSet<Hash>,
    /// Those that an entry not known here names: of which site, nobody here knows.
    pub(super) unread: HashSet<Hash>,
    digests: BTreeSet<BodyDigest>,
    first_by_digest: BTreeMap<([u8; 16], [u8; 32]), u64>,
}

impl Seen {
    /// The first body with these bytes on its site has the line in the digest index.
    pub(super) fn digest(&mut self, site: [u8; 16], body: &Body, position: u64) {
        let sha256 = Hash::of(&[&body.bytes]).0;
        if let Entry::Vacant(first) = self.first_by_digest.entry((site, sha256)) {
            first.insert(position);
            self.digests.insert(BodyDigest { site, sha256, body: body.id });
        }
    }
}

/// Every column of a row that repeats the header.
pub(super) fn check_row(row: &Row) -> Option<Breach> {
    let header = Header::parse(&row.header).ok()?;
    let differs = |what: &str| Some(Breach::new("row", format!("column {what} differs")));
    if row.position != header.position.0 {
        return differs("position");
    }
    if row.leaf != annals_events::entry::leaf(&row.header).0 {
        return differs("leaf");
    }
    if row.stream != header.stream.to_string() {
        return differs("stream");
    }
    if row.version != header.version.0 {
        return differs("version");
    }
    let command = header.command.as_ref();
    if row.command_key != command.map(|command| command.key.0.into_bytes()) {
        return differs("command_key");
    }
    if row.command_index != command.map(|command| command.index) {
        return differs("command_index");
    }
    None
}

pub(super) async fn check_index(
    store: &SharedStore,
    rows: &[Row],
    from: u64,
    to: u64,
) -> Result<Option<Derived>, StoreError> {
    let (mut own, mut to) = (Vec::new(), to);
    for row in rows.iter().take_while(|row| row.position < to) {
        match Header::parse(&row.header) {
            Ok(header) => own.extend(index::lines(&header)),
            // The entry itself is reported; what stands before it is compared.
            Err(_) => {
                to = row.position;
                break;
            }
        }
    }
    own.retain(|line| line.position < to);
    let key = |row: &IndexRow| (row.position, row.kind, row.value.clone());
    own.sort_by_key(key);
    own.dedup();
    let stored = match shaped(store.index_rows(from, to).await, from, "index")? {
        Ok(stored) => stored,
        Err(derived) => return Ok(Some(derived)),
    };
    let same = own.iter().zip(&stored).take_while(|(own, stored)| own == stored).count();
    let differing = [own.get(same), stored.get(same)].into_iter().flatten();
    let position = differing.map(|row| row.position).min();
    let detail = "the investigator's index is not what the headers say";
    Ok(position.map(|position| Derived::new(position, "index", detail)))
}

/// Bodies and their digests as they lay there when the ledger had `size` entries, or more.
pub(super) struct Kept {
    pub(super) size: u64,
    pub(super) bodies: Vec<[u8; 32]>,
    pub(super) digests: BTreeSet<BodyDigest>,
}

impl Kept {
    pub(super) async fn read(store: &SharedStore, size: u64) -> Result<Kept, StoreError> {
        let mut kept = Kept { size, bodies: Vec::new(), digests: BTreeSet::new() };
        loop {
            let page = store.body_ids(kept.bodies.last().copied(), PAGE).await?;
            if page.is_empty() {
                break;
            }
            kept.bodies.extend(page);
        }
        loop {
            let after = kept.digests.last().map(|last| (last.site, last.sha256));
            let page = store.all_body_digests(after, PAGE).await?;
            if page.is_empty() {
                return Ok(kept);
            }
            kept.digests.extend(page);
        }
    }
}

/// Bodies nobody names, and the digest index.
pub(super) fn check_bodies(kept: &Kept, seen: &Seen) -> Option<Derived> {
    let unnamed = kept.bodies.iter().find(|id| !seen.bodies.contains(&Hash(**id)));
    let unnamed = unnamed.map(|id| {
        Derived::new(kept.size, "body", format!("body {} is named by no entry", Hash(*id)))
    });
    // A line of a body that an entry not known here names, and what that line kept out.
    let is_unread = |line: &&BodyDigest| seen.unread.contains(&Hash(line.body));
    let unread = kept.digests.iter().filter(is_unread).map(|line| (line.site, line.sha256));
    let unread: BTreeSet<_> = unread.collect();
    let odd = seen.digests.symmetric_difference(&kept.digests).filter_map(|odd| {
        if unread.contains(&(odd.site, odd.sha256)) {
            return None;
        }
        let first = seen.first_by_digest.get(&(odd.site, odd.sha256)).copied();
        // What came later may have been written after the index was read.
        let position = first.filter(|position| *position < kept.size);
        let known = kept.digests.contains(odd) || position.is_some();
        known.then(|| (position.unwrap_or(kept.size), Hash(odd.sha256)))
    });
    let odd = odd.min().map(|(position, sha256)| {
        Derived::new(position, "index", format!("the digest index differs at {sha256}"))
    });
    [unnamed, odd].into_iter().flatten().min_by_key(|derived| derived.position)
}

pub(super) async fn checkpoints(store: &SharedStore) -> Result<Vec<StoredCheckpoint>, StoreError> {
    let mut all = Vec::new();
    loop {
        let page = store.checkpoints(all.len() as u64, PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// The size a note speaks of, signed or not.
pub(super) fn claimed_size(stored: &StoredCheckpoint) -> Option<u64> {
    let note = Note::parse(&stored.note).ok()?;
    Some(Checkpoint::parse(&note.text).ok()?.size)
}

/// Every stored checkpoint must be signed and cosigned, and of this tree.
pub(super) fn check_checkpoints(sealed: &[StoredCheckpoint], auditor: &Auditor) -> Option<Derived> {
    let read = auditor.size();
    let found = sealed.iter().filter_map(|stored| {
        let (note, time) = match auditor.ring().check_note(&stored.note) {
            Ok(checked) => checked,
            // The key that signed it may be brought by an entry that was not reached.
            Err(_) if auditor.is_done() && stored.size > read => return None,
            Err(detail) => {
                let position = stored.size.saturating_sub(1).min(read);
                return Some(Derived::new(position, "checkpoint", detail));
            }
        };
        let last = note.size.saturating_sub(1);
        let wrong = |detail: &str| Some(Derived::new(last, "checkpoint", detail));
        if note.size != stored.size {
            return wrong("column size differs");
        }
        if time.is_none() {
            return wrong("the cosigner's line is missing");
        }
        if note.size > read {
            let detail = format!("a checkpoint of size {} was signed", note.size);
            return (!auditor.is_done()).then(|| Derived::new(read, "truncated", detail));
        }
        if auditor.root_at(note.size) != Some(note.root) {
            return wrong("its root is not that of the leaves");
        }
        None
    });
    found.min_by_key(|derived| derived.position)
}
