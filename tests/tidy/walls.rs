//! Who may import whom, and who may know what.

use std::collections::BTreeSet;

use super::Finding;
use super::paths::{flat_paths, names_path};
use super::source::words;
use super::tree::{File, Tree};

/// Rooms of `src/` from the bottom up, each with the rooms it may import. A room imports only
/// what stands above its row in this table, so that no circle can arise. Change a row together
/// with the drawing in ARCHITECTURE.md.
const ROOMS: &[(&str, &str)] = &[
    ("clock", ""),
    ("profiles", ""),
    ("store", ""),
    ("tokens", "store"),
    ("config", ""),
    ("profiles", ""),
    ("error", "store config"),
    ("ledger", "clock store config error"),
    ("commands", "clock config error ledger"),
    ("app", "clock store config error ledger commands"),
    ("import", "clock store config error commands ledger app"),
    ("http", "clock store tokens ledger app"),
    ("cli", "clock profiles store tokens config error commands ledger app import http"),
    ("main", "cli"),
];

/// Crates that only some rooms of `src/` may name.
const KNOWLEDGE: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("axum", &["http"]),
    ("hyper", &["http"]),
    ("hyper_util", &["http"]),
    ("tokio_rustls", &["http"]),
    ("utoipa_swagger_ui", &["http"]),
];

/// Beginnings of SQL statements; in upper case, as ours are written.
const SQL: &[&str] = &[
    "SELECT ",
    "INSERT INTO ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "ALTER TABLE ",
    "DROP TABLE ",
    "TRUNCATE ",
    "PRAGMA ",
];

/// Paths that must not occur in code that a stranger recomputes from.
const IMPURE: &[(&str, &str)] = &[
    ("std::fs", "take bytes or a reader from the caller"),
    ("std::net", "leave the network to the service"),
    ("std::process", "leave processes to the service"),
    ("std::env", "take settings as arguments"),
    ("SystemTime::now", "take the time from the entry or the caller"),
    ("Instant::now", "take the time from the entry or the caller"),
    ("Utc::now", "take the time from the entry or the caller"),
    ("Local::now", "take the time from the entry or the caller"),
];

/// A room names only rooms that its row allows.
pub fn rooms(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, source) in tree.rust() {
        let Some(room) = room_of(file) else { continue };
        let row = ROOMS.iter().find(|(name, _)| *name == room);
        let allowed = row.map_or("", |(_, allowed)| allowed);
        let is_allowed = |named: &str| allowed.split(' ').any(|name| name == named);
        for (line, named) in named_rooms(file, &source.code) {
            if named == "*" {
                findings.push(format!("{}:{line}: imports the whole crate: name it", file.path));
            } else if named != room && !is_allowed(&named) {
                findings.push(format!(
                    "{}:{line}: {room} imports {named}: pass it in from above, or change the wall",
                    file.path
                ));
            }
        }
    }
    findings
}

/// Every room of `src/` has a row, and rows name only rows above them.
pub fn room_list(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, (room, allowed)) in ROOMS.iter().enumerate() {
        for other in allowed.split_whitespace() {
            if !ROOMS[..index].iter().any(|(above, _)| *above == other) {
                findings.push(format!("ROOMS: {room} names {other}, which is not above it"));
            }
        }
    }
    let rooms: BTreeSet<&str> = tree.rust().filter_map(|(file, _)| room_of(file)).collect();
    for room in rooms {
        if !ROOMS.iter().any(|(name, _)| *name == room) {
            findings.push(format!("src/{room}: unknown room: give it a row in ROOMS"));
        }
    }
    findings
}

/// Only the store knows SQL.
pub fn knowledge(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, source) in tree.rust() {
        let Some(room) = room_of(file) else { continue };
        for (line, word) in words(&source.code) {
            let Some((_, allowed)) = KNOWLEDGE.iter().find(|(name, _)| *name == word) else {
                continue;
            };
            if !allowed.contains(&room) {
                let rooms = allowed.join(", ");
                findings.push(format!("{}:{line}: {word} belongs in {rooms}", file.path));
            }
        }
        let sql = |text: &str| SQL.iter().any(|begin| text.trim_start().starts_with(begin));
        for literal in source.literals.iter().filter(|l| room != "store" && sql(&l.text)) {
            findings.push(format!("{}:{}: SQL belongs in store", file.path, literal.line));
        }
    }
    findings
}

/// `events` and `projections` compute from what they are given; the verifier's library too, but
/// for the files it is pointed at.
pub fn pure_crates(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, source) in tree.rust() {
        let verifier = file.is_under("tools/verify/src") && file.name() != "main.rs";
        if !(file.is_under("events/src") || file.is_under("projections/src") || verifier)
            || file.is_test()
        {
            continue;
        }
        for (line, code) in flat_paths(&source.shipped) {
            for (path, fix) in IMPURE.iter().filter(|(path, _)| names_path(&code, path)) {
                if !(verifier && *path == "std::fs") {
                    findings.push(format!("{}:{line}: {path} in pure code: {fix}", file.path));
                }
            }
        }
    }
    findings
}

