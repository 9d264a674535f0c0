//! Signed notes, checkpoints and cosignatures: published vectors and another implementation.

use annals_events::keys::SecretKey;
use annals_events::note::{self, Checkpoint, Note, NoteKey};
use proptest::prelude::*;
use serde_json::Value;
use signed_note::{StandardVerifier, VerifierList};

use super::{unhex, vectors};

fn secret(vectors: &Value, who: &str) -> SecretKey {
    let seed = unhex(vectors[who]["seed"].as_str().expect("hex"));
    SecretKey::from_seed(seed.try_into().expect("32 bytes"))
}

fn text<'a>(vectors: &'a Value, name: &str) -> &'a str {
    vectors[name].as_str().unwrap_or_else(|| panic!("no {name}"))
}

const ORIGIN: &str = "ledger.example.gov.cn/2026";

fn keys(vectors: &Value) -> (NoteKey, NoteKey) {
    let witness = vectors["witness"]["name"].as_str().expect("a name");
    (
        NoteKey::log(ORIGIN, secret(vectors, "log").public()),
        NoteKey::cosigner(witness, secret(vectors, "witness").public()),
    )
}

#[test]
fn published_verifier_keys_hold() {
    let vectors = vectors();
    let (log, witness) = keys(&vectors);
    assert_eq!(log.vkey(), vectors["log"]["vkey"]);
    assert_eq!(annals_events::hash::hex(&log.key_id()), vectors["log"]["keyid"]);
    assert_eq!(annals_events::hash::hex(&log.public.bytes()), vectors["log"]["pub"]);
    assert_eq!(witness.vkey(), vectors["witness"]["vkey"]);
}

#[test]
fn published_checkpoints_are_made_and_read_byte_for_byte() {
    let vectors = vectors();
    let (log, witness) = keys(&vectors);
    for (name, size) in [("checkpoint5", 5), ("checkpoint8", 8), ("checkpoint300", 300)] {
        let note = Note::parse(text(&vectors, name)).expect("a note");
        assert_eq!(note.to_text(), text(&vectors, name));
        assert_eq!(log.verify(&note), Ok(Some(0)), "{name}");
        let checkpoint = Checkpoint::parse(&note.text).expect("a checkpoint");
        assert_eq!((checkpoint.origin.as_str(), checkpoint.size), (ORIGIN, size));
        let mut own = checkpoint.to_note();
        note::sign_log(&mut own, ORIGIN, &secret(&vectors, "log"));
        assert_eq!(own.to_text(), text(&vectors, name));
    }
    let time = vectors["witness"]["time"].as_u64().expect("a time");
    let mut own = Note::parse(text(&vectors, "checkpoint8")).expect("a note");
    assert_eq!(witness.verify(&own), Ok(None));
    note::cosign(&mut own, &witness.name, &secret(&vectors, "witness"), time);
    assert_eq!(own.to_text(), text(&vectors, "checkpoint8_cosigned"));
    assert_eq!(witness.verify(&own), Ok(Some(time)));
}

/// Whether the other implementation finds this log's signature good.
fn theirs(note: &str, vkey: &str) -> bool {
    let Ok(parsed) = signed_note::Note::from_bytes(note.as_bytes()) else { return false };
    let verifier = StandardVerifier::new(vkey).expect("a verifier key");
    let list = VerifierList::new(vec![Box::new(verifier)]);
    parsed.verify(&list).is_ok_and(|(known, _)| !known.is_empty())
}

fn ours(note: &str, key: &NoteKey) -> bool {
    let Ok(parsed) = Note::parse(note) else { return false };
    Checkpoint::parse(&parsed.text).is_ok() && key.verify(&parsed) == Ok(Some(0))
}

#[test]
fn another_implementation_reads_what_we_sign() {
    let vectors = vectors();
    let (log, _) = keys(&vectors);
    for name in ["checkpoint5", "checkpoint8", "checkpoint8_cosigned", "checkpoint300"] {
        assert!(theirs(text(&vectors, name), &log.vkey()), "{name}");
    }
    let root = annals_events::merkle::empty_root();
    let mut note = Checkpoint { origin: ORIGIN.to_owned(), size: 0, root }.to_note();
    note::sign_log(&mut note, ORIGIN, &secret(&vectors, "log"));
    assert!(theirs(&note.to_text(), &log.vkey()));
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text.as_bytes()).expect("theirs");
    assert_eq!((checkpoint.size(), checkpoint.hash().0), (0, root.0));
}

