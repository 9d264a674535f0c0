//! What the programs answer: shapes, exit codes, unusable input, a store that is being written.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use annals::ledger::scan::scan;
use annals::store::{self, Batch, Body, BodyRef, Row, SharedStore, StoredCheckpoint};
use annals_events::hash::hex_to_array;
use annals_events::{Hash, Header, entry};
use annals_verify::{Options, Policy};
use data_encoding::BASE64;
use serde_json::Value;

use super::forge::Forge;
use super::resign::resign;
use super::{found, large, small};
use crate::events::story::everything;
use crate::harness::{BOTH, Place, Town, annals_verify, code, json, text};

const MEMBERS: [&str; 16] = [
    "actor_signatures",
    "checkpoint_time",
    "first_bad",
    "first_breach",
    "flags",
    "head",
    "notes",
    "origin",
    "pinned",
    "root",
    "rule_findings",
    "signatures",
    "size",
    "tier",
    "tier_why",
    "verdict",
];

fn members(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_live_store_is_verified_in_batches_unless_asked_strictly() {
    for kind in BOTH {
        let place = large(kind).copy();
        for (arguments, signatures) in
            [(&["verify", "--json"][..], "batch"), (&["verify", "--json", "--strict"], "strict")]
        {
            let output = place.annals(arguments);
            let told = json(&output);
            assert_eq!((code(&output), &told["verdict"]), (0, &"sound".into()), "{told}");
            assert_eq!(members(&told), MEMBERS);
            assert_eq!((&told["signatures"], &told["tier"]), (&signatures.into(), &"T1".into()));
            assert_eq!((&told["pinned"], &told["first_bad"]), (&true.into(), &Value::Null));
            assert_eq!(told["size"], 295);
        }
        let shown = place.annals(&["verify"]);
        assert!(text(&shown.stdout).starts_with("SOUND"), "{}", text(&shown.stdout));
        // Another genesis is pinned on this host.
        let pinned = place.path().join("genesis.json");
        let record = std::fs::read_to_string(&pinned).expect("the pinned genesis");
        let other = Hash([3; 32]).to_string();
        let record = record.replace(&place.genesis().to_string(), &other);
        std::fs::write(&pinned, record).expect("written");
        let output = place.annals(&["verify", "--json"]);
        let bad = &json(&output)["first_bad"];
        assert_eq!(members(bad), ["detail", "line", "position", "what"]);
        assert_eq!((code(&output), &bad["what"]), (1, &"genesis".into()), "{bad}");
        assert_eq!((&bad["position"], &bad["line"]), (&0.into(), &Value::Null));
        std::fs::remove_file(&pinned).expect("removed");
        assert_eq!(code(&place.annals(&["verify"])), 3);
    }
}

/// A scan takes in what is written meanwhile and never cries wolf.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_being_written_is_sound_at_every_moment() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let app = place.app().await;
        let town = Town::build(&app, &place).await;
        let store = store::open(&place.home.database()).await.expect("the store");
        let policy = Policy { genesis: Some(place.genesis()), ..Policy::default() };
        let mut sizes = BTreeSet::new();
        let is_enough = AtomicBool::new(false);
        let scanning = async {
            while sizes.len() < 6 {
                let options = Options { batch: true, no_fold: false };
                let report = scan(&store, policy.clone(), options, &|_, _| {}).await;
                let report = report.expect("a scan to its end");
                assert_eq!(found(&report), ("sound", None), "{kind:?}: {report:?}");
                sizes.insert(report.size);
            }
            is_enough.store(true, Ordering::Relaxed);
        };
        let writing = async {
            let mut page = 0;
            while !is_enough.load(Ordering::Relaxed) {
                town.publish(&app, &format!("page/{page}.html"), "<p>正文。</p>").await;
                page += 1;
            }
        };
        tokio::join!(scanning, writing);
        app.stop().await.expect("a clean stop");
    }
}

