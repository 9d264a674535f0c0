//! What a scribe hands out: the signed checkpoint, and the export as the format says.

use std::collections::BTreeSet;

use annals_events::hash::hex;
use annals_events::note::{self, Checkpoint};
use annals_events::{Hash, RawEntry};
use data_encoding::BASE64;
use serde_json::json;

use super::scribe::{Scribe, key};

impl Scribe {
    /// The signed checkpoint over everything, with the ledger's own time.
    pub fn checkpoint(&self) -> String {
        let (size, root) = (self.chain.size(), self.chain.root());
        let mut note = Checkpoint { origin: self.origin.clone(), size, root }.to_note();
        note::sign_log(&mut note, &self.origin, &self.log);
        let time = u64::try_from(self.now.micros() / 1_000_000).expect("after 1970");
        note::cosign(&mut note, &self.ring.cosigner_name(), &key("cosigner"), time);
        note.to_text()
    }

    /// The export of everything, line by line as `events/README.md` section 10 says.
    pub fn export(&self) -> String {
        let mut out = format!(
            "{{\"annals_export\":1,\"origin\":{},\"size\":{}}}\n",
            json!(self.origin),
            self.entries.len()
        );
        let mut shown = BTreeSet::new();
        for entry in &self.entries {
            let (_, print) = self.ring.entry_key(entry.header.epoch.0).expect("an epoch");
            out += &entry_line(&entry.raw, *print);
            if let Some(id) = entry.event.body().filter(|id| shown.insert(*id)) {
                let body = &self.bodies[&id];
                out += &format!(
                    "{{\"body\":\"{id}\",\"salt\":\"{}\",\"base64\":\"{}\"}}\n",
                    hex(&body.salt),
                    BASE64.encode(&body.bytes)
                );
            }
        }
        let end = json!({ "end": {
            "size": self.entries.len(),
            "head": self.chain.head(),
            "lines": out.lines().count(),
            "sha256": Hash::of(&[out.as_bytes()]),
            "checkpoint": self.checkpoint(),
            "state": self.state.digests(),
        }});
        out + &format!("{end}\n")
    }
}

fn entry_line(raw: &RawEntry, key: Hash) -> String {
    let text = |bytes: &[u8]| json!(std::str::from_utf8(bytes).expect("JSON is UTF-8"));
    let part = raw.private.as_ref();
    format!(
        "{{\"header\":{},\"signature\":{{\"key\":\"{key}\",\"value\":\"{}\"}},\"facts\":{},\
         \"facts_salt\":\"{}\",\"private\":{},\"private_salt\":{}}}\n",
        text(&raw.header),
        hex(&raw.signature),
        text(&raw.facts.bytes),
        hex(&raw.facts.salt),
        part.map_or(json!(null), |part| text(&part.bytes)),
        part.map_or(json!(null), |part| json!(hex(&part.salt))),
    )
}
