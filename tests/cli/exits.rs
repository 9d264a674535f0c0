//! Each exit code at least once, and the one JSON object.

use std::fs;
use std::time::{Duration, Instant};

use super::forger::forge;
use super::{ends, is_failure, one_object, program};
use crate::harness::{BOTH, Kind, Place, Town, code, json, text};
use crate::import::{Told, import, size};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_is_0_and_what_is_refused_or_altered_is_1() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let report = one_object(&place.annals(&["verify", "--json"]));
        assert_eq!(report["verdict"], "sound");
        let files = Told::of(&["a.html"]).write(place.path());
        let output = import(&place, &files, &[]);
        one_object(&output);
        fs::write(&files.changes, Told::of(&["b.html"]).text()).expect("written");
        ends(&import(&place, &files, &[]), 1, "line 0");
        // Another ledger's genesis beside this store.
        let pinned = place.path().join("genesis.json");
        let text = fs::read_to_string(&pinned).expect("the genesis");
        let other = text.replace(&place.genesis().to_string(), &"ab".repeat(32));
        fs::write(&pinned, other).expect("written");
        let output = place.annals(&["verify", "--json"]);
        let report = json(&output);
        assert_eq!((code(&output), &report["verdict"]), (1, &"tampered".into()), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_a_type_nobody_knows_is_2() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        forge(&place, |built| built.header.kind = "site.repainted".to_owned()).await;
        let output = place.annals(&["verify", "--json"]);
        assert_eq!(code(&output), 2, "{}", text(&output.stdout));
        assert_eq!(json(&output)["verdict"], "incomplete", "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_the_rules_forbid_is_4() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        forge(&place, |_| {}).await;
        let output = place.annals(&["verify", "--json"]);
        assert_eq!(code(&output), 4, "{}", text(&output.stdout));
        assert_eq!(json(&output)["verdict"], "against_the_rulebook", "{kind:?}");
    }
}

#[test]
fn a_call_that_is_wrong_is_3_and_help_is_0() {
    for call in [
        &[][..],
        &["unheard-of"],
        &["verify", "--unheard-of"],
        &["verify", "more"],
        &["import"],
        &["import", "history"],
        &["site"],
        &["key"],
        &["key", "rotate"],
        &["verify", "--database"],
        &["verify", "--database", "mysql://127.0.0.1/x"],
        &["verify", "--database", "postgres://127.0.0.1:no-port/x"],
        &["verify", "--database", "postgres://[::1/x"],
        &["verify", "--database", "postgres://127.0.0.1/x?sslmod=require"],
        &["site", "export", "--site", "x", "--out", "y", "--known", "last"],
        // Only who writes may have to say it.
        &["verify", "--allow-owner"],
        &["migrate", "--allow-owner"],
        &["key", "show", "--allow-owner"],
    ] {
        let output = program(call);
        let said = text(&output.stderr);
        assert_eq!(code(&output), 3, "{call:?}: {said}");
        assert_eq!(text(&output.stdout), "", "{call:?}");
        assert!(!said.is_empty(), "{call:?}");
        is_failure(&program(&[call, &["--json"]].concat()), 3);
    }
    for call in [&["--help"][..], &["--version"], &["import", "history", "--help"], &["help"]] {
        let output = program(call);
        assert_eq!((code(&output), text(&output.stderr)), (0, String::new()), "{call:?}");
        assert!(!output.stdout.is_empty(), "{call:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_does_not_answer_is_5() {
    let place = Place::new(Kind::Sqlite).await;
    let data = place.path().display().to_string();
    let nobody = format!("postgres://annals_service@localhost/x?host={data}");
    let shown = format!("--database postgres://localhost/x?host={data}: the store did not answer");
    for call in [&["verify"][..], &["export", "--out", "x"], &["key", "show"], &["migrate"]] {
        let all = [call, &["--data", &data, "--database", &nobody]].concat();
        let begun = Instant::now();
        let output = program(&all);
        ends(&output, 5, &shown);
        // Nothing listens there: this shows at once, and is said.
        assert!(begun.elapsed() < Duration::from_secs(4), "{call:?}");
        assert!(!text(&output.stderr).contains("timed out"), "{}", text(&output.stderr));
        is_failure(&program(&[&all[..], &["--json"]].concat()), 5);
    }
    ends(&program(&["rebuild", "--data", &data, "--database", &nobody]), 5, "did not answer");
    let unknown = "postgres://annals_service@localhost/x?pasword=1";
    let output = program(&["verify", "--data", &data, "--database", unknown]);
    ends(&output, 3, "--database: the URL has a parameter that is not known");
    fs::remove_file(place.path().join("annals.db")).expect("removed");
    ends(&place.annals(&["verify"]), 3, "there is no database");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_writer_is_6_while_readers_go_on() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let files = Told::of(&["a.html"]).write(place.path());
        let app = place.app().await;
        Town::build(&app, &place).await;
        let before = size(&place).await;
        ends(&import(&place, &files, &[]), 6, "another writer");
        assert_eq!(size(&place).await, before);
        let root = place.path().join("root.key").display().to_string();
        let persons = ["--by", "张建国", "--confirmed-by", "李审计", "--root-key", &root];
        let rotate = [&["key", "rotate"][..], &persons].concat();
        ends(&place.annals(&rotate), 6, "another writer");
        for call in [&["verify", "--json"][..], &["rebuild", "--json"], &["key", "show", "--json"]]
        {
            one_object(&place.annals(call));
        }
        app.stop().await.expect("a clean stop");
        one_object(&import(&place, &files, &[]));
    }
    // The lock alone is enough where the store is a file.
    let place = Place::new(Kind::Sqlite).await;
    let files = Told::of(&["a.html"]).write(place.path());
    let lock = place.home.lock().expect("the lock");
    let me = format!("process {}", std::process::id());
    ends(&import(&place, &files, &[]), 6, &me);
    ends(&place.annals(&["migrate"]), 6, &me);
    drop(lock);
    one_object(&import(&place, &files, &[]));
}
