//! Two writers on one ledger: whatever each believes, the store lets one write, and forks never.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use annals::app::App;
use annals::config::Home;
use annals::ledger::{Parts, WriteError};
use annals::store::Store;
use annals_events::Hash;
use tokio::sync::oneshot;

use super::faults::{Answer, Faulty, Step};
use super::{LEASE, PATIENCE, Rig, Told, Town, at_once, parts, persist, request, until};
use crate::harness::{ADMINISTRATOR, AUDITOR, Kind, code, text};

on_both!(
    a_writer_that_slept_through_its_lease_is_refused,
    an_append_that_comes_after_a_take_over_is_refused,
    a_commit_whose_anchor_comes_after_a_take_over_counts,
);

/// What another host of the same ledger has: its own folder with copies of keys, anchor and
/// genesis. An embedded ledger has no other host; there, another writer in the same folder.
struct Other {
    _folder: tempfile::TempDir,
    home: Home,
}

impl Other {
    fn of(town: &Town) -> Other {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = &town.place.home;
        if home.is_embedded() {
            return Other { _folder: folder, home: home.clone() };
        }
        for name in ["log.key", "cosigner.key", "anchor", "genesis.json"] {
            copy(town.place.path(), folder.path(), name);
        }
        let home = Home::new(folder.path(), Some(home.database()));
        Other { _folder: folder, home }
    }

    async fn app(&self, force: bool) -> App {
        let parts = Parts { force, ..parts(&self.home).await };
        App::start(parts, None).await.expect("the ledger opens")
    }
}

fn copy(from: &Path, to: &Path, name: &str) {
    std::fs::copy(from.join(name), to.join(name)).expect(name);
}

async fn give(app: &App, town: &Town, told: &mut Vec<Told>) {
    let given = town.column();
    told.push((given.key, app.give(given.clone()).await.expect("written")));
}

/// Both ignore the lease and write at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_that_ignore_the_lease_never_fork() {
    let town = Town::new(Kind::Postgres).await;
    let other = Other::of(&town);
    let one = App::start(Parts { force: true, ..town.parts().await }, None).await;
    let apps = [Arc::new(one.expect("the ledger opens")), Arc::new(other.app(true).await)];
    let mut running = Vec::new();
    for number in 0..6 {
        let (app, town) = (apps[number % 2].clone(), column_maker(&town));
        running.push(tokio::spawn(async move {
            let (mut told, mut fenced) = (Vec::new(), 0);
            for _ in 0..40 {
                let given = town();
                loop {
                    match app.give(given.clone()).await {
                        Ok(receipt) => break told.push((given.key, receipt)),
                        Err(WriteError::NotLeader { .. } | WriteError::Retryable(_)) => fenced += 1,
                        Err(error) => panic!("{error}"),
                    }
                }
            }
            (told, fenced)
        }));
    }
    let (mut told, mut fenced) = (Vec::new(), 0);
    for one in running {
        let (own, refused) = one.await.expect("the caller ends");
        told.extend(own);
        fenced += refused;
    }
    assert_eq!(told.len(), 240);
    assert!(fenced > 0, "they were never in each other's way");
    for app in apps {
        let app = Arc::into_inner(app).expect("nobody else has it");
        app.stop().await.expect("a clean stop");
    }
    // Each host's anchor fits the one history.
    for home in [&town.place.home, &other.home] {
        let app = App::start(parts(home).await, None).await.expect("the ledger opens");
        give(&app, &town, &mut told).await;
        app.stop().await.expect("a clean stop");
    }
    town.holds(&told).await;
}

fn column_maker(town: &Town) -> impl Fn() -> annals::app::Given + Send + 'static {
    let (by, site) = (town.place.administrator(), town.site);
    move || super::column(by, site)
}