/// The room a file of `src/` belongs to; `lib.rs` is the tour and belongs to none.
fn room_of(file: &File) -> Option<&str> {
    let inside = file.path.strip_prefix("src/")?;
    let room = inside.split('/').next()?.trim_end_matches(".rs");
    (room != "lib").then_some(room)
}

/// Rooms that a file names: after `crate::`, after enough `super::`, or after `annals::` in main.
fn named_rooms(file: &File, code: &str) -> Vec<(usize, String)> {
    let inside = file.path.trim_start_matches("src/");
    let depth = inside.matches('/').count() + usize::from(file.name() != "mod.rs");
    let up = "super::".repeat(depth);
    let roots: &[&str] = if inside == "main.rs" { &["annals::"] } else { &["crate::", &up] };
    let mut found = Vec::new();
    for (line, path) in flat_paths(code) {
        for root in roots.iter().filter(|root| !root.is_empty()) {
            let Some(rest) = path.strip_prefix(root) else {
                continue;
            };
            let first = rest.split("::").next().unwrap_or_default();
            let is_room = ROOMS.iter().any(|(room, _)| *room == first);
            if is_room || (first == "*" && *root == "crate::") {
                found.push((line, first.to_owned()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::said;
    use super::{knowledge, pure_crates, room_list, rooms};

    #[test]
    fn a_room_imports_only_rooms_below_it() {
        let bad = [
            ("src/store/sqlite.rs", "use crate::{error::Exit, ledger};\nuse super::super::app;\n"),
            ("src/clock.rs", "// crate::app\nuse super::config;\nuse crate::*;\n"),
            ("src/main.rs", "use annals::cli;\nuse annals::store::Store;\n"),
            ("src/commands/mod.rs", "fn a() { crate::store::open() }\n"),
        ];
        assert_eq!(
            said(rooms, &bad),
            "src/clock.rs:2: clock imports config: pass it in from above, or change the wall\n\
             src/clock.rs:3: imports the whole crate: name it\n\
             src/commands/mod.rs:1: commands imports store: \
             pass it in from above, or change the wall\n\
             src/main.rs:2: main imports store: \
             pass it in from above, or change the wall\n\
             src/store/sqlite.rs:1: store imports error: \
             pass it in from above, or change the wall\n\
             src/store/sqlite.rs:1: store imports ledger: \
             pass it in from above, or change the wall\n\
             src/store/sqlite.rs:2: store imports app: \
             pass it in from above, or change the wall"
        );
    }

    #[test]
    fn a_new_room_needs_a_row() {
        let bad = [("src/cellar/mod.rs", ""), ("src/lib.rs", "")];
        assert_eq!(said(room_list, &bad), "src/cellar: unknown room: give it a row in ROOMS");
    }

    #[test]
    fn only_the_store_knows_sql() {
        let bad = [
            ("src/app.rs", "use sqlx::Row;\nconst A: &str = \"SELECT 1\";\nconst B: &str = \"a\";"),
            ("src/ledger/mod.rs", "fn a() { sqlx::query(TEXT) }\n"),
            ("src/store/mod.rs", "const A: &str = \"SELECT 1\"; use sqlx::Row;\n"),
        ];
        assert_eq!(
            said(knowledge, &bad),
            "src/app.rs:1: sqlx belongs in store\n\
             src/app.rs:2: SQL belongs in store\n\
             src/ledger/mod.rs:1: sqlx belongs in store"
        );
    }

    #[test]
    fn pure_code_reads_no_clock_and_no_file() {
        let bad = [
            (
                "events/src/id.rs",
                "use std::{fmt, fs::File};\n#[cfg(test)]\nmod t { use std::env; }\n",
            ),
            ("projections/src/judge.rs", "fn a() { chrono::Utc::now(); }\nfn std_env() {}\n"),
            (
                "tools/verify/src/lib.rs",
                "use std::fs;\nuse std::time::Instant;\nfn a() { Instant::now(); }",
            ),
            ("tools/verify/src/main.rs", "use std::env;\n"),
        ];
        assert_eq!(
            said(pure_crates, &bad),
            "events/src/id.rs:1: std::fs in pure code: take bytes or a reader from the caller\n\
             projections/src/judge.rs:1: Utc::now in pure code: \
             take the time from the entry or the caller\n\
             tools/verify/src/lib.rs:3: Instant::now in pure code: \
             take the time from the entry or the caller"
        );
    }
}
