//! A ledger changed at will and signed again with its own keys: what whoever holds every key could
//! hand in. Only what an entry says can give it away, so each check is asked alone.

use annals_events::entry;
use annals_events::hash::{Bytes, hex};
use annals_events::keys::{IntroducedKey, KeyStatement, Role, SecretKey};
use annals_events::merkle;
use annals_events::note::{self, Checkpoint};
use annals_events::{Hash, canonical, command, import};
use annals_projections::State;
use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::harness::scribe::{Body, Entry, Scribe, key};

/// An entry before it is hashed and signed.
pub struct Parts {
    pub position: usize,
    pub genesis: Hash,
    pub header: Value,
    pub facts: Value,
    /// `null` where there is none.
    pub private: Value,
    /// Bytes in place of the canonical ones of header, facts, private part.
    pub spelt: [Option<Vec<u8>>; 3],
    /// Whether the header's digests are left as they are.
    pub keeps_digests: bool,
    /// Whether an entry key of another epoch signs.
    pub signed_by: Option<&'static str>,
    /// The body to follow, with its id.
    pub body: Option<(Hash, Body)>,
}

/// Make of command or line, as the entry keeps it now, the digest of its header.
pub fn redigest(parts: &mut Parts, secret: Hash) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let kept = if parts.facts["command"].is_string() { &parts.facts } else { &parts.private };
    let digest = match (text(&kept["command"]), text(&parts.private["line"])) {
        (Some(text), _) => {
            let nonce = Hash::from_hex(kept["nonce"].as_str().expect("a nonce"));
            command::digest(&nonce.expect("a nonce"), text.as_bytes())
        }
        (None, Some(line)) => {
            let number = parts.facts["line"].as_u64().expect("a line's number");
            command::digest(&import::nonce(&secret, number), line.as_bytes())
        }
        _ => return,
    };
    parts.header["command"]["digest"] = json!(digest);
}

/// Let this key sign the entry's command as its actor.
pub fn sign_as_actor(parts: &mut Parts, key: &SecretKey) {
    let print = key.public().fingerprint();
    let header = &parts.header;
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut lines = vec!["annals/command/v1".to_owned(), text(&header["origin"])];
    lines.extend([parts.genesis.to_string(), print.to_string()]);
    let members = ["name", "key", "stream", "seen", "issued_at", "digest"];
    lines.extend(members.map(|member| text(&header["command"][member])));
    let signed = lines.iter().flat_map(|line| [line.as_bytes(), b"\n"]).flatten().copied();
    let value = key.sign(&signed.collect::<Vec<u8>>());
    parts.header["actor_signature"] =
        json!({"algorithm": "ed25519", "key": print, "value": hex(&value)});
}

/// The exported ledger and its genesis.
pub struct Resigned {
    pub export: Vec<u8>,
    pub genesis: Hash,
}

struct Signer<'a> {
    scribe: &'a Scribe,
    log: SecretKey,
    epoch: u64,
    leaves: Vec<Hash>,
}

/// Change what `change` changes, sign everything again, export it under a checkpoint.
pub fn resign(scribe: &Scribe, change: &dyn Fn(&mut Parts)) -> Resigned {
    let mut signer = Signer { scribe, log: key("log"), epoch: 0, leaves: Vec::new() };
    let mut shown = std::collections::BTreeSet::new();
    let (origin, size) = (&scribe.origin, scribe.entries.len());
    let mut lines =
        vec![format!("{{\"annals_export\":1,\"origin\":\"{origin}\",\"size\":{size}}}")];
    for entry in &scribe.entries {
        let body = entry.event.body().filter(|id| shown.insert(*id));
        let body = body.map(|id| (id, scribe.bodies[&id].clone()));
        let mut parts = signer.parts(entry, body);
        change(&mut parts);
        lines.push(signer.line(&mut parts));
        lines.extend(parts.body.as_ref().map(|(id, body)| {
            let (salt, base64) = (hex(&body.salt), BASE64.encode(&body.bytes));
            format!("{{\"body\":\"{id}\",\"salt\":\"{salt}\",\"base64\":\"{base64}\"}}")
        }));
    }
    let mut export: Vec<u8> = Vec::new();
    for line in &lines {
        export.extend(format!("{line}\n").bytes());
    }
    let end = json!({"end": {
        "size": size,
        "head": signer.head(),
        "lines": lines.len(),
        "sha256": Hash::of(&[&export]),
        "checkpoint": signer.checkpoint(),
        "state": [],
    }});
    export.extend(format!("{end}\n").bytes());
    Resigned { export, genesis: signer.leaves[0] }
}

