//! 审核流程 — the order of reviews, their roles, checks, records; what no route is fixed for.

use annals_events::Hash;
use annals_events::command::{self, Command};
use annals_events::content::Event as ContentEvent;
use annals_events::id::Stream;
use serde_json::{Value, json};

use super::court::{Court, record};
use super::{Law, case, hold};
use crate::harness::scribe::Draft;

/// Class a: the reviewer, then the chief, who may make a version of his own.
pub fn two_reviews() -> Value {
    json!({
        "clause": "R-1", "on": ["content.published", "content.corrected"],
        "when": {"class": ["a"]},
        "steps": [
            {"level": "initial", "roles": ["reviewer"], "gates": ["political", "legal"]},
            {"level": "final", "roles": ["chief"], "clause": "R-2", "revises": true},
        ],
    })
}

/// One review of whatever is handed in, by somebody who holds this role.
fn one_review(role: &str) -> Value {
    json!({
        "clause": "R-5", "on": ["content.published"],
        "steps": [{"level": "final", "roles": [role]}],
    })
}

pub const GATES: &[&str] = &["legal", "political"];

/// The page is handed in as class a, and passed its first review.
fn reviewed_once(c: &mut Court) {
    c.hand_in("a");
    c.did(c.pass(c.reviewer, "initial", GATES));
}

pub fn reviewed_twice(c: &mut Court) {
    reviewed_once(c);
    c.did(c.pass(c.chief, "final", &[]));
}

fn published(c: &mut Court) {
    reviewed_twice(c);
    c.did(c.publish(c.editor));
}

fn correct(c: &Court) -> Draft {
    let (body, path, site) = (c.body, "a.html".to_owned(), c.site);
    let correct = command::CorrectContent { body, bytes: 6, path, site, title: None };
    c.by(c.editor, c.page, &Command::CorrectContent(correct))
}

const REVIEWS: &[Law] = &[Law {
    says: "class a is reviewed by the reviewer, with two checks, and then by the chief",
    rules: || json!({"routes": [two_reviews()]}),
    cases: &[
        case("the reviewer passes it", &[], |c| {
            c.hand_in("a");
            c.pass(c.reviewer, "initial", GATES)
        }),
        case("one check of two is missing", &["refused R-1"], |c| {
            c.hand_in("a");
            c.pass(c.reviewer, "initial", &["political"])
        }),
        case("both checks are missing", &["refused R-1"], |c| {
            c.hand_in("a");
            c.pass(c.reviewer, "initial", &[])
        }),
        case("a check more is passed in the second review", &[], |c| {
            reviewed_once(c);
            c.pass(c.chief, "final", &["legal"])
        }),
        case("the chief does the reviewer's review", &["refused R-1"], |c| {
            c.hand_in("a");
            c.pass(c.chief, "initial", GATES)
        }),
        case("the reviewer does the chief's review", &["refused R-2"], |c| {
            reviewed_once(c);
            c.pass(c.reviewer, "final", &[])
        }),
        case("the chief comes before the reviewer", &["refused R-1"], |c| {
            c.hand_in("a");
            c.pass(c.chief, "final", &[])
        }),
        case("the reviewer passes it twice", &[], |c| {
            reviewed_once(c);
            c.pass(c.reviewer, "initial", GATES)
        }),
        case("a review of another name", &["refused R-1"], |c| {
            c.hand_in("a");
            c.pass(c.reviewer, "second", GATES)
        }),
        case("it is published after both", &[], |c| {
            reviewed_twice(c);
            c.publish(c.editor)
        }),
        case("it is published after one", &["refused R-2"], |c| {
            reviewed_once(c);
            c.publish(c.editor)
        }),
        case("it is published after none", &["refused R-1", "refused R-2"], |c| {
            c.hand_in("a");
            c.publish(c.editor)
        }),
        case(
            "another version is published",
            &["refused R-1", "refused R-2", "refused annals:review_missing"],
            |c| {
                reviewed_twice(c);
                c.publish_version(c.editor, Hash::ZERO)
            },
        ),
        case("it was never submitted, and is passed", &["refused R-1"], |c| {
            c.did(c.draft(c.editor));
            c.pass(c.reviewer, "initial", GATES)
        }),
        case("it was never submitted, and is published", &["refused R-1"], |c| {
            c.did(c.draft(c.editor));
            c.publish(c.editor)
        }),
        case(
            "there is nothing in work to publish",
            &["refused R-1", "refused annals:content_published", "refused annals:review_missing"],
            |c| {
                published(c);
                c.publish(c.editor)
            },
        ),
        case("class b, which no route is fixed for, is passed", &["refused R-1"], |c| {
            c.hand_in("b");
            c.pass(c.reviewer, "initial", GATES)
        }),
        case("class b is published", &["refused R-1"], |c| {
            c.hand_in("b");
            c.publish(c.editor)
        }),
        case("a shown page is corrected after both reviews", &[], |c| {
            published(c);
            reviewed_twice(c);
            correct(c)
        }),
        case("a shown page is corrected after one", &["refused R-2"], |c| {
            published(c);
            reviewed_once(c);
            correct(c)
        }),
    ],
}];

