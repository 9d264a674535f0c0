//! 导出 — everything up to the newest checkpoint as lines that a stranger can verify.

use std::collections::HashSet;
use std::io::{self, Write};

use annals_events::hash::hex;
use annals_events::merkle::Frontier;
use annals_events::{Hash, entry};
use annals_projections::keys::KeyRing;
use data_encoding::BASE64;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::follower::{FollowError, Follower, Serving};
use super::seal::{self, Sealed};
use super::{about, snapshot};
use crate::store::{Row, SharedStore, StoreError, StoredCheckpoint};

/// Rows read at once.
const PAGE: u32 = 1_000;

/// An export could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// See [`FollowError`].
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file could not be written.
    #[error("the export cannot be written: {0}")]
    Io(#[from] io::Error),
    /// Somebody took entries away, or made the head say so.
    #[error("{said} tells of {size} entries, {folded} are there: run `annals verify`")]
    Lost {
        /// Entries found.
        folded: u64,
        /// Entries told of.
        size: u64,
        /// By what.
        said: &'static str,
    },
    /// The ledger is not in a state to be exported.
    #[error("{0}")]
    State(String),
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Number of entries.
    pub size: u64,
    /// Leaf of the last.
    pub head: Hash,
    /// Number of lines before the end line.
    pub lines: u64,
    /// SHA-256 of all bytes before the end line.
    pub sha256: Hash,
}

/// The newest checkpoint that verifies, and a follower at or below its size. A checkpoint that was
/// rightly signed over more entries than there are says that entries are missing.
pub async fn at_newest_checkpoint(
    store: &SharedStore,
) -> Result<(Follower, StoredCheckpoint), ExportError> {
    let serving = snapshot::load_or_warn(store).await?;
    let follower = Follower::new(store.clone(), serving);
    let size = store.head().await?.size;
    follower.catch_up(size).await?;
    let folded = follower.serving().await.chain.size();
    if folded < size {
        return Err(ExportError::Lost { folded, size, said: "the head row" });
    }
    let Sealed { newest, size } = seal::sealed(store, &follower).await?;
    // Whoever writes meanwhile commits before he signs.
    if store.head().await?.size < size {
        return Err(ExportError::Lost { folded, size, said: "a signed checkpoint" });
    }
    let none = || ExportError::State("no checkpoint was ever signed".to_owned());
    let checkpoint = newest.ok_or_else(none)?;
    if follower.serving().await.chain.size() == checkpoint.size {
        return Ok((follower, checkpoint));
    }
    // What was folded beyond the checkpoint cannot be folded back.
    let (serving, _) = snapshot::load(store).await?;
    let serving =
        if serving.chain.size() <= checkpoint.size { serving } else { Serving::default() };
    Ok((Follower::new(store.clone(), serving), checkpoint))
}

