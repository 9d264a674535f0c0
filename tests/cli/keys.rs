//! `key show`, `key rotate`: the log key changes by an act of two persons, and a crash in the
//! middle is finished by whoever writes next.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use annals::ledger::keys::{read_key, write_key};
use annals_events::keys::SecretKey;
use annals_events::note::{Note, NoteKey};
use serde_json::Value;

use super::founding::names;
use super::{ends, one_object};
use crate::harness::{
    ADMINISTRATOR, AUDITOR, BOTH, Kind, ORIGIN, Place, annals_verify, code, json, text,
};
use crate::import::{Told, audit, imported, size};

fn rotate<'a>(by: &'a str, confirmed_by: &'a str, root: &'a str) -> Vec<&'a str> {
    let all = ["key", "rotate", "--json", "--by", by, "--confirmed-by", confirmed_by];
    [&all[..], &["--root-key", root]].concat()
}

fn log_key(place: &Place) -> SecretKey {
    read_key(&place.path().join("log.key")).expect("the log key")
}

fn signed_by(note: &str, key: &SecretKey) -> bool {
    let note = Note::parse(note).expect("a note");
    NoteKey::log(ORIGIN, key.public()).verify(&note).expect("no bad line").is_some()
}

fn lines_of_log_keys(note: &str) -> usize {
    let note = Note::parse(note).expect("a note");
    note.signatures.iter().filter(|line| line.name == ORIGIN).count()
}

async fn newest_checkpoint(place: &Place) -> String {
    let store = annals::store::open(&place.home.database()).await.expect("the store opens");
    let all = store.checkpoints(0, 1_000).await.expect("an answer");
    store.close().await;
    all.into_iter().max_by_key(|kept| kept.size).expect("a checkpoint").note
}

/// The export is sound for a stranger, also against a checkpoint kept from before.
fn is_sound(place: &Place, kept: &[&Path]) -> Value {
    let (export, genesis) = (place.export().display().to_string(), place.genesis().to_string());
    let mut all = vec![export, "--genesis".to_owned(), genesis, "--json".to_owned()];
    for path in kept {
        all.extend(["--checkpoint".to_owned(), path.display().to_string()]);
    }
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let report = json(&annals_verify(&all));
    assert_eq!(report["verdict"], "sound", "{report}");
    audit(place)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_key_is_changed_twice_and_every_checkpoint_still_verifies() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        imported(&place, &Told::of(&["a.html"]).write(place.path()), &[]);
        let root = place.path().join("root.key").display().to_string();
        let mut kept = Vec::new();
        for turn in 0..2 {
            let path = place.path().join(format!("kept{turn}"));
            fs::write(&path, newest_checkpoint(&place).await).expect("kept");
            kept.push(path);
            let old = log_key(&place);
            let shown = one_object(&place.annals(&["key", "show", "--json"]));
            assert_eq!(shown["logs"][0], NoteKey::log(ORIGIN, old.public()).vkey());
            let done = one_object(&place.annals(&rotate(ADMINISTRATOR, AUDITOR, &root)));
            let new = log_key(&place);
            assert_eq!(done["retired"], old.public().fingerprint().to_string());
            assert_eq!(done["key"], new.public().fingerprint().to_string());
            assert_eq!(done["position"], size(&place).await - 1);
            assert!(!place.path().join("log.key.next").exists());
            let note = done["checkpoint"].as_str().expect("a note").to_owned();
            assert_eq!(note, newest_checkpoint(&place).await);
            assert!(signed_by(&note, &old) && signed_by(&note, &new), "{kind:?}: by both");
            assert_eq!(lines_of_log_keys(&note), 2);
            let path = place.path().join(format!("both{turn}"));
            fs::write(&path, note).expect("kept");
            kept.push(path);
            let shown = one_object(&place.annals(&["key", "show", "--json"]));
            let logs = shown["logs"].as_array().expect("a list");
            assert_eq!(logs, &[NoteKey::log(ORIGIN, new.public()).vkey()], "{kind:?}");
            assert_eq!(shown["pinned"], true);
            let folder = place.path().join(format!("more{turn}"));
            fs::create_dir(&folder).expect("a folder");
            let more = Told::of(&[&format!("{turn}.html")]).write(&folder);
            imported(&place, &more, &["--further"]);
            let note = newest_checkpoint(&place).await;
            assert!(signed_by(&note, &new) && lines_of_log_keys(&note) == 1, "by the new alone");
            let kept: Vec<&Path> = kept.iter().map(|path| path.as_path()).collect();
            is_sound(&place, &kept);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_refused_leaves_no_entry_and_no_key() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let root = place.path().join("root.key").display().to_string();
        let log = place.path().join("log.key").display().to_string();
        let open = place.path().join("open.key");
        fs::write(&open, fs::read(&root).expect("the root key")).expect("written");
        let open = open.display().to_string();
        let (before, key) = (size(&place).await, log_key(&place).seed());
        for (by, confirmed_by, file, exit, word) in [
            (ADMINISTRATOR, AUDITOR, log.as_str(), 3, "not a root"),
            (ADMINISTRATOR, AUDITOR, "/nowhere", 3, "--root-key"),
            (ADMINISTRATOR, AUDITOR, open.as_str(), 3, "chmod 600"),
            (ADMINISTRATOR, "查无此人", &root, 3, "--confirmed-by"),
            ("查无此人", AUDITOR, &root, 3, "--by"),
            (ADMINISTRATOR, ADMINISTRATOR, &root, 1, "one person"),
            (AUDITOR, AUDITOR, &root, 1, "one person"),
            (AUDITOR, ADMINISTRATOR, &root, 1, "auditor"),
        ] {
            ends(&place.annals(&rotate(by, confirmed_by, file)), exit, word);
            assert_eq!(size(&place).await, before, "{kind:?}: {word}");
            assert_eq!(log_key(&place).seed(), key, "{kind:?}: {word}");
            assert!(!place.path().join("log.key.next").exists(), "{kind:?}: {word}");
        }
        audit(&place);
    }
}

