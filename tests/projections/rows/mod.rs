//! `projections/README.md` as a second implementation: from the JSON of headers and facts to
//! rows and digests, with no type of ours in between.

mod bytes;
mod content;
mod ledger;
mod things;
mod work;

use std::collections::BTreeMap;

use annals_events::hash::hex;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use sha2::{Digest, Sha256};

use self::bytes::{At, decimal, text, uuid};
use self::content::Content;
use self::ledger::Import;
use self::things::{Account, Column, Exemption, Site};
use self::work::{Incident, Message, Records};
use super::lives::{live, step};
use crate::events::story::everything;
use crate::events::{read, testdata, unhex};
use crate::harness::scribe::Scribe;

/// Everything, by key as bytes.
#[derive(Default)]
struct Second {
    accounts: BTreeMap<Vec<u8>, Account>,
    columns: BTreeMap<Vec<u8>, Column>,
    contents: BTreeMap<Vec<u8>, Content>,
    evidence: BTreeMap<Vec<u8>, Records>,
    incidents: BTreeMap<Vec<u8>, Incident>,
    messages: BTreeMap<Vec<u8>, Message>,
    organisations: BTreeMap<Vec<u8>, Vec<u8>>,
    adoptions: Vec<Vec<u8>>,
    exemptions: BTreeMap<u64, Exemption>,
    calendars: BTreeMap<u64, Vec<u8>>,
    sites: BTreeMap<Vec<u8>, Site>,
    /// Its id and the engine that writes.
    ledger: Option<(Vec<u8>, u64)>,
    /// By position: act, digest, proposer, stream.
    proposals: BTreeMap<u64, [Vec<u8>; 4]>,
    imports: BTreeMap<Vec<u8>, Import>,
}

impl Second {
    fn apply(&mut self, header: &Value, facts: &Value) {
        let (_, own) = text(&header["stream"]).split_once('/').expect("a stream");
        let (own, position) = (uuid(own), decimal(&header["position"]));
        let at = At { own, position, header, facts };
        let (thing, word) = text(&header["type"]).split_once('.').expect("a type");
        self.record(word, &at);
        match thing {
            "account" => self.account(word, &at),
            "column" => self.column(word, &at),
            "content" => self.content(word, &at),
            "incident" => self.incident(word, &at),
            "ledger" => self.of_ledger(word, &at),
            "message" => self.message(word, &at),
            "platform" => self.platform(word, &at),
            "site" => self.site(word, &at),
            _ => panic!("{thing}"),
        }
    }

    /// Rows of each fold, folds by name.
    fn rows(&self) -> BTreeMap<&'static str, Vec<Vec<u8>>> {
        let with = |key: &[u8], rest: Vec<u8>| [key, &rest].concat();
        BTreeMap::from([
            ("account", self.accounts.iter().map(|(key, a)| with(key, a.row())).collect()),
            ("column", self.columns.iter().map(|(key, c)| with(key, c.row())).collect()),
            ("content", self.contents.iter().map(|(key, c)| with(key, c.row())).collect()),
            ("evidence", self.evidence.iter().map(|(key, r)| with(key, r.row())).collect()),
            ("incident", self.incidents.iter().map(|(key, i)| with(key, i.row())).collect()),
            ("ledger", self.ledger_rows()),
            ("message", self.messages.iter().map(|(key, m)| with(key, m.row())).collect()),
            ("platform", self.platform_rows()),
            ("site", self.sites.iter().map(|(key, s)| with(key, s.row())).collect()),
        ])
    }
}

/// SHA-256 over `u32be(length) || row`.
fn digest(rows: &[Vec<u8>]) -> String {
    let length = |row: &Vec<u8>| u32::try_from(row.len()).expect("short").to_be_bytes();
    let bytes: Vec<u8> = rows.iter().flat_map(|row| [&length(row)[..], row].concat()).collect();
    hex(&Sha256::digest(bytes))
}

fn hold(scribe: &Scribe) {
    let mut second = Second::default();
    for entry in &scribe.entries {
        let header = serde_json::from_slice(&entry.raw.header).expect("JSON");
        let facts = serde_json::from_slice(&entry.raw.facts.bytes).expect("JSON");
        second.apply(&header, &facts);
    }
    let rows = second.rows();
    for (fold, _, ours) in scribe.state.rows() {
        assert_eq!(rows[fold], ours, "{fold}");
    }
    let digests = scribe.state.digests();
    assert_eq!(digests.len(), rows.len());
    for ((fold, rows), stated) in rows.iter().zip(&digests) {
        assert_eq!((*fold, digest(rows)), (stated.fold.as_str(), stated.digest.to_string()));
    }
}

#[test]
fn a_second_implementation_finds_the_same_rows_and_digests() {
    hold(&everything());
}

#[test]
fn the_rows_of_the_worked_example_hash_to_its_digests() {
    let path = testdata().join("example-folds.json");
    let folds: Vec<Value> = serde_json::from_str(&read(&path).expect("the file")).expect("JSON");
    assert_eq!(folds.len(), 9);
    let export = read(&testdata().join("example.ndjson")).expect("the export");
    let end: Value = serde_json::from_str(export.lines().last().expect("a line")).expect("JSON");
    for (fold, stated) in folds.iter().zip(end["end"]["state"].as_array().expect("a list")) {
        let rows: Vec<Vec<u8>> =
            fold["rows"].as_array().expect("rows").iter().map(|row| unhex(text(row))).collect();
        assert_eq!(fold["digest"], digest(&rows));
        for member in ["fold", "version", "digest"] {
            assert_eq!(fold[member], stated[member]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_life_has_the_same_rows_in_a_second_implementation(steps in vec(step(), 0..50)) {
        hold(&live(&steps));
    }
}
