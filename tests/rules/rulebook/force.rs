//! 效力 — what follows from a broken rule: by its force, by who did it, by what it is exempt from.

use annals_events::platform::{Event as PlatformEvent, ExemptionEnded};
use annals_events::site::{Closed, Event as SiteEvent, ShutDown};
use serde_json::{Value, json};

use super::court::{Court, at, word};
use super::{Case, Law, case, hold};
use crate::harness::scribe::Draft;

/// No site ends, and none is shut down, for want of power.
fn power(force: &str) -> Value {
    json!({"shapes": [{
        "clause": "F-1", "force": force, "field": "reason", "never": ["power_cut"],
        "on": ["site.closed", "site.shut_down"],
    }]})
}

/// The platform closes the bureau's site.
fn close(c: &Court, reason: &str) -> Draft {
    let closed = SiteEvent::Closed(Closed { reason: word(reason) });
    c.deed(c.administrator, c.site, closed)
}

/// Somebody reports that it was shut down.
fn shut_down(c: &Court, reason: &str) -> Draft {
    let shut = SiteEvent::ShutDown(ShutDown { reason: word(reason) });
    c.deed(c.administrator, c.site, shut)
}

fn was_shut_down(c: &Court, when: &str) -> Draft {
    c.told(c.site, SiteEvent::ShutDown(ShutDown { reason: word("power_cut") }), when)
}

const KEPT: [Case; 2] = [
    case("the platform keeps to it", &[], |c| close(c, "merged")),
    case("a report keeps to it", &[], |c| shut_down(c, "repair")),
];

const LAWS: &[Law] = &[
    Law { says: "must", rules: || power("must"), cases: &KEPT },
    Law { says: "principle", rules: || power("principle"), cases: &KEPT },
    Law { says: "advisory", rules: || power("advisory"), cases: &KEPT },
    Law {
        says: "must",
        rules: || power("must"),
        cases: &[
            case("the platform breaks it", &["refused F-1"], |c| close(c, "power_cut")),
            case("a report breaks it", &["flagged F-1"], |c| shut_down(c, "power_cut")),
            case("an exemption does not help", &["refused F-1"], |c| {
                c.exempt_now("F-1", c.site);
                close(c, "power_cut")
            }),
        ],
    },
    Law {
        says: "advisory",
        rules: || power("advisory"),
        cases: &[
            case("the platform breaks it", &["warned F-1"], |c| close(c, "power_cut")),
            case("a report breaks it", &["warned F-1"], |c| shut_down(c, "power_cut")),
        ],
    },
    Law {
        says: "may",
        rules: || power("may"),
        cases: &[
            case("the platform goes beyond it", &[], |c| close(c, "power_cut")),
            case("a report goes beyond it", &[], |c| shut_down(c, "power_cut")),
        ],
    },
    Law {
        says: "vague",
        rules: || power("vague"),
        cases: &[
            case("the platform goes beyond it", &[], |c| close(c, "power_cut")),
            case("a report goes beyond it", &[], |c| shut_down(c, "power_cut")),
        ],
    },
    Law {
        says: "principle",
        rules: || power("principle"),
        cases: &[
            case("the platform breaks it", &["refused F-1"], |c| close(c, "power_cut")),
            case("a report breaks it", &["flagged F-1"], |c| shut_down(c, "power_cut")),
            case("the site is exempt", &["exempt F-1"], |c| {
                c.exempt_now("F-1", c.site);
                close(c, "power_cut")
            }),
            case("the site is exempt, and somebody reports", &["exempt F-1"], |c| {
                c.exempt_now("F-1", c.site);
                shut_down(c, "power_cut")
            }),
            case("its organisation is exempt", &["exempt F-1"], |c| {
                c.exempt_now("F-1", c.bureau);
                close(c, "power_cut")
            }),
            case("an exempt site keeps to it", &[], |c| {
                c.exempt_now("F-1", c.site);
                close(c, "merged")
            }),
            case("another site is exempt", &["refused F-1"], |c| {
                c.exempt_now("F-1", c.other_site);
                close(c, "power_cut")
            }),
            case("a column of the site is exempt", &["refused F-1"], |c| {
                c.exempt_now("F-1", c.column);
                close(c, "power_cut")
            }),
            case(
                "the organisation above is exempt, which says nothing of those below",
                &["refused F-1"],
                |c| {
                    c.exempt_now("F-1", c.city);
                    close(c, "power_cut")
                },
            ),
            case("the site is exempt from another clause", &["refused F-1"], |c| {
                c.exempt_now("F-11", c.site);
                close(c, "power_cut")
            }),
            case("the exemption has not begun", &["refused F-1"], |c| {
                c.exempt("F-1", c.site, at("2026-12-01 00:00:00"), at("2027-01-01 00:00:00"));
                close(c, "power_cut")
            }),
            case("the exemption is over", &["refused F-1"], |c| {
                c.exempt_now("F-1", c.site);
                c.now("2027-01-01 00:00:00");
                close(c, "power_cut")
            }),
            case("the exemption has a moment left", &["exempt F-1"], |c| {
                c.exempt_now("F-1", c.site);
                c.now("2026-12-31 23:59:59.999999");
                close(c, "power_cut")
            }),
            case("the exemption begins now", &["exempt F-1"], |c| {
                c.exempt("F-1", c.site, at("2026-12-01 00:00:00"), at("2027-01-01 00:00:00"));
                c.now("2026-12-01 00:00:00");
                close(c, "power_cut")
            }),
            case("the exemption was ended", &["refused F-1"], |c| {
                let exemption = c.exempt_now("F-1", c.site);
                let ended = PlatformEvent::ExemptionEnded(ExemptionEnded { exemption });
                c.did(c.deed(c.administrator, c.city, ended));
                close(c, "power_cut")
            }),
            case("it happened while the exemption held", &["exempt F-1"], |c| {
                c.exempt_now("F-1", c.site);
                c.now("2027-03-01 00:00:00");
                was_shut_down(c, "2026-12-31 10:00:00")
            }),
            case("it happened before the exemption began", &["flagged F-1"], |c| {
                c.exempt_now("F-1", c.site);
                was_shut_down(c, "2026-10-31 10:00:00")
            }),
        ],
    },
];

