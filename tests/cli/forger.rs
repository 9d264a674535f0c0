//! Whoever has the host's keys and the database writes what no rule allows.

use annals_events::attributes::Attributes;
use std::time::Duration;

use annals::ledger::build::{Built, Frame, build};
use annals::ledger::keys::read_key;
use annals::ledger::random::Random;
use annals::ledger::{Draft, Follower, Serving, snapshot};
use annals::store::Batch;
use annals_events::entry::{self, Provenance};
use annals_events::id::{SiteId, Stream};
use annals_events::keys::{IntroducedKey, KeyStatement, Role, SecretKey};
use annals_events::ledger::{EpochStarted, Event as LedgerEvent, HeadFound};
use annals_events::text::{BuildName, PublicName};
use annals_events::{Event, site};

use crate::harness::{ORIGIN, Place};

/// What the forger has afterwards.
pub struct Forged {
    pub serving: Serving,
    epoch: u64,
    key: SecretKey,
}

impl Forged {
    /// Leave a snapshot of this state, signed by the key of the newest epoch.
    pub async fn leave_snapshot(&self, place: &Place, serving: &Serving) {
        let store = annals::store::open(&place.home.database()).await.expect("the store opens");
        let written = snapshot::write(&store, serving, self.epoch, &self.key).await;
        assert!(written.expect("kept"), "no moment for a snapshot");
        store.close().await;
    }
}

/// Somebody with the host's keys writes behind the writer's back: an epoch and one entry.
pub async fn forge(place: &Place, change: impl FnOnce(&mut Built)) -> Forged {
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
    let start = Draft::new(stream, event, None);
    let first = build(&serving.chain, &[], &frame, &mut Random::new(), start).expect("built");
    serving.fold(&first.header, first.leaf, &first.event);
    let opened = site::Event::Opened(site::Opened {
        attributes: Attributes::default(),
        import: None,
        line: None,
        name: PublicName::new("伪造的网站").expect("a name"),
        organisation: place.founded.organisation,
    });
    let site = SiteId(uuid::Uuid::now_v7());
    let draft = Draft::new(site.into(), opened.into(), None);
    let mut second = build(&serving.chain, &[], &frame, &mut Random::new(), draft).expect("built");
    change(&mut second);
    second.header_bytes = second.header.to_bytes();
    second.leaf = entry::leaf(&second.header_bytes);
    serving.fold(&second.header, second.leaf, &second.event);
    let rows = [first, second].map(|built| {
        let signature = entry::sign(&key, ORIGIN, &built.leaf);
        built.into_row(signature).0
    });
    let batch = Batch { rows: rows.into(), bodies: Vec::new() };
    store.append(&lease, &head, &batch).await.expect("appended");
    store.release(&lease).await.expect("released");
    store.close().await;
    Forged { serving, epoch: lease.epoch, key }
}
