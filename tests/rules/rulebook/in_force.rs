//! 适用 — which rulebook judges what, and what an entry says of it.

use annals_events::entry::Provenance;
use annals_events::site::{Closed, Event as SiteEvent, ShutDown};
use annals_events::{Event, Time};
use annals_projections::judge::{self, View};
use annals_projections::{Frame, State};
use serde_json::{Value, json};

use super::court::{Court, at, word};
use super::{Law, case, hold, said};
use crate::events::story;
use crate::harness::scribe::{Draft, Scribe};

/// A rulebook that warns whenever a site ends or is shut down: it shows which one judges.
fn warns(clause: &str) -> Value {
    json!({"permissions": [
        {"clause": clause, "force": "advisory", "on": ["site.closed", "site.shut_down"]},
    ]})
}

fn begin() -> Time {
    at("2026-01-01 00:00:00")
}

fn close(c: &Court) -> Draft {
    c.deed(c.administrator, c.site, SiteEvent::Closed(Closed { reason: word("merged") }))
}

fn close_other(c: &Court) -> Draft {
    c.deed(c.administrator, c.other_site, SiteEvent::Closed(Closed { reason: word("merged") }))
}

fn shut_down(c: &Court, when: &str) -> Draft {
    c.told(c.site, SiteEvent::ShutDown(ShutDown { reason: word("power_cut") }), when)
}

const LAWS: &[Law] = &[
    Law {
        says: "an organisation without a rulebook has that of the nearest above it",
        rules: || Value::Null,
        cases: &[
            case("nobody adopted one", &[], |c| close(c)),
            case("the city adopted one", &["warned CITY"], |c| {
                c.adopt(c.city, begin(), warns("CITY"));
                close(c)
            }),
            case("the bureau adopted one", &["warned BUREAU"], |c| {
                c.adopt(c.bureau, begin(), warns("BUREAU"));
                close(c)
            }),
            case("the office, beside it, adopted one", &[], |c| {
                c.adopt(c.office, begin(), warns("OFFICE"));
                close(c)
            }),
            case("the city adopted one, and then the bureau", &["warned BUREAU"], |c| {
                c.adopt(c.city, begin(), warns("CITY"));
                c.adopt(c.bureau, begin(), warns("BUREAU"));
                close(c)
            }),
            case("the bureau adopted one, and then the city", &["warned BUREAU"], |c| {
                c.adopt(c.bureau, begin(), warns("BUREAU"));
                c.adopt(c.city, begin(), warns("CITY"));
                close(c)
            }),
            case("the bureau's does not hold for the office", &["warned CITY"], |c| {
                c.adopt(c.city, begin(), warns("CITY"));
                c.adopt(c.bureau, begin(), warns("BUREAU"));
                close_other(c)
            }),
            case("the bureau's own says nothing of it", &[], |c| {
                c.adopt(c.city, begin(), warns("CITY"));
                c.adopt(c.bureau, begin(), json!({}));
                close(c)
            }),
        ],
    },
    Law {
        says: "a rulebook is in force from its date on, and the newest that is in force counts",
        rules: || Value::Null,
        cases: &[
            case("its date is to come", &[], |c| {
                c.adopt(c.bureau, at("2026-12-01 00:00:00"), warns("NEW"));
                c.now("2026-11-30 23:59:59.999999");
                close(c)
            }),
            case("its date has come", &["warned NEW"], |c| {
                c.adopt(c.bureau, at("2026-12-01 00:00:00"), warns("NEW"));
                c.now("2026-12-01 00:00:00");
                close(c)
            }),
            case("its date is to come, and the city has one", &["warned CITY"], |c| {
                c.adopt(c.city, begin(), warns("CITY"));
                c.adopt(c.bureau, at("2026-12-01 00:00:00"), warns("NEW"));
                close(c)
            }),
            case("its date is to come, and the bureau has an older one", &["warned OLD"], |c| {
                c.adopt(c.bureau, begin(), warns("OLD"));
                c.adopt(c.bureau, at("2026-12-01 00:00:00"), warns("NEW"));
                close(c)
            }),
            case("two are in force, the newer entry of the later date", &["warned NEW"], |c| {
                c.adopt(c.bureau, begin(), warns("OLD"));
                c.adopt(c.bureau, at("2026-12-01 00:00:00"), warns("NEW"));
                c.now("2026-12-01 00:00:00");
                close(c)
            }),
            case("two are in force, the newer entry of the earlier date", &["warned NEW"], |c| {
                c.adopt(c.bureau, at("2026-11-01 00:00:00"), warns("OLD"));
                c.adopt(c.bureau, begin(), warns("NEW"));
                close(c)
            }),
        ],
    },
    Law {
        says: "a report is judged by the day it happened",
        rules: || Value::Null,
        cases: &[
            case("it happened before there was a rulebook", &[], |c| {
                c.adopt(c.bureau, begin(), warns("NEW"));
                shut_down(c, "2025-12-31 23:59:59")
            }),
            case("it happened since", &["warned NEW"], |c| {
                c.adopt(c.bureau, begin(), warns("NEW"));
                shut_down(c, "2026-01-01 00:00:00")
            }),
            case("it happened under the older of two", &["warned OLD"], |c| {
                c.adopt(c.bureau, begin(), warns("OLD"));
                c.adopt(c.bureau, at("2026-11-25 00:00:00"), warns("NEW"));
                c.now("2026-12-01 00:00:00");
                shut_down(c, "2026-11-24 23:59:59")
            }),
            case("it happened under the newer of two", &["warned NEW"], |c| {
                c.adopt(c.bureau, begin(), warns("OLD"));
                c.adopt(c.bureau, at("2026-11-25 00:00:00"), warns("NEW"));
                c.now("2026-12-01 00:00:00");
                shut_down(c, "2026-11-25 00:00:00")
            }),
            case("it happens now", &["warned NEW"], |c| {
                c.adopt(c.bureau, begin(), warns("NEW"));
                let shut = SiteEvent::ShutDown(ShutDown { reason: word("repair") });
                c.deed(c.administrator, c.site, shut)
            }),
        ],
    },
];

