//! 定序 — one task decides on in-memory state, one command after another, and commits in groups.
//!
//! Drain the queue, never sleep to fill it; one transaction a batch; the next batch is sent when
//! this one is in the store, and waits for its anchor (`pipeline`). The commit point is
//! `store.append`: before it nothing happened, after it everything did, whatever the caller hears.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use annals_events::Time;
use annals_events::keys::SecretKey;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::batch::{self, Fate, Work};
use super::decider::Decider;
use super::follower::{FollowError, Follower, Following};
use super::lead::{self, Lead, Parts};
use super::pipeline::Asked;
use super::request::{Answer, Enqueued, Receipt, Request, WriteError, stopping};
use super::seal::{self, SealError};
use super::signer::Signing;
use super::{index, snapshot};
use crate::clock::ClockGuard;
use crate::store::{BodyRef, SharedStore, StoreError, StoredCheckpoint};

/// Commands waiting at most; more wait outside.
const QUEUE: usize = 4_096;
/// An upload that no entry names is swept after this long.
const UPLOAD_AGE: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) enum Call<P> {
    Write(Box<Request<P>>, oneshot::Sender<Answer>),
    Stop(oneshot::Sender<()>),
}

/// A ledger under one roof: the writer's queue and the follower's state.
pub struct Ledger<D: Decider> {
    calls: mpsc::Sender<Call<D::Payload>>,
    follower: Arc<Follower>,
    parts: Arc<Parts>,
    signer: Arc<Mutex<Option<Signer>>>,
    holder: String,
    _following: Following,
    /// What was said while the state was loaded, e.g. discarded snapshots.
    pub said: Vec<String>,
}

/// The key of the epoch under way, for snapshots.
struct Signer {
    epoch: u64,
    key: Arc<SecretKey>,
}

impl<D: Decider> Ledger<D> {
    /// Load the newest snapshot that holds, start the writer's task. Nothing is written and no
    /// lease is taken before the first command.
    pub async fn start(parts: Parts, decider: D) -> Result<Ledger<D>, StoreError> {
        let (serving, said) = snapshot::load(&parts.store).await?;
        for sentence in &said {
            tracing::warn!("{sentence}");
        }
        let follower = Arc::new(Follower::new(parts.store.clone(), serving));
        let (calls, queue) = mpsc::channel(QUEUE);
        let parts = Arc::new(parts);
        let signer = Arc::new(Mutex::new(None));
        let guard = ClockGuard::new(parts.clock.as_ref());
        let holder = uuid::Uuid::now_v7().to_string();
        let sequencer = Sequencer {
            parts: parts.clone(),
            decider,
            follower: follower.clone(),
            holder: holder.clone(),
            guard,
            lead: None,
            stopped: None,
            moved: HashSet::new(),
            checkpoint: None,
            signer: signer.clone(),
        };
        tokio::spawn(sequencer.run(queue));
        let _following = Following::start(follower.clone());
        Ok(Ledger { calls, follower, parts, signer, holder, _following, said })
    }

    /// Write a command.
    pub async fn submit(&self, request: Request<D::Payload>) -> Result<Receipt, WriteError> {
        self.enqueue(request).await?.answer().await
    }

    /// Put a command into the writer's queue: commands enqueued one after another are decided in
    /// that order.
    pub async fn enqueue(&self, request: Request<D::Payload>) -> Result<Enqueued, WriteError> {
        let (reply, answer) = oneshot::channel();
        let call = Call::Write(Box::new(request), reply);
        self.calls.send(call).await.map_err(|_| stopping())?;
        Ok(Enqueued { answer })
    }

    /// The follower.
    pub fn follower(&self) -> &Follower {
        &self.follower
    }

    /// The store.
    pub fn store(&self) -> &SharedStore {
        &self.parts.store
    }

    /// The name under which this run takes the lease.
    pub fn holder(&self) -> &str {
        &self.holder
    }

    /// What this run was started with.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Fold everything committed so far; answers the size.
    pub async fn catch_up(&self) -> Result<u64, FollowError> {
        let size = self.parts.store.head().await?.size;
        self.follower.catch_up(size).await?;
        Ok(size)
    }

