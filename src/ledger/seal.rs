//! 封存 — sign a checkpoint over what was read back from the store and hashed again.

use annals_events::Hash;
use annals_events::keys::SecretKey;
use annals_events::note::{self, Checkpoint};

use super::follower::Follower;
use crate::clock::Clock;
use crate::store::{SharedStore, StoreError, StoredCheckpoint};

/// The keys that sign checkpoints; during a rotation two log keys sign.
pub struct SealKeys {
    /// Log keys, the one in force first.
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
    /// The note would not be accepted by a verifier.
    #[error("the checkpoint would not verify: {0}")]
    Note(String),
}

/// Seal everything up to `size`; answers the note, which is also in the store.
pub async fn seal(
    store: &SharedStore,
    follower: &Follower,
    keys: &SealKeys,
    clock: &dyn Clock,
    size: u64,
) -> Result<StoredCheckpoint, SealError> {
    follower.catch_up(size).await?;
    let serving = follower.serving().await;
    let (size, root, ring) = (serving.chain.size(), serving.chain.root(), serving.ring.clone());
    let origin = serving.chain.origin().to_owned();
    drop(serving);
    if let Some(newest) = store.newest_checkpoint().await?
        && newest.size == size
        && ring.check_note(&newest.note).is_ok_and(|(checkpoint, _)| checkpoint.root == root)
    {
        return Ok(newest);
    }
    let seconds = u64::try_from(clock.wall().micros() / 1_000_000).unwrap_or(1).max(1);
    let note = sign(origin, size, root, &ring.cosigner_name(), keys, seconds);
    ring.check_note(&note).map_err(SealError::Note)?;
    let checkpoint = StoredCheckpoint { size, note };
    store.put_checkpoint(&checkpoint).await?;
    Ok(checkpoint)
}

fn sign(
    origin: String,
    size: u64,
    root: Hash,
    cosigner: &str,
    keys: &SealKeys,
    seconds: u64,
) -> String {
    let mut note = Checkpoint { origin: origin.clone(), size, root }.to_note();
    for log in &keys.logs {
        note::sign_log(&mut note, &origin, log);
    }
    note::cosign(&mut note, cosigner, &keys.cosigner, seconds);
    note.to_text()
}
