//! Every type of entry has a golden file, and none that was locked ever changes.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::Finding;
use super::tree::Tree;

const FOLDER: &str = "events/testdata";
const LOCK: &str = "events/testdata/golden.lock";
/// What writes a new golden file and its row: `tidy` alone knows no entry to write.
const WRITE: &str = "`ANNALS_UPDATE=1 cargo test --release --test annals golden`";

/// Types, golden files and the lock name the same.
pub fn kept(tree: &Tree) -> Vec<Finding> {
    kept_of(tree, &annals_events::Event::types().collect::<Vec<_>>())
}

fn kept_of(tree: &Tree, types: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lock = tree.get(LOCK).map_or("", |file| file.text.as_str());
    let rows = lock.lines().filter_map(|row| row.split_once("  "));
    let mut locked: BTreeMap<&str, &str> = rows.map(|(hex, name)| (name, hex)).collect();
    for kind in types {
        let name = format!("{kind}.v1.json");
        let path = format!("{FOLDER}/{name}");
        let Some(file) = tree.get(&path) else {
            findings.push(format!("{path}: missing: run {WRITE}"));
            continue;
        };
        match locked.remove(name.as_str()) {
            None => findings.push(format!("{path}: not in {LOCK}: run {WRITE}")),
            Some(hex) if hex != data_encoding::HEXLOWER.encode(&Sha256::digest(&file.text)) => {
                findings
                    .push(format!("{path}: changed: restore it, bytes of entries never change"));
            }
            Some(_) => {}
        }
    }
    findings.extend(
        locked.keys().map(|name| format!("{FOLDER}/{name}: locked, but of no type: restore it")),
    );
    findings
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::kept_of;

    #[test]
    fn golden_files_are_added_to_and_never_edited() {
        let of_x = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
        let lock = format!("{of_x}  a.b.v1.json\n{of_x}  a.c.v1.json\n{of_x}  a.gone.v1.json\n");
        let tree = Tree::of(&[
            ("events/testdata/golden.lock", lock.as_str()),
            ("events/testdata/a.b.v1.json", "x"),
            ("events/testdata/a.c.v1.json", "y"),
            ("events/testdata/a.d.v1.json", "z"),
        ]);
        assert_eq!(
            kept_of(&tree, &["a.b", "a.c", "a.d", "a.e"]).join("\n"),
            "events/testdata/a.c.v1.json: changed: restore it, bytes of entries never change\n\
             events/testdata/a.d.v1.json: not in events/testdata/golden.lock: \
             run `ANNALS_UPDATE=1 cargo test --release --test annals golden`\n\
             events/testdata/a.e.v1.json: missing: \
             run `ANNALS_UPDATE=1 cargo test --release --test annals golden`\n\
             events/testdata/a.gone.v1.json: locked, but of no type: restore it"
        );
    }
}
