//! A store and an anchor that do as they are told, one step after another, over real ones.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use annals::ledger::anchor::{Anchor, AnchorError, Anchored};
use annals::store::{
    AcquireError, AppendError, Batch, Body, BodyDigest, BodyPlace, Head, IndexRow, Lease, Oddity,
    Row, SharedStore, Snapshot, Store, StoreError, StoredCheckpoint, Token, Tokens,
};
use async_trait::async_trait;
use tokio::sync::oneshot;

/// Something that happens while the writer waits.
pub type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What an append answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What the store says.
    Own,
    /// That it is written, though it is not.
    Pretended,
    Retryable,
    Rejected,
    Unknown,
    /// Nothing, ever: the process died while it waited.
    Never,
}

/// What becomes of one append.
pub struct Step {
    pub before: Option<Meanwhile>,
    pub is_written: bool,
    pub after: Option<Meanwhile>,
    /// How many looks at the head, and renewals, fail afterwards.
    pub blind: u32,
    pub answer: Answer,
}

impl Step {
    pub fn new(is_written: bool, answer: Answer) -> Step {
        Step { before: None, is_written, after: None, blind: 0, answer }
    }
}

pub struct Faulty {
    inner: SharedStore,
    steps: Mutex<VecDeque<Step>>,
    blind: AtomicU32,
    /// Microseconds that the store's clock is wrong by.
    pub skew: AtomicI64,
    /// No renewal reaches the store: the writer sleeps.
    pub is_asleep: AtomicBool,
    /// How many entries each append was asked to write.
    pub appends: Mutex<Vec<usize>>,
}

impl Faulty {
    pub fn new(inner: SharedStore) -> Faulty {
        Faulty {
            inner,
            steps: Mutex::default(),
            blind: AtomicU32::new(0),
            skew: AtomicI64::new(0),
            is_asleep: AtomicBool::new(false),
            appends: Mutex::default(),
        }
    }

    /// The next append that has no step yet goes like this.
    pub fn plan(&self, step: Step) {
        self.steps.lock().expect("no holder panics").push_back(step);
    }

    /// Somebody else takes the lease, whoever holds it, and does nothing with it.
    pub fn taken_over(&self, ttl: Duration) -> Meanwhile {
        let inner = self.inner.clone();
        Box::pin(async move {
            inner.acquire("another host", ttl, 0, true).await.expect("forced");
        })
    }

    fn look(&self) -> Result<(), StoreError> {
        let less = |left: u32| left.checked_sub(1);
        match self.blind.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
            Ok(_) => Err(StoreError::Unavailable("nobody answers".to_owned())),
            Err(_) => Ok(()),
        }
    }

    fn by_its_clock(&self, mut head: Head) -> Head {
        head.clock_micros = head.clock_micros.map(|now| now + self.skew.load(Ordering::SeqCst));
        head
    }
}

#[async_trait]
impl Tokens for Faulty {
    async fn put_token(&self, token: &Token) -> Result<(), StoreError> {
        self.inner.put_token(token).await
    }

    async fn token(&self, sha256: &[u8; 32]) -> Result<Option<Token>, StoreError> {
        self.inner.token(sha256).await
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        self.inner.tokens().await
    }

    async fn revoke_token(&self, id: &[u8; 16], at: i64) -> Result<bool, StoreError> {
        self.inner.revoke_token(id, at).await
    }
}

#[async_trait]
impl Store for Faulty {
    async fn oddities(&self) -> Result<Vec<Oddity>, StoreError> {
        self.inner.oddities().await
    }

    async fn clear_index(&self) -> Result<(), StoreError> {
        self.inner.clear_index().await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        self.look()?;
        Ok(self.by_its_clock(self.inner.head().await?))
    }

    async fn acquire(
        &self,
        holder: &str,
        ttl: Duration,
        floor: u64,
        force: bool,
    ) -> Result<Lease, AcquireError> {
        self.inner.acquire(holder, ttl, floor, force).await
    }

    async fn renew(&self, lease: &Lease) -> Result<(), AcquireError> {
        if self.is_asleep.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.look()?;
        self.inner.renew(lease).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.inner.release(lease).await
    }

    async fn append(&self, lease: &Lease, at: &Head, batch: &Batch) -> Result<Head, AppendError> {
        self.appends.lock().expect("no holder panics").push(batch.rows.len());
        let step = self.steps.lock().expect("no holder panics").pop_front();
        let step = step.unwrap_or_else(|| Step::new(true, Answer::Own));
        if let Some(meanwhile) = step.before {
            meanwhile.await;
        }
        let own = match step.is_written {
            true => self.inner.append(lease, at, batch).await,
            false => Err(AppendError::Retryable("not tried".to_owned())),
        };
        if let Some(meanwhile) = step.after {
            meanwhile.await;
        }
        self.blind.store(step.blind, Ordering::SeqCst);
        let detail = "as the test wants it".to_owned();
        match step.answer {
            Answer::Own => own.map(|head| self.by_its_clock(head)),
            Answer::Pretended => {
                let last = batch.rows.last().expect("a batch has entries");
                Ok(Head { size: last.position + 1, leaf: last.leaf, ..at.clone() })
            }
            Answer::Retryable => Err(AppendError::Retryable(detail)),
            Answer::Rejected => Err(AppendError::Rejected(detail)),
            Answer::Unknown => Err(AppendError::Unknown(detail)),
            Answer::Never => std::future::pending().await,
        }
    }

