//! The second stage: what holds between entries, in order.

use annals_events::entry::{self, Provenance};
use annals_events::id::ImportId;
use annals_events::keys::PublicKey;
use annals_events::ledger::Event as LedgerEvent;
use annals_events::{Event, Hash, Header, command};
use annals_projections::chain::Breach;
use annals_projections::judge::{self, View, Weight};
use annals_projections::{ENGINE, Frame};

use super::{Auditor, PreparedItem};
use crate::check::{self, Prepared, Resolved};

impl Auditor {
    pub(super) fn in_order(&mut self, items: Vec<PreparedItem>) {
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