    /// Seal a checkpoint over everything committed so far, and feed the index; `new` is a log key
    /// that was introduced just now and signs along.
    pub async fn seal(&self, new: Option<&SecretKey>) -> Result<StoredCheckpoint, SealError> {
        let Parts { store, keys, clock, anchor, .. } = self.parts.as_ref();
        let looked = lead::look(anchor.as_ref(), store).await?;
        let size = looked.head.size;
        looked.held().map_err(SealError::Lost)?;
        let keys = (keys, new);
        let checkpoint = seal::seal(store, &self.follower, keys, clock.as_ref(), size).await?;
        index::feed(store, size).await?;
        Ok(checkpoint)
    }

    /// Stop writing: what is queued is finished, then checkpoint, index, snapshot, lease.
    pub async fn stop(self, new: Option<&SecretKey>) -> Result<StoredCheckpoint, SealError> {
        let (done, stopped) = oneshot::channel();
        if self.calls.send(Call::Stop(done)).await.is_ok() {
            // An error here means the task is gone, which is what was asked for.
            let _ = stopped.await;
        }
        let checkpoint = self.seal(new).await?;
        self.parts.store.sweep_uploads(UPLOAD_AGE).await?;
        self.keep_snapshot().await?;
        Ok(checkpoint)
    }

    /// Keep a snapshot if this run wrote and it is worth it.
    pub async fn keep_snapshot(&self) -> Result<bool, StoreError> {
        let Some(Signer { epoch, key }) = self.signer.lock().await.take() else {
            return Ok(false);
        };
        let serving = self.follower.serving().await;
        let size = serving.chain.size();
        let store = &self.parts.store;
        let name = annals_projections::chain::Chain::NAME;
        let version = annals_projections::chain::Chain::VERSION;
        // One that was discarded at the start is as good as none.
        let last = match store.snapshot(name, version, size).await {
            Ok(Some(last)) if self.said.is_empty() => last.size,
            Ok(_) | Err(StoreError::Corrupt(_)) => 0,
            Err(error) => return Err(error),
        };
        // Nobody could believe a key that is on no ledger: of an epoch that never started.
        let is_known = serving.ring.entry_key(epoch).is_some_and(|(own, _)| *own == key.public());
        if !is_known || size - last < snapshot::WORTH {
            return Ok(false);
        }
        snapshot::write(store, &serving, epoch, &key).await
    }
}

pub(super) struct Sequencer<D: Decider> {
    pub(super) parts: Arc<Parts>,
    decider: D,
    pub(super) follower: Arc<Follower>,
    holder: String,
    guard: ClockGuard,
    pub(super) lead: Option<Lead>,
    pub(super) stopped: Option<String>,
    /// Uploads this process made evidence.
    moved: HashSet<[u8; 32]>,
    pub(super) checkpoint: Option<String>,
    signer: Arc<Mutex<Option<Signer>>>,
}

impl<D: Decider> Sequencer<D> {
    pub(super) async fn renew(&mut self) {
        let Some(lead) = &self.lead else { return };
        if let Err(error) = self.parts.store.renew(&lead.lease).await {
            tracing::warn!(%error, "the lease was not renewed");
        }
    }

    pub(super) async fn release(&mut self) {
        if let Some(lead) = self.lead.take()
            && let Err(error) = self.parts.store.release(&lead.lease).await
        {
            tracing::warn!(%error, "the lease was not given back; it will run out");
        }
    }

    /// Whether the deciding state stands right behind everything decided so far.
    pub(super) fn may_decide(&self) -> bool {
        self.lead.as_ref().is_some_and(|lead| lead.deciding.is_some())
    }

