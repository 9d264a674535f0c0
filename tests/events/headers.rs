//! Headers: any good one goes there and back, no changed byte goes unnoticed.

use annals_events::entry::{
    self, About, Actor, ActorSignature, Authentication, CommandInfo, Header, Provenance,
};
use annals_events::id::{
    AccountId, CommandKey, EntryId, Number, OrganisationId, Stream, Subject, SubjectKind,
};
use annals_events::keys::Algorithm;
use annals_events::{Event, canonical};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

use super::arbitrary::{hash, signature, stream, time};
use super::story::{everything, first};

fn uuid() -> impl Strategy<Value = Uuid> {
    any::<[u8; 16]>().prop_map(Uuid::from_bytes)
}

fn entry_id() -> impl Strategy<Value = EntryId> {
    (0u64..1 << 48, any::<[u8; 10]>()).prop_map(|(millis, random)| {
        EntryId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    })
}

fn actor(position: u64) -> impl Strategy<Value = Actor> {
    let authenticated = prop_oneof![Just(Authentication::Token), Just(Authentication::Certificate)];
    let below = option::of(0..position.max(1));
    (uuid(), authenticated, below, option::of(uuid()), uuid()).prop_map(
        move |(account, authenticated, authority, on_behalf_of, organisation)| Actor {
            account: AccountId(account),
            authenticated,
            authority: authority.filter(|grant| *grant < position).map(Number),
            on_behalf_of: on_behalf_of.map(OrganisationId),
            organisation: OrganisationId(organisation),
        },
    )
}

fn command() -> impl Strategy<Value = CommandInfo> {
    (hash(), 1u32..=64, any::<u32>(), time(), uuid(), "[a-z_]{1,48}", hash(), stream()).prop_map(
        |(digest, of, index, issued_at, key, name, seen, stream)| {
            let index = index % of;
            let key = CommandKey(key);
            CommandInfo { digest, index, issued_at, key, name, of, seen, stream }
        },
    )
}

fn about() -> impl Strategy<Value = Vec<About>> {
    let kind = prop_oneof![
        Just(SubjectKind::Account),
        Just(SubjectKind::Case),
        Just(SubjectKind::Organisation),
        Just(SubjectKind::Site)
    ];
    let subject = (kind, uuid()).prop_map(|(kind, id)| Subject::new(kind, id));
    (btree_set(subject, 1..8), any::<u64>()).prop_map(|(all, number)| {
        all.into_iter().map(|subject| About { number: Number(number), subject }).collect()
    })
}

/// A header that the ledger itself writes: no actor, no command.
fn internal() -> impl Strategy<Value = Header> {
    let place = (any::<u64>(), any::<u64>(), any::<u64>(), stream(), "[a-z_]{1,20}", 1u32..9);
    let hashes = (hash(), hash(), option::of(hash()));
    let rest = (option::of(about()), option::of(time()), time(), option::of(entry_id()));
    let origin = "[a-z0-9._-]{1,20}(/[a-z0-9]{1,9})?";
    (place, hashes, rest, entry_id(), origin, any::<u64>()).prop_map(|all| {
        let ((position, epoch, version, stream, word, schema), hashes, rest, id, origin, cause) =
            all;
        let (facts_digest, prev, private_digest) = hashes;
        let (about, occurred_at, recorded_at, correlation) = rest;
        Header {
            about,
            actor: None,
            actor_signature: None,
            cause: (position > 0).then(|| Number(cause % position.max(1))),
            clauses: None,
            command: None,
            correlation,
            epoch: Number(epoch),
            facts_digest,
            id,
            occurred_at,
            origin,
            position: Number(position),
            prev,
            private_digest,
            provenance: Provenance::Internal,
            recorded_at,
            rulebook: None,
            schema,
            stream,
            kind: format!("{}.{word}", stream.thing.word()),
            v: 1,
            version: Number(version),
        }
    })
}

