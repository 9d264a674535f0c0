//! One golden file for each type: real entries of a sound ledger, byte for byte, for ever.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;

use annals_events::Event;
use annals_events::hash::hex;
use annals_verify::{Options, Policy, Verdict, audit_export};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::second_story::second_story;
use super::story::{everything, first, first_story};
use super::{read, testdata};
use crate::harness::scribe::{Entry, Scribe};
use crate::harness::update_wanted;

const LOCK: &str = "golden.lock";

fn golden(entry: &Entry) -> String {
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).expect("JSON is UTF-8").to_owned();
    let raw = &entry.raw;
    let value = json!({
        "type": entry.event.kind(),
        "schema": entry.header.schema,
        "header": text(&raw.header),
        "leaf": entry.leaf,
        "facts": text(&raw.facts.bytes),
        "facts_salt": hex(&raw.facts.salt),
        "facts_digest": entry.header.facts_digest,
        "private": raw.private.as_ref().map(|part| text(&part.bytes)),
        "private_salt": raw.private.as_ref().map(|part| hex(&part.salt)),
        "private_digest": entry.header.private_digest,
    });
    serde_json::to_string_pretty(&value).expect("a value is JSON") + "\n"
}

/// Names and digests as `sha256sum` writes them.
fn locked() -> BTreeMap<String, String> {
    let text = read(&testdata().join(LOCK)).unwrap_or_default();
    let rows = text.lines().filter_map(|row| row.split_once("  "));
    rows.map(|(hex, name)| (name.to_owned(), hex.to_owned())).collect()
}

/// Files and rows that are missing are added; what is there is never changed.
fn add(name: &str, text: &str) {
    let path = testdata().join(name);
    if !path.exists() {
        fs::write(&path, text).unwrap_or_else(|why| panic!("{name}: {why}"));
    }
    if !locked().contains_key(name) {
        let lock = testdata().join(LOCK);
        let mut lock = fs::OpenOptions::new().create(true).append(true).open(lock);
        let lock = lock.as_mut().unwrap_or_else(|why| panic!("{LOCK}: {why}"));
        let row = format!("{}  {name}\n", hex(&Sha256::digest(text)));
        lock.write_all(row.as_bytes()).unwrap_or_else(|why| panic!("{LOCK}: {why}"));
    }
}

/// A real entry of this type: of the first story that has one.
fn told(stories: &[Scribe], kind: &str) -> String {
    let has = |story: &&Scribe| story.entries.iter().any(|entry| entry.event.kind() == kind);
    let story = stories.iter().find(has).unwrap_or_else(|| panic!("no story has {kind}"));
    golden(first(story, kind))
}

#[test]
fn every_type_has_a_golden_file_that_never_changes() {
    let stories = [first_story(), second_story()];
    if update_wanted() {
        for kind in Event::types() {
            add(&format!("{kind}.v1.json"), &told(&stories, kind));
        }
    }
    let mut locked_now = locked();
    for kind in Event::types() {
        let (name, text) = (format!("{kind}.v1.json"), told(&stories, kind));
        let found = read(&testdata().join(&name));
        let found = found.unwrap_or_else(|| panic!("{name}: missing: run with ANNALS_UPDATE=1"));
        assert!(found == text, "{name}: the same input gives other bytes than it did");
        let digest = locked_now.remove(&name);
        assert_eq!(digest, Some(hex(&Sha256::digest(&found))), "{name}: not as {LOCK} says");
    }
    assert!(locked_now.is_empty(), "locked but of no type: {locked_now:?}");
}

#[test]
fn what_an_earlier_version_of_the_rules_wrote_is_judged_and_its_seal_not_compared() {
    let story = first_story();
    let policy = Policy { genesis: Some(story.genesis()), ..Policy::default() };
    let report = audit_export(story.export().as_bytes(), policy, Options::default());
    let report = report.expect("a report");
    assert_eq!(report.verdict, Verdict::Sound, "{}", report.to_text());
    assert!(report.to_text().contains("not comparable"), "{}", report.to_text());
}

#[test]
fn the_story_behind_the_golden_files_is_sound() {
    for story in [everything(), second_story()] {
        hold_sound(&story);
    }
}

fn hold_sound(story: &Scribe) {
    for entry in &story.entries {
        let breach = |f: &&annals_projections::judge::Finding| {
            f.weight == annals_projections::judge::Weight::Breach
        };
        assert_eq!(entry.findings.iter().find(breach), None, "{}", entry.header.position);
    }
    let policy = Policy { genesis: Some(story.genesis()), ..Policy::default() };
    let export = story.export();
    let report = audit_export(export.as_bytes(), policy, Options::default()).expect("a report");
    assert_eq!(report.verdict, Verdict::Sound, "{}", report.to_text());
    assert_eq!(report.size, story.entries.len() as u64);
}

/// What a golden file says, by the words of the format alone: no type of the crate is used.
#[test]
fn golden_files_hold_by_the_format_alone() {
    for kind in Event::types() {
        let text = read(&testdata().join(format!("{kind}.v1.json"))).unwrap_or_default();
        let file: Value = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{kind}: {why}"));
        let bytes = |name: &str| file[name].as_str().map(|text| text.as_bytes().to_vec());
        let salt = |name: &str| file[name].as_str().map(super::unhex);
        let hash = |title: &str, parts: [Option<Vec<u8>>; 2]| {
            let parts: Option<Vec<Vec<u8>>> = parts.into_iter().collect();
            parts.map(|p| hex(&Sha256::digest([title.as_bytes(), &p[0], &p[1]].concat())))
        };
        let header: Value = serde_json::from_slice(&bytes("header").unwrap_or_default())
            .unwrap_or_else(|why| panic!("{kind}: {why}"));
        assert_eq!(header["type"], *kind);
        let leaf = hash("\0", [bytes("header"), Some(Vec::new())]);
        assert_eq!(file["leaf"].as_str().map(str::to_owned), leaf, "{kind}");
        for part in ["facts", "private"] {
            let title = format!("annals/{part}/v1\n");
            let digest = hash(&title, [salt(&format!("{part}_salt")), bytes(part)]);
            let stated = header[format!("{part}_digest")].as_str().map(str::to_owned);
            assert_eq!(stated, digest, "{kind}: {part}");
            assert_eq!(file[format!("{part}_digest")].as_str().map(str::to_owned), digest);
            for text in [bytes("header"), bytes(part)].into_iter().flatten() {
                let value: Value = serde_json::from_slice(&text).expect("JSON");
                let canonical = serde_json_canonicalizer::to_vec(&value).expect("canonical");
                assert_eq!(text, canonical, "{kind}: {part}");
            }
        }
    }
}
