//! 选择 — by what a rule selects: each name that `when` may ask for.

use annals_events::account::{Applied, Cancelled, Duty, Event as AccountEvent, RoleRevoked};
use annals_events::content::{self, Event as ContentEvent};
use annals_events::id::{AccountId, ColumnId, PersonId, SiteId, Stream};
use annals_events::incident::{Detected, Event as IncidentEvent};
use annals_events::message::{Assigned, Event as MessageEvent, Received};
use annals_events::platform::Event as PlatformEvent;
use annals_events::site::{Closed, Event as SiteEvent, ShutDown, TakenOffline};
use serde_json::{Value, json};
use uuid::Uuid;

use super::court::{Court, at, attributes, record, word};
use super::{Law, case, hold};
use crate::harness::scribe::Draft;

/// Warns of what `when` selects, among these entries.
pub fn warns(on: &[&str], when: Value) -> Value {
    json!({"permissions": [{"clause": "S", "force": "advisory", "on": on, "when": when}]})
}

pub const YES: &[&str] = &["warned S"];
pub const NO: &[&str] = &[];

fn new() -> Uuid {
    Uuid::from_u128(0x7777)
}

fn reviewed(c: &mut Court, class: &str) -> Draft {
    c.hand_in(class);
    c.pass(c.reviewer, "final", &[])
}

fn submitted(c: &mut Court, pairs: &[(&str, &str)]) -> Draft {
    c.did(c.draft(c.editor));
    let (attributes, body, site) = (attributes(pairs), c.body, c.site);
    let submitted = content::Submitted { attributes, body, provider: None, site };
    c.deed(c.editor, c.page, ContentEvent::Submitted(submitted))
}

pub fn received(c: &Court, class: &str) -> Draft {
    let (attributes, site) = (attributes(&[("class", class)]), c.site);
    c.deed(c.editor, c.message, MessageEvent::Received(Received { attributes, site }))
}

fn assigned(c: &mut Court, class: &str) -> Draft {
    c.did(received(c, class));
    let (organisation, site) = (c.bureau, c.site);
    c.deed(c.editor, c.message, MessageEvent::Assigned(Assigned { organisation, site }))
}

pub fn detected(c: &Court, kind: &str) -> Draft {
    let (attributes, site) = (attributes(&[("type", kind)]), c.site);
    c.deed(c.editor, c.incident, IncidentEvent::Detected(Detected { attributes, site }))
}

pub fn of_incident(c: &mut Court, event: impl FnOnce(SiteId) -> IncidentEvent) -> Draft {
    c.did(detected(c, "outage"));
    c.deed(c.editor, c.incident, event(c.site))
}

pub fn closed(c: &Court, reason: &str) -> Draft {
    c.deed(c.administrator, c.site, SiteEvent::Closed(Closed { reason: word(reason) }))
}

