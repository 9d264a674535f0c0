//! Attacks on the evidence: every changed byte must be found, and the first one named.
//!
//! Ledgers are built once a process and copied for each test; what is changed is chosen by a
//! generator whose seed is printed when something goes unnoticed, and taken from `ANNALS_SEED`.

mod about;
mod attacker;
mod cells;
mod export;
mod forge;
mod forged;
mod hidden;
mod keys;
mod lines;
mod live;
mod removal;
mod resign;
mod rows;
mod seals;
mod strangers;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use annals::config::Home;
use annals::ledger::found::Founded;
use annals::ledger::scan::scan;
use annals::store::{Row, SharedStore};
use annals_events::{Event, Hash, Header};
use annals_harness::{DatabaseUrls, shared_cluster};
use annals_verify::{Options, Policy, Report};

pub use crate::harness::Rng;
use crate::harness::{Kind, Place, Town};

/// A ledger as it was written, at rest in memory (and in a database nobody is connected to).
pub struct Original {
    kind: Kind,
    files: Vec<(String, Vec<u8>)>,
    urls: Option<DatabaseUrls>,
    founded: Founded,
    pub export: Vec<u8>,
}

/// About 300 entries of three epochs, with a checkpoint after each.
pub fn large(kind: Kind) -> &'static Original {
    static SQLITE: OnceLock<Original> = OnceLock::new();
    static POSTGRES: OnceLock<Original> = OnceLock::new();
    let cell = if kind == Kind::Sqlite { &SQLITE } else { &POSTGRES };
    tokio::task::block_in_place(|| cell.get_or_init(|| build(kind, &[30, 30, 25])))
}

/// About 40 entries, the last of which names a body.
pub fn small() -> &'static Original {
    static SMALL: OnceLock<Original> = OnceLock::new();
    SMALL.get_or_init(|| build(Kind::Sqlite, &[5, 3]))
}

fn build(kind: Kind, sessions: &'static [usize]) -> Original {
    // A runtime of its own: what it leaves behind must outlive the test that came first.
    let built = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.expect("a runtime").block_on(write(kind, sessions))
    });
    built.join().expect("a ledger")
}

async fn write(kind: Kind, sessions: &[usize]) -> Original {
    let place = Place::new(kind).await;
    let mut town = None;
    for (session, pages) in sessions.iter().enumerate() {
        let app = place.app().await;
        if town.is_none() {
            town = Some(Town::build(&app, &place).await);
        }
        let town = town.as_ref().expect("built in the first session");
        town.fill(&app, *pages).await;
        if session == sessions.len() - 1 {
            town.draft(&app, annals_events::id::ContentId(uuid::Uuid::now_v7()), "new", "新").await;
        }
        app.stop().await.expect("a clean stop");
    }
    let export = fs::read(place.export()).expect("the export");
    let files = fs::read_dir(place.path()).expect("the folder").map(|file| {
        let file = file.expect("a file");
        let name = file.file_name().into_string().expect("a plain name");
        (name, fs::read(file.path()).expect("its bytes"))
    });
    let files = files.filter(|(name, _)| name != "export.ndjson").collect();
    Original { kind, files, urls: place.urls.clone(), founded: place.founded.clone(), export }
}

impl Original {
    pub fn genesis(&self) -> Hash {
        self.founded.genesis
    }

    /// A copy to spoil.
    pub fn copy(&self) -> Place {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, bytes) in &self.files {
            let path = folder.path().join(name);
            fs::write(&path, bytes).expect("a file");
            // Keys that others may read are not taken.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
        }
        let urls = self.urls.as_ref().map(copy_database);
        let home = Home::new(folder.path(), urls.as_ref().map(|urls| urls.service.clone()));
        Place { kind: self.kind, folder, home, urls, founded: self.founded.clone() }
    }
}

fn copy_database(original: &DatabaseUrls) -> DatabaseUrls {
    static COPIES: AtomicU32 = AtomicU32::new(0);
    let name = |url: &str| {
        let path = url.split('?').next().expect("a URL").to_owned();
        path.rsplit('/').next().expect("a database").to_owned()
    };
    let old = name(&original.owner);
    let new = format!("tampered_{}", COPIES.fetch_add(1, Ordering::Relaxed));
    let cluster = shared_cluster().expect("a cluster");
    let copy = format!("CREATE DATABASE {new} TEMPLATE {old} OWNER annals_owner");
    cluster.sql("postgres", &copy).expect("a copy");
    let renamed = |url: &str| url.replace(&format!("/{old}?"), &format!("/{new}?"));
    DatabaseUrls {
        owner: renamed(&original.owner),
        service: renamed(&original.service),
        superuser: renamed(&original.superuser),
    }
}

/// What a test knows of the ledger before it is spoiled.
pub struct Ground {
    pub genesis: Hash,
    pub rows: Vec<Row>,
    /// The first entry that names a body.
    pub named: BTreeMap<[u8; 32], u64>,
}

impl Ground {
    pub async fn of(place: &Place, store: &SharedStore) -> Ground {
        let rows = store.read(0, 10_000).await.expect("entries");
        let mut named = BTreeMap::new();
        for row in &rows {
            if let Some(body) = event_of(row).body() {
                named.entry(body.0).or_insert(row.position);
            }
        }
        Ground { genesis: place.genesis(), rows, named }
    }

    pub fn size(&self) -> u64 {
        self.rows.len() as u64
    }

    /// The full scan, pinned.
    pub async fn scan(&self, store: &SharedStore, batch: bool) -> Report {
        let policy = Policy { genesis: Some(self.genesis), ..Policy::default() };
        let options = Options { batch, no_fold: false };
        scan(store, policy, options, &|_, _| {}).await.expect("a scan to its end")
    }
}

pub fn event_of(row: &Row) -> Event {
    let header = Header::parse(&row.header).expect("a header");
    Event::read(&header.kind, header.schema, &row.facts).expect("an event")
}

/// Where the first bad thing is said to be, for a message and a comparison.
pub fn found(report: &Report) -> (&'static str, Option<(u64, &'static str)>) {
    let bad = report.first_bad.as_ref().map(|bad| (bad.position, bad.what));
    (report.verdict.word(), bad)
}
