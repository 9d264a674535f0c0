//! Every rule of the format, one row each: exit 3, the line and the member named, nothing written.

use annals_events::attributes::Attributes;
use std::fs;

use serde_json::{Value, json};

use super::{Files, SITE, Told, arguments, import, size, told};
use crate::cli::is_failure;
use crate::harness::{ADMINISTRATOR, AUDITOR, BOTH, Kind, Place, Town, code, text};

fn three() -> Told {
    Told::of(&["a.html", "b.html", "c.html"])
}

/// Line 1 with one member changed; `null` takes the member away.
fn with(member: &str, value: Value) -> String {
    let mut told = three();
    let line = told.lines[1].as_object_mut().expect("an object");
    if value.is_null() {
        line.remove(member);
    } else {
        line.insert(member.to_owned(), value);
    }
    told.text()
}

/// Line 1 of another change.
fn of_change(change: &str, body: Option<&str>, from: Option<&str>) -> String {
    let mut told = Told::of(&["a.html"]);
    let line = told.line(change, "a.html", body);
    if let Some(from) = from {
        line["from"] = json!(from);
    }
    told.text()
}

/// Line 1 removes, with this member besides.
fn removed_with(member: &str, value: Value) -> String {
    let mut told = Told::of(&["a.html"]);
    told.line("removed", "a.html", None)[member] = value;
    told.text()
}

/// Line 1 with this text in the place of its first occurrence of another.
fn replaced(before: &str, after: &str) -> String {
    let text = three().text();
    let at = text.find('\n').expect("a line") + 1;
    text[..at].to_owned() + &text[at..].replacen(before, after, 1)
}

/// Changes, and the words that must be said of them.
fn rows() -> Vec<(Vec<u8>, &'static [&'static str])> {
    let long = |bytes: usize| json!("l".repeat(bytes));
    let texts: Vec<(String, &[&str])> = vec![
        (String::new(), &["no lines"]),
        ("\n".to_owned(), &["line 0"]),
        (replaced("{", "["), &["line 1"]),
        (three().text().replace("\"seq\":1,", "\"seq\":1"), &["line 1"]),
        (three().text() + "\n", &["line 3"]),
        (three().text() + "{}\n", &["line 3", "seq"]),
        (three().text() + "3\n", &["line 3"]),
        (replaced("\"seq\":1", "\"seq\":1,\"seq\":1"), &["line 1", "duplicate", "seq"]),
        (replaced("b.html", "\\ud800"), &["line 1"]),
        (with("seq", json!(2)), &["line 1", "seq is 2"]),
        (with("seq", json!(0)), &["line 1", "seq is 0"]),
        (with("seq", json!(-1)), &["line 1"]),
        (with("seq", Value::Null), &["line 1", "seq"]),
        (with("at", json!("2020-01-01")), &["line 1", "at:"]),
        (with("at", json!("2020-01-01T00:00:00")), &["line 1", "at:"]),
        (with("at", json!("2020-02-30T00:00:00Z")), &["line 1", "at:"]),
        (with("at", json!("2016-12-31T23:59:60Z")), &["line 1", "at:"]),
        (with("at", Value::Null), &["line 1", "at"]),
        (with("at", json!("9999-01-01T00:00:00Z")), &["line 1", "at:", "cut-over"]),
        (with("author", Value::Null), &["line 1", "author"]),
        (with("author", json!("")), &["line 1", "author"]),
        (with("author", long(513)), &["line 1", "author"]),
        (with("author", json!("王\u{202e}编辑")), &["line 1", "author"]),
        (with("author", json!("王\u{200b}编辑")), &["line 1", "author"]),
        (with("author", json!("王\n编辑")), &["line 1", "author"]),
        (with("approved_by", json!("")), &["line 1", "approved_by"]),
        (with("approved_by", json!("赵\u{feff}")), &["line 1", "approved_by"]),
        (with("approved_by", long(513)), &["line 1", "approved_by"]),
        (with("change", json!("moved")), &["line 1", "moved"]),
        (with("change", Value::Null), &["line 1", "change"]),
        (with("path", Value::Null), &["line 1", "path"]),
        (with("path", json!("")), &["line 1", "path"]),
        (with("path", long(4_097)), &["line 1", "path"]),
        (with("title", long(16_385)), &["line 1", "title"]),
        (with("title", json!(1)), &["line 1"]),
        (with("note", long(65_536)), &["line 1", "longer than 65536"]),
        (with("from", json!("x")), &["line 1", "from"]),
        (of_change("renamed", Some("x"), None), &["line 1", "from"]),
        (of_change("renamed", Some("x"), Some("")), &["line 1", "from"]),
        (of_change("renamed", Some("x"), Some(&"l".repeat(4_097))), &["line 1", "from"]),
        (of_change("removed", Some("x"), None), &["line 1", "sha256"]),
        (of_change("removed", None, Some("x")), &["line 1", "from"]),
        (removed_with("bytes", json!(1)), &["line 1", "sha256 and bytes"]),
        (removed_with("sha256", json!("ab".repeat(32))), &["line 1", "sha256 and bytes"]),
        (of_change("updated", None, None), &["line 1", "sha256"]),
        (with("bytes", Value::Null), &["line 1", "bytes"]),
        (with("bytes", json!(-1)), &["line 1"]),
        (with("bytes", json!(9)), &["line 1", "bytes"]),
        (with("bytes", json!(u64::MAX)), &["line 1", "bytes"]),
        (with("sha256", Value::Null), &["line 1", "sha256"]),
        (with("sha256", json!("AB".repeat(32))), &["line 1"]),
        (with("sha256", json!("ab".repeat(31))), &["line 1"]),
        (with("sha256", json!("ab".repeat(32))), &["line 1", "body", "not supplied"]),
    ];
    let mut rows: Vec<(Vec<u8>, &[&str])> =
        texts.into_iter().map(|(text, words)| (text.into_bytes(), words)).collect();
    let mut bytes = three().text().into_bytes();
    let second = bytes.iter().position(|byte| *byte == b'\n').expect("a line") + 9;
    bytes[second] = 0xff;
    rows.push((bytes, &["line 1", "not UTF-8"]));
    rows
}

