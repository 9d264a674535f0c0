//! 跟随者 — one loop verifies committed entries and folds them into the serving state.
//!
//! Every instance is one, the leader too: what is served, sealed and snapshotted was read back
//! from the store and hashed again. On a bad entry it stops and says why.
//!
//! What this process wrote itself it compares with what it remembers of it, by all its hashes and
//! the signature, and so need not parse again; everything else is checked from its bytes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use annals_events::{Event, Hash, Header, entry};
use annals_projections::chain::Chain;
use annals_projections::judge::{self, Findings, View, Weight};
use annals_projections::keys::KeyRing;
use annals_projections::{Frame, State};
use annals_verify::{Prepared, prepare};
use rayon::prelude::*;
use tokio::sync::{Mutex, MutexGuard, Notify, watch};
use tokio::task::JoinHandle;

use super::build::{Written, raw_entry};
use crate::store::{Row, SharedStore, StoreError};

/// Rows read at once while catching up.
const PAGE: u32 = 2_000;
/// Below this many rows of others a page is checked on one thread.
const PARALLEL_FROM: usize = 64;
/// Rows folded before whoever reads the serving state gets a turn.
const FOLD: usize = 128;
/// Entries of this process's own that are remembered at most; the oldest are forgotten first and
/// then checked like anybody's.
const REMEMBERED: usize = 16_384;
/// How far the loop lets what is served fall behind what this process writes.
const BEHIND: Duration = Duration::from_millis(50);

/// The state that answers reads.
#[derive(Clone)]
pub struct Serving {
    /// Numbers, links and the tree.
    pub chain: Chain,
    /// What all entries fold to.
    pub state: State,
    /// The keys.
    pub ring: KeyRing,
    /// Once an entry did not hold, nothing is folded any more.
    stopped: Option<(u64, &'static str, String)>,
}

impl Default for Serving {
    fn default() -> Self {
        Serving::from_parts(Chain::new(), State::default(), KeyRing::default())
    }
}

/// Why following stopped.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An entry does not hold; nothing is served any more.
    #[error("entry {position} does not hold: {what}: {detail}")]
    Bad {
        /// Its position.
        position: u64,
        /// One word of the closed list.
        what: &'static str,
        /// The sentence.
        detail: String,
    },
}

/// See the module.
pub struct Follower {
    store: SharedStore,
    serving: Mutex<Serving>,
    /// Held by whoever catches up; the serving state itself is locked for moments only.
    following: Mutex<()>,
    remembered: std::sync::Mutex<VecDeque<Written>>,
    news: Notify,
    /// How many entries are folded, for whoever waits for more.
    sizes: watch::Sender<u64>,
}

impl Follower {
    /// Go on from a state (empty, or loaded from a snapshot).
    pub fn new(store: SharedStore, serving: Serving) -> Follower {
        let (sizes, _) = watch::channel(serving.chain.size());
        Follower {
            store,
            sizes,
            serving: Mutex::new(serving),
            following: Mutex::new(()),
            remembered: std::sync::Mutex::default(),
            news: Notify::new(),
        }
    }

    /// This process committed these entries.
    pub fn written(&self, entries: Vec<Written>) {
        let mut remembered = self.remembered.lock().expect("no holder panics");
        remembered.extend(entries);
        let excess = remembered.len().saturating_sub(REMEMBERED);
        remembered.drain(..excess);
        drop(remembered);
        self.news.notify_one();
    }

    /// The serving state as it is now.
    pub async fn serving(&self) -> MutexGuard<'_, Serving> {
        self.serving.lock().await
    }

    /// The number of entries folded, and every later one; closed once this is gone.
    pub fn sizes(&self) -> watch::Receiver<u64> {
        self.sizes.subscribe()
    }

    /// Why nothing is folded any more, if so.
    pub async fn stopped(&self) -> Option<FollowError> {
        self.at().await.err()
    }

    /// Fold everything up to the store's head, or to `size`, whichever is less.
    pub async fn catch_up(&self, size: u64) -> Result<(), FollowError> {
        let _following = self.following.lock().await;
        loop {
            let at = self.at().await?;
            let Some(left) = size.checked_sub(at).filter(|left| *left > 0) else {
                return Ok(());
            };
            let page = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
            let rows = self.store.read(at, page).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let known = self.recall(&rows);
            let mut looked = look_at_all(rows, known).into_iter().peekable();
            while looked.peek().is_some() {
                let some = looked.by_ref().take(FOLD);
                let mut serving = self.serving.lock().await;
                let taken = tokio::task::block_in_place(|| serving.take(some));
                if let Err(FollowError::Bad { position, what, detail }) = &taken {
                    serving.stopped = Some((*position, what, detail.clone()));
                }
                self.sizes.send_replace(serving.chain.size());
                taken?;
            }
        }
    }

    /// Up to where everything is folded; an error once something did not hold.
    async fn at(&self) -> Result<u64, FollowError> {
        let serving = self.serving.lock().await;
        match serving.stopped.clone() {
            Some((position, what, detail)) => Err(FollowError::Bad { position, what, detail }),
            None => Ok(serving.chain.size()),
        }
    }

    /// What is remembered of each of these rows.
    fn recall(&self, rows: &[Row]) -> Vec<Option<Written>> {
        let mut remembered = self.remembered.lock().expect("no holder panics");
        let place = |written: &Written| written.header.position.0;
        rows.iter()
            .map(|row| {
                while remembered.front().is_some_and(|front| place(front) < row.position) {
                    remembered.pop_front();
                }
                let same = remembered.front().is_some_and(|front| place(front) == row.position);
                if same { remembered.pop_front() } else { None }
            })
            .collect()
    }

    async fn follow(&self) {
        loop {
            self.news.notified().await;
            tokio::time::sleep(BEHIND).await;
            match self.catch_up(u64::MAX).await {
                Ok(()) => {}
                Err(FollowError::Store(error)) => {
                    tracing::warn!(%error, "what was written is not folded yet");
                }
                Err(bad) => {
                    tracing::error!("following stopped: {bad}");
                    return;
                }
            }
        }
    }
}

