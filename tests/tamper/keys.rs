//! Stolen keys, crafted signatures, an operator who writes what the rules forbid.

use std::io::Cursor;

use annals_events::{Hash, entry};
use annals_verify::{Options, Policy, Report, Verdict, audit_export};
use curve25519_dalek::constants::{ED25519_BASEPOINT_TABLE, EIGHT_TORSION};
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use sha2::{Digest, Sha512};

use super::export::audit;
use super::forge::Forge;
use super::found;
use crate::harness::{annals_verify, code, json};

fn story(pages: usize) -> Forge {
    let mut forge = Forge::new();
    for page in 0..pages {
        if page == pages / 2 {
            forge.start_epoch();
        }
        forge.page(&format!("page {page}"), &format!("第 {page} 页"), true);
    }
    forge
}

fn audit_with(bytes: &[u8], genesis: Hash, checkpoints: &[String]) -> Report {
    let checkpoints = checkpoints.to_vec();
    let policy = Policy { genesis: Some(genesis), checkpoints, ..Policy::default() };
    audit_export(Cursor::new(bytes), policy, Options::default()).expect("bytes can be read")
}

#[test]
fn a_ledger_written_by_hand_is_sound() {
    let forge = story(6);
    let size = forge.entries.len();
    let export = forge.export(&forge.note(size));
    let report = audit_with(&export, forge.genesis(), &[forge.note(5), forge.note(size)]);
    assert_eq!(found(&report), ("sound", None), "{report:?}");
    assert_eq!((report.size, report.tier), (size as u64, "T1"));
}

/// A signature whose R carries a point of order two: every equation multiplied by the cofactor
/// holds, the strict one does not.
fn crafted(forge: &Forge, at: usize, nonce: u64) -> [u8; 64] {
    let key = forge.entry_key();
    let text = entry::signed_text(forge.serving.chain.origin(), &forge.entries[at].built.leaf);
    let seed: [u8; 64] = Sha512::digest(key.seed()).into();
    let half = *seed.first_chunk::<32>().expect("64 bytes hold 32");
    let secret = Scalar::from_bytes_mod_order(clamp_integer(half));
    let r = Scalar::from(nonce + 1);
    let point = (&r * ED25519_BASEPOINT_TABLE + EIGHT_TORSION[4]).compress().to_bytes();
    let hash = Sha512::new().chain_update(point).chain_update(key.public().bytes());
    let k = Scalar::from_bytes_mod_order_wide(&hash.chain_update(&text).finalize().into());
    let s = r + k * secret;
    [point, s.to_bytes()].concat().try_into().expect("64 bytes")
}

#[test]
fn a_crafted_signature_passes_in_batches_only_and_the_verdict_says_which() {
    let mut forge = story(6);
    let size = forge.entries.len();
    let at = size - 4;
    let mut accepted = 0;
    for nonce in 0..40 {
        forge.entries[at].signature = crafted(&forge, at, nonce);
        let export = forge.export(&forge.note(size));
        let strict = audit(&export, forge.genesis(), false);
        assert_eq!(found(&strict), ("tampered", Some((at as u64, "signature"))), "{strict:?}");
        assert_eq!(strict.signatures, "strict");
        let batch = audit(&export, forge.genesis(), true);
        assert_eq!(batch.signatures, "batch");
        if batch.verdict == Verdict::Sound {
            accepted += 1;
        } else {
            assert_eq!(found(&batch), found(&strict));
        }
    }
    // The factors of a batch follow from its bytes: about half of them are even.
    assert!((5..=35).contains(&accepted), "{accepted} of 40");
}

/// From entry `at` on another story, signed by the key in force.
fn fork(original: &Forge, at: usize) -> Forge {
    let mut fork = original.until(at);
    fork.page("another page", "从未发布", true);
    while fork.entries.len() < original.entries.len() {
        let number = fork.entries.len();
        fork.page(&format!("another page {number}"), "从未发布", true);
    }
    fork
}

