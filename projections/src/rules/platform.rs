//! What may follow what among organisations.

use annals_events::entry::Provenance;
use annals_events::id::OrganisationId;
use annals_events::platform::Event;

use crate::fold::Frame;
use crate::judge::{Finding, Findings, View};
use crate::rules::FIRST_POSITIONS;

pub fn judge(view: View<'_>, frame: &Frame<'_>, event: &Event, findings: &mut Findings) {
    if frame.provenance == Provenance::Internal && frame.position >= FIRST_POSITIONS {
        findings.push(Finding::breach(
            "organisation_without_command",
            "only the first organisation is registered without a command",
        ));
    }
    let Event::OrganisationRegistered(registered) = event;
    let platform = &view.state.platform;
    if platform.organisation(OrganisationId(frame.stream.id)).is_some() {
        findings.push(Finding::breach("organisation_exists", "the organisation is registered"));
    }
    if registered.parent.is_some_and(|parent| platform.organisation(parent).is_none()) {
        findings.push(Finding::breach(
            "organisation_unknown",
            "the organisation above it is not registered",
        ));
    }
}
