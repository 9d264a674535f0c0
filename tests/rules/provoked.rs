//! No finding without a row that provokes it: names are read from the sources of the rules.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{
    Row, account, column, content, import, incident, ledger, message, platform, site, whoever,
};

/// Every table of this room; each is held to the rules by a test beside it.
const TABLES: &[&[Row]] = &[
    account::ROWS,
    column::ROWS,
    content::ROWS,
    import::ROWS,
    incident::ROWS,
    ledger::ROWS,
    message::ROWS,
    platform::ROWS,
    site::ROWS,
    whoever::ROWS,
];

fn sources() -> Vec<PathBuf> {
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("projections/src");
    let rules = fs::read_dir(room.join("rules")).expect("projections/src/rules");
    let mut all: Vec<PathBuf> = rules.map(|file| file.expect("a file").path()).collect();
    all.push(room.join("judge.rs"));
    all
}

/// Names of findings in a piece of source: the first string after each call that makes one.
fn names(source: &str) -> BTreeSet<String> {
    let calls = ["Finding::breach(", "Finding::flag("];
    let after = calls.iter().flat_map(|call| source.split(call).skip(1));
    after
        .filter_map(|rest| rest.trim_start().strip_prefix('"'))
        .filter_map(|rest| rest.split_once('"'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn every_finding_of_the_rules_is_provoked_by_a_row() {
    let mut named = BTreeSet::new();
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap_or_else(|why| panic!("{path:?}: {why}"));
        let calls =
            text.matches("Finding::breach(").count() + text.matches("Finding::flag(").count();
        let found = names(&text);
        assert!(found.len() <= calls, "{path:?}");
        named.extend(found);
    }
    assert!(named.len() > 40, "{named:?}");
    let rows = TABLES.iter().copied().flatten();
    let provoked: BTreeSet<String> =
        rows.flat_map(|row| row.then).map(|name| (*name).to_owned()).collect();
    let missing: Vec<_> = named.difference(&provoked).collect();
    assert!(missing.is_empty(), "no row provokes {missing:?}");
    let unknown: Vec<_> = provoked.difference(&named).collect();
    assert!(unknown.is_empty(), "no rule says {unknown:?}");
}

#[test]
fn names_are_found_over_line_ends_too() {
    let source =
        "x(Finding::breach(\n    \"one\", \"a\")); Finding::flag(\"two\", \"b\"); fn breach(";
    assert_eq!(names(source).into_iter().collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn every_thing_has_a_row_that_is_allowed() {
    for table in TABLES {
        assert!(table.iter().any(|row| row.then.is_empty()));
        let said: BTreeSet<&str> = table.iter().map(|row| row.when).collect();
        assert_eq!(said.len(), table.len(), "two rows say the same");
    }
}
