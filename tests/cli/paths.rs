//! Paths of pages that would leave their folder, hide, or collide: every byte is kept inside.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use annals_events::Hash;
use serde_json::Value;

use super::founding::names;
use super::{ends, one_object};
use crate::harness::{BOTH, Kind, Place, text};
use crate::import::{SITE, Told, audit, imported};

fn unsafe_paths() -> Vec<String> {
    let long = "n".repeat(300);
    let mut paths: Vec<String> = [
        "..",
        "../../outside",
        "a/../b",
        "./a",
        "/etc/passwd",
        "//host/share",
        "a//b",
        "a/",
        "CON",
        "con.txt",
        "com1/x",
        "NUL",
        "a\\..\\..\\b",
        "C:\\x",
        "100%",
        "%2E%2E/x",
        "%2e%2e%2fx",
        "line\nbreak",
        "nul\0byte",
        "esc\u{1b}[31m",
        "bidi\u{202e}lmth.exe",
        "zero\u{200b}width",
        "-",
        "-rf",
        "*",
        " lead",
        "trail ",
        "trail.",
        "Case.html",
        "case.html",
        "CASE.HTML",
        "folder",
        "folder/page",
        "folder/page/deeper",
        "FOLDER/other",
        "政务/要闻.html",
        "SHA256SUMS",
        "site.json",
    ]
    .map(str::to_owned)
    .to_vec();
    paths.extend([
        long.clone(),
        format!("{long}/x"),
        format!("{}m", &long[1..]),
        "长".repeat(100),
        "\u{202e}".repeat(100),
        format!("{}d", "a/".repeat(2_000)),
        "\u{202e}".repeat(1_365),
    ]);
    paths
}

/// Every file under a folder, by its path from there.
fn files_under(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("inside").display().to_string();
                files.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    files
}

fn export(place: &Place, name: &str) -> Value {
    let out = place.path().join(name).display().to_string();
    one_object(&place.annals(&["site", "export", "--json", "--site", SITE, "--out", &out]))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leaves_the_folder_and_no_byte_is_lost() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let paths = unsafe_paths();
        let told = Told::of(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        let summary = imported(&place, &told.write(place.path()), &[]);
        assert_eq!(summary["live_pages"], paths.len());
        // SQLite keeps or takes away its log as it likes.
        let around = || {
            let names = names(place.path());
            names.iter().filter(|name| !name.starts_with("annals.db-")).count()
        };
        let before = around();
        let object = export(&place, "site");
        assert_eq!(around(), before + 1);
        let top = files_under(&place.path().join("site"));
        let mut outside: Vec<&str> =
            top.keys().map(String::as_str).filter(|name| !name.starts_with("files/")).collect();
        outside.sort_unstable();
        assert_eq!(outside, ["SHA256SUMS", "site.json"], "{kind:?}");
        let files = files_under(&place.path().join("site/files"));
        assert_eq!(files.len(), paths.len(), "{kind:?}");
        check_list(&object, &told, &files);
        check_names(&files);
        let sums = Command::new("sha256sum")
            .args(["--check", "--strict", "--quiet", "../SHA256SUMS"])
            .current_dir(place.path().join("site/files"))
            .output()
            .expect("sha256sum runs");
        assert!(sums.status.success(), "{} {}", text(&sums.stdout), text(&sums.stderr));
        audit(&place);
    }
}

/// Each page stands in its file with its bytes, and is in `encoded` exactly if names differ.
fn check_list(object: &Value, told: &Told, files: &BTreeMap<String, Vec<u8>>) {
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    let list = |name: &str| object[name].as_array().expect("a list").clone();
    let encoded: BTreeMap<String, String> =
        list("encoded").iter().map(|e| (word(&e["path"]), word(&e["file"]))).collect();
    let pages: BTreeMap<String, Value> =
        list("pages").into_iter().map(|page| (word(&page["path"]), page)).collect();
    assert_eq!(pages.len(), told.lines.len());
    for line in &told.lines {
        let path = word(&line["path"]);
        let page = &pages[&path];
        let file = word(&page["file"]);
        let bytes = &files[&file];
        assert_eq!(line["sha256"], Hash::of(&[bytes]).to_string(), "{path:?}");
        assert_eq!((&page["sha256"], &page["bytes"]), (&line["sha256"], &line["bytes"]));
        assert_eq!(encoded.get(&path), (file != path).then_some(&file), "{path:?}");
    }
    for safe in ["-rf", "政务/要闻.html", "SHA256SUMS", " lead"] {
        assert!(!encoded.contains_key(safe), "{safe:?}");
    }
    for path in ["..", "../../outside", "/etc/passwd", "CON", "100%", "folder", "case.html"] {
        assert!(encoded.contains_key(path), "{path:?}");
    }
    assert_eq!(list("shadowed"), Vec::<Value>::new());
}

fn check_names(files: &BTreeMap<String, Vec<u8>>) {
    let mut folded = std::collections::HashSet::new();
    for name in files.keys() {
        assert!(folded.insert(name.to_lowercase()), "{name}: another differs in case only");
        for part in name.split('/') {
            assert!((1..=255).contains(&part.len()) && part != ".." && part != ".", "{name}");
        }
        let plain = |c: char| !c.is_control() && !"\\:*?\"<>|\u{202e}\u{200b}".contains(c);
        assert!(name.chars().all(plain), "{name:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_pages_on_one_path_the_later_shows_and_the_other_is_listed() {
    let place = Place::new(Kind::Sqlite).await;
    let mut told = Told::of(&["a.html", "b.html"]);
    told.line("created", "a.html", Some("later"));
    told.line("renamed", "b.html", Some("moved over"))["from"] = "a.html".into();
    let summary = imported(&place, &told.write(place.path()), &[]);
    assert_eq!(summary["live_pages"], 3);
    let object = export(&place, "site");
    let shown = fs::read_to_string(place.path().join("site/files/b.html")).expect("the page");
    assert_eq!(shown, "moved over");
    let shadowed: Vec<&str> = object["shadowed"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|page| page["path"].as_str().expect("a path"))
        .collect();
    assert_eq!(shadowed, ["b.html"], "{object}");
    assert_eq!(object["pages"].as_array().expect("a list").len(), 2, "{object}");
    let out = place.path().join("site").display().to_string();
    let again = place.annals(&["site", "export", "--site", SITE, "--out", &out]);
    ends(&again, 3, "is not empty");
    audit(&place);
}