/// A rotation whose entry is committed, and the process died before the file was in its place.
async fn broken_off(place: &Place) -> Arc<SecretKey> {
    let (old, new) = (log_key(place), Arc::new(SecretKey::generate().expect("a key")));
    write_key(&place.path().join("log.key.next"), &new).expect("the next key");
    let root = read_key(&place.path().join("root.key")).expect("the root key");
    let app = place.app().await;
    let retired = old.public().fingerprint();
    let (by, with) = (place.administrator(), place.auditor());
    let rotated = app.rotate_log_key(by, with, vec![root], new.clone(), retired).await;
    rotated.expect("rotated");
    drop(app);
    released(place).await;
    assert_eq!(log_key(place).seed(), old.seed(), "the file is the old one");
    new
}

/// What anybody would do after a rotation that failed is to repeat it.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_repeated_after_it_broke_off_finishes_the_first_and_makes_another() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let first = broken_off(&place).await;
        let root = place.path().join("root.key").display().to_string();
        let done = one_object(&place.annals(&rotate(ADMINISTRATOR, AUDITOR, &root)));
        assert_eq!(done["retired"], first.public().fingerprint().to_string(), "{kind:?}");
        assert_eq!(done["key"], log_key(&place).public().fingerprint().to_string(), "{kind:?}");
        let left = names(place.path()).into_iter().filter(|name| name.starts_with("log.key"));
        assert_eq!(left.collect::<Vec<_>>(), ["log.key"], "{kind:?}");
        imported(&place, &Told::of(&["a.html"]).write(place.path()), &[]);
        is_sound(&place, &[]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_broken_off_after_its_entry_is_finished_by_the_next_who_writes() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let new = broken_off(&place).await;
        let next = place.path().join("log.key.next");
        // Reading needs no key: it finishes nothing and works.
        assert_eq!(code(&place.annals(&["verify"])), 0, "{kind:?}");
        assert!(next.exists());
        imported(&place, &Told::of(&["a.html"]).write(place.path()), &[]);
        assert_eq!(log_key(&place).seed(), new.seed(), "{kind:?}: the entry decides");
        assert!(!next.exists());
        assert!(signed_by(&newest_checkpoint(&place).await, &new));
        is_sound(&place, &[]);
        let root = place.path().join("root.key").display().to_string();
        one_object(&place.annals(&rotate(ADMINISTRATOR, AUDITOR, &root)));
        is_sound(&place, &[]);
    }
}

