//! 审核流程 — who must be another person, what voids a review, who may change the version, and
//! which reviews a route leaves to the structure.

use serde_json::{Value, json};

use super::court::Court;
use super::route::{GATES, reviewed_twice, two_reviews};
use super::{Law, case, hold};

/// One review by the reviewer, one by the chief; persons in these sets differ.
fn distinct(sets: Value) -> Value {
    json!({"routes": [{
        "clause": "D-1", "on": ["content.published"], "distinct": sets,
        "steps": [
            {"level": "initial", "roles": ["reviewer"]},
            {"level": "final", "roles": ["chief", "approver"]},
        ],
    }]})
}

fn passed(c: &mut Court) {
    c.hand_in("a");
    c.did(c.pass(c.reviewer, "initial", &[]));
}

const PERSONS: &[Law] = &[
    Law {
        says: "both reviews are done by two persons, neither of them the author",
        rules: || distinct(json!([["author", "initial", "final"]])),
        cases: &[
            case("three persons", &[], |c| {
                passed(c);
                c.pass(c.chief, "final", &[])
            }),
            case("one person under two accounts reviews twice", &["refused D-1"], |c| {
                passed(c);
                c.pass(c.twin, "final", &[])
            }),
            case("the author reviews first", &["refused D-1"], |c| {
                c.grant(c.editor, "reviewer", c.site);
                c.hand_in("a");
                c.pass(c.editor, "initial", &[])
            }),
            case("the author reviews last", &["refused D-1"], |c| {
                c.grant(c.editor, "chief", c.site);
                passed(c);
                c.pass(c.editor, "final", &[])
            }),
            case("the author reviews under another account of his", &["refused D-1"], |c| {
                c.did(c.draft(c.twin));
                c.did(c.submit("a", None));
                c.pass(c.reviewer, "initial", &[])
            }),
            case("who did the last review does the first again", &["refused D-1"], |c| {
                c.grant(c.chief, "reviewer", c.site);
                passed(c);
                c.did(c.pass(c.chief, "final", &[]));
                c.pass(c.chief, "initial", &[])
            }),
            case("whoever reviewed it publishes it, which no set forbids", &[], |c| {
                passed(c);
                c.did(c.pass(c.chief, "final", &[]));
                c.publish(c.reviewer)
            }),
        ],
    },
    Law {
        says: "nobody is named as different",
        rules: || distinct(json!([])),
        cases: &[
            case("one person under two accounts reviews twice", &[], |c| {
                passed(c);
                c.pass(c.twin, "final", &[])
            }),
            case("the author reviews his own, as the rulebook lets him", &[], |c| {
                c.grant(c.editor, "reviewer", c.site);
                c.hand_in("a");
                c.pass(c.editor, "initial", &[])
            }),
        ],
    },
    Law {
        says: "whoever shows it is neither its author nor its last reviewer",
        rules: || distinct(json!([["author", "publisher"], ["final", "publisher"]])),
        cases: &[
            case("the first reviewer shows it", &[], |c| {
                passed(c);
                c.did(c.pass(c.chief, "final", &[]));
                c.publish(c.reviewer)
            }),
            case("the author shows it", &["refused D-1"], |c| {
                passed(c);
                c.did(c.pass(c.chief, "final", &[]));
                c.publish(c.editor)
            }),
            case("the last reviewer shows it", &["refused D-1"], |c| {
                passed(c);
                c.did(c.pass(c.chief, "final", &[]));
                c.publish(c.chief)
            }),
            case("the last reviewer shows it under another account", &["refused D-1"], |c| {
                passed(c);
                c.did(c.pass(c.twin, "final", &[]));
                c.publish(c.reviewer)
            }),
        ],
    },
];

#[test]
fn persons_differ_by_who_they_are_and_not_by_their_accounts() {
    hold(PERSONS);
}

const VOID: &[&str] = &["refused R-1", "refused R-2"];

