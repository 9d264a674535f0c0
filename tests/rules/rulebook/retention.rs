//! 保存 — what is kept at least so long, from when on.

use annals_events::id::IncidentId;
use annals_events::incident::{ArchivePurged, Closed, Detected, Event};
use serde_json::{Value, json};

use super::court::{Court, attributes};
use super::{Law, case, hold};
use crate::harness::scribe::Draft;

fn keeps(n: u32, unit: &str) -> Value {
    json!({"retentions": [{
        "clause": "K-1", "on": ["incident.archive_purged"], "from": "incident.closed",
        "keep": {"n": n, "unit": unit},
    }]})
}

fn on(c: &Court, event: Event) -> Draft {
    c.deed(c.editor, c.incident, event)
}

/// An incident was closed at this moment.
fn closed(c: &mut Court, when: &str) {
    let attributes = attributes(&[("type", "outage")]);
    c.did(on(c, Event::Detected(Detected { attributes, site: c.site })));
    c.now(when);
    c.did(on(c, Event::Closed(Closed { site: c.site })));
}

fn purge(c: &mut Court, when: &str) -> Draft {
    c.now(when);
    on(c, Event::ArchivePurged(ArchivePurged { site: c.site }))
}

const LAWS: &[Law] = &[
    Law {
        says: "an archive is kept for six months",
        rules: || keeps(6, "month"),
        cases: &[
            case("it is cleared at once", &["refused K-1"], |c| {
                closed(c, "2026-11-30 10:00:00");
                purge(c, "2026-11-30 10:00:01")
            }),
            case("it is cleared in the last moment", &["refused K-1"], |c| {
                closed(c, "2026-11-30 10:00:00");
                purge(c, "2027-05-30 23:59:59.999999")
            }),
            case("it is cleared on the next day", &[], |c| {
                closed(c, "2026-11-30 10:00:00");
                purge(c, "2027-05-31 00:00:00")
            }),
            case("a month without that day ends earlier", &[], |c| {
                closed(c, "2027-08-31 10:00:00");
                purge(c, "2028-03-01 00:00:00")
            }),
            case("and not a day earlier than that", &["refused K-1"], |c| {
                closed(c, "2027-08-31 10:00:00");
                purge(c, "2028-02-29 23:59:59")
            }),
            case(
                "it was never closed",
                &["refused K-1", "refused annals:incident_not_closed"],
                |c| {
                    let attributes = attributes(&[("type", "outage")]);
                    c.did(on(c, Event::Detected(Detected { attributes, site: c.site })));
                    purge(c, "2030-01-01 00:00:00")
                },
            ),
            case(
                "there is no such incident",
                &["refused K-1", "refused annals:incident_unknown"],
                |c| {
                    c.incident = IncidentId(c.page.0);
                    purge(c, "2030-01-01 00:00:00")
                },
            ),
        ],
    },
    Law {
        says: "an archive is kept for a day by the clock",
        rules: || keeps(24, "hour"),
        cases: &[
            case("exactly a day later", &["refused K-1"], |c| {
                closed(c, "2026-11-30 10:00:00");
                purge(c, "2026-12-01 10:00:00")
            }),
            case("a moment later", &[], |c| {
                closed(c, "2026-11-30 10:00:00");
                purge(c, "2026-12-01 10:00:00.000001")
            }),
        ],
    },
];

#[test]
fn an_archive_is_kept_from_the_closing_on() {
    hold(LAWS);
}
