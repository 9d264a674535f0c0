//! 密钥环 — which key may sign what from where, as the entries introduce them.
//!
//! `events/README.md` section 5. A key enters only with valid signatures of its superiors and of
//! itself, so whoever holds the ring holds nothing that the pinned genesis does not vouch for.

use std::collections::{BTreeMap, HashSet};

use annals_events::id::Stream;
use annals_events::keys::{IntroducedKey, KeyStatement, PublicKey, Role};
use annals_events::ledger::{EpochStarted, Event as LedgerEvent, Genesis, KeyRotated};
use annals_events::note::{Checkpoint, Note, NoteKey};
use annals_events::{Hash, Header};

/// A log key with the checkpoint sizes it is valid for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LogKey {
    public: PublicKey,
    from: u64,
    until: Option<u64>,
}

/// The keys of one ledger so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRing {
    origin: String,
    /// Genesis and whatever brings keys after it.
    stream: Option<Stream>,
    genesis: Hash,
    threshold: usize,
    roots: Vec<PublicKey>,
    logs: Vec<LogKey>,
    cosigner: Option<PublicKey>,
    entries: BTreeMap<u64, (PublicKey, Hash)>,
    known: HashSet<[u8; 32]>,
}

impl KeyRing {
    /// Genesis leaf; zero before genesis.
    pub fn genesis(&self) -> Hash {
        self.genesis
    }

    /// The ledger's origin; empty before genesis.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many roots must sign together.
    pub fn threshold(&self) -> usize {
        self.threshold
    }

    /// The entry key of an epoch, with its fingerprint.
    pub fn entry_key(&self, epoch: u64) -> Option<&(PublicKey, Hash)> {
        self.entries.get(&epoch)
    }

