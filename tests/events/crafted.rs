//! Signatures made by somebody who holds the key and wants verifiers to disagree.

use annals_events::hash::hex;
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::{EdwardsPoint, Scalar};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

use crate::harness::scribe::key;

/// The group order L, little-endian.
pub const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// One signature and whether the strict rule accepts it.
pub struct Crafted {
    pub why: String,
    pub public: [u8; 32],
    pub text: Vec<u8>,
    pub signature: [u8; 64],
    pub strict: bool,
}

impl Crafted {
    pub fn to_json(&self) -> Value {
        json!({
            "why": self.why,
            "public": hex(&self.public),
            "text": hex(&self.text),
            "signature": hex(&self.signature),
            "strict": self.strict,
        })
    }
}

fn wide(parts: &[&[u8]]) -> [u8; 64] {
    Sha512::digest(parts.concat()).into()
}

/// The secret scalar behind a seed, as RFC 8032 derives it.
pub fn scalar(seed: [u8; 32]) -> Scalar {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&wide(&[&seed])[..32]);
    Scalar::from_bytes_mod_order(curve25519_dalek::scalar::clamp_integer(bytes))
}

/// A scalar that nobody else knows, for the `n`th signature.
fn nonce(n: usize) -> Scalar {
    Scalar::from_bytes_mod_order_wide(&wide(&[b"crafted", &n.to_be_bytes()]))
}

/// Sign with an R of any encoding, whose discrete logarithm but for torsion is `r`.
fn sign(secret: Scalar, public: [u8; 32], encoded: [u8; 32], r: Scalar, text: &[u8]) -> [u8; 64] {
    let k = Scalar::from_bytes_mod_order_wide(&wide(&[&encoded, &public, text]));
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&encoded);
    signature[32..].copy_from_slice((r + k * secret).as_bytes());
    signature
}

/// A signature by `seed` whose R has a component of small order.
pub fn with_torsion(seed: [u8; 32], torsion: usize, n: usize, text: &[u8]) -> [u8; 64] {
    let (secret, r) = (scalar(seed), nonce(n));
    let public = EdwardsPoint::mul_base(&secret).compress().to_bytes();
    let point = EdwardsPoint::mul_base(&r) + EIGHT_TORSION[torsion];
    sign(secret, public, point.compress().to_bytes(), r, text)
}

fn text(n: usize) -> Vec<u8> {
    format!("annals/entry/v1\nledger.example.gov.cn/crafted\n{n:032}").into_bytes()
}

/// 2^255 - 19 plus a little, little-endian.
fn prime_plus(little: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    (bytes[0], bytes[31]) = (0xed + little, 0x7f);
    bytes
}

fn with_sign(mut bytes: [u8; 32]) -> [u8; 32] {
    bytes[31] |= 0x80;
    bytes
}

/// Encodings of points of small order: the eight, and those that are not canonical.
pub fn small_orders() -> Vec<(&'static str, [u8; 32])> {
    let mut all: Vec<_> = EIGHT_TORSION
        .iter()
        .map(|point| ("a point of small order", point.compress().to_bytes()))
        .collect();
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = prime_plus(0);
    minus_one[0] -= 1;
    all.extend([
        ("the identity with a sign", with_sign(one)),
        ("the point of order 2 with a sign", with_sign(minus_one)),
        ("y = p, that is 0", prime_plus(0)),
        ("y = p, that is 0, with a sign", with_sign(prime_plus(0))),
        ("y = p + 1, that is 1", prime_plus(1)),
        ("y = p + 1, that is 1, with a sign", with_sign(prime_plus(1))),
    ]);
    all
}

/// Encodings y + p of points that are neither of small order nor canonical.
pub fn not_canonical() -> Vec<[u8; 32]> {
    let decodes = |bytes: &[u8; 32]| {
        let point = curve25519_dalek::edwards::CompressedEdwardsY(*bytes).decompress();
        point.is_some_and(|point| !point.is_small_order())
    };
    let all = (2..19).flat_map(|y| [prime_plus(y), with_sign(prime_plus(y))]);
    all.filter(decodes).collect()
}