#[test]
fn a_fork_by_a_stolen_entry_key_fails_at_the_root_behind_the_last_good_checkpoint() {
    let forge = story(6);
    let size = forge.entries.len();
    let forked = fork(&forge, size - 6);
    assert_eq!(forked.entries.len(), size);
    let export = forked.export(&forge.note(size));
    let told = |given: &[String]| {
        let report = audit_with(&export, forge.genesis(), given);
        (report.verdict, report.first_bad.map(|bad| (bad.position, bad.what)))
    };
    let tampered = |position| (Verdict::Tampered, Some((position, "root")));
    assert_eq!(told(&[]), tampered(0));
    assert_eq!(told(&[forge.note(7)]), tampered(7));
    let known = [forge.note(7), forge.note(size - 6), forge.note(size - 2)];
    assert_eq!(told(&known), tampered(size as u64 - 6));
    // Who holds the log key as well signs the fork: only a checkpoint kept elsewhere tells.
    let export = forked.export(&forked.note(size));
    let report = audit_with(&export, forge.genesis(), &[]);
    assert_eq!(found(&report), ("sound", None));
    let report = audit_with(&export, forge.genesis(), &[forge.note(size)]);
    assert_eq!(found(&report), ("tampered", Some((0, "root"))));
}

#[test]
fn a_tail_cut_back_to_an_older_checkpoint_is_told_by_a_later_one_only() {
    let forge = story(6);
    let size = forge.entries.len();
    let older = forge.until(size - 6);
    let export = older.export(&older.note(size - 6));
    let report = audit_with(&export, forge.genesis(), &[forge.note(9)]);
    assert_eq!(found(&report), ("sound", None));
    let report = audit_with(&export, forge.genesis(), &[forge.note(9), forge.note(size)]);
    assert_eq!(found(&report), ("tampered", Some((size as u64 - 6, "truncated"))));
}

#[test]
fn an_entry_signed_with_a_key_of_another_epoch_is_refused() {
    let mut forge = story(6);
    let size = forge.entries.len();
    let other = forge.entries[3].key;
    let at = size - 3;
    let old = annals_events::keys::SecretKey::from_seed(Hash::of(&[b"entry 0"]).0);
    assert_eq!(old.public().fingerprint(), other);
    let leaf = forge.entries[at].built.leaf;
    forge.entries[at].signature = entry::sign(&old, forge.serving.chain.origin(), &leaf);
    for named in [other, forge.entries[at].key] {
        forge.entries[at].key = named;
        let export = forge.export(&forge.note(size));
        for batch in [false, true] {
            let report = audit(&export, forge.genesis(), batch);
            assert_eq!(found(&report), ("tampered", Some((at as u64, "signature"))), "{batch}");
        }
    }
    // The right signature beside the wrong name.
    let mut forge = story(6);
    forge.entries[at].key = other;
    let report = audit(&forge.export(&forge.note(size)), forge.genesis(), false);
    assert_eq!(found(&report), ("tampered", Some((at as u64, "signature"))));
}

#[test]
fn an_operator_who_writes_against_the_rules_is_told_with_exit_code_4() {
    let mut forge = story(3);
    forge.page("never reviewed", "没有审核", false);
    let size = forge.entries.len();
    let export = forge.export(&forge.note(size));
    let report = audit(&export, forge.genesis(), false);
    assert_eq!(found(&report), ("against_the_rulebook", None));
    let first = report.first_breach.expect("a breach");
    assert!(first.contains(&format!("entry {}", size - 1)), "{first}");
    assert!(first.contains("annals:review_missing"), "{first}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("export");
    std::fs::write(&path, &export).expect("written");
    let (path, genesis) = (path.display().to_string(), forge.genesis().to_string());
    let output = annals_verify(&[&path, "--genesis", &genesis, "--json"]);
    assert_eq!((code(&output), &json(&output)["rule_findings"]), (4, &1.into()));
    // A rule needs folding to be judged; without a pinned genesis 4 still comes before 2.
    let output = annals_verify(&[&path, "--genesis", &genesis, "--no-fold"]);
    assert_eq!(code(&output), 2);
    let output = annals_verify(&[&path]);
    assert_eq!(code(&output), 4);
}
