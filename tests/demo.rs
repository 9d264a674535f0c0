//! `annals demo`, from outside: it ends well, says what it found, leaves nothing, and what it
//! proposes works.
#![allow(clippy::disallowed_methods, reason = "the environment is how programs are started")]

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::harness::{code, json as object, text};

/// Run the demo with temporary folders made in `temporary`.
fn demo(temporary: &Path, arguments: &[&OsStr]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_annals"))
        .arg("demo")
        .args(arguments)
        .env("TMPDIR", temporary)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<String> =
        entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn the_tour_ends_well_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().expect("a folder");
    let output = demo(temporary.path(), &[]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert_eq!(names(temporary.path()), [""; 0]);
    let said = text(&output.stdout);
    for line in [
        "    #0   ledger.genesis                     (the ledger)   ",
        "    拒绝：不得审核本人提交的版本。",
        "    refused: annals:reviewer_is_author: ",
        "    拒绝：该版本尚未经他人审核通过。",
        "    refused: annals:review_missing: ",
        "    拒绝：审计员除确认须由两人办理的操作外，不得写入任何记录。",
        "    refused: annals:auditor_writes_nothing: ",
        "    | SOUND: ",
        "    | TAMPERED: ",
        "    | first bad:  entry 14 (line 17): ",
        "    | first bad:  entry 14: ",
        "    $ annals demo --dir qinghe",
    ] {
        assert!(said.lines().any(|l| l.starts_with(line)), "no {line:?} in {said}");
    }
    assert!(said.contains("5个工作日”") && said.contains("3个工作日”"), "{said}");
}

#[test]
fn the_summary_says_what_was_refused_and_what_was_found() {
    let temporary = tempfile::tempdir().expect("a folder");
    let dir = temporary.path().join("青河 kept");
    let output = demo(temporary.path(), &["--json".as_ref(), "--dir".as_ref(), dir.as_ref()]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let found = object(&output);
    let refusals = found["refusals"].as_array().expect("refusals");
    let refusals: Vec<_> = refusals.iter().map(|r| (&r["who"], &r["clause"])).collect();
    assert_eq!(
        refusals,
        [
            (&json!("editor"), &json!("annals:reviewer_is_author")),
            (&json!("editor"), &json!("annals:review_missing")),
            (&json!("approver"), &json!("annals:review_missing")),
            (&json!("auditor"), &json!("annals:auditor_writes_nothing")),
        ]
    );
    assert_eq!(found["entries"], 22);
    assert_eq!(
        found["verdicts"],
        json!({ "export": "sound", "forged_export": "tampered", "forged_store": "tampered" })
    );
    assert_eq!(found["first_bad"], json!({ "expected": 14, "export": 14, "store": 14 }));
    assert_eq!(
        found["correction"],
        json!({ "before": "承诺办结时限：5个工作日", "after": "承诺办结时限：3个工作日" })
    );
    assert_eq!(found["passed_by"], json!({ "before": "赵慧", "after": "赵慧" }));
    assert_eq!(found["unmet"], json!([]));
    assert_eq!(found["dir"], json!(dir.display().to_string()));
    let pinned = fs::read_to_string(dir.join("genesis.json")).expect("a pinned genesis");
    let pinned: Value = serde_json::from_str(&pinned).expect("an object");
    assert_eq!(found["genesis"], pinned["genesis"]);
    let export = fs::read_to_string(dir.join("export.ndjson")).expect("an export");
    assert!(export.contains(r#"\"purpose\":\"demo\""#));
    // A folder in use is left alone.
    let before = names(&dir);
    let again = demo(temporary.path(), &["--dir".as_ref(), dir.as_ref()]);
    assert_eq!(code(&again), 3, "{}", text(&again.stdout));
    assert_eq!(names(&dir), before);
}

/// Each forged copy is the genuine file but for one byte.
#[test]
fn the_forged_copies_differ_in_one_byte() {
    let temporary = tempfile::tempdir().expect("a folder");
    let dir = temporary.path().join("kept");
    let output = demo(temporary.path(), &["--json".as_ref(), "--dir".as_ref(), dir.as_ref()]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    for (genuine, forged) in [("export.ndjson", "forged.ndjson"), ("annals.db", "forged.db")] {
        let [genuine, forged] = [genuine, forged]
            .map(|name| fs::read(dir.join(name)).unwrap_or_else(|error| panic!("{name}: {error}")));
        assert_eq!(genuine.len(), forged.len());
        assert_eq!(genuine.iter().zip(&forged).filter(|(a, b)| a != b).count(), 1);
    }
}

#[test]
fn what_the_tour_proposes_works_in_this_order() {
    let temporary = tempfile::tempdir().expect("a folder");
    let built = Path::new(env!("CARGO_BIN_EXE_annals")).parent().expect("a folder");
    for dir in ["it's here", "qinghe"] {
        let dir = temporary.path().join(dir);
        let arguments: [&OsStr; 3] = ["--json".as_ref(), "--dir".as_ref(), dir.as_ref()];
        let output = demo(temporary.path(), &arguments);
        let found = object(&output);
        let next = found["next"].as_array().expect("what to try next");
        assert_eq!(next.len(), 6);
        for next in next {
            let command = next["command"].as_str().expect("a command");
            let output = Command::new("bash")
                .arg("-c")
                .arg(format!("PATH=\"$0:$PATH\"\n{command}"))
                .arg(built)
                .stdin(Stdio::null())
                .output()
                .expect("bash runs");
            let said = format!("{command}: {}{}", text(&output.stdout), text(&output.stderr));
            assert_eq!(Some(i64::from(code(&output))), next["exit"].as_i64(), "{said}");
            // The forged page text is found at the draft that brought it.
            let forged = next["exit"] == 1;
            assert_eq!(said.contains("first bad:  entry 12: body: "), forged, "{said}");
        }
    }
}
