//! 采用前审查 — what a rulebook cannot say: the one thing each does, and the sentence that says so.

use serde_json::{Value, json};

/// What the profile does, the one rule that does it, the sentence.
pub type Refusal = (&'static str, fn() -> Value, &'static str);

pub fn one(kind: &str, rule: Value) -> Value {
    let mut rule = rule;
    rule["clause"] = json!("A-1");
    json!({ kind: [rule] })
}

pub fn permission(rule: Value) -> Value {
    one("permissions", rule)
}

/// A permission over content that is submitted, for what it selects.
fn when(name: &str, values: &[&str]) -> Value {
    permission(json!({"on": ["content.submitted"], "when": {name: values}}))
}

pub fn route(rule: Value) -> Value {
    let mut rule = rule;
    for (name, usual) in [
        ("on", json!(["content.published"])),
        ("steps", json!([{"level": "final", "roles": ["chief"]}])),
    ] {
        if rule.get(name).is_none() {
            rule[name] = usual;
        }
    }
    one("routes", rule)
}

pub fn deadline(rule: Value) -> Value {
    let mut rule = rule;
    if rule.get("from").is_none() {
        rule["from"] = json!("message.received");
    }
    if rule.get("met_by").is_none() {
        rule["met_by"] = json!(["message.answered"]);
    }
    one("deadlines", rule)
}

pub fn day() -> Value {
    json!({"n": 1, "unit": "day"})
}

pub const TYPES: &[Refusal] = &[
    (
        "is written for another version of the kinds",
        || json!({"semantics": 2}),
        "semantics: version 2 is not known here",
    ),
    (
        "names a type that there is not",
        || permission(json!({"on": ["site.vanished"]})),
        "A-1: site.vanished is no type of entry that it can be about",
    ),
    (
        "names a thing that there is not",
        || permission(json!({"on": ["moon.opened"]})),
        "A-1: moon.opened is no type of entry that it can be about",
    ),
    (
        "names no type",
        || permission(json!({"on": []})),
        "A-1: it names no type of entry, so it never applies",
    ),
    (
        "fixes a route for what is not shown",
        || route(json!({"on": ["content.drafted"]})),
        "A-1: content.drafted is no type of entry that it can be about",
    ),
    (
        "fixes one route for content and messages",
        || route(json!({"on": ["content.published", "message.answered"]})),
        "A-1: content.published is no type of entry that it can be about",
    ),
    (
        "waits for a type that there is not",
        || deadline(json!({"met_by": ["message.burnt"]})),
        "A-1: message.burnt is no type of entry that it can be about",
    ),
    (
        "is waived by a type that there is not",
        || deadline(json!({"waived_by": ["message.burnt"]})),
        "A-1: message.burnt is no type of entry that it can be about",
    ),
    (
        "keeps what is never cleared",
        || {
            one(
                "retentions",
                json!({
                    "on": ["incident.closed"], "from": "incident.closed", "keep": day(),
                }),
            )
        },
        "A-1: incident.closed is no type of entry that it can be about",
    ),
    (
        "keeps from a moment that is none",
        || {
            one(
                "retentions",
                json!({
                    "on": ["incident.archive_purged"], "from": "incident.detected", "keep": day(),
                }),
            )
        },
        "A-1: incident.detected is none of incident.closed",
    ),
    (
        "wants a step after another that is none of incidents",
        || {
            one(
                "preconditions",
                json!({
                    "on": ["incident.closed"], "of": "stream", "after": ["site.closed"],
                }),
            )
        },
        "A-1: site.closed: only entries of incidents can be `after`",
    ),
    (
        "wants a step of an incident before something else",
        || {
            one(
                "preconditions",
                json!({
                    "on": ["site.closed"], "of": "stream", "after": ["incident.reported"],
                }),
            )
        },
        "A-1: `after` is for entries of incidents only",
    ),
];