#[test]
fn the_rulebook_in_force_is_the_nearest_and_the_newest() {
    hold(LAWS);
}

/// Judge every entry again, each against the state of all before it.
fn replay(scribe: &Scribe) {
    let mut state = State::default();
    for entry in &scribe.entries {
        let frame = Frame::of(&entry.header);
        let judged = judge::judge(View::of(&state), &frame, &entry.event);
        assert_eq!(judged.findings, entry.findings, "{:?}", entry.header);
        assert_eq!(judged.rulebook, entry.header.rulebook.map(|at| at.0));
        state.apply(&frame, &entry.event);
    }
}

#[test]
fn an_older_adoption_binds_what_was_written_under_it() {
    let mut court = Court::new();
    let old = court.adopt(court.bureau, begin(), warns("OLD"));
    let shut = court.did(shut_down(&court, "2026-11-24 10:00:00"));
    let new = court.adopt(court.bureau, begin(), warns("NEW"));
    let closed = court.did(close(&court));
    for (position, rulebook, clause) in [(shut, old, "OLD"), (closed, new, "NEW")] {
        let entry = &court.scribe.entries[position as usize];
        assert_eq!(entry.header.rulebook.map(|at| at.0), Some(rulebook));
        assert_eq!(entry.header.clauses.as_deref(), Some(&[clause.to_owned()][..]));
    }
    replay(&court.scribe);
}

#[test]
fn whoever_cites_another_rulebook_or_other_clauses_is_found() {
    let mut court = Court::new();
    let adopted = court.adopt(court.bureau, begin(), warns("W-1"));
    type Cited = (&'static str, Option<u64>, &'static [&'static str], &'static [&'static str]);
    let cases: [Cited; 7] = [
        ("what is in force, and what it finds", Some(adopted), &["W-1"], &[]),
        ("no clause", Some(adopted), &[], &["clauses"]),
        ("another clause", Some(adopted), &["W-2"], &["clauses"]),
        ("one clause more", Some(adopted), &["W-1", "W-2"], &["clauses"]),
        ("no rulebook", None, &[], &["rulebook"]),
        ("another rulebook", Some(adopted - 1), &["W-1"], &["rulebook"]),
        ("another rulebook, no clause", Some(adopted - 1), &[], &["rulebook"]),
    ];
    for (cites, rulebook, clauses, then) in cases {
        let clauses: Vec<String> = clauses.iter().map(|clause| (*clause).to_owned()).collect();
        let findings = court.scribe.judge_citing(&close(&court), rulebook, &clauses);
        let found = said(&findings);
        let mut then: Vec<String> =
            then.iter().map(|name| format!("refused annals:{name}")).collect();
        then.push("warned W-1".to_owned());
        assert_eq!(found, then, "{cites}");
    }
}

#[test]
fn a_refused_clause_is_not_cited() {
    let mut court = Court::new();
    let rules = json!({"permissions": [{"clause": "N-1", "on": ["site.closed"]}]});
    let adopted = court.adopt(court.bureau, begin(), rules);
    let findings = court.scribe.judge_citing(&close(&court), Some(adopted), &[]);
    assert_eq!(said(&findings), ["refused N-1"]);
}

/// Imported entries and the ledger's own are not judged by rulebooks; all others of an
/// organisation that has one are.
#[test]
fn imported_entries_and_those_of_the_ledger_name_no_rulebook() {
    let scribe = story::everything();
    let is_adoption = |event: &Event| event.kind() == "platform.profile_adopted";
    let adopted = scribe.entries.iter().position(|entry| is_adoption(&entry.event));
    let adopted = adopted.expect("the second story adopts a rulebook");
    let mut judged = 0;
    for (position, entry) in scribe.entries.iter().enumerate() {
        let own = matches!(entry.header.provenance, Provenance::Imported | Provenance::Internal);
        let rulebook = entry.header.rulebook.map(|at| at.0);
        if own || matches!(entry.event, Event::Ledger(_)) || position <= adopted {
            assert_eq!(rulebook, None, "{:?}", entry.header);
            assert_eq!(entry.header.clauses, None, "{:?}", entry.header);
        }
        judged += usize::from(rulebook == Some(adopted as u64));
    }
    assert!(judged > 40, "{judged}");
    replay(&scribe);
}
