//! 安全事件 — told as it happened: what may follow what.

use annals_events::attributes::Attributes;
use annals_events::id::{IncidentId, SiteId};
use annals_events::incident::{
    ArchivePurged, AuthorityTold, Closed, ContentRemoved, Detected, Event, ForceMajeureDeclared,
    Isolated, Reported, ResponderArrived, Restored,
};
use annals_events::text::Word;

use super::district::{earlier, form};
use super::town::Town;
use super::{Row, hold};
use crate::harness::scribe::Draft;

fn new(t: &Town) -> IncidentId {
    IncidentId(t.unknown())
}

fn does(t: &Town, incident: IncidentId, event: Event) -> Draft {
    t.deed(t.editor, incident, event)
}

/// It happened half a day ago, before the incident was detected.
fn did(t: &Town, incident: IncidentId, event: Event) -> Draft {
    t.told(t.editor, incident, event, earlier(t.scribe.now))
}

fn detected(site: SiteId) -> Event {
    Event::Detected(Detected { attributes: Attributes::default(), site })
}

fn isolated(t: &Town) -> Event {
    Event::Isolated(Isolated { site: t.site })
}

fn close(t: &Town, incident: IncidentId) -> Draft {
    does(t, incident, Event::Closed(Closed { site: t.site }))
}

fn purge(t: &Town, incident: IncidentId) -> Draft {
    does(t, incident, Event::ArchivePurged(ArchivePurged { site: t.site }))
}

fn reported(t: &Town) -> Event {
    Event::Reported(Reported { site: t.site, to: Word::of("principal") })
}

pub const ROWS: &[Row] = &[
    Row {
        when: "an incident is detected",
        then: &[],
        draft: |t| does(t, new(t), detected(t.site)),
    },
    Row {
        when: "an incident was detected earlier",
        then: &[],
        draft: |t| did(t, new(t), detected(t.site)),
    },
    Row {
        when: "an incident is detected twice",
        then: &["incident_exists"],
        draft: |t| does(t, t.district.incident, detected(t.site)),
    },
    Row {
        when: "an incident is detected at an unknown site",
        then: &["site_unknown"],
        draft: |t| does(t, new(t), detected(SiteId(t.unknown()))),
    },
    Row {
        when: "somebody is told of it",
        then: &[],
        draft: |t| does(t, t.district.incident, reported(t)),
    },
    Row {
        when: "somebody is told of an incident that nobody knows",
        then: &["incident_unknown"],
        draft: |t| does(t, new(t), reported(t)),
    },
    Row {
        when: "somebody is told of it as another site's",
        then: &["incident_of_other_site"],
        draft: |t| {
            let reported = Reported { site: t.other_site, to: Word::of("principal") };
            does(t, t.district.incident, Event::Reported(reported))
        },
    },
    Row {
        when: "somebody arrives",
        then: &[],
        draft: |t| {
            let arrived = ResponderArrived { post: Word::of("technician"), site: t.site };
            does(t, t.district.incident, Event::ResponderArrived(arrived))
        },
    },
    Row {
        when: "what was attacked is isolated",
        then: &[],
        draft: |t| does(t, t.district.incident, isolated(t)),
    },
    Row {
        when: "what was attacked was isolated before it was detected",
        then: &["before_detection"],
        draft: |t| did(t, t.district.incident, isolated(t)),
    },
    Row {
        when: "what was attacked was isolated at the moment it was detected",
        then: &[],
        draft: |t| {
            let known = t.scribe.state.incidents.get(t.district.incident).expect("detected");
            t.told(t.editor, t.district.incident, isolated(t), known.detected_at)
        },
    },
    Row {
        when: "content is removed at once",
        then: &[],
        draft: |t| {
            let removed = ContentRemoved { content: Some(t.live), site: t.site, urgent: true };
            does(t, t.district.incident, Event::ContentRemoved(removed))
        },
    },
    Row {
        when: "the site serves again",
        then: &[],
        draft: |t| does(t, t.district.incident, Event::Restored(Restored { site: t.site })),
    },
    Row {
        when: "an authority is told",
        then: &[],
        draft: |t| {
            let told = AuthorityTold { authority: Word::of("cyberspace"), site: t.site };
            does(t, t.district.incident, Event::AuthorityTold(told))
        },
    },
    Row {
        when: "an authority was told after the incident closed",
        then: &["after_closing"],
        draft: |t| {
            let told = AuthorityTold { authority: Word::of("cyberspace"), site: t.site };
            does(t, t.district.closed, Event::AuthorityTold(told))
        },
    },
    Row {
        when: "a fact from before detection is told after the incident closed",
        then: &["after_closing"],
        draft: |t| did(t, t.district.closed, isolated(t)),
    },
    Row {
        when: "nothing could have been done about the cause",
        then: &[],
        draft: |t| {
            let ground = Word::of("power_cut");
            let declared = ForceMajeureDeclared { ground, site: t.site };
            does(t, t.district.incident, Event::ForceMajeureDeclared(declared))
        },
    },
    Row {
        when: "lessons are on record",
        then: &[],
        draft: |t| does(t, t.district.incident, Event::EvidenceRecorded(form("lessons", None))),
    },
    Row {
        when: "lessons are on record after the incident closed",
        then: &["after_closing"],
        draft: |t| does(t, t.district.closed, Event::EvidenceRecorded(form("lessons", None))),
    },
    Row {
        when: "lessons are on record of an incident that nobody knows",
        then: &["incident_unknown"],
        draft: |t| does(t, new(t), Event::EvidenceRecorded(form("lessons", None))),
    },
    Row { when: "an incident is closed", then: &[], draft: |t| close(t, t.district.incident) },
    Row {
        when: "an incident is closed twice",
        then: &["incident_closed"],
        draft: |t| close(t, t.district.closed),
    },
    Row {
        when: "an incident is closed that nobody knows",
        then: &["incident_unknown"],
        draft: |t| close(t, new(t)),
    },
    Row {
        when: "the archive of a closed incident is cleared",
        then: &[],
        draft: |t| purge(t, t.district.closed),
    },
    Row {
        when: "the archive of an open incident is cleared",
        then: &["incident_not_closed"],
        draft: |t| purge(t, t.district.incident),
    },
    Row {
        when: "an archive is cleared twice",
        then: &["incident_not_closed"],
        draft: |t| purge(t, t.district.purged),
    },
];

#[test]
fn incidents_follow_their_rules() {
    hold(ROWS);
}
