//! Leading: take the lease, hold the anchor against the store, start an epoch, decide from there.
//!
//! Start, hand-over, a failed commit and an unknown one are one path: drop the deciding state,
//! catch the serving state up to the store's head, clone it, decide.

use std::sync::Arc;
use std::time::Duration;

use annals_events::entry::Provenance;
use annals_events::id::{LedgerId, Stream};
use annals_events::keys::{IntroducedKey, KeyStatement, Role, SecretKey};
use annals_events::ledger::{EpochStarted, Event as LedgerEvent, HeadFound};
use annals_events::text::BuildName;
use annals_events::{Event, Hash, Header, Time};
use annals_projections::ENGINE;

use super::anchor::{Anchor, AnchorError, Anchored};
use super::build::{self, Built, Frame};
use super::decider::Draft;
use super::follower::{Follower, Serving};
use super::random::Random;
use super::request::WriteError;
use super::seal::SealKeys;
use super::signer::Signer;
use crate::clock::{Clock, ClockGuard};
use crate::store::{AcquireError, Head, Lease, Row, SharedStore, StoreError};

/// What a ledger is run with.
pub struct Parts {
    /// Where entries are kept.
    pub store: SharedStore,
    /// The second place.
    pub anchor: Arc<dyn Anchor>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Log keys and cosigner of this host.
    pub keys: SealKeys,
    /// The genesis leaf this host pinned when the ledger was founded.
    pub genesis: Hash,
    /// How long a lease lasts without an append.
    pub lease: Duration,
    /// Take the lease from whoever holds it: where a lock already shows that nobody does, and in
    /// tests of the fence.
    pub force: bool,
}

/// The program as entries name it.
pub fn build_name() -> BuildName {
    BuildName::new(concat!("annals-", env!("CARGO_PKG_VERSION"))).expect("a version is plain")
}

/// What a leader holds.
pub struct Lead {
    /// The right to append.
    pub lease: Lease,
    /// The head the next append must find.
    pub head: Head,
    /// What the anchor must hold.
    pub anchored: Option<Anchored>,
    /// The epoch's key.
    pub entry_key: Arc<SecretKey>,
    /// The same, ready to sign entries.
    pub signer: Arc<Signer>,
    /// For salts and names of entries.
    pub random: Random,
    /// Whether the epoch's first entry is committed.
    pub started: bool,
    /// How far the store's clock was ahead of this host's when last heard, microseconds.
    pub store_lead: Option<i64>,
    /// The state ahead by what is not yet committed; `None` after a failure.
    pub deciding: Option<Serving>,
    /// Entries of the epoch's start that wait for the first command.
    pub pending: Vec<Built>,
}

/// Take the lease and everything that goes with it.
pub async fn take(
    parts: &Parts,
    follower: &Follower,
    holder: &str,
    guard: &mut ClockGuard,
) -> Result<Lead, WriteError> {
    let looked = look(parts.anchor.as_ref(), &parts.store).await;
    let looked = looked.map_err(|error| WriteError::Retryable(error.to_string()))?;
    let anchored = looked.held().map_err(WriteError::Stopped)?;
    let floor = anchored.as_ref().map_or(0, |anchored| anchored.epoch);
    let acquired = parts.store.acquire(holder, parts.lease, floor, parts.force).await;
    let lease = acquired.map_err(|error| match error {
        AcquireError::Held { holder, epoch, left_millis } => {
            WriteError::NotLeader { holder, epoch, left_millis }
        }
        AcquireError::Store(error) => WriteError::Retryable(error.to_string()),
    })?;
    let head = read_head(&parts.store).await?;
    follower.catch_up(head.size).await?;
    let anchored = move_anchor_up(parts, anchored, &head).await?;
    let entry_key = SecretKey::generate().map_err(|e| WriteError::Fault(e.to_string()))?;
    let signer = Signer::new(&entry_key).map_err(|e| WriteError::Fault(e.to_string()))?;
    *guard = ClockGuard::new(parts.clock.as_ref());
    let store_lead = lead_of(&head, parts.clock.as_ref());
    Ok(Lead {
        lease,
        head,
        anchored,
        signer: Arc::new(signer),
        entry_key: Arc::new(entry_key),
        random: Random::new(),
        started: false,
        store_lead,
        deciding: None,
        pending: Vec::new(),
    })
}