async fn refused(place: &Place, files: &Files, words: &[&str], case: &str) {
    let before = size(place).await;
    let output = import(place, files, &[]);
    let said = text(&output.stderr);
    assert_eq!(code(&output), 3, "{case}: {said}");
    for word in words {
        assert!(said.contains(word), "{case}: `{word}` is not in: {said}");
    }
    // One line is named, and once: a parser counts within it.
    assert!(!said.contains(" at line "), "{case}: {said}");
    is_failure(&output, 3);
    assert_eq!(size(place).await, before, "{case}: nothing is written");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_for_a_line_refuses_and_names_it() {
    let place = Place::new(Kind::Sqlite).await;
    for (number, (changes, words)) in rows().into_iter().enumerate() {
        let files = three().write(place.path());
        fs::write(&files.changes, &changes).expect("written");
        refused(&place, &files, words, &format!("row {number}")).await;
    }
    let output = import(&place, &three().write(place.path()), &[]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_for_a_body_refuses_and_names_its_line() {
    let place = Place::new(Kind::Sqlite).await;
    let told = three();
    let (first, second) = (&told.bodies[0], &told.bodies[1]);
    let sha256 = second["sha256"].clone();
    let body = second["body"].clone();
    let rows: Vec<(Value, &[&str])> = vec![
        (json!({ "sha256": sha256, "body": "other" }), &["line 2", "sha256"]),
        (json!({ "sha256": sha256, "base64": "PHA+" }), &["line 2", "sha256"]),
        (json!({ "sha256": sha256, "base64": "PHA" }), &["line 2", "base64"]),
        (json!({ "sha256": sha256, "base64": "PHA-" }), &["line 2", "base64"]),
        (json!({ "sha256": sha256 }), &["line 2", "either body or base64"]),
        (json!({ "sha256": sha256, "body": body, "base64": "" }), &["line 2", "either body"]),
        (json!({ "sha256": sha256, "body": body, "more": 1 }), &["line 2", "more"]),
        (json!({ "body": body }), &["line 2", "sha256"]),
        (json!({ "sha256": "ab", "body": body }), &["line 2"]),
        (json!([]), &["line 2"]),
    ];
    for (number, (row, words)) in rows.into_iter().enumerate() {
        let bodies = format!("{first}\n{row}\n");
        let files = told::write(place.path(), told.text().as_bytes(), bodies.as_bytes());
        refused(&place, &files, words, &format!("row {number}")).await;
    }
    for (bodies, words) in [
        (format!("{first}\n\n{second}\n").into_bytes(), &["line 2"][..]),
        (format!("{first}\n{second}\n").into_bytes(), &["line 2", "not supplied"]),
        (b"\xff\xfe\n".to_vec(), &["--bodies ", "line 1"]),
        (Vec::new(), &["line 0", "not supplied"]),
    ] {
        let files = told::write(place.path(), told.text().as_bytes(), &bodies);
        refused(&place, &files, words, &text(&bodies)).await;
    }
    let files = told.write(place.path());
    let bare = Files { bodies: None, ..files.clone() };
    refused(&place, &bare, &["line 0", "not supplied"], "no bodies").await;
    for member in [0, 1] {
        let mut files = files.clone();
        if member == 0 {
            files.changes = place.path().join("nowhere");
        } else {
            files.bodies = Some(place.path().join("nowhere"));
        }
        refused(&place, &files, &["nowhere"], "a file that is not there").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packed_file_that_is_damaged_is_refused() {
    let place = Place::new(Kind::Sqlite).await;
    let told = three();
    let mut files = told.write(place.path());
    let plain = fs::read(files.bodies.as_ref().expect("bodies")).expect("bodies");
    let packed = zstd::encode_all(&plain[..], 3).expect("packed");
    let path = place.path().join("bodies.jsonl.zst");
    files.bodies = Some(path.clone());
    let cut = packed.len() - 4;
    for (bytes, words) in [
        (&b"no zstd at all"[..], &["line 1"][..]),
        (&plain[..], &["line 1"]),
        (&packed[..cut], &["line "]),
        (&[], &["line 1"]),
    ] {
        fs::write(&path, bytes).expect("written");
        refused(&place, &files, words, &format!("{} bytes", bytes.len())).await;
    }
    fs::write(&path, &packed).expect("written");
    assert_eq!(code(&import(&place, &files, &[])), 0);
}

/// The value of an option, replaced.
fn instead(files: &Files, option: &str, value: &str) -> Vec<String> {
    let mut all = arguments(files);
    let at = all.iter().position(|argument| argument == option).expect("the option");
    all[at + 1] = value.to_owned();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn two_persons_of_two_duties_are_needed_before_anything_is_written() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let app = place.app().await;
        Town::build(&app, &place).await;
        app.stop().await.expect("a clean stop");
        let files = three().write(place.path());
        let auditor = format!("account/{}", place.auditor());
        let unknown = "account/00000000-0000-7000-8000-000000000000";
        let rows: [(&str, &str, i32, &str); 9] = [
            (ADMINISTRATOR, ADMINISTRATOR, 1, "one person"),
            ("王编辑", "王编辑", 1, "one person"),
            (AUDITOR, AUDITOR, 1, "one person"),
            (AUDITOR, ADMINISTRATOR, 1, "auditor"),
            (&auditor, ADMINISTRATOR, 1, "auditor"),
            ("查无此人", AUDITOR, 3, "--opened-by"),
            (ADMINISTRATOR, "查无此人", 3, "--closed-by"),
            (unknown, AUDITOR, 3, "--opened-by"),
            ("account/", AUDITOR, 3, "--opened-by"),
        ];
        let before = size(&place).await;
        for (opened_by, closed_by, exit, word) in rows {
            let mut all = instead(&files, "--opened-by", opened_by);
            let at = all.iter().position(|a| a == "--closed-by").expect("the option");
            all[at + 1] = closed_by.to_owned();
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            let output = place.annals(&all);
            let said = text(&output.stderr);
            let case = format!("{kind:?}: {opened_by} and {closed_by}: {said}");
            assert_eq!(code(&output), exit, "{case}");
            assert!(said.contains(word), "{case}");
            assert_eq!(size(&place).await, before, "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_one_duty_or_one_name_are_refused_or_told_apart() {
    use annals_events::account::Duty;
    use annals_events::command::{Command, OpenAccount};
    use annals_events::id::AccountId;
    let place = Place::new(Kind::Sqlite).await;
    let app = place.app().await;
    let organisation = place.founded.organisation;
    let twins = [(); 2].map(|()| AccountId(uuid::Uuid::now_v7()));
    for twin in twins {
        let open = OpenAccount {
            attributes: Attributes::default(),
            duty: Duty::Administrator,
            name: "张建军".to_owned(),
            organisation,
            person: None,
        };
        crate::harness::give(&app, place.administrator(), twin, Command::OpenAccount(open)).await;
    }
    app.stop().await.expect("a clean stop");
    let files = three().write(place.path());
    let before = size(&place).await;
    let run = |opened_by: &str| {
        let all = instead(&files, "--opened-by", opened_by);
        let mut all: Vec<&str> = all.iter().map(String::as_str).collect();
        let at = all.iter().position(|a| *a == "--closed-by").expect("the option");
        all[at + 1] = ADMINISTRATOR;
        place.annals(&all)
    };
    let output = run("张建军");
    let said = text(&output.stderr);
    assert_eq!(code(&output), 3, "{said}");
    assert!(twins.iter().all(|twin| said.contains(&format!("account/{twin}"))), "{said}");
    let output = run(&format!("account/{}", twins[0]));
    assert_eq!(code(&output), 1, "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("one duty"), "{}", text(&output.stderr));
    assert_eq!(size(&place).await, before);
    // Told apart by its id, with a person of another duty.
    let all = instead(&files, "--opened-by", &format!("account/{}", twins[1]));
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(code(&place.annals(&all)), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_name_or_cut_over_is_refused_before_anything_is_written() {
    let place = Place::new(Kind::Sqlite).await;
    let files = three().write(place.path());
    let before = size(&place).await;
    let long = "站".repeat(201);
    for (option, value) in [
        ("--site", ""),
        ("--site", " 网站"),
        ("--site", "网站 "),
        ("--site", "网\u{202e}站"),
        ("--site", "网\n站"),
        ("--site", &long),
        ("--cut-over", "yesterday"),
        ("--cut-over", "2020-01-01"),
        ("--cut-over", "9999-01-01T00:00:00Z"),
        ("--cut-over", "2020-01-01T00:01:00+08:00"),
        ("--cut-over", "2019-01-01T00:00:00Z"),
        ("--stop-after", "-1"),
        ("--stop-after", "many"),
    ] {
        let mut all = arguments(&files);
        match all.iter().position(|argument| argument == option) {
            Some(at) => all[at + 1] = value.to_owned(),
            None => all.push(format!("{option}={value}")),
        }
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let output = place.annals(&all);
        let said = text(&output.stderr);
        assert_eq!(code(&output), 3, "{option} {value:?}: {said}");
        assert!(said.contains(option) || said.contains("cut-over"), "{option} {value:?}: {said}");
        assert_eq!(size(&place).await, before, "{option} {value:?}");
    }
    let nowhere = place.path().join("nowhere");
    let mut wrong = files.clone();
    wrong.changes = nowhere.clone();
    let mut wrong_bodies = files.clone();
    wrong_bodies.bodies = Some(nowhere);
    for (wrong, option) in [(wrong, "--changes "), (wrong_bodies, "--bodies ")] {
        let output = import(&place, &wrong, &[]);
        let said = text(&output.stderr);
        assert!(code(&output) == 3 && said.contains(option), "{option}: {said}");
        assert_eq!(size(&place).await, before, "{option}");
    }
    let output = import(&place, &files, &["--cut-over", "2020-01-01T00:02:00.000001+08:00"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert_eq!(SITE, "示例市人民政府网");
}
