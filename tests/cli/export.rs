//! `export`, `site export`, `rebuild`: where they write, and where they refuse to.

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::os::unix::net::UnixListener;

use serde_json::Value;

use super::founding::names;
use super::{ends, one_object, program};
use crate::harness::{BOTH, Kind, ORIGIN, Place, Town, annals_verify, code, json, text};
use crate::import::{SITE, Told, imported};

async fn filled(kind: Kind) -> Place {
    let place = Place::new(kind).await;
    imported(&place, &Told::of(&["a.html", "b.html"]).write(place.path()), &[]);
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_whole_under_its_name_or_not_there() {
    for kind in BOTH {
        let place = filled(kind).await;
        let out = place.path().join("export.ndjson");
        let name = out.display().to_string();
        fs::write(&out, "an older file").expect("written");
        let part = place.path().join("export.ndjson.part");
        fs::write(&part, "somebody's").expect("written");
        let object = one_object(&place.annals(&["export", "--json", "--out", &name]));
        let bytes = fs::read(&out).expect("the export");
        let lines = text(&bytes).lines().count();
        assert_eq!((&object["out"], &object["lines"]), (&name.as_str().into(), &lines.into()));
        let first: Value =
            serde_json::from_str(text(&bytes).lines().next().expect("a line")).expect("JSON");
        assert_eq!((&first["origin"], &first["size"]), (&ORIGIN.into(), &object["size"]));
        assert_eq!(fs::read_to_string(&part).expect("still there"), "somebody's");
        let parts = names(place.path()).into_iter().filter(|name| name.ends_with(".part"));
        assert_eq!(parts.collect::<Vec<_>>(), ["export.ndjson.part"], "nothing is left aside");
        let output = place.annals(&["export", "--out", "-"]);
        assert_eq!((code(&output), text(&output.stderr)), (0, String::new()));
        assert_eq!(output.stdout, bytes, "{kind:?}: the same on standard output");
        let genesis = place.genesis().to_string();
        let report = json(&annals_verify(&[&name, "--genesis", &genesis, "--json"]));
        assert_eq!(report["verdict"], "sound");
        ends(&place.annals(&["export", "--json", "--out", "-"]), 3, "--json");
        let nowhere = place.path().join("no/such/folder").display().to_string();
        ends(&place.annals(&["export", "--out", &nowhere]), 3, "--out");
        let folder = place.path().display().to_string();
        ends(&place.annals(&["export", "--out", &folder]), 3, "is a folder");
        ends(&place.annals(&["export"]), 3, "--out");
    }
}

/// A rename would put a file in the place of a link or a device.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_takes_the_place_of_an_ordinary_file_only() {
    let place = filled(Kind::Sqlite).await;
    let [kept, link, socket] = ["kept", "link", "socket"].map(|name| place.path().join(name));
    fs::write(&kept, "kept").expect("written");
    symlink(&kept, &link).expect("a link");
    let _listening = UnixListener::bind(&socket).expect("a socket");
    for out in [&link, &socket] {
        let name = out.display().to_string();
        ends(&place.annals(&["export", "--out", &name]), 3, "no ordinary file");
    }
    assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
    assert!(fs::symlink_metadata(&socket).expect("there").file_type().is_socket());
    assert_eq!(fs::read_to_string(&kept).expect("there"), "kept");
    assert!(!names(place.path()).iter().any(|name| name.ends_with(".part")), "nothing is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_written_into_an_empty_folder_only() {
    let place = filled(Kind::Sqlite).await;
    let out = place.path().join("site");
    let folder = out.display().to_string();
    let export = |more: &[&str]| {
        place.annals(&[&["site", "export", "--json", "--out", &folder], more].concat())
    };
    for (more, word) in [
        (&["--site", "没有这个网站"][..], "--site"),
        (&["--site", ""], "--site"),
        (&["--site", "site/00000000-0000-7000-8000-000000000000"], "--site"),
        (&["--site", "site/"], "--site"),
        (&["--site", SITE, "--at", "yesterday"], "--at"),
        (&["--site", SITE, "--at", "2020-01-01"], "--at"),
        (&["--site", SITE, "--known", "9999"], "--known: the last position is"),
        (&["--site", SITE, "--known", "last"], "--known"),
        (&["--site", SITE, "--known", "-1"], "invalid value '-1' for '--known"),
        (&["--at", "2020-01-01T00:00:00Z"], "--site"),
    ] {
        ends(&export(more), 3, word);
        assert!(!out.exists(), "{more:?}: nothing is made");
    }
    let object = one_object(&export(&["--site", SITE]));
    assert_eq!(object["pages"].as_array().expect("a list").len(), 2);
    ends(&export(&["--site", SITE]), 3, "is not empty");
    fs::remove_dir_all(&out).expect("removed");
    fs::create_dir(&out).expect("an empty folder");
    let id = object["site"].as_str().expect("a site");
    let again = one_object(&export(&["--site", id]));
    assert_eq!(again, object, "named by its id");
    fs::remove_dir_all(&out).expect("removed");
    fs::write(&out, "a file").expect("written");
    ends(&export(&["--site", SITE]), 3, "--out");
}

#[tokio::test(flavor = "multi_thread")]
async fn folding_again_gives_the_same() {
    for kind in BOTH {
        let place = filled(kind).await;
        let app = place.app().await;
        Town::build(&app, &place).await.fill(&app, 3).await;
        app.stop().await.expect("a clean stop");
        let object = one_object(&place.annals(&["rebuild", "--json"]));
        assert_eq!(object["same"], true, "{kind:?}");
        assert_eq!(object["state"].as_array().expect("a list").len(), 9);
        let output = place.annals(&["rebuild"]);
        let said = text(&output.stdout);
        assert_eq!((code(&output), said.matches(" same\n").count()), (0, 9), "{said}");
        assert!(!said.contains("DIFFERS"), "{said}");
        let report = one_object(&place.annals(&["verify", "--strict", "--json"]));
        assert_eq!(report["verdict"], "sound");
    }
}

#[test]
fn what_needs_a_ledger_says_that_there_is_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data").display().to_string();
    let out = folder.path().join("out").display().to_string();
    for call in [
        &["verify"][..],
        &["rebuild"],
        &["key", "show"],
        &["export", "--out", &out],
        &["site", "export", "--site", "x", "--out", &out],
    ] {
        ends(&program(&[call, &["--data", &data]].concat()), 3, "no ledger here: ");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is made");
}