const CHANGES: &[Law] = &[Law {
    says: "class a is reviewed twice, and the chief may make a version of his own",
    rules: || json!({"routes": [two_reviews()]}),
    cases: &[
        case("the author drafts it anew and hands it in", VOID, |c| {
            reviewed_twice(c);
            c.hand_in("a");
            c.publish(c.editor)
        }),
        case("it is submitted once more", VOID, |c| {
            reviewed_twice(c);
            c.did(c.submit("a", None));
            c.publish(c.editor)
        }),
        case("the chief sends it back", &["refused R-1"], |c| {
            reviewed_twice(c);
            c.did(c.send_back(c.chief));
            c.publish(c.editor)
        }),
        case("the chief sends it back, and it is handed in as it was", VOID, |c| {
            reviewed_twice(c);
            c.did(c.send_back(c.chief));
            c.did(c.submit("a", None));
            c.publish(c.editor)
        }),
        case("the chief revises it after the first review", &[], |c| {
            c.hand_in("a");
            c.did(c.pass(c.reviewer, "initial", GATES));
            c.revise(c.chief, "final")
        }),
        case("the chief revises it before the first review", &["refused R-1"], |c| {
            c.hand_in("a");
            c.revise(c.chief, "final")
        }),
        case("the reviewer revises it, whose review gives no such right", &["refused R-1"], |c| {
            c.hand_in("a");
            c.revise(c.reviewer, "initial")
        }),
        case("somebody revises it in the chief's place", &["refused R-2"], |c| {
            c.hand_in("a");
            c.did(c.pass(c.reviewer, "initial", GATES));
            c.revise(c.reviewer, "final")
        }),
        case("a version that was never submitted is revised", &["refused R-1"], |c| {
            c.did(c.draft(c.editor));
            c.revise(c.chief, "final")
        }),
        case("the revised version is passed by the chief alone", &[], |c| {
            c.hand_in("a");
            c.did(c.pass(c.reviewer, "initial", GATES));
            c.did(c.revise(c.chief, "final"));
            c.did(c.pass(c.chief, "final", &[]));
            c.publish_version(c.editor, c.other_body)
        }),
        case("the revised version is published unpassed", &["refused R-2"], |c| {
            c.hand_in("a");
            c.did(c.pass(c.reviewer, "initial", GATES));
            c.did(c.revise(c.chief, "final"));
            c.publish_version(c.editor, c.other_body)
        }),
        case("it is revised after the chief passed it", &["refused R-2"], |c| {
            reviewed_twice(c);
            c.did(c.revise(c.chief, "final"));
            c.publish_version(c.editor, c.other_body)
        }),
        case(
            "the version before the revision is published",
            &["refused R-1", "refused R-2", "refused annals:review_missing"],
            |c| {
                reviewed_twice(c);
                c.did(c.revise(c.chief, "final"));
                c.publish(c.editor)
            },
        ),
    ],
}];

#[test]
fn a_review_is_of_exactly_one_version() {
    hold(CHANGES);
}

fn one(clause: &str, force: &str, when: Value) -> Value {
    json!({
        "clause": clause, "force": force, "on": ["content.published"], "when": when,
        "steps": [{"level": "final", "roles": ["reviewer"]}],
    })
}

const SEVERAL: &[Law] = &[
    Law {
        says: "two routes select it: both must be satisfied",
        rules: || {
            let second = json!({
                "clause": "R-7", "on": ["content.published"], "when": {"class": ["a"]},
                "steps": [{"level": "second", "roles": ["chief"]}],
            });
            json!({"routes": [one("R-6", "must", json!({})), second]})
        },
        cases: &[
            case("neither is", &["refused R-6", "refused R-7"], |c| {
                c.hand_in("a");
                c.publish(c.editor)
            }),
            case("one is", &["refused R-7"], |c| {
                c.hand_in("a");
                c.did(c.pass(c.reviewer, "final", &[]));
                c.publish(c.editor)
            }),
            case("both are", &[], |c| {
                c.hand_in("a");
                c.did(c.pass(c.reviewer, "final", &[]));
                c.did(c.pass(c.chief, "second", &[]));
                c.publish(c.editor)
            }),
            case("class b is selected by one of them", &[], |c| {
                c.hand_in("b");
                c.did(c.pass(c.reviewer, "final", &[]));
                c.publish(c.editor)
            }),
        ],
    },
    Law {
        says: "a route that only advises leaves one foreign review to be demanded",
        rules: || json!({"routes": [one("R-8", "advisory", json!({}))]}),
        cases: &[
            case("nobody reviewed it", &["refused annals:review_missing", "warned R-8"], |c| {
                c.hand_in("a");
                c.publish(c.editor)
            }),
            case(
                "the author reviews it",
                &["refused annals:reviewer_is_author", "warned R-8"],
                |c| {
                    c.hand_in("a");
                    c.pass(c.editor, "final", &[])
                },
            ),
            case("somebody without the role reviews it", &["warned R-8"], |c| {
                c.hand_in("a");
                c.pass(c.chief, "final", &[])
            }),
        ],
    },
    Law {
        says: "a route that may be taken says nothing",
        rules: || json!({"routes": [one("R-9", "may", json!({}))]}),
        cases: &[
            case("nobody reviewed it", &["refused annals:review_missing"], |c| {
                c.hand_in("a");
                c.publish(c.editor)
            }),
            case("somebody without the role reviewed it", &[], |c| {
                c.hand_in("a");
                c.did(c.pass(c.chief, "final", &[]));
                c.publish(c.editor)
            }),
        ],
    },
    Law {
        says: "a route in principle, and an exemption",
        rules: || json!({"routes": [one("R-10", "principle", json!({}))]}),
        cases: &[
            case("nobody reviewed it", &["refused R-10"], |c| {
                c.hand_in("a");
                c.publish(c.editor)
            }),
            case("nobody reviewed it, and the page is exempt", &["exempt R-10"], |c| {
                c.exempt_now("R-10", c.page);
                c.hand_in("a");
                c.publish(c.editor)
            }),
        ],
    },
];

#[test]
fn every_route_that_selects_is_satisfied_and_one_that_does_not_bind_is_not_enough() {
    hold(SEVERAL);
}