    /// Decide on what is committed and under way; the entries are being signed.
    pub(super) async fn decide(&mut self, asked: &[Asked<D::Payload>]) -> Result<Drawn, Failed> {
        if let Some(why) = &self.stopped {
            return Err(Failed::Error(WriteError::Stopped(why.clone())));
        }
        self.prepare().await?;
        let now = self.now().await?;
        let lead = self.lead.as_mut().ok_or_else(no_lead)?;
        let decided = batch::decide(&self.decider, lead, asked, now, &self.moved);
        if decided.is_err() {
            // It may have folded something already.
            lead.deciding = None;
        }
        let Work { built, fates, bodies } = decided?;
        if !fates.iter().any(|fate| matches!(fate, Fate::Written { .. })) {
            return Ok(Drawn { fates, entries: 0, signing: None, bodies: Vec::new() });
        }
        lead.pending.clear();
        let origin = lead.deciding.as_ref().map_or("", |d| d.chain.origin()).to_owned();
        self.moved.extend(bodies.iter().map(|body| body.id));
        let entries = built.len();
        let signing = Some(Signing::start(&lead.signer, origin, built));
        Ok(Drawn { fates, entries, signing, bodies })
    }

    /// The uploads of a batch that did not land are uploads still.
    pub(super) fn unmove(&mut self, bodies: &[BodyRef]) {
        for body in bodies {
            self.moved.remove(&body.id);
        }
    }

    /// Lead, and have a deciding state at the store's head.
    async fn prepare(&mut self) -> Result<(), Failed> {
        if self.lead.is_none() {
            let lead =
                lead::take(&self.parts, &self.follower, &self.holder, &mut self.guard).await?;
            let signer = Signer { epoch: lead.lease.epoch, key: lead.entry_key.clone() };
            *self.signer.lock().await = Some(signer);
            self.lead = Some(lead);
            let sealed = seal::sealed(&self.parts.store, &self.follower).await;
            let sealed = sealed.map_err(|error| WriteError::Retryable(error.to_string()))?;
            self.checkpoint = sealed.newest.map(|checkpoint| checkpoint.note);
        }
        let lead = self.lead.as_mut().ok_or_else(no_lead)?;
        let (guard, clock) = (&self.guard, self.parts.clock.as_ref());
        let prepared = lead::prepare(&self.parts, &self.follower, lead, |serving, store_lead| {
            Ok(guard.now(clock, serving.chain.recorded_at(), store_lead)?)
        });
        if let Err(error) = prepared.await {
            match error {
                WriteError::NotLeader { .. } => self.lead = None,
                // Another host may know better.
                WriteError::Stopped(_) => self.release().await,
                _ => {}
            }
            return Err(Failed::Error(error));
        }
        Ok(())
    }

    async fn now(&mut self) -> Result<Time, WriteError> {
        let heard = self.time();
        let Some(lead) = self.lead.as_mut().filter(|lead| lead.store_lead.is_some()) else {
            return heard;
        };
        if heard.is_err() {
            // What the store's clock said may be long ago: ask again.
            let head = self.parts.store.head().await;
            let head = head.map_err(|error| WriteError::Retryable(error.to_string()))?;
            lead.store_lead = lead::lead_of(&head, self.parts.clock.as_ref());
            return self.time();
        }
        heard
    }

    fn time(&self) -> Result<Time, WriteError> {
        let lead = self.lead.as_ref();
        let deciding = lead.and_then(|lead| lead.deciding.as_ref());
        let newest = deciding.map(|d| d.chain.recorded_at()).unwrap_or_default();
        let store_lead = lead.and_then(|lead| lead.store_lead);
        Ok(self.guard.now(self.parts.clock.as_ref(), newest, store_lead)?)
    }
}

/// Commands that are decided.
pub(super) struct Drawn {
    /// One for each, in order.
    pub(super) fates: Vec<Fate>,
    /// How many entries they make.
    pub(super) entries: usize,
    pub(super) signing: Option<Signing>,
    /// Uploads that become evidence.
    pub(super) bodies: Vec<BodyRef>,
}

/// Why a whole batch failed.
pub(super) enum Failed {
    /// The store will never take it as it is.
    Rejected(String),
    /// Everything else.
    Error(WriteError),
}

impl Failed {
    pub(super) fn into_error(self) -> WriteError {
        match self {
            Failed::Rejected(detail) => WriteError::Fault(format!("the store refused: {detail}")),
            Failed::Error(error) => error,
        }
    }
}

impl From<WriteError> for Failed {
    fn from(error: WriteError) -> Self {
        Failed::Error(error)
    }
}

fn no_lead() -> Failed {
    Failed::Error(WriteError::Fault("this process does not lead".to_owned()))
}
