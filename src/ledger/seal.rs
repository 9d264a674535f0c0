//! 封存 — sign a checkpoint over what was read back from the store and hashed again.

use annals_events::keys::SecretKey;
use annals_events::note::{self, Checkpoint};

use super::follower::Follower;
use crate::clock::Clock;
use crate::store::{SharedStore, StoreError, StoredCheckpoint};

/// The keys that sign checkpoints.
pub struct SealKeys {
    /// Log keys of this host, the one in force first.
    pub logs: Vec<SecretKey>,
    /// The cosigner, who adds the time.
    pub cosigner: SecretKey,
}

/// A checkpoint could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// See [`super::FollowError`].
    #[error(transparent)]
    Follow(#[from] super::FollowError),
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What this host acknowledged is not all there, or nobody can tell: nothing is signed over
    /// what is left.
    #[error("no checkpoint is signed: {0}")]
    Lost(String),
    /// The note would not be accepted by a verifier.
    #[error("the checkpoint would not verify: {0}")]
    Note(String),
}

/// What the checkpoints kept say.
#[derive(Default)]
pub struct Sealed {
    /// The newest that verifies under the ledger's keys and is not larger than what the follower
    /// has folded. Whoever may insert can put a note there that is none.
    pub newest: Option<StoredCheckpoint>,
    /// The largest size that is rightly signed for.
    pub size: u64,
}

/// Look through all checkpoints kept.
pub async fn sealed(store: &SharedStore, follower: &Follower) -> Result<Sealed, StoreError> {
    let (ring, folded) = {
        let serving = follower.serving().await;
        (serving.ring.clone(), serving.chain.size())
    };
    let (mut sealed, mut read) = (Sealed::default(), 0);
    loop {
        let page = store.checkpoints(read, 1_000).await?;
        if page.is_empty() {
            return Ok(sealed);
        }
        read += page.len() as u64;
        for stored in page {
            let Ok((note, _)) = ring.check_note(&stored.note) else { continue };
            sealed.size = sealed.size.max(note.size);
            let newest = sealed.newest.as_ref().map_or(0, |newest| newest.size);
            if note.size == stored.size && (newest..=folded).contains(&stored.size) {
                sealed.newest = Some(stored);
            }
        }
    }
}

/// Seal everything up to `size`; answers the note, which is also in the store. `new` is the log
/// key that a rotation has just introduced: then old and new sign together.
pub async fn seal(
    store: &SharedStore,
    follower: &Follower,
    (keys, new): (&SealKeys, Option<&SecretKey>),
    clock: &dyn Clock,
    size: u64,
) -> Result<StoredCheckpoint, SealError> {
    follower.catch_up(size).await?;
    let serving = follower.serving().await;
    let (size, root, ring) = (serving.chain.size(), serving.chain.root(), serving.ring.clone());
    let origin = serving.chain.origin().to_owned();
    drop(serving);
    let sealed = sealed(store, follower).await?;
    // Read last: whoever signs or is followed has committed before.
    let there = store.head().await?.size;
    if there < size.max(sealed.size) {
        let known = size.max(sealed.size);
        return Err(SealError::Lost(format!("{known} entries were known, {there} are there")));
    }
    if let Some(newest) = sealed.newest
        && newest.size == size
        && ring.check_note(&newest.note).is_ok_and(|(checkpoint, _)| checkpoint.root == root)
    {
        return Ok(newest);
    }
    let seconds = u64::try_from(clock.wall().micros() / 1_000_000).unwrap_or(1).max(1);
    let logs: Vec<&SecretKey> = keys.logs.iter().chain(new).collect();
    let mut note = Checkpoint { origin: origin.clone(), size, root }.to_note();
    for log in logs {
        note::sign_log(&mut note, &origin, log);
    }
    note::cosign(&mut note, &ring.cosigner_name(), &keys.cosigner, seconds);
    let note = note.to_text();
    ring.check_note(&note).map_err(SealError::Note)?;
    let checkpoint = StoredCheckpoint { size, note };
    store.put_checkpoint(&checkpoint).await?;
    Ok(checkpoint)
}
