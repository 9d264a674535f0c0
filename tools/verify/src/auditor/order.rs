//! The second stage: what holds between entries, in order.

use std::collections::hash_map::Entry;

use annals_events::entry::{self, Provenance};
use annals_events::id::{ContentId, ImportId};
use annals_events::keys::PublicKey;
use annals_events::ledger::{Event as LedgerEvent, FoldDigest};
use annals_events::{Event, Hash, Header, command, content};
use annals_projections::chain::Breach;
use annals_projections::judge::{self, View, Weight};
use annals_projections::{Frame, judges};

use super::{Auditor, Awaited, PreparedItem, Said, Seen};
use crate::check::{self, Prepared, Resolved};

/// The types that bring keys.
const KEY_TYPES: [&str; 3] = ["ledger.genesis", "ledger.epoch_started", "ledger.key_rotated"];
/// Comparing a seal walks over the state of every stream: so many of them, in all seals together,
/// for each entry so far.
const SEAL_STREAMS_PER_ENTRY: u64 = 100;

impl Auditor {
    pub(super) fn in_order(&mut self, items: Vec<PreparedItem>) {
        for item in items {
            if self.bad.is_some() {
                return;
            }
            match item {
                PreparedItem::Entry(prepared) => self.entry(*prepared),
                PreparedItem::Body { body, line } => self.body(&body, line),
                PreparedItem::Broken { line, detail } => {
                    let awaited = self.awaited.map(|awaited| awaited.position);
                    let position = awaited.unwrap_or(self.chain.size());
                    self.fail(position, Some(line), Breach::new("line", detail));
                }
            }
        }
    }

    fn body(&mut self, body: &Seen, line: Option<u64>) {
        self.line = line;
        let id = body.id;
        let detail = match self.awaited.take() {
            Some(awaited) => {
                let detail = if awaited.id != id {
                    format!("body {id} stands where {} is expected", awaited.id)
                } else if !body.good {
                    format!("the bytes do not hash to the id {id}")
                } else if let Some(detail) = differs(awaited.said, body.length, body.sha256) {
                    detail.to_owned()
                } else {
                    self.bodies.insert(id, Some((body.length, body.sha256)));
                    return;
                };
                return self.fail(awaited.position, line, Breach::new("body", detail));
            }
            None if self.options.no_fold && body.good => return,
            None => format!("body {id} stands where an entry is expected"),
        };
        self.fail(self.chain.size(), line, Breach::new("line", detail));
    }