/// How far the store's clock is ahead of ours.
pub fn lead_of(head: &Head, clock: &dyn Clock) -> Option<i64> {
    head.clock_micros.map(|micros| micros - clock.wall().micros())
}

async fn read_head(store: &SharedStore) -> Result<Head, WriteError> {
    store.head().await.map_err(|error| WriteError::Retryable(error.to_string()))
}

/// A store beside what this host keeps of its end.
pub struct Looked {
    /// The store's head, read after the anchor: a writer commits before it anchors.
    pub head: Head,
    /// What the anchor holds; an error if it cannot be read.
    pub anchored: Result<Option<Anchored>, AnchorError>,
    /// Why what was acknowledged last is not where it was.
    pub lost: Option<String>,
}

/// Compare a store with this host's anchor.
pub async fn look(anchor: &dyn Anchor, store: &SharedStore) -> Result<Looked, StoreError> {
    let anchored = anchor.get().await;
    let head = store.head().await?;
    let lost = match &anchored {
        Ok(Some(held)) => hold_against(store, held, &head).await?,
        Ok(None) | Err(_) => None,
    };
    Ok(Looked { head, anchored, lost })
}

impl Looked {
    /// What the anchor holds, for whoever writes or signs: not behind a store that forgot what was
    /// acknowledged (it was restored from an older copy), nor where nobody can tell.
    pub fn held(self) -> Result<Option<Anchored>, String> {
        match (self.anchored, self.lost) {
            (_, Some(why)) => Err(why),
            (Err(error), None) => Err(error.to_string()),
            (Ok(None), None) if self.head.size > 0 => Err(format!(
                "the anchor is missing beside a ledger of {} entries: without it nobody can tell \
                 whether entries were lost; put the anchor file back",
                self.head.size
            )),
            (Ok(anchored), None) => Ok(anchored),
        }
    }
}

/// Nothing is written behind a store that forgot what was acknowledged.
async fn stop_unless_held(
    store: &SharedStore,
    held: &Anchored,
    head: &Head,
) -> Result<(), WriteError> {
    match hold_against(store, held, head).await {
        Ok(None) => Ok(()),
        Ok(Some(why)) => Err(WriteError::Stopped(why)),
        Err(error) => Err(WriteError::Retryable(error.to_string())),
    }
}

/// Why what was acknowledged last is not where it was: entries were lost, or this is another
/// history. `None` if it is.
async fn hold_against(
    store: &SharedStore,
    held: &Anchored,
    head: &Head,
) -> Result<Option<String>, StoreError> {
    if held.size > head.size {
        return Ok(Some(format!(
            "the store ends at {} entries, but {} were acknowledged: it was restored from an \
             older copy, or entries were deleted; restore a newer copy",
            head.size, held.size
        )));
    }
    let row = last_row(store, held.size).await?;
    if row.is_none_or(|row| annals_events::entry::leaf(&row.header) != held.leaf) {
        return Ok(Some(format!(
            "entry {} of the store is not the one that was acknowledged: this is another history, \
             or it was altered; run `annals verify`",
            held.size.saturating_sub(1)
        )));
    }
    Ok(None)
}

async fn last_row(store: &SharedStore, size: u64) -> Result<Option<Row>, StoreError> {
    let Some(last) = size.checked_sub(1) else { return Ok(None) };
    Ok(store.read_at(&[last]).await?.pop())
}

/// After a crash between commit and anchor the anchor is behind: what was committed counts.
async fn move_anchor_up(
    parts: &Parts,
    anchored: Option<Anchored>,
    head: &Head,
) -> Result<Option<Anchored>, WriteError> {
    if anchored.as_ref().map_or(0, |held| held.size) == head.size {
        return Ok(anchored);
    }
    let row = last_row(&parts.store, head.size).await;
    let row = row.map_err(|error| WriteError::Retryable(error.to_string()))?;
    let Some(row) = row else { return Ok(anchored) };
    let header =
        Header::parse(&row.header).map_err(|error| WriteError::Stopped(error.to_string()))?;
    if annals_events::entry::leaf(&row.header).0 != head.leaf {
        return Err(WriteError::Stopped(
            "the head row is not the last entry's: run `annals verify`".to_owned(),
        ));
    }
    let newer = Anchored {
        size: head.size,
        leaf: Hash(head.leaf),
        epoch: header.epoch.0,
        signature: row.signature,
    };
    let swapped = parts.anchor.swap(anchored.as_ref(), &newer).await;
    swapped.map_err(|error| WriteError::Stopped(error.to_string()))?;
    Ok(Some(newer))
}