/// The process dies before the entry is committed: the next key is nobody's.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_broken_off_before_its_entry_never_was() {
    let place = Place::new(Kind::Sqlite).await;
    let (old, next) = (log_key(&place), place.path().join("log.key.next"));
    let lost = SecretKey::generate().expect("a key");
    write_key(&next, &lost).expect("the next key");
    imported(&place, &Told::of(&["a.html"]).write(place.path()), &[]);
    assert_eq!(log_key(&place).seed(), old.seed());
    let root = place.path().join("root.key").display().to_string();
    one_object(&place.annals(&rotate(ADMINISTRATOR, AUDITOR, &root)));
    let new = log_key(&place).seed();
    assert!(new != old.seed() && new != lost.seed());
    is_sound(&place, &[]);
}

/// Whoever comes second finds the first at work, or the key that he left.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_rotations_at_once_each_is_whole_or_refused() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let root = place.path().join("root.key").display().to_string();
        let outputs = std::thread::scope(|scope| {
            let call = || place.annals(&rotate(ADMINISTRATOR, AUDITOR, &root));
            [(); 2].map(|()| scope.spawn(call)).map(|one| one.join().expect("it ends"))
        });
        let (done, refused): (Vec<_>, Vec<_>) = outputs.iter().partition(|o| code(o) == 0);
        assert!(!done.is_empty(), "{kind:?}: {}", text(&refused[0].stderr));
        refused.iter().for_each(|output| ends(output, 6, "another writer"));
        let last = done.iter().map(|output| one_object(output));
        let last = last.max_by_key(|done| done["position"].as_u64()).expect("a rotation");
        assert_eq!(last["key"], log_key(&place).public().fingerprint().to_string(), "{kind:?}");
        let left = names(place.path()).into_iter().filter(|name| name.starts_with("log.key"));
        assert_eq!(left.collect::<Vec<_>>(), ["log.key"], "{kind:?}");
        is_sound(&place, &[]);
    }
}

async fn released(place: &Place) {
    let store = annals::store::open(&place.home.database()).await.expect("the store opens");
    for _ in 0..2_000 {
        if store.head().await.expect("a head").holder.is_none() {
            store.close().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}: the lease was never given back", place.kind);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_others_may_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new(Kind::Sqlite).await;
    let path = place.path().join("log.key");
    let files = Told::of(&["a.html"]).write(place.path());
    for (mode, exit) in [(0o640, 3), (0o604, 3), (0o600, 0)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("changed");
        let output = crate::import::import(&place, &files, &[]);
        assert_eq!(code(&output), exit, "{mode:o}: {}", text(&output.stderr));
    }
}

/// Accounts of an imported history have names too.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_cannot_act_is_named_by_his_option() {
    let place = Place::new(Kind::Sqlite).await;
    let files = Told::of(&["a.html"]).write(place.path());
    imported(&place, &files, &[]);
    let root = place.path().join("root.key").display().to_string();
    let before = size(&place).await;
    for (by, confirmed_by, option) in
        [("王编辑", AUDITOR, "--by"), (ADMINISTRATOR, "王编辑", "--confirmed-by")]
    {
        let said = format!("{option}: nobody can act under this account (annals:actor_unusable)");
        ends(&place.annals(&rotate(by, confirmed_by, &root)), 1, &said);
    }
    assert_eq!(size(&place).await, before);
    assert!(!place.path().join("log.key.next").exists());
}
