//! 篡改 — what somebody with the file and a hex editor would do: one byte, and the page was
//! published a day earlier. Done to copies.

use std::fs;
use std::path::{Path, PathBuf};

use super::play::Published;
use crate::config::Home;
use crate::error::Failure;

/// Where the export lies.
pub fn export_path(home: &Home) -> PathBuf {
    home.folder().join("export.ndjson")
}

/// Forge a copy of the export; answers its path.
pub fn forge_export(home: &Home, published: &Published) -> Result<PathBuf, Failure> {
    // In the export a header is a JSON string: its quotes are escaped.
    let time = format!("recorded_at\\\":\\\"{}", published.recorded_at);
    forge(&export_path(home), &home.folder().join("forged.ndjson"), &time)
}

/// Forge a copy of the database file, past the store and its triggers; answers its path.
pub fn forge_store(home: &Home, published: &Published) -> Result<PathBuf, Failure> {
    let time = format!("recorded_at\":\"{}", published.recorded_at);
    forge(Path::new(&home.database()), &home.folder().join("forged.db"), &time)
}

fn forge(from: &Path, to: &Path, time: &str) -> Result<PathBuf, Failure> {
    let named =
        |path: &Path, e: &dyn std::fmt::Display| Failure::fault(format!("{}: {e}", path.display()));
    let mut bytes = fs::read(from).map_err(|e| named(from, &e))?;
    let needle = time.as_bytes();
    let mut found = bytes.windows(needle.len()).enumerate().filter(|(_, w)| *w == needle);
    let at = match (found.next(), found.next()) {
        (Some((at, _)), None) => at,
        _ => return Err(named(from, &"the entry to forge is not in it exactly once")),
    };
    // The last digit of the day: the wire form ends in "dThh:mm:ss.ffffffZ".
    let day = at + needle.len() - "4T06:30:00.000000Z".len();
    bytes[day] -= 1;
    fs::write(to, &bytes).map_err(|e| named(to, &e))?;
    Ok(to.to_owned())
}
