//! The audit itself: chunks of entries go through three stages that overlap.
//!
//! First, on all cores, what an entry's own bytes tell; second, in order, what holds between
//! entries; third, on all cores, signatures under the keys that the second stage resolved.

use std::collections::{BTreeMap, HashMap};

use annals_events::id::ImportId;
use annals_events::ledger::FoldDigest;
use annals_events::{Hash, entry};
use annals_projections::chain::{Breach, Chain};
use annals_projections::keys::KeyRing;
use annals_projections::{ENGINE, State};
use rayon::prelude::*;

use crate::check::{self, Placed, Prepared, Resolved, rank};

mod ending;
mod imports;
mod input;
mod order;

use imports::Imports;
pub use input::{End, Item, Options, Policy, RawBody, Source};

enum PreparedItem {
    Entry(Box<Prepared>),
    Body { body: Seen, line: Option<u64> },
    Broken { line: u64, detail: String },
}

/// A body as its bytes tell.
struct Seen {
    id: Hash,
    good: bool,
    length: u64,
    sha256: Hash,
}

/// What an entry says of the body it names.
#[derive(Clone, Copy)]
struct Said {
    length: Option<u64>,
    sha256: Option<Hash>,
}

/// A body that must come next.
#[derive(Clone, Copy)]
struct Awaited {
    id: Hash,
    position: u64,
    line: Option<u64>,
    said: Said,
}

/// An audit under way.
pub struct Auditor {
    policy: Policy,
    options: Options,
    source: Source,
    /// The first entry's, good or bad: what its signature and all that follow are made over.
    origin: String,
    chain: Chain,
    ring: KeyRing,
    state: State,
    engine: u32,
    /// Bodies named so far, with length and plain digest once they were seen.
    bodies: HashMap<Hash, Option<(u64, Hash)>>,
    awaited: Option<Awaited>,
    /// Streams walked over so far to compare seals.
    seal_walks: u64,
    /// Seals that were not compared.
    seals_passed: u64,
    secrets: HashMap<ImportId, Hash>,
    imports: Imports,
    roots: BTreeMap<u64, Hash>,
    flags: BTreeMap<String, u64>,
    breaches: BTreeMap<String, u64>,
    first_breach: Option<String>,
    notes: Vec<String>,
    /// Entries of a type or schema not known here, and the first of them.
    unknown: (u64, Option<u64>),
    /// Whether one of them brought keys: what depends on keys then cannot all be checked.
    keys_unread: bool,
    /// Entries whose signature was not checked because their epoch's key was not read.
    unsigned: u64,
    not_judged: u64,
    genesis: Hash,
    actors: (u64, u64, u64),
    line: Option<u64>,
    bad: Option<Placed>,
    prepared: Vec<PreparedItem>,
    resolved: Vec<Resolved>,
    checkpoint_good: bool,
}

impl Auditor {
    /// Begin; the chain is empty.
    pub fn new(source: Source, policy: Policy, options: Options) -> Auditor {
        let chain = if options.no_fold { Chain::without_keys() } else { Chain::new() };
        // Roots are noted on the way at the sizes of the checkpoints the user gave; a note that
        // cannot be read is reported at the end, when the keys are known.
        let sizes = policy.checkpoints.iter().filter_map(|note| size_of(note));
        let roots = sizes.map(|size| (size, Hash::ZERO)).collect();
        Auditor {
            policy,
            options,
            source,
            origin: String::new(),
            chain,
            ring: KeyRing::default(),
            state: State::default(),
            engine: ENGINE,
            bodies: HashMap::new(),
            awaited: None,
            seal_walks: 0,
            seals_passed: 0,
            secrets: HashMap::new(),
            imports: Imports::default(),
            roots,
            flags: BTreeMap::new(),
            breaches: BTreeMap::new(),
            first_breach: None,
            notes: Vec::new(),
            unknown: (0, None),
            keys_unread: false,
            unsigned: 0,
            not_judged: 0,
            genesis: Hash::ZERO,
            actors: (0, 0, 0),
            line: None,
            bad: None,
            prepared: Vec::new(),
            resolved: Vec::new(),
            checkpoint_good: false,
        }
    }

