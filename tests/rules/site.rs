//! 网站 — sites are opened once, by name, for an organisation that is there.

use annals_events::attributes::Attributes;
use annals_events::command::{Command, OpenSite};
use annals_events::id::{OrganisationId, SiteId};
use annals_events::site::{Event, Opened};

use super::town::{Town, saying};
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
];

#[test]
fn sites_follow_their_rules() {
    hold(ROWS);
}
