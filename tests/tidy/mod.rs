//! The house rules, held by a test: each finding is one line that names its fix.
//!
//! A check is a function from a [`Tree`] (the files that git knows) to findings. It runs twice:
//! here on the real tree, and beside its definition on crafted bad files, so that no check can
//! fall silent unnoticed.

mod bans;
mod golden;
mod graph;
mod migrations;
mod modules;
mod paths;
mod shape;
mod source;
mod spelling;
mod tree;
mod walls;

use tree::Tree;

use crate::harness::update_wanted;

/// One broken rule: `path:line: what is wrong: what to do`.
type Finding = String;

/// From files to what is wrong with them.
type Check = fn(&Tree) -> Vec<Finding>;

/// Every check that looks at files only, by name.
const CHECKS: &[(&str, Check)] = &[
    ("rooms", walls::rooms),
    ("room list", walls::room_list),
    ("knowledge", walls::knowledge),
    ("pure crates", walls::pure_crates),
    ("file length", shape::file_length),
    ("lines", shape::lines),
    ("blobs", shape::blobs),
    ("titles", shape::titles),
    ("top level", shape::top_level),
    ("vendored licences", shape::vendored_licences),
    ("doors", modules::doors),
    ("reachable", modules::reachable),
    ("leftovers", bans::leftovers),
    ("outside world", bans::outside_world),
    ("console hosts", bans::console_hosts),
    ("spelling", spelling::spelling),
    ("one meaning", spelling::one_meaning),
    ("event names", spelling::event_names),
    ("migrations", migrations::applied),
    ("golden files", golden::kept),
];

#[test]
fn the_tree_is_tidy() {
    let tree = Tree::of_repository().unwrap_or_else(|why| panic!("{why}"));
    if update_wanted() {
        migrations::write_lock(&tree).unwrap_or_else(|why| panic!("{why}"));
        shape::write_long_files(&tree).unwrap_or_else(|why| panic!("{why}"));
    }
    let tree = Tree::of_repository().unwrap_or_else(|why| panic!("{why}"));
    let mut report = String::new();
    for (name, check) in CHECKS {
        for finding in check(&tree) {
            report += &format!("[{name}] {finding}\n");
        }
    }
    assert!(report.is_empty(), "the tree is not tidy:\n{report}");
}

#[test]
fn the_dependency_graph_is_tidy() {
    let mut report = String::new();
    for (package, banned) in graph::WALLS {
        let listing = graph::packages_of(package).unwrap_or_else(|why| panic!("{why}"));
        for finding in graph::banned_packages(package, banned, &listing) {
            report += &format!("{finding}\n");
        }
    }
    let listing = graph::features_of_workspace().unwrap_or_else(|why| panic!("{why}"));
    for finding in graph::banned_features(&listing) {
        report += &format!("{finding}\n");
    }
    assert!(report.is_empty(), "the dependency graph is not tidy:\n{report}");
}

/// What a check says about crafted files, one finding a line.
fn said(check: Check, files: &[(&str, &str)]) -> String {
    check(&Tree::of(files)).join("\n")
}
