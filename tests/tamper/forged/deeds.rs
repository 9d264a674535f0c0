//! The types that came with rulebooks: what their members may be, and what their commands fix.

use serde_json::{Value, json};

use super::*;
use crate::events::second_story::second_story;
use crate::tamper::strangers::Question;

/// The first entry of which type, what is changed, and the check that must be named there.
type ForgedDeed = (&'static str, &'static str, fn(&mut Parts), &'static str);

fn ask(forged: &[ForgedDeed]) {
    let story = second_story();
    let mut wrong = Vec::new();
    let questions: Vec<Question> = forged
        .iter()
        .map(|(name, kind, change, what)| {
            let at = story.entries.iter().position(|entry| entry.event.kind() == *kind);
            let at = at.unwrap_or_else(|| panic!("the story has no {kind}"));
            let resigned = resign(&story, &|parts| {
                if parts.position == at {
                    change(parts);
                }
            });
            let question = Question {
                name: format!("{name} in {kind}"),
                bytes: resigned.export,
                genesis: Some(resigned.genesis),
                checkpoints: Vec::new(),
                actors: Vec::new(),
            };
            let found = ours(&question);
            if found != told((i32::from(!what.is_empty()), at, what)) {
                wrong.push(format!("{}: {found:?}, expected {at} {what}", question.name));
            }
            question
        })
        .collect();
    wrong.extend(differences(&questions));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Put this for a member of the command, canonical again, in its digest too.
fn command(parts: &mut Parts, member: &str, value: Value) {
    let kept = if parts.private.is_null() { &mut parts.facts } else { &mut parts.private };
    let text = kept["command"].as_str().expect("a command");
    let mut command: Value = serde_json::from_str(text).expect("JSON");
    let members = command.as_object_mut().expect("an object");
    match value {
        Value::Null => drop(members.remove(member)),
        value => drop(members.insert(member.to_owned(), value)),
    }
    kept["command"] = json!(command.to_string());
    redigest(parts, secret());
}

/// Put this for a member of the facts, in the deed's command and in the entry alike.
fn both(parts: &mut Parts, member: &str, value: Value) {
    parts.facts[member] = value;
    command(parts, "facts", parts.facts.clone());
}

/// The same for a command that names the members of the facts itself.
fn each(parts: &mut Parts, member: &str, value: Value) {
    parts.facts[member] = value.clone();
    command(parts, member, value);
}

fn note(parts: &mut Parts, value: Value) {
    parts.private["note"] = value.clone();
    command(parts, "note", value);
}

/// So many attributes.
fn attributes(count: usize) -> Value {
    (0..count).map(|n| (format!("a{n}"), json!("b"))).collect::<serde_json::Map<_, _>>().into()
}

fn hashes(count: usize) -> Value {
    let mut all: Vec<String> =
        (0..count).map(|n| Hash::of(&[&n.to_be_bytes()]).to_string()).collect();
    all.sort_unstable();
    json!(all)
}

const RECORD: &str = "content.evidence_recorded";

const FORMS: &[ForgedDeed] = &[
    ("nothing changed", "account.applied", |_| (), ""),
    ("a word", "account.applied", |p| both(p, "role", json!("Reviewer")), "facts"),
    ("a word with a number", "account.applied", |p| both(p, "role", json!("a_1")), ""),
    ("a number first", "account.applied", |p| both(p, "role", json!("1a")), "facts"),
    ("a long word", "account.applied", |p| both(p, "role", json!("a".repeat(49))), "facts"),
    ("the longest word", "account.applied", |p| both(p, "role", json!("a".repeat(48))), ""),
    ("no word", "account.applied", |p| both(p, "role", json!("")), "facts"),
    ("a scope", "account.role_granted", |p| both(p, "scope", json!("town/1")), "facts"),
    ("a thing", "account.suspended", |p| both(p, "x", json!(1)), "facts"),
    ("no attributes", "site.opened", |p| each(p, "attributes", json!({})), "facts"),
    ("attributes", "site.opened", |p| each(p, "attributes", attributes(16)), ""),
    ("too many", "site.opened", |p| each(p, "attributes", attributes(17)), "facts"),
    ("a list", "column.opened", |p| each(p, "attributes", json!(["a"])), "facts"),
    ("a name", "column.opened", |p| each(p, "attributes", json!({"A": "b"})), "facts"),
    ("a value", "column.opened", |p| each(p, "attributes", json!({"a": "é"})), "facts"),
    ("a number", "content.submitted", |p| both(p, "attributes", json!({"a": 1})), "facts"),
    ("a dot", "incident.detected", |p| both(p, "attributes", json!({"a.b": "c"})), "facts"),
    ("no gate", "content.review_passed", |p| each(p, "gates", json!([])), "facts"),
    ("gates twice", "content.review_passed", |p| each(p, "gates", json!(["a", "a"])), "facts"),
    ("gates", "content.review_passed", |p| each(p, "gates", json!(["a", "b"])), ""),
    (
        "too many gates",
        "content.review_passed",
        |p| each(p, "gates", (b'a'..=b'q').map(|n| json!(char::from(n))).collect()),
        "facts",
    ),
    ("any level", "content.review_passed", |p| each(p, "level", json!("third")), ""),
    ("no documents", RECORD, |p| both(p, "documents", json!([])), "facts"),
    ("documents", RECORD, |p| both(p, "documents", hashes(32)), ""),
    ("too many documents", RECORD, |p| both(p, "documents", hashes(33)), "facts"),
    ("parts unsorted", RECORD, |p| both(p, "parts", json!(["b", "a"])), "facts"),
    ("parts", RECORD, |p| both(p, "parts", json!(["a", "b"])), ""),
    ("a period", RECORD, |p| both(p, "period", json!("2024-02-29")), ""),
    ("no day", RECORD, |p| both(p, "period", json!("2026-02-29")), "facts"),
    ("a short day", RECORD, |p| both(p, "period", json!("2026-2-01")), "facts"),
    ("another day", "message.reply_promised", |p| both(p, "by", json!("0000-01-01")), "facts"),
    ("a reply", "message.answered", |p| both(p, "reply", json!(-1)), "facts"),
    ("a word for it", "incident.content_removed", |p| both(p, "urgent", json!("no")), "facts"),
    ("a number for it", "incident.content_removed", |p| both(p, "urgent", json!(1)), "facts"),
    ("not urgent", "incident.content_removed", |p| both(p, "urgent", json!(false)), ""),
    ("no days", "platform.calendar_adopted", |p| both(p, "off", json!([])), ""),
    ("days left out", "platform.calendar_adopted", |p| drop(p.facts["off"].take()), "facts"),
    (
        "days unsorted",
        "platform.calendar_adopted",
        |p| both(p, "on", json!(["2026-02-02", "2026-01-01"])),
        "facts",
    ),
    ("a year", "platform.calendar_adopted", |p| both(p, "year", json!(1u64 << 32)), "facts"),
    ("a clause", "platform.exemption_granted", |p| both(p, "clause", json!("a b")), "facts"),
    (
        "a long one",
        "platform.exemption_granted",
        |p| both(p, "clause", json!("a".repeat(49))),
        "facts",
    ),
    ("a subject", "platform.exemption_granted", |p| both(p, "subject", json!("site")), "facts"),
    ("a time", "platform.exemption_granted", |p| both(p, "from", json!("2026-01-01")), "facts"),
    ("a position", "platform.exemption_ended", |p| both(p, "exemption", json!("7")), "facts"),
];

#[test]
fn both_verifiers_agree_on_the_forms_of_the_newer_members() {
    ask(FORMS);
}

const AT: &str = "2026-11-20T00:00:00.000000Z";

/// It happened then, by header and command.
fn at(parts: &mut Parts) {
    parts.header["occurred_at"] = json!(AT);
    command(parts, "occurred_at", json!(AT));
}

fn by(parts: &mut Parts, provenance: &str) {
    parts.header["provenance"] = json!(provenance);
}

const DEEDS: &[ForgedDeed] = &[
    ("another role", "account.role_granted", |p| p.facts["role"] = json!("other"), "command"),
    ("another reason", "site.shut_down", |p| p.facts["reason"] = json!("other"), "command"),
    ("another body", "content.returned", |p| p.facts["level"] = json!("other"), "command"),
    ("another name", "message.assigned", |p| p.header["command"]["name"] = json!("x"), "command"),
    (
        "another deed",
        "incident.isolated",
        |p| p.header["command"]["name"] = json!("report_restoration"),
        "command",
    ),
    ("a note", "site.closed", |p| p.private["note"] = json!("other"), "command"),
    (
        "no note",
        "site.closed",
        |p| drop(p.private.as_object_mut().expect("one").remove("note")),
        "command",
    ),
    ("another note in both", "site.closed", |p| note(p, json!("other")), ""),
    ("an empty note", "site.closed", |p| note(p, json!("")), "command"),
    ("a long note", "site.closed", |p| note(p, json!("网".repeat(5_462))), "command"),
    ("the longest note", "site.closed", |p| note(p, json!("网".repeat(5_461))), ""),
    ("a member", "site.closed", |p| command(p, "x", json!("y")), "command"),
    ("no facts", "site.closed", |p| command(p, "facts", Value::Null), "command"),
    ("other facts", "site.closed", |p| command(p, "facts", json!([])), "command"),
    ("no command", "site.closed", |p| p.private = Value::Null, "command"),
    ("no command, reported", "site.shut_down", |p| p.private = Value::Null, "command"),
    ("a digest", "site.shut_down", |p| p.header["command"]["digest"] = zeros(), "command"),
    ("commanded", "site.shut_down", |p| by(p, "commanded"), "command"),
    ("reported", "site.taken_offline", |p| by(p, "reported"), "command"),
    ("reported", "column.opened", |p| by(p, "reported"), "command"),
    ("a time", "site.shut_down", |p| p.header["occurred_at"] = json!(AT), "command"),
    ("a time in both", "site.shut_down", at, ""),
    (
        "no time",
        "message.received",
        |p| drop(p.header.as_object_mut().expect("one").remove("occurred_at")),
        "command",
    ),
    (
        "another time",
        "message.received",
        |p| p.header["occurred_at"] = json!("2026-01-02T01:00:00.000001Z"),
        "command",
    ),
    ("a time of what is done", "site.taken_offline", at, "command"),
    (
        "a time of an old command",
        "column.opened",
        |p| p.header["occurred_at"] = json!(AT),
        "command",
    ),
    ("a time, but commanded", "site.restored", at, "command"),
    ("a time, and reported", "site.restored", |p| (at(p), by(p, "reported")).1, ""),
    ("no time, and reported", "site.restored", |p| by(p, "reported"), "command"),
    (
        "proposed elsewhere",
        "platform.act_proposed",
        |p| each(p, "act", json!("open_import")),
        "command",
    ),
    ("a private part", "platform.act_proposed", |p| p.private = json!({}), "private"),
    ("a private part", "platform.profile_adopted", |p| p.private = json!({}), "private"),
    ("a nonce", "platform.profile_adopted", |p| p.facts["nonce"] = zeros(), "command"),
    ("no rulebook", "platform.profile_adopted", |p| command(p, "profile", json!({})), "command"),
    (
        "no time",
        "platform.profile_adopted",
        |p| command(p, "effective_from", Value::Null),
        "command",
    ),
];

#[test]
fn both_verifiers_agree_on_deeds_that_say_other_things_than_their_commands() {
    ask(DEEDS);
}
