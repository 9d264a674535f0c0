//! The import: the whole real history, small made-up ones, and every way to refuse one.

mod as_of;
mod real;
mod refusals;
mod repeat;
mod resume;
mod told;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Output;

use annals_events::import::line_text;
use annals_events::{Event, Header};
use serde_json::Value;

use crate::harness::{ADMINISTRATOR, AUDITOR, Place, code, json, text};

pub use told::{Files, Told};

pub const SITE: &str = "示例市人民政府网";

/// The real history, where the folder is: beside the repository, which does without. Where `CI`
/// is set it must be there; elsewhere its absence is said past the test harness, which keeps
/// quiet about tests that pass.
#[expect(clippy::disallowed_methods, reason = "where the tests run is no setting of the service")]
pub fn real_history() -> Option<Files> {
    // At run time, so that a built binary may be shown another checkout's.
    let root = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let folder = root.join("../shared/real-history");
    if folder.join("changes.jsonl").is_file() {
        return Some(Files {
            changes: folder.join("changes.jsonl"),
            bodies: Some(folder.join("bodies.jsonl.zst")),
        });
    }
    assert!(std::env::var_os("CI").is_none(), "no real history at {}", folder.display());
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let missing = folder.display();
    let _ = writeln!(io::stderr(), "{name}: not run, no real history at {missing}");
    None
}

/// The arguments of `annals import history` by the two persons of the place.
pub fn arguments(files: &Files) -> Vec<String> {
    let mut all: Vec<String> = [
        "import",
        "history",
        "--json",
        "--site",
        SITE,
        "--opened-by",
        ADMINISTRATOR,
        "--closed-by",
        AUDITOR,
        "--changes",
    ]
    .map(str::to_owned)
    .to_vec();
    all.push(files.changes.display().to_string());
    if let Some(bodies) = &files.bodies {
        all.extend(["--bodies".to_owned(), bodies.display().to_string()]);
    }
    all
}

/// Run it, with more arguments (a later one wins over none of the first).
pub fn import(place: &Place, files: &Files, more: &[&str]) -> Output {
    let all = arguments(files);
    let mut all: Vec<&str> = all.iter().map(String::as_str).collect();
    all.extend_from_slice(more);
    place.annals(&all)
}

/// Run an import that must be done; answers its JSON.
pub fn imported(place: &Place, files: &Files, more: &[&str]) -> Value {
    let output = import(place, files, more);
    assert_eq!(code(&output), 0, "{:?}: {}", place.kind, text(&output.stderr));
    json(&output)
}

/// The audit every test ends in.
pub fn audit(place: &Place) -> Value {
    let output = place.annals(&["verify", "--json"]);
    assert_eq!(code(&output), 0, "{} {}", text(&output.stdout), text(&output.stderr));
    let report = json(&output);
    assert_eq!(report["verdict"], "sound");
    report
}

/// Number of entries.
pub async fn size(place: &Place) -> u64 {
    let store = annals::store::open(&place.home.database()).await.expect("the store opens");
    let size = store.head().await.expect("a head").size;
    store.close().await;
    size
}

/// An entry as far as these tests look.
pub struct Entry {
    pub header: Header,
    pub event: Event,
    pub private: Option<Vec<u8>>,
}

/// Every entry of the ledger.
pub async fn entries(place: &Place) -> Vec<Entry> {
    let store = annals::store::open(&place.home.database()).await.expect("the store opens");
    let mut all = Vec::new();
    loop {
        let rows = store.read(all.len() as u64, 5_000).await.expect("rows");
        if rows.is_empty() {
            break;
        }
        all.extend(rows.into_iter().map(|row| {
            let header = Header::parse(&row.header).expect("a header");
            let event = Event::read(&header.kind, header.schema, &row.facts).expect("an event");
            Entry { header, event, private: row.private.map(|(_, bytes)| bytes) }
        }));
    }
    store.close().await;
    all
}

/// The lines the ledger keeps, one for each command, in the order of positions.
pub fn lines_kept(entries: &[Entry]) -> Vec<String> {
    let contents = entries.iter().filter(|entry| {
        let command = entry.header.command.as_ref();
        command.is_some_and(|c| c.name == "import_line" && c.index + 1 == c.of)
    });
    contents
        .map(|entry| line_text(entry.private.as_deref().unwrap_or_default()).expect("a line"))
        .collect()
}
