//! A ledger restored from an older copy is a valid, shorter ledger; the anchor knows better.

use std::path::{Path, PathBuf};

use annals::app::App;
use annals::ledger::WriteError;
use annals::ledger::anchor::{Anchor, Anchored, FileAnchor};
use annals::store::Store;
use annals_harness::shared_cluster;

use super::{Rig, Told, Town};
use crate::harness::{ADMINISTRATOR, AUDITOR, Kind, code, text};

on_both!(
    a_store_restored_from_an_older_copy_is_refused,
    a_store_that_goes_back_under_a_running_writer_is_refused,
    a_missing_anchor_is_refused,
    an_anchor_damaged_in_one_slot_works,
    an_anchor_damaged_in_both_slots_is_refused,
    an_anchor_of_another_history_is_refused,
    an_anchor_behind_the_store_moves_up,
);

/// A copy of the whole database, made while nobody uses it.
enum Backup {
    Sqlite(PathBuf),
    Postgres(String),
}

/// Name of the database.
fn database(town: &Town) -> String {
    let url = &town.place.urls.as_ref().expect("PostgreSQL").owner;
    let path = url.split('?').next().expect("a path");
    path.rsplit('/').next().expect("a name").to_owned()
}

fn as_superuser(statements: &str) {
    shared_cluster().expect("a cluster").sql("postgres", statements).expect(statements);
}

impl Town {
    fn back_up(&self, name: &str) -> Backup {
        match self.place.kind {
            Kind::Sqlite => {
                let file = PathBuf::from(self.place.home.database());
                let copy = self.place.path().join(name);
                for left in ["annals.db-wal", "annals.db-shm"] {
                    assert!(!self.place.path().join(left).exists(), "{left} is still in use");
                }
                std::fs::copy(file, &copy).expect("copied");
                Backup::Sqlite(copy)
            }
            Kind::Postgres => {
                let copy = format!("{}_{name}", database(self));
                let own = database(self);
                as_superuser(&format!("CREATE DATABASE {copy} TEMPLATE {own}"));
                Backup::Postgres(copy)
            }
        }
    }

    fn restore(&self, backup: &Backup) {
        match backup {
            Backup::Sqlite(copy) => {
                for left in ["annals.db-wal", "annals.db-shm"] {
                    // Mostly not there.
                    let _ = std::fs::remove_file(self.place.path().join(left));
                }
                std::fs::copy(copy, self.place.home.database()).expect("copied back");
            }
            Backup::Postgres(copy) => {
                let own = database(self);
                as_superuser(&format!("DROP DATABASE {own} WITH (FORCE)"));
                as_superuser(&format!("CREATE DATABASE {own} TEMPLATE {copy}"));
            }
        }
    }

    /// Stop cleanly, and leave no connection behind.
    async fn stop(&self, app: App) {
        let store = app.store().clone();
        app.stop().await.expect("a clean stop");
        store.close().await;
    }

    async fn write(&self, count: usize) -> Vec<Told> {
        let app = self.place.app().await;
        let mut told = Vec::new();
        for _ in 0..count {
            let given = self.column();
            told.push((given.key, app.give(given.clone()).await.expect("written")));
        }
        self.stop(app).await;
        told
    }

    /// Neither in process nor at the command line is anything written or signed; each says why.
    async fn refuses(&self, why: &str) {
        let size = self.size().await;
        let app = self.place.app().await;
        for _ in 0..2 {
            let refused = app.give(self.column()).await;
            let Err(WriteError::Stopped(said)) = &refused else { panic!("{refused:?}") };
            assert!(said.contains(why), "{said}");
        }
        let unsigned = app.stop().await.expect_err("nothing is signed over what is left").sentence;
        assert!(unsigned.contains("no checkpoint is signed") && unsigned.contains(why));
        let root = self.place.path().join("root.key").display().to_string();
        let output = self.place.annals(&[
            "key",
            "rotate",
            "--by",
            ADMINISTRATOR,
            "--confirmed-by",
            AUDITOR,
            "--root-key",
            &root,
        ]);
        let said = text(&output.stderr);
        assert_eq!(code(&output), 1, "{said}");
        assert!(said.contains(why), "{said}");
        assert_eq!(self.size().await, size, "written though it was refused");
    }

    /// Writing works, and nothing acknowledged is missing.
    async fn works(&self, mut told: Vec<Told>) {
        told.extend(self.write(2).await);
        self.holds(&told).await;
        assert_eq!(self.anchored().await.expect("an anchor").size, self.size().await);
    }

    fn anchor(&self) -> PathBuf {
        self.place.home.anchor_path()
    }
}

const OLDER: &str = "it was restored from an older copy, or entries were deleted";

async fn a_store_restored_from_an_older_copy_is_refused(kind: Kind) {
    let town = Town::new(kind).await;
    let mut told = town.write(3).await;
    let older = town.back_up("older");
    told.extend(town.write(3).await);
    let newer = town.back_up("newer");
    town.restore(&older);
    town.refuses(OLDER).await;
    town.restore(&newer);
    town.works(told).await;
}

