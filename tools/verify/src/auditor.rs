//! The audit itself: chunks of entries go through three stages that overlap.
//!
//! First, on all cores, what an entry's own bytes tell; second, in order, what holds between
//! entries; third, on all cores, signatures under the keys that the second stage resolved.

use std::collections::{BTreeMap, HashMap, HashSet};

use annals_events::entry::Provenance;
use annals_events::id::ImportId;
use annals_events::keys::PublicKey;
use annals_events::ledger::{Event as LedgerEvent, FoldDigest};
use annals_events::{Event, Hash, Header, RawEntry, command, entry};
use annals_projections::chain::{Breach, Chain};
use annals_projections::judge::{self, View, Weight};
use annals_projections::keys::KeyRing;
use annals_projections::{ENGINE, Frame, State};
use rayon::prelude::*;

use crate::check::{self, Placed, Prepared, Resolved, rank};
use crate::report::{Bad, Report, Verdict};

/// What the user pins and trusts, from elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Leaf of the genesis entry.
    pub genesis: Option<Hash>,
    /// Signed notes the user kept.
    pub checkpoints: Vec<String>,
    /// Public keys of actors.
    pub actor_keys: Vec<PublicKey>,
}

/// How to audit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Check entry signatures in batches.
    pub batch: bool,
    /// Neither fold nor judge.
    pub no_fold: bool,
}

/// What the input is, for the sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An export file.
    Export,
    /// A live store.
    Store,
}

/// A body with the salt its id was made with.
#[derive(Clone, Debug)]
pub struct RawBody {
    /// Claimed id.
    pub id: Hash,
    /// Salt.
    pub salt: [u8; 32],
    /// Bytes.
    pub bytes: Vec<u8>,
}

/// What the input consists of, in order.
#[derive(Debug)]
pub enum Item {
    /// An entry.
    Entry {
        /// Its bytes.
        raw: RawEntry,
        /// Line in an export.
        line: Option<u64>,
        /// Fingerprint the export claims for the entry key.
        key: Option<Hash>,
        /// Something the reader found wrong with the row around it.
        extra: Option<Breach>,
    },
    /// A body, after the first entry that names it.
    Body {
        /// The body.
        body: RawBody,
        /// Line in an export.
        line: Option<u64>,
    },
    /// A line that cannot be read.
    Broken {
        /// Line in an export.
        line: u64,
        /// Why.
        detail: String,
    },
}

/// What an export's last line or a store's tables say of the end.
#[derive(Clone, Debug)]
pub struct End {
    /// Number of entries.
    pub size: u64,
    /// Leaf of the last.
    pub head: Hash,
    /// Signed note of that size.
    pub checkpoint: Option<String>,
    /// Fold digests, where stated.
    pub state: Vec<FoldDigest>,
    /// Line in an export.
    pub line: Option<u64>,
}

enum PreparedItem {
    Entry(Box<Prepared>),
    Body { id: Hash, good: bool, line: Option<u64> },
    Broken { line: u64, detail: String },
}

/// An audit under way.
pub struct Auditor {
    policy: Policy,
    options: Options,
    source: Source,
    chain: Chain,
    ring: KeyRing,
    state: State,
    engine: u32,
    bodies: HashSet<Hash>,
    awaited: Option<(Hash, u64, Option<u64>)>,
    secrets: HashMap<ImportId, Hash>,
    roots: BTreeMap<u64, Hash>,
    flags: BTreeMap<&'static str, u64>,
    breaches: BTreeMap<&'static str, u64>,
    first_breach: Option<String>,
    notes: Vec<String>,
    unknown_types: u64,
    not_judged: u64,
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
            chain,
            ring: KeyRing::default(),
            state: State::default(),
            engine: ENGINE,
            bodies: HashSet::new(),
            awaited: None,
            secrets: HashMap::new(),
            roots,
            flags: BTreeMap::new(),
            breaches: BTreeMap::new(),
            first_breach: None,
            notes: Vec::new(),
            unknown_types: 0,
            not_judged: 0,
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
        let (origin, genesis) = (self.chain.origin().to_owned(), self.ring.genesis());
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
        let origin = self.chain.origin().to_owned();
        let genesis = self.ring.genesis();
        let checked = check::check_resolved(&resolved, &origin, genesis, self.options.batch);
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

    fn in_order(&mut self, items: Vec<PreparedItem>) {
        for item in items {
            if self.bad.is_some() {
                return;
            }
            match item {
                PreparedItem::Entry(prepared) => self.entry(*prepared),
                PreparedItem::Body { id, good, line } => self.body(id, good, line),
                PreparedItem::Broken { line, detail } => {
                    let position = self.awaited.map_or(self.chain.size(), |(_, p, _)| p);
                    self.fail(position, Some(line), Breach::new("line", detail));
                }
            }
        }
    }