/// The attribute that the entry's own thing stated when it began.
const OWN: &[Law] = &[
    Law {
        says: "content of class a, when it is reviewed",
        rules: || warns(&["content.review_passed"], json!({"class": ["a"]})),
        cases: &[
            case("class a", YES, |c| reviewed(c, "a")),
            case("class b", NO, |c| reviewed(c, "b")),
            case("never submitted", NO, |c| {
                c.did(c.draft(c.editor));
                c.pass(c.reviewer, "final", &[])
            }),
            case("submitted anew as b", NO, |c| {
                c.hand_in("a");
                c.did(c.submit("b", None));
                c.pass(c.reviewer, "final", &[])
            }),
            case("another version in work since", NO, |c| {
                c.hand_in("a");
                c.did(c.draft(c.editor));
                c.pass(c.reviewer, "final", &[])
            }),
        ],
    },
    Law {
        says: "one of several values",
        rules: || warns(&["content.submitted"], json!({"class": ["a", "b"]})),
        cases: &[
            case("the first", YES, |c| submitted(c, &[("class", "a")])),
            case("the second", YES, |c| submitted(c, &[("class", "b")])),
            case("none", NO, |c| submitted(c, &[])),
            case("a value that nobody declared", NO, |c| submitted(c, &[("class", "z")])),
        ],
    },
    Law {
        says: "all attributes together",
        rules: || warns(&["content.submitted"], json!({"class": ["a"], "channel": ["web"]})),
        cases: &[
            case("both", YES, |c| submitted(c, &[("class", "a"), ("channel", "web")])),
            case("one of two", NO, |c| submitted(c, &[("class", "a"), ("channel", "app")])),
            case("one, the other not stated", NO, |c| submitted(c, &[("class", "a")])),
        ],
    },
    Law {
        says: "a site by its kind, at its opening and after",
        rules: || warns(&["site.opened", "site.closed"], json!({"kind": ["department"]})),
        cases: &[
            case("a department's is opened", YES, |c| {
                c.opening(SiteId(new()), "新网", c.bureau, "department")
            }),
            case("a portal is opened", NO, |c| {
                c.opening(SiteId(new()), "新网", c.bureau, "portal")
            }),
            case("a department's is closed", YES, |c| closed(c, "merged")),
        ],
    },
    Law {
        says: "a column by its topic, at its opening and after",
        rules: || warns(&["column.opened", "column.closed"], json!({"topic": ["news"]})),
        cases: &[
            case("one for news is opened", YES, |c| c.column_opening(ColumnId(new()), "news")),
            case("one for notices is opened", NO, |c| c.column_opening(ColumnId(new()), "notice")),
            case("one for news is closed", YES, |c| close_column(c, c.column)),
            case("one for notices is closed", NO, |c| close_column(c, c.other_column)),
        ],
    },
    Law {
        says: "an account by its staff, at its opening and after",
        rules: || warns(&["account.opened", "account.role_granted"], json!({"staff": ["own"]})),
        cases: &[
            case("of its own staff", YES, |c| opened(c, Duty::Editor, "own", None)),
            case("hired", NO, |c| opened(c, Duty::Editor, "hired", None)),
            case("a role is granted", YES, |c| c.granting(c.editor, "keeper", c.site)),
        ],
    },
    Law {
        says: "an organisation by its rank",
        rules: || warns(&["platform.evidence_recorded"], json!({"rank": ["low"]})),
        cases: &[case("the bureau", YES, |c| of_bureau(c))],
    },
    Law {
        says: "a message by its class, when it comes in and after",
        rules: || warns(&["message.received", "message.assigned"], json!({"class": ["plea"]})),
        cases: &[
            case("a plea comes in", YES, |c| received(c, "plea")),
            case("praise comes in", NO, |c| received(c, "praise")),
            case("a plea is assigned", YES, |c| assigned(c, "plea")),
            case("praise is assigned", NO, |c| assigned(c, "praise")),
        ],
    },
    Law {
        says: "an incident by its type, when it is detected and after",
        rules: || warns(&["incident.detected", "incident.isolated"], json!({"type": ["outage"]})),
        cases: &[
            case("an outage", YES, |c| detected(c, "outage")),
            case("tampering", NO, |c| detected(c, "tampering")),
            case("after an outage", YES, |c| {
                let isolated = |site| annals_events::incident::Isolated { site };
                of_incident(c, |site| IncidentEvent::Isolated(isolated(site)))
            }),
        ],
    },
];

pub fn close_column(c: &Court, column: ColumnId) -> Draft {
    let closed = annals_events::column::Closed { site: c.site };
    c.deed(c.administrator, column, annals_events::column::Event::Closed(closed))
}

pub fn opened(c: &Court, duty: Duty, staff: &str, person: Option<PersonId>) -> Draft {
    c.open(AccountId(new()), duty, c.bureau, staff, person)
}

fn of_bureau(c: &Court) -> Draft {
    let drill = PlatformEvent::EvidenceRecorded(record("form", &[], None));
    c.deed(c.administrator, c.bureau, drill)
}

#[test]
fn a_rule_selects_by_what_the_thing_said_of_itself_when_it_began() {
    hold(OWN);
}