/// Any good header.
fn header() -> impl Strategy<Value = Header> {
    let provenance = prop_oneof![
        Just(Provenance::Commanded),
        Just(Provenance::Reported),
        Just(Provenance::Imported)
    ];
    let signed = (hash(), signature()).prop_map(|(key, value)| {
        let algorithm = Algorithm::Ed25519;
        ActorSignature { algorithm, key, value }
    });
    let (provenance, signed) = (provenance.boxed(), signed.boxed());
    let clauses = option::of(btree_set("[A-Za-z0-9.:_-]{1,24}", 1..6)).boxed();
    let by_somebody = internal().prop_flat_map(move |header| {
        let position = header.position.0;
        let all = (actor(position), command(), provenance.clone(), option::of(signed.clone()));
        (Just(header), all, option::of(any::<u64>()), clauses.clone()).prop_map(
            |(header, (actor, command, provenance, signed), rulebook, clauses)| Header {
                actor: Some(actor),
                command: Some(command),
                provenance,
                actor_signature: signed,
                rulebook: rulebook.map(Number),
                clauses: clauses
                    .filter(|_| rulebook.is_some())
                    .map(|all| all.into_iter().collect()),
                ..header
            },
        )
    });
    prop_oneof![1 => internal(), 3 => by_somebody]
}

proptest! {
    #[test]
    fn any_good_header_goes_there_and_back(header in header()) {
        let bytes = header.to_bytes();
        let parsed = Header::parse(&bytes);
        prop_assert_eq!(parsed.as_ref(), Ok(&header));
        prop_assert_eq!(canonical::check_object(&bytes), Ok(()));
        let other = serde_json_canonicalizer::to_vec(&header).expect("canonical");
        prop_assert_eq!(other, bytes);
    }

    #[test]
    fn a_header_spelled_otherwise_is_refused(header in header(), at in any::<usize>()) {
        let bytes = header.to_bytes();
        let spaces: Vec<usize> =
            (1..bytes.len()).filter(|at| b",:{}[]".contains(&bytes[at - 1])).collect();
        let mut spaced = bytes.clone();
        spaced.insert(spaces[at % spaces.len()], b' ');
        // A space inside a string may be part of it; a header has no string that holds one.
        prop_assert!(Header::parse(&spaced).is_err());
        let value: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        let members = value.as_object().expect("an object");
        for (name, member) in members {
            let mut twice = bytes[..bytes.len() - 1].to_vec();
            twice.extend_from_slice(format!(",\"{name}\":{member}}}").as_bytes());
            prop_assert!(Header::parse(&twice).is_err(), "{} twice", name);
        }
        let mut unknown = value.clone();
        unknown["zone"] = "+08:00".into();
        prop_assert!(Header::parse(unknown.to_string().as_bytes()).is_err());
        let mut null = value.clone();
        for name in ["cause", "clauses", "correlation", "rulebook", "occurred_at"] {
            if null.get(name).is_none() {
                null[name] = serde_json::Value::Null;
                prop_assert!(Header::parse(null.to_string().as_bytes()).is_err(), "{}", name);
            }
        }
    }

    #[test]
    fn no_bytes_at_all_break_the_parser(bytes in vec(any::<u8>(), 0..300)) {
        prop_assert!(Header::parse(&bytes).is_err());
        let _ = canonical::check_object(&bytes);
    }
}

/// Every byte of real headers as every other byte: refused, or another leaf and another header.
#[test]
fn every_changed_byte_of_a_header_is_refused_or_changes_the_leaf() {
    let story = everything();
    for kind in ["ledger.genesis", "content.drafted", "content.published"] {
        let entry = first(&story, kind);
        let good = &entry.raw.header;
        let mut accepted = 0;
        for at in 0..good.len() {
            for byte in 0..=255u8 {
                let mut bad = good.clone();
                bad[at] = byte;
                if byte == good[at] {
                    continue;
                }
                let Ok(header) = Header::parse(&bad) else { continue };
                accepted += 1;
                assert_ne!(entry::leaf(&bad), entry.leaf);
                assert_ne!(header, entry.header, "{kind}: byte {at} as {byte} says the same");
            }
        }
        assert!(accepted > 1_000, "{kind}: {accepted}");
    }
}

