//! How files look: length, lines, size, titles, place.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::Finding;
use super::tree::Tree;

const FILE_LINES_MAX: usize = 400;
const LINE_COLUMNS_MAX: usize = 100;
const BLOB_BYTES_MAX: u64 = 256 * 1024;
const LONG_FILES: &str = "tests/long_files.txt";

/// What may stand at the top, beside dotfiles.
const TOP_LEVEL: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "README.zh-CN.md",
    "events",
    "migrations",
    "projections",
    "src",
    "tests",
    "tools",
];

/// No Rust file is long, but for those listed, which may only shrink.
pub fn file_length(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut listed = long_files(tree, &mut findings);
    for (file, _) in tree.rust() {
        let lines = file.text.lines().count();
        let path = &file.path;
        match listed.remove(path.as_str()) {
            None if lines > FILE_LINES_MAX => findings.push(format!(
                "{path}: {lines} lines, {FILE_LINES_MAX} allowed: make a folder of the same name"
            )),
            Some(_) if lines <= FILE_LINES_MAX => {
                findings.push(format!("{LONG_FILES}: {path} is short now: delete its row"));
            }
            Some(before) if lines > before => findings.push(format!(
                "{path}: grew from {before} to {lines} lines: a long file may only shrink"
            )),
            Some(before) if lines < before => {
                findings.push(format!("{LONG_FILES}: {path} shrank: lower its row to {lines}"));
            }
            _ => {}
        }
    }
    findings.extend(listed.keys().map(|path| format!("{LONG_FILES}: no {path}: delete its row")));
    findings
}

/// Rows are `lines path`; lines beginning with # explain.
fn long_files<'a>(tree: &'a Tree, findings: &mut Vec<Finding>) -> BTreeMap<&'a str, usize> {
    let mut rows = BTreeMap::new();
    let text = tree.get(LONG_FILES).map_or("", |file| file.text.as_str());
    for (index, row) in text.lines().enumerate().filter(|(_, row)| !row.starts_with('#')) {
        match row.split_once(' ').map(|(lines, path)| (path, lines.parse())) {
            Some((path, Ok(lines))) => {
                rows.insert(path, lines);
            }
            _ => findings.push(format!("{LONG_FILES}:{}: write `lines path`", index + 1)),
        }
    }
    rows
}

/// Lowers rows of shrunk files and drops stale ones; never adds a row.
pub fn write_long_files(tree: &Tree) -> Result<(), String> {
    let Some(list) = tree.get(LONG_FILES) else {
        return Ok(());
    };
    let mut text = String::new();
    for row in list.text.lines() {
        let kept = row.split_once(' ').filter(|_| !row.starts_with('#')).map(|(lines, path)| {
            let now = tree.get(path).map_or(0, |file| file.text.lines().count());
            let before = lines.parse().unwrap_or(now);
            if now <= FILE_LINES_MAX {
                String::new()
            } else {
                format!("{} {path}\n", now.min(before))
            }
        });
        text += &kept.unwrap_or_else(|| format!("{row}\n"));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(LONG_FILES);
    fs::write(path, text).map_err(|why| format!("{LONG_FILES}: {why}"))
}

/// No trailing white space, no long lines, a line end at the end.
pub fn lines(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let ours = ["rs", "sql", "toml", "md", "py", "sh", "txt", "html", "css"];
    for file in tree.files().filter(|file| !file.is_foreign()) {
        if !(file.has_extension(&ours) || file.text.starts_with("#!")) {
            continue;
        }
        for (index, line) in file.text.lines().enumerate() {
            let place = format!("{}:{}", file.path, index + 1);
            if line.ends_with([' ', '\t', '\r']) {
                findings.push(format!("{place}: white space at the end: delete it"));
            }
            let columns = line.chars().count();
            if columns > LINE_COLUMNS_MAX && file.has_extension(&["rs", "sql"]) {
                findings.push(format!(
                    "{place}: {columns} columns, {LINE_COLUMNS_MAX} allowed: break the line"
                ));
            }
        }
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            findings.push(format!("{}: no line end at the end: add one", file.path));
        }
    }
    findings
}

/// Large files are data for tests, or come from elsewhere with their licence.
pub fn blobs(tree: &Tree) -> Vec<Finding> {
    tree.files()
        .filter(|file| !file.is_foreign() && file.bytes > BLOB_BYTES_MAX)
        .map(|file| {
            format!("{}: {} KiB: move it to a testdata folder", file.path, file.bytes / 1024)
        })
        .collect()
}

/// Every page has one title.
pub fn titles(tree: &Tree) -> Vec<Finding> {
    let pages = tree.files().filter(|file| !file.is_foreign() && file.has_extension(&["md"]));
    pages
        .filter_map(|file| {
            let mut in_code = false;
            let mut titles = 0;
            for line in file.text.lines() {
                if line.trim_start().starts_with("```") {
                    in_code = !in_code;
                } else if !in_code && line.starts_with("# ") {
                    titles += 1;
                }
            }
            let path = &file.path;
            (titles != 1).then(|| format!("{path}: {titles} titles: begin with one `# ` line"))
        })
        .collect()
}

