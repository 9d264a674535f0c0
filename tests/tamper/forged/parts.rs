//! Facts, private parts, keys and signatures.

use std::collections::BTreeSet;

use annals_events::Event;
use serde_json::{Value, json};

use super::*;
use crate::events::second_story::second_story;
use crate::harness::scribe::Scribe;

const PARTS: &[Forged] = &[
    (
        "a digest",
        &[SITE],
        |p| (p.keeps_digests, p.header["facts_digest"]) = (true, zeros()),
        (1, 15, "facts"),
    ),
    (
        "white space",
        &[REGISTERED],
        |p| p.spelt[1] = Some(b"{\"name\": \"a\"}".to_vec()),
        (1, 1, "facts"),
    ),
    ("no object", &[REGISTERED], |p| p.facts = json!([]), (1, 1, "facts")),
    ("a member", &[CREATED], |p| p.facts["zzz"] = json!(1), (1, 9, "facts")),
    ("a build", &[EPOCH], |p| p.facts["build"] = json!("a\u{202e}b"), (1, 4, "facts")),
    ("no build", &[GENESIS], |p| p.facts["build"] = json!(""), (1, 0, "facts")),
    ("an engine", &[EPOCH], |p| p.facts["engine"] = json!(1u64 << 32), (1, 4, "facts")),
    ("a role", &[EPOCH], |p| p.facts["key"]["role"] = json!("king"), (1, 4, "facts")),
    ("a name", &[REGISTERED], |p| p.facts["name"] = json!("a\u{200b}b"), (1, 1, "facts")),
    ("a long name", &[REGISTERED], |p| p.facts["name"] = json!("政".repeat(201)), (1, 1, "facts")),
    ("a longest name", &[REGISTERED], |p| p.facts["name"] = json!("政".repeat(200)), SOUND),
    ("a framed name", &[REGISTERED], |p| p.facts["name"] = json!(" a"), (1, 1, "facts")),
    ("a duty", &[ADMINISTRATOR], |p| p.facts["duty"] = json!("janitor"), (1, 2, "facts")),
    ("a body", &[CREATED], |p| p.facts["body"] = json!("zz"), (1, 9, "facts")),
    ("a length", &[CREATED], |p| p.facts["bytes"] = json!(-1), (1, 9, "facts")),
    ("a fold", &[SEALED], |p| p.facts["folds"] = json!([{}]), (1, 26, "facts")),
    ("a private part", &[EPOCH], |p| p.private = json!({"a": 1}), (1, 4, "private")),
    ("one more", &[REGISTERED], |p| p.private = json!({"a": 1}), (1, 1, "private")),
    ("none", &[PASSED], |p| p.private = Value::Null, (1, 20, "command")),
    ("a private member", &[CREATED], |p| p.private["zzz"] = json!("x"), (1, 9, "private")),
    (
        "a name nobody can spell",
        &[CREATED],
        |p| p.spelt[2] = Some(b"{\"a\":null}".to_vec()),
        (1, 9, "private"),
    ),
    ("no person", &[ADMINISTRATOR], |p| p.private["name"] = json!(5), (1, 2, "private")),
    ("any person", &[ADMINISTRATOR], |p| p.private["name"] = json!("a\u{202e}b"), SOUND),
    ("half a command", &[PASSED], |p| drop(p.private["nonce"].take()), (1, 20, "private")),
];

#[test]
fn both_verifiers_agree_on_forged_parts() {
    ask(PARTS);
}

/// Every member of every type, left out and of another form.
#[test]
fn both_verifiers_agree_on_the_form_of_every_member() {
    let mut questions = Vec::new();
    let mut seen = BTreeSet::new();
    // Together they are the ledger of everything; apart they are quicker to verify.
    for story in [whole(), second_story()] {
        questions.extend(misshapen(&story, &mut seen));
    }
    let kinds: BTreeSet<&str> = seen.iter().map(|(kind, ..)| *kind).collect();
    assert!(Event::types().all(|kind| kinds.contains(kind)), "{kinds:?}");
    assert!(questions.len() > 300, "{}", questions.len());
    let differing = differences(&questions);
    assert!(differing.is_empty(), "\n{}", differing.join("\n"));
}