    /// Whether something bad was found: more input changes nothing.
    pub fn is_done(&self) -> bool {
        self.bad.is_some()
    }

    /// Entries taken in so far.
    pub fn size(&self) -> u64 {
        self.chain.size()
    }

    /// The folded state so far (empty with `no_fold`).
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The chain so far.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The keys so far.
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Take some thousand items.
    pub fn chunk(&mut self, items: Vec<Item>) {
        if self.bad.is_some() {
            return;
        }
        let waiting = std::mem::take(&mut self.prepared);
        let resolved = std::mem::take(&mut self.resolved);
        let (origin, genesis) = (self.origin.clone(), self.genesis);
        let batch = self.options.batch;
        let ((), (checked, prepared)) = rayon::join(
            || self.in_order(waiting),
            || {
                let checked = check::check_resolved(&resolved, &origin, genesis, batch);
                let prepared: Vec<_> = items.into_par_iter().map(prepare_item).collect();
                (checked, prepared)
            },
        );
        self.prepared = prepared;
        if let Some(placed) = checked {
            self.note(placed);
        }
    }

    /// Note the root at this size when it comes by.
    pub fn watch(&mut self, size: u64) {
        self.roots.insert(size, Hash::ZERO);
    }

    /// The root noted at this size.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        self.roots.get(&size).copied()
    }

    /// Finish what is under way: afterwards `chain`, `ring` and `state` stand at the last item.
    pub fn settle(&mut self) {
        self.chunk(Vec::new());
        self.chunk(Vec::new());
        let resolved = std::mem::take(&mut self.resolved);
        let (origin, genesis) = (&self.origin, self.genesis);
        let checked = check::check_resolved(&resolved, origin, genesis, self.options.batch);
        if let Some(placed) = checked {
            self.note(placed);
        }
    }

    /// Keep the breach of the smallest position, then of the first check.
    fn note(&mut self, placed: Placed) {
        let key = |placed: &Placed| (placed.position, rank(placed.breach.what));
        if self.bad.as_ref().is_none_or(|before| key(&placed) < key(before)) {
            self.bad = Some(placed);
        }
    }

    fn fail(&mut self, position: u64, line: Option<u64>, breach: Breach) {
        self.note(Placed { position, line, breach });
    }

    fn compare_state(&mut self, stated: &[FoldDigest], place: &str) -> Result<(), String> {
        // A fold over entries that nobody here can read is another one.
        if self.options.no_fold || self.unknown.0 > 0 {
            return Ok(());
        }
        let own = self.state.digests();
        for fold in stated {
            let Some(mine) = own.iter().find(|mine| mine.fold == fold.fold) else {
                self.notes.push(format!("fold {} {place}: not known here", fold.fold));
                continue;
            };
            if mine.version != fold.version {
                self.notes.push(format!(
                    "fold {} {place}: version {} is not comparable with {}",
                    fold.fold, fold.version, mine.version
                ));
            } else if mine.digest != fold.digest {
                return Err(format!("fold {} {place}: recomputed to {}", fold.fold, mine.digest));
            }
        }
        Ok(())
    }
}

fn size_of(note: &str) -> Option<u64> {
    let note = annals_events::note::Note::parse(note).ok()?;
    Some(annals_events::note::Checkpoint::parse(&note.text).ok()?.size)
}

fn prepare_item(item: Item) -> PreparedItem {
    match item {
        Item::Entry { raw, line, key, extra } => {
            PreparedItem::Entry(Box::new(check::prepare(raw, line, key, extra)))
        }
        Item::Body { body, line } => {
            let good = entry::body_id(&body.salt, &body.bytes) == body.id;
            let (length, sha256) = (body.bytes.len() as u64, Hash::of(&[&body.bytes]));
            PreparedItem::Body { body: Seen { id: body.id, good, length, sha256 }, line }
        }
        Item::Broken { line, detail } => PreparedItem::Broken { line, detail },
    }
}
