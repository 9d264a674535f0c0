//! 全库校验 — the auditor's library over the live store, and every derived column and index.

use annals_events::{Event, Hash, Header};
use annals_verify::{
    Auditor, Bad, End, Item, Options, Policy, RawBody, Report, Source, Verdict, named_body,
};

use self::derived::{
    Derived, Kept, Seen, check_bodies, check_checkpoints, check_index, check_row, checkpoints,
    claimed_size, shaped,
};
use super::build::raw_entry;
use crate::store::{Body, Head, Row, SharedStore, StoreError, StoredCheckpoint};

mod derived;

/// Rows read at once.
const PAGE: u32 = 2_000;
/// Bodies read at once: each may have many MiB.
const BODIES: usize = 64;

/// Re-read, re-hash, re-judge, refold everything; recompute every derived column and index.
/// Entries written meanwhile are taken in as far as they are seen.
pub async fn scan(
    store: &SharedStore,
    policy: Policy,
    options: Options,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Result<Report, StoreError> {
    let mut auditor = Auditor::new(Source::Store, policy, options);
    let mut found = Vec::new();
    // Read first: whatever is told here, the entries read later must bear out.
    let size = shaped(store.head().await, 0, "head")?.map_or(u64::MAX, |head| head.size);
    let sealed = shaped(checkpoints(store).await, size, "checkpoint")?;
    let sealed = sealed.unwrap_or_else(|derived| {
        found.push(derived);
        Vec::new()
    });
    sealed.iter().filter_map(claimed_size).for_each(|size| auditor.watch(size));
    let kept = shaped(Kept::read(store, size).await, size, "body")?;
    match shaped(store.oddities().await, 0, "row")? {
        Ok(odd) => found.extend(odd.into_iter().map(Derived::from)),
        Err(derived) => found.push(derived),
    }
    let indexed = shaped(store.indexed_to().await, size, "index")?.unwrap_or(0);
    let mut entries = Entries { store, size, indexed, progress };
    let mut seen = Seen::default();
    let head = entries.read(&mut auditor, &mut seen, &mut found).await?;
    auditor.settle();
    match kept {
        Ok(kept) => found.extend(check_bodies(&kept, &seen)),
        Err(derived) => found.push(derived),
    }
    found.extend(check_checkpoints(&sealed, &auditor));
    let last = auditor.size().saturating_sub(1);
    let head = head.map_err(|derived| found.push(Derived { position: last, ..derived })).ok();
    let epoch = auditor.chain().epoch();
    if let Some(below) = head.as_ref().map(|head| head.epoch).filter(|below| *below < epoch) {
        let detail = format!("epoch {below} is below the entries' {epoch}");
        found.push(Derived::new(last, "head", detail));
    }
    let unsealed = sealed.is_empty() && auditor.size() > 0;
    let good = |stored: &&StoredCheckpoint| auditor.ring().check_note(&stored.note).is_ok();
    let newest = sealed.iter().filter(good).max_by_key(|stored| stored.size).cloned();
    let mut report = conclude(auditor, head, newest, found);
    if unsealed {
        // Founding a ledger signs the first: somebody took them all.
        report.notes.push("no checkpoint is kept here".to_owned());
        let gap = "what is here holds, but every checkpoint is missing";
        report.lower(Verdict::Incomplete, gap, "no checkpoint is kept here");
    }
    Ok(report)
}

/// The auditor's word on the entries, and whatever else was found.
fn conclude(
    auditor: Auditor,
    head: Option<Head>,
    newest: Option<StoredCheckpoint>,
    found: Vec<Derived>,
) -> Report {
    // Behind a row that cannot be read neither the head nor the rest of a command is missed.
    let is_broken = |derived: &Derived| derived.what == "row" && derived.position == auditor.size();
    let whole = !found.iter().any(is_broken);
    let (size, leaf) = match head.filter(|_| whole) {
        Some(head) => (head.size, Hash(head.leaf)),
        None => (auditor.size(), auditor.chain().head()),
    };
    let end = End {
        size,
        head: leaf,
        checkpoint: newest.filter(|newest| newest.size == size).map(|newest| newest.note),
        state: Vec::new(),
        line: None,
    };
    let unsealed = end.checkpoint.is_none();
    let mut report = auditor.finish(whole.then_some(end), None);
    report.first_bad = report.first_bad.filter(|bad| whole || bad.what != "truncated");
    if unsealed {
        report.notes.push("the newest entries are under no checkpoint yet".to_owned());
    }
    if let Some(first) = found.into_iter().min_by_key(|derived| derived.position) {
        add(&mut report, first);
    }
    report
}

/// A derived finding counts when no entry before it is bad.
fn add(report: &mut Report, found: Derived) {
    if report.first_bad.as_ref().is_some_and(|bad| bad.position <= found.position) {
        return;
    }
    let Derived { position, what, detail } = found;
    report.fail(Bad { position, line: None, what, detail });
}

/// The entries, page by page.
struct Entries<'a> {
    store: &'a SharedStore,
    /// By the head row, when it was last read.
    size: u64,
    indexed: u64,
    progress: &'a (dyn Fn(u64, u64) + Send + Sync),
}

