//! 检索 — the investigator's index, fed behind the head from headers alone.

use annals_events::Header;

use crate::store::index::Kind;
use crate::store::{IndexRow, SharedStore, StoreError};

/// Entries indexed in one transaction.
const PAGE: u32 = 2_000;

/// The index lines of one entry.
pub fn lines(header: &Header) -> Vec<IndexRow> {
    let position = header.position.0;
    let mut rows = Vec::with_capacity(8);
    let mut push = |kind: Kind, value: String| {
        rows.push(IndexRow { kind: kind as i16, value, position });
    };
    push(Kind::Type, header.kind.clone());
    push(Kind::Provenance, header.provenance.word().to_owned());
    push(Kind::Day, header.effective_at().day());
    if let Some(actor) = &header.actor {
        push(Kind::Actor, format!("account/{}", actor.account));
    }
    for about in header.about() {
        push(Kind::Subject, about.subject.to_string());
    }
    for clause in header.clauses.iter().flatten() {
        push(Kind::Clause, clause.clone());
    }
    rows
}

/// Empty the index and feed it anew.
pub async fn refill(store: &SharedStore, size: u64) -> Result<(), StoreError> {
    store.clear_index().await?;
    feed(store, size).await
}

/// Feed the index up to `size`. One that claims more than there is, or lost its mark, is made anew.
pub async fn feed(store: &SharedStore, size: u64) -> Result<(), StoreError> {
    match store.indexed_to().await {
        Ok(mark) if mark <= store.head().await?.size => {}
        Ok(_) | Err(StoreError::Corrupt(_)) => {
            tracing::warn!("the index claims what is not there: it is made anew");
            store.clear_index().await?;
        }
        Err(error) => return Err(error),
    }
    loop {
        let from = store.indexed_to().await?;
        if from >= size {
            return Ok(());
        }
        let page = u32::try_from(size - from).unwrap_or(PAGE).min(PAGE);
        let rows = store.read(from, page).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let to = from + rows.len() as u64;
        let mut all = Vec::new();
        for row in rows {
            let header = Header::parse(&row.header)
                .map_err(|e| StoreError::Corrupt(format!("entry {}: {e}", row.position)))?;
            all.extend(lines(&header));
        }
        // If somebody else fed the same page meanwhile, the mark moved: look again.
        store.put_index(from, to, &all).await?;
    }
}

/// Every position with this value, index and unindexed tail together, below `size`.
pub async fn find(
    store: &SharedStore,
    kind: Kind,
    value: &str,
    size: u64,
) -> Result<Vec<u64>, StoreError> {
    find_from(store, kind, value, 0, size).await
}

/// The same from position `from` on.
pub async fn find_from(
    store: &SharedStore,
    kind: Kind,
    value: &str,
    mut from: u64,
    size: u64,
) -> Result<Vec<u64>, StoreError> {
    // A mark beyond the entries is somebody's lie: it must not hide the tail.
    let indexed = store.indexed_to().await?.min(size);
    let mut positions = Vec::new();
    let mut at = indexed.max(from);
    loop {
        let page = store.find_index(kind as i16, value, from, crate::store::READ_ROWS_MAX).await?;
        let Some(last) = page.last() else { break };
        from = last + 1;
        positions.extend(page.into_iter().filter(|position| *position < indexed));
    }
    while at < size {
        let rows = store.read(at, PAGE).await?;
        if rows.is_empty() {
            break;
        }
        at += rows.len() as u64;
        for row in rows.into_iter().filter(|row| row.position < size) {
            let header = Header::parse(&row.header)
                .map_err(|e| StoreError::Corrupt(format!("entry {}: {e}", row.position)))?;
            let hit = lines(&header).iter().any(|l| l.kind == kind as i16 && l.value == value);
            if hit {
                positions.push(row.position);
            }
        }
    }
    Ok(positions)
}