/// What a newer program wrote, in a store of its own: the rows that stand in this export.
async fn stored(folder: &Path, export: &[u8]) -> (SharedStore, Hash) {
    let path = folder.join("annals.db").display().to_string();
    store::migrate(&path).await.expect("a store");
    let store = store::open(&path).await.expect("the store");
    let (mut batch, mut uploads) = (Batch::default(), Vec::new());
    let bytes = |value: &Value| value.as_str().expect("text").as_bytes().to_vec();
    let salt = |value: &Value| hex_to_array::<32>(value.as_str().expect("text")).expect("hex");
    let mut site = [0; 16];
    for line in export.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line: Value = serde_json::from_slice(line).expect("JSON");
        if line["header"].is_string() {
            let header = Header::parse(&bytes(&line["header"])).expect("a header");
            let facts: Value = serde_json::from_slice(&bytes(&line["facts"])).expect("JSON");
            if let Some(text) = facts["site"].as_str() {
                site = uuid::Uuid::parse_str(text).expect("a UUID").into_bytes();
            }
            let signature = line["signature"]["value"].as_str().expect("text");
            let command = header.command.as_ref();
            batch.rows.push(Row {
                position: header.position.0,
                leaf: entry::leaf(&bytes(&line["header"])).0,
                header: bytes(&line["header"]),
                signature: hex_to_array(signature).expect("hex"),
                facts: bytes(&line["facts"]),
                facts_salt: salt(&line["facts_salt"]),
                private: line["private"]
                    .is_string()
                    .then(|| (salt(&line["private_salt"]), bytes(&line["private"]))),
                stream: header.stream.to_string(),
                version: header.version.0,
                command_key: command.map(|command| command.key.0.into_bytes()),
                command_index: command.map(|command| command.index),
            });
        } else if line["body"].is_string() {
            let id = salt(&line["body"]);
            let bytes = BASE64.decode(&bytes(&line["base64"])).expect("base64");
            uploads.push(Body { id, salt: salt(&line["salt"]), bytes });
            batch.bodies.push(BodyRef { id, site });
        } else if let Some(note) = line["end"]["checkpoint"].as_str() {
            let (size, note) = (batch.rows.len() as u64, note.to_owned());
            store.put_checkpoint(&StoredCheckpoint { size, note }).await.expect("kept");
        }
    }
    store.put_uploads(&uploads).await.expect("uploads");
    let lease = store.acquire("newer", Duration::from_secs(60), 9, false).await.expect("a lease");
    let head = store.head().await.expect("a head");
    store.append(&lease, &head, &batch).await.expect("written");
    let genesis = Hash(batch.rows[0].leaf);
    (store, genesis)
}

/// What this program cannot read it takes for incomplete in a live store as in an export, bodies
/// and their digests included.
#[tokio::test(flavor = "multi_thread")]
async fn a_live_store_of_a_newer_program_is_incomplete_and_not_tampered() {
    for kinds in [
        &[][..],
        &["content.drafted"],
        &["content.published", "content.review_passed"],
        &["content.drafted", "content.published", "content.corrected", "account.opened"],
        &["content.submitted", "content.revised"],
        &["platform.profile_adopted", "message.received", "site.evidence_recorded"],
    ] {
        let resigned = resign(&everything(), &|parts| {
            if kinds.iter().any(|kind| parts.header["type"] == *kind) {
                parts.header["schema"] = 2.into();
                parts.facts["zzz"] = serde_json::json!({"anything": []});
            }
        });
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (store, genesis) = stored(folder.path(), &resigned.export).await;
        let policy = Policy { genesis: Some(genesis), ..Policy::default() };
        let report = scan(&store, policy, Options::default(), &|_, _| {}).await.expect("a scan");
        let expected = if kinds.is_empty() { "sound" } else { "incomplete" };
        assert_eq!(found(&report), (expected, None), "{kinds:?}: {report:?}");
    }
}

/// A file with these bytes, and its path.
fn file(folder: &tempfile::TempDir, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    path.display().to_string()
}

#[test]
fn the_verifier_answers_each_way_of_asking() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let export = file(&folder, "export", &small().export);
    let genesis = small().genesis().to_string();
    let other = Hash([1; 32]).to_string();
    let whole = annals_verify(&[&export, "--genesis", &genesis, "--json"]);
    let told = json(&whole);
    assert_eq!((code(&whole), members(&told)), (0, MEMBERS.to_vec()), "{told}");
    assert_eq!((&told["signatures"], &told["tier"]), (&"strict".into(), &"T1".into()));
    let batch = annals_verify(&[&export, "--genesis", &genesis, "--json", "--batch"]);
    assert_eq!((code(&batch), &json(&batch)["signatures"]), (0, &"batch".into()));
    let quick = annals_verify(&[&export, "--genesis", &genesis, "--json", "--no-fold"]);
    let notes = json(&quick)["notes"].to_string();
    assert!(code(&quick) == 2 && notes.contains("bodies, repeated command keys"), "{notes}");
    let shown = text(&annals_verify(&[&export, "--genesis", &genesis, "--no-fold"]).stdout);
    assert!(shown.starts_with("INCOMPLETE: what was looked at holds"), "{shown}");
    let unpinned = annals_verify(&[&export, "--json"]);
    let told = json(&unpinned);
    assert_eq!((code(&unpinned), &told["pinned"]), (2, &false.into()));
    assert_eq!((&told["verdict"], &told["tier"]), (&"incomplete".into(), &"none".into()));
    let shown = text(&annals_verify(&[&export]).stdout);
    assert!(shown.contains("consistent, author unknown"), "{shown}");
    let wrong = annals_verify(&[&export, "--genesis", &other, "--json"]);
    let bad = &json(&wrong)["first_bad"];
    assert_eq!((code(&wrong), &bad["what"]), (1, &"genesis".into()), "{bad}");
    assert_eq!((&bad["position"], &bad["line"]), (&0.into(), &2.into()));
}