/// One ignores the lease of the other, who is told so and steps down.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_loser_steps_down_and_says_who_holds_it() {
    let rig = Rig::new(Kind::Postgres).await;
    let other = Other::of(&rig.town);
    let forced = other.app(true).await;
    let mut told = vec![rig.write().await];
    give(&forced, &rig.town, &mut told).await;
    let given = rig.town.column();
    let refused = rig.app.give(given.clone()).await;
    assert!(matches!(refused, Err(WriteError::NotLeader { .. })), "{refused:?}");
    let holder = rig.store.head().await.expect("a head").holder.expect("a holder");
    let refused = rig.app.give(given.clone()).await;
    assert!(format!("{refused:?}").contains(&holder), "{refused:?}");
    give(&forced, &rig.town, &mut told).await;
    forced.stop().await.expect("a clean stop");
    told.push((given.key, rig.app.give(given).await.expect("the lease was given back")));
    rig.town.holds(&told).await;
}

async fn a_writer_that_slept_through_its_lease_is_refused(kind: Kind) {
    let rig = Rig::new(kind).await;
    let other = Other::of(&rig.town);
    let mut told = vec![rig.write().await];
    rig.store.is_asleep.store(true, Ordering::SeqCst);
    let app = other.app(false).await;
    let given = rig.town.column();
    let refused = app.give(given.clone()).await;
    assert!(matches!(refused, Err(WriteError::NotLeader { .. })), "{refused:?}");
    told.push((given.key, persist(&app, &given).await));
    let begun = Instant::now();
    while begun.elapsed() < 3 * LEASE {
        give(&app, &rig.town, &mut told).await;
        tokio::time::sleep(LEASE / 20).await;
    }
    rig.store.is_asleep.store(false, Ordering::SeqCst);
    let size = rig.town.size().await;
    let given = rig.town.column();
    for _ in 0..2 {
        let refused = rig.app.give(given.clone()).await;
        assert!(matches!(refused, Err(WriteError::NotLeader { .. })), "{refused:?}");
    }
    assert_eq!(rig.town.size().await, size);
    give(&app, &rig.town, &mut told).await;
    app.stop().await.expect("a clean stop");
    told.push((given.key, persist(&rig.app, &given).await));
    rig.town.holds(&told).await;
}

/// A writer held up inside one append, and what another did meanwhile.
async fn held_up(kind: Kind, is_written_first: bool, others: usize) {
    let rig = Rig::new(kind).await;
    let other = Other::of(&rig.town);
    let mut told = vec![rig.write().await];
    let (go, gate) = oneshot::channel::<()>();
    let wait = Box::pin(async move { gate.await.expect("the gate opens") });
    let step = Step::new(true, Answer::Own);
    rig.store.plan(match is_written_first {
        true => Step { after: Some(wait), ..step },
        false => Step { before: Some(wait), ..step },
    });
    let given = rig.town.column();
    let before = rig.town.size().await;
    let queued = rig.app.ledger().enqueue(request(&rig.app, given.clone()).await).await;
    let store: &Faulty = &rig.store;
    until("the append", || async {
        let asked = store.appends.lock().expect("no holder panics").len() == 2;
        asked && (!is_written_first || store.head().await.expect("a head").size > before)
    })
    .await;
    let app = other.app(false).await;
    // Refused, so that it takes over (and moves the anchor up) without writing.
    let stale = annals::app::Given { seen: Some(Hash([1; 32])), ..rig.town.column() };
    until("the take-over", || async {
        matches!(app.give(stale.clone()).await, Err(WriteError::Refused(_)))
    })
    .await;
    for _ in 0..others {
        give(&app, &rig.town, &mut told).await;
    }
    go.send(()).expect("the append waits");
    let answer = queued.expect("queued").answer().await;
    match is_written_first {
        true => told.push((given.key, answer.expect("committed before the take-over"))),
        false => assert!(matches!(answer, Err(WriteError::NotLeader { .. })), "{answer:?}"),
    }
    let refused = rig.app.give(rig.town.column()).await;
    assert!(matches!(refused, Err(WriteError::NotLeader { .. })), "{refused:?}");
    give(&app, &rig.town, &mut told).await;
    app.stop().await.expect("a clean stop");
    let receipt = persist(&rig.app, &given).await;
    assert_eq!(receipt.replayed, is_written_first);
    told.push((given.key, receipt));
    rig.town.holds(&told).await;
}

