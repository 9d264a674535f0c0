//! 选择 — by what stands around an entry: names with a dot, and whom an incident's steps name.

use annals_events::account::Duty;
use annals_events::incident::{
    AuthorityTold, ContentRemoved, Event as IncidentEvent, ForceMajeureDeclared, Reported,
    ResponderArrived,
};
use annals_events::message::{Assigned, Event as MessageEvent, Published};
use serde_json::json;

use super::court::word;
use super::selecting::{
    NO, YES, cancelled, close_column, closed, detected, of_incident, opened, received, warns,
};
use super::{Law, case, hold};

const LAWS: &[Law] = &[
    Law {
        says: "by `to`, `post`, `authority`, `ground`, `urgent`: each rule by its own",
        rules: || {
            let rule = |clause: &str, on: &str, name: &str, value: &str| {
                json!({
                    "clause": clause, "force": "advisory", "on": [on], "when": {name: [value]},
                })
            };
            json!({"permissions": [
                rule("TO", "incident.reported", "to", "principal"),
                rule("POST", "incident.responder_arrived", "post", "technician"),
                rule("AUTHORITY", "incident.authority_told", "authority", "police"),
                rule("GROUND", "incident.force_majeure_declared", "ground", "flood"),
                rule("URGENT", "incident.content_removed", "urgent", "yes"),
                rule("CALM", "incident.content_removed", "urgent", "no"),
            ]})
        },
        cases: &[
            case("the principal is told", &["warned TO"], |c| {
                let to = word("principal");
                of_incident(c, |site| IncidentEvent::Reported(Reported { site, to }))
            }),
            case("the technician is told", NO, |c| {
                let to = word("technician");
                of_incident(c, |site| IncidentEvent::Reported(Reported { site, to }))
            }),
            case("the technician arrives", &["warned POST"], |c| {
                let arrived = |site| ResponderArrived { post: word("technician"), site };
                of_incident(c, |site| IncidentEvent::ResponderArrived(arrived(site)))
            }),
            case("the police is told", &["warned AUTHORITY"], |c| {
                let told = |site| AuthorityTold { authority: word("police"), site };
                of_incident(c, |site| IncidentEvent::AuthorityTold(told(site)))
            }),
            case("it was a flood", &["warned GROUND"], |c| {
                let declared = |site| ForceMajeureDeclared { ground: word("flood"), site };
                of_incident(c, |site| IncidentEvent::ForceMajeureDeclared(declared(site)))
            }),
            case("content is removed at once", &["warned URGENT"], |c| {
                let removed = |site| ContentRemoved { content: None, site, urgent: true };
                of_incident(c, |site| IncidentEvent::ContentRemoved(removed(site)))
            }),
            case("content is removed in time", &["warned CALM"], |c| {
                let removed = |site| ContentRemoved { content: None, site, urgent: false };
                of_incident(c, |site| IncidentEvent::ContentRemoved(removed(site)))
            }),
        ],
    },
    Law {
        says: "by `site.kind`, whatever stands on the site",
        rules: || {
            let on = ["content.drafted", "message.received", "incident.detected", "site.closed"];
            warns(&on, json!({"site.kind": ["department"]}))
        },
        cases: &[
            case("content", YES, |c| c.draft(c.editor)),
            case("a message", YES, |c| received(c, "plea")),
            case("an incident", YES, |c| detected(c, "outage")),
            case("the site itself", YES, |c| closed(c, "merged")),
        ],
    },
    Law {
        says: "by another `site.kind`",
        rules: || warns(&["content.drafted", "site.closed"], json!({"site.kind": ["portal"]})),
        cases: &[
            case("content", NO, |c| c.draft(c.editor)),
            case("the site itself", NO, |c| closed(c, "merged")),
        ],
    },
    Law {
        says: "by `organisation.rank`, of who is in charge",
        rules: || {
            let on = ["content.drafted", "account.role_granted", "message.received"];
            warns(&on, json!({"organisation.rank": ["low"]}))
        },
        cases: &[
            case("content", YES, |c| c.draft(c.editor)),
            case("an account", YES, |c| c.granting(c.editor, "keeper", c.other_site)),
            case("a message", YES, |c| received(c, "plea")),
        ],
    },
    Law {
        says: "by `column.topic`, of the column a draft is for",
        rules: || {
            let on = ["content.drafted", "content.review_passed", "column.closed"];
            warns(&on, json!({"column.topic": ["news"]}))
        },
        cases: &[
            case("drafted for news", YES, |c| c.draft_for(c.editor, Some(c.column))),
            case("drafted for notices", NO, |c| c.draft_for(c.editor, Some(c.other_column))),
            case("drafted for no column", NO, |c| c.draft(c.editor)),
            case("reviewed for news", YES, |c| {
                c.did(c.draft_for(c.editor, Some(c.column)));
                c.pass(c.reviewer, "final", &[])
            }),
            case("the column itself", YES, |c| close_column(c, c.column)),
        ],
    },
    Law {
        says: "by `provider.rank`, of who supplied the content or is to answer",
        rules: || {
            let on = ["content.submitted", "content.review_passed", "message.published"];
            warns(&on, json!({"provider.rank": ["high"]}))
        },
        cases: &[
            case("the office supplied it", YES, |c| {
                c.did(c.draft(c.editor));
                c.submit("a", Some(c.office))
            }),
            case("the office supplied it, and it is reviewed", YES, |c| {
                c.did(c.draft(c.editor));
                c.did(c.submit("a", Some(c.office)));
                c.pass(c.reviewer, "final", &[])
            }),
            case("nobody is named, so it is the bureau", NO, |c| {
                c.did(c.draft(c.editor));
                c.submit("a", None)
            }),
            case(
                "the office is to answer",
                &["warned S", "refused annals:message_not_answered"],
                |c| {
                    c.did(received(c, "plea"));
                    let (organisation, site) = (c.office, c.site);
                    let assigned = MessageEvent::Assigned(Assigned { organisation, site });
                    c.did(c.deed(c.editor, c.message, assigned));
                    c.deed(c.editor, c.message, MessageEvent::Published(Published { site }))
                },
            ),
            case("nobody is to answer yet", &["refused annals:message_not_answered"], |c| {
                c.did(received(c, "plea"));
                let site = c.site;
                c.deed(c.editor, c.message, MessageEvent::Published(Published { site }))
            }),
        ],
    },
    Law {
        says: "by `account.staff`, of the account an entry is on",
        rules: || {
            let on = ["account.opened", "account.cancelled"];
            warns(&on, json!({"account.staff": ["hired"]}))
        },
        cases: &[
            case("a hired person's is opened", YES, |c| opened(c, Duty::Editor, "hired", None)),
            case("a staff member's is opened", NO, |c| opened(c, Duty::Editor, "own", None)),
            case("a staff member's is cancelled", NO, |c| cancelled(c, "left")),
        ],
    },
    Law {
        says: "by `actor.staff`, of who acts",
        rules: || warns(&["content.drafted"], json!({"actor.staff": ["hired"]})),
        cases: &[
            case("a hired person drafts", YES, |c| c.draft(c.supplier)),
            case("a staff member drafts", NO, |c| c.draft(c.editor)),
            case("somebody who is neither drafts", NO, |c| c.draft(c.administrator)),
        ],
    },
];

#[test]
fn a_rule_selects_by_what_stands_around_the_entry() {
    hold(LAWS);
}
