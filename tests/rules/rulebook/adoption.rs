//! 采用前审查 — a rulebook that says what cannot be judged is refused, with a sentence that names
//! what is wrong, and where.

use annals_events::profile::Profile;
use annals_projections::rulebook;
use serde_json::{Value, json};

use super::court::profile;
use super::refusals::{NAMES, Refusal, TYPES, WORDS, day, deadline, one, permission, route};

const FORMS: &[Refusal] = &[
    (
        "has a review that nobody can do",
        || route(json!({"steps": [{"level": "final"}]})),
        "A-1: final: no role, so nobody can pass it",
    ),
    (
        "has two reviews of one name",
        || {
            let step = json!({"level": "final", "roles": ["chief"]});
            route(json!({"steps": [step, step]}))
        },
        "A-1: final: two steps of one name",
    ),
    (
        "tells persons apart at a review that it does not have",
        || route(json!({"distinct": [["author", "second"]]})),
        "A-1: second is no step whose person could differ",
    ),
    ("has a route of nothing", || route(json!({"steps": []})), "A-1: a route without a step"),
    (
        "asks for nothing before",
        || one("preconditions", json!({"on": ["site.closed"], "of": "site"})),
        "A-1: it asks for nothing",
    ),
    (
        "asks for a record on the moon",
        || {
            one(
                "preconditions",
                json!({
                    "on": ["site.closed"], "of": "moon", "evidence": ["form"],
                }),
            )
        },
        "A-1: moon is none of stream, site, organisation, actor",
    ),
    (
        "demands nothing of a value",
        || one("shapes", json!({"on": ["site.opened"], "field": "kind"})),
        "A-1: it demands nothing of the value",
    ),
    (
        "limits a time that is none",
        || one("shapes", json!({"on": ["site.closed"], "field": "reason", "within": day()})),
        "A-1: reason is none of planned_end",
    ),
    (
        "counts moons",
        || one("quotas", json!({"on": ["site.opened"], "counts": "moons", "most": 1})),
        "A-1: moons is none of site_offlines, organisation_sites",
    ),
    (
        "limits how long a moon is full",
        || one("spans", json!({"of": "moon", "within": day()})),
        "A-1: moon is none of site_offline, site_shut_down",
    ),
    (
        "lets a shutdown become something else",
        || one("spans", json!({"of": "site_shut_down", "within": day(), "becomes": "moon"})),
        "A-1: moon is none of site_offline",
    ),
    (
        "has a deadline of two kinds",
        || {
            deadline(json!({
                "from": "message.reply_promised", "within": day(), "until": "by",
            }))
        },
        "A-1: a deadline has either `within` or `until`, or neither",
    ),
    (
        "has a deadline until a member that is none",
        || deadline(json!({"from": "message.reply_promised", "until": "when"})),
        "A-1: when is none of by",
    ),
    (
        "has a deadline until a day that its entry does not name",
        || deadline(json!({"until": "by"})),
        "A-1: message.received is none of message.reply_promised",
    ),
    (
        "wants the moon to stay fresh",
        || one("freshness", json!({"of": "moon", "within": day()})),
        "A-1: moon is none of column",
    ),
    (
        "wants the moon to keep records",
        || one("duties", json!({"every": "once", "of": "moon", "evidence": "form"})),
        "A-1: moon is none of site, organisation",
    ),
    (
        "wants parts of the moon's records",
        || one("evidence", json!({"kind": "form", "of": "moon", "parts": ["photo"]})),
        "A-1: moon is none of organisation, account, site, content, message, incident",
    ),
];

fn said(profile: &Profile) -> Vec<String> {
    let mut all: Vec<String> = rulebook::check(profile).iter().map(ToString::to_string).collect();
    all.dedup();
    all
}

#[test]
fn a_rulebook_that_cannot_be_judged_is_refused_with_a_sentence() {
    for (what, rules, why) in [TYPES, NAMES, WORDS, FORMS].concat() {
        assert_eq!(said(&profile(rules())), [why], "it {what}");
    }
}

