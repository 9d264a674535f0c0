//! A migration that was applied somewhere is never edited: a lock file holds what each one was.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::Finding;
use super::tree::{File, Tree};

const LOCK: &str = "migrations/applied.lock";

/// Every migration has its row in the lock, and is still what the row says.
pub fn applied(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut locked = rows(tree);
    let mut numbers = BTreeMap::new();
    for file in migrations(tree) {
        let path = &file.path;
        match locked.remove(path.as_str()) {
            None => findings.push(format!("{path}: not in {LOCK}: run with ANNALS_UPDATE=1")),
            Some(before) if before != digest(file) => findings.push(format!(
                "{path}: changed after it was applied: restore it and write a new migration"
            )),
            Some(_) => {}
        }
        let number = file.name().split('_').next().unwrap_or_default();
        if !number.bytes().all(|byte| byte.is_ascii_digit()) || number.is_empty() {
            findings.push(format!("{path}: call it <number>_<subject>.sql"));
        } else if let Some(other) = numbers.insert((file.folder(), number), file.name()) {
            findings.push(format!("{path}: has the number of {other}: take the next one"));
        }
    }
    findings.extend(locked.keys().map(|path| format!("{path}: is locked but gone: restore it")));
    findings
}

/// Adds rows for new migrations; a row that is there is never changed.
pub fn write_lock(tree: &Tree) -> Result<(), String> {
    let mut locked: BTreeMap<String, String> =
        rows(tree).into_iter().map(|(path, hex)| (path.to_owned(), hex.to_owned())).collect();
    for file in migrations(tree) {
        locked.entry(file.path.clone()).or_insert_with(|| digest(file));
    }
    if locked.is_empty() {
        return Ok(());
    }
    let text: String = locked.iter().map(|(path, hex)| format!("{hex}  {path}\n")).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(LOCK);
    fs::write(path, text).map_err(|why| format!("{LOCK}: {why}"))
}

fn migrations(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.files().filter(|file| file.is_under("migrations") && file.has_extension(&["sql"]))
}

/// Rows as `sha256sum` writes them, so that `sha256sum -c` reads them too.
fn rows(tree: &Tree) -> BTreeMap<&str, &str> {
    let text = tree.get(LOCK).map_or("", |file| file.text.as_str());
    text.lines().filter_map(|row| row.split_once("  ")).map(|(hex, path)| (path, hex)).collect()
}

fn digest(file: &File) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(file.text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::said;
    use super::applied;

    #[test]
    fn an_applied_migration_never_changes() {
        let of_x = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
        let lock = format!(
            "{of_x}  migrations/sqlite/1_entry.sql\n{of_x}  migrations/sqlite/2_gone.sql\n\
             {of_x}  migrations/sqlite/3_edited.sql\n"
        );
        let bad = [
            ("migrations/applied.lock", lock.as_str()),
            ("migrations/sqlite/1_entry.sql", "x"),
            ("migrations/sqlite/3_edited.sql", "y"),
            ("migrations/sqlite/3_new.sql", "z"),
        ];
        assert_eq!(
            said(applied, &bad),
            "migrations/sqlite/3_edited.sql: changed after it was applied: \
             restore it and write a new migration\n\
             migrations/sqlite/3_new.sql: not in migrations/applied.lock: \
             run with ANNALS_UPDATE=1\n\
             migrations/sqlite/3_new.sql: has the number of 3_edited.sql: take the next one\n\
             migrations/sqlite/2_gone.sql: is locked but gone: restore it"
        );
    }
}