/// Public keys with a component of small order, each with a signature that a verifier with
/// cofactor accepts.
pub fn mixed_keys() -> Vec<Crafted> {
    let secret = scalar(key("mixed").seed());
    (1..8)
        .map(|torsion| {
            let point = EdwardsPoint::mul_base(&secret) + EIGHT_TORSION[torsion];
            let public = point.compress().to_bytes();
            let (r, text) = (nonce(torsion), text(torsion));
            let encoded = EdwardsPoint::mul_base(&r).compress().to_bytes();
            let signature = sign(secret, public, encoded, r, &text);
            let why = format!("A has torsion component {torsion}");
            Crafted { why, public, text, signature, strict: false }
        })
        .collect()
}

/// Signatures whose R has a component of small order, under one good key.
pub fn torsion_in_r() -> Vec<Crafted> {
    let seed = key("crafted").seed();
    let public = key("crafted").public().bytes();
    let all = (0..56).map(|n| (1 + n % 7, n, text(n)));
    all.map(|(torsion, n, text)| Crafted {
        why: format!("R has torsion component {torsion}"),
        public,
        signature: with_torsion(seed, torsion, n, &text),
        text,
        strict: false,
    })
    .collect()
}

/// R of small order: the equation holds, with or without cofactor.
fn small_r() -> Vec<Crafted> {
    let secret = scalar(key("crafted").seed());
    let public = key("crafted").public().bytes();
    let all = small_orders().into_iter().enumerate();
    all.map(|(n, (why, encoded))| {
        let text = text(n);
        let signature = sign(secret, public, encoded, Scalar::ZERO, &text);
        Crafted { why: format!("R is {why}"), public, text, signature, strict: false }
    })
    .collect()
}

/// Good signatures, and the same with S + L, S + 2 L and so on as long as 32 bytes hold it.
fn large_s() -> Vec<Crafted> {
    let secret = key("crafted");
    let (public, text) = (secret.public().bytes(), text(0));
    let mut signature = secret.sign(&text);
    let good =
        Crafted { why: "good".to_owned(), public, text: text.clone(), signature, strict: true };
    let mut all = vec![good];
    for times in 1..15 {
        let mut carry = 0u16;
        for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
        }
        assert_eq!(carry, 0, "32 bytes hold it");
        let (why, text) = (format!("S + {times} L"), text.clone());
        all.push(Crafted { why, public, text, signature, strict: false });
    }
    all
}

/// R = y + p of no small order: nobody knows its logarithm, but the encoding alone is refused.
fn r_not_canonical() -> Vec<Crafted> {
    let secret = scalar(key("crafted").seed());
    let public = key("crafted").public().bytes();
    let all = not_canonical().into_iter().enumerate();
    all.map(|(n, encoded)| {
        let text = text(n);
        let signature = sign(secret, public, encoded, nonce(n), &text);
        let why = "R is not canonical".to_owned();
        Crafted { why, public, text, signature, strict: false }
    })
    .collect()
}

/// Keys of small order: S = r is a signature over anything, with cofactor.
fn small_keys() -> Vec<Crafted> {
    let all = small_orders().into_iter().enumerate();
    all.map(|(n, (why, public))| {
        let (r, text) = (nonce(n), text(n));
        let encoded = EdwardsPoint::mul_base(&r).compress().to_bytes();
        let signature = sign(Scalar::ZERO, public, encoded, r, &text);
        Crafted { why: format!("A is {why}"), public, text, signature, strict: false }
    })
    .collect()
}

/// All of them.
pub fn all() -> Vec<Crafted> {
    let mut all = large_s();
    for more in [torsion_in_r(), small_r(), r_not_canonical(), mixed_keys(), small_keys()] {
        all.extend(more);
    }
    all
}
