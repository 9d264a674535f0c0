//! The pages of the format name every type, command, breach and flag there is, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use annals_events::Event;
use annals_events::command::{Command, DEEDS, Reporting};

type Names = BTreeSet<String>;

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// What stands between backticks, word by word.
fn quoted(text: &str) -> Names {
    let spans = text.split('`').skip(1).step_by(2);
    spans.flat_map(str::split_whitespace).map(str::to_owned).collect()
}

/// The cells of this column in all tables whose header begins so.
fn column(page: &str, header: &str, number: usize) -> Names {
    let mut all = Names::new();
    let mut inside = false;
    for line in page.lines() {
        inside = line.starts_with(header) || (inside && line.starts_with('|'));
        if inside && !line.starts_with(header) {
            let cell = line.split('|').nth(number).unwrap_or_else(|| panic!("{line}"));
            all.extend(quoted(cell));
        }
    }
    assert!(!all.is_empty(), "{header}");
    all
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for file in fs::read_dir(folder).expect("a folder") {
        let path = file.expect("a file").path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The names that code gives to what it finds.
fn findings(kind: &str) -> Names {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("projections/src"), &mut files);
    let mut all = Names::new();
    for file in files {
        let source = fs::read_to_string(&file).expect("a source");
        for after in source.split(&format!("Finding::{kind}(")).skip(1) {
            let name = after.trim_start().strip_prefix('"').and_then(|name| name.split_once('"'));
            all.extend(name.map(|(name, _)| name.to_owned()));
        }
    }
    all
}

#[test]
fn the_page_of_rules_names_every_breach_and_flag_and_no_other() {
    let page = text("events/TYPES.md");
    let mut breaches = findings("breach");
    // Those that follow from the lines of imports stand in the verifier alone.
    let lines = text("tools/verify/src/auditor/imports.rs");
    let of_lines = lines.split("(\"import_").skip(1).filter_map(|after| after.split_once('"'));
    breaches.extend(of_lines.map(|(name, _)| format!("import_{name}")));
    assert!(breaches.len() > 60 && breaches.contains("import_page"), "{breaches:?}");
    assert_eq!(column(&page, "| breach | when |", 1), breaches);
    assert_eq!(column(&page, "| flag | when |", 1), findings("flag"));
}

#[test]
fn the_page_of_types_has_every_type_and_no_other() {
    let types: Names = Event::types().map(str::to_owned).collect();
    assert_eq!(column(&text("events/TYPES.md"), "| type | facts | private part |", 1), types);
    let page = text("events/README.md");
    let section = page.split("## 12. ").nth(1).and_then(|after| after.split("## 13. ").next());
    let mut listed = Names::new();
    for line in section.expect("a section").lines().filter_map(|line| line.strip_prefix("- `")) {
        let (thing, words) = line.split_once('`').expect("a thing");
        listed.extend(quoted(words).iter().map(|word| format!("{thing}{word}")));
    }
    assert_eq!(listed, types);
}

#[test]
fn the_page_of_commands_has_every_command_with_what_it_writes() {
    let page = text("events/TYPES.md");
    let mut named = column(&page, "| command | members | type |", 1);
    for (header, told) in [("| done | type |", false), ("| told | type |", true)] {
        for number in [1, 3] {
            let names = column(&page, header, number);
            let of = |kind: &&annals_events::command::DeedKind| names.contains(kind.name);
            let deeds: Vec<_> = DEEDS.iter().filter(of).collect();
            assert_eq!(deeds.len(), names.len(), "{names:?}");
            for deed in deeds {
                assert_eq!(deed.reporting != Reporting::Never, told, "{}", deed.name);
                let pair = format!("| `{}`", deed.name);
                let after = page.split(&pair).nth(1).unwrap_or_else(|| panic!("{pair}"));
                let (either, writes) = after.split_once('|').expect("a cell");
                let with_time = deed.reporting == Reporting::WithTime;
                assert_eq!(either.contains("(either)"), with_time, "{}", deed.name);
                assert!(writes.starts_with(&format!(" `{}` |", deed.writes)), "{}", deed.name);
            }
            named.extend(names);
        }
    }
    assert_eq!(named, Command::names().map(str::to_owned).collect());
}