pub const NAMES: &[Refusal] = &[
    (
        "selects by an attribute that it does not declare",
        || when("colour", &["red"]),
        "A-1: colour is no attribute that the profile declares there",
    ),
    (
        "selects by an attribute of another thing",
        || when("kind", &["department"]),
        "A-1: kind is no attribute that the profile declares there",
    ),
    (
        "selects entries of two things by an attribute of one",
        || {
            permission(json!({
                "on": ["content.submitted", "site.closed"], "when": {"class": ["a"]},
            }))
        },
        "A-1: class is no attribute that the profile declares there",
    ),
    (
        "selects by an attribute of something that there is not",
        || when("moon.kind", &["department"]),
        "A-1: moon.kind is no attribute that the profile declares there",
    ),
    (
        "selects by an attribute that the site does not have",
        || when("site.class", &["a"]),
        "A-1: site.class is no attribute that the profile declares there",
    ),
    (
        "selects by a value that it does not declare",
        || when("class", &["a", "z"]),
        "A-1: class: z is no value that it declares",
    ),
    (
        "selects by a value that the supplier cannot have",
        || when("provider.rank", &["middle"]),
        "A-1: provider.rank: middle is no value that it declares",
    ),
    ("selects by no value", || when("class", &[]), "A-1: class: no value, so it never applies"),
    (
        "selects by a reason that it does not name",
        || permission(json!({"on": ["site.closed"], "when": {"reason": ["whim"]}})),
        "A-1: whim is no reason that the profile names",
    ),
    (
        "selects by a post that it does not name",
        || permission(json!({"on": ["incident.reported"], "when": {"to": ["king"]}})),
        "A-1: king is no post that the profile names",
    ),
    (
        "selects by an authority that it does not name",
        || {
            let on = "incident.authority_told";
            permission(json!({"on": [on], "when": {"authority": ["king"]}}))
        },
        "A-1: king is no authority that the profile names",
    ),
    (
        "selects by an urgency that is none",
        || permission(json!({"on": ["incident.content_removed"], "when": {"urgent": ["maybe"]}})),
        "A-1: maybe is none of yes, no",
    ),
    (
        "selects by a person who is neither",
        || permission(json!({"on": ["account.opened"], "when": {"person": ["king"]}})),
        "A-1: king is none of named, missing",
    ),
    (
        "selects a duty's sites by what they do not have",
        || {
            one(
                "duties",
                json!({
                    "every": "month", "of": "site", "evidence": "form", "when": {"rank": ["low"]},
                }),
            )
        },
        "A-1: rank is no attribute that the profile declares there",
    ),
    (
        "selects columns by what they do not have",
        || one("freshness", json!({"of": "column", "within": day(), "when": {"kind": ["portal"]}})),
        "A-1: kind is no attribute that the profile declares there",
    ),
    (
        "selects a span's sites by a value that they cannot have",
        || {
            one(
                "spans",
                json!({
                    "of": "site_offline", "within": day(), "when": {"kind": ["castle"]},
                }),
            )
        },
        "A-1: kind: castle is no value that it declares",
    ),
];

pub const WORDS: &[Refusal] = &[
    (
        "gives a role that it does not name",
        || permission(json!({"on": ["site.closed"], "roles": ["king"]})),
        "A-1: king is no role that the profile names",
    ),
    (
        "keeps roles apart that it does not name",
        || permission(json!({"on": ["account.opened"], "never_together": ["editor", "king"]})),
        "A-1: king is no role that the profile names",
    ),
    (
        "has a review that it does not name",
        || route(json!({"steps": [{"level": "third", "roles": ["chief"]}]})),
        "A-1: third is no level that the profile names",
    ),
    (
        "has a check that it does not name",
        || route(json!({"steps": [{"level": "final", "roles": ["chief"], "gates": ["taste"]}]})),
        "A-1: taste is no gate that the profile names",
    ),
    (
        "has a reviewer that it does not name",
        || route(json!({"steps": [{"level": "final", "roles": ["king"]}]})),
        "A-1: king is no role that the profile names",
    ),
    (
        "has a publisher that it does not name",
        || route(json!({"publishers": ["king"]})),
        "A-1: king is no role that the profile names",
    ),
    (
        "wants a record that it does not name",
        || route(json!({"evidence": ["seal"]})),
        "A-1: seal is no evidence that the profile names",
    ),
    (
        "wants a record before that it does not name",
        || {
            one(
                "preconditions",
                json!({
                    "on": ["site.closed"], "of": "site", "evidence": ["seal"],
                }),
            )
        },
        "A-1: seal is no evidence that the profile names",
    ),
    (
        "wants a record again and again that it does not name",
        || one("duties", json!({"every": "month", "of": "site", "evidence": "seal"})),
        "A-1: seal is no evidence that the profile names",
    ),
    (
        "wants parts of a record that it does not name",
        || one("evidence", json!({"kind": "seal", "of": "site", "parts": []})),
        "A-1: seal is no evidence that the profile names",
    ),
    (
        "wants a part that it does not name",
        || one("evidence", json!({"kind": "form", "of": "site", "parts": ["wax"]})),
        "A-1: wax is no part that the profile names",
    ),
    (
        "demands a value that it does not declare",
        || one("shapes", json!({"on": ["site.opened"], "field": "kind", "one_of": ["castle"]})),
        "A-1: kind: castle is no value that it declares",
    ),
    (
        "forbids a reason that it does not name",
        || one("shapes", json!({"on": ["site.closed"], "field": "reason", "never": ["whim"]})),
        "A-1: whim is no reason that the profile names",
    ),
    (
        "demands an attribute that it does not declare",
        || one("shapes", json!({"on": ["site.opened"], "field": "colour", "required": true})),
        "A-1: colour is no attribute that the profile declares there",
    ),
];
