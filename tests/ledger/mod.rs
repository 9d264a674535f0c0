//! The writer loses, forks, skips and half-does nothing: a small ledger, an accident, an audit.

use annals_events::attributes::Attributes;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use annals::app::{self, App, Given};
use annals::clock::{Clock, SystemClock};
use annals::commands::Payload;
use annals::config::Home;
use annals::ledger::anchor::{Anchor, Anchored, FileAnchor};
use annals::ledger::scan::scan;
use annals::ledger::{Parts, Receipt, Request, WriteError};
use annals::store::{self, Row, SharedStore};
use annals_events::Hash;
use annals_events::command::{self, Command, Text};
use annals_events::entry::CommandInfo;
use annals_events::id::{AccountId, ColumnId, CommandKey, SiteId};
use annals_events::text::PublicName;
use annals_verify::{Options, Policy, Report, Verdict};
use uuid::Uuid;

use crate::harness::{Kind, Place, annals_verify, give, json};

/// Makes of each `async fn name(Kind)` the tests `name::sqlite` and `name::postgres`.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            use crate::harness::Kind;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(Kind::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(Kind::Postgres).await;
            }
        }
    )*};
}

mod faults;
mod steps;

mod anchor;
mod clock;
mod follow;
mod idempotency;
mod kills;
mod pipeline;
mod snapshot;
mod writers;

use faults::{Faulty, FaultyAnchor};

/// Short, so that a writer that died is out of the way soon.
pub const LEASE: Duration = Duration::from_millis(400);
/// How long anything is waited for before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A ledger with one site, and a writer whose store and anchor do as they are told.
pub struct Rig {
    pub town: Town,
    pub store: Arc<Faulty>,
    pub anchor: Arc<FaultyAnchor>,
    pub app: App,
}

/// A ledger with one site.
pub struct Town {
    pub place: Place,
    pub site: SiteId,
}

/// A command that was acknowledged.
pub type Told = (CommandKey, Receipt);

impl Town {
    pub async fn new(kind: Kind) -> Town {
        Town::with_clock(kind, Arc::new(SystemClock::new())).await
    }

    pub async fn with_clock(kind: Kind, clock: Arc<dyn Clock>) -> Town {
        Town::at(Place::with_clock(kind, clock.clone()).await, clock).await
    }

    pub async fn at(place: Place, clock: Arc<dyn Clock>) -> Town {
        let app = App::open_with(&place.home, clock, false).await.expect("the ledger opens");
        let site = SiteId(Uuid::now_v7());
        let open = command::OpenSite {
            attributes: Attributes::default(),
            name: PublicName::new("示例市人民政府网").expect("a name"),
            organisation: place.founded.organisation,
        };
        give(&app, place.administrator(), site, Command::OpenSite(open)).await;
        app.stop().await.expect("a clean stop");
        Town { place, site }
    }

    /// A command that opens a new column, each time another; shown an empty stream.
    pub fn column(&self) -> Given {
        column(self.place.administrator(), self.site)
    }

    /// What the program would run this ledger with, but for a shorter lease.
    pub async fn parts(&self) -> Parts {
        parts(&self.place.home).await
    }

    /// The store, as another process would open it.
    pub async fn store(&self) -> SharedStore {
        store::open(&self.place.home.database()).await.expect("the store opens")
    }

    pub async fn size(&self) -> u64 {
        let store = self.store().await;
        let size = store.head().await.expect("a head").size;
        store.close().await;
        size
    }

    pub async fn anchored(&self) -> Option<Anchored> {
        FileAnchor::new(&self.place.home.anchor_path()).get().await.expect("a readable anchor")
    }

    /// The entries of a command.
    pub async fn written(&self, key: CommandKey) -> Vec<Row> {
        let store = self.store().await;
        let rows = store.read_commands(&[key.0.into_bytes()]).await.expect("entries");
        store.close().await;
        rows
    }

    /// Everything acknowledged is there, once and as the receipt says, and the whole is sound.
    pub async fn holds(&self, told: &[Told]) -> Report {
        let store = self.store().await;
        kept(&store, told).await;
        let report = audit(&store, self.place.genesis()).await;
        store.close().await;
        report
    }

    /// The same for a stranger who has nothing but an export.
    pub fn holds_for_a_stranger(&self) {
        let export = self.place.export().display().to_string();
        let genesis = self.place.genesis().to_string();
        let output = annals_verify(&[&export, "--genesis", &genesis, "--json"]);
        assert_eq!(json(&output)["verdict"], "sound", "{}", json(&output));
    }
}

impl Rig {
    pub async fn new(kind: Kind) -> Rig {
        let town = Town::new(kind).await;
        let parts = town.parts().await;
        Rig::start(town, parts).await
    }

    pub async fn start(town: Town, mut parts: Parts) -> Rig {
        let store = Arc::new(Faulty::new(parts.store.clone()));
        let anchor = Arc::new(FaultyAnchor::new(parts.anchor.clone()));
        parts.store = store.clone();
        parts.anchor = anchor.clone();
        let app = App::start(parts, None).await.expect("the ledger opens");
        Rig { town, store, anchor, app }
    }

