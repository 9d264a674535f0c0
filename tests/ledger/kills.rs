//! `kill -9` at any moment under load, again and again on one ledger: every receipt that was
//! printed is there, and the next start works at once.
//!
//! The load is this test binary itself, run again for one test with [`LOAD`] set.
#![allow(clippy::disallowed_methods, reason = "the environment is how programs are started")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use annals::app::{self, App, Given};
use annals::clock::SystemClock;
use annals::config::Home;
use annals::ledger::{Parts, WriteError};
use annals::store::{self, SharedStore};
use annals_events::command::{self, Command as Act};
use annals_events::id::{AccountId, ContentId, SiteId};
use annals_events::{Hash, entry};
use annals_harness::{Cluster, Durability};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{PATIENCE, Town, audit, column, persist};
use crate::harness::{Kind, Place, Rng};

/// Set for the process that writes: a JSON object with what it needs to know.
const LOAD: &str = "ANNALS_TEST_LOAD";
const LEASE: Duration = Duration::from_secs(1);
const CALLERS: usize = 4;
const KILLS: usize = 100;

/// The load of the tests below; on its own it has nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_prints_each_receipt_before_its_next_command() {
    let Ok(order) = std::env::var(LOAD) else { return };
    let order: Value = serde_json::from_str(&order).expect("an order");
    let word = |name: &str| order[name].as_str().map(str::to_owned);
    let id = |name: &str| Uuid::parse_str(&word(name).expect(name)).expect(name);
    let home = Home::new(Path::new(&word("folder").expect("a folder")), word("database"));
    let app = match home.is_embedded() {
        true => App::open(&home, false).await,
        false => {
            let parts = app::parts(&home, Arc::new(SystemClock::new()), false).await;
            App::start(Parts { lease: LEASE, ..parts.expect("parts") }, None).await
        }
    };
    let app = Arc::new(app.expect("the ledger opens"));
    let (by, site) = (AccountId(id("by")), SiteId(id("site")));
    let mut callers = Vec::new();
    for number in 0..CALLERS {
        callers.push(tokio::spawn(call(app.clone(), by, site, number % 2 == 1)));
    }
    for caller in callers {
        caller.await.expect("callers never end");
    }
}

