//! Rooms have doors, and no file lies about that no `mod` line names.

use std::collections::BTreeSet;

use super::Finding;
use super::source::Source;
use super::tree::{File, Tree};

/// Folders of modules have `mod.rs` or `lib.rs`, and those begin by saying what the room is.
pub fn doors(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let folders: BTreeSet<&str> = tree
        .rust()
        .filter(|(file, _)| !is_root_by_place(file))
        .map(|(file, _)| file.folder())
        .collect();
    for folder in folders {
        let door = ["lib.rs", "mod.rs", "main.rs"]
            .iter()
            .find_map(|name| tree.get(&format!("{folder}/{name}")));
        match door {
            None => findings.push(format!("{folder}: a room without a door: add mod.rs")),
            Some(door) if !door.text.starts_with("//!") && door.name() != "main.rs" => {
                findings.push(format!("{}:1: begin with //! and what the room is for", door.path));
            }
            Some(_) => {}
        }
    }
    findings
}

/// Every Rust file is named by a `mod` line, from a crate root down.
pub fn reachable(tree: &Tree) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut waiting: Vec<&File> =
        tree.rust().map(|(file, _)| file).filter(|file| is_root(file)).collect();
    while let Some(file) = waiting.pop() {
        if !seen.insert(file.path.as_str()) {
            continue;
        }
        let Some(source) = &file.source else { continue };
        for child in declared(source) {
            let base = children_folder(file);
            waiting.extend(tree.get(&format!("{base}/{child}.rs")));
            waiting.extend(tree.get(&format!("{base}/{child}/mod.rs")));
        }
    }
    tree.rust()
        .filter(|(file, _)| !seen.contains(file.path.as_str()))
        .map(|(file, _)| format!("{}: never compiled: add its `mod` line or delete it", file.path))
        .collect()
}

/// Names of `mod name;` lines, in any visibility.
fn declared(source: &Source) -> impl Iterator<Item = &str> {
    source.code.split(';').filter_map(|before| {
        let mut words = before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_'));
        let name = words.next()?;
        (words.next()? == "mod").then_some(name)
    })
}

fn children_folder(file: &File) -> String {
    if is_root(file) || file.name() == "mod.rs" {
        file.folder().to_owned()
    } else {
        file.path.trim_end_matches(".rs").to_owned()
    }
}

fn is_root(file: &File) -> bool {
    matches!(file.name(), "lib.rs" | "main.rs" | "build.rs") || is_root_by_place(file)
}

/// Files that are crates because of where they lie: `tests/*.rs` of a member and `src/bin/*.rs`.
fn is_root_by_place(file: &File) -> bool {
    file.name() == "build.rs"
        || file.folder().ends_with("/src/bin")
        || (file.folder().ends_with("/tests") && !file.folder().contains("src/"))
        || file.folder() == "src/bin"
}

#[cfg(test)]
mod tests {
    use super::super::said;
    use super::{doors, reachable};

    #[test]
    fn a_room_has_a_door_with_a_name_plate() {
        let bad = [("src/lib.rs", "//! Tour.\n"), ("src/a/b.rs", ""), ("src/c/mod.rs", "use x;\n")];
        assert_eq!(
            said(doors, &bad),
            "src/a: a room without a door: add mod.rs\n\
             src/c/mod.rs:1: begin with //! and what the room is for"
        );
    }

    #[test]
    fn a_file_that_no_mod_line_names_is_dead() {
        let bad = [
            ("src/lib.rs", "pub mod a;\n// mod dead;\n"),
            ("src/a/mod.rs", "mod b;\n"),
            ("src/a/b.rs", "mod c;"),
            ("src/a/b/c.rs", ""),
            ("src/dead.rs", ""),
            ("tests/main.rs", "mod tidy;\n"),
            ("tests/tidy.rs", ""),
            ("tests/forgotten.rs", ""),
            ("events/tests/golden.rs", ""),
        ];
        assert_eq!(
            said(reachable, &bad),
            "src/dead.rs: never compiled: add its `mod` line or delete it\n\
             tests/forgotten.rs: never compiled: add its `mod` line or delete it"
        );
    }
}
