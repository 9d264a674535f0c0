//! 快照 — a cache of folds, signed by the entry key of the epoch that wrote it.
//!
//! An unsigned snapshot would decide silently for whoever edits it. Any doubt: discarded, said,
//! refolded; nothing depends on one.

use std::collections::HashMap;

use annals_events::keys::SecretKey;
use annals_events::{Event, Hash, Header, entry};
use annals_projections::State;
use annals_projections::chain::Chain;
use annals_projections::keys::KeyRing;

use super::build::raw_entry;
use super::follower::Serving;
use crate::store::{SharedStore, Snapshot, StoreError};

/// Bytes of a chunk.
const CHUNK: usize = 4 * 1024 * 1024;
/// A snapshot is worth its writing when so many entries came since the last.
pub const WORTH: u64 = 5_000;

/// What a snapshot's signature covers.
fn statement(snapshot: &Snapshot) -> Vec<u8> {
    let Snapshot { fold, version, size, leaf, epoch, digest, .. } = snapshot;
    let (leaf, digest) = (Hash(*leaf), Hash(*digest));
    format!("annals/snapshot/v1\n{fold}\n{version}\n{size}\n{leaf}\n{epoch}\n{digest}\n")
        .into_bytes()
}

fn pack(rows: &[Vec<u8>]) -> (Hash, Vec<Vec<u8>>) {
    let mut chunks = vec![Vec::new()];
    for row in rows {
        let chunk = chunks.last_mut().expect("never empty");
        chunk.extend_from_slice(&u32::try_from(row.len()).unwrap_or(u32::MAX).to_be_bytes());
        chunk.extend_from_slice(row);
        if chunk.len() >= CHUNK {
            chunks.push(Vec::new());
        }
    }
    (content_digest(&chunks), chunks)
}

fn content_digest(chunks: &[Vec<u8>]) -> Hash {
    let parts: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
    Hash::of(&parts)
}

fn unpack(chunks: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    let mut rows = Vec::new();
    for chunk in chunks {
        let mut rest = chunk.as_slice();
        while !rest.is_empty() {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let length = u32::from_be_bytes(*length) as usize;
            let (row, after) = after.split_at_checked(length)?;
            rows.push(row.to_vec());
            rest = after;
        }
    }
    Some(rows)
}

/// Keep the serving state. Answers whether it was a moment to keep it.
pub async fn write(
    store: &SharedStore,
    serving: &Serving,
    epoch: u64,
    key: &SecretKey,
) -> Result<bool, StoreError> {
    let Some(chain) = serving.chain.rows() else { return Ok(false) };
    let mut folds = vec![(Chain::NAME, Chain::VERSION, chain)];
    folds.extend(serving.state.rows());
    for (fold, version, rows) in folds {
        let (digest, chunks) = pack(&rows);
        let mut snapshot = Snapshot {
            fold: fold.to_owned(),
            version,
            size: serving.chain.size(),
            leaf: serving.chain.head().0,
            epoch,
            digest: digest.0,
            signature: [0; 64],
            chunks,
        };
        snapshot.signature = key.sign(&statement(&snapshot));
        store.put_snapshot(&snapshot).await?;
    }
    Ok(true)
}

/// The newest state that holds; what was discarded on the way is said in the diagnostics.
pub async fn load_or_warn(store: &SharedStore) -> Result<Serving, StoreError> {
    let (serving, said) = load(store).await?;
    for sentence in said {
        tracing::warn!("{sentence}");
    }
    Ok(serving)
}

/// The newest state that holds, and what was discarded on the way, in a sentence each.
pub async fn load(store: &SharedStore) -> Result<(Serving, Vec<String>), StoreError> {
    let head = store.head().await?.size;
    let discarded = |why: String| Ok((Serving::default(), vec![format!("snapshot {why}")]));
    let newest = match store.snapshot(Chain::NAME, Chain::VERSION, head).await {
        Ok(Some(newest)) => newest,
        Ok(None) => return Ok((Serving::default(), Vec::new())),
        Err(StoreError::Corrupt(why)) => return discarded(format!("discarded: {why}")),
        Err(error) => return Err(error),
    };
    let size = newest.size;
    match load_at(store, newest).await {
        Ok(Ok(serving)) => Ok((serving, Vec::new())),
        Ok(Err(why)) | Err(StoreError::Corrupt(why)) => {
            discarded(format!("at size {size} discarded: {why}"))
        }
        Err(error) => Err(error),
    }
}

