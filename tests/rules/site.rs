//! 网站 — sites are opened once, by name, for an organisation that is there.

use annals_events::attributes::Attributes;
use annals_events::command::{Command, OpenSite};
use annals_events::id::{OrganisationId, SiteId};
use annals_events::site::{Closed, Event, Opened, Restored, ShutDown, TakenOffline};
use annals_events::text::Word;

use super::district::{earlier, form, later};
use super::town::{Town, before, saying};
use super::{Row, hold};
use crate::events::story::name;
use crate::harness::scribe::Draft;

fn open(t: &Town, site: SiteId, title: &str) -> Draft {
    let open = OpenSite {
        attributes: Attributes::default(),
        name: name(title),
        organisation: t.organisation,
    };
    t.by(t.administrator, site, &Command::OpenSite(open))
}

fn brought(t: &Town, import: bool, line: bool) -> Event {
    Event::Opened(Opened {
        attributes: Attributes::default(),
        import: import.then_some(t.import),
        line: line.then_some(1),
        name: name("丁网"),
        organisation: t.organisation,
    })
}

fn new(t: &Town) -> SiteId {
    SiteId(t.unknown())
}

fn reason() -> Word {
    Word::of("power_cut")
}

fn take_offline(t: &Town, site: SiteId) -> Draft {
    let (planned_end, reason) = (later(t.scribe.now), reason());
    t.deed(t.administrator, site, Event::TakenOffline(TakenOffline { planned_end, reason }))
}

fn shut_down(t: &Town, site: SiteId) -> Draft {
    t.deed(t.administrator, site, Event::ShutDown(ShutDown { reason: reason() }))
}

fn restore(t: &Town, site: SiteId) -> Draft {
    t.deed(t.administrator, site, Event::Restored(Restored {}))
}

/// Somebody reports that a site has been back since a moment.
fn restored(t: &Town, site: SiteId) -> Draft {
    t.told(t.administrator, site, Event::Restored(Restored {}), earlier(t.scribe.now))
}

fn close(t: &Town, site: SiteId) -> Draft {
    t.deed(t.administrator, site, Event::Closed(Closed { reason: reason() }))
}