    fn body(&mut self, id: Hash, good: bool, line: Option<u64>) {
        self.line = line;
        match self.awaited.take() {
            Some((awaited, position, _)) if awaited == id => {
                if !good {
                    let detail = format!("the bytes do not hash to the id {id}");
                    self.fail(position, line, Breach::new("body", detail));
                }
            }
            Some((awaited, position, _)) => {
                let detail = format!("body {id} stands where {awaited} is expected");
                self.fail(position, line, Breach::new("body", detail));
            }
            None if self.options.no_fold && good => {}
            None => {
                let detail = format!("body {id} stands where an entry is expected");
                self.fail(self.chain.size(), line, Breach::new("line", detail));
            }
        }
    }

    fn entry(&mut self, mut prepared: Prepared) {
        self.line = prepared.line;
        if let Some((id, position, line)) = self.awaited.take() {
            let detail = format!("body {id} is missing");
            return self.fail(position, line, Breach::new("body", detail));
        }
        let position = self.chain.size();
        let Some(header) = prepared.header.take() else {
            let breach = prepared.breach.take();
            let breach = breach.unwrap_or_else(|| Breach::new("header", "no header"));
            return self.fail(position, prepared.line, breach);
        };
        let mut breach = prepared.breach.take();
        self.check_links(&header, &prepared, &mut breach);
        let key = self.entry_key(&header, &prepared, &mut breach);
        let command = self.chain.check_command(&header);
        if let Err(found) = command {
            check::note(&mut breach, found);
        }
        if let Some(key) = key {
            self.resolve(&header, &prepared, key);
        }
        if let (None, false, Some(event)) = (&breach, self.options.no_fold, &prepared.event) {
            self.fold(&header, event, &mut breach);
        }
        if let Some(breach) = breach {
            return self.fail(position, prepared.line, breach);
        }
        self.take(&header, &prepared);
    }

    fn check_links(&self, header: &Header, prepared: &Prepared, breach: &mut Option<Breach>) {
        if let Err(found) = self.chain.check(header) {
            check::note(breach, found);
        }
        let pinned = self.policy.genesis.filter(|_| self.chain.size() == 0);
        if pinned.is_some_and(|pinned| pinned != prepared.leaf) {
            let detail = format!("the genesis leaf is {}, not the one pinned", prepared.leaf);
            check::note(breach, Breach::new("genesis", detail));
        }
    }

    /// The key that must have signed; introduces the keys that the entry brings.
    fn entry_key(
        &mut self,
        header: &Header,
        prepared: &Prepared,
        breach: &mut Option<Breach>,
    ) -> Option<PublicKey> {
        if let (Some(Event::Ledger(event)), None) = (&prepared.event, &breach)
            && let Err(detail) = self.ring.introduce(header, prepared.leaf, event)
        {
            check::note(breach, Breach::new("key", detail));
        }
        let Some((key, fingerprint)) = self.ring.entry_key(header.epoch.0) else {
            check::note(breach, Breach::new("signature", "its epoch has no entry key"));
            return None;
        };
        if prepared.claimed_key.is_some_and(|claimed| claimed != *fingerprint) {
            let detail = "the key named is not the entry key of its epoch";
            check::note(breach, Breach::new("signature", detail));
        }
        Some(*key)
    }

    fn resolve(&mut self, header: &Header, prepared: &Prepared, key: PublicKey) {
        let mut resolved = Resolved {
            position: self.chain.size(),
            line: prepared.line,
            leaf: prepared.leaf,
            signature: prepared.raw.signature,
            key,
            header: None,
            actor_key: None,
            line_check: None,
        };
        if header.actor.is_some() {
            self.actors.2 += 1;
        }
        if let Some(signature) = &header.actor_signature {
            let known = |key: &&PublicKey| key.fingerprint() == signature.key;
            resolved.actor_key = self.policy.actor_keys.iter().find(known).copied();
            match resolved.actor_key {
                Some(_) => self.actors.0 += 1,
                None => self.actors.1 += 1,
            }
        }
        if let (Some(event), Some(private)) = (&prepared.event, &prepared.raw.private) {
            let imported = event.imported().filter(|_| header.provenance == Provenance::Imported);
            let secret = imported.and_then(|line| self.secrets.get(&line.import));
            resolved.line_check =
                secret.map(|secret| (*secret, event.clone(), private.bytes.clone()));
        }
        if resolved.actor_key.is_some() || resolved.line_check.is_some() {
            resolved.header = Some(header.clone());
        }
        self.resolved.push(resolved);
    }