    /// Give a command that must be written now, for the first time.
    pub async fn write(&self) -> Told {
        let given = self.town.column();
        let receipt = self.app.give(given.clone()).await.expect("written");
        assert!(!receipt.replayed);
        (given.key, receipt)
    }

    /// The process is gone; another one opens the same ledger.
    pub async fn restart(self) -> (Town, App) {
        let Rig { town, app, .. } = self;
        drop(app);
        let app = town.place.app().await;
        (town, app)
    }
}

pub fn column(by: AccountId, site: SiteId) -> Given {
    let id = ColumnId(Uuid::now_v7());
    let open = command::OpenColumn {
        attributes: Attributes::default(),
        site,
        title: format!("栏目 {id}"),
    };
    let mut given = Given::local(by, id, Command::OpenColumn(open));
    given.seen = Some(Hash::ZERO);
    given
}

pub async fn parts(home: &Home) -> Parts {
    let clock = Arc::new(SystemClock::new());
    let parts = app::parts(home, clock, false, home.is_embedded())
        .await
        .expect("everything a writer needs");
    Parts { lease: LEASE, ..parts }
}

/// Give a command until nobody else holds the ledger.
pub async fn persist(app: &App, given: &Given) -> Receipt {
    let begun = Instant::now();
    loop {
        match app.give(given.clone()).await {
            Ok(receipt) => return receipt,
            Err(WriteError::NotLeader { .. }) if begun.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Wait for a thing.
pub async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// All of them at once, on one task.
pub async fn at_once<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut all: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in all.iter_mut().filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(done) = future.as_mut().poll(context) {
                *output = Some(done);
            }
        }
        let is_done = all.iter().all(|(_, output)| output.is_some());
        if is_done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    all.into_iter().filter_map(|(_, output)| output).collect()
}

/// What the service makes of a command before it queues it.
pub async fn request(app: &App, given: Given) -> Request<Payload> {
    let actor = app.actor(given.account, given.authenticated).await.expect("an account");
    let command = String::from_utf8(given.command.to_bytes()).expect("canonical text");
    let text = Text { command, nonce: app::random().expect("random bytes") };
    let info = CommandInfo {
        digest: text.digest(),
        index: 0,
        issued_at: app.now(),
        key: given.key,
        name: given.command.name().to_owned(),
        of: 1,
        seen: given.seen.expect("these say what they were shown"),
        stream: given.stream,
    };
    Request {
        account: given.account,
        command: info,
        text: text.command.clone().into_bytes(),
        nonce_is_ours: true,
        uploads: Vec::new(),
        payload: Payload::Command {
            command: Box::new(given.command),
            text,
            actor,
            signature: None,
            cause: None,
        },
    }
}

/// Give `count` commands as fast as the queue takes them; all must be written.
pub async fn write_many(app: &App, count: usize, next: impl Fn() -> Given) -> Vec<Told> {
    let mut told = Vec::with_capacity(count);
    while told.len() < count {
        let mut waiting = Vec::new();
        for _ in told.len()..count.min(told.len() + 1_000) {
            let given = next();
            let key = given.key;
            let queued = app.ledger().enqueue(request(app, given).await).await;
            waiting.push((key, queued.expect("queued")));
        }
        for (key, queued) in waiting {
            told.push((key, queued.answer().await.expect("written")));
        }
    }
    told
}

/// Every receipt's entries are in the store, and nothing else was written under its key.
pub async fn kept(store: &SharedStore, told: &[Told]) {
    for told in told.chunks(500) {
        let keys: Vec<[u8; 16]> = told.iter().map(|(key, _)| key.0.into_bytes()).collect();
        let rows = store.read_commands(&keys).await.expect("entries");
        for (key, receipt) in told {
            let own = rows.iter().filter(|row| row.command_key == Some(key.0.into_bytes()));
            let own: Vec<(u64, &[u8], [u8; 64])> =
                own.map(|row| (row.position, &row.header[..], row.signature)).collect();
            let said = (receipt.first..).zip(&receipt.entries);
            let said: Vec<(u64, &[u8], [u8; 64])> =
                said.map(|(at, entry)| (at, &entry.header[..], entry.signature)).collect();
            assert_eq!(own, said, "{key}: what was acknowledged is not what is there");
        }
    }
}

/// The one oracle: the auditor's library over the live store.
pub async fn audit(store: &SharedStore, genesis: Hash) -> Report {
    let policy = Policy { genesis: Some(genesis), ..Policy::default() };
    let report = scan(store, policy, Options::default(), &|_, _| {}).await.expect("a scan");
    assert_eq!(report.verdict, Verdict::Sound, "{:?} {:?}", report.first_bad, report.notes);
    let head = store.head().await.expect("a head");
    assert_eq!((report.size, report.head.0), (head.size, head.leaf));
    report
}
