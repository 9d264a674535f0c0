//! The strict rule for Ed25519: what it accepts, and what it refuses though others accept it.

use annals_events::entry;
use annals_events::hash::hex;
use annals_events::keys::{BadSignature, PublicKey, SecretKey, check_r, verify_batch};
use annals_verify::{Options, Policy, Report, Verdict, audit_export};
use curve25519_dalek::Scalar;
use curve25519_dalek::edwards::CompressedEdwardsY;
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

use super::crafted::{self, Crafted};
use super::{hold, read, testdata, unhex, unhex_to};
use crate::harness::scribe::{Scribe, key};

/// RFC 8032 section 7.1: secret, public, text, signature.
const RFC_8032: [[&str; 4]; 4] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3970\
         1cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613\
         d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760\
         984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
    [
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a\
         3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c6\
         6431e0303dca179c138ac17ad9bef1177331a704",
    ],
];

#[test]
fn the_vectors_of_rfc_8032_are_made_and_accepted() {
    for [secret, public, text, signature] in RFC_8032 {
        let secret = SecretKey::from_seed(unhex_to(&json!(secret)));
        assert_eq!(hex(&secret.public().bytes()), public);
        let (text, signature) = (unhex(text), unhex_to::<64>(&json!(signature)));
        assert_eq!(secret.sign(&text), signature);
        let public = PublicKey::from_bytes(unhex_to(&json!(public))).expect("a good key");
        assert_eq!(public.verify_strict(&text, &signature), Ok(()));
        let mut longer = text;
        longer.push(0);
        assert_eq!(public.verify_strict(&longer, &signature), Err(BadSignature::Equation));
    }
}

/// The rule in the words of the format, from curve arithmetic alone.
fn by_the_words(public: [u8; 32], text: &[u8], signature: &[u8; 64]) -> bool {
    let decoded = |bytes: [u8; 32]| {
        let point = CompressedEdwardsY(bytes).decompress()?;
        (point.compress().to_bytes() == bytes && !point.is_small_order()).then_some(point)
    };
    let mut halves = [[0; 32]; 2];
    halves[0].copy_from_slice(&signature[..32]);
    halves[1].copy_from_slice(&signature[32..]);
    let [r_bytes, s_bytes] = halves;
    let (Some(a), Some(r)) = (decoded(public), decoded(r_bytes)) else { return false };
    let s: Option<Scalar> = Scalar::from_canonical_bytes(s_bytes).into();
    let Some(s) = s.filter(|_| a.is_torsion_free()) else { return false };
    let hash: [u8; 64] = Sha512::digest([&r_bytes, &public, text].concat()).into();
    let k = Scalar::from_bytes_mod_order_wide(&hash);
    curve25519_dalek::EdwardsPoint::mul_base(&s) == r + k * a
}

fn accepts(crafted: &Crafted) -> bool {
    PublicKey::from_bytes(crafted.public)
        .is_ok_and(|key| key.verify_strict(&crafted.text, &crafted.signature).is_ok())
}

#[test]
fn crafted_signatures_are_a_file_for_other_verifiers() {
    let all = crafted::all();
    let rows: Vec<String> = all.iter().map(|crafted| crafted.to_json().to_string()).collect();
    let path = testdata().join("crafted-signatures.json");
    hold(&path, &format!("[\n{}\n]\n", rows.join(",\n")));
    let text = read(&path).expect("the file");
    let rows: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    assert!(rows.len() > 100, "{}", rows.len());
    let mut accepted = 0;
    for row in &rows {
        let crafted = Crafted {
            why: row["why"].as_str().expect("a reason").to_owned(),
            public: unhex_to(&row["public"]),
            text: unhex(row["text"].as_str().expect("hex")),
            signature: unhex_to(&row["signature"]),
            strict: row["strict"].as_bool().expect("true or false"),
        };
        assert_eq!(accepts(&crafted), crafted.strict, "{}", crafted.why);
        let words = by_the_words(crafted.public, &crafted.text, &crafted.signature);
        assert_eq!(words, crafted.strict, "{}", crafted.why);
        accepted += usize::from(crafted.strict);
    }
    assert_eq!(accepted, 1, "one good signature shows that the file can be right");
}

