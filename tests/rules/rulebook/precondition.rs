//! 前提 — what must be on record before, where, how fresh, and after what.

use annals_events::account::{Duty, Event as AccountEvent};
use annals_events::id::{AccountId, SiteId};
use annals_events::incident::{
    AuthorityTold, Closed as IncidentClosed, Detected, Event as IncidentEvent, Reported,
};
use annals_events::platform::Event as PlatformEvent;
use annals_events::site::{Event as SiteEvent, Restored, TakenOffline};
use serde_json::{Value, json};
use uuid::Uuid;

use super::court::{Court, at, attributes, record, word};
use super::{Law, case, hold};
use crate::harness::scribe::Draft;

/// A form, on record in a place before this.
fn needs(on: &str, of: &str, fresh: bool) -> Value {
    json!({
        "preconditions": [{
            "clause": "C-1", "on": [on], "of": of, "evidence": ["form"], "fresh": fresh,
        }],
        "evidence": [{
            "clause": "V-1", "force": "advisory", "kind": "form", "of": "site",
            "parts": ["photo", "record"],
        }],
    })
}

const WHOLE: &[&str] = &["photo", "record"];

fn on_site(c: &Court, kind: &str, parts: &[&str]) -> Draft {
    let record = SiteEvent::EvidenceRecorded(record(kind, parts, None));
    c.deed(c.administrator, c.site, record)
}

fn on_account(c: &Court, account: AccountId) -> Draft {
    let record = AccountEvent::EvidenceRecorded(record("form", &[], None));
    c.deed(c.administrator, account, record)
}

fn on_bureau(c: &Court) -> Draft {
    let record = PlatformEvent::EvidenceRecorded(record("form", &[], None));
    c.deed(c.administrator, c.bureau, record)
}

fn go_offline(c: &Court) -> Draft {
    let (planned_end, reason) = (at("2026-12-24 00:00:00"), word("repair"));
    let taken = SiteEvent::TakenOffline(TakenOffline { planned_end, reason });
    c.deed(c.administrator, c.site, taken)
}

fn come_back(c: &Court) -> Draft {
    c.deed(c.administrator, c.site, SiteEvent::Restored(Restored {}))
}

fn open(c: &Court, account: AccountId) -> Draft {
    c.open(account, Duty::Editor, c.bureau, "own", None)
}

fn new() -> AccountId {
    AccountId(Uuid::from_u128(3))
}

const PLACES: &[Law] = &[
    Law {
        says: "a whole form stands in the site's stream before it goes offline",
        rules: || needs("site.taken_offline", "stream", false),
        cases: &[
            case("it does", &[], |c| {
                c.did(on_site(c, "form", WHOLE));
                go_offline(c)
            }),
            case("there is none", &["refused C-1"], |c| go_offline(c)),
            case("it lacks a part", &["refused C-1"], |c| {
                c.did(on_site(c, "form", &["photo"]));
                go_offline(c)
            }),
            case("two forms have a part each", &["refused C-1"], |c| {
                c.did(on_site(c, "form", &["photo"]));
                c.did(on_site(c, "form", &["record"]));
                go_offline(c)
            }),
            case("there is a record of another kind", &["refused C-1"], |c| {
                c.did(on_site(c, "lessons", WHOLE));
                go_offline(c)
            }),
            case("it stands on the bureau", &["refused C-1"], |c| {
                c.did(on_bureau(c));
                go_offline(c)
            }),
            case("the site went offline before on the same form", &[], |c| {
                c.did(on_site(c, "form", WHOLE));
                c.did(go_offline(c));
                c.did(come_back(c));
                go_offline(c)
            }),
        ],
    },
    Law {
        says: "each time a fresh form",
        rules: || needs("site.taken_offline", "stream", true),
        cases: &[
            case("the first time", &[], |c| {
                c.did(on_site(c, "form", WHOLE));
                go_offline(c)
            }),
            case("a second time on the same form", &["refused C-1"], |c| {
                c.did(on_site(c, "form", WHOLE));
                c.did(go_offline(c));
                c.did(come_back(c));
                go_offline(c)
            }),
            case("a second time on a form of its own", &[], |c| {
                c.did(on_site(c, "form", WHOLE));
                c.did(go_offline(c));
                c.did(on_site(c, "form", WHOLE));
                c.did(come_back(c));
                go_offline(c)
            }),
        ],
    },
    Law {
        says: "the site has a form before content is shown on it",
        rules: || needs("content.review_passed", "site", false),
        cases: &[
            case("it has", &[], |c| {
                c.did(on_site(c, "form", WHOLE));
                reviewed(c)
            }),
            case("it has none", &["refused C-1"], reviewed),
            case("a record of something else names the site", &[], |c| {
                let record = record("form", WHOLE, Some(c.site));
                let record = PlatformEvent::EvidenceRecorded(record);
                c.did(c.deed(c.administrator, c.city, record));
                reviewed(c)
            }),
            case("the other site has one", &["refused C-1"], |c| {
                let record = SiteEvent::EvidenceRecorded(record("form", WHOLE, None));
                c.did(c.deed(c.administrator, c.other_site, record));
                reviewed(c)
            }),
        ],
    },
    Law {
        says: "the organisation has a form before a site is opened for it",
        rules: || needs("site.opened", "organisation", false),
        cases: &[
            case("the bureau has", &[], |c| {
                c.did(on_bureau(c));
                c.opening(SiteId(Uuid::from_u128(3)), "新网", c.bureau, "portal")
            }),
            case("the bureau has none", &["refused C-1"], |c| {
                c.opening(SiteId(Uuid::from_u128(3)), "新网", c.bureau, "portal")
            }),
            case("the city above it has one", &["refused C-1"], |c| {
                let record = PlatformEvent::EvidenceRecorded(record("form", &[], None));
                c.did(c.deed(c.administrator, c.city, record));
                c.opening(SiteId(Uuid::from_u128(3)), "新网", c.bureau, "portal")
            }),
        ],
    },
    Law {
        says: "a form stands before the account is open",
        rules: || needs("account.opened", "stream", false),
        cases: &[
            case("it does", &[], |c| {
                c.did(on_account(c, new()));
                open(c, new())
            }),
            case("another account has one", &["refused C-1"], |c| {
                c.did(on_account(c, c.editor));
                open(c, new())
            }),
        ],
    },
    Law {
        says: "whoever reviews has a form",
        rules: || needs("content.review_passed", "actor", false),
        cases: &[
            case("he has", &[], |c| {
                c.did(on_account(c, c.reviewer));
                reviewed(c)
            }),
            case("he has one under another account", &[], |c| {
                c.did(on_account(c, c.twin));
                reviewed(c)
            }),
            case("the author has", &["refused C-1"], |c| {
                c.did(on_account(c, c.editor));
                reviewed(c)
            }),
        ],
    },
];

