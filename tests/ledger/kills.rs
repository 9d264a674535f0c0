//! `kill -9` at any moment under load, again and again on one ledger: every receipt that was
//! printed is there, and the next start works at once.
//!
//! The load is `annals-bench load`, as built.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use annals::app::{App, Given};
use annals::clock::SystemClock;
use annals::config::Home;
use annals::store::{self, Row, SharedStore};
use annals_events::command::{Command as Act, Text};
use annals_events::{Event, Hash, Header, entry};
use annals_harness::{Cluster, Durability};
use serde_json::Value;
use uuid::Uuid;

use super::{PATIENCE, Town, audit, persist};
use crate::harness::{Kind, Place, Rng, annals_bench_path};

const LEASE: Duration = Duration::from_secs(1);
const KILLS: usize = 100;
/// How many of the newest promises are asked for again after each kill.
const ASKED_AGAIN: usize = 3;

/// A process under load, and what it prints.
struct Load {
    child: Child,
    lines: Receiver<Value>,
}

impl Load {
    fn start(town: &Town) -> Load {
        let mut load = Command::new(annals_bench_path());
        load.args(["load", "--callers", "4", "--bodies", "--receipts", "-", "--data"])
            .arg(town.place.path())
            .args(["--lease", &LEASE.as_secs_f64().to_string()]);
        if let Some(urls) = &town.place.urls {
            load.args(["--database", &urls.service]);
        }
        let mut child = load
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

/// What was written under a key, as its client would say it again.
fn again(row: &Row) -> Given {
    let header = Header::parse(&row.header).expect("a header");
    let (info, actor) = (header.command.expect("a command"), header.actor.expect("an actor"));
    let event = Event::read(&header.kind, header.schema, &row.facts).expect("an event");
    let private = row.private.as_ref().map(|(_, bytes)| bytes.as_slice());
    let text = Text::of(&event, private).expect("the command's text");
    let command = Act::read(&info.name, text.command.as_bytes()).expect("a command");
    Given {
        key: info.key,
        nonce: Some(text.nonce),
        seen: Some(info.seen),
        ..Given::local(actor.account, info.stream, command)
    }
}

/// Whoever lost his receipt with the connection asks again, and gets the entry that is there.
async fn same_answer(town: &Town, promises: &Promises) {
    let newest: Vec<u64> = promises.0.keys().rev().take(ASKED_AGAIN).copied().collect();
    let app = town.place.app().await;
    for row in app.store().read_at(&newest).await.expect("entries") {
        let receipt = persist(&app, &again(&row)).await;
        let (key, first, leaf) = &promises.0[&row.position];
        assert!(receipt.replayed && receipt.compared, "{key} was written again");
        assert_eq!((receipt.first, receipt.last), (*first, row.position), "{key}");
        let last = receipt.entries.last().expect("an entry");
        assert_eq!(&entry::leaf(&last.header).to_string(), leaf, "{key}");
        let own = row.command_key.expect("a command's entry has its key");
        let written = app.store().read_commands(&[own]).await.expect("entries");
        assert_eq!(written.len(), receipt.entries.len(), "{key}: a repeat wrote");
    }
    app.stop().await.expect("a clean stop");
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
        same_answer(&town, &promises).await;
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
