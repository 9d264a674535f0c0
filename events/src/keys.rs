//! Keys: who may sign what, how a key is introduced, and the one strict way a signature is checked.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use ed25519_dalek::{Signer as _, SigningKey, Verifier as _, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hash::{Bytes, Hash};
use crate::id::words;

words! {
    /// 密钥角色 — what a key may sign; a key never has two roles.
    Role {
        /// 根密钥 — offline, k of n, listed in genesis; signs log keys.
        Root = "root",
        /// 账本密钥 — signs checkpoints and the keys of epochs and of the cosigner.
        Log = "log",
        /// 条目密钥 — hot, new in each epoch; signs entries.
        Entry = "entry",
        /// 时间联署密钥 — signs the time on the ledger's own checkpoints.
        Cosigner = "cosigner",
    }
}

words! {
    /// 签名算法 — of a key of the ledger or of an actor.
    Algorithm {
        /// RFC 8032 Ed25519, verified strictly.
        Ed25519 = "ed25519",
        /// GB/T 32918 SM2 with SM3; actors only.
        Sm2 = "sm2",
    }
}

/// A public key: 32 bytes, canonical, of the prime-order subgroup (so neither small nor mixed).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    bytes: [u8; 32],
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::hash::hex(&self.bytes))
    }
}

/// A signature or key that the strict rule does not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// The key bytes are no canonical point.
    #[error("the public key is not a canonical point")]
    KeyEncoding,
    /// The key has a component of small order.
    #[error("the public key is not torsion-free")]
    KeyTorsion,
    /// R is not canonical, or of small order.
    #[error("R is not canonical or is of small order")]
    Point,
    /// S is not below the group order, or the equation does not hold.
    #[error("the signature does not verify")]
    Equation,
}

impl PublicKey {
    /// Accept only canonical, torsion-free keys that are not of small order.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<PublicKey, BadSignature> {
        let point = decompress_canonical(&bytes).ok_or(BadSignature::KeyEncoding)?;
        if point.is_small_order() || !point.is_torsion_free() {
            return Err(BadSignature::KeyTorsion);
        }
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| BadSignature::KeyEncoding)?;
        Ok(PublicKey { key, bytes })
    }

    /// The 32 bytes.
    pub fn bytes(&self) -> [u8; 32] {
        self.bytes
    }

    /// SHA-256 of the 32 bytes.
    pub fn fingerprint(&self) -> Hash {
        fingerprint(&self.bytes)
    }

    /// The strict rule: S < L, R canonical and not of small order, `[S]B = R + [k]A` without
    /// cofactor.
    pub fn verify_strict(&self, text: &[u8], signature: &[u8; 64]) -> Result<(), BadSignature> {
        let read = ed25519_dalek::Signature::from_bytes(signature);
        if self.key.verify_strict(text, &read).is_ok() {
            // The library refuses an R of small order, and it compares the encoding of the R that
            // it computed with the bytes of this one: an encoding that is not canonical differs.
            return Ok(());
        }
        check_r(signature)?;
        Err(BadSignature::Equation)
    }

    /// The key as the library sees it, for a batch.
    pub fn library_key(&self) -> &VerifyingKey {
        &self.key
    }
}

/// R of a signature must be canonical and not of small order.
pub fn check_r(signature: &[u8; 64]) -> Result<(), BadSignature> {
    let mut r = [0; 32];
    r.copy_from_slice(&signature[..32]);
    match decompress_canonical(&r) {
        Some(point) if !point.is_small_order() => Ok(()),
        _ => Err(BadSignature::Point),
    }
}

fn decompress_canonical(bytes: &[u8; 32]) -> Option<EdwardsPoint> {
    let point = CompressedEdwardsY(*bytes).decompress()?;
    (point.compress().to_bytes() == *bytes).then_some(point)
}

/// SHA-256 of a public key's raw bytes.
pub fn fingerprint(public: &[u8]) -> Hash {
    Hash(Sha256::digest(public).into())
}