pub const ROWS: &[Row] = &[
    Row { when: "a site is opened", then: &[], draft: |t| open(t, new(t), "丁网") },
    Row {
        when: "the site is open already",
        then: &["site_exists"],
        draft: |t| open(t, t.site, "丁网"),
    },
    Row {
        when: "another site has the name",
        then: &["site_name_taken"],
        draft: |t| open(t, new(t), "甲网"),
    },
    Row {
        when: "its organisation is unknown",
        then: &["organisation_unknown"],
        draft: |t| {
            let organisation = OrganisationId(t.unknown());
            let open =
                OpenSite { attributes: Attributes::default(), name: name("丁网"), organisation };
            t.by(t.administrator, new(t), &Command::OpenSite(open))
        },
    },
    Row {
        when: "a commanded site names an import",
        then: &["site_of_import"],
        draft: |t| saying(open(t, new(t), "丁网"), brought(t, true, true)),
    },
    Row {
        when: "a commanded site names a line of no import",
        then: &["site_of_import"],
        draft: |t| saying(open(t, new(t), "丁网"), brought(t, false, true)),
    },
    Row {
        when: "a line other than the first brings a site",
        then: &["import_id"],
        draft: |t| {
            let id = SiteId(annals_events::import::thing_id(t.import, 1, 0));
            let draft = Draft::internal(id, brought(t, true, true));
            t.imported_command(vec![draft], t.import, 1, t.opened).remove(0)
        },
    },
    Row {
        when: "a line brings a site of another organisation",
        then: &["import_id", "organisation_unknown", "site_of_import"],
        draft: |t| {
            let id = SiteId(annals_events::import::thing_id(t.import, 1, 0));
            let Event::Opened(opened) = brought(t, true, true) else { unreachable!() };
            let organisation = OrganisationId(t.unknown());
            let draft = Draft::internal(id, Event::Opened(Opened { organisation, ..opened }));
            t.imported_command(vec![draft], t.import, 1, t.opened).remove(0)
        },
    },
    Row {
        when: "a line brings a site and does not say so",
        then: &["site_of_import", "import_not_open"],
        draft: |t| {
            let id = SiteId(annals_events::import::thing_id(t.import, 1, 0));
            let draft = Draft::internal(id, brought(t, false, false));
            t.imported_command(vec![draft], t.import, 1, t.opened).remove(0)
        },
    },
    Row { when: "a site is taken offline", then: &[], draft: |t| take_offline(t, t.site) },
    Row {
        when: "a site is taken offline twice",
        then: &["site_standing"],
        draft: |t| take_offline(t, t.district.offline),
    },
    Row {
        when: "a site that was shut down is taken offline",
        then: &["site_standing"],
        draft: |t| take_offline(t, t.district.dark),
    },
    Row {
        when: "a closed site is taken offline",
        then: &["site_standing"],
        draft: |t| take_offline(t, t.district.ended),
    },
    Row {
        when: "an unknown site is taken offline",
        then: &["site_unknown"],
        draft: |t| take_offline(t, new(t)),
    },
    Row {
        when: "a site is to be back before it goes",
        then: &["planned_end"],
        draft: |t| {
            let planned_end = before();
            let event = Event::TakenOffline(TakenOffline { planned_end, reason: reason() });
            t.deed(t.administrator, t.site, event)
        },
    },
    Row {
        when: "a site is to be back at the moment it goes",
        then: &["planned_end"],
        draft: |t| {
            let planned_end = t.scribe.now;
            let event = Event::TakenOffline(TakenOffline { planned_end, reason: reason() });
            t.deed(t.administrator, t.site, event)
        },
    },
    Row { when: "a site is shut down", then: &[], draft: |t| shut_down(t, t.site) },
    Row {
        when: "a shutdown is reported late",
        then: &[],
        draft: |t| {
            let event = Event::ShutDown(ShutDown { reason: reason() });
            t.told(t.administrator, t.site, event, earlier(t.scribe.now))
        },
    },
    Row {
        when: "a site is shut down that is offline",
        then: &["site_was_otherwise"],
        draft: |t| shut_down(t, t.district.offline),
    },
    Row {
        when: "a site is shut down twice",
        then: &["site_was_otherwise"],
        draft: |t| shut_down(t, t.district.dark),
    },
    Row {
        when: "a closed site is shut down",
        then: &["site_was_otherwise"],
        draft: |t| shut_down(t, t.district.ended),
    },
    Row {
        when: "an unknown site is shut down",
        then: &["site_unknown"],
        draft: |t| shut_down(t, new(t)),
    },
    Row {
        when: "a site that is offline is restored",
        then: &[],
        draft: |t| restore(t, t.district.offline),
    },
    Row {
        when: "a site that was shut down is restored",
        then: &[],
        draft: |t| restore(t, t.district.dark),
    },
    Row {
        when: "it is reported that a site is back",
        then: &[],
        draft: |t| restored(t, t.district.dark),
    },
    Row {
        when: "a site in service is restored",
        then: &["site_standing"],
        draft: |t| restore(t, t.site),
    },
    Row {
        when: "it is reported that a site in service is back",
        then: &["site_was_otherwise"],
        draft: |t| restored(t, t.site),
    },
    Row {
        when: "a closed site is restored",
        then: &["site_standing"],
        draft: |t| restore(t, t.district.ended),
    },
    Row {
        when: "it is reported that a closed site is back",
        then: &["site_was_otherwise"],
        draft: |t| restored(t, t.district.ended),
    },
    Row { when: "a site is closed", then: &[], draft: |t| close(t, t.site) },
    Row {
        when: "a site that is offline is closed",
        then: &[],
        draft: |t| close(t, t.district.offline),
    },
    Row {
        when: "a site is closed twice",
        then: &["site_standing"],
        draft: |t| close(t, t.district.ended),
    },
    Row { when: "an unknown site is closed", then: &["site_unknown"], draft: |t| close(t, new(t)) },
    Row {
        when: "a closed site is opened again",
        then: &["site_exists"],
        draft: |t| open(t, t.district.ended, "丁网"),
    },
    Row {
        when: "another site takes the name of a closed one",
        then: &["site_name_taken"],
        draft: |t| open(t, new(t), "旧网"),
    },
    Row {
        when: "a record stands before the site is open",
        then: &[],
        draft: |t| {
            let record = Event::EvidenceRecorded(form("assessment", None));
            t.deed(t.administrator, new(t), record)
        },
    },
];

#[test]
fn sites_follow_their_rules() {
    hold(ROWS);
}