/// Make sure that there is a deciding state at the store's head.
pub async fn prepare(
    parts: &Parts,
    follower: &Follower,
    lead: &mut Lead,
    now: impl FnOnce(&Serving, Option<i64>) -> Result<Time, WriteError>,
) -> Result<(), WriteError> {
    if lead.deciding.is_some() {
        return Ok(());
    }
    let head = read_head(&parts.store).await?;
    if head.epoch != lead.lease.epoch {
        return Err(WriteError::NotLeader {
            holder: head.holder.unwrap_or_default(),
            epoch: head.epoch,
            left_millis: head.lease_left_micros / 1_000,
        });
    }
    // A database may go back under a running writer: a standby that lacked the last entries.
    if let Some(held) = &lead.anchored {
        stop_unless_held(&parts.store, held, &head).await?;
    }
    follower.catch_up(head.size).await?;
    let mut serving = follower.serving().await.clone();
    let origin = serving.chain.origin().to_owned();
    if serving.chain.size() != head.size {
        return Err(WriteError::Retryable("another writer is at work".to_owned()));
    }
    if serving.chain.head().0 != head.leaf {
        return Err(WriteError::Stopped("the head row is not the last entry's".to_owned()));
    }
    if serving.ring.genesis() != parts.genesis {
        return Err(WriteError::Stopped(
            "the store's genesis is not the one this host pinned".to_owned(),
        ));
    }
    lead.anchored = move_anchor_up(parts, lead.anchored.clone(), &head).await?;
    lead.store_lead = lead_of(&head, parts.clock.as_ref());
    lead.head = head;
    lead.pending.clear();
    // An append that was given up as unknown may have started the epoch.
    lead.started = serving.chain.epoch() == lead.lease.epoch;
    if !lead.started {
        let now = now(&serving, lead.store_lead)?;
        let started = start_epoch(&mut serving, lead, parts, &origin, now)?;
        lead.pending.push(started);
    }
    lead.deciding = Some(serving);
    Ok(())
}

fn start_epoch(
    serving: &mut Serving,
    lead: &Lead,
    parts: &Parts,
    origin: &str,
    now: Time,
) -> Result<Built, WriteError> {
    let held = |key| parts.keys.logs.iter().find(|held| held.public() == key);
    let log = serving.ring.active_log_keys().find_map(held);
    let log = log.ok_or_else(|| {
        WriteError::Stopped("this host holds no log key that is in force".to_owned())
    })?;
    let chain = &serving.chain;
    let statement = KeyStatement {
        role: Role::Entry,
        origin,
        genesis: serving.ring.genesis(),
        epoch: lead.lease.epoch,
        position: chain.size(),
        prev: chain.head(),
        public: lead.entry_key.public().bytes(),
    };
    let event = LedgerEvent::EpochStarted(EpochStarted {
        build: build_name(),
        engine: ENGINE,
        head: HeadFound { leaf: chain.head(), size: chain.size() },
        key: IntroducedKey::new(&statement, &lead.entry_key, &[log]),
    });
    internal(serving, origin, lead.lease.epoch, now, event)
}

/// Build an entry of the ledger's own and fold it into the deciding state.
pub fn internal(
    serving: &mut Serving,
    origin: &str,
    epoch: u64,
    now: Time,
    event: LedgerEvent,
) -> Result<Built, WriteError> {
    // Genesis names the ledger's stream; everything the ledger says of itself follows there.
    let stream: Stream = serving.state.ledger.id().unwrap_or(LedgerId(uuid::Uuid::nil())).into();
    let frame = Frame {
        origin,
        epoch,
        now,
        provenance: Provenance::Internal,
        actor: None,
        actor_signature: None,
        command: None,
        cause: None,
        occurred_at: None,
    };
    let draft = Draft::new(stream, Event::Ledger(event), None);
    let built = build::build(&serving.chain, &[], &frame, &mut Random::new(), draft)
        .map_err(|error| WriteError::Fault(error.to_string()))?;
    if let Event::Ledger(event) = &built.event {
        serving.ring.introduce(&built.header, built.leaf, event).map_err(WriteError::Fault)?;
    }
    serving.push(&built.header, built.leaf, &built.event);
    Ok(built)
}
