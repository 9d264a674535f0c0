//! `init` and `migrate`: a ledger is founded once, with keys for their owner only.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use annals_harness::{DatabaseUrls, shared_cluster};
use serde_json::Value;

use super::{ends, one_object, program};
use crate::harness::{ADMINISTRATOR, AUDITOR, BOTH, Kind, Place, code, text};

/// A PostgreSQL database without a schema.
pub async fn bare_database() -> DatabaseUrls {
    let urls = tokio::task::spawn_blocking(|| {
        shared_cluster().expect("a cluster").fresh_database().expect("a database")
    });
    urls.await.expect("the blocking task ends")
}

/// `annals init` with the persons of the tests.
pub fn init<'a>(data: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let persons = ["--administrator", ADMINISTRATOR, "--auditor", AUDITOR];
    [&["init", "--data", data, "--origin", "l.example/1"], &persons[..], more].concat()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_is_founded_once_with_keys_for_their_owner_only() {
    for kind in BOTH {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let path = data.display().to_string();
        let mut more = vec!["--json"];
        let urls = if kind == Kind::Postgres { Some(bare_database().await) } else { None };
        if let Some(urls) = &urls {
            more.extend(["--database", &urls.service]);
            ends(&program(&init(&path, &more)), 3, "annals migrate");
            let owner = ["migrate", "--json", "--data", &path, "--database", &urls.owner];
            for _ in 0..2 {
                assert_eq!(one_object(&program(&owner))["migrated"], true);
            }
        }
        let founded = one_object(&program(&init(&path, &more)));
        let members: Vec<&String> = founded.as_object().expect("an object").keys().collect();
        let expected = [
            "administrator",
            "auditor",
            "checkpoint",
            "genesis",
            "ledger",
            "organisation",
            "origin",
            "root_key",
        ];
        assert_eq!(members, expected);
        assert_eq!(founded["origin"], "l.example/1");
        let word = |member: &str| founded[member].as_str().expect("a word").to_owned();
        assert_eq!(word("genesis").len(), 64);
        assert!(word("administrator").starts_with("account/"));
        assert!(word("checkpoint").starts_with("l.example/1\n4\n"));
        assert_eq!(word("root_key"), data.join("root.key").display().to_string());
        assert_eq!(mode(&data), 0o700);
        // Everything that lies there, the database too.
        for name in names(&data) {
            assert_eq!(mode(&data.join(&name)), 0o600, "{kind:?}: {name}");
        }
        let database = names(&data).contains(&"annals.db".to_owned());
        assert_eq!(database, kind == Kind::Sqlite);
        let kept = fs::read(data.join("root.key")).expect("the root key");
        ends(&program(&init(&path, &more)), 3, "there is a ledger here already");
        assert_eq!(fs::read(data.join("root.key")).expect("the root key"), kept);
        if let Some(urls) = &urls {
            let other = folder.path().join("other").display().to_string();
            let again = init(&other, &["--database", &urls.service]);
            ends(&program(&again), 3, "holds a ledger already");
            assert!(!names(Path::new(&other)).iter().any(|name| name.ends_with(".key")));
        }
        let mut verify = vec!["verify", "--json", "--data", &path];
        if let Some(urls) = &urls {
            verify.extend(["--database", &urls.service]);
        }
        let report: Value = one_object(&program(&verify));
        assert_eq!(report["verdict"], "sound");
    }
}

#[test]
fn a_bad_call_founds_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let path = data.display().to_string();
    let long = "n".repeat(513);
    let rows: [(&str, &str, &str, &str, &str); 15] = [
        ("", "甲", "乙", "机关", "--origin"),
        ("/a", "甲", "乙", "机关", "--origin"),
        ("a/", "甲", "乙", "机关", "--origin"),
        ("A.example", "甲", "乙", "机关", "--origin"),
        ("a example", "甲", "乙", "机关", "--origin"),
        ("a+b", "甲", "乙", "机关", "--origin"),
        ("a", "甲", "甲", "机关", "--auditor"),
        ("a", "", "乙", "机关", "--administrator"),
        ("a", " ", "乙", "机关", "--administrator"),
        ("a", "甲 ", "乙", "机关", "--administrator"),
        ("a", "甲", "\u{3000}", "机关", "--auditor"),
        ("a", &long, "乙", "机关", "--administrator"),
        ("a", "甲", "乙\u{202e}", "机关", "--auditor"),
        ("a", "甲", "乙", "", "--organisation"),
        ("a", "甲", "乙", " 机关", "--organisation"),
    ];
    for (origin, administrator, auditor, organisation, word) in rows {
        let call = [
            "init",
            "--data",
            &path,
            "--origin",
            origin,
            "--administrator",
            administrator,
            "--auditor",
            auditor,
            "--organisation",
            organisation,
        ];
        ends(&program(&call), 3, word);
        assert!(!data.exists(), "{word}: nothing is made");
    }
    ends(&program(&["init", "--data", &path, "--origin", "a"]), 3, "--administrator");
}

/// Keys of a founding that was broken off are nobody's to delete but their owner's.
#[test]
fn keys_that_lie_there_are_never_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display().to_string();
    fs::write(folder.path().join("log.key"), "an old key\n").expect("written");
    ends(&program(&init(&path, &[])), 3, "log.key");
    let kept = fs::read_to_string(folder.path().join("log.key")).expect("the key");
    assert_eq!(kept, "an old key\n");
    assert!(!folder.path().join("root.key").exists());
}

/// SQLite gives its log and the log's index the mode of the file.
#[tokio::test(flavor = "multi_thread")]
async fn what_lies_beside_the_database_is_for_its_owner_only() {
    let place = Place::new(Kind::Sqlite).await;
    let app = place.app().await;
    for name in ["annals.db", "annals.db-wal", "annals.db-shm"] {
        assert_eq!(mode(&place.path().join(name)), 0o600, "{name}");
    }
    app.stop().await.expect("a clean stop");
}

#[test]
fn migrating_where_nothing_is_makes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("mistyped").display().to_string();
    ends(&program(&["migrate", "--data", &data]), 3, "there is no database here");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn migrating_again_changes_nothing() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let database = place.urls.as_ref().map(|urls| urls.owner.clone());
        let data = place.path().display().to_string();
        let mut call = vec!["migrate", "--data", &data];
        if let Some(owner) = &database {
            call.extend(["--database", owner]);
        }
        let output = program(&call);
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "the schema is up to date\n");
        assert_eq!(code(&place.annals(&["verify"])), 0);
    }
}