/// A secret key in memory; leaves it only through [`SecretKey::seed`]. No `Debug`, no `Clone`.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// From the 32-byte seed of RFC 8032.
    pub fn from_seed(seed: [u8; 32]) -> SecretKey {
        SecretKey(SigningKey::from_bytes(&seed))
    }

    /// Fresh, from the operating system's random source.
    pub fn generate() -> Result<SecretKey, getrandom::Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(SecretKey::from_seed(seed))
    }

    /// The seed, to be kept in a file of mode 0600.
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        let key = self.0.verifying_key();
        PublicKey { key, bytes: key.to_bytes() }
    }

    /// RFC 8032 signature.
    pub fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.0.sign(text).to_bytes()
    }
}

/// What a new key's superior signs, and the key itself to show it is held.
#[derive(Clone, Copy, Debug)]
pub struct KeyStatement<'a> {
    /// What the key may sign.
    pub role: Role,
    /// The ledger.
    pub origin: &'a str,
    /// Genesis leaf; zero inside genesis.
    pub genesis: Hash,
    /// Epoch of the entry that brings the key.
    pub epoch: u64,
    /// Position of that entry.
    pub position: u64,
    /// `prev` of that entry.
    pub prev: Hash,
    /// The key's 32 bytes.
    pub public: [u8; 32],
}

impl KeyStatement<'_> {
    /// The bytes a superior signs.
    pub fn statement(&self) -> Vec<u8> {
        self.lines("annals/key/v1")
    }

    /// The bytes the new key itself signs.
    pub fn possession(&self) -> Vec<u8> {
        self.lines("annals/key-possession/v1")
    }

    fn lines(&self, title: &str) -> Vec<u8> {
        let (role, algorithm) = (self.role.word(), Algorithm::Ed25519.word());
        let KeyStatement { origin, genesis, epoch, position, prev, public, .. } = self;
        let public = crate::hash::hex(public);
        format!(
            "{title}\n{role}\n{origin}\n{genesis}\n{epoch}\n{position}\n{prev}\n{algorithm}\n\
             {public}\n"
        )
        .into_bytes()
    }
}

/// A signature by a named key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endorsement {
    /// Fingerprint of the signing key.
    pub key: Hash,
    /// Ed25519 signature.
    pub value: Bytes<64>,
}

/// A key as an entry brings it: with its superiors' signatures and its own proof of possession.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntroducedKey {
    /// Always `ed25519` for keys of the ledger.
    pub algorithm: Algorithm,
    /// Signatures of superiors over the statement, sorted by key; empty for a root.
    pub endorsements: Vec<Endorsement>,
    /// The new key over the possession text.
    pub possession: Bytes<64>,
    /// The key.
    pub public: Bytes<32>,
    /// What it may sign.
    pub role: Role,
}

impl IntroducedKey {
    /// Introduce `key`, endorsed by `superiors`.
    pub fn new(statement: &KeyStatement<'_>, key: &SecretKey, superiors: &[&SecretKey]) -> Self {
        let text = statement.statement();
        let mut endorsements: Vec<Endorsement> = superiors
            .iter()
            .map(|s| Endorsement { key: s.public().fingerprint(), value: Bytes(s.sign(&text)) })
            .collect();
        endorsements.sort_by_key(|e| e.key);
        IntroducedKey {
            algorithm: Algorithm::Ed25519,
            endorsements,
            possession: Bytes(key.sign(&statement.possession())),
            public: Bytes(key.public().bytes()),
            role: statement.role,
        }
    }
}

/// Verify many signatures of one or more keys at once, faster and with a wider net than strict:
/// crafted signatures that the strict rule refuses may pass. Only for full scans, when asked for.
pub fn verify_batch(texts: &[&[u8]], signatures: &[[u8; 64]], keys: &[PublicKey]) -> bool {
    if texts.len() == 1 {
        let signature = ed25519_dalek::Signature::from_bytes(&signatures[0]);
        return keys[0].key.verify(texts[0], &signature).is_ok();
    }
    let signatures: Vec<_> = signatures.iter().map(ed25519_dalek::Signature::from_bytes).collect();
    let keys: Vec<VerifyingKey> = keys.iter().map(|k| k.key).collect();
    ed25519_dalek::verify_batch(texts, &signatures, &keys).is_ok()
}
