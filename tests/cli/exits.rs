//! Each exit code at least once, and the one JSON object.

use std::fs;
use std::time::Duration;

use annals::ledger::build::{Built, Frame, build};
use annals::ledger::keys::read_key;
use annals::ledger::random::Random;
use annals::ledger::{Draft, Follower, Serving};
use annals::store::Batch;
use annals_events::entry::{self, Provenance};
use annals_events::id::{SiteId, Stream};
use annals_events::keys::{IntroducedKey, KeyStatement, Role, SecretKey};
use annals_events::ledger::{EpochStarted, Event as LedgerEvent, HeadFound};
use annals_events::text::{BuildName, PublicName};
use annals_events::{Event, site};

use super::{ends, one_object, program};
use crate::harness::{BOTH, Kind, ORIGIN, Place, Town, code, json, text};
use crate::import::{Told, import, size};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_is_0_and_what_is_refused_or_altered_is_1() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let report = one_object(&place.annals(&["verify", "--json"]));
        assert_eq!(report["verdict"], "sound");
        let files = Told::of(&["a.html"]).write(place.path());
        let output = import(&place, &files, &[]);
        one_object(&output);
        fs::write(&files.changes, Told::of(&["b.html"]).text()).expect("written");
        ends(&import(&place, &files, &[]), 1, "line 0");
        // Another ledger's genesis beside this store.
        let pinned = place.path().join("genesis.json");
        let text = fs::read_to_string(&pinned).expect("the genesis");
        let other = text.replace(&place.genesis().to_string(), &"ab".repeat(32));
        fs::write(&pinned, other).expect("written");
        let output = place.annals(&["verify", "--json"]);
        let report = json(&output);
        assert_eq!((code(&output), &report["verdict"]), (1, &"tampered".into()), "{kind:?}");
    }
}

/// Somebody with the host's keys writes behind the writer's back: an epoch and one entry.
async fn forge(place: &Place, change: impl FnOnce(&mut Built)) {
    let store = annals::store::open(&place.home.database()).await.expect("the store opens");
    let follower = Follower::new(store.clone(), Serving::default());
    follower.catch_up(store.head().await.expect("a head").size).await.expect("folded");
    let lease = store.acquire("forger", Duration::from_secs(10), 0, false).await.expect("a lease");
    let head = store.head().await.expect("a head");
    let mut serving = follower.serving().await.clone();
    let log = read_key(&place.path().join("log.key")).expect("the log key");
    let key = SecretKey::generate().expect("a key");
    let frame = Frame {
        origin: ORIGIN,
        epoch: lease.epoch,
        now: serving.chain.recorded_at(),
        provenance: Provenance::Internal,
        actor: None,
        actor_signature: None,
        command: None,
        cause: None,
        occurred_at: None,
    };
    let statement = KeyStatement {
        role: Role::Entry,
        origin: ORIGIN,
        genesis: serving.ring.genesis(),
        epoch: lease.epoch,
        position: serving.chain.size(),
        prev: serving.chain.head(),
        public: key.public().bytes(),
    };
    let event: Event = LedgerEvent::EpochStarted(EpochStarted {
        build: BuildName::new("annals-forged").expect("a name"),
        engine: annals_projections::ENGINE,
        head: HeadFound { leaf: serving.chain.head(), size: serving.chain.size() },
        key: IntroducedKey::new(&statement, &key, &[&log]),
    })
    .into();
    let stream: Stream = serving.state.ledger.id().expect("a ledger").into();
    let start = Draft { stream, event, private: None };
    let first = build(&serving.chain, &[], &frame, &mut Random::new(), start).expect("built");
    serving.fold(&first.header, first.leaf, &first.event);
    let opened = site::Event::Opened(site::Opened {
        import: None,
        line: None,
        name: PublicName::new("伪造的网站").expect("a name"),
        organisation: place.founded.organisation,
    });
    let site = SiteId(uuid::Uuid::now_v7());
    let draft = Draft { stream: site.into(), event: opened.into(), private: None };
    let mut second = build(&serving.chain, &[], &frame, &mut Random::new(), draft).expect("built");
    change(&mut second);
    second.header_bytes = second.header.to_bytes();
    second.leaf = entry::leaf(&second.header_bytes);
    let rows = [first, second].map(|built| {
        let signature = entry::sign(&key, ORIGIN, &built.leaf);
        built.into_row(signature).0
    });
    let batch = Batch { rows: rows.into(), bodies: Vec::new() };
    store.append(&lease, &head, &batch).await.expect("appended");
    store.release(&lease).await.expect("released");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_a_type_nobody_knows_is_2() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        forge(&place, |built| built.header.kind = "site.repainted".to_owned()).await;
        let output = place.annals(&["verify", "--json"]);
        assert_eq!(code(&output), 2, "{}", text(&output.stdout));
        assert_eq!(json(&output)["verdict"], "incomplete", "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_the_rules_forbid_is_4() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        forge(&place, |_| {}).await;
        let output = place.annals(&["verify", "--json"]);
        assert_eq!(code(&output), 4, "{}", text(&output.stdout));
        assert_eq!(json(&output)["verdict"], "against_the_rulebook", "{kind:?}");
    }
}

