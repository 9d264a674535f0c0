//! Small histories, made up line by line.

use std::fs;
use std::path::{Path, PathBuf};

use annals_events::Hash;
use serde_json::{Value, json};

/// The two files of a history.
#[derive(Clone, Debug)]
pub struct Files {
    pub changes: PathBuf,
    pub bodies: Option<PathBuf>,
}

/// A history being made up: a line a day from 2020 on.
#[derive(Clone, Default)]
pub struct Told {
    pub lines: Vec<Value>,
    pub bodies: Vec<Value>,
}

impl Told {
    /// Pages created with these paths, each with a text of its own.
    pub fn of(paths: &[&str]) -> Told {
        let mut told = Told::default();
        for (number, path) in paths.iter().enumerate() {
            told.line("created", path, Some(&format!("<p>{number}</p>")));
        }
        told
    }

    /// One more line; members can be changed in what is answered.
    pub fn line(&mut self, change: &str, path: &str, body: Option<&str>) -> &mut Value {
        let seq = self.lines.len();
        let mut line = json!({
            "seq": seq,
            "at": format!("2020-01-01T{:02}:{:02}:00+08:00", seq / 60, seq % 60),
            "author": "王编辑",
            "approved_by": "赵审核",
            "change": change,
            "path": path,
        });
        if let Some(body) = body {
            let sha256 = Hash::of(&[body.as_bytes()]).to_string();
            line["sha256"] = json!(sha256);
            line["bytes"] = json!(body.len());
            self.bodies.push(json!({ "sha256": sha256, "body": body }));
        }
        self.lines.push(line);
        self.lines.last_mut().expect("just pushed")
    }

    /// The changes as text.
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Write both files.
    pub fn write(&self, folder: &Path) -> Files {
        let bodies: String = self.bodies.iter().map(|body| format!("{body}\n")).collect();
        write(folder, self.text().as_bytes(), bodies.as_bytes())
    }
}

/// Write both files from their bytes.
pub fn write(folder: &Path, changes: &[u8], bodies: &[u8]) -> Files {
    let files =
        Files { changes: folder.join("changes.jsonl"), bodies: Some(folder.join("bodies.jsonl")) };
    fs::write(&files.changes, changes).expect("changes are written");
    fs::write(folder.join("bodies.jsonl"), bodies).expect("bodies are written");
    files
}
