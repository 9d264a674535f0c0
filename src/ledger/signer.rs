//! 签名 — the entry key at work, beside the writer.
//!
//! Most of what an entry costs is its signature, so it is made by the fastest well-kept
//! implementation there is. Ed25519 is deterministic: whichever makes it, it is the same 64 bytes,
//! and everything that verifies does so with `annals_events`.

use std::sync::Arc;

use annals_events::entry;
use annals_events::keys::SecretKey;
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::signature::Ed25519KeyPair;
use rayon::prelude::*;
use tokio::task::JoinHandle;

use super::build::{Built, Written};
use crate::store::Row;

/// From so many entries on they are signed by another thread while the writer decides on; fewer
/// are signed sooner than one wakes up.
const BESIDE_FROM: usize = 8;
/// And from so many on by all threads.
const PARALLEL_FROM: usize = 128;

/// The key of one epoch, ready to sign; no `Debug`.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// The same key.
    pub fn new(key: &SecretKey) -> Result<Signer, KeyRejected> {
        Ed25519KeyPair::from_seed_and_public_key(&key.seed(), &key.public().bytes()).map(Signer)
    }

    /// RFC 8032 signature.
    pub fn sign(&self, text: &[u8]) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes.copy_from_slice(self.0.sign(text).as_ref());
        bytes
    }
}

/// Entries with their signatures: what the store keeps, and what to remember of it.
pub type Signed = (Vec<Row>, Vec<Written>);

/// Entries that are being signed.
pub enum Signing {
    /// All are.
    Done(Signed),
    /// By another thread.
    UnderWay(JoinHandle<Signed>),
}

impl Signing {
    /// Sign every entry of `origin`'s ledger.
    pub fn start(signer: &Arc<Signer>, origin: String, built: Vec<Built>) -> Signing {
        if built.len() < BESIDE_FROM {
            return Signing::Done(sign(signer, &origin, built));
        }
        let signer = signer.clone();
        Signing::UnderWay(tokio::spawn(async move { sign(&signer, &origin, built) }))
    }

    /// When they are.
    pub async fn end(self) -> Signed {
        match self {
            Signing::Done(signed) => signed,
            Signing::UnderWay(mut task) => join(&mut task).await,
        }
    }
}

fn sign(signer: &Signer, origin: &str, built: Vec<Built>) -> Signed {
    let sign = |entry: Built| {
        let signature = signer.sign(&entry::signed_text(origin, &entry.leaf));
        entry.into_row(signature)
    };
    if built.len() < PARALLEL_FROM {
        built.into_iter().map(sign).unzip()
    } else {
        tokio::task::block_in_place(|| built.into_par_iter().map(sign).unzip())
    }
}

/// What a task of this process answers; its panic is ours.
pub(super) async fn join<T>(task: &mut JoinHandle<T>) -> T {
    match task.await {
        Ok(outcome) => outcome,
        Err(broken) if broken.is_panic() => std::panic::resume_unwind(broken.into_panic()),
        // The runtime is shutting down, and this task with it.
        Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use annals_events::keys::SecretKey;

    use super::Signer;

    #[test]
    fn both_libraries_make_the_same_signature() {
        for seed in 0..=255 {
            let key = SecretKey::from_seed([seed; 32]);
            let signer = Signer::new(&key).expect("the same key");
            for length in [0, 1, 32, 82, 4_096] {
                let text = vec![seed; length];
                assert_eq!(signer.sign(&text), key.sign(&text), "seed {seed}, {length} bytes");
            }
        }
    }
}