#[test]
fn a_call_that_is_wrong_is_3_and_help_is_0() {
    for call in [
        &[][..],
        &["unheard-of"],
        &["verify", "--unheard-of"],
        &["verify", "more"],
        &["import"],
        &["import", "history"],
        &["site"],
        &["key"],
        &["key", "rotate"],
        &["verify", "--database"],
        &["verify", "--database", "mysql://127.0.0.1/x"],
        &["verify", "--database", "postgres://127.0.0.1:no-port/x"],
        &["verify", "--database", "postgres://[::1/x"],
        &["site", "export", "--site", "x", "--out", "y", "--known", "last"],
        // Only who writes may have to say it.
        &["verify", "--allow-owner"],
        &["migrate", "--allow-owner"],
        &["key", "show", "--allow-owner"],
    ] {
        let output = program(call);
        let said = text(&output.stderr);
        assert_eq!(code(&output), 3, "{call:?}: {said}");
        assert_eq!(text(&output.stdout), "", "{call:?}");
        assert!(!said.is_empty(), "{call:?}");
    }
    for call in [&["--help"][..], &["--version"], &["import", "history", "--help"], &["help"]] {
        let output = program(call);
        assert_eq!((code(&output), text(&output.stderr)), (0, String::new()), "{call:?}");
        assert!(!output.stdout.is_empty(), "{call:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_does_not_answer_is_5() {
    let place = Place::new(Kind::Sqlite).await;
    let data = place.path().display().to_string();
    let nobody = format!("postgres://annals_service@localhost/x?host={data}");
    let shown = format!("--database postgres://localhost/x?host={data}: the store did not answer");
    for call in [&["verify"][..], &["export", "--out", "x"], &["key", "show"], &["migrate"]] {
        let all = [call, &["--data", &data, "--database", &nobody]].concat();
        ends(&program(&all), 5, &shown);
    }
    ends(&program(&["rebuild", "--data", &data, "--database", &nobody]), 5, "did not answer");
    fs::remove_file(place.path().join("annals.db")).expect("removed");
    ends(&place.annals(&["verify"]), 3, "there is no database");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_writer_is_6_while_readers_go_on() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let files = Told::of(&["a.html"]).write(place.path());
        let app = place.app().await;
        Town::build(&app, &place).await;
        let before = size(&place).await;
        ends(&import(&place, &files, &[]), 6, "another writer");
        assert_eq!(size(&place).await, before);
        let root = place.path().join("root.key").display().to_string();
        let persons = ["--by", "张建国", "--confirmed-by", "李审计", "--root-key", &root];
        let rotate = [&["key", "rotate"][..], &persons].concat();
        ends(&place.annals(&rotate), 6, "another writer");
        for call in [&["verify", "--json"][..], &["rebuild", "--json"], &["key", "show", "--json"]]
        {
            one_object(&place.annals(call));
        }
        app.stop().await.expect("a clean stop");
        one_object(&import(&place, &files, &[]));
    }
    // The lock alone is enough where the store is a file.
    let place = Place::new(Kind::Sqlite).await;
    let files = Told::of(&["a.html"]).write(place.path());
    let lock = place.home.lock().expect("the lock");
    let me = format!("process {}", std::process::id());
    ends(&import(&place, &files, &[]), 6, &me);
    ends(&place.annals(&["migrate"]), 6, &me);
    drop(lock);
    one_object(&import(&place, &files, &[]));
}