async fn load_at(
    store: &SharedStore,
    newest: Snapshot,
) -> Result<Result<Serving, String>, StoreError> {
    let (size, leaf, epoch) = (newest.size, newest.leaf, newest.epoch);
    let Some(last) = size.checked_sub(1) else { return Ok(Err("it is empty".to_owned())) };
    let stored = store.read_at(&[last]).await?;
    let Some(row) = stored.first().filter(|row| entry::leaf(&row.header).0 == leaf) else {
        return Ok(Err("it is of another leaf".to_owned()));
    };
    // Only the writer of its last entry signs a snapshot: a key of another epoch may have leaked.
    if Header::parse(&row.header).ok().is_none_or(|header| header.epoch.0 != epoch) {
        return Ok(Err("it is signed in another epoch than its last entry".to_owned()));
    }
    let ring = match key_ring(store, size).await? {
        Ok(ring) => ring,
        Err(why) => return Ok(Err(why)),
    };
    let mut found: HashMap<(String, u32), Snapshot> = HashMap::new();
    for (fold, version, _) in State::default().rows() {
        match store.snapshot(fold, version, size).await? {
            Some(snapshot) => found.insert((fold.to_owned(), version), snapshot),
            None => return Ok(Err(format!("fold {fold} version {version} is missing"))),
        };
    }
    let mut rows = HashMap::new();
    found.insert((newest.fold.clone(), newest.version), newest);
    for (name, snapshot) in found {
        if (snapshot.size, snapshot.leaf, snapshot.epoch) != (size, leaf, epoch) {
            return Ok(Err(format!("fold {} is of another moment", name.0)));
        }
        match check(&snapshot, &ring) {
            Ok(content) => rows.insert(name, content),
            Err(why) => return Ok(Err(format!("fold {}: {why}", name.0))),
        };
    }
    let mut take = |name: &'static str, version| rows.remove(&(name.to_owned(), version));
    let chain = take(Chain::NAME, Chain::VERSION).and_then(Chain::from_rows);
    let state = State::from_rows(&mut take);
    Ok(match (chain, state) {
        (Some(chain), Some(state)) if chain.size() == size && chain.head().0 == leaf => {
            Ok(Serving::from_parts(chain, state, ring))
        }
        _ => Err("its rows do not decode".to_owned()),
    })
}

fn check(snapshot: &Snapshot, ring: &KeyRing) -> Result<Vec<Vec<u8>>, String> {
    if content_digest(&snapshot.chunks).0 != snapshot.digest {
        return Err("its content is damaged".to_owned());
    }
    let (key, _) = ring.entry_key(snapshot.epoch).ok_or("its epoch has no entry key")?;
    key.verify_strict(&statement(snapshot), &snapshot.signature).map_err(|e| e.to_string())?;
    unpack(&snapshot.chunks).ok_or_else(|| "its content is damaged".to_owned())
}

/// The keys of the first `size` entries, from the ledger's own stream alone.
pub async fn key_ring(
    store: &SharedStore,
    size: u64,
) -> Result<Result<KeyRing, String>, StoreError> {
    let mut ring = KeyRing::default();
    let first = store.read(0, 1).await?;
    let Some(stream) = first.first().map(|row| row.stream.clone()) else {
        return Ok(Err("there is no genesis".to_owned()));
    };
    let mut version = 0;
    loop {
        let rows = store.read_stream(&stream, version, 1_000).await?;
        if rows.is_empty() {
            return Ok(Ok(ring));
        }
        version += rows.len() as u64;
        let from = version - rows.len() as u64;
        for (version, row) in (from..).zip(rows).filter(|(_, row)| row.position < size) {
            if row.version != version {
                let why = format!("version {version} of the ledger's own stream is missing");
                return Ok(Err(why));
            }
            if let Err(why) = introduce(&mut ring, raw_entry(row)) {
                return Ok(Err(format!("a key's entry does not hold: {why}")));
            }
        }
    }
}

fn introduce(ring: &mut KeyRing, raw: annals_events::RawEntry) -> Result<(), String> {
    let header = Header::parse(&raw.header).map_err(|e| e.to_string())?;
    let leaf = entry::leaf(&raw.header);
    if entry::facts_digest(&raw.facts.salt, &raw.facts.bytes) != header.facts_digest {
        return Err("its facts differ".to_owned());
    }
    let event = Event::read(&header.kind, header.schema, &raw.facts.bytes);
    let Event::Ledger(event) = event.map_err(|e| e.to_string())? else { return Ok(()) };
    ring.introduce(&header, leaf, &event)?;
    let (key, _) = ring.entry_key(header.epoch.0).ok_or("its epoch has no entry key")?;
    entry::verify(key, ring.origin(), &leaf, &raw.signature).map_err(|e| e.to_string())
}