async fn an_append_that_comes_after_a_take_over_is_refused(kind: Kind) {
    held_up(kind, false, 3).await;
}

async fn a_commit_whose_anchor_comes_after_a_take_over_counts(kind: Kind) {
    held_up(kind, true, 3).await;
    // The other has moved the anchor to just this batch.
    held_up(kind, true, 0).await;
}

/// The folder's lock names the process; whoever only reads does not need it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_writing_process_exits_and_names_the_holder() {
    let town = Arc::new(Town::new(Kind::Sqlite).await);
    let app = Arc::new(town.place.app().await);
    let root = town.place.path().join("root.key").display().to_string();
    let rotate = ["--by", ADMINISTRATOR, "--confirmed-by", AUDITOR, "--root-key", &root];
    let rotate = [&["key", "rotate"], &rotate[..]].concat();
    let mut told = Vec::new();
    give(&app, &town, &mut told).await;
    let (stop, mut stopped) = oneshot::channel::<()>();
    let writing = tokio::spawn({
        let (app, town) = (app.clone(), town.clone());
        async move {
            let mut told = Vec::new();
            while stopped.try_recv().is_err() {
                give(&app, &town, &mut told).await;
            }
            told
        }
    });
    let run = |arguments: Vec<String>| {
        let town = town.clone();
        tokio::task::spawn_blocking(move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            town.place.annals(&arguments)
        })
    };
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let output = run(owned(&rotate)).await.expect("it ends");
    let said = text(&output.stderr);
    assert_eq!(code(&output), 6, "{said}");
    assert!(said.contains(&format!("process {}", std::process::id())), "{said}");
    let out = town.place.path().join("beside.ndjson").display().to_string();
    let reading: [&[&str]; 4] =
        [&["verify"], &["export", "--out", &out], &["rebuild"], &["key", "show"]];
    for words in reading {
        let output = run(owned(words)).await.expect("it ends");
        assert_eq!(code(&output), 0, "{words:?}: {}", text(&output.stderr));
    }
    stop.send(()).expect("the writer waits for it");
    told.extend(writing.await.expect("the writer ends"));
    let app = Arc::into_inner(app).expect("nobody else has it");
    app.stop().await.expect("a clean stop");
    let output = run(owned(&rotate)).await.expect("it ends");
    assert_eq!(code(&output), 0, "the lock is free: {}", text(&output.stderr));
    town.holds(&told).await;
    town.holds_for_a_stranger();
}

/// A crowd on one writer while its lease is taken again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_on_a_writer_that_is_fenced_again_and_again_loses_nothing() {
    let rig = Rig::new(Kind::Postgres).await;
    let mut told = Vec::new();
    for round in 0..10 {
        let ttl = Duration::from_millis(1);
        let take = Some(rig.store.taken_over(ttl));
        rig.store.plan(match round % 3 {
            0 => Step { before: take, ..Step::new(true, Answer::Own) },
            1 => Step { after: take, ..Step::new(true, Answer::Unknown) },
            _ => Step { after: take, ..Step::new(false, Answer::Unknown) },
        });
        let all: Vec<_> = (0..20).map(|_| rig.town.column()).collect();
        let crowd = all.iter().map(|given| stubborn(&rig.app, given)).collect();
        told.extend(at_once(crowd).await);
    }
    assert_eq!(told.len(), 200);
    rig.town.holds(&told).await;
}

async fn stubborn(app: &App, given: &annals::app::Given) -> Told {
    let begun = Instant::now();
    loop {
        match app.give(given.clone()).await {
            Ok(receipt) => return (given.key, receipt),
            Err(WriteError::NotLeader { .. } | WriteError::Retryable(_))
                if begun.elapsed() < PATIENCE =>
            {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}