/// A rule of every kind, each fit to be adopted.
fn every_kind() -> Value {
    let one = |rule: Value| {
        let mut rule = rule;
        rule["clause"] = json!("A-1");
        json!([rule])
    };
    json!({
        "routes": one(json!({
            "on": ["message.published"], "steps": [{"level": "final", "roles": ["reviewer"]}],
        })),
        "permissions": one(json!({"on": ["site.closed"], "roles": ["approver", "keeper"]})),
        "preconditions": one(json!({
            "on": ["incident.closed"], "of": "actor", "evidence": ["training"],
            "after": ["incident.reported"], "with": {"to": ["principal"]},
        })),
        "shapes": one(json!({
            "on": ["site.taken_offline"], "field": "planned_end", "within": day(),
        })),
        "quotas": one(json!({"on": ["site.opened"], "counts": "organisation_sites", "most": 3})),
        "spans": one(json!({
            "of": "site_shut_down", "within": day(), "becomes": "site_offline",
            "when": {"kind": ["portal"]},
        })),
        "deadlines": one(json!({
            "from": "message.reply_promised", "met_by": ["message.answered"], "until": "by",
            "outer": day(), "when": {"class": ["plea"]},
        })),
        "duties": one(json!({
            "every": "quarter", "of": "organisation", "evidence": "form", "within": day(),
            "when": {"rank": ["low"]},
        })),
        "freshness": one(json!({
            "of": "column", "within": day(), "when": {"topic": ["news"]},
        })),
        "retentions": one(json!({
            "on": ["incident.archive_purged"], "from": "incident.closed", "keep": day(),
        })),
        "evidence": one(json!({"kind": "lessons", "of": "incident", "parts": ["record"]})),
    })
}

#[test]
fn a_rulebook_of_every_kind_can_be_adopted() {
    let whole = profile(every_kind());
    assert_eq!(said(&whole), Vec::<String>::new());
    let kinds: Vec<&str> = whole.rules().map(|(kind, _)| kind).collect();
    assert_eq!(kinds.len(), 11, "{kinds:?}");
    assert_eq!(said(&profile(json!({}))), Vec::<String>::new());
}

#[test]
fn a_rule_of_any_kind_covers_its_own_clause() {
    let Value::Object(kinds) = every_kind() else { unreachable!() };
    for (kind, mut rules) in kinds {
        rules[0]["covers"] = json!(["A-2", "A-11"]);
        let found = rulebook::check(&profile(json!({ &kind: rules })));
        assert_eq!(found.len(), 1, "{kind}: {found:?}");
        let why = found[0].to_string();
        assert!(why.starts_with("A-1: "), "{why}");
        assert!(why.ends_with(": its clause is not among `covers`"), "{why}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let rules = permission(json!({
        "on": ["site.vanished"], "roles": ["king"], "covers": ["A-2"],
        "when": {"reason": ["whim"]},
    }));
    assert_eq!(said(&profile(rules)).len(), 4);
}

#[test]
fn a_member_or_word_of_the_form_that_there_is_not_is_no_rulebook() {
    let good = serde_json::to_value(profile(every_kind())).expect("JSON");
    assert!(serde_json::from_value::<Profile>(good.clone()).is_ok());
    for (path, value) in [
        ("/moons", json!([])),
        ("/shapes/0/colour", json!("red")),
        ("/shapes/0/force", json!("should")),
        ("/shapes/0/within/unit", json!("fortnight")),
        ("/shapes/0/within/n", json!(-1)),
        ("/duties/0/every", json!("fortnight")),
        ("/shapes/0/clause", json!("no clause")),
        ("/shapes/0/title", json!("")),
    ] {
        let mut bad = good.clone();
        let (parent, name) = path.rsplit_once('/').expect("a path");
        bad.pointer_mut(parent).expect("there")[name] = value;
        assert!(serde_json::from_value::<Profile>(bad).is_err(), "{path}");
    }
}
