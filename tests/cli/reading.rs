//! The commands that only read: what they answer from, what they refuse to answer from, and what
//! they leave behind.

use std::fs;
use std::path::Path;

use annals_projections::State;

use super::forger::forge;
use super::{ends, is_failure, one_object, program};
use crate::harness::{BOTH, Kind, Place, code, json, text};
use crate::import::{SITE, Told, imported, size};

/// Each of them, each time into another file or folder.
fn calls(place: &Place, turn: &str) -> Vec<Vec<String>> {
    let at = |name: &str| place.path().join(format!("{name}-{turn}")).display().to_string();
    let (file, folder) = (at("file"), at("folder"));
    let all: [&[&str]; 4] = [
        &["export", "--out", &file],
        &["site", "export", "--site", SITE, "--out", &folder],
        &["key", "show"],
        &["rebuild"],
    ];
    all.map(|call| call.iter().map(|word| (*word).to_owned()).collect()).into()
}

fn run(place: &Place, call: &[String]) -> std::process::Output {
    place.annals(&call.iter().map(String::as_str).collect::<Vec<_>>())
}

async fn filled(kind: Kind) -> Place {
    let place = Place::new(kind).await;
    imported(&place, &Told::of(&["a.html"]).write(place.path()), &[]);
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_a_store_that_was_set_back() {
    let place = filled(Kind::Sqlite).await;
    let older = fs::read(place.path().join("annals.db")).expect("the database");
    let folder = place.path().join("more");
    fs::create_dir(&folder).expect("a folder");
    imported(&place, &Told::of(&["b.html"]).write(&folder), &["--further"]);
    for (turn, name) in ["annals.db-wal", "annals.db-shm"].iter().enumerate() {
        assert!(!place.path().join(name).exists(), "{turn}: {name}");
    }
    fs::write(place.path().join("annals.db"), older).expect("put back");
    for call in calls(&place, "older") {
        let output = run(&place, &call);
        let said = text(&output.stderr);
        ends(&output, 1, "it was restored from an older copy, or entries were deleted");
        assert!(!said.contains("writing has stopped") && !said.contains("written"), "{said}");
    }
    let output = place.annals(&["verify"]);
    let said = text(&output.stdout);
    assert_eq!(code(&output), 1, "{said}");
    assert!(said.contains("tier:       none (what is shown does not hold)"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_anchor_each_answers_and_says_what_nobody_can_tell() {
    for kind in BOTH {
        let place = filled(kind).await;
        let anchor = place.path().join("anchor");
        let kept = fs::read(&anchor).expect("the anchor");
        for (turn, bytes) in [("missing", None), ("damaged", Some(vec![7; kept.len()]))] {
            match bytes {
                None => fs::remove_file(&anchor).expect("removed"),
                Some(bytes) => fs::write(&anchor, bytes).expect("spoilt"),
            }
            for call in calls(&place, turn) {
                let output = run(&place, &call);
                let said = text(&output.stderr);
                assert_eq!(code(&output), 2, "{kind:?}: {call:?}: {said}");
                assert!(said.contains(turn), "{kind:?}: {call:?}: {said}");
                let word = "nobody can tell whether the newest entries are missing";
                assert!(said.contains(word), "{kind:?}: {call:?}: {said}");
                assert!(!output.stdout.is_empty(), "{kind:?}: {call:?}: no answer");
            }
        }
        fs::write(&anchor, kept).expect("put back");
        for call in calls(&place, "whole") {
            let output = run(&place, &call);
            assert_eq!((code(&output), text(&output.stderr)), (0, String::new()), "{call:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_of_a_ledger_that_is_not_the_one_pinned() {
    for kind in BOTH {
        let place = filled(kind).await;
        let pinned = place.path().join("genesis.json");
        let said = fs::read_to_string(&pinned).expect("the genesis");
        let other = said.replace(&place.genesis().to_string(), &"ab".repeat(32));
        fs::write(&pinned, other).expect("written");
        for mut call in calls(&place, "other") {
            ends(&run(&place, &call), 1, "the store's genesis is not the one this host pinned");
            call.push("--json".to_owned());
            is_failure(&run(&place, &call), 1);
        }
    }
}

/// Signed by the key of the epoch, and wrong: only folding from nothing shows it.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_signed_over_another_state_is_found_by_rebuild() {
    for kind in BOTH {
        let place = filled(kind).await;
        let forged = forge(&place, |_| {}).await;
        let mut wrong = forged.serving.clone();
        wrong.state = State::default();
        forged.leave_snapshot(&place, &wrong).await;
        let store = annals::store::open(&place.home.database()).await.expect("the store opens");
        store.clear_index().await.expect("emptied");
        let output = place.annals(&["rebuild", "--json"]);
        let object = json(&output);
        assert_eq!((code(&output), &object["same"]), (1, &false.into()), "{kind:?}: {object}");
        let size = size(&place).await;
        assert_eq!((&object["from_snapshot_at"], &object["size"]), (&size.into(), &size.into()));
        let said = text(&place.annals(&["rebuild"]).stdout);
        assert!(said.contains(" DIFFERS\n"), "{kind:?}: {said}");
        assert_eq!(store.indexed_to().await.expect("a mark"), 0, "{kind:?}: filled all the same");
        // The true state under the same key: nothing differs.
        forged.leave_snapshot(&place, &forged.serving).await;
        let output = place.annals(&["rebuild", "--json"]);
        assert_eq!((code(&output), &json(&output)["same"]), (0, &true.into()), "{kind:?}");
        assert_eq!(store.indexed_to().await.expect("a mark"), size, "{kind:?}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_says_that_a_snapshot_was_discarded() {
    let place = filled(Kind::Sqlite).await;
    let forged = forge(&place, |_| {}).await;
    forged.leave_snapshot(&place, &forged.serving).await;
    let store = annals::store::open(&place.home.database()).await.expect("the store opens");
    let kept = store.snapshot("site", 2, u64::MAX).await.expect("an answer");
    let mut spoilt = kept.expect("a snapshot");
    spoilt.signature[0] ^= 1;
    store.put_snapshot(&spoilt).await.expect("spoilt");
    store.close().await;
    assert_eq!(code(&place.annals(&["rebuild"])), 0);
    for call in calls(&place, "spoilt") {
        let output = run(&place, &call);
        let said = text(&output.stderr);
        assert_eq!(code(&output), 0, "{call:?}: {said}");
        assert_eq!(said.matches("discarded: fold site").count(), 1, "{call:?}: {said}");
    }
}

/// People copy the one file: it must be the whole ledger whenever no program is at work.
#[tokio::test(flavor = "multi_thread")]
async fn after_each_command_the_database_file_alone_is_the_whole_ledger() {
    let place = Place::new(Kind::Sqlite).await;
    let is_alone = |after: &str| {
        let log = fs::metadata(place.path().join("annals.db-wal")).map_or(0, |log| log.len());
        assert_eq!(log, 0, "{after}: entries are in the log beside the file");
        let copy = tempfile::tempdir().expect("a folder");
        for name in ["annals.db", "anchor", "genesis.json"] {
            fs::copy(place.path().join(name), copy.path().join(name)).expect(name);
        }
        verifies(copy.path(), after);
    };
    is_alone("founding");
    imported(&place, &Told::of(&["a.html"]).write(place.path()), &[]);
    is_alone("import");
    let root = place.path().join("root.key").display().to_string();
    let persons = ["--by", "张建国", "--confirmed-by", "李审计", "--root-key", &root];
    one_object(&place.annals(&[&["key", "rotate", "--json"][..], &persons].concat()));
    is_alone("key rotate");
    for call in calls(&place, "alone").into_iter().chain([vec!["verify".to_owned()]]) {
        assert_eq!(code(&run(&place, &call)), 0, "{call:?}");
        is_alone(&call.join(" "));
    }
}

fn verifies(folder: &Path, after: &str) {
    let data = folder.display().to_string();
    let output = program(&["verify", "--json", "--data", &data]);
    assert_eq!(code(&output), 0, "{after}: {}", text(&output.stdout));
}