#[test]
fn what_cannot_be_used_is_told_with_exit_code_3() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let export = file(&folder, "export", &small().export);
    let empty = file(&folder, "empty", "");
    let garbage = file(&folder, "garbage", [0xff; 100]);
    let none = file(&folder, "none", "{\"annals_export\":1,\"origin\":\"a\",\"size\":0}\n");
    let newer = file(&folder, "newer", "{\"annals_export\":2,\"origin\":\"a\",\"size\":1}\n");
    let beyond = text(&small().export).replacen("\"size\":", "\"size\":9007199254740992", 1);
    let beyond = file(&folder, "beyond", beyond);
    let missing = folder.path().join("missing").display().to_string();
    let directory = folder.path().display().to_string();
    let genesis = small().genesis().to_string();
    for arguments in [
        &[&*empty][..],
        &[&garbage],
        &[&none],
        &[&newer],
        &[&beyond],
        &[&missing],
        &[&directory],
        &[],
        &[&export, "--genesis", "1234"],
        &[&export, "--genesis", &genesis.to_uppercase()],
        &[&export, "--checkpoint", &missing],
        &[&export, "--checkpoint", &export],
        &[&export, "--actor-key", &"00".repeat(32)],
        &[&export, "--nonsense"],
    ] {
        let output = annals_verify(arguments);
        assert_eq!(code(&output), 3, "{arguments:?}: {}", text(&output.stdout));
    }
}

#[test]
fn a_checkpoint_given_is_held_against_the_export() {
    let mut forge = Forge::new();
    forge.page("one", "一", true);
    let older = forge.clone();
    forge.page("two", "二", true);
    let (size, genesis) = (forge.entries.len(), forge.genesis().to_string());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let export = file(&folder, "export", forge.export(&forge.note(size)));
    let cut = file(&folder, "cut", older.export(&older.note(size - 3)));
    let ask = |export: &str, note: String| {
        let note = file(&folder, "note", note);
        let asked = [export, "--genesis", &genesis, "--json", "--checkpoint", &note];
        let output = annals_verify(&asked);
        let bad = json(&output)["first_bad"].clone();
        let what = bad["what"].as_str().map(str::to_owned);
        (code(&output), what, bad["position"].as_u64())
    };
    assert_eq!(ask(&export, forge.note(4)), (0, None, None));
    assert_eq!(ask(&cut, forge.note(size - 3)), (0, None, None));
    let larger = (1, Some("truncated".to_owned()), Some(size as u64 - 3));
    assert_eq!(ask(&cut, forge.note(size)), larger);
    let mut fork = older.clone();
    fork.page("another", "二", true);
    assert_eq!(ask(&export, fork.note(size)), (1, Some("root".to_owned()), Some(0)));
    // What no log key of this ledger signed proves nothing either way: it cannot be used.
    let garbled = forge.note(4).replacen("\n4\n", "\n5\n", 1);
    assert_eq!(ask(&export, garbled).0, 3);
    let unsigned = forge.note(4).replacen("\u{2014} ledger", "\u{2014} another", 1);
    assert_eq!(ask(&export, unsigned).0, 3);
    let foreign = forge.note(4).replace("gov.cn/forged", "gov.cn/others");
    assert_eq!(ask(&export, foreign).0, 3);
}

#[test]
fn an_export_comes_through_standard_input_too() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let export = file(&folder, "export", &small().export);
    let cut = file(&folder, "cut", &small().export[..small().export.len() - 1]);
    let genesis = small().genesis().to_string();
    let annals = std::path::Path::new(env!("CARGO_BIN_EXE_annals"));
    let program = annals.with_file_name("annals-verify");
    for (path, expected) in [(&export, 0), (&cut, 1)] {
        let output = Command::new(&program)
            .args(["-", "--genesis", &genesis])
            .stdin(File::open(path).expect("the export"))
            .output();
        assert_eq!(code(&output.expect("it runs")), expected);
    }
}
