//! 来源 — how each type of entry can come to be known, type by type.

use std::collections::{BTreeMap, BTreeSet};

use annals_events::Event;
use annals_events::entry::Provenance;

use crate::events::story;
use crate::harness::scribe::Draft;

/// Each type that is known one way only, or another set of ways: `c`ommanded, `r`eported,
/// `i`mported, inter`n`al.
const WAYS: &[(&str, &[&str])] = &[
    ("n", &["ledger.genesis", "ledger.epoch_started", "ledger.state_sealed"]),
    ("cn", &["platform.organisation_registered"]),
    ("cin", &["account.opened"]),
    ("ci", &["site.opened", "content.published", "content.corrected"]),
    ("ci", &["content.moved", "content.withdrawn"]),
    ("cr", &["site.restored"]),
    ("r", &["site.shut_down", "message.received"]),
    ("r", &["platform.evidence_recorded", "account.evidence_recorded"]),
    ("r", &["site.evidence_recorded", "content.evidence_recorded"]),
    ("r", &["message.evidence_recorded", "incident.evidence_recorded"]),
    ("r", &["incident.detected", "incident.reported", "incident.responder_arrived"]),
    ("r", &["incident.isolated", "incident.content_removed", "incident.restored"]),
    ("r", &["incident.authority_told", "incident.force_majeure_declared"]),
    ("c", &["ledger.key_rotated", "ledger.act_proposed", "ledger.import_opened"]),
    ("c", &["ledger.import_closed", "platform.act_proposed", "platform.profile_adopted"]),
    ("c", &["platform.calendar_adopted", "platform.exemption_granted"]),
    ("c", &["platform.exemption_ended", "account.applied", "account.role_granted"]),
    ("c", &["account.role_revoked", "account.suspended", "account.resumed"]),
    ("c", &["account.cancelled", "site.taken_offline", "site.closed", "column.opened"]),
    ("c", &["column.closed", "content.drafted", "content.review_passed"]),
    ("c", &["content.submitted", "content.returned", "content.revised", "content.archived"]),
    ("c", &["message.assigned", "message.reply_promised", "message.reply_drafted"]),
    ("c", &["message.reply_passed", "message.answered", "message.published"]),
    ("c", &["incident.closed", "incident.archive_purged"]),
];

const LETTERS: [(char, Provenance); 4] = [
    ('c', Provenance::Commanded),
    ('r', Provenance::Reported),
    ('i', Provenance::Imported),
    ('n', Provenance::Internal),
];

#[test]
fn every_type_comes_to_be_known_in_its_ways_and_no_other() {
    let scribe = story::everything();
    let listed = WAYS.iter().flat_map(|(ways, kinds)| kinds.iter().map(move |k| (*k, *ways)));
    let ways: BTreeMap<&str, &str> = listed.collect();
    let kinds: BTreeSet<&str> = Event::types().collect();
    let named: BTreeSet<&str> = ways.keys().copied().collect();
    let unnamed: Vec<&&str> = kinds.difference(&named).collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
    for (kind, ways) in ways {
        let entry = story::first(&scribe, kind);
        for (letter, provenance) in LETTERS {
            let draft = Draft::internal(entry.header.stream, entry.event.clone());
            let findings = scribe.judge(&Draft { provenance, ..draft });
            let refused = findings.iter().any(|finding| finding.name == "provenance");
            assert_eq!(refused, !ways.contains(letter), "{kind} {letter}");
        }
    }
}
