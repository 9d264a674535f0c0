//! 签名 — the entry key at work.
//!
//! Most of what an entry costs is its signature, so it is made by the fastest well-kept
//! implementation there is. Ed25519 is deterministic: whichever makes it, it is the same 64 bytes,
//! and everything that verifies does so with `annals_events`.

use annals_events::keys::SecretKey;
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::signature::Ed25519KeyPair;

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
