//! 全库校验 — the auditor's library over the live store, and every derived column and index.

use std::collections::{BTreeSet, HashSet};

use annals_events::{Event, Hash, Header};
use annals_projections::chain::Breach;
use annals_verify::{Auditor, Bad, End, Item, Options, Policy, RawBody, Report, Source, Verdict};

use super::build::raw_entry;
use super::index;
use crate::store::{BodyDigest, Row, SharedStore, StoreError, StoredCheckpoint};

/// Rows read at once.
const PAGE: u32 = 2_000;
/// Bodies read at once: each may have many MiB.
const BODIES: usize = 64;

/// Something derived that is not what follows from the entries.
struct Derived {
    position: u64,
    what: &'static str,
    detail: String,
}

/// Re-read, re-hash, re-judge, refold everything; recompute every derived column and index.
pub async fn scan(
    store: &SharedStore,
    policy: Policy,
    options: Options,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Result<Report, StoreError> {
    let mut auditor = Auditor::new(Source::Store, policy, options);
    let sealed = checkpoints(store).await?;
    sealed.iter().for_each(|checkpoint| auditor.watch(checkpoint.size));
    // What a writer adds meanwhile is not of this scan: bodies are listed before the head is read,
    // entries are read up to it.
    let kept = Kept::list(store).await?;
    let head = store.head().await?;
    let indexed = store.indexed_to().await?.min(head.size);
    let mut derived: Option<Derived> = None;
    let mut seen = Seen::default();
    let mut at = 0;
    while !auditor.is_done() {
        let mut rows = store.read(at, PAGE).await?;
        rows.retain(|row| row.position < head.size);
        if rows.is_empty() {
            break;
        }
        let to = rows.last().map_or(at, |row| row.position + 1);
        if derived.is_none() && at < indexed {
            derived = check_index(store, &rows, at, to.min(indexed)).await?;
        }
        let items = items(store, rows, &mut seen).await?;
        tokio::task::block_in_place(|| auditor.chunk(items));
        at = to;
        progress(at, head.size);
    }
    auditor.settle();
    if derived.is_none() {
        derived = check_bodies(store, &kept, &seen, head.size).await?;
    }
    let wrong = check_checkpoints(&sealed, &auditor);
    let newest = store.newest_checkpoint().await?;
    let end = End {
        size: head.size,
        head: Hash(head.leaf),
        checkpoint: newest.filter(|newest| newest.size == head.size).map(|newest| newest.note),
        state: Vec::new(),
        line: None,
    };
    let (unsealed, epoch) = (end.checkpoint.is_none(), auditor.chain().epoch());
    let mut report = auditor.finish(Some(end), None);
    if unsealed {
        report.notes.push("the newest entries are under no checkpoint yet".to_owned());
    }
    if head.epoch < epoch && derived.is_none() {
        let detail = format!("epoch {} is below the entries' {epoch}", head.epoch);
        derived = Some(Derived { position: head.size.saturating_sub(1), what: "head", detail });
    }
    if let Some(found) = first(wrong, derived) {
        add(&mut report, found);
    }
    Ok(report)
}

fn first(one: Option<Derived>, other: Option<Derived>) -> Option<Derived> {
    [one, other].into_iter().flatten().min_by_key(|found| found.position)
}

/// A derived finding counts when no entry before it is bad.
fn add(report: &mut Report, found: Derived) {
    if report.first_bad.as_ref().is_some_and(|bad| bad.position <= found.position) {
        return;
    }
    let Derived { position, what, detail } = found;
    report.first_bad = Some(Bad { position, line: None, what, detail });
    report.verdict = report.verdict.min(Verdict::Tampered);
    report.tier = "none";
}

#[derive(Default)]
struct Seen {
    bodies: HashSet<Hash>,
    digests: BTreeSet<BodyDigest>,
    named: BTreeSet<([u8; 16], [u8; 32])>,
    first_by_digest: std::collections::BTreeMap<([u8; 16], [u8; 32]), u64>,
}

async fn items(
    store: &SharedStore,
    rows: Vec<Row>,
    seen: &mut Seen,
) -> Result<Vec<Item>, StoreError> {
    let mut items = Vec::with_capacity(rows.len());
    let mut new: Vec<(usize, Hash, [u8; 16], u64)> = Vec::new();
    for row in rows {
        let position = row.position;
        let event = body_of(&row);
        if let Some((body, site)) = event
            && seen.bodies.insert(body)
        {
            new.push((items.len(), body, site, position));
        }
        let extra = check_row(&row);
        items.push(Item::Entry { raw: raw_entry(row), line: None, key: None, extra });
    }
    let mut out = Vec::with_capacity(items.len() + new.len());
    let mut entries = items.into_iter().enumerate().peekable();
    for chunk in new.chunks(BODIES) {
        let ids: Vec<[u8; 32]> = chunk.iter().map(|(_, id, ..)| id.0).collect();
        let found = store.bodies(&ids).await?;
        for (at, id, site, position) in chunk {
            while let Some((_, item)) = entries.next_if(|(index, _)| index <= at) {
                out.push(item);
            }
            if let Some(body) = found.iter().find(|body| body.id == id.0) {
                let sha256 = Hash::of(&[&body.bytes]).0;
                let digest = BodyDigest { site: *site, sha256, body: body.id };
                if seen.named.insert((*site, sha256)) {
                    seen.first_by_digest.insert((*site, sha256), *position);
                    seen.digests.insert(digest);
                }
                let (salt, bytes) = (body.salt, body.bytes.clone());
                out.push(Item::Body { body: RawBody { id: *id, salt, bytes }, line: None });
            }
        }
    }
    out.extend(entries.map(|(_, item)| item));
    Ok(out)
}

fn body_of(row: &Row) -> Option<(Hash, [u8; 16])> {
    let header = Header::parse(&row.header).ok()?;
    let event = Event::read(&header.kind, header.schema, &row.facts).ok()?;
    Some((event.body()?, event.site()?.0.into_bytes()))
}

/// Every column of a row that repeats the header.
fn check_row(row: &Row) -> Option<Breach> {
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

async fn check_index(
    store: &SharedStore,
    rows: &[Row],
    from: u64,
    to: u64,
) -> Result<Option<Derived>, StoreError> {
    let mut own = Vec::new();
    for row in rows.iter().filter(|row| row.position < to) {
        match Header::parse(&row.header) {
            Ok(header) => own.extend(index::lines(&header)),
            // The entry itself is reported.
            Err(_) => return Ok(None),
        }
    }
    let key = |row: &crate::store::IndexRow| (row.position, row.kind, row.value.clone());
    own.sort_by_key(key);
    own.dedup();
    let stored = store.index_rows(from, to).await?;
    if own == stored {
        return Ok(None);
    }
    let differing = own.iter().zip(&stored).find(|(own, stored)| own != stored);
    let position = match differing {
        Some((own, stored)) => own.position.min(stored.position),
        None => own.len().min(stored.len()).checked_sub(1).map_or(from, |at| own[at].position),
    };
    let detail = "the investigator's index is not what the headers say".to_owned();
    Ok(Some(Derived { position, what: "index", detail }))
}

/// Bodies and their digest index, as they are listed.
struct Kept {
    bodies: Vec<[u8; 32]>,
    digests: BTreeSet<BodyDigest>,
}

impl Kept {
    async fn list(store: &SharedStore) -> Result<Kept, StoreError> {
        let mut bodies: Vec<[u8; 32]> = Vec::new();
        loop {
            let page = store.body_ids(bodies.last().copied(), PAGE).await?;
            if page.is_empty() {
                break;
            }
            bodies.extend(page);
        }
        Ok(Kept { bodies, digests: digests(store).await? })
    }
}

async fn digests(store: &SharedStore) -> Result<BTreeSet<BodyDigest>, StoreError> {
    let (mut all, mut after) = (BTreeSet::new(), None);
    loop {
        let page = store.all_body_digests(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some((last.site, last.sha256));
        all.extend(page);
    }
}

/// Bodies nobody names, and the digest index.
async fn check_bodies(
    store: &SharedStore,
    kept: &Kept,
    seen: &Seen,
    size: u64,
) -> Result<Option<Derived>, StoreError> {
    if let Some(id) = kept.bodies.iter().find(|id| !seen.bodies.contains(&Hash(**id))) {
        let detail = format!("body {} is named by no entry", Hash(*id));
        return Ok(Some(Derived { position: size, what: "body", detail }));
    }
    // Listed before the entries none is too many, listed after them none is missing.
    let listed = digests(store).await?;
    let odd: BTreeSet<&BodyDigest> =
        kept.digests.difference(&seen.digests).chain(seen.digests.difference(&listed)).collect();
    let Some(first) = odd.first() else { return Ok(None) };
    let positions =
        odd.iter().filter_map(|odd| seen.first_by_digest.get(&(odd.site, odd.sha256)).copied());
    let position = positions.min().unwrap_or(size);
    let detail = format!("the digest index differs at {}", Hash(first.sha256));
    Ok(Some(Derived { position, what: "index", detail }))
}

async fn checkpoints(store: &SharedStore) -> Result<Vec<StoredCheckpoint>, StoreError> {
    let mut all = Vec::new();
    loop {
        let page = store.checkpoints(all.len() as u64, PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Every stored checkpoint must be signed, and of this tree.
fn check_checkpoints(sealed: &[StoredCheckpoint], auditor: &Auditor) -> Option<Derived> {
    sealed.iter().filter(|stored| stored.size <= auditor.size()).find_map(|stored| {
        let position = stored.size.saturating_sub(1);
        let detail = match auditor.ring().check_note(&stored.note) {
            Ok((note, _)) if note.size != stored.size => "column size differs".to_owned(),
            Ok((note, _)) if auditor.root_at(note.size) != Some(note.root) => {
                "its root is not that of the leaves".to_owned()
            }
            Ok(_) => return None,
            Err(detail) => detail,
        };
        Some(Derived { position, what: "checkpoint", detail })
    })
}