impl Entries<'_> {
    /// Audit everything from the first entry on; answers the head that the last must be.
    async fn read(
        &mut self,
        auditor: &mut Auditor,
        seen: &mut Seen,
        found: &mut Vec<Derived>,
    ) -> Result<Result<Head, Derived>, StoreError> {
        let (store, mut at) = (self.store, 0);
        while !auditor.is_done() {
            let (rows, broken) = read_rows(store, at).await?;
            if rows.is_empty() && broken.is_none() {
                let head = shaped(store.head().await, at, "head")?;
                // Somebody is writing: what he wrote since the last look is read as well.
                match &head {
                    Ok(newer) if newer.size != self.size => self.size = newer.size,
                    _ => return Ok(head),
                }
                continue;
            }
            let to = rows.last().map_or(at, |row| row.position + 1);
            if at < self.indexed {
                found.extend(check_index(store, &rows, at, to.min(self.indexed)).await?);
            }
            let items = items(store, rows, seen).await?;
            tokio::task::block_in_place(|| auditor.chunk(items));
            if let Some(broken) = broken {
                found.push(broken);
                break;
            }
            at = to;
            (self.progress)(at, self.size);
        }
        shaped(store.head().await, at, "head")
    }
}

/// A page of rows, up to the first that has a shape nothing here writes.
async fn read_rows(
    store: &SharedStore,
    at: u64,
) -> Result<(Vec<Row>, Option<Derived>), StoreError> {
    match store.read(at, PAGE).await {
        Err(StoreError::Corrupt(_)) => {}
        read => return Ok((read?, None)),
    }
    let mut rows: Vec<Row> = Vec::new();
    while rows.len() < PAGE as usize {
        let next = rows.last().map_or(at, |row| row.position + 1);
        match shaped(store.read(next, 1).await, next, "row")? {
            Ok(one) if one.is_empty() => break,
            Ok(one) => rows.extend(one),
            Err(broken) => return Ok((rows, Some(broken))),
        }
    }
    Ok((rows, None))
}

async fn items(
    store: &SharedStore,
    rows: Vec<Row>,
    seen: &mut Seen,
) -> Result<Vec<Item>, StoreError> {
    let mut items = Vec::with_capacity(rows.len());
    let mut new: Vec<(usize, Hash, Option<[u8; 16]>, u64)> = Vec::new();
    for row in rows {
        let position = row.position;
        if let Some((body, site)) = body_of(&row) {
            if site.is_none() {
                seen.unread.insert(body);
            }
            if seen.bodies.insert(body) {
                new.push((items.len(), body, site, position));
            }
        }
        let extra = check_row(&row);
        items.push(Item::Entry { raw: raw_entry(row), line: None, key: None, extra });
    }
    let mut out = Vec::with_capacity(items.len() + new.len());
    let mut entries = items.into_iter().enumerate().peekable();
    for chunk in new.chunks(BODIES) {
        let ids: Vec<[u8; 32]> = chunk.iter().map(|(_, id, ..)| id.0).collect();
        let found = read_bodies(store, &ids).await?;
        for (at, id, site, position) in chunk {
            while let Some((_, item)) = entries.next_if(|(index, _)| index <= at) {
                out.push(item);
            }
            if let Some(body) = found.iter().find(|body| body.id == id.0) {
                if let Some(site) = site {
                    seen.digest(*site, body, *position);
                }
                let (salt, bytes) = (body.salt, body.bytes.clone());
                out.push(Item::Body { body: RawBody { id: *id, salt, bytes }, line: None });
            }
        }
    }
    out.extend(entries.map(|(_, item)| item));
    Ok(out)
}

/// Bodies at these ids; one that cannot be read counts as missing.
async fn read_bodies(store: &SharedStore, ids: &[[u8; 32]]) -> Result<Vec<Body>, StoreError> {
    match store.bodies(ids).await {
        Err(StoreError::Corrupt(_)) => {}
        read => return read,
    }
    let mut bodies = Vec::new();
    for id in ids {
        match store.bodies(&[*id]).await {
            Err(StoreError::Corrupt(_)) => {}
            read => bodies.extend(read?),
        }
    }
    Ok(bodies)
}

/// The body that an entry names, as the auditor takes it, and its site where the entry can be read.
fn body_of(row: &Row) -> Option<(Hash, Option<[u8; 16]>)> {
    let header = Header::parse(&row.header).ok()?;
    let event = Event::read(&header.kind, header.schema, &row.facts).ok();
    let (body, _) = named_body(&header.kind, event.as_ref(), &row.facts)?;
    Some((body, event.and_then(|event| event.site()).map(|site| site.0.into_bytes())))
}
