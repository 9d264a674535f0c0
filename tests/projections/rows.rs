//! `projections/README.md` as a second implementation: from the JSON of headers and facts to
//! rows and digests, with no type of ours in between.

use std::collections::BTreeMap;

use annals_events::hash::hex;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::lives::{live, step};
use crate::events::story::whole;
use crate::events::{read, testdata, unhex};
use crate::harness::scribe::Scribe;

/// A number: seven bits a byte, the lowest first, the high bit where more follow.
fn number(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
    out
}

/// An instant: microseconds since 1970, doubled, or doubled less one where negative.
fn instant(value: &Value) -> Vec<u8> {
    let at = chrono::DateTime::parse_from_rfc3339(text(value)).expect("an instant");
    let micros = at.timestamp_micros();
    number(if micros < 0 { (micros.unsigned_abs() << 1) - 1 } else { micros.unsigned_abs() << 1 })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// A string: its length, its bytes.
fn string(value: &Value) -> Vec<u8> {
    [number(text(value).len() as u64), text(value).as_bytes().to_vec()].concat()
}

fn uuid(text: &str) -> Vec<u8> {
    unhex(&text.replace('-', ""))
}

fn id(value: &Value) -> Vec<u8> {
    uuid(text(value))
}

fn hash(value: &Value) -> Vec<u8> {
    unhex(text(value))
}

/// 0, or 1 and the value.
fn maybe(value: Option<Vec<u8>>) -> Vec<u8> {
    value.map_or(vec![0], |value| [vec![1], value].concat())
}

/// The place of a word in its list.
fn word(value: &str, list: &str) -> Vec<u8> {
    let at = list.split(' ').position(|word| word == value);
    number(at.unwrap_or_else(|| panic!("{value} is none of {list}")) as u64)
}

const THINGS: &str = "site column domain_name content message new_media account duty inspection \
                      rectification work_order incident assessment platform ledger";
const DUTIES: &str = "administrator auditor editor reviewer approver information_officer";
const ACTS: &str = "open_import close_import rotate_key";

/// `<thing>/<uuid>`.
fn stream(value: &Value) -> Vec<u8> {
    let (thing, id) = text(value).split_once('/').expect("a stream");
    [word(thing, THINGS), uuid(id)].concat()
}

fn decimal(value: &Value) -> u64 {
    text(value).parse().expect("a number")
}

#[derive(Clone)]
struct Content {
    site: Vec<u8>,
    import: Option<Vec<u8>>,
    status: u8,
    shown: Option<Vec<u8>>,
    /// Body, author with length, whether passed.
    draft: Option<(Vec<u8>, Vec<u8>, u8)>,
}

#[derive(Clone)]
struct Import {
    closed: u8,
    cut_over: Vec<u8>,
    lines: u64,
    next: u64,
    opened: u64,
    by: Vec<u8>,
    site: Vec<u8>,
    source: Vec<u8>,
}

/// Everything, by key as bytes.
#[derive(Default)]
struct Second {
    simple: BTreeMap<&'static str, BTreeMap<Vec<u8>, Vec<u8>>>,
    contents: BTreeMap<Vec<u8>, Content>,
    ledger: Option<Vec<u8>>,
    /// By position: act, digest, proposer, stream.
    proposals: BTreeMap<u64, [Vec<u8>; 4]>,
    imports: BTreeMap<Vec<u8>, Import>,
}

impl Second {
    fn apply(&mut self, header: &Value, facts: &Value) {
        let (_, own) = text(&header["stream"]).split_once('/').expect("a stream");
        let (own, position) = (uuid(own), decimal(&header["position"]));
        let kind = text(&header["type"]);
        if let Some(word) = kind.strip_prefix("content.") {
            return self.content(word, own, header, facts);
        }
        let row = match kind {
            "account.opened" => [
                word(text(&facts["access"]), "usable unusable"),
                word(text(&facts["duty"]), DUTIES),
                id(&facts["organisation"]),
                number(position),
            ]
            .concat(),
            "column.opened" => id(&facts["site"]),
            "platform.organisation_registered" => {
                [string(&facts["name"]), maybe(facts.get("parent").map(id))].concat()
            }
            "site.opened" => {
                let at = header.get("occurred_at").unwrap_or(&header["recorded_at"]);
                [string(&facts["name"]), id(&facts["organisation"]), instant(at)].concat()
            }
            _ => return self.of_ledger(kind, own, header, facts),
        };
        let fold = ["account", "column", "platform", "site"];
        let fold = fold.into_iter().find(|fold| kind.starts_with(fold)).expect("a fold");
        self.simple.entry(fold).or_default().insert(own, row);
    }

    fn content(&mut self, word: &str, own: Vec<u8>, header: &Value, facts: &Value) {
        let import = facts.get("import").map(id);
        let new = Content { site: id(&facts["site"]), import, status: 0, shown: None, draft: None };
        let content = self.contents.entry(own).or_insert(new);
        match word {
            "drafted" => {
                let author = header.get("actor").map(|actor| id(&actor["account"]));
                let bytes = number(facts["bytes"].as_u64().expect("a length"));
                let author = author.map(|author| [author, bytes].concat());
                content.draft = author.map(|author| (hash(&facts["body"]), author, 0));
            }
            "review_passed" => {
                if let Some((body, _, passed)) = &mut content.draft {
                    *passed |= u8::from(*body == hash(&facts["body"]));
                }
            }
            "published" | "corrected" => {
                content.status = 1;
                content.shown = Some(hash(&facts["body"]));
                content.draft = None;
            }
            "withdrawn" => content.status = 2,
            _ => assert_eq!(word, "moved"),
        }
        let command = &header["command"];
        let last = command["index"].as_u64().map(|at| at + 1) == command["of"].as_u64();
        let named = ["import", "line", "author", "change"].map(|name| facts.get(name));
        if let ("imported", true, [Some(import), Some(line), Some(_), Some(_)]) =
            (text(&header["provenance"]), last, named)
            && let Some(import) = self.imports.get_mut(&id(import))
        {
            import.next = line.as_u64().expect("a number") + 1;
        }
    }

    fn of_ledger(&mut self, kind: &str, own: Vec<u8>, header: &Value, facts: &Value) {
        let (position, cause) = (decimal(&header["position"]), header.get("cause").map(decimal));
        match kind {
            "ledger.genesis" => self.ledger = Some(own),
            "ledger.act_proposed" => {
                let by = id(&header["actor"]["account"]);
                let act = word(text(&facts["act"]), ACTS);
                let all = [act, by, hash(&facts["digest"]), stream(&header["stream"])];
                self.proposals.insert(position, all);
            }
            "ledger.import_opened" => {
                let Some(proposal) = cause.and_then(|cause| self.proposals.remove(&cause)) else {
                    return;
                };
                let import = Import {
                    closed: 0,
                    cut_over: instant(&facts["cut_over"]),
                    lines: facts["lines"].as_u64().expect("a number"),
                    next: 0,
                    opened: position,
                    by: proposal[1].clone(),
                    site: id(&facts["site"]),
                    source: hash(&facts["source"]),
                };
                self.imports.insert(own, import);
            }
            "ledger.import_closed" | "ledger.key_rotated" => {
                cause.and_then(|cause| self.proposals.remove(&cause));
                if let Some(import) = self.imports.get_mut(&own) {
                    import.closed |= u8::from(kind == "ledger.import_closed");
                }
            }
            _ => assert!(["ledger.epoch_started", "ledger.state_sealed"].contains(&kind), "{kind}"),
        }
    }

    /// Rows of each fold, folds by name.
    fn rows(&self) -> BTreeMap<&'static str, Vec<Vec<u8>>> {
        let mut all = BTreeMap::new();
        for fold in ["account", "column", "platform", "site"] {
            let map = self.simple.get(fold).cloned().unwrap_or_default();
            all.insert(fold, map.into_iter().map(|(key, row)| [key, row].concat()).collect());
        }
        let contents = self.contents.iter().map(|(key, c)| {
            let draft = c.draft.clone();
            let draft = draft.map(|(body, author, passed)| [body, author, vec![passed]].concat());
            let (import, shown) = (maybe(c.import.clone()), maybe(c.shown.clone()));
            let all = [key, &c.site, &import, &vec![c.status], &shown, &maybe(draft)];
            all.map(Vec::as_slice).concat()
        });
        all.insert("content", contents.collect());
        let proposals =
            self.proposals.iter().map(|(at, all)| [vec![0], number(*at), all.concat()].concat());
        let imports = self.imports.iter().map(|(key, i)| {
            let numbers = [i.lines, i.next, i.opened].map(number).concat();
            let head = [vec![1], key.clone(), vec![i.closed], i.cut_over.clone(), numbers];
            [head.concat(), i.by.clone(), i.site.clone(), i.source.clone()].concat()
        });
        let own = self.ledger.iter().map(|id| [vec![2], id.clone()].concat());
        all.insert("ledger", proposals.chain(imports).chain(own).collect());
        all
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
    hold(&whole());
}

#[test]
fn the_rows_of_the_worked_example_hash_to_its_digests() {
    let path = testdata().join("example-folds.json");
    let folds: Vec<Value> = serde_json::from_str(&read(&path).expect("the file")).expect("JSON");
    assert_eq!(folds.len(), 6);
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
