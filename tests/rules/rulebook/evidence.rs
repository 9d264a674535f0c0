//! 证据 — which parts a record must have: one without is taken, and flagged.

use annals_events::content::Event as ContentEvent;
use annals_events::platform::Event as PlatformEvent;
use annals_events::site::Event as SiteEvent;
use serde_json::{Value, json};

use super::court::{Court, record};
use super::{Law, case, hold};
use crate::harness::scribe::Draft;

fn parts(of: &str, force: &str) -> Value {
    json!({"evidence": [{
        "clause": "V-1", "kind": "form", "of": of, "force": force, "parts": ["photo", "record"],
    }]})
}

fn on_site(c: &Court, kind: &str, parts: &[&str]) -> Draft {
    let record = SiteEvent::EvidenceRecorded(record(kind, parts, None));
    c.deed(c.administrator, c.site, record)
}

fn on_bureau(c: &Court, parts: &[&str]) -> Draft {
    let record = PlatformEvent::EvidenceRecorded(record("form", parts, None));
    c.deed(c.administrator, c.bureau, record)
}

const LAWS: &[Law] = &[
    Law {
        says: "a form of a site has a photo and a record",
        rules: || parts("site", "must"),
        cases: &[
            case("both", &[], |c| on_site(c, "form", &["photo", "record"])),
            case("one", &["flagged V-1"], |c| on_site(c, "form", &["photo"])),
            case("none", &["flagged V-1"], |c| on_site(c, "form", &[])),
            case("another besides", &[], |c| on_site(c, "form", &["photo", "record", "seal"])),
            case("a record of another kind", &[], |c| on_site(c, "lessons", &[])),
            case("a form of the organisation", &[], |c| on_bureau(c, &[])),
            case("a form of a page on the site", &[], |c| {
                c.hand_in("a");
                let record = record("form", &[], Some(c.site));
                c.deed(c.editor, c.page, ContentEvent::EvidenceRecorded(record))
            }),
        ],
    },
    Law {
        says: "a form of an organisation has both",
        rules: || parts("organisation", "must"),
        cases: &[
            case("none", &["flagged V-1"], |c| on_bureau(c, &[])),
            case("both", &[], |c| on_bureau(c, &["photo", "record"])),
            case("a form of a site", &[], |c| on_site(c, "form", &[])),
        ],
    },
    Law {
        says: "a form of content should have both",
        rules: || parts("content", "advisory"),
        cases: &[case("none", &["warned V-1"], |c| {
            c.hand_in("a");
            let record = ContentEvent::EvidenceRecorded(record("form", &[], None));
            c.deed(c.editor, c.page, record)
        })],
    },
    Law {
        says: "a form of a site has both, in principle",
        rules: || parts("site", "principle"),
        cases: &[
            case("none", &["flagged V-1"], |c| on_site(c, "form", &[])),
            case("none, and the site is exempt", &["exempt V-1"], |c| {
                c.exempt_now("V-1", c.site);
                on_site(c, "form", &[])
            }),
        ],
    },
];

#[test]
fn a_record_without_a_part_is_taken_and_flagged() {
    hold(LAWS);
}