    fn fold(&mut self, header: &Header, event: &Event, breach: &mut Option<Breach>) {
        if let Event::Ledger(LedgerEvent::StateSealed(sealed)) = event
            && let Err(detail) = self.compare_state(&sealed.folds, "at a seal")
        {
            check::note(breach, Breach::new("state", detail));
        }
        match event {
            Event::Ledger(LedgerEvent::EpochStarted(started)) => self.engine = started.engine,
            Event::Ledger(LedgerEvent::Genesis(genesis)) => self.engine = genesis.engine,
            _ => {}
        }
        let frame = Frame::of(header);
        if self.engine == ENGINE {
            let findings = judge::judge(View::of(&self.state), &frame, event);
            if !findings.is_empty() {
                judge::tally(&findings, Weight::Flag, &mut self.flags);
                judge::tally(&findings, Weight::Breach, &mut self.breaches);
                let first = findings.iter().find(|finding| finding.weight == Weight::Breach);
                if let (Some(found), None) = (first, &self.first_breach) {
                    let (position, clause) = (header.position, found.clause());
                    self.first_breach =
                        Some(format!("entry {position}: {clause}: {}", found.detail));
                }
            }
        } else {
            self.not_judged += 1;
        }
        self.state.apply(&frame, event);
    }

    fn take(&mut self, header: &Header, prepared: &Prepared) {
        self.chain.push(header, prepared.leaf);
        if let Some(root) = self.roots.get_mut(&self.chain.size()) {
            *root = self.chain.root();
        }
        let Some(event) = &prepared.event else {
            self.unknown_types += 1;
            return;
        };
        if let Event::Ledger(LedgerEvent::ImportOpened(_)) = event {
            let private = prepared.raw.private.as_ref().map(|part| part.bytes.as_slice());
            if let Some(secret) = secret_of(&header.command, event, private) {
                self.secrets.insert(ImportId(header.stream.id), secret);
            }
        }
        if let Some(body) = event.body() {
            // Without the set of bodies seen nobody knows which are still to come.
            if !self.options.no_fold && self.bodies.insert(body) {
                self.awaited = Some((body, header.position.0, prepared.line));
            }
        }
    }

