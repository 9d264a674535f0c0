//! The form of a whole rulebook: the command that brings one is read by both verifiers.

use std::collections::BTreeSet;

use annals::profiles::SHIPPED;
use annals_events::command::{self, Command};
use annals_events::ledger::Act;
use annals_events::profile::Profile;
use annals_events::{Time, canonical};
use serde_json::{Value, json};

use super::*;
use crate::events::second_story::rulebook;
use crate::events::story::{act, begin};
use crate::harness::scribe::Scribe;

/// A ledger that adopts a rulebook and does nothing else.
fn adopting(profile: Profile) -> (Scribe, usize) {
    let mut scribe = Scribe::found("ledger.example.gov.cn/profiles");
    let people = begin(&mut scribe);
    let effective_from = Time::parse("2026-01-01T00:00:00.000000Z").expect("an instant");
    let adopt = command::AdoptProfile { effective_from, profile: Box::new(profile) };
    let (stream, adopt) = (people.organisation.into(), Command::AdoptProfile(adopt));
    act(&mut scribe, people, Act::AdoptProfile, stream, &adopt);
    let at = scribe.entries.len() - 1;
    (scribe, at)
}

/// The question whether this may be adopted, whatever `becomes` makes of the rulebook.
fn question(name: String, (story, at): &(Scribe, usize), becomes: &dyn Fn(&mut Value)) -> Question {
    let resigned = resign(story, &|parts| {
        if parts.position == *at {
            let text = parts.facts["command"].as_str().expect("a command");
            let mut command: Value = serde_json::from_str(text).expect("JSON");
            becomes(&mut command["profile"]);
            parts.facts["command"] = json!(command.to_string());
            redigest(parts, secret());
        }
    });
    Question {
        name,
        bytes: resigned.export,
        genesis: Some(resigned.genesis),
        checkpoints: Vec::new(),
        actors: Vec::new(),
    }
}

fn shipped() -> Vec<(&'static str, Profile)> {
    let all = SHIPPED.iter();
    all.map(|(id, text)| (*id, annals::profiles::read(text).expect("a profile"))).collect()
}

#[test]
fn both_verifiers_read_every_rulebook_there_is() {
    let mut questions = Vec::new();
    for (id, profile) in shipped() {
        questions.push(question(id.to_owned(), &adopting(profile), &|_| ()));
    }
    for question in &questions {
        assert_eq!(ours(question).2, None, "{}", question.name);
    }
    let differing = differences(&questions);
    assert!(differing.is_empty(), "\n{}", differing.join("\n"));
}

/// Where a member stands: kinds of rules and names, without the numbers of lists.
type Spot = Vec<String>;

/// Every member of a value, once for each place of its kind, with the way to it.
fn members(value: &Value, spot: &Spot, way: &str, found: &mut Vec<(Spot, String)>) {
    match value {
        Value::Object(all) => {
            for (name, inner) in all {
                let spot = [&spot[..], std::slice::from_ref(name)].concat();
                let way = format!("{way}/{name}");
                found.push((spot.clone(), way.clone()));
                members(inner, &spot, &way, found);
            }
        }
        Value::Array(items) => {
            for (number, inner) in items.iter().enumerate() {
                members(inner, spot, &format!("{way}/{number}"), found);
            }
        }
        _ => {}
    }
}

/// The nearest that a member of this form must not be, or, where it is a title, may be.
fn near(value: &Value) -> Value {
    match value {
        Value::Array(_) => json!([]),
        Value::Object(_) => json!({}),
        Value::Bool(_) => json!(false),
        Value::Number(_) => json!(1u64 << 32),
        _ => json!("A b"),
    }
}

/// Every member of every kind of rule, left out, of another form, empty.
#[test]
fn both_verifiers_agree_on_the_form_of_every_member_of_a_rulebook() {
    let story = adopting(rulebook());
    let mut questions = Vec::new();
    let mut seen = BTreeSet::new();
    for (id, profile) in shipped() {
        let whole: Value = serde_json::from_slice(&canonical::to_bytes(&profile)).expect("JSON");
        let mut all = Vec::new();
        members(&whole, &Vec::new(), "", &mut all);
        for (spot, way) in all {
            let is_name = |kind: &str| spot.iter().rev().nth(1).is_some_and(|above| above == kind);
            let free = ["beyond", "when", "with"].into_iter().any(is_name);
            if !seen.insert(if free { spot[..spot.len() - 1].to_vec() } else { spot.clone() }) {
                continue;
            }
            let (above, name) = way.rsplit_once('/').expect("a way");
            let near = near(whole.pointer(&way).expect("a member"));
            for other in [None, Some(json!(true)), Some(near)] {
                let becomes = |value: &mut Value| {
                    *value = whole.clone();
                    let object = value.pointer_mut(above).and_then(Value::as_object_mut);
                    let object = object.expect("an object");
                    match &other {
                        None => drop(object.remove(name)),
                        Some(other) => drop(object.insert(name.to_owned(), other.clone())),
                    }
                };
                questions.push(question(format!("{id}{way} {other:?}"), &story, &becomes));
            }
        }
    }
    assert!(questions.len() > 300, "{}", questions.len());
    let differing = differences(&questions);
    assert!(differing.is_empty(), "\n{}", differing.join("\n"));
}

/// A rulebook may be longer than another command, and not longer than the format says.
#[test]
fn both_verifiers_agree_on_how_long_a_rulebook_may_be() {
    let (mut story, at) = adopting(rulebook());
    story.entries.truncate(at + 1);
    let story = (story, at);
    let terms = |count: usize| {
        move |profile: &mut Value| {
            let term = |n| json!({"kind": "value", "title": "词", "word": format!("a{n:047}")});
            profile["terms"] = (0..count).map(term).collect();
        }
    };
    let of = |name: &str, count| question(name.to_owned(), &story, &terms(count));
    let questions = [of("longer", 2_000), of("the longest", 8_000), of("too long", 9_500)];
    let found = questions.each_ref().map(|question| ours(question).2);
    assert_eq!(found, [None, None, Some("command".to_owned())]);
    let differing = differences(&questions);
    assert!(differing.is_empty(), "\n{}", differing.join("\n"));
}