#[test]
fn what_follows_from_a_broken_rule_is_said_by_its_force() {
    hold(LAWS);
}

/// An exemption may name the thing itself, whatever it is.
const THINGS: &[Law] = &[Law {
    says: "nobody leaves the service, nothing is published, in principle",
    rules: || {
        json!({"permissions": [
            {"clause": "F-2", "force": "principle", "on": ["account.cancelled"]},
            {"clause": "F-3", "force": "principle", "on": ["content.review_passed"]},
        ]})
    },
    cases: &[
        case("an account is cancelled", &["refused F-2"], |c| cancel(c)),
        case("the account is exempt", &["exempt F-2"], |c| {
            c.exempt_now("F-2", c.editor);
            cancel(c)
        }),
        case("another account is exempt", &["refused F-2"], |c| {
            c.exempt_now("F-2", c.reviewer);
            cancel(c)
        }),
        case("the account's organisation is exempt", &["exempt F-2"], |c| {
            c.exempt_now("F-2", c.bureau);
            cancel(c)
        }),
        case("the page is exempt", &["exempt F-3"], |c| {
            c.exempt_now("F-3", c.page);
            c.hand_in("a");
            c.pass(c.reviewer, "final", &[])
        }),
        case("the page's site is exempt", &["exempt F-3"], |c| {
            c.exempt_now("F-3", c.site);
            c.hand_in("a");
            c.pass(c.reviewer, "final", &[])
        }),
    ],
}];

fn cancel(c: &Court) -> Draft {
    let reason = word("left");
    let event =
        annals_events::account::Event::Cancelled(annals_events::account::Cancelled { reason });
    c.deed(c.administrator, c.editor, event)
}

#[test]
fn an_exemption_names_the_thing_its_site_its_account_or_its_organisation() {
    hold(THINGS);
}