    fn entry(&mut self, mut prepared: Prepared) {
        self.line = prepared.line;
        if let (0, Some(header)) = (self.chain.size(), &prepared.header) {
            self.origin.clone_from(&header.origin);
        }
        if let Some(Awaited { id, position, line, .. }) = self.awaited.take() {
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
        if key.is_some() || self.keys_unread {
            self.resolve(&header, &prepared, key);
        }
        self.check_kept(&header, &prepared, &mut breach);
        if let (None, false, Some(event)) = (&breach, self.options.no_fold, &prepared.event) {
            self.fold(&header, event, &mut breach);
            self.check_import(&header, event, &prepared);
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
        let sound = breach.as_ref().is_none_or(|b| check::rank(b.what) > check::rank("key"));
        if prepared.event.is_none() && sound && KEY_TYPES.contains(&header.kind.as_str()) {
            self.keys_unread = true;
        }
        if let (Some(Event::Ledger(event)), true) = (&prepared.event, sound)
            && let Err(detail) = self.ring.introduce(header, prepared.leaf, event)
            && !self.keys_unread
        {
            check::note(breach, Breach::new("key", detail));
        }
        let Some((key, fingerprint)) = self.ring.entry_key(header.epoch.0) else {
            if self.keys_unread {
                self.unsigned += 1;
            } else {
                check::note(breach, Breach::new("signature", "its epoch has no entry key"));
            }
            return None;
        };
        if prepared.claimed_key.is_some_and(|claimed| claimed != *fingerprint) {
            let detail = "the key named is not the entry key of its epoch";
            check::note(breach, Breach::new("signature", detail));
        }
        Some(*key)
    }

    /// What an entry keeps of its import's line, and what it says of bodies seen before.
    fn check_kept(&self, header: &Header, prepared: &Prepared, breach: &mut Option<Breach>) {
        let imported = prepared.event.as_ref().and_then(Event::imported);
        let imported = imported.filter(|_| header.provenance == Provenance::Imported);
        let known = imported.is_some_and(|line| self.secrets.contains_key(&line.import));
        if known && prepared.history.is_none() {
            check::note(breach, Breach::new("command", "an imported entry keeps its line"));
        }
        if self.options.no_fold {
            return;
        }
        let said = said(prepared);
        if let Some(Some((length, sha256))) = prepared.body.and_then(|(id, _)| self.bodies.get(&id))
            && let Some(detail) = differs(said, *length, *sha256)
        {
            check::note(breach, Breach::new("body", detail));
        }
        if self.unknown.0 > 0 {
            // What the page showed may have come with an entry that nobody here can read.
            return;
        }
        // A page that moves with other bytes is also corrected, in the same command.
        let ends = header.command.as_ref().is_some_and(|c| c.index + 1 == c.of);
        let moved = matches!(&prepared.event, Some(Event::Content(content::Event::Moved(_))));
        if let (true, true, Some(sha256)) = (moved, ends, said.sha256) {
            let shown = self.imports.shown(ContentId(header.stream.id));
            if shown.is_some_and(|shown| shown != sha256) {
                let detail = "the line brings other bytes than the page had";
                check::note(breach, Breach::new("command", detail));
            }
        }
    }

    /// What an import's lines fix between its entries; judged like a rule.
    fn check_import(&mut self, header: &Header, event: &Event, prepared: &Prepared) {
        let private = prepared.raw.private.as_ref().map(|part| part.bytes.as_slice());
        let history = prepared.history.as_ref();
        let checked = self.imports.check(header, event, private, history);
        let is_judged = judges(self.engine) && self.unknown.0 == 0;
        if let (Err((id, detail)), true) = (checked, is_judged) {
            *self.breaches.entry(id.to_owned()).or_default() += 1;
            let position = header.position;
            let first = || format!("entry {position}: annals:{id}: {detail}");
            self.first_breach.get_or_insert_with(first);
        }
    }

    fn resolve(&mut self, header: &Header, prepared: &Prepared, key: Option<PublicKey>) {
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
        if let Event::Ledger(LedgerEvent::StateSealed(sealed)) = event {
            self.compare_seal(&sealed.folds, breach);
        }
        match event {
            Event::Ledger(LedgerEvent::EpochStarted(started)) => self.engine = started.engine,
            Event::Ledger(LedgerEvent::Genesis(genesis)) => self.engine = genesis.engine,
            _ => {}
        }
        let frame = Frame::of(header);
        if judges(self.engine) && self.unknown.0 == 0 {
            let judgement = judge::judge(View::of(&self.state), &frame, event);
            let findings = &judgement.findings;
            if !findings.is_empty() {
                judge::tally(findings, Weight::Flag, &mut self.flags);
                judge::tally(findings, Weight::Breach, &mut self.breaches);
                if let (Some(found), None) = (judgement.breach(), &self.first_breach) {
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

    /// A seal costs a walk over the whole state, so seals that stand closer together than any
    /// writer of ours sets them are counted, not compared: else whoever can write them makes
    /// auditing cost the square of the ledger.
    fn compare_seal(&mut self, folds: &[FoldDigest], breach: &mut Option<Breach>) {
        let (streams, _) = self.chain.counts();
        let walked = self.seal_walks + streams as u64;
        if walked > self.chain.size().saturating_mul(SEAL_STREAMS_PER_ENTRY) {
            self.seals_passed += 1;
            return;
        }
        self.seal_walks = walked;
        if let Err(detail) = self.compare_state(folds, "at a seal") {
            check::note(breach, Breach::new("state", detail));
        }
    }

    fn take(&mut self, header: &Header, prepared: &Prepared) {
        self.chain.push(header, prepared.leaf);
        if header.position.0 == 0 {
            self.genesis = prepared.leaf;
        }
        if let Some(root) = self.roots.get_mut(&self.chain.size()) {
            *root = self.chain.root();
        }
        let event = prepared.event.as_ref();
        if event.is_none() {
            self.unknown = (self.unknown.0 + 1, self.unknown.1.or(Some(header.position.0)));
        }
        if let Some(event @ Event::Ledger(LedgerEvent::ImportOpened(_))) = event
            && header.provenance == Provenance::Commanded
        {
            let private = prepared.raw.private.as_ref().map(|part| part.bytes.as_slice());
            if let Some(secret) = secret_of(&header.command, event, private) {
                self.secrets.insert(ImportId(header.stream.id), secret);
            }
        }
        let Some((id, _)) = prepared.body.filter(|_| !self.options.no_fold) else {
            // Without the set of bodies seen nobody knows which are still to come.
            return;
        };
        if let Entry::Vacant(new) = self.bodies.entry(id) {
            new.insert(None);
            let (position, line, said) = (header.position.0, prepared.line, said(prepared));
            self.awaited = Some(Awaited { id, position, line, said });
        }
    }
}

/// What the facts, and the line of an import, say of the body.
fn said(prepared: &Prepared) -> Said {
    let length = prepared.body.and_then(|(_, length)| length);
    Said { length, sha256: prepared.history.as_ref().and_then(|line| line.sha256) }
}

fn differs(said: Said, length: u64, sha256: Hash) -> Option<&'static str> {
    if said.length.is_some_and(|said| said != length) {
        return Some("the body has another length than the facts say");
    }
    if said.sha256.is_some_and(|said| said != sha256) {
        return Some("the body has another digest than the line of the import says");
    }
    None
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
