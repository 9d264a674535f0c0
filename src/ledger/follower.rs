//! 跟随者 — one loop verifies committed entries and folds them into the serving state.
//!
//! Every instance is one, the leader too: what is served, sealed and snapshotted was read back
//! from the store and hashed again. On a bad entry it stops and says why.

use std::sync::atomic::{AtomicU64, Ordering};

use annals_events::{Event, Hash, Header, entry};
use annals_projections::chain::Chain;
use annals_projections::judge::{self, Findings, View, Weight};
use annals_projections::keys::KeyRing;
use annals_projections::{Frame, State};
use annals_verify::{Prepared, prepare};
use rayon::prelude::*;
use tokio::sync::{Mutex, MutexGuard};

use super::build::raw_entry;
use crate::store::{Row, SharedStore, StoreError};

/// Rows read at once while catching up.
const PAGE: u32 = 2_000;
/// Below this many rows a page is checked on one thread.
const PARALLEL_FROM: usize = 16;

/// The state that answers reads.
#[derive(Clone)]
pub struct Serving {
    /// Numbers, links and the tree.
    pub chain: Chain,
    /// What all entries fold to.
    pub state: State,
    /// The keys.
    pub ring: KeyRing,
    /// Breaches of rules found in what was committed.
    pub breaches: u64,
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
    own_epoch: AtomicU64,
}

impl Follower {
    /// Go on from a state (empty, or loaded from a snapshot).
    pub fn new(store: SharedStore, serving: Serving) -> Follower {
        Follower { store, serving: Mutex::new(serving), own_epoch: AtomicU64::new(u64::MAX) }
    }

    /// Signatures of this epoch are this process's own and need no second look.
    pub fn skip_signatures_of(&self, epoch: u64) {
        self.own_epoch.store(epoch, Ordering::Relaxed);
    }

    /// Every signature is looked at again.
    pub fn skip_no_signatures(&self) {
        self.own_epoch.store(u64::MAX, Ordering::Relaxed);
    }

    /// The serving state as it is now.
    pub async fn serving(&self) -> MutexGuard<'_, Serving> {
        self.serving.lock().await
    }

    /// Fold everything up to the store's head, or to `size`, whichever is less.
    pub async fn catch_up(&self, size: u64) -> Result<(), FollowError> {
        let mut serving = self.serving.lock().await;
        if let Some((position, what, detail)) = serving.stopped.clone() {
            return Err(FollowError::Bad { position, what, detail });
        }
        loop {
            let at = serving.chain.size();
            let Some(left) = size.checked_sub(at).filter(|left| *left > 0) else {
                return Ok(());
            };
            let page = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
            let rows = self.store.read(at, page).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let own = self.own_epoch.load(Ordering::Relaxed);
            let taken = tokio::task::block_in_place(|| serving.take(rows, own));
            if let Err(FollowError::Bad { position, what, detail }) = &taken {
                serving.stopped = Some((*position, what, detail.clone()));
            }
            taken?;
        }
    }
}

impl Serving {
    /// From parts that were verified before.
    pub fn from_parts(chain: Chain, state: State, ring: KeyRing) -> Serving {
        Serving { chain, state, ring, breaches: 0, stopped: None }
    }

    /// Verify and fold rows in order.
    pub fn take(&mut self, rows: Vec<Row>, own_epoch: u64) -> Result<(), FollowError> {
        let prepared: Vec<Prepared> = if rows.len() < PARALLEL_FROM {
            rows.into_iter().map(prepare_row).collect()
        } else {
            rows.into_par_iter().map(prepare_row).collect()
        };
        let mut signed = Vec::new();
        let mut failed = Ok(());
        for entry in prepared {
            match self.take_one(entry, own_epoch) {
                Ok(check) => signed.extend(check),
                Err(error) => {
                    failed = Err(error);
                    break;
                }
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

    fn take_one(
        &mut self,
        prepared: Prepared,
        own_epoch: u64,
    ) -> Result<Option<Signed>, FollowError> {
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
        self.chain.check(&header).map_err(|b| bad(b.what, b.detail))?;
        self.chain.check_command(&header).map_err(|b| bad(b.what, b.detail))?;
        if let Event::Ledger(event) = &event {
            self.ring
                .introduce(&header, prepared.leaf, event)
                .map_err(|detail| bad("key", detail))?;
        }
        let Some((key, _)) = self.ring.entry_key(header.epoch.0) else {
            return Err(bad("signature", "its epoch has no entry key".to_owned()));
        };
        let signed = (header.epoch.0 != own_epoch).then_some((
            *key,
            prepared.leaf,
            prepared.raw.signature,
            position,
        ));
        let findings = self.fold(&header, prepared.leaf, &event);
        if findings.iter().any(|finding| finding.weight == Weight::Breach) {
            self.breaches += 1;
            tracing::error!(position, ?findings, "an entry was written against the rules");
        }
        Ok(signed)
    }

    /// Fold one entry that was checked, or that this process is about to write.
    pub fn fold(&mut self, header: &Header, leaf: Hash, event: &Event) -> Findings {
        let frame = Frame::of(header);
        let findings = judge::judge(View::of(&self.state), &frame, event);
        self.state.apply(&frame, event);
        self.chain.push(header, leaf);
        findings
    }
}

type Signed = (annals_events::keys::PublicKey, Hash, [u8; 64], u64);

fn prepare_row(row: Row) -> Prepared {
    prepare(raw_entry(row), None, None, None)
}
