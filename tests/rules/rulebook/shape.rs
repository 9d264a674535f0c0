//! 形式 — what a value must be: stated, one of these, none of those, not too far ahead.

use annals_events::account::Duty;
use annals_events::content::{Event as ContentEvent, Submitted};
use annals_events::id::AccountId;
use annals_events::site::{Closed, Event as SiteEvent, TakenOffline};
use serde_json::{Value, json};
use uuid::Uuid;

use super::court::{Court, at, attributes, word};
use super::{Law, case, hold};
use crate::harness::scribe::Draft;

fn submit(c: &mut Court, pairs: &[(&str, &str)]) -> Draft {
    c.did(c.draft(c.editor));
    let (attributes, body, site) = (attributes(pairs), c.body, c.site);
    let submitted = Submitted { attributes, body, provider: None, site };
    c.deed(c.editor, c.page, ContentEvent::Submitted(submitted))
}

fn close(c: &Court, reason: &str) -> Draft {
    c.deed(c.administrator, c.site, SiteEvent::Closed(Closed { reason: word(reason) }))
}

fn shape(rule: Value) -> Value {
    let mut rule = rule;
    rule["clause"] = json!("H-1");
    json!({"shapes": [rule]})
}

const VALUES: &[Law] = &[
    Law {
        says: "a class is stated when content is submitted",
        rules: || shape(json!({"on": ["content.submitted"], "field": "class", "required": true})),
        cases: &[
            case("it is", &[], |c| submit(c, &[("class", "a")])),
            case("it is not", &["refused H-1"], |c| submit(c, &[])),
            case("something else is", &["refused H-1"], |c| submit(c, &[("channel", "web")])),
        ],
    },
    Law {
        says: "a class is one of these, if it is stated",
        rules: || shape(json!({"on": ["content.submitted"], "field": "class", "one_of": ["a"]})),
        cases: &[
            case("one of these", &[], |c| submit(c, &[("class", "a")])),
            case("another", &["refused H-1"], |c| submit(c, &[("class", "b")])),
            case("one that nobody declared", &["refused H-1"], |c| submit(c, &[("class", "z")])),
            case("none", &[], |c| submit(c, &[])),
        ],
    },
    Law {
        says: "a class is stated, and one of these, and none of those",
        rules: || {
            shape(json!({
                "on": ["content.submitted"], "field": "class", "required": true,
                "one_of": ["a", "b"], "never": ["b"],
            }))
        },
        cases: &[
            case("one of these", &[], |c| submit(c, &[("class", "a")])),
            case("one of these and of those", &["refused H-1"], |c| submit(c, &[("class", "b")])),
            case("neither", &["refused H-1"], |c| submit(c, &[("class", "z")])),
            case("not stated", &["refused H-1"], |c| submit(c, &[])),
        ],
    },
    Law {
        says: "a site that is a department's does not end for want of power",
        rules: || {
            shape(json!({
                "on": ["site.closed"], "field": "reason", "never": ["power_cut"],
                "when": {"kind": ["department"]},
            }))
        },
        cases: &[
            case("it ends for something else", &[], |c| close(c, "merged")),
            case("it ends for this", &["refused H-1"], |c| close(c, "power_cut")),
        ],
    },
    Law {
        says: "a site that is a portal does not end for want of power",
        rules: || {
            shape(json!({
                "on": ["site.closed"], "field": "site.kind", "never": ["portal"],
            }))
        },
        cases: &[case("it is none", &[], |c| close(c, "power_cut"))],
    },
    Law {
        says: "every account is of a person",
        rules: || shape(json!({"on": ["account.opened"], "field": "person", "one_of": ["named"]})),
        cases: &[
            case("nobody's account is opened", &["refused H-1"], |c| {
                let id = AccountId(Uuid::from_u128(3));
                c.open(id, Duty::Editor, c.bureau, "own", None)
            }),
            case("somebody's account is opened", &[], |c| {
                let id = AccountId(Uuid::from_u128(3));
                let person = Some(annals_events::id::PersonId(Uuid::from_u128(4)));
                c.open(id, Duty::Editor, c.bureau, "own", person)
            }),
        ],
    },
];

#[test]
fn a_value_is_what_the_rule_says() {
    hold(VALUES);
}

/// The site goes offline at noon of 24 December, until then.
fn until(c: &mut Court, planned_end: &str) -> Draft {
    c.now("2026-12-24 12:00:00");
    let (planned_end, reason) = (at(planned_end), word("repair"));
    let taken = SiteEvent::TakenOffline(TakenOffline { planned_end, reason });
    c.deed(c.administrator, c.site, taken)
}

fn within(n: u32, unit: &str) -> Value {
    shape(json!({
        "on": ["site.taken_offline"], "field": "planned_end", "within": {"n": n, "unit": unit},
    }))
}

const AHEAD: &[Law] = &[
    Law {
        says: "a site is away for thirty days at most, the last of them whole",
        rules: || within(30, "day"),
        cases: &[
            case("a moment", &[], |c| until(c, "2026-12-24 12:00:01")),
            case("until the last moment", &[], |c| until(c, "2027-01-23 23:59:59.999999")),
            case("a moment longer", &["refused H-1"], |c| until(c, "2027-01-24 00:00:00")),
        ],
    },
    Law {
        says: "a site is away for an hour at most",
        rules: || within(1, "hour"),
        cases: &[
            case("exactly an hour", &[], |c| until(c, "2026-12-24 13:00:00")),
            case("a moment longer", &["refused H-1"], |c| until(c, "2026-12-24 13:00:00.000001")),
        ],
    },
    Law {
        says: "a site is away for two working days at most: a Thursday, then a weekend",
        rules: || within(2, "working_day"),
        cases: &[
            case("until Monday's end", &[], |c| until(c, "2026-12-28 23:59:59.999999")),
            case("until Tuesday", &["refused H-1"], |c| until(c, "2026-12-29 00:00:00")),
        ],
    },
];

#[test]
fn an_end_is_planned_no_further_ahead_than_the_rule_says() {
    hold(AHEAD);
}
