//! A snapshot is a cache: any doubt and it is discarded, said, and everything is folded again.

use annals::app::App;
use annals::ledger::snapshot::{self, WORTH};
use annals::ledger::{Follower, Serving, WriteError};
use annals::store::{SharedStore, Snapshot};
use annals_events::Hash;
use annals_events::ledger::FoldDigest;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use super::{Rig, Told, Town, audit, kept, write_many};
use crate::harness::Kind;

on_both!(
    a_damaged_snapshot_is_discarded_and_said,
    a_short_ledger_is_worth_no_snapshot,
    a_writer_whose_epoch_never_started_keeps_no_snapshot,
);

/// With their versions.
const FOLDS: [(&str, u32); 10] = [
    ("account", 2),
    ("chain", 1),
    ("column", 2),
    ("content", 2),
    ("evidence", 1),
    ("incident", 1),
    ("ledger", 2),
    ("message", 1),
    ("platform", 2),
    ("site", 2),
];

type Digests = (u64, Hash, Hash, Vec<FoldDigest>);

async fn folded(store: &SharedStore, serving: Serving) -> Digests {
    let follower = Follower::new(store.clone(), serving);
    follower.catch_up(u64::MAX).await.expect("everything holds");
    let serving = follower.serving().await;
    let chain = &serving.chain;
    (chain.size(), chain.head(), chain.root(), serving.state.digests())
}

impl Town {
    /// Make the whole of a ledger that is worth a snapshot.
    async fn fill(&self) -> Vec<Told> {
        let app = self.place.app().await;
        let count = usize::try_from(WORTH).expect("a small number");
        let told = write_many(&app, count, || self.column()).await;
        app.stop().await.expect("a clean stop");
        told
    }

    /// A statement on the derived tables, which the service's own role may change.
    async fn change(&self, statement: &str) {
        let query = sqlx::query(AssertSqlSafe(statement.to_owned()));
        let done = match &self.place.urls {
            Some(urls) => {
                let mut raw = PgConnection::connect(&urls.service).await.expect("connected");
                let query = sqlx::query(AssertSqlSafe(statement.to_owned()));
                query.execute(&mut raw).await.expect(statement).rows_affected()
            }
            None => {
                let url = format!("sqlite://{}", self.place.home.database());
                let mut raw = SqliteConnection::connect(&url).await.expect("connected");
                query.execute(&mut raw).await.expect(statement).rows_affected()
            }
        };
        assert!(done > 0, "{statement}");
    }
}

async fn stored(store: &SharedStore, size: u64) -> Vec<Snapshot> {
    let mut all = Vec::new();
    for (fold, version) in FOLDS {
        let found = store.snapshot(fold, version, u64::MAX).await.expect("an answer");
        let found = found.unwrap_or_else(|| panic!("no snapshot of {fold}"));
        assert_eq!((found.size, found.fold.as_str()), (size, fold));
        all.push(found);
    }
    all
}