/// Nothing new at the top.
pub fn top_level(tree: &Tree) -> Vec<Finding> {
    let mut names: Vec<&str> =
        tree.files().filter_map(|file| file.path.split('/').next()).collect();
    names.dedup();
    names.retain(|name| !name.starts_with('.') && !TOP_LEVEL.contains(name));
    names
        .iter()
        .map(|name| format!("{name}: not at the top: each thing has a room below"))
        .collect()
}

/// What others wrote lies in `vendor/<name>/` with its licence; minified files only there.
pub fn vendored_licences(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut folders: Vec<String> = Vec::new();
    for file in tree.files() {
        if let Some((before, after)) = file.path.split_once("/vendor/") {
            match after.split_once('/') {
                Some((name, _)) => folders.push(format!("{before}/vendor/{name}")),
                None => findings.push(format!("{}: give it a folder in vendor", file.path)),
            }
        } else if file.name().contains(".min.") || file.name().contains("-bundle.") {
            findings.push(format!("{}: not ours: move it to a vendor folder", file.path));
        }
    }
    folders.sort();
    folders.dedup();
    let is_licence = |name: &str| {
        let name = name.to_uppercase();
        ["LICENSE", "LICENCE", "COPYING"].iter().any(|begin| name.starts_with(begin))
    };
    for folder in folders {
        if !tree.files().any(|file| file.folder() == folder && is_licence(file.name())) {
            findings.push(format!("{folder}: no licence: put its LICENSE beside it"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::said;
    use super::{blobs, file_length, lines, titles, top_level, vendored_licences};

    #[test]
    fn long_files_may_only_shrink() {
        let long = |lines: usize| "\n".repeat(lines);
        let bad = [
            ("src/a.rs", &*long(401)),
            ("src/grew.rs", &*long(420)),
            ("src/shrank.rs", &*long(402)),
            ("src/short.rs", &*long(400)),
            (
                "tests/long_files.txt",
                "# lines path\n410 src/grew.rs\n410 src/shrank.rs\n410 src/short.rs\n\
                 410 src/gone.rs\nbad\n",
            ),
        ];
        assert_eq!(
            said(file_length, &bad),
            "tests/long_files.txt:6: write `lines path`\n\
             src/a.rs: 401 lines, 400 allowed: make a folder of the same name\n\
             src/grew.rs: grew from 410 to 420 lines: a long file may only shrink\n\
             tests/long_files.txt: src/short.rs is short now: delete its row\n\
             tests/long_files.txt: src/shrank.rs shrank: lower its row to 402\n\
             tests/long_files.txt: no src/gone.rs: delete its row"
        );
    }

    #[test]
    fn lines_end_clean_and_in_time() {
        let wide = format!("-- {}\n", "栏".repeat(98));
        let bad = [("a.sql", &*wide), ("b.rs", "x \ny"), ("c.ndjson", "x ")];
        assert_eq!(
            said(lines, &bad),
            "a.sql:1: 101 columns, 100 allowed: break the line\n\
             b.rs:1: white space at the end: delete it\n\
             b.rs: no line end at the end: add one"
        );
    }

    #[test]
    fn large_files_are_test_data() {
        let large = "x".repeat(256 * 1024 + 1);
        let bad = [("src/a.bin", &*large), ("tests/testdata/b.bin", &*large)];
        assert_eq!(said(blobs, &bad), "src/a.bin: 256 KiB: move it to a testdata folder");
    }

    #[test]
    fn a_page_has_one_title() {
        let bad = [("A.md", "# A\n```\n# code\n```\n"), ("B.md", "# B\n# C\n"), ("D.md", "## D\n")];
        assert_eq!(
            said(titles, &bad),
            "B.md: 2 titles: begin with one `# ` line\n\
             D.md: 0 titles: begin with one `# ` line"
        );
    }

    #[test]
    fn the_top_level_is_fixed() {
        let bad = [(".ci/run", ""), ("docs/a.md", ""), ("docs/b.md", ""), ("src/lib.rs", "")];
        assert_eq!(said(top_level, &bad), "docs: not at the top: each thing has a room below");
    }

    #[test]
    fn what_others_wrote_carries_its_licence() {
        let bad = [
            ("src/console/app.min.js", ""),
            ("src/console/vendor/a/a.js", ""),
            ("src/console/vendor/b/LICENSE.txt", ""),
            ("src/console/vendor/b/b.js", ""),
            ("src/console/vendor/c.js", ""),
        ];
        assert_eq!(
            said(vendored_licences, &bad),
            "src/console/app.min.js: not ours: move it to a vendor folder\n\
             src/console/vendor/c.js: give it a folder in vendor\n\
             src/console/vendor/a: no licence: put its LICENSE beside it"
        );
    }
}