async fn call(app: Arc<App>, by: AccountId, site: SiteId, drafts: bool) {
    loop {
        let given = if drafts { draft(&app, by, site).await } else { column(by, site) };
        let receipt = loop {
            match app.give(given.clone()).await {
                Ok(receipt) => break receipt,
                Err(WriteError::NotLeader { holder, .. }) => {
                    print(&json!({ "refused": holder }));
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => panic!("{error}"),
            }
        };
        let last = receipt.entries.last().expect("an entry");
        print(&json!({
            "key": given.key.to_string(),
            "first": receipt.first,
            "last": receipt.last,
            "leaf": entry::leaf(&last.header).to_string(),
        }));
    }
}

async fn draft(app: &App, by: AccountId, site: SiteId) -> Given {
    let id = Uuid::now_v7();
    let text = format!("<p>{id}</p>");
    let bytes = text.len() as u64;
    let body = app.upload(text.into_bytes()).await.expect("an upload");
    let path = format!("{id}.html");
    let draft = command::DraftContent { body, bytes, column: None, path, site, title: None };
    let given = Given::local(by, ContentId(id), Act::DraftContent(draft));
    Given { seen: Some(Hash::ZERO), ..given }
}

fn print(line: &Value) {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
    // Whoever reads is gone: then there is nobody to promise anything to.
    if written.is_err() {
        std::process::exit(1);
    }
}

/// A process under load, and what it prints.
struct Load {
    child: Child,
    lines: Receiver<Value>,
}

impl Load {
    fn start(town: &Town) -> Load {
        let order = json!({
            "folder": town.place.path().display().to_string(),
            "database": town.place.urls.as_ref().map(|urls| urls.service.clone()),
            "by": town.place.administrator().to_string(),
            "site": town.site.to_string(),
        });
        let name = "ledger::kills::load_prints_each_receipt_before_its_next_command";
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .args(["--exact", name, "--nocapture"])
            .env(LOAD, order.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("a process");
        let out = child.stdout.take().expect("a pipe");
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines() {
                // A line cut off by a kill was never promised to anybody.
                let Ok(line) = line else { return };
                let Ok(line) = serde_json::from_str::<Value>(&line) else { continue };
                if line.is_object() && send.send(line).is_err() {
                    return;
                }
            }
        });
        Load { child, lines }
    }

    /// The next line that has this member.
    fn wait_for(&mut self, member: &str, seen: &mut Vec<Value>) {
        let begun = Instant::now();
        loop {
            match self.lines.recv_timeout(Duration::from_millis(100)) {
                Ok(line) => {
                    seen.push(line);
                    if seen.last().is_some_and(|line| line.get(member).is_some()) {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) if begun.elapsed() < PATIENCE => {}
                Err(error) => panic!("no {member}: {error}"),
            }
        }
    }

    /// `kill -9`; answers the rest of what was printed.
    fn kill(mut self, seen: &mut Vec<Value>) {
        self.child.kill().expect("killed");
        let status = self.child.wait().expect("it ends");
        assert!(status.code().is_none(), "it ended before it was killed: {status}");
        seen.extend(self.lines.iter());
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let done = Command::new("/bin/sh").args(["-c", &kill]).status().expect("a shell");
        assert!(done.success());
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // Killed already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Receipts by the position of their last entry.
#[derive(Default)]
struct Promises(BTreeMap<u64, (String, u64, String)>);

impl Promises {
    fn add(&mut self, lines: &[Value]) -> usize {
        let before = self.0.len();
        for line in lines.iter().filter(|line| line.get("key").is_some()) {
            let word = |name: &str| line[name].as_str().expect(name).to_owned();
            let number = |name: &str| line[name].as_u64().expect(name);
            let promise = (word("key"), number("first"), word("leaf"));
            let old = self.0.insert(number("last"), promise);
            assert_eq!(old, None, "one position was promised twice");
        }
        self.0.len() - before
    }

    /// Those from this position on are in the store as promised.
    async fn are_kept(&self, store: &SharedStore, from: u64) {
        let positions: Vec<u64> = self.0.range(from..).map(|(last, _)| *last).collect();
        for positions in positions.chunks(1_000) {
            let rows = store.read_at(positions).await.expect("entries");
            assert_eq!(rows.len(), positions.len(), "entries that were promised are missing");
            for row in rows {
                let (key, _, leaf) = &self.0[&row.position];
                let own = row.command_key.map(|key| Uuid::from_bytes(key).to_string());
                assert_eq!(own.as_ref(), Some(key), "at {}", row.position);
                assert_eq!(&Hash(row.leaf).to_string(), leaf, "at {}", row.position);
                assert_eq!(&entry::leaf(&row.header).to_string(), leaf, "at {}", row.position);
            }
        }
    }
}

async fn kill_again_and_again(town: Town) {
    let mut random = Rng::new();
    eprintln!("again with ANNALS_SEED={}", random.seed);
    let (mut promises, mut checked) = (Promises::default(), 0);
    let mut told = 0;
    for round in 1..=KILLS {
        let mut load = Load::start(&town);
        let mut seen = Vec::new();
        // Some die while they start and take the lease, most while they write.
        if random.between(0, 4) > 0 {
            load.wait_for("key", &mut seen);
        }
        std::thread::sleep(Duration::from_millis(random.between(30, 400)));
        load.kill(&mut seen);
        told += promises.add(&seen);
        let store = town.store().await;
        let is_tenth = round % 10 == 0;
        promises.are_kept(&store, if is_tenth { 0 } else { checked }).await;
        checked = promises.0.last_key_value().map_or(0, |(last, _)| last + 1);
        if is_tenth {
            audit(&store, town.place.genesis()).await;
        }
        store.close().await;
    }
    assert!(told > KILLS, "{told} receipts in {KILLS} lives are no load");
    let app = town.place.app().await;
    persist(&app, &town.column()).await;
    app.stop().await.expect("a clean stop");
    let report = town.holds(&[]).await;
    town.holds_for_a_stranger();
    eprintln!("{KILLS} kills, {told} receipts, {} entries", report.size);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_nothing_on_sqlite() {
    kill_again_and_again(Town::new(Kind::Sqlite).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_nothing_on_postgres() {
    let cluster = Cluster::start(Durability::On).expect("a cluster");
    let urls = cluster.fresh_database().expect("a database");
    store::migrate(&urls.owner).await.expect("a migration");
    let clock = Arc::new(SystemClock::new());
    let place = Place::at(Some(urls), clock.clone()).await;
    kill_again_and_again(Town::at(place, clock).await).await;
}

/// A process that stood still for three leases while another wrote on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_stopped_for_three_leases_is_refused() {
    let town = Town::new(Kind::Postgres).await;
    let mut promises = Promises::default();
    let mut load = Load::start(&town);
    let mut seen = Vec::new();
    load.wait_for("key", &mut seen);
    load.signal("STOP");
    let other = tempfile::tempdir().expect("a temporary folder");
    for name in ["log.key", "cosigner.key", "anchor", "genesis.json"] {
        std::fs::copy(town.place.path().join(name), other.path().join(name)).expect(name);
    }
    let home = Home::new(other.path(), Some(town.place.home.database()));
    let app = App::start(super::parts(&home).await, None).await.expect("the ledger opens");
    let given = town.column();
    let mut told = vec![(given.key, persist(&app, &given).await)];
    let begun = Instant::now();
    while begun.elapsed() < 3 * LEASE {
        let given = town.column();
        told.push((given.key, app.give(given.clone()).await.expect("written")));
        std::thread::sleep(Duration::from_millis(20));
    }
    load.signal("CONT");
    load.wait_for("refused", &mut seen);
    load.kill(&mut seen);
    promises.add(&seen);
    let first = told[0].1.first;
    assert!(promises.0.range(first..).next().is_none(), "it wrote on when it woke up");
    app.stop().await.expect("a clean stop");
    let store = town.store().await;
    promises.are_kept(&store, 0).await;
    store.close().await;
    town.holds(&told).await;
    town.holds_for_a_stranger();
}