    /// Log keys that are active now.
    pub fn active_log_keys(&self) -> impl Iterator<Item = PublicKey> + '_ {
        self.logs.iter().filter(|key| key.until.is_none()).map(|key| key.public)
    }

    /// The roots.
    pub fn roots(&self) -> &[PublicKey] {
        &self.roots
    }

    /// The cosigner.
    pub fn cosigner(&self) -> Option<PublicKey> {
        self.cosigner
    }

    /// Name of the cosigner in notes.
    pub fn cosigner_name(&self) -> String {
        format!("{}/cosigner", self.origin)
    }

    /// Take in the keys an entry brings; entries that bring none change nothing.
    pub fn introduce(
        &mut self,
        header: &Header,
        leaf: Hash,
        event: &LedgerEvent,
    ) -> Result<(), String> {
        let brings = matches!(event, LedgerEvent::EpochStarted(_) | LedgerEvent::KeyRotated(_));
        if brings && self.stream.is_some_and(|stream| stream != header.stream) {
            return Err("it brings a key in another stream than that of genesis".to_owned());
        }
        match event {
            LedgerEvent::Genesis(genesis) => self.found(header, leaf, genesis),
            LedgerEvent::EpochStarted(started) => self.start_epoch(header, started),
            LedgerEvent::KeyRotated(rotated) => self.rotate(header, rotated),
            _ => Ok(()),
        }
    }

    fn found(&mut self, header: &Header, leaf: Hash, genesis: &Genesis) -> Result<(), String> {
        let roots = genesis.keys.iter().take_while(|key| key.role == Role::Root).count();
        let threshold = genesis.threshold as usize;
        if !(1..=16).contains(&roots) || threshold == 0 || threshold > roots {
            return Err("not 1 to 16 roots with a threshold among them".to_owned());
        }
        let [log, cosigner, entry] = &genesis.keys[roots..] else {
            return Err("after the roots not exactly log, cosigner and entry key".to_owned());
        };
        let roles = [log.role, cosigner.role, entry.role];
        if roles != [Role::Log, Role::Cosigner, Role::Entry] {
            return Err("after the roots not exactly log, cosigner and entry key".to_owned());
        }
        self.origin = header.origin.clone();
        self.stream = Some(header.stream);
        self.threshold = threshold;
        for root in &genesis.keys[..roots] {
            let public = self.admit(header, root, Hash::ZERO, &[], 0)?;
            self.roots.push(public);
        }
        let superiors = self.roots.clone();
        let log = self.admit(header, log, Hash::ZERO, &superiors, threshold)?;
        self.logs.push(LogKey { public: log, from: 1, until: None });
        self.cosigner = Some(self.admit(header, cosigner, Hash::ZERO, &[log], 1)?);
        let entry = self.admit(header, entry, Hash::ZERO, &[log], 1)?;
        self.entries.insert(0, (entry, entry.fingerprint()));
        self.genesis = leaf;
        Ok(())
    }

    fn start_epoch(&mut self, header: &Header, started: &EpochStarted) -> Result<(), String> {
        if started.head.leaf != header.prev || started.head.size != header.position.0 {
            return Err("the head found is not the entry before".to_owned());
        }
        if started.key.role != Role::Entry || started.key.endorsements.len() != 1 {
            return Err("an epoch brings one entry key, endorsed by one log key".to_owned());
        }
        let logs: Vec<PublicKey> = self.active_log_keys().collect();
        let public = self.admit(header, &started.key, self.genesis, &logs, 1)?;
        self.entries.insert(header.epoch.0, (public, public.fingerprint()));
        Ok(())
    }

    fn rotate(&mut self, header: &Header, rotated: &KeyRotated) -> Result<(), String> {
        if rotated.key.role != Role::Log {
            return Err("a rotation brings a log key".to_owned());
        }
        let active = |key: &LogKey| key.until.is_none();
        let retired = |key: &LogKey| active(key) && key.public.fingerprint() == rotated.retired;
        let Some(at) = self.logs.iter().position(retired) else {
            return Err("the key to retire is no active log key".to_owned());
        };
        let (roots, genesis) = (self.roots.clone(), self.genesis);
        let public = self.admit(header, &rotated.key, genesis, &roots, self.threshold)?;
        let size = header.position.0 + 1;
        self.logs[at].until = Some(size);
        self.logs.push(LogKey { public, from: size, until: None });
        Ok(())
    }

    /// Check one introduced key: good point, new, held, endorsed by at least `least` superiors
    /// and by nobody else.
    fn admit(
        &mut self,
        header: &Header,
        key: &IntroducedKey,
        genesis: Hash,
        superiors: &[PublicKey],
        least: usize,
    ) -> Result<PublicKey, String> {
        let role = key.role.word();
        if key.algorithm != annals_events::keys::Algorithm::Ed25519 {
            return Err(format!("the {role} key is not an Ed25519 key"));
        }
        let public = PublicKey::from_bytes(key.public.0).map_err(|e| format!("{role}: {e}"))?;
        if self.known.contains(&key.public.0) {
            return Err(format!("the {role} key was introduced before"));
        }
        let statement = KeyStatement {
            role: key.role,
            origin: &header.origin,
            genesis,
            epoch: header.epoch.0,
            position: header.position.0,
            prev: header.prev,
            public: key.public.0,
        };
        public
            .verify_strict(&statement.possession(), &key.possession.0)
            .map_err(|e| format!("the {role} key's proof of possession: {e}"))?;
        let sorted = key.endorsements.windows(2).all(|w| w[0].key < w[1].key);
        if !sorted || key.endorsements.len() < least {
            return Err(format!("the {role} key has not {least} distinct sorted endorsements"));
        }
        let text = statement.statement();
        for endorsement in &key.endorsements {
            let superior = superiors.iter().find(|s| s.fingerprint() == endorsement.key);
            let superior = superior
                .ok_or_else(|| format!("the {role} key is endorsed by a key that may not"))?;
            superior
                .verify_strict(&text, &endorsement.value.0)
                .map_err(|e| format!("an endorsement of the {role} key: {e}"))?;
        }
        self.known.insert(key.public.0);
        Ok(public)
    }

    /// Check a signed checkpoint: ours, signed by a log key valid for its size, no line of a
    /// known key wrong. Answers it with the cosigner's time, where there is one.
    pub fn check_note(&self, note: &str) -> Result<(Checkpoint, Option<u64>), String> {
        let note = Note::parse(note).map_err(|e| e.to_string())?;
        let checkpoint = Checkpoint::parse(&note.text).map_err(|e| e.to_string())?;
        if checkpoint.origin != self.origin {
            return Err(format!("the checkpoint is of {}", checkpoint.origin));
        }
        let size = checkpoint.size;
        let mut signed = false;
        for key in &self.logs {
            let note_key = NoteKey::log(self.origin.clone(), key.public);
            let found = note_key.verify(&note).map_err(|e| e.to_string())?.is_some();
            signed |= found && key.from <= size && key.until.is_none_or(|until| size <= until);
        }
        if !signed {
            return Err("no log key valid for its size has signed the checkpoint".to_owned());
        }
        let time = match self.cosigner {
            Some(public) => NoteKey::cosigner(self.cosigner_name(), public)
                .verify(&note)
                .map_err(|e| e.to_string())?,
            None => None,
        };
        Ok((checkpoint, time))
    }
}