/// As when a standby that lacked the last entries takes the place of its server.
async fn a_store_that_goes_back_under_a_running_writer_is_refused(kind: Kind) {
    let rig = Rig::new(kind).await;
    let first = rig.write().await;
    let epoch = rig.store.head().await.expect("a head").epoch;
    let second = rig.write().await;
    cut(&rig.town, &first, epoch).await;
    for _ in 0..3 {
        let refused = rig.app.give(rig.town.column()).await;
        assert!(matches!(refused, Err(WriteError::Retryable(_) | WriteError::Stopped(_))));
    }
    let anchored = rig.town.anchored().await.expect("an anchor");
    assert_eq!(anchored.size, second.1.last + 1, "the anchor went back too");
    assert_eq!(rig.town.size().await, first.1.last + 1);
    drop(rig.app);
    rig.town.refuses(OLDER).await;
}

/// Cut everything after a command away, as only the owner of the database can.
async fn cut(town: &Town, (_, last): &Told, epoch: u64) {
    use sqlx::{AssertSqlSafe, Connection};
    let size = last.last + 1;
    let leaf = annals_events::entry::leaf(&last.entries[0].header);
    let mut statements = vec![
        format!("DELETE FROM entry WHERE position >= {size}"),
        format!("DELETE FROM private WHERE position >= {size}"),
        format!("UPDATE head SET size = {size}, epoch = {epoch}, leaf = LEAF"),
    ];
    match town.place.kind {
        Kind::Sqlite => {
            statements.insert(0, "DROP TRIGGER entry_kept_delete".to_owned());
            statements.insert(0, "DROP TRIGGER private_kept_delete".to_owned());
            let url = format!("sqlite://{}", town.place.home.database());
            let mut raw = sqlx::SqliteConnection::connect(&url).await.expect("connected");
            for statement in statements {
                let statement = statement.replace("LEAF", &format!("x'{leaf}'"));
                sqlx::query(AssertSqlSafe(statement)).execute(&mut raw).await.expect("done");
            }
        }
        Kind::Postgres => {
            let statements = statements.join(";").replace("LEAF", &format!("'\\x{leaf}'"));
            let cluster = shared_cluster().expect("a cluster");
            cluster.sql(&database(town), &statements).expect("done");
        }
    }
}

async fn a_missing_anchor_is_refused(kind: Kind) {
    let town = Town::new(kind).await;
    let told = town.write(2).await;
    let aside = town.place.path().join("aside");
    std::fs::rename(town.anchor(), &aside).expect("renamed");
    town.refuses("the anchor is missing beside a ledger of").await;
    std::fs::write(town.anchor(), b"").expect("emptied");
    town.refuses("the anchor is missing beside a ledger of").await;
    std::fs::rename(aside, town.anchor()).expect("renamed");
    town.works(told).await;
}

const SLOT: usize = 4_096;

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).expect("read");
    bytes[at] ^= 1;
    std::fs::write(path, bytes).expect("written");
}

async fn an_anchor_damaged_in_one_slot_works(kind: Kind) {
    let town = Town::new(kind).await;
    let mut told = town.write(2).await;
    // Each byte that counts lies in the first 168; the newest slot is either.
    for at in [0, 20, 30, 60, 130, 167].map(|at| [at, SLOT + at]).concat() {
        flip(&town.anchor(), at);
        told.extend(town.write(1).await);
    }
    town.works(told).await;
}

async fn an_anchor_damaged_in_both_slots_is_refused(kind: Kind) {
    let town = Town::new(kind).await;
    let told = town.write(2).await;
    let good = std::fs::read(town.anchor()).expect("read");
    for [one, other] in [[20, SLOT + 20], [150, SLOT]] {
        flip(&town.anchor(), one);
        flip(&town.anchor(), other);
        town.refuses("the anchor is damaged: neither of its two slots can be read").await;
        std::fs::write(town.anchor(), &good).expect("written");
    }
    town.works(told).await;
}

async fn an_anchor_of_another_history_is_refused(kind: Kind) {
    let town = Town::new(kind).await;
    let told = town.write(2).await;
    let good = std::fs::read(town.anchor()).expect("read");
    let other = Town::new(Kind::Sqlite).await;
    std::fs::copy(other.anchor(), town.anchor()).expect("copied");
    town.refuses("this is another history, or it was altered").await;
    // Of the same size and epoch, but for one bit of the leaf.
    std::fs::write(town.anchor(), &good).expect("written");
    let own = town.anchored().await.expect("an anchor");
    let mut forged: Anchored = own.clone();
    forged.leaf.0[31] ^= 1;
    let anchor = FileAnchor::new(&town.anchor());
    anchor.swap(Some(&own), &forged).await.expect("swapped");
    town.refuses("this is another history, or it was altered").await;
    std::fs::write(town.anchor(), &good).expect("written");
    town.works(told).await;
}

/// A crash between commit and anchor, seen from outside: the anchor of before.
async fn an_anchor_behind_the_store_moves_up(kind: Kind) {
    let town = Town::new(kind).await;
    let mut told = town.write(1).await;
    let behind = std::fs::read(town.anchor()).expect("read");
    told.extend(town.write(3).await);
    std::fs::write(town.anchor(), behind).expect("written");
    let app = town.place.app().await;
    // A repeat writes nothing, and is answered only when the anchor has moved.
    let (_, receipt) = &told[3];
    let size = town.size().await;
    assert!(town.anchored().await.expect("an anchor").size < size);
    let refused = town.column();
    let stale = annals::app::Given { seen: Some(annals_events::Hash([1; 32])), ..refused };
    let answer = app.give(stale).await;
    assert!(matches!(answer, Err(WriteError::Refused(_))), "{answer:?}");
    let anchored = town.anchored().await.expect("an anchor");
    assert_eq!((anchored.size, town.size().await), (size, receipt.last + 1));
    town.stop(app).await;
    town.works(told).await;
}
