//! A second run writes nothing; a file that is not the one imported is refused by line.

use std::fs;

use serde_json::json;

use super::{Files, Told, audit, entries, import, imported, real_history, size, told};
use crate::cli::is_failure;
use crate::harness::{BOTH, Kind, Place, code, text};

/// The changes of a place, changed; the bodies as they are.
fn changed(place: &Place, files: &Files, change: impl FnOnce(&mut Vec<String>)) -> Files {
    let text = fs::read_to_string(&files.changes).expect("the changes");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    let changes = place.path().join("changed.jsonl");
    fs::write(&changes, lines.join("\n") + "\n").expect("written");
    Files { changes, bodies: files.bodies.clone() }
}

async fn refused_naming(place: &Place, files: &Files, line: u64) {
    let before = size(place).await;
    let output = import(place, files, &[]);
    let said = text(&output.stderr);
    assert_eq!(code(&output), 1, "{said}");
    assert!(said.contains(&format!("line {line} is not the one imported before")), "{said}");
    is_failure(&output, 1);
    assert_eq!(size(place).await, before, "nothing is written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_line_of_the_real_history_is_named() {
    let Some(files) = real_history() else { return };
    for kind in BOTH {
        let place = Place::new(kind).await;
        imported(&place, &files, &["--stop-after", "500"]);
        let swap = |lines: &mut Vec<String>| {
            let at = lines[17].find("\"path\": \"").expect("a path") + 10;
            lines[17].replace_range(at..=at, "~");
        };
        refused_naming(&place, &changed(&place, &files, swap), 17).await;
        let late = |lines: &mut Vec<String>| lines[600].push(' ');
        refused_naming(&place, &changed(&place, &files, late), 500).await;
        imported(&place, &files, &["--stop-after", "600"]);
        audit(&place);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_byte_of_a_title_is_enough_before_and_after_the_end() {
    for (kind, stop) in [(Kind::Sqlite, "18"), (Kind::Sqlite, "30"), (Kind::Postgres, "30")] {
        let place = Place::new(kind).await;
        let paths: Vec<String> = (0..30).map(|page| format!("{page}.html")).collect();
        let mut told = Told::of(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        told.lines[17]["title"] = json!("title a");
        let files = told.write(place.path());
        imported(&place, &files, &["--stop-after", stop]);
        let title = |lines: &mut Vec<String>| lines[17] = lines[17].replace("title a", "title b");
        refused_naming(&place, &changed(&place, &files, title), 17).await;
        let none = |lines: &mut Vec<String>| lines[17] = lines[17].replace(" a\"", "\"");
        refused_naming(&place, &changed(&place, &files, none), 17).await;
        let space = |lines: &mut Vec<String>| lines[17].push(' ');
        refused_naming(&place, &changed(&place, &files, space), 17).await;
        let next: u64 = stop.parse().expect("a number");
        let shorter = |lines: &mut Vec<String>| lines.truncate(10);
        refused_naming(&place, &changed(&place, &files, shorter), 10).await;
        let longer = |lines: &mut Vec<String>| {
            lines.push(lines[29].replace("\"seq\":29", "\"seq\":30"));
        };
        refused_naming(&place, &changed(&place, &files, longer), next).await;
        let swapped = |lines: &mut Vec<String>| {
            lines.swap(3, 4);
            lines[3] = lines[3].replace("\"seq\":4", "\"seq\":3");
            lines[4] = lines[4].replace("\"seq\":3", "\"seq\":4");
        };
        refused_naming(&place, &changed(&place, &files, swapped), 3).await;
        let summary = imported(&place, &files, &[]);
        assert_eq!(summary["already"], next);
        audit(&place);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_import_is_found_whole_and_another_needs_a_word() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let first = Told::of(&["a.html", "b.html"]).write(place.path());
        imported(&place, &first, &[]);
        let before = size(&place).await;
        for more in [&[][..], &["--further"], &["--cut-over", "2001-01-01T00:00:00Z"]] {
            let summary = imported(&place, &first, more);
            assert_eq!((&summary["appended"], &summary["already"]), (&json!(0), &json!(2)));
        }
        // The bodies are in the ledger: a second run needs no file of them.
        let bare = Files { bodies: None, ..first.clone() };
        imported(&place, &bare, &[]);
        assert_eq!(size(&place).await, before, "{kind:?}");
        let folder = place.path().join("second");
        fs::create_dir(&folder).expect("a folder");
        let mut told = Told::of(&["c.html"]);
        told.line("updated", "a.html", Some("<p>0</p>"));
        let second = told.write(&folder);
        refused_naming(&place, &second, 0).await;
        let summary = imported(&place, &second, &["--further"]);
        assert_eq!((&summary["appended"], &summary["live_pages"]), (&json!(2), &json!(4)));
        assert_eq!(summary["flags"], json!({ "updated_unknown": 1 }));
        for files in [&first, &second] {
            assert_eq!(imported(&place, files, &[])["appended"], 0, "{kind:?}");
        }
        let opened = entries(&place).await;
        let count = |kind: &str| opened.iter().filter(|entry| entry.header.kind == kind).count();
        assert_eq!((count("ledger.import_opened"), count("site.opened")), (2, 1));
        audit(&place);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_no_line_names_are_counted_and_left_out() {
    let place = Place::new(Kind::Sqlite).await;
    let mut told = Told::of(&["a.html"]);
    told.bodies.push(told.bodies[0].clone());
    for text in ["x", "y"] {
        let sha256 = annals_events::Hash::of(&[text.as_bytes()]).to_string();
        told.bodies.push(json!({ "sha256": sha256, "body": text }));
    }
    let summary = imported(&place, &told.write(place.path()), &[]);
    assert_eq!((&summary["bodies"], &summary["bodies_unnamed"]), (&json!(1), &json!(2)));
    audit(&place);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_text_comes_as_base64_packed_or_not() {
    let bytes = [0xff, 0, 0xfe, b'\n', 0x80];
    let sha256 = annals_events::Hash::of(&[&bytes]).to_string();
    let mut told = Told::default();
    let line = told.line("created", "seal.png", Some(""));
    line["sha256"] = json!(sha256);
    line["bytes"] = json!(bytes.len());
    let body = json!({ "sha256": sha256, "base64": data_encoding::BASE64.encode(&bytes) });
    let packed = zstd::encode_all(format!("{body}\n").as_bytes(), 3).expect("packed");
    for is_packed in [false, true] {
        let place = Place::new(Kind::Sqlite).await;
        let mut files =
            told::write(place.path(), told.text().as_bytes(), body.to_string().as_bytes());
        if is_packed {
            let path = place.path().join("bodies.jsonl.zst");
            fs::write(&path, &packed).expect("written");
            files.bodies = Some(path);
        }
        imported(&place, &files, &[]);
        let out = place.path().join("site").display().to_string();
        let output = place.annals(&["site", "export", "--site", super::SITE, "--out", &out]);
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        let shown = fs::read(place.path().join("site/files/seal.png")).expect("the page");
        assert_eq!(shown, bytes);
    }
}
