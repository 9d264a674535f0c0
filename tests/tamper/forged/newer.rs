//! What a newer program may write.

use serde_json::json;

use super::*;

fn newer(parts: &mut Parts) {
    parts.header["schema"] = json!(2);
    parts.facts["zzz"] = json!({"anything": []});
}
fn unheard(parts: &mut Parts) {
    parts.header["type"] = json!("content.unheard");
    parts.header["command"]["name"] = json!("do_something_new");
}

const NEWER: &[Forged] = &[
    ("an engine", &[EPOCH], |p| p.facts["engine"] = json!(3), INCOMPLETE),
    ("an engine", &[GENESIS], |p| p.facts["engine"] = json!(3), INCOMPLETE),
    ("none", &[EPOCH], |p| p.facts["engine"] = json!(0), INCOMPLETE),
    ("the first engine", &[EPOCH], |p| p.facts["engine"] = json!(1), SOUND),
    ("a schema", &[SITE], newer, INCOMPLETE),
    ("a schema that names a body", &[DRAFTED], newer, INCOMPLETE),
    ("a schema that publishes", &[PUBLISHED], newer, INCOMPLETE),
    ("a schema of an imported page", &[CREATED], newer, INCOMPLETE),
    ("a schema of an import", &[IMPORT], newer, INCOMPLETE),
    ("a schema of genesis", &[GENESIS], newer, INCOMPLETE),
    ("a schema of an epoch", &[EPOCH], newer, INCOMPLETE),
    ("a schema of a rotation", &[ROTATED], newer, INCOMPLETE),
    ("a schema of everything", &[0, 1, 2, 3, 4, 5, 6, 15, 19, 20, 25, 26], newer, INCOMPLETE),
    ("a type that brings a body", &[DRAFTED], unheard, INCOMPLETE),
    ("a type that names one", &[PUBLISHED], unheard, INCOMPLETE),
    (
        "a type without a command",
        &[SEALED],
        |p| p.header["type"] = json!("ledger.sung"),
        INCOMPLETE,
    ),
];

/// What a newer program wrote is not known here, and still not tampered with.
#[test]
fn both_verifiers_take_a_sound_newer_export_for_incomplete() {
    ask(NEWER);
}

const AROUND: &[Forged] = &[
    ("its body is missing", &[DRAFTED], |p| (newer(p), p.body = None).0, (1, 19, "body")),
    (
        "its body is another",
        &[DRAFTED],
        |p| {
            newer(p);
            p.body.as_mut().expect("a body").1.bytes.push(b'x');
        },
        (1, 19, "body"),
    ),
    (
        "its body has another length",
        &[DRAFTED],
        |p| {
            newer(p);
            p.facts["bytes"] = json!(1);
        },
        (1, 19, "body"),
    ),
    (
        "its command is another",
        &[PUBLISHED],
        |p| {
            newer(p);
            p.header["command"]["digest"] = zeros();
        },
        (1, 21, "command"),
    ),
    (
        "its facts are no object",
        &[SEALED],
        |p| {
            newer(p);
            p.facts = json!([1]);
        },
        (1, 26, "facts"),
    ),
    (
        "its private part is no object",
        &[PUBLISHED],
        |p| {
            newer(p);
            p.private = json!([1]);
        },
        (1, 21, "private"),
    ),
    (
        "its signature is another's",
        &[SITE],
        |p| {
            newer(p);
            p.signed_by = Some("entry 0");
        },
        (1, 15, "signature"),
    ),
    (
        "an entry after an epoch nobody can read",
        &[EPOCH, SITE],
        |p| match p.position {
            EPOCH => newer(p),
            _ => p.header["prev"] = zeros(),
        },
        (1, 15, "link"),
    ),
    (
        "a line under an epoch nobody can read",
        &[EPOCH, REMOVED],
        |p| match p.position {
            EPOCH => newer(p),
            _ => p.header["command"]["digest"] = zeros(),
        },
        (1, 12, "command"),
    ),
    (
        "an actor under a genesis nobody can read",
        &[GENESIS, PUBLISHED],
        |p| match p.position {
            GENESIS => newer(p),
            _ => {
                sign_as_actor(p, &key("actor"));
                p.header["command"]["issued_at"] = json!("2026-01-01T00:00:00.000000Z");
            }
        },
        (1, 21, "actor_signature"),
    ),
];

#[test]
fn both_verifiers_find_what_is_wrong_around_an_entry_they_cannot_read() {
    ask(AROUND);
}
