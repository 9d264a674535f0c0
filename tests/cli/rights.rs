//! PostgreSQL: who writes must not be able to rewrite.

use super::founding::{bare_database, init};
use super::{ends, one_object, program};
use crate::harness::{ADMINISTRATOR, AUDITOR, Kind, Place};
use crate::import::{Files, Told, arguments, audit, imported, size};

fn import_as<'a>(all: &'a [String], data: &'a str, url: &'a str) -> Vec<&'a str> {
    let mut all: Vec<&str> = all.iter().map(String::as_str).collect();
    all.extend(["--data", data, "--database", url]);
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_owns_the_tables_is_refused_unless_told() {
    let place = Place::new(Kind::Postgres).await;
    let urls = place.urls.as_ref().expect("a database");
    let data = place.path().display().to_string();
    let files: Files = Told::of(&["a.html"]).write(place.path());
    let all = arguments(&files);
    let before = size(&place).await;
    let root = place.path().join("root.key").display().to_string();
    for url in [&urls.owner, &urls.superuser] {
        ends(&program(&import_as(&all, &data, url)), 3, "--allow-owner");
        let persons = ["--by", ADMINISTRATOR, "--confirmed-by", AUDITOR, "--root-key", &root];
        let place = ["--data", &data, "--database", url];
        let rotate = [&["key", "rotate"][..], &persons, &place].concat();
        ends(&program(&rotate), 3, "--allow-owner");
    }
    assert_eq!(size(&place).await, before);
    imported(&place, &files, &[]);
    audit(&place);
    // Reading harms nobody; the audit says what this role may do.
    let report =
        one_object(&program(&["verify", "--json", "--data", &data, "--database", &urls.owner]));
    assert_eq!(report["verdict"], "sound");
    assert!(report["notes"].to_string().contains("rights: "), "{report}");
    let other = Told::of(&["b.html"]).write(place.path());
    let all = arguments(&other);
    let further = ["--further", "--allow-owner"];
    let told = [&import_as(&all, &data, &urls.owner)[..], &further].concat();
    assert_eq!(one_object(&program(&told))["live_pages"], 2);
    audit(&place);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_is_not_founded_by_the_owner_of_the_tables_unless_told() {
    let urls = bare_database().await;
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data").display().to_string();
    one_object(&program(&["migrate", "--json", "--data", &data, "--database", &urls.owner]));
    let owner = init(&data, &["--json", "--database", &urls.owner]);
    ends(&program(&owner), 3, "--allow-owner");
    let store = annals::store::open(&urls.service).await.expect("the store opens");
    assert_eq!(store.head().await.expect("a head").size, 0, "nothing is founded");
    store.close().await;
    one_object(&program(&[&owner[..], &["--allow-owner"]].concat()));
    let verify = ["verify", "--json", "--data", &data, "--database", &urls.service];
    assert_eq!(one_object(&program(&verify))["verdict"], "sound");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_is_made_by_its_owner_and_by_no_other() {
    let urls = bare_database().await;
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().display().to_string();
    let migrate = |url: &str| program(&["migrate", "--data", &data, "--database", url]);
    ends(&migrate(&urls.service), 3, "schema");
    for _ in 0..2 {
        assert_eq!(crate::harness::code(&migrate(&urls.owner)), 0);
    }
}