/// One thing that is wrong, and what is said of it.
type Damage = (&'static str, fn(&mut Snapshot), &'static [&'static str]);

const ALL: &[&str] = &[
    "account", "chain", "column", "content", "evidence", "incident", "ledger", "message",
    "platform", "site",
];

const DAMAGES: &[Damage] = &[
    ("its content is damaged", |s| s.chunks[0][20] ^= 1, &["column"]),
    ("its content is damaged", |s| s.chunks[0][20] ^= 1, &["chain"]),
    ("its content is damaged", |s| s.digest[0] ^= 1, &["column"]),
    ("fold column: ", |s| s.signature[0] ^= 1, &["column"]),
    ("fold chain: ", |s| s.signature[40] ^= 1, &["chain"]),
    ("fold column is of another moment", |s| s.epoch = 0, &["column"]),
    ("it is signed in another epoch than its last entry", |s| s.epoch = 99, ALL),
    ("it is of another leaf", |s| s.leaf[31] ^= 1, ALL),
    ("fold column is of another moment", |s| s.leaf[31] ^= 1, &["column"]),
    // Rightly signed, but of another fold: its name is signed too.
    ("fold site: ", |s| s.fold = "site".to_owned(), &["platform"]),
];

/// Statements that leave nothing of one fold, and what is said of it.
const LOSSES: &[(&str, &str)] = &[
    ("DELETE FROM snapshot WHERE fold = 'column'", "fold column version 2 is missing"),
    ("DELETE FROM snapshot_chunk WHERE fold = 'column'", "lacks chunks"),
    ("DELETE FROM snapshot_chunk WHERE fold = 'chain'", "lacks chunks"),
];

async fn a_damaged_snapshot_is_discarded_and_said(kind: Kind) {
    let town = Town::new(kind).await;
    let told = town.fill().await;
    let store = town.store().await;
    let size = store.head().await.expect("a head").size;
    let refolded = folded(&store, Serving::default()).await;
    let good = stored(&store, size).await;
    let loaded = async || snapshot::load(&store).await.expect("an answer");
    let (serving, said) = loaded().await;
    assert_eq!((serving.chain.size(), said), (size, Vec::new()), "a cold start does not use it");
    assert_eq!(folded(&store, serving).await, refolded);
    let discarded = async |why: &str| {
        let (serving, said) = loaded().await;
        assert_eq!(serving.chain.size(), 0, "{why}");
        assert!(said.len() == 1 && said[0].contains(why), "{why}: {said:?}");
        assert_eq!(folded(&store, serving).await, refolded, "{why}");
        for snapshot in &good {
            store.put_snapshot(snapshot).await.expect("put back");
        }
        let (serving, said) = loaded().await;
        assert_eq!((serving.chain.size(), said), (size, Vec::new()), "{why}");
    };
    for (why, damage, folds) in DAMAGES {
        for snapshot in good.iter().filter(|snapshot| folds.contains(&snapshot.fold.as_str())) {
            let mut bad = snapshot.clone();
            damage(&mut bad);
            store.put_snapshot(&bad).await.expect("put");
        }
        discarded(why).await;
    }
    for (statement, why) in LOSSES {
        town.change(statement).await;
        discarded(why).await;
    }
    // A fold whose rows mean something else since: its old version does not count.
    let column = good.iter().find(|snapshot| snapshot.fold == "column").expect("a fold");
    store.put_snapshot(&Snapshot { version: 3, ..column.clone() }).await.expect("put");
    town.change("DELETE FROM snapshot WHERE fold = 'column' AND version = 2").await;
    writes_without_it(&town, "fold column version 2 is missing", told).await;
    store.close().await;
}

/// The program itself opens, says why it takes longer, and writes as ever.
async fn writes_without_it(town: &Town, why: &str, mut told: Vec<Told>) {
    let app: App = town.place.app().await;
    assert!(app.ledger().said.iter().any(|said| said.contains(why)), "{:?}", app.ledger().said);
    let given = town.column();
    told.push((given.key, app.give(given.clone()).await.expect("written")));
    app.stop().await.expect("a clean stop");
    let store = town.store().await;
    kept(&store, &told).await;
    audit(&store, town.place.genesis()).await;
    store.close().await;
}

async fn a_short_ledger_is_worth_no_snapshot(kind: Kind) {
    let rig = Rig::new(kind).await;
    let told = rig.write().await;
    let Rig { town, app, .. } = rig;
    app.stop().await.expect("a clean stop");
    let store = town.store().await;
    assert_eq!(store.snapshot("chain", 1, u64::MAX).await.expect("an answer"), None);
    let (serving, said) = snapshot::load(&store).await.expect("an answer");
    assert_eq!((serving.chain.size(), said), (0, Vec::new()));
    store.close().await;
    town.holds(&[told]).await;
}

/// Its key is on no ledger, so nobody could believe what it signs.
async fn a_writer_whose_epoch_never_started_keeps_no_snapshot(kind: Kind) {
    let town = Town::new(kind).await;
    let app = town.place.app().await;
    let count = usize::try_from(WORTH).expect("a small number");
    let told = write_many(&app, count, || town.column()).await;
    // Killed: nothing was kept.
    drop(app);
    let app = town.place.app().await;
    let stale = annals::app::Given { seen: Some(Hash([1; 32])), ..town.column() };
    super::until("the lease", || async {
        matches!(app.give(stale.clone()).await, Err(WriteError::Refused(_)))
    })
    .await;
    app.stop().await.expect("a clean stop");
    let store = town.store().await;
    let (serving, said) = snapshot::load(&store).await.expect("an answer");
    assert_eq!((serving.chain.size(), said), (0, Vec::new()));
    kept(&store, &told).await;
    audit(&store, town.place.genesis()).await;
    store.close().await;
}