/// The loop; it ends when this is dropped.
pub struct Following(JoinHandle<()>);

impl Following {
    /// Follow what this process writes.
    pub fn start(follower: Arc<Follower>) -> Following {
        Following(tokio::spawn(async move { follower.follow().await }))
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Serving {
    /// From parts that were verified before.
    pub fn from_parts(chain: Chain, state: State, ring: KeyRing) -> Serving {
        Serving { chain, state, ring, stopped: None }
    }

    /// Verify and fold rows in order.
    fn take(&mut self, entries: impl Iterator<Item = Looked>) -> Result<(), FollowError> {
        let mut signed = Vec::new();
        let mut failed = Ok(());
        for entry in entries {
            let taken = match entry {
                Looked::Own(written) => {
                    let Written { header, leaf, event, .. } = *written;
                    self.take_one(&header, leaf, &event)
                }
                Looked::Read(prepared) => self.take_read(*prepared).map(|check| signed.push(check)),
            };
            if let Err(error) = taken {
                failed = Err(error);
                break;
            }
        }
        // A signature that fails lies before the entry that did not fit.
        let origin = self.chain.origin();
        let bad = signed.par_iter().find_first(|(key, leaf, signature, _)| {
            entry::verify(key, origin, leaf, signature).is_err()
        });
        match bad {
            Some((.., position)) => Err(FollowError::Bad {
                position: *position,
                what: "signature",
                detail: "the entry signature does not verify".to_owned(),
            }),
            None => failed,
        }
    }

    fn take_read(&mut self, prepared: Prepared) -> Result<Signed, FollowError> {
        let position = self.chain.size();
        let bad = |what, detail: String| FollowError::Bad { position, what, detail };
        if let Some(breach) = prepared.breach {
            return Err(bad(breach.what, breach.detail));
        }
        let Some(header) = prepared.header else {
            return Err(bad("header", "it cannot be read".to_owned()));
        };
        let Some(event) = prepared.event else {
            return Err(bad("facts", format!("type {} is not known here", header.kind)));
        };
        self.take_one(&header, prepared.leaf, &event)?;
        let Some((key, _)) = self.ring.entry_key(header.epoch.0) else {
            return Err(bad("signature", "its epoch has no entry key".to_owned()));
        };
        Ok((*key, prepared.leaf, prepared.raw.signature, position))
    }

    fn take_one(&mut self, header: &Header, leaf: Hash, event: &Event) -> Result<(), FollowError> {
        let position = self.chain.size();
        let bad = |what, detail: String| FollowError::Bad { position, what, detail };
        self.chain.check(header).map_err(|b| bad(b.what, b.detail))?;
        self.chain.check_command(header).map_err(|b| bad(b.what, b.detail))?;
        if let Event::Ledger(event) = event {
            self.ring.introduce(header, leaf, event).map_err(|detail| bad("key", detail))?;
        }
        let findings = self.fold(header, leaf, event);
        if findings.iter().any(|finding| finding.weight == Weight::Breach) {
            tracing::error!(position, ?findings, "an entry was written against the rules");
        }
        Ok(())
    }

    /// Judge and fold one entry that was checked.
    pub fn fold(&mut self, header: &Header, leaf: Hash, event: &Event) -> Findings {
        let judgement = judge::judge(View::of(&self.state), &Frame::of(header), event);
        self.push(header, leaf, event);
        judgement.findings
    }

    /// Fold one entry that this process judged when it decided it.
    pub fn push(&mut self, header: &Header, leaf: Hash, event: &Event) {
        self.state.apply(&Frame::of(header), event);
        self.chain.push(header, leaf);
    }
}

type Signed = (annals_events::keys::PublicKey, Hash, [u8; 64], u64);

/// A row that was hashed again.
enum Looked {
    /// It is, to the last byte, what this process wrote there.
    Own(Box<Written>),
    /// Anybody's: what its bytes tell.
    Read(Box<Prepared>),
}

fn look_at_all(rows: Vec<Row>, known: Vec<Option<Written>>) -> Vec<Looked> {
    let unknown = known.iter().filter(|known| known.is_none()).count();
    if unknown < PARALLEL_FROM {
        rows.into_iter().zip(known).map(look_at).collect()
    } else {
        tokio::task::block_in_place(|| rows.into_par_iter().zip(known).map(look_at).collect())
    }
}

fn look_at((row, known): (Row, Option<Written>)) -> Looked {
    match known {
        Some(written) if is_same(&row, &written) => Looked::Own(Box::new(written)),
        _ => Looked::Read(Box::new(prepare(raw_entry(row), None, None, None))),
    }
}

/// Equal hashes are equal bytes; and what was written held.
fn is_same(row: &Row, written: &Written) -> bool {
    let private = row.private.as_ref().map(|(salt, bytes)| entry::private_digest(salt, bytes));
    entry::leaf(&row.header) == written.leaf
        && row.signature == written.signature
        && entry::facts_digest(&row.facts_salt, &row.facts) == written.header.facts_digest
        && private == written.header.private_digest
}