#[test]
fn every_review_is_passed_in_its_order_by_its_role_with_its_checks() {
    hold(REVIEWS);
}

/// The editor drafts for the news column; somebody with a role for some scope reviews it.
fn over(c: &mut Court, scope: impl Into<Stream>) -> Draft {
    let keeper = c.staff(annals_events::account::Duty::Editor, c.city, "own", None);
    c.grant(keeper, "keeper", scope);
    c.did(c.draft_for(c.editor, Some(c.column)));
    c.did(c.submit("a", None));
    c.pass(keeper, "final", &[])
}

const ROLES: &[Law] = &[
    Law {
        says: "a keeper reviews",
        rules: || json!({"routes": [one_review("keeper")]}),
        cases: &[
            case("keeper of the site", &[], |c| {
                let scope = c.site;
                over(c, scope)
            }),
            case("keeper of the column", &[], |c| {
                let scope = c.column;
                over(c, scope)
            }),
            case("keeper of the organisation", &[], |c| {
                let scope = c.bureau;
                over(c, scope)
            }),
            case("keeper of the organisation above", &[], |c| {
                let scope = c.city;
                over(c, scope)
            }),
            case("keeper of another column", &["refused R-5"], |c| {
                let scope = c.other_column;
                over(c, scope)
            }),
            case("keeper of another site", &["refused R-5"], |c| {
                let scope = c.other_site;
                over(c, scope)
            }),
            case("keeper of the organisation beside", &["refused R-5"], |c| {
                let scope = c.office;
                over(c, scope)
            }),
            case("somebody of another role", &["refused R-5"], |c| {
                c.hand_in("a");
                c.pass(c.reviewer, "final", &[])
            }),
            case("a suspended keeper", &["refused R-5", "refused annals:actor_suspended"], |c| {
                c.grant(c.reviewer, "keeper", c.site);
                c.suspend(c.reviewer);
                c.hand_in("a");
                c.pass(c.reviewer, "final", &[])
            }),
        ],
    },
    Law {
        says: "whoever has the duty of a reviewer reviews, for his own organisation",
        rules: || json!({"routes": [one_review("reviewer")]}),
        cases: &[
            case("the bureau's", &[], |c| {
                c.hand_in("a");
                c.pass(c.reviewer, "final", &[])
            }),
            case("the office's", &["refused R-5"], |c| {
                c.hand_in("a");
                c.pass(c.supplier, "final", &[])
            }),
        ],
    },
    Law {
        says: "a keeper shows it",
        rules: || {
            let mut route = one_review("reviewer");
            route["publishers"] = json!(["keeper"]);
            json!({"routes": [route]})
        },
        cases: &[
            case("somebody else shows it", &["refused R-5"], |c| {
                c.hand_in("a");
                c.did(c.pass(c.reviewer, "final", &[]));
                c.publish(c.editor)
            }),
            case("the keeper shows it", &[], |c| {
                c.grant(c.editor, "keeper", c.site);
                c.hand_in("a");
                c.did(c.pass(c.reviewer, "final", &[]));
                c.publish(c.editor)
            }),
        ],
    },
    Law {
        says: "the reviewer of whoever supplied it reviews",
        rules: || {
            let mut route = one_review("reviewer");
            route["steps"][0]["provider"] = json!(true);
            json!({"routes": [route]})
        },
        cases: &[
            case("the office supplied it, and its reviewer passes it", &[], |c| {
                c.did(c.draft(c.editor));
                c.did(c.submit("a", Some(c.office)));
                c.pass(c.supplier, "final", &[])
            }),
            case("the office supplied it, and the bureau's passes it", &["refused R-5"], |c| {
                c.did(c.draft(c.editor));
                c.did(c.submit("a", Some(c.office)));
                c.pass(c.reviewer, "final", &[])
            }),
            case("nobody else supplied it, and the bureau's passes it", &[], |c| {
                c.hand_in("a");
                c.pass(c.reviewer, "final", &[])
            }),
            case("a role for the site alone is none for who supplied it", &["refused R-5"], |c| {
                c.grant(c.editor, "reviewer", c.site);
                c.did(c.draft(c.administrator));
                c.did(c.submit("a", None));
                c.pass(c.editor, "final", &[])
            }),
            case("a role for the city is one for the office", &[], |c| {
                c.grant(c.editor, "reviewer", c.city);
                c.did(c.draft(c.administrator));
                c.did(c.submit("a", Some(c.office)));
                c.pass(c.editor, "final", &[])
            }),
        ],
    },
];