    fn compare_state(&mut self, stated: &[FoldDigest], place: &str) -> Result<(), String> {
        if self.options.no_fold {
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

    /// The input ended; `None` if it has no end of its own (a cut-off export).
    pub fn finish(mut self, end: Option<End>, trailing: Option<Placed>) -> Report {
        self.settle();
        if let (None, Some(_)) = (&self.bad, &end) {
            if let Some((id, position, line)) = self.awaited.take() {
                let detail = format!("body {id} is missing");
                self.fail(position, line, Breach::new("body", detail));
            }
            if let Err(breach) = self.chain.check_end() {
                self.fail(self.chain.size() - 1, self.line, breach);
            }
        }
        let mut unusable = None;
        let mut time = None;
        if self.bad.is_none() {
            match self.check_end(end, trailing, &mut time) {
                Ok(()) => {}
                Err(Ending::Unusable(detail)) => unusable = Some(detail),
                Err(Ending::Bad(placed)) => self.note(placed),
            }
        }
        self.report(unusable, time)
    }

    /// In this order: truncated, end, trailing, checkpoints given, checkpoint, root, state.
    fn check_end(
        &mut self,
        end: Option<End>,
        trailing: Option<Placed>,
        time: &mut Option<u64>,
    ) -> Result<(), Ending> {
        let size = self.chain.size();
        let bad = |position, line, what, detail: String| {
            Err(Ending::Bad(Placed { position, line, breach: Breach::new(what, detail) }))
        };
        let Some(end) = end else {
            return bad(size, self.line, "truncated", "the end line is missing".to_owned());
        };
        if end.size != size || end.head != self.chain.head() {
            let (what, position) = match self.source {
                Source::Export => ("end", size),
                // The first entry that is missing, else the last that is there.
                Source::Store if end.size > size => ("head", size),
                Source::Store => ("head", size.saturating_sub(1)),
            };
            let detail = format!("says size {} head {}, found {size}", end.size, end.head);
            return bad(position, end.line, what, detail);
        }
        if let Some(placed) = trailing {
            return Err(Ending::Bad(placed));
        }
        let matching = self.check_given()?;
        if let Some(note) = &end.checkpoint {
            let (checkpoint, cosigned) = match self.ring.check_note(note) {
                Ok(good) => good,
                Err(detail) => return bad(size, end.line, "checkpoint", detail),
            };
            if checkpoint.size != size {
                let detail = format!("its size is {}", checkpoint.size);
                return bad(size, end.line, "checkpoint", detail);
            }
            *time = cosigned;
            if checkpoint.root != self.chain.root() {
                let detail = "the leaves do not hash to the signed root: a fork, written with an \
                              entry key but without the log key";
                return bad(matching, end.line, "root", detail.to_owned());
            }
            self.checkpoint_good = true;
        }
        if let Err(detail) = self.compare_state(&end.state.clone(), "at the end") {
            return bad(size, end.line, "state", detail);
        }
        Ok(())
    }

    /// Compare the checkpoints the user gave; answers the largest size that matches.
    fn check_given(&self) -> Result<u64, Ending> {
        let mut matching = 0;
        let mut notes = Vec::new();
        for note in &self.policy.checkpoints {
            let (checkpoint, _) = self
                .ring
                .check_note(note)
                .map_err(|detail| Ending::Unusable(format!("the checkpoint given: {detail}")))?;
            notes.push(checkpoint);
        }
        notes.sort_by_key(|checkpoint| checkpoint.size);
        for checkpoint in notes {
            let size = self.chain.size();
            let bad = |position, what, detail: String| {
                let breach = Breach::new(what, detail);
                Err(Ending::Bad(Placed { position, line: None, breach }))
            };
            if checkpoint.size > size {
                let detail = format!("a checkpoint of size {} was given", checkpoint.size);
                return bad(size, "truncated", detail);
            }
            let root = match checkpoint.size {
                0 => annals_events::merkle::empty_root(),
                size => self.roots.get(&size).copied().unwrap_or(Hash::ZERO),
            };
            if root != checkpoint.root {
                let detail = format!("the checkpoint given for size {} differs", checkpoint.size);
                return bad(matching, "root", detail);
            }
            matching = checkpoint.size;
        }
        Ok(matching)
    }

    fn report(mut self, unusable: Option<String>, time: Option<u64>) -> Report {
        let pinned = self.policy.genesis.is_some();
        let rule_findings = self.breaches.values().sum();
        if self.options.no_fold {
            self.notes.push("keys and bodies not compared; not judged, not folded".to_owned());
        }
        if self.unknown_types > 0 {
            let count = self.unknown_types;
            self.notes.push(format!("{count} entries are of types not known here"));
        }
        if self.not_judged > 0 {
            let count = self.not_judged;
            self.notes.push(format!("{count} entries not re-judged: other engine version"));
        }
        self.notes.extend(unusable.clone());
        let verdict = if unusable.is_some() {
            Verdict::Unusable
        } else if self.bad.is_some() {
            Verdict::Tampered
        } else if rule_findings > 0 {
            Verdict::AgainstTheRulebook
        } else if !pinned || self.unknown_types > 0 {
            Verdict::Incomplete
        } else {
            Verdict::Sound
        };
        let shown = !matches!(verdict, Verdict::Tampered | Verdict::Unusable) && pinned;
        let (tier, tier_why) = match (shown, self.checkpoint_good) {
            (false, _) => ("none", "the chain is not shown to be of a pinned author"),
            (true, false) => ("T0", "no signed checkpoint of this size was shown"),
            (true, true) => ("T1", "no stamp of a pinned authority and no witness was shown"),
        };
        Report {
            verdict,
            origin: self.chain.origin().to_owned(),
            size: self.chain.size(),
            head: self.chain.head(),
            root: self.chain.root(),
            pinned,
            signatures: if self.options.batch { "batch" } else { "strict" },
            tier,
            tier_why,
            first_bad: self.bad.map(|placed| Bad {
                position: placed.position,
                line: placed.line,
                what: placed.breach.what,
                detail: placed.breach.detail,
            }),
            rule_findings,
            first_breach: self.first_breach,
            flags: self.flags,
            notes: self.notes,
            actor_signatures: self.actors,
            checkpoint_time: time,
        }
    }
}

enum Ending {
    Unusable(String),
    Bad(Placed),
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
            PreparedItem::Body { id: body.id, good, line }
        }
        Item::Broken { line, detail } => PreparedItem::Broken { line, detail },
    }
}

fn secret_of(
    info: &Option<entry::CommandInfo>,
    event: &Event,
    private: Option<&[u8]>,
) -> Option<Hash> {
    let text = command::Text::of(event, private)?;
    match command::Command::read(&info.as_ref()?.name, text.command.as_bytes()).ok()? {
        command::Command::OpenImport(open) => Some(open.secret),
        _ => None,
    }
}