impl Signer<'_> {
    fn head(&self) -> Hash {
        self.leaves.last().copied().unwrap_or(Hash::ZERO)
    }

    /// What the entry said, at its place in the ledger signed again.
    fn parts(&mut self, entry: &Entry, body: Option<(Hash, Body)>) -> Parts {
        let read = |bytes: &[u8]| -> Value { serde_json::from_slice(bytes).expect("JSON") };
        let (mut header, mut facts) = (read(&entry.raw.header), read(&entry.raw.facts.bytes));
        self.epoch = entry.header.epoch.0;
        header["prev"] = json!(self.head());
        if let Some(command) = &entry.header.command {
            let mut earlier = self.scribe.entries.iter().zip(&self.leaves);
            let seen = earlier.find(|(entry, _)| entry.leaf == command.seen);
            header["command"]["seen"] = json!(seen.map_or(Hash::ZERO, |(_, leaf)| *leaf));
        }
        let root = key("root");
        match entry.header.kind.as_str() {
            "ledger.genesis" => {
                let introduced = [
                    self.introduce(Role::Root, &root, &[]),
                    self.introduce(Role::Log, &self.log, &[&root]),
                    self.introduce(Role::Cosigner, &key("cosigner"), &[&self.log]),
                    self.introduce(Role::Entry, &key("entry 0"), &[&self.log]),
                ];
                facts["keys"] = json!(introduced);
            }
            "ledger.epoch_started" => {
                let new = key(&format!("entry {}", self.epoch));
                facts["key"] = json!(self.introduce(Role::Entry, &new, &[&self.log]));
                facts["head"]["leaf"] = json!(self.head());
            }
            "ledger.key_rotated" => {
                let new = key("log 2");
                facts["key"] = json!(self.introduce(Role::Log, &new, &[&root]));
                self.log = new;
            }
            // What is changed may change the state: of a version to come, no digest is compared.
            "ledger.state_sealed" => {
                let fold = |fold| json!({"digest": Hash::ZERO, "fold": fold, "version": u32::MAX});
                facts["folds"] = State::FOLDS.iter().map(fold).collect();
            }
            _ => {}
        }
        Parts {
            position: self.leaves.len(),
            genesis: self.leaves.first().copied().unwrap_or(Hash::ZERO),
            header,
            facts,
            private: entry.raw.private.as_ref().map_or(Value::Null, |part| read(&part.bytes)),
            spelt: [None, None, None],
            keeps_digests: false,
            signed_by: None,
            body,
        }
    }

    fn introduce(&self, role: Role, key: &SecretKey, superiors: &[&SecretKey]) -> IntroducedKey {
        let statement = KeyStatement {
            role,
            origin: &self.scribe.origin,
            genesis: self.leaves.first().copied().unwrap_or(Hash::ZERO),
            epoch: self.epoch,
            position: self.leaves.len() as u64,
            prev: self.head(),
            public: key.public().bytes(),
        };
        IntroducedKey::new(&statement, key, superiors)
    }

    /// Hash and sign.
    fn line(&mut self, parts: &mut Parts) -> String {
        let [header, facts, private] = parts.spelt.clone();
        let salts = [b"facts", b"priv."].map(|what| Hash::of(&[what, &[parts.position as u8]]));
        let facts = facts.unwrap_or_else(|| canonical::to_bytes(&parts.facts));
        let there = !parts.private.is_null() || private.is_some();
        let private = private.unwrap_or_else(|| canonical::to_bytes(&parts.private));
        if !parts.keeps_digests {
            parts.header["facts_digest"] = json!(entry::facts_digest(&salts[0].0, &facts));
            let members = parts.header.as_object_mut().expect("an object");
            members.remove("private_digest");
            if there {
                let digest = entry::private_digest(&salts[1].0, &private);
                parts.header["private_digest"] = json!(digest);
            }
        }
        let header = header.unwrap_or_else(|| canonical::to_bytes(&parts.header));
        let leaf = entry::leaf(&header);
        let name = parts.signed_by.map_or(format!("entry {}", self.epoch), str::to_owned);
        let signed = entry::sign(&key(&name), &self.scribe.origin, &leaf);
        self.leaves.push(leaf);
        let text = |bytes: Vec<u8>| json!(String::from_utf8(bytes).expect("UTF-8"));
        let print = key(&name).public().fingerprint();
        format!(
            "{{\"header\":{},\"signature\":{},\"facts\":{},\"facts_salt\":{},\"private\":{},\
             \"private_salt\":{}}}",
            text(header),
            json!({"key": print, "value": Bytes(signed)}),
            text(facts),
            json!(salts[0]),
            json!(there.then(|| text(private))),
            json!(there.then_some(salts[1])),
        )
    }

    fn checkpoint(&self) -> String {
        let (origin, size) = (self.scribe.origin.clone(), self.leaves.len() as u64);
        let mut frontier = merkle::Frontier::default();
        self.leaves.iter().for_each(|leaf| frontier.push(*leaf));
        let mut note = Checkpoint { origin: origin.clone(), size, root: frontier.root() }.to_note();
        note::sign_log(&mut note, &origin, &self.log);
        note::cosign(&mut note, &format!("{origin}/cosigner"), &key("cosigner"), 1_790_000_000);
        note.to_text()
    }
}