#[test]
fn batches_accept_some_crafted_signatures_and_the_strict_rule_none() {
    let secret = key("crafted");
    let (public, other) = (secret.public(), b"a good signature beside it".as_slice());
    let good = secret.sign(other);
    let all = crafted::torsion_in_r();
    let mut accepted = 0;
    for crafted in &all {
        assert_eq!(public.verify_strict(&crafted.text, &crafted.signature), refused());
        let texts = [crafted.text.as_slice(), other];
        accepted += usize::from(verify_batch(&texts, &[crafted.signature, good], &[public; 2]));
    }
    assert!(accepted > 0 && accepted < all.len(), "{accepted} of {}", all.len());
    let texts = [other, other];
    assert!(verify_batch(&texts, &[good, good], &[public; 2]));
    assert!(!verify_batch(&[other, b"x"], &[good, good], &[public; 2]));
}

fn refused() -> Result<(), BadSignature> {
    Err(BadSignature::Equation)
}

#[test]
fn a_large_s_and_a_bad_r_are_named_for_what_they_are() {
    for crafted in crafted::all() {
        let Ok(public) = PublicKey::from_bytes(crafted.public) else { continue };
        let found = public.verify_strict(&crafted.text, &crafted.signature);
        let expected = match crafted.why.as_str() {
            "good" => Ok(()),
            why if why.starts_with("R is ") => Err(BadSignature::Point),
            _ => Err(BadSignature::Equation),
        };
        assert_eq!(found, expected, "{}", crafted.why);
        assert_eq!(check_r(&crafted.signature).is_err(), crafted.why.starts_with("R is "));
    }
}

#[test]
fn keys_of_small_or_mixed_order_or_other_spelling_are_no_keys() {
    for (why, bytes) in crafted::small_orders() {
        let found = PublicKey::from_bytes(bytes).expect_err(why);
        let canonical = why == "a point of small order";
        let expected = if canonical { BadSignature::KeyTorsion } else { BadSignature::KeyEncoding };
        assert_eq!(found, expected, "{why}");
    }
    for crafted in crafted::mixed_keys() {
        let found = PublicKey::from_bytes(crafted.public).err();
        assert_eq!(found, Some(BadSignature::KeyTorsion), "{}", crafted.why);
    }
    let spelled = crafted::not_canonical();
    assert!(spelled.len() >= 10, "{}", spelled.len());
    for bytes in spelled {
        let found = PublicKey::from_bytes(bytes).err();
        assert_eq!(found, Some(BadSignature::KeyEncoding), "{}", hex(&bytes));
    }
    let no_point = (0..=255u8)
        .map(|byte| [byte; 32])
        .find(|bytes| CompressedEdwardsY(*bytes).decompress().is_none());
    let no_point = no_point.expect("half of all strings are no point");
    assert_eq!(PublicKey::from_bytes(no_point).err(), Some(BadSignature::KeyEncoding));
}

#[test]
fn every_flipped_bit_of_a_signature_is_refused() {
    let secret = key("crafted");
    let text = b"annals/entry/v1\nledger.example.gov.cn/crafted\n".as_slice();
    let good = secret.sign(text);
    for bit in 0..512 {
        let mut bad = good;
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(secret.public().verify_strict(text, &bad).is_err(), "bit {bit}");
    }
}

fn audit(scribe: &Scribe, batch: bool) -> Report {
    let policy = Policy { genesis: Some(scribe.genesis()), ..Policy::default() };
    let options = Options { batch, ..Options::default() };
    audit_export(scribe.export().as_bytes(), policy, options).expect("a report")
}

/// Whoever holds an epoch's entry key can make signatures that two verifiers judge differently;
/// the strict one names the entry, the other says which kind of verifier it was.
#[test]
fn a_crafted_entry_signature_passes_a_batch_at_most() {
    let mut scribe = super::story::whole();
    let at = scribe.entries.len() - 2;
    let text = entry::signed_text(&scribe.origin, &scribe.entries[at].leaf);
    let mut passed = 0;
    for n in 0..16 {
        let crafted = crafted::with_torsion(key("entry 1").seed(), 4, n, &text);
        scribe.entries[at].raw.signature = crafted;
        let strict = audit(&scribe, false);
        let bad = strict.first_bad.as_ref().map(|bad| (bad.position, bad.what));
        assert_eq!(bad, Some((at as u64, "signature")));
        assert_eq!((strict.verdict, strict.signatures), (Verdict::Tampered, "strict"));
        let batch = audit(&scribe, true);
        assert_eq!(batch.signatures, "batch");
        passed += usize::from(batch.verdict == Verdict::Sound);
    }
    assert!(passed > 0 && passed < 16, "{passed} of 16");
}
