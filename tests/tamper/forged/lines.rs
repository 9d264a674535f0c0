//! What the line of an import fixes in its entries, and the bodies that entries name.

use annals_verify::{Options, Policy, Verdict, audit_export};
use serde_json::{Value, json};

use super::*;

const OTHER_IMPORT: &str = "01a20db5-b570-7b35-af66-8e3b1a854802";

const FIRST: &[usize] = &[BROUGHT, 8, CREATED];
/// The digest stands in all entries of the line.
fn first(parts: &mut Parts, from: &str, to: &str) {
    let story = whole();
    let kept = &story.entries[CREATED].raw.private.as_ref().expect("a line").bytes;
    let kept: Value = serde_json::from_slice(kept).expect("JSON");
    let line = kept["line"].as_str().expect("a line").replacen(from, to, 1);
    let nonce = annals_events::import::nonce(&secret(), 0);
    let digest = annals_events::command::digest(&nonce, line.as_bytes());
    parts.header["command"]["digest"] = json!(digest);
    if parts.position == CREATED {
        parts.private["line"] = json!(line);
    }
}

const LINES: &[Forged] = &[
    ("a path", FIRST, |p| first(p, "about.html", "other.html"), (1, 9, "command")),
    ("a title", FIRST, |p| first(p, "概况\"", "概\""), (1, 9, "command")),
    ("no line of a history", FIRST, |p| first(p, "{", "["), (1, 9, "command")),
    ("a number", FIRST, |p| first(p, "\"seq\":0", "\"seq\":5"), (1, 9, "command")),
    ("a time", FIRST, |p| first(p, "2014-03-01", "2014-03-02"), (1, 9, "command")),
    ("a time nobody can read", FIRST, |p| first(p, "+08:00", ""), (1, 9, "command")),
    ("an approver", FIRST, |p| first(p, "null", "\"li\""), (1, 9, "command")),
    ("a change", FIRST, |p| first(p, "created", "updated"), (1, 9, "command")),
    ("an author nobody sees", FIRST, |p| first(p, "\"wang\"", "\"\u{200b}\""), (1, 9, "command")),
    ("white space and more members", FIRST, |p| first(p, "{", "{ \"x\": null, "), SOUND),
    ("a digest", FIRST, |p| first(p, "\"sha256\":\"", "\"sha256\":\"0"), (1, 9, "command")),
    (
        "another length",
        FIRST,
        |p| {
            first(p, "\"bytes\":24", "\"bytes\":25");
            if p.position == CREATED {
                p.facts["bytes"] = json!(25);
            }
        },
        (1, 9, "body"),
    ),
    (
        "another digest",
        &[UPDATED],
        |p| {
            let at = p.private["line"].as_str().expect("a line").find("sha256").expect("there") + 9;
            let line = p.private["line"].as_str().expect("a line");
            let digit = if &line[at..=at] == "0" { "1" } else { "0" };
            p.private["line"] = json!(format!("{}{digit}{}", &line[..at], &line[at + 1..]));
            redigest(p, secret());
        },
        (1, 10, "body"),
    ),
    (
        "a page that moves with other bytes",
        &[RENAMED],
        |p| {
            let at = p.private["line"].as_str().expect("a line").find("sha256").expect("there") + 9;
            let line = p.private["line"].as_str().expect("a line");
            let digit = if &line[at..=at] == "0" { "1" } else { "0" };
            p.private["line"] = json!(format!("{}{digit}{}", &line[..at], &line[at + 1..]));
            redigest(p, secret());
        },
        (1, 11, "command"),
    ),
    (
        "no line",
        &[REMOVED],
        |p| drop(p.private.as_object_mut().map(|m| m.remove("line"))),
        (1, 12, "command"),
    ),
    ("no private part", &[REMOVED], |p| p.private = Value::Null, (1, 12, "command")),
    ("another line", &[REMOVED], |p| in_line(p, "about", "abouT"), (1, 12, "command")),
    (
        "a digest of nothing",
        &[REMOVED],
        |p| p.header["command"]["digest"] = zeros(),
        (1, 12, "command"),
    ),
    ("unfinished", &[REMOVED], |p| p.header["command"]["of"] = json!(2), (1, 13, "command")),
    ("a reason", &[REMOVED], |p| p.private["reason"] = json!("b"), (1, 12, "command")),
    (
        "when",
        &[UPDATED],
        |p| p.header["occurred_at"] = json!("2014-01-01T00:00:00.000000Z"),
        (1, 10, "command"),
    ),
    ("no such import", &[REMOVED], |p| p.facts["import"] = json!(OTHER_IMPORT), SOUND),
    (
        "a key that does not follow",
        &[REMOVED],
        |p| {
            p.header["command"]["key"] = json!(OTHER_IMPORT);
        },
        SOUND,
    ),
];

#[test]
fn both_verifiers_agree_on_entries_that_say_other_things_than_their_lines() {
    ask(LINES);
}

const BODIES: &[Forged] = &[
    ("none", &[DRAFTED], |p| p.body = None, (1, 19, "body")),
    (
        "other bytes",
        &[DRAFTED],
        |p| {
            p.body.as_mut().expect("a body").1.bytes.push(b'x');
        },
        (1, 19, "body"),
    ),
    (
        "another id",
        &[DRAFTED],
        |p| p.body.as_mut().expect("a body").0 = Hash::ZERO,
        (1, 19, "body"),
    ),
    (
        "another length",
        &[DRAFTED],
        |p| {
            let bytes = p.facts["bytes"].as_u64().expect("a length");
            p.facts["bytes"] = json!(bytes + 1);
            in_command(p, &format!("\"bytes\":{bytes}"), &format!("\"bytes\":{}", bytes + 1));
        },
        (1, 19, "body"),
    ),
    (
        "another length, later",
        &[PUBLISHED],
        |p| {
            let bytes = p.facts["bytes"].as_u64().expect("a length");
            p.facts["bytes"] = json!(bytes + 1);
            in_command(p, &format!("\"bytes\":{bytes}"), &format!("\"bytes\":{}", bytes + 1));
        },
        (1, 21, "body"),
    ),
];

#[test]
fn both_verifiers_agree_on_bodies_that_are_not_those_named() {
    ask(BODIES);
}

/// Written by whoever held the keys, each entry in itself as its line says: against the rules.
#[test]
fn an_entry_about_another_page_or_person_than_its_line_is_against_the_rules() {
    type Change = fn(&mut Parts);
    let rules: [(&str, usize, Change); 2] = [
        ("import_page", REMOVED, |p| {
            let path = p.private["path"].as_str().expect("a path").to_owned();
            p.private["path"] = json!("never/seen.html");
            in_line(p, &path, "never/seen.html");
        }),
        ("import_person", BROUGHT + 1, |p| p.private["name"] = json!("钱编辑")),
    ];
    for (rule, at, change) in rules {
        let resigned = resign(&whole(), &|parts| {
            if parts.position == at {
                change(parts);
            }
        });
        let policy = Policy { genesis: Some(resigned.genesis), ..Policy::default() };
        let report = audit_export(&resigned.export[..], policy, Options::default());
        let report = report.expect("bytes can be read");
        let told = report.to_json();
        assert_eq!(report.verdict, Verdict::AgainstTheRulebook, "{rule}: {told}");
        let first = told["first_breach"].as_str().expect("a breach");
        assert!(first.contains(&format!("annals:{rule}:")), "{rule}: {told}");
    }
}