/// Members of the entry's own facts.
const MEMBERS: &[Law] = &[
    Law {
        says: "by `reason`",
        rules: || {
            let on = ["site.closed", "site.shut_down", "site.taken_offline", "account.cancelled"];
            warns(&on, json!({"reason": ["power_cut"]}))
        },
        cases: &[
            case("a site ends for this", YES, |c| closed(c, "power_cut")),
            case("a site ends for something else", NO, |c| closed(c, "merged")),
            case("a site is shut down for this", YES, |c| {
                let shut = SiteEvent::ShutDown(ShutDown { reason: word("power_cut") });
                c.deed(c.administrator, c.site, shut)
            }),
            case("a site is taken offline for this", YES, |c| {
                let (planned_end, reason) = (at("2026-12-01 00:00:00"), word("power_cut"));
                let taken = SiteEvent::TakenOffline(TakenOffline { planned_end, reason });
                c.deed(c.administrator, c.site, taken)
            }),
            case("an account ends for this", YES, |c| cancelled(c, "power_cut")),
            case("an account ends for something else", NO, |c| cancelled(c, "left")),
        ],
    },
    Law {
        says: "by `role`, which is the duty of an account that is opened",
        rules: || {
            let on = ["account.role_granted", "account.role_revoked", "account.applied"];
            let on = [&on[..], &["account.opened"]].concat();
            warns(&on, json!({"role": ["chief", "approver"]}))
        },
        cases: &[
            case("chief is granted", YES, |c| c.granting(c.editor, "chief", c.site)),
            case("keeper is granted", NO, |c| c.granting(c.editor, "keeper", c.site)),
            case("chief is revoked", YES, |c| {
                let revoked = RoleRevoked { role: word("chief"), scope: Stream::from(c.site) };
                c.deed(c.administrator, c.twin, AccountEvent::RoleRevoked(revoked))
            }),
            case("somebody asks to be approver", YES, |c| {
                let (organisation, role) = (c.bureau, word("approver"));
                let applied = AccountEvent::Applied(Applied { organisation, role });
                c.deed(c.administrator, AccountId(new()), applied)
            }),
            case("an approver's account is opened", YES, |c| {
                opened(c, Duty::Approver, "own", None)
            }),
            case("an editor's account is opened", NO, |c| opened(c, Duty::Editor, "own", None)),
        ],
    },
    Law {
        says: "by `duty`",
        rules: || warns(&["account.opened", "account.role_granted"], json!({"duty": ["approver"]})),
        cases: &[
            case("an approver's is opened", YES, |c| opened(c, Duty::Approver, "own", None)),
            case("an editor's is opened", NO, |c| opened(c, Duty::Editor, "own", None)),
            case("an approver is granted a role", YES, |c| c.granting(c.twin, "keeper", c.site)),
            case("an editor is granted a role", NO, |c| c.granting(c.editor, "keeper", c.site)),
        ],
    },
    Law {
        says: "by `person`",
        rules: || warns(&["account.opened"], json!({"person": ["missing"]})),
        cases: &[
            case("nobody's", YES, |c| opened(c, Duty::Editor, "own", None)),
            case("somebody's", NO, |c| opened(c, Duty::Editor, "own", Some(PersonId(new())))),
        ],
    },
    Law {
        says: "by `level`",
        rules: || {
            let on = ["content.review_passed", "content.returned", "content.revised"];
            warns(&on, json!({"level": ["final"]}))
        },
        cases: &[
            case("the final review", YES, |c| reviewed(c, "a")),
            case("the initial review", NO, |c| {
                c.hand_in("a");
                c.pass(c.reviewer, "initial", &[])
            }),
            case("sent back in the final review", YES, |c| {
                c.hand_in("a");
                c.send_back(c.reviewer)
            }),
            case("revised in the final review", YES, |c| {
                c.hand_in("a");
                c.revise(c.reviewer, "final")
            }),
            case("revised in the initial review", NO, |c| {
                c.hand_in("a");
                c.revise(c.reviewer, "initial")
            }),
        ],
    },
    Law {
        says: "by `evidence`",
        rules: || {
            let on = ["platform.evidence_recorded", "site.evidence_recorded"];
            warns(&on, json!({"evidence": ["form"]}))
        },
        cases: &[
            case("a form of the bureau", YES, |c| of_bureau(c)),
            case("a training of the bureau", NO, |c| {
                let record = PlatformEvent::EvidenceRecorded(record("training", &[], None));
                c.deed(c.administrator, c.bureau, record)
            }),
            case("a form of its site", YES, |c| {
                let record = SiteEvent::EvidenceRecorded(record("form", &[], None));
                c.deed(c.administrator, c.site, record)
            }),
        ],
    },
];

pub fn cancelled(c: &Court, reason: &str) -> Draft {
    let event = AccountEvent::Cancelled(Cancelled { reason: word(reason) });
    c.deed(c.administrator, c.editor, event)
}

#[test]
fn a_rule_selects_by_what_the_entry_says() {
    hold(MEMBERS);
}
