//! What may follow what among sites.

use annals_events::entry::Provenance;
use annals_events::id::SiteId;
use annals_events::site::Event;

use crate::fold::Frame;
use crate::judge::{Finding, Findings, View};

pub fn judge(view: View<'_>, frame: &Frame<'_>, event: &Event, findings: &mut Findings) {
    let Event::Opened(opened) = event;
    if view.site(SiteId(frame.stream.id)).is_some() {
        findings.push(Finding::breach("site_exists", "the site is open"));
    }
    if view.state.sites.named(opened.name.as_str()).is_some() {
        findings.push(Finding::breach("site_name_taken", "another site has this name"));
    }
    if view.state.platform.organisation(opened.organisation).is_none() {
        findings.push(Finding::breach("organisation_unknown", "its organisation is unknown"));
    }
    let imported = frame.provenance == Provenance::Imported;
    if imported != opened.import.is_some() || imported != opened.line.is_some() {
        findings.push(Finding::breach(
            "site_of_import",
            "a site names an import exactly when an import brought it",
        ));
    }
    if imported && frame.actor.is_none_or(|actor| actor.organisation != opened.organisation) {
        findings.push(Finding::breach(
            "site_of_import",
            "a site that an import brings is of the organisation of who gives it",
        ));
    }
}