/// Write the export up to a checkpoint; `follower` may be anywhere at or below its size.
pub async fn export<W: Write>(
    store: &SharedStore,
    follower: &Follower,
    checkpoint: &StoredCheckpoint,
    out: W,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Result<Exported, ExportError> {
    let state = |why: &str| ExportError::State(why.to_owned());
    let size = checkpoint.size;
    follower.catch_up(size).await?;
    let serving = follower.serving().await;
    if serving.chain.size() != size {
        return Err(state("the newest checkpoint is not what was folded"));
    }
    let (origin, head) = (serving.chain.origin().to_owned(), serving.chain.head());
    let (digests, ring) = (serving.state.digests(), serving.ring.clone());
    drop(serving);
    let mut lines = Lines { out, sha: Sha256::new(), count: 0 };
    let mut tree = Frontier::default();
    lines.put(&format!(
        "{{\"annals_export\":1,\"origin\":{},\"size\":{size}}}",
        serde_json::Value::from(origin)
    ))?;
    let mut bodies = HashSet::new();
    let mut at = 0;
    while at < size {
        let page = u32::try_from(size - at).unwrap_or(PAGE).min(PAGE);
        let rows = store.read(at, page).await?;
        if rows.is_empty() {
            return Err(state("entries are missing"));
        }
        at += rows.len() as u64;
        write_page(store, rows, &ring, &mut tree, &mut bodies, &mut lines).await?;
        progress(at, size);
    }
    // A snapshot may have spared the follower these entries; nobody is shown what does not hold.
    let signed = ring.check_note(&checkpoint.note).map_err(ExportError::State)?.0.root;
    if tree.root() != signed {
        return Err(state("the entries are not those of the checkpoint: run `annals verify`"));
    }
    let sha256 = Hash(lines.sha.clone().finalize().into());
    let count = lines.count;
    let end = json!({ "end": {
        "size": size,
        "head": head.to_string(),
        "lines": count,
        "sha256": sha256.to_string(),
        "checkpoint": checkpoint.note,
        "state": digests,
    }});
    lines.put(&end.to_string())?;
    lines.out.flush()?;
    Ok(Exported { size, head, lines: count, sha256 })
}

async fn write_page<W: Write>(
    store: &SharedStore,
    rows: Vec<Row>,
    ring: &KeyRing,
    tree: &mut Frontier,
    seen: &mut HashSet<Hash>,
    lines: &mut Lines<W>,
) -> Result<(), ExportError> {
    let mut known = Vec::with_capacity(rows.len());
    let mut wanted = Vec::new();
    for entry in about::check_rows(rows.clone(), ring)? {
        tree.push(entry.leaf);
        let body = entry.event.body().filter(|body| seen.insert(*body));
        wanted.extend(body.map(|body| body.0));
        known.push((entry.header.epoch.0, body));
    }
    let bodies = store.bodies(&wanted).await?;
    for (row, (epoch, body)) in rows.iter().zip(known) {
        let key = ring.entry_key(epoch).map_or(Hash::ZERO, |(_, print)| *print);
        lines.put(&entry_line(row, key)?)?;
        let Some(body) = body else { continue };
        let found = bodies.iter().find(|found| found.id == body.0);
        let found = found.filter(|found| entry::body_id(&found.salt, &found.bytes) == body);
        let found = found.ok_or_else(|| FollowError::Bad {
            position: row.position,
            what: "body",
            detail: format!("body {body} is not there as it was written"),
        })?;
        lines.put(&format!(
            "{{\"body\":\"{body}\",\"salt\":\"{}\",\"base64\":\"{}\"}}",
            hex(&found.salt),
            BASE64.encode(&found.bytes)
        ))?;
    }
    Ok(())
}

fn entry_line(row: &Row, key: Hash) -> Result<String, StoreError> {
    let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => Ok(serde_json::Value::from(text).to_string()),
        Err(_) => Err(StoreError::Corrupt(format!("entry {}: not UTF-8", row.position))),
    };
    let (private, salt) = match &row.private {
        Some((salt, bytes)) => (text(bytes)?, format!("\"{}\"", hex(salt))),
        None => ("null".to_owned(), "null".to_owned()),
    };
    Ok(format!(
        "{{\"header\":{},\"signature\":{{\"key\":\"{key}\",\"value\":\"{}\"}},\"facts\":{},\
         \"facts_salt\":\"{}\",\"private\":{private},\"private_salt\":{salt}}}",
        text(&row.header)?,
        hex(&row.signature),
        text(&row.facts)?,
        hex(&row.facts_salt),
    ))
}

struct Lines<W> {
    out: W,
    sha: Sha256,
    count: u64,
}

impl<W: Write> Lines<W> {
    fn put(&mut self, line: &str) -> io::Result<()> {
        for part in [line.as_bytes(), b"\n"] {
            self.sha.update(part);
            self.out.write_all(part)?;
        }
        self.count += 1;
        Ok(())
    }
}