#[test]
fn every_changed_byte_of_a_checkpoint_is_refused() {
    let vectors = vectors();
    let (log, witness) = keys(&vectors);
    let good = text(&vectors, "checkpoint8_cosigned");
    let verify = |note: &str| {
        let note = Note::parse(note).ok()?;
        Checkpoint::parse(&note.text).ok()?;
        Some((log.verify(&note).ok()??, witness.verify(&note).ok()??))
    };
    assert!(verify(good).is_some());
    let mut tried = 0;
    for at in 0..good.len() {
        for byte in [0, b'\n', b' ', b'+', b'0', b'A', b'=', 0x7f] {
            let mut bad = good.as_bytes().to_vec();
            if bad[at] == byte {
                continue;
            }
            bad[at] = byte;
            let Ok(bad) = String::from_utf8(bad) else { continue };
            assert_eq!(verify(&bad), None, "byte {at} as {byte}");
            tried += 1;
        }
    }
    assert!(tried > 2_000, "{tried}");
    for cut in 0..good.len() {
        assert_eq!(good.get(..cut).and_then(verify), None, "cut at {cut}");
    }
}

#[test]
fn notes_that_are_almost_right_are_refused() {
    let vectors = vectors();
    let good = text(&vectors, "checkpoint8");
    let (log, _) = keys(&vectors);
    assert!(ours(good, &log));
    let base64 = "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=";
    for (what, bad) in [
        ("an extension line", good.replace("\n\n", "\nextension\n\n")),
        ("a size with a leading zero", good.replace("\n8\n", "\n08\n")),
        ("a signed size", good.replace("\n8\n", "\n+8\n")),
        ("a hyphen for the dash", good.replace('\u{2014}', "-")),
        ("no padding", good.replace(base64, &base64[..43])),
        ("stray trailing bits", good.replace("QC", "QD").replace("Qyg=", "Qyh=")),
        ("a carriage return", good.replace('\n', "\r\n")),
        ("no final newline", good.trim_end().to_owned()),
        ("another origin", good.replacen("2026", "2027", 1)),
        ("no signature line", good.split_once("\n\n").map_or("", |(text, _)| text).to_owned()),
    ] {
        assert!(!ours(&bad, &log), "{what}");
    }
    // A line of an unknown key changes nothing; the same line twice neither.
    let line = "\u{2014} somebody.example/else 0Kq8SsLFkpqufjerlbN/AcCPGKvs\n";
    assert!(ours(&format!("{good}{line}"), &log) && theirs(&format!("{good}{line}"), &log.vkey()));
}

/// Whoever holds the log key could sign these; they are no checkpoints all the same.
#[test]
fn signed_texts_that_are_no_checkpoints_are_refused() {
    let vectors = vectors();
    let (log, _) = keys(&vectors);
    let good = Note::parse(text(&vectors, "checkpoint8")).expect("a note").text;
    let (head, root) = good.trim_end().rsplit_once('\n').expect("three lines");
    for (what, bad) in [
        ("an extension line", format!("{good}extension\n")),
        ("two lines", format!("{head}\n")),
        ("a size with a leading zero", good.replace("\n8\n", "\n08\n")),
        ("a signed size", good.replace("\n8\n", "\n+8\n")),
        ("a size of 2^64", good.replace("\n8\n", "\n18446744073709551616\n")),
        ("an origin with a space", good.replacen('/', " ", 1)),
        ("an origin with a plus", good.replacen('/', "+", 1)),
        ("no origin", good.replacen(ORIGIN, "", 1)),
        ("a root without padding", format!("{head}\n{}\n", &root[..43])),
        ("a root of 31 bytes", format!("{head}\n{}A==\n", &root[..41])),
        ("stray trailing bits", good.replace("Qyg=", "Qyh=")),
        ("base64 for addresses", good.replace('+', "-").replace("Nw7/", "Nw7_")),
    ] {
        assert_ne!(bad, good, "{what}");
        let mut note = Note { text: bad, signatures: Vec::new() };
        note::sign_log(&mut note, ORIGIN, &secret(&vectors, "log"));
        assert_eq!(log.verify(&note), Ok(Some(0)), "{what}");
        assert!(Checkpoint::parse(&note.text).is_err(), "{what}");
    }
}

proptest! {
    #[test]
    fn checkpoints_go_there_and_back(
        origin in "[a-z0-9./-]{1,40}",
        size in any::<u64>(),
        root in any::<[u8; 32]>(),
        time in 1u64..(1 << 40),
    ) {
        let root = annals_events::Hash(root);
        let checkpoint = Checkpoint { origin: origin.clone(), size, root };
        let vectors = vectors();
        let (log, witness) = (secret(&vectors, "log"), secret(&vectors, "witness"));
        let mut note = checkpoint.to_note();
        note::sign_log(&mut note, &origin, &log);
        note::cosign(&mut note, "witness.example", &witness, time);
        let again = Note::parse(&note.to_text()).expect("our own note");
        prop_assert_eq!(&again, &note);
        prop_assert_eq!(Checkpoint::parse(&again.text), Ok(checkpoint));
        let key = NoteKey::log(origin, log.public());
        prop_assert_eq!(key.verify(&again), Ok(Some(0)));
        prop_assert!(theirs(&note.to_text(), &key.vkey()));
        let key = NoteKey::cosigner("witness.example", witness.public());
        prop_assert_eq!(key.verify(&again), Ok(Some(time)));
    }
}