fn reviewed(c: &mut Court) -> Draft {
    c.hand_in("a");
    c.pass(c.reviewer, "final", &[])
}

#[test]
fn a_record_stands_where_the_rule_says_and_is_whole() {
    hold(PLACES);
}

/// An incident, with what was told of it, is closed.
fn closed(c: &mut Court, told: &[IncidentEvent]) -> Draft {
    let detected = Detected { attributes: attributes(&[("type", "outage")]), site: c.site };
    c.did(c.deed(c.editor, c.incident, IncidentEvent::Detected(detected)));
    for event in told {
        c.did(c.deed(c.editor, c.incident, event.clone()));
    }
    c.deed(c.editor, c.incident, IncidentEvent::Closed(IncidentClosed { site: c.site }))
}

fn reported(c: &Court, to: &str) -> IncidentEvent {
    IncidentEvent::Reported(Reported { site: c.site, to: word(to) })
}

fn told(c: &Court, authority: &str) -> IncidentEvent {
    IncidentEvent::AuthorityTold(AuthorityTold { authority: word(authority), site: c.site })
}

fn lessons() -> IncidentEvent {
    IncidentEvent::EvidenceRecorded(record("lessons", &[], None))
}

const AFTER: &[Law] = &[
    Law {
        says: "before it is closed, the principal was told, and lessons are on record",
        rules: || {
            json!({"preconditions": [{
                "clause": "C-2", "on": ["incident.closed"], "of": "stream",
                "after": ["incident.reported"], "with": {"to": ["principal"]},
                "evidence": ["lessons"],
            }]})
        },
        cases: &[
            case("both", &[], |c| {
                let told = [reported(c, "principal"), lessons()];
                closed(c, &told)
            }),
            case("nobody was told", &["refused C-2"], |c| closed(c, &[lessons()])),
            case("somebody else was told", &["refused C-2"], |c| {
                let told = [reported(c, "technician"), lessons()];
                closed(c, &told)
            }),
            case("the principal was told besides", &[], |c| {
                let all = [reported(c, "technician"), reported(c, "principal"), lessons()];
                closed(c, &all)
            }),
            case("no lessons are on record", &["refused C-2"], |c| {
                let told = [reported(c, "principal")];
                closed(c, &told)
            }),
            case("neither", &["refused C-2"], |c| closed(c, &[])),
        ],
    },
    Law {
        says: "before it is closed, somebody was told, whoever it was",
        rules: || {
            json!({"preconditions": [{
                "clause": "C-3", "on": ["incident.closed"], "of": "stream",
                "after": ["incident.reported", "incident.authority_told"],
            }]})
        },
        cases: &[
            case("an authority", &[], |c| {
                let told = [told(c, "police")];
                closed(c, &told)
            }),
            case("the technician", &[], |c| {
                let told = [reported(c, "technician")];
                closed(c, &told)
            }),
            case("nobody", &["refused C-3"], |c| closed(c, &[])),
        ],
    },
    Law {
        says: "before the police is told, the principal is: a fact is taken, and flagged",
        rules: || {
            json!({"preconditions": [{
                "clause": "C-4", "on": ["incident.authority_told"], "of": "stream",
                "after": ["incident.reported"], "when": {"authority": ["police"]},
            }]})
        },
        cases: &[
            case("he is", &[], |c| after(c, true, "police")),
            case("he is not", &["flagged C-4"], |c| after(c, false, "police")),
            case("another authority is told", &[], |c| after(c, false, "cyberspace")),
        ],
    },
];

fn after(c: &mut Court, is_told: bool, authority: &str) -> Draft {
    let detected = Detected { attributes: attributes(&[("type", "outage")]), site: c.site };
    c.did(c.deed(c.editor, c.incident, IncidentEvent::Detected(detected)));
    if is_told {
        c.did(c.deed(c.editor, c.incident, reported(c, "principal")));
    }
    c.deed(c.editor, c.incident, told(c, authority))
}

#[test]
fn what_must_come_before_stands_in_the_stream_and_names_whom_it_must() {
    hold(AFTER);
}
