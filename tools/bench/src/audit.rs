//! Reading everything again: an export by a stranger, the live store, the folds; each beside what
//! the same entries cost in memory.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::time::Instant;

use annals::ledger::export::{at_newest_checkpoint, export};
use annals::ledger::scan::scan;
use annals::store::{Row, SharedStore};
use annals_events::keys::{self, PublicKey};
use annals_events::{Event, Hash, Header, canonical, entry};
use annals_projections::judge::{self, View};
use annals_projections::{Frame, State};
use annals_verify::{Options, Policy, Verdict, audit_export};
use rayon::prelude::*;

use crate::Failed;
use crate::figures::{Figures, Where};

/// Rows read at once, as the follower does.
const PAGE: u32 = 2_000;
/// Signatures checked together, as the auditor does.
const BATCH: usize = 512;
/// The machine the ratios are stated for has so many.
const THREADS: usize = 2;

/// Export, then audit the file and the memory beside it, several rounds of both.
pub async fn exported(
    store: &SharedStore,
    genesis: Hash,
    folder: &Path,
    rounds: usize,
    figures: &mut Figures,
) -> Result<(), Failed> {
    let path = folder.join("export.ndjson");
    let (follower, checkpoint) = at_newest_checkpoint(store).await?;
    let begun = Instant::now();
    let out = BufWriter::new(File::create(&path)?);
    let done = export(store, &follower, &checkpoint, out, &|_, _| {}).await?;
    let size = done.size as f64;
    figures.add(Where::Sqlite, "export", size / begun.elapsed().as_secs_f64());
    figures.add(Where::Machine, "exported", size);
    let (rows, ring) = (all(store, done.size).await?, follower.serving().await.ring.clone());
    let origin = follower.serving().await.chain.origin().to_owned();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS).build()?;
    for _ in 0..rounds {
        for (batch, file, memory) in
            [(false, "verify_strict", "memory_strict"), (true, "verify_batch", "memory_batch")]
        {
            let options = Options { batch, no_fold: false };
            let policy = Policy { genesis: Some(genesis), ..Policy::default() };
            let begun = Instant::now();
            let report = audit_export(
                BufReader::with_capacity(1 << 20, File::open(&path)?),
                policy,
                options,
            )?;
            if report.verdict != Verdict::Sound {
                return Err(format!("the export is not sound: {}", report.to_text()).into());
            }
            figures.add(Where::Sqlite, file, size / begun.elapsed().as_secs_f64());
            let keyed: Vec<(&Row, PublicKey)> = rows
                .iter()
                .map(|row| {
                    let epoch = Header::parse(&row.header).map_or(0, |header| header.epoch.0);
                    let key = ring.entry_key(epoch).ok_or("an epoch without a key")?;
                    Ok((row, key.0))
                })
                .collect::<Result<_, &str>>()?;
            let begun = Instant::now();
            if !pool.install(|| in_memory(&keyed, &origin, batch)) {
                return Err("the same entries do not verify in memory".into());
            }
            figures.add(Where::Machine, memory, size / begun.elapsed().as_secs_f64());
        }
    }
    std::fs::remove_file(&path)?;
    Ok(())
}

/// Hash, canonical form and signature, and nothing else.
fn in_memory(rows: &[(&Row, PublicKey)], origin: &str, batch: bool) -> bool {
    rows.par_chunks(BATCH).all(|chunk| {
        let texts: Vec<Vec<u8>> = chunk
            .iter()
            .map(|(row, _)| entry::signed_text(origin, &entry::leaf(&row.header)))
            .collect();
        let hashed = chunk.iter().all(|(row, _)| {
            let facts = entry::facts_digest(&row.facts_salt, &row.facts);
            let private = row.private.as_ref().map(|(salt, p)| entry::private_digest(salt, p));
            std::hint::black_box((facts, private));
            let canonical = |bytes: &[u8]| canonical::check_object(bytes).is_ok();
            canonical(&row.header)
                && canonical(&row.facts)
                && row.private.as_ref().is_none_or(|(_, bytes)| canonical(bytes))
        });
        let signed = if batch {
            let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
            let signatures: Vec<[u8; 64]> = chunk.iter().map(|(row, _)| row.signature).collect();
            let keys: Vec<PublicKey> = chunk.iter().map(|(_, key)| *key).collect();
            keys::verify_batch(&texts, &signatures, &keys)
        } else {
            let pairs = chunk.iter().zip(&texts);
            pairs
                .into_iter()
                .all(|((row, key), text)| key.verify_strict(text, &row.signature).is_ok())
        };
        hashed && signed
    })
}

async fn all(store: &SharedStore, size: u64) -> Result<Vec<Row>, Failed> {
    let mut rows = Vec::new();
    while (rows.len() as u64) < size {
        let left = u32::try_from(size - rows.len() as u64).unwrap_or(PAGE).min(PAGE);
        let page = store.read(rows.len() as u64, left).await?;
        if page.is_empty() {
            return Err("entries are missing".into());
        }
        rows.extend(page);
    }
    Ok(rows)
}

/// The whole store once, as `annals verify` does.
pub async fn live(
    kind: Where,
    store: &SharedStore,
    genesis: Hash,
    figures: &mut Figures,
) -> Result<(), Failed> {
    let size = store.head().await?.size as f64;
    let policy = Policy { genesis: Some(genesis), ..Policy::default() };
    let begun = Instant::now();
    let report = scan(store, policy, Options { batch: true, no_fold: false }, &|_, _| {}).await?;
    if report.verdict != Verdict::Sound {
        return Err(format!("the store is not sound: {}", report.to_text()).into());
    }
    figures.add(kind, "live_scan", size / begun.elapsed().as_secs_f64());
    Ok(())
}

/// Read and parse; then read, parse, judge and fold; on one task, in turn.
pub async fn refold(
    kind: Where,
    store: &SharedStore,
    rounds: usize,
    figures: &mut Figures,
) -> Result<(), Failed> {
    for _ in 0..rounds {
        for (name, folds) in [("read_parse", false), ("refold", true)] {
            let (begun, mut at, mut state) = (Instant::now(), 0_u64, State::default());
            loop {
                let rows = store.read(at, PAGE).await?;
                if rows.is_empty() {
                    break;
                }
                at += rows.len() as u64;
                for row in rows {
                    let header = Header::parse(&row.header)?;
                    let event = Event::read(&header.kind, header.schema, &row.facts)?;
                    if folds {
                        let frame = Frame::of(&header);
                        std::hint::black_box(judge::judge(View::of(&state), &frame, &event));
                        state.apply(&frame, &event);
                    } else {
                        std::hint::black_box((header, event));
                    }
                }
            }
            figures.add(kind, name, at as f64 / begun.elapsed().as_secs_f64());
        }
    }
    Ok(())
}