#[test]
fn the_story_has_every_type_and_no_member_is_left_untried() {
    let story = everything();
    let kinds: std::collections::BTreeSet<&str> =
        story.entries.iter().map(|entry| entry.event.kind()).collect();
    assert_eq!(kinds, Event::types().collect());
}

#[test]
fn members_that_do_not_go_together_are_refused() {
    let story = everything();
    let good = &first(&story, "content.drafted").header;
    let alone = &first(&story, "ledger.genesis").header;
    type Change = fn(&mut Header);
    let rows: &[(&str, &Header, Change)] = &[
        ("v 2", good, |h| h.v = 2),
        ("schema 0", good, |h| h.schema = 0),
        ("an origin that ends in a slash", good, |h| h.origin += "/"),
        ("an origin in capitals", good, |h| h.origin = "Ledger".to_owned()),
        ("a type of another thing", good, |h| h.kind = "site.opened".to_owned()),
        ("a type without a word", good, |h| h.kind = "content.".to_owned()),
        ("a stream of another thing", good, |h| {
            h.stream = Stream::new(annals_events::id::Thing::Site, h.stream.id);
        }),
        ("an id of version 8", good, |h| {
            h.id = EntryId(uuid::Builder::from_custom_bytes([7; 16]).into_uuid());
        }),
        ("a cause at its own position", good, |h| h.cause = Some(h.position)),
        ("no subjects in a list", good, |h| h.about = Some(Vec::new())),
        ("subjects out of order", good, |h| h.about.iter_mut().for_each(|all| all.reverse())),
        ("a subject twice", good, |h| {
            h.about.iter_mut().for_each(|all| all.insert(0, all[0].clone()));
        }),
        ("clauses without a rulebook", good, |h| h.clauses = Some(vec!["LA-P1".to_owned()])),
        ("clauses out of order", good, |h| {
            (h.rulebook, h.clauses) = (Some(Number(0)), Some(vec!["b".into(), "a".into()]));
        }),
        ("a clause of Chinese characters", good, |h| {
            (h.rulebook, h.clauses) = (Some(Number(0)), Some(vec!["六安".into()]));
        }),
        ("no actor", good, |h| h.actor = None),
        ("no command", good, |h| h.command = None),
        ("a grant at its own position", good, |h| {
            let position = h.position;
            h.actor.iter_mut().for_each(|actor| actor.authority = Some(position));
        }),
        ("an index that is not below of", good, |h| {
            h.command.iter_mut().for_each(|command| command.index = command.of);
        }),
        ("65 entries of one command", good, |h| {
            h.command.iter_mut().for_each(|command| command.of = 65);
        }),
        ("a command's name in capitals", good, |h| {
            h.command.iter_mut().for_each(|command| command.name = "Draft".to_owned());
        }),
        ("internal with an actor", good, |h| h.provenance = Provenance::Internal),
        ("internal with a rulebook", alone, |h| h.rulebook = Some(Number(0))),
        ("commanded without anybody", alone, |h| h.provenance = Provenance::Commanded),
    ];
    for (what, good, change) in rows {
        assert!(Header::parse(&good.to_bytes()).is_ok(), "before: {what}");
        let mut bad = (*good).clone();
        change(&mut bad);
        assert!(Header::parse(&bad.to_bytes()).is_err(), "{what}");
    }
    let mut long = good.clone();
    let clauses = (0..32).map(|i| format!("{i:02}{}", "x".repeat(46))).collect();
    (long.rulebook, long.clauses) = (Some(Number(0)), Some(clauses));
    long.about = Some(
        (0..16u8)
            .map(|i| About {
                number: Number(u64::MAX),
                subject: Subject::new(SubjectKind::Organisation, Uuid::from_bytes([i; 16])),
            })
            .collect(),
    );
    assert_eq!(Header::parse(&long.to_bytes()), Err(entry::HeaderError::TooLong));
}