#[test]
fn a_role_is_held_for_the_site_the_column_or_an_organisation_in_charge() {
    hold(ROLES);
}

fn form(c: &Court, parts: &[&str]) -> Draft {
    let record = ContentEvent::EvidenceRecorded(record("form", parts, None));
    c.deed(c.editor, c.page, record)
}

fn passed(c: &mut Court) {
    c.did(c.submit("a", None));
    c.did(c.pass(c.reviewer, "final", &[]));
}

const RECORDS: &[Law] = &[Law {
    says: "a form with a photo of it stands in the stream before it is shown",
    rules: || {
        let mut route = one_review("reviewer");
        route["evidence"] = json!(["form"]);
        json!({
            "routes": [route],
            "evidence": [{
                "clause": "V-1", "force": "advisory", "kind": "form", "of": "content",
                "parts": ["photo"],
            }],
        })
    },
    cases: &[
        case("there is none", &["refused R-5"], |c| {
            c.did(c.draft(c.editor));
            passed(c);
            c.publish(c.editor)
        }),
        case("there is one", &[], |c| {
            c.did(c.draft(c.editor));
            passed(c);
            c.did(form(c, &["photo"]));
            c.publish(c.editor)
        }),
        case("it was made before the reviews", &[], |c| {
            c.did(c.draft(c.editor));
            c.did(form(c, &["photo"]));
            passed(c);
            c.publish(c.editor)
        }),
        case("it is of an older draft", &["refused R-5"], |c| {
            c.did(c.draft(c.editor));
            c.did(form(c, &["photo"]));
            c.did(c.draft(c.editor));
            passed(c);
            c.publish(c.editor)
        }),
        case("it lacks the photo", &["refused R-5"], |c| {
            c.did(c.draft(c.editor));
            c.did(form(c, &["record"]));
            passed(c);
            c.publish(c.editor)
        }),
        case("it is of another kind", &["refused R-5"], |c| {
            c.did(c.draft(c.editor));
            let record = ContentEvent::EvidenceRecorded(record("lessons", &["photo"], None));
            c.did(c.deed(c.editor, c.page, record));
            passed(c);
            c.publish(c.editor)
        }),
        case("it stands on the site", &["refused R-5"], |c| {
            c.did(c.draft(c.editor));
            let record = record("form", &["photo"], None);
            let record = annals_events::site::Event::EvidenceRecorded(record);
            c.did(c.deed(c.editor, c.site, record));
            passed(c);
            c.publish(c.editor)
        }),
    ],
}];

#[test]
fn a_record_counts_that_was_made_of_this_draft() {
    hold(RECORDS);
}