/// Type, part, member.
type Member = (&'static str, usize, String);

fn misshapen(story: &Scribe, seen: &mut BTreeSet<Member>) -> Vec<Question> {
    let mut questions = Vec::new();
    for (position, entry) in story.entries.iter().enumerate() {
        let facts: Value = serde_json::from_slice(&entry.raw.facts.bytes).expect("JSON");
        let private = entry.raw.private.as_ref();
        let private =
            private.map_or(Value::Null, |p| serde_json::from_slice(&p.bytes).expect("JSON"));
        for (part, value) in [(0, facts), (1, private)] {
            for member in value.as_object().into_iter().flat_map(serde_json::Map::keys) {
                if !seen.insert((entry.event.kind(), part, member.clone())) {
                    continue;
                }
                for other in [None, Some(json!(true))] {
                    let resigned = resign(story, &|parts| {
                        if parts.position == position {
                            let part =
                                if part == 0 { &mut parts.facts } else { &mut parts.private };
                            let members = part.as_object_mut().expect("an object");
                            match &other {
                                None => drop(members.remove(member)),
                                Some(other) => drop(members.insert(member.clone(), other.clone())),
                            }
                        }
                    });
                    questions.push(Question {
                        name: format!("{} {member} {other:?}", entry.event.kind()),
                        bytes: resigned.export,
                        genesis: Some(resigned.genesis),
                        checkpoints: Vec::new(),
                        actors: Vec::new(),
                    });
                }
            }
        }
    }
    questions
}

fn elsewhere(parts: &mut Parts) {
    let stream = json!("ledger/01a20db5-0000-7b35-af66-8e3b1a854802");
    parts.header["stream"] = stream.clone();
    parts.header["version"] = json!("0");
    if parts.header["command"].is_object() {
        parts.header["command"]["stream"] = stream;
    }
}

const KEYS: &[Forged] = &[
    (
        "not held",
        &[EPOCH],
        |p| p.facts["key"]["possession"] = json!("0".repeat(128)),
        (1, 4, "key"),
    ),
    ("not endorsed", &[EPOCH], |p| p.facts["key"]["endorsements"] = json!([]), (1, 4, "key")),
    ("another kind", &[EPOCH], |p| p.facts["key"]["algorithm"] = json!("sm2"), (1, 4, "key")),
    ("a log key", &[EPOCH], |p| p.facts["key"]["role"] = json!("log"), (1, 4, "key")),
    ("another stream", &[EPOCH], elsewhere, (1, 4, "key")),
    ("a rotation in another stream", &[ROTATED], elsewhere, (1, 25, "key")),
    ("another head", &[EPOCH], |p| p.facts["head"]["size"] = json!(5), (1, 4, "key")),
    ("no threshold", &[GENESIS], |p| p.facts["threshold"] = json!(0), (1, 0, "key")),
    ("too high", &[GENESIS], |p| p.facts["threshold"] = json!(2), (1, 0, "key")),
    ("no keys", &[GENESIS], |p| p.facts["keys"] = json!([]), (1, 0, "key")),
    ("nobody retires", &[ROTATED], |p| p.facts["retired"] = zeros(), (1, 25, "key")),
    ("an old key", &[SITE], |p| p.signed_by = Some("entry 0"), (1, 15, "signature")),
    ("a sound actor", &[PUBLISHED], |p| sign_as_actor(p, &key("actor")), SOUND),
    (
        "an actor's signature of another command",
        &[PUBLISHED],
        |p| {
            sign_as_actor(p, &key("actor"));
            p.header["command"]["issued_at"] = json!("2026-01-01T00:00:00.000000Z");
        },
        (1, 21, "actor_signature"),
    ),
    (
        "an actor's signature of another kind",
        &[PUBLISHED],
        |p| {
            sign_as_actor(p, &key("actor"));
            p.header["actor_signature"]["algorithm"] = json!("sm2");
        },
        (1, 21, "actor_signature"),
    ),
    ("an unknown actor", &[PUBLISHED], |p| sign_as_actor(p, &key("stranger")), SOUND),
];

#[test]
fn both_verifiers_agree_on_forged_keys_and_signatures() {
    ask(KEYS);
}