    async fn read(&self, from: u64, max: u32) -> Result<Vec<Row>, StoreError> {
        self.inner.read(from, max).await
    }

    async fn read_at(&self, positions: &[u64]) -> Result<Vec<Row>, StoreError> {
        self.inner.read_at(positions).await
    }

    async fn read_stream(&self, s: &str, from: u64, max: u32) -> Result<Vec<Row>, StoreError> {
        self.inner.read_stream(s, from, max).await
    }

    async fn read_commands(&self, keys: &[[u8; 16]]) -> Result<Vec<Row>, StoreError> {
        self.inner.read_commands(keys).await
    }

    async fn put_uploads(&self, bodies: &[Body]) -> Result<(), StoreError> {
        self.inner.put_uploads(bodies).await
    }

    async fn find_bodies(&self, ids: &[[u8; 32]]) -> Result<Vec<BodyPlace>, StoreError> {
        self.inner.find_bodies(ids).await
    }

    async fn sweep_uploads(&self, age: Duration) -> Result<u64, StoreError> {
        self.inner.sweep_uploads(age).await
    }

    async fn bodies(&self, ids: &[[u8; 32]]) -> Result<Vec<Body>, StoreError> {
        self.inner.bodies(ids).await
    }

    async fn body_ids(
        &self,
        after: Option<[u8; 32]>,
        max: u32,
    ) -> Result<Vec<[u8; 32]>, StoreError> {
        self.inner.body_ids(after, max).await
    }

    async fn body_digests(
        &self,
        site: [u8; 16],
        sha256: &[[u8; 32]],
    ) -> Result<Vec<BodyDigest>, StoreError> {
        self.inner.body_digests(site, sha256).await
    }

    async fn all_body_digests(
        &self,
        after: Option<([u8; 16], [u8; 32])>,
        max: u32,
    ) -> Result<Vec<BodyDigest>, StoreError> {
        self.inner.all_body_digests(after, max).await
    }

    async fn put_checkpoint(&self, checkpoint: &StoredCheckpoint) -> Result<(), StoreError> {
        self.inner.put_checkpoint(checkpoint).await
    }

    async fn checkpoints(&self, skip: u64, max: u32) -> Result<Vec<StoredCheckpoint>, StoreError> {
        self.inner.checkpoints(skip, max).await
    }

    async fn put_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.inner.put_snapshot(snapshot).await
    }

    async fn snapshot(&self, f: &str, v: u32, size: u64) -> Result<Option<Snapshot>, StoreError> {
        self.inner.snapshot(f, v, size).await
    }

    async fn indexed_to(&self) -> Result<u64, StoreError> {
        self.inner.indexed_to().await
    }

    async fn put_index(&self, from: u64, to: u64, rows: &[IndexRow]) -> Result<bool, StoreError> {
        self.inner.put_index(from, to, rows).await
    }

    async fn find_index(
        &self,
        kind: i16,
        value: &str,
        from: u64,
        max: u32,
    ) -> Result<Vec<u64>, StoreError> {
        self.inner.find_index(kind, value, from, max).await
    }

    async fn index_rows(&self, from: u64, to: u64) -> Result<Vec<IndexRow>, StoreError> {
        self.inner.index_rows(from, to).await
    }

    async fn excess_rights(&self) -> Result<Option<String>, StoreError> {
        self.inner.excess_rights().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

/// What becomes of one swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// It fails, and nothing is swapped.
    Fails,
    /// It fails when everything is on the disk.
    FailsLate,
    /// A writer of this epoch was faster.
    Lost(u64),
}

pub struct FaultyAnchor {
    inner: Arc<dyn Anchor>,
    swaps: Mutex<VecDeque<Swap>>,
    gate: Mutex<Option<oneshot::Receiver<()>>>,
}

impl FaultyAnchor {
    pub fn new(inner: Arc<dyn Anchor>) -> FaultyAnchor {
        FaultyAnchor { inner, swaps: Mutex::default(), gate: Mutex::default() }
    }

    /// The next swap waits for this.
    pub fn gate(&self) -> oneshot::Sender<()> {
        let (go, gate) = oneshot::channel();
        *self.gate.lock().expect("no holder panics") = Some(gate);
        go
    }

    /// The next swap that has no plan yet goes like this.
    pub fn plan(&self, swap: Swap) {
        self.swaps.lock().expect("no holder panics").push_back(swap);
    }
}

#[async_trait]
impl Anchor for FaultyAnchor {
    async fn get(&self) -> Result<Option<Anchored>, AnchorError> {
        self.inner.get().await
    }

    async fn swap(&self, old: Option<&Anchored>, new: &Anchored) -> Result<(), AnchorError> {
        let gate = self.gate.lock().expect("no holder panics").take();
        if let Some(gate) = gate {
            gate.await.expect("the gate opens");
        }
        let swap = self.swaps.lock().expect("no holder panics").pop_front();
        match swap {
            None => self.inner.swap(old, new).await,
            Some(Swap::Fails) => Err(io::Error::other("the disk is gone").into()),
            Some(Swap::FailsLate) => {
                self.inner.swap(old, new).await?;
                Err(io::Error::other("the flush was not answered").into())
            }
            Some(Swap::Lost(epoch)) => Err(AnchorError::Moved { size: new.size, epoch }),
        }
    }
}
