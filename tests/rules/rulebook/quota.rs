//! 限额, 时段 — at most so many; a shutdown that lasted too long counts as a time offline.

use annals_events::id::SiteId;
use annals_events::site::{Closed, Event as SiteEvent, Restored, ShutDown, TakenOffline};
use annals_events::{Time, id::OrganisationId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::court::{Court, at, word};
use super::{Law, case, hold};
use crate::harness::scribe::Draft;

fn on(c: &Court, event: SiteEvent) -> Draft {
    c.deed(c.administrator, c.site, event)
}

fn go_offline(c: &Court) -> Draft {
    let planned_end = Time::from_micros(c.scribe.now.micros() + 1_000_000).expect("in range");
    on(c, SiteEvent::TakenOffline(TakenOffline { planned_end, reason: word("repair") }))
}

fn come_back(c: &Court) -> Draft {
    on(c, SiteEvent::Restored(Restored {}))
}

/// Offline and back at once, at this moment.
fn was_offline(c: &mut Court, when: &str) {
    c.now(when);
    c.did(go_offline(c));
    c.did(come_back(c));
}

/// Shut down at one moment and back at another.
fn was_shut_down(c: &mut Court, from: &str, until: &str) {
    c.now(until);
    let shut = SiteEvent::ShutDown(ShutDown { reason: word("power_cut") });
    c.did(c.told(c.site, shut, from));
    c.did(c.told(c.site, SiteEvent::Restored(Restored {}), until));
}

fn twice(converts: bool) -> Value {
    let mut rules = json!({"quotas": [{
        "clause": "Q-1", "on": ["site.taken_offline"], "counts": "site_offlines", "most": 2,
    }]});
    if converts {
        rules["spans"] = json!([{
            "clause": "Q-2", "of": "site_shut_down", "becomes": "site_offline",
            "within": {"n": 24, "unit": "hour"},
        }]);
    }
    rules
}

const OFFLINES: &[Law] = &[
    Law {
        says: "a site goes offline twice a year at most",
        rules: || twice(false),
        cases: &[
            case("the first time", &[], |c| go_offline(c)),
            case("the second time", &[], |c| {
                was_offline(c, "2026-11-25 10:00:00");
                go_offline(c)
            }),
            case("the third time", &["refused Q-1"], |c| {
                was_offline(c, "2026-11-25 10:00:00");
                was_offline(c, "2026-11-26 10:00:00");
                go_offline(c)
            }),
            case("the third time, in another year", &[], |c| {
                was_offline(c, "2026-11-25 10:00:00");
                was_offline(c, "2026-12-31 23:59:57");
                c.now("2027-01-01 00:00:00");
                go_offline(c)
            }),
            case("the third time, in the last moment of the year", &["refused Q-1"], |c| {
                was_offline(c, "2026-11-25 10:00:00");
                was_offline(c, "2026-11-26 10:00:00");
                c.now("2026-12-31 23:59:59.999999");
                go_offline(c)
            }),
            case("shutdowns do not count, however long", &[], |c| {
                was_offline(c, "2026-11-25 10:00:00");
                was_shut_down(c, "2026-11-26 10:00:00", "2026-12-26 10:00:00");
                go_offline(c)
            }),
        ],
    },
    Law {
        says: "a site goes offline twice a year, and a shutdown of more than a day is one time",
        rules: || twice(true),
        cases: &[
            case("once offline, and shut down for exactly a day", &[], |c| {
                was_offline(c, "2026-11-25 10:00:00");
                was_shut_down(c, "2026-11-26 10:00:00", "2026-11-27 10:00:00");
                go_offline(c)
            }),
            case("once offline, and shut down for a moment more", &["refused Q-1"], |c| {
                was_offline(c, "2026-11-25 10:00:00");
                was_shut_down(c, "2026-11-26 10:00:00", "2026-11-27 10:00:00.000001");
                go_offline(c)
            }),
            case("two shutdowns too long", &["refused Q-1"], |c| {
                was_shut_down(c, "2026-11-26 10:00:00", "2026-11-28 10:00:00");
                was_shut_down(c, "2026-11-29 10:00:00", "2026-12-02 10:00:00");
                go_offline(c)
            }),
            case("the moment it counts from is of the new year", &["refused Q-1"], |c| {
                was_shut_down(c, "2026-12-31 10:00:00", "2027-01-02 10:00:00");
                was_offline(c, "2027-01-03 10:00:00");
                go_offline(c)
            }),
            case("the moment it counts from is of the old year", &[], |c| {
                was_shut_down(c, "2026-12-30 10:00:00", "2027-01-02 10:00:00");
                was_offline(c, "2027-01-03 10:00:00");
                go_offline(c)
            }),
        ],
    },
];

#[test]
fn a_site_goes_offline_so_often_in_a_year() {
    hold(OFFLINES);
}

fn open(c: &Court, of: OrganisationId) -> Draft {
    c.opening(SiteId(Uuid::from_u128(3)), "新网", of, "portal")
}

const SITES: &[Law] = &[Law {
    says: "an organisation has two sites at most, portals not counted against",
    rules: || {
        json!({"quotas": [{
            "clause": "Q-3", "on": ["site.opened"], "counts": "organisation_sites", "most": 2,
            "when": {"kind": ["portal"]},
        }]})
    },
    cases: &[
        case("the second", &[], |c| open(c, c.bureau)),
        case("the third", &["refused Q-3"], |c| {
            c.open_site("二网", c.bureau, "portal");
            open(c, c.bureau)
        }),
        case("the third, of a kind that is not limited", &[], |c| {
            c.open_site("二网", c.bureau, "portal");
            c.opening(SiteId(Uuid::from_u128(3)), "新网", c.bureau, "department")
        }),
        case("the third, after one was closed", &[], |c| {
            c.open_site("二网", c.bureau, "portal");
            c.did(on(c, SiteEvent::Closed(Closed { reason: word("merged") })));
            open(c, c.bureau)
        }),
        case("the third, while one is offline", &["refused Q-3"], |c| {
            c.open_site("二网", c.bureau, "portal");
            c.did(go_offline(c));
            open(c, c.bureau)
        }),
        case("another organisation's do not count", &[], |c| {
            c.open_site("二网", c.city, "portal");
            open(c, c.bureau)
        }),
    ],
}];

#[test]
fn an_organisation_has_so_many_sites() {
    hold(SITES);
}

#[test]
fn an_open_shutdown_counts_as_offline_once_its_span_is_over() {
    let profile = super::court::profile(twice(true));
    let mut court = Court::new();
    let shut = SiteEvent::ShutDown(ShutDown { reason: word("power_cut") });
    court.did(court.told(court.site, shut, "2026-11-24 10:00:00"));
    for (now, expected) in [
        ("2026-11-25 10:00:00", vec![]),
        ("2026-11-25 10:00:00.000001", vec![at("2026-11-25 10:00:00")]),
        ("2027-11-25 10:00:00", vec![at("2026-11-25 10:00:00")]),
    ] {
        let state = &court.scribe.state;
        let found =
            annals_projections::rulebook::offline_starts(state, &profile, court.site, at(now));
        assert_eq!(found, expected, "{now}");
    }
}
