//! One forged ledger for each check of the format, every key in the forger's hands: both verifiers
//! name the same entry and the same check, or find nothing where the format forbids nothing.

mod commands;
mod deeds;
mod imports;
mod lines;
mod newer;
mod parts;
mod profiles;

use annals_events::Hash;
use serde_json::{Value, json};

use super::resign::{Parts, redigest, resign, sign_as_actor};
use super::strangers::{Question, Told, differences, ours};
use crate::events::story::whole;
use crate::harness::scribe::key;

// Where the story has what.
const GENESIS: usize = 0;
const REGISTERED: usize = 1;
const ADMINISTRATOR: usize = 2;
const EPOCH: usize = 4;
const PROPOSED: usize = 5;
const IMPORT: usize = 6;
const BROUGHT: usize = 7;
const CREATED: usize = 9;
const UPDATED: usize = 10;
const RENAMED: usize = 11;
const REMOVED: usize = 12;
const SITE: usize = 15;
const COLUMN: usize = 16;
const EDITOR: usize = 17;
const DRAFTED: usize = 19;
const PASSED: usize = 20;
const PUBLISHED: usize = 21;
const MOVED: usize = 22;
const WITHDRAWN: usize = 23;
const ROTATED: usize = 25;
const SEALED: usize = 26;

fn secret() -> Hash {
    Hash::of(&[b"annals test secret"])
}

fn zeros() -> Value {
    json!(Hash::ZERO)
}

/// Where, what is changed, and what must be said: exit code, position and word.
type Forged = (&'static str, &'static [usize], fn(&mut Parts), (i32, usize, &'static str));

/// Nothing is wrong, though something is not known.
const INCOMPLETE: (i32, usize, &str) = (2, 0, "");
/// Nothing is wrong but, at most, for the rules.
const SOUND: (i32, usize, &str) = (0, 0, "");

fn told((code, position, what): (i32, usize, &str)) -> Told {
    let bad = !what.is_empty();
    (code, bad.then_some(position as u64), bad.then(|| what.to_owned()))
}

fn ask(forged: &[Forged]) {
    let story = whole();
    let mut wrong = Vec::new();
    let questions: Vec<Question> = forged
        .iter()
        .map(|(name, at, change, expected)| {
            let resigned = resign(&story, &|parts| {
                if at.contains(&parts.position) {
                    change(parts);
                }
            });
            let question = Question {
                name: format!("{name} at {at:?}"),
                bytes: resigned.export,
                genesis: Some(resigned.genesis),
                checkpoints: Vec::new(),
                actors: vec![key("actor").public()],
            };
            let found = ours(&question);
            if found != told(*expected) {
                wrong.push(format!("{}: {found:?}, expected {expected:?}", question.name));
            }
            question
        })
        .collect();
    wrong.extend(differences(&questions));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Replace in the command, in its digest too.
fn in_command(parts: &mut Parts, from: &str, to: &str) {
    let kept = if parts.private.is_null() { &mut parts.facts } else { &mut parts.private };
    let text = kept["command"].as_str().expect("a command").to_owned();
    assert!(text.contains(from), "{text}");
    kept["command"] = json!(text.replacen(from, to, 1));
    redigest(parts, secret());
}

/// Replace in the line of an import, in its digest too.
fn in_line(parts: &mut Parts, from: &str, to: &str) {
    let text = parts.private["line"].as_str().expect("a line").to_owned();
    assert!(text.contains(from), "{text}");
    parts.private["line"] = json!(text.replacen(from, to, 1));
    redigest(parts, secret());
}

const HEADERS: &[Forged] = &[
    ("signed again", &[], |_| (), SOUND),
    ("an unknown member", &[PUBLISHED], |p| p.header["x"] = json!(1), (1, 21, "header")),
    ("another form", &[PUBLISHED], |p| p.header["v"] = json!(2), (1, 21, "header")),
    ("schema 0", &[PUBLISHED], |p| p.header["schema"] = json!(0), (1, 21, "header")),
    (
        "a key, but no signature",
        &[PUBLISHED],
        |p| p.header["actor"]["authenticated"] = json!("key"),
        (1, 21, "header"),
    ),
    ("its own cause", &[PUBLISHED], |p| p.header["cause"] = json!("21"), (1, 21, "header")),
    ("clauses", &[PUBLISHED], |p| p.header["clauses"] = json!(["a"]), (1, 21, "header")),
    ("nobody", &[PUBLISHED], |p| p.header["actor"] = Value::Null, (1, 21, "header")),
    ("a gap", &[SITE], |p| p.header["position"] = json!("16"), (1, 15, "position")),
    ("another ledger", &[SITE], |p| p.header["origin"] = json!("other"), (1, 15, "origin")),
    ("no link", &[SITE], |p| p.header["prev"] = zeros(), (1, 15, "link")),
    (
        "a second genesis",
        &[SEALED],
        |p| p.header["type"] = json!("ledger.genesis"),
        (1, 26, "genesis"),
    ),
    ("an epoch", &[SITE], |p| p.header["epoch"] = json!("2"), (1, 15, "epoch")),
    ("an old epoch", &[EPOCH], |p| p.header["epoch"] = json!("0"), (1, 4, "epoch")),
    (
        "earlier",
        &[SITE],
        |p| p.header["recorded_at"] = json!("2026-01-01T00:00:00.000000Z"),
        (1, 15, "time"),
    ),
    (
        "to come",
        &[SITE],
        |p| p.header["occurred_at"] = json!("2027-01-01T00:00:00.000000Z"),
        (1, 15, "time"),
    ),
    ("a version", &[PUBLISHED], |p| p.header["version"] = json!("3"), (1, 21, "version")),
];

#[test]
fn both_verifiers_agree_on_forged_headers_and_links() {
    ask(HEADERS);
}

/// Somebody leaves an entry out and numbers the rest of the ledger anew: positions and links are
/// whole, only the numbers about the subject are not.
#[test]
fn both_verifiers_find_a_withheld_entry_by_the_number_about_its_subject() {
    fn skip(parts: &mut Parts) {
        let about = parts.header["about"].as_array_mut().expect("subjects");
        for subject in about {
            let is_person = subject["subject"].as_str().expect("text").starts_with("account/");
            let number: u64 = subject["number"].as_str().expect("text").parse().expect("a number");
            if is_person && number > 0 {
                subject["number"] = json!((number + 1).to_string());
            }
        }
    }
    fn repeat(parts: &mut Parts) {
        parts.header["about"][0]["number"] = json!("0");
    }
    ask(&[
        ("one withheld", &[PUBLISHED], skip, (1, 21, "about")),
        ("one withheld, the rest follows", &[19, 20, 21, 22, 23], skip, (1, 19, "about")),
        ("a repeated number", &[WITHDRAWN], repeat, (1, 23, "about")),
    ]);
}
